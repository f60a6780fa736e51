"""Learning in lines: what a cycle found, and how learning stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from supervisor.cli.output import columns, one_line, terminal_width

if TYPE_CHECKING:
    from events.catalogue.learning import PatternAccepted
    from supervisor.learning.cycle import CycleReport
    from supervisor.learning.learning_status import LearningStatus
    from supervisor.learning.proposing import Proposed

__all__ = ["pattern_lines", "report_lines", "status_lines"]

_WIDE = 400


def report_lines(report: CycleReport) -> list[str]:
    """A cycle: its traces, its patterns, what it proposed and what trials decided."""
    lines = [
        f"{report.traces:,} traces with a known outcome, {report.new_traces:,} of them new ({report.seconds:.1f} s)"
    ]
    if report.patterns:
        fresh = f", {len(report.learned)} of them new" if report.learned else ""
        lines += ["", f"{_count(len(report.patterns), 'pattern')} hold{_s(len(report.patterns))}{fresh}:"]
        lines += pattern_lines(report.patterns)
    else:
        lines += ["", "No pattern holds beyond what task, agent and chance explain."]
    for proposed in report.proposed:
        lines += ["", *_proposed(proposed)]
    lines += [f"{version} is in service now: its trial decided for it" for version in report.activated]
    return lines


def pattern_lines(patterns: Sequence[PatternAccepted]) -> list[str]:
    """Patterns as a table, the surest first."""
    header = ("AGENT TYPE", "KIND", "EFFECT", "95 %", "SURE", "TRACES", "WHERE THE AGENT …")
    cells = [
        (
            pattern.agent_type,
            pattern.kind,
            f"{pattern.effect * 100:+.0f}",
            f"{pattern.low * 100:+.0f} to {pattern.high * 100:+.0f}",
            f"{pattern.confidence:.2f}",
            str(pattern.support),
            pattern.description + (f" (found in {pattern.shared_from})" if pattern.shared_from else ""),
        )
        for pattern in patterns
    ]
    return columns(header, cells, terminal_width())


def status_lines(status: LearningStatus) -> list[str]:
    """How learning stands: figures, then a row for each agent type."""
    last = "never" if status.last_cycle_at is None else f"{status.last_cycle_at.astimezone():%Y-%m-%d %H:%M:%S}"
    failed = f", {status.failed_cycles} failed" if status.failed_cycles else ""
    figures = {
        "cycles": f"{status.learning_cycles}{failed}; the last one {last}{'; one runs now' if status.running else ''}",
        "traces": f"{status.total_traces:,} with a known outcome, {status.new_traces:,} of them new",
        "patterns": f"{status.patterns_holding} hold, {status.total_patterns_learned} were ever accepted",
        "ready": "yes" if status.ready_for_learning else "no",
        "decided by": "trials, where versions are served" if status.auto_updates else "a person",
        "last error": status.last_error,
    }
    lines = [f"{name + ':':<12}{one_line(value, _WIDE)}" for name, value in figures.items() if value]
    if status.agent_types:
        header = ("AGENT TYPE", "TRACES", "PATTERNS", "IN SERVICE", "ON TRIAL", "WAITING", "NOTE")
        cells = [
            (
                each.agent_type, str(each.traces), str(each.patterns), each.active or "-", each.trial or "-",
                ", ".join(each.waiting) or "-", each.note,
            )
            for each in status.agent_types
        ]  # fmt: skip
        lines += ["", *columns(header, cells, terminal_width())]
    return lines


def _proposed(proposed: Proposed) -> list[str]:
    state = "is on trial" if proposed.state == "trial" else "waits for a decision"
    new = "proposed: " if proposed.is_new else ""
    lines = [f"{new}guideline {proposed.version} of {proposed.agent_type} {state}"]
    if proposed.note:
        lines[0] += f" ({proposed.note})"
    lines += [f"  - {one_line(rule, _WIDE)}" for rule in proposed.rules]
    if proposed.state != "trial":
        lines.append(
            f"  agent-supervisor guidelines show {proposed.agent_type} {proposed.version}, then activate or reject"
        )
    return lines


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _s(count: int) -> str:
    return "s" if count == 1 else ""
