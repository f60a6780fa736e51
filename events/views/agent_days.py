"""What each role and agent did, by day: what evolution judges agents by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.catalogue.trace import ToolCalled, TraceEnded
from events.projection import Column, RecordedEvent, Row

__all__ = ["OF_THE_CALLER", "AgentDays"]

_GOOD = frozenset({"success", "partial", "awaiting_approval"})
OF_THE_CALLER = frozenset({"invalid_input", "not_found", "missing_value", "undefined", "unsupported"})
"""Answers of a built agent that are no result, and right all the same."""
_NOTHING: Row = {"calls": 0, "failed": 0, "refused": 0, "seconds": 0.0, "requests": 0, "unanswered": 0, "cost": 0.0}


class AgentDays:
    """View `agent_days`: by agent (the category of its tools) and day in UTC; holds nothing about people.

    `calls` of its tools, of which `failed`, and `refused` what the caller asked wrongly; `seconds` of all calls.
    `requests` that were routed to it alone, of which `unanswered`, and what all of them cost in dollars.
    """

    name = "agent_days"
    version = 1
    key = (Column("agent", "text"), Column("day", "text"))
    columns = (
        Column("calls", "integer"),
        Column("failed", "integer"),
        Column("refused", "integer"),
        Column("seconds", "real"),
        Column("requests", "integer"),
        Column("unanswered", "integer"),
        Column("cost", "real"),
    )
    indexes = (("day",),)
    topics = frozenset({ToolCalled.TOPIC, TraceEnded.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The agent and the day that the event counts for."""
        day = event.recorded_at.date().isoformat()
        match event.event:
            case ToolCalled(tool=tool):
                return ((tool.partition(".")[0], day),)
            case TraceEnded() as ended if route := _route(ended):
                return ((route, day),)
            case _:
                return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The counters after the event."""
        row = dict(_NOTHING if row is None else row)
        match event.event:
            case ToolCalled() as call:
                row["calls"] += 1
                row["seconds"] += call.seconds
                case = call.data.get("error") if isinstance(call.data, dict) else None
                if not call.ok:
                    row["refused" if case in OF_THE_CALLER else "failed"] += 1
            case TraceEnded() as ended:
                row["requests"] += 1
                row["unanswered"] += ended.outcome not in _GOOD
                row["cost"] += _cost(ended)
            case _:
                pass
        return row


def _route(ended: TraceEnded) -> str:
    """The one role that a request went to; empty for one that was planned."""
    metadata = ended.response.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("approach") != "direct":
        return ""
    route = metadata.get("route")
    return route if isinstance(route, str) else ""


def _cost(ended: TraceEnded) -> float:
    usage = ended.response.get("usage")
    cost = usage.get("cost") if isinstance(usage, dict) else None
    return float(cost) if isinstance(cost, int | float) else 0.0
