"""The view that improved versions are judged by: calls of built agents by the version that served them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from common.evolution_settings import EvolutionSettings
from events.catalogue.agent import AgentDeployed, AgentRetired, AgentTrialEnded, AgentTrialStarted
from events.catalogue.trace import ToolCalled
from events.projection import Column, RecordedEvent, Row
from events.views.agent_days import OF_THE_CALLER
from supervisor.guard.record import FlagRecord, Slowness

__all__ = ["BESIDE", "IMPROVED", "AgentTrialsView"]

IMPROVED = "improved"
"""The variant in the record; the version beside it is the reference."""
BESIDE = "beside"
SLOW_SECONDS = 0.01
"""Seconds by which a call takes longer at the least than nine in ten of the other version, to be called slow."""
_NOBODYS_FAULT = frozenset({"cancelled", "limit"})
_NO_FIGURES: dict[str, float] = {"calls": 0, "failed": 0, "timed": 0, "seconds": 0.0}


class AgentTrialsView:
    """View `agent_trials`: a row for each built agent that was called; holds nothing about people.

    `state` is ``none``, ``trial`` (the improved version has a share of the requests) or ``watched`` (it was promoted).
    `beside` is the version that it is compared with, `version` the improved one. `record` has all calls in the order
    in which they ended (`FlagRecord`): those of `beside` from before the trial, too. `figures` are by version, since
    the trial began: calls, of them failed (what the caller asked wrongly is no failure), and of those whose time is
    known (`timed`) the seconds. Settings that make another record of the same events make another version of the view.
    """

    name = "agent_trials"
    key = (Column("agent", "text"),)
    columns = (
        Column("state", "text"),
        Column("version", "text"),
        Column("beside", "text"),
        Column("percent", "real"),
        Column("started_at", "time"),
        Column("promoted_at", "time"),
        Column("figures", "json"),
        Column("record", "json"),
    )
    indexes = ()
    topics = frozenset(
        {kind.TOPIC for kind in (ToolCalled, AgentTrialStarted, AgentTrialEnded, AgentDeployed, AgentRetired)}
    )

    def __init__(self, settings: EvolutionSettings) -> None:
        self._slowness = Slowness(settings.watch_slower, SLOW_SECONDS)
        told = json.dumps([settings.watch_slower, SLOW_SECONDS])
        self.version = int.from_bytes(hashlib.sha256(f"1 {told}".encode()).digest()[:6])

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The agent that the event is about."""
        match event.event:
            case ToolCalled(tool=tool, version=version, error=error) if version and error not in _NOBODYS_FAULT:
                return ((tool.partition(".")[0],),)
            case AgentTrialStarted(name=name) | AgentTrialEnded(name=name):
                return ((name,),)
            case AgentDeployed(name=name) | AgentRetired(name=name):
                return ((name,),)
            case _:
                return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row after the event."""
        match event.event:
            case ToolCalled() as call:
                return self._called(_row(call.version) if row is None else dict(row), call)
            case AgentTrialStarted() as trial:
                known = row is not None and row["beside"] == trial.beside
                row = dict(row) if row is not None and known else _row(trial.beside)
                about = {"state": "trial", "version": trial.version, "percent": trial.percent}
                return {**row, **about, "started_at": event.recorded_at, "promoted_at": None, **_anew(row)}
            case AgentTrialEnded(result="promoted") if row is not None:
                return {**row, "state": "watched", "promoted_at": event.recorded_at}
            case AgentTrialEnded() | AgentRetired() if row is not None:
                return {**row, "state": "none", **_anew(row)}
            case AgentDeployed(version=version):
                if row is not None and (row["state"], row["version"]) == ("watched", version):
                    return row
                return row if row is not None and row["beside"] == version else _row(version)
            case _:
                return row

    def _called(self, row: Row, call: ToolCalled) -> Row:
        side = _side(row, call.version)
        if not side:
            return row
        case = call.data.get("error") if isinstance(call.data, dict) else None
        failed = not call.ok and case not in OF_THE_CALLER
        record = FlagRecord.load(row["record"])
        record.count(side, side == BESIDE, failed, call.worked, self._slowness)
        row["record"] = record.dump()
        if row["state"] != "none":
            figures = dict(row["figures"].get(call.version, _NO_FIGURES))
            figures["calls"] += 1
            figures["failed"] += failed
            if call.worked is not None:
                figures["timed"] += 1
                figures["seconds"] += call.worked
            row["figures"] = {**row["figures"], call.version: figures}
        return row


def _side(row: Row, version: str) -> str:
    if version == row["beside"]:
        return BESIDE
    return IMPROVED if version == row["version"] and row["state"] != "none" else ""


def _row(beside: str) -> Row:
    """The row of an agent of which one version serves, and nothing is known."""
    return {
        "state": "none", "version": "", "beside": beside, "percent": 0.0, "started_at": None, "promoted_at": None,
        "figures": {}, "record": FlagRecord().dump(),
    }  # fmt: skip


def _anew(row: Row) -> Row:
    """Nothing held against a version; what is known of the one beside it stays."""
    record = FlagRecord.load(row["record"])
    record.begin_anew()
    return {"record": record.dump(), "figures": {}}
