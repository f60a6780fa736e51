"""What learning tells, as JSON: the shapes that the command line, HTTP and `MetaAgent` share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from events.catalogue.learning import PatternAccepted
from supervisor.learning.cycle import CycleReport
from supervisor.learning.integration import GuidelineHistoryEntry
from supervisor.learning.learning_status import LearningStatus, PatternSummary
from supervisor.learning.proposing import Proposed

__all__ = ["history_data", "pattern_data", "report_data", "status_data", "summary_data"]


def report_data(report: CycleReport) -> dict[str, Any]:
    """A cycle, as ``agent-supervisor learn --json`` prints it."""
    return {
        "traces": report.traces,
        "new_traces": report.new_traces,
        "patterns": [pattern_data(pattern) for pattern in report.patterns],
        "proposed": [_proposed(each) for each in report.proposed],
        "activated": [_version(each) for each in report.activated],
    }


def pattern_data(pattern: PatternAccepted) -> dict[str, Any]:
    """A pattern; `interval` is the 95 % interval of `effect`."""
    return {
        "kind": pattern.kind,
        "agent_type": pattern.agent_type,
        "description": pattern.description,
        "support": pattern.support,
        "effect": pattern.effect,
        "interval": [pattern.low, pattern.high],
        "confidence": pattern.confidence,
        "p": pattern.p,
        "q": pattern.q,
        "held_out": dict(pattern.held_out),
        "strata": pattern.strata,
        "recommendations": list(pattern.recommendations),
    }


def status_data(status: LearningStatus) -> dict[str, Any]:
    """How learning stands; times in ISO 8601."""
    return _plain(asdict(status))


def summary_data(summary: PatternSummary) -> dict[str, Any]:
    """The patterns in figures."""
    return _plain(asdict(summary))


def history_data(entry: GuidelineHistoryEntry) -> dict[str, Any]:
    """One version of a guideline; times in ISO 8601."""
    return _plain(asdict(entry))


def _proposed(proposed: Proposed) -> dict[str, Any]:
    return {
        "agent_type": proposed.agent_type,
        "version": proposed.version,
        "state": proposed.state,
        "new": proposed.is_new,
        "rules": list(proposed.rules),
        "patterns": list(proposed.patterns),
        "note": proposed.note,
    }


def _version(told: str) -> dict[str, str]:
    agent_type, _, version = told.rpartition(" ")
    return {"agent_type": agent_type, "version": version}


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in data.items()}


def _plain_value(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Mapping():
            return _plain(cast("Mapping[str, Any]", value))
        case tuple() | list():
            return [_plain_value(each) for each in cast("Sequence[Any]", value)]
        case _:
            return value
