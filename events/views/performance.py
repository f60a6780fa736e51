"""Counters over the whole log: per role, tool, model, and kind of handling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import JsonValue

from events.catalogue.trace import ModelCalled, TaskFinished, TaskStarted, ToolCalled, TraceEnded
from events.projection import Column, RecordedEvent, Row

__all__ = ["PerformanceView"]

_GOOD = frozenset({"success", "partial", "awaiting_approval"})
_NOTHING: Row = {"calls": 0, "errors": 0, "seconds": 0.0, "input_tokens": 0, "output_tokens": 0, "cost": 0.0}


class PerformanceView:
    """View `performance`: kind (role, tool, model, request) and name; holds nothing about people.

    A request's name is its approach. A role's `calls` are attempts at tasks; its errors and seconds are those of
    ended tasks.
    """

    name = "performance"
    version = 1
    key = (Column("kind", "text"), Column("name", "text"))
    columns = (
        Column("calls", "integer"),
        Column("errors", "integer"),
        Column("seconds", "real"),
        Column("input_tokens", "integer"),
        Column("output_tokens", "integer"),
        Column("cost", "real"),
        Column("last_at", "time"),
    )
    indexes = ()
    topics = frozenset({TaskStarted.TOPIC, TaskFinished.TOPIC, ToolCalled.TOPIC, ModelCalled.TOPIC, TraceEnded.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """What the event counts for."""
        match event.event:
            case TaskStarted(role=role):
                return (("role", role),)
            case TaskFinished(role=role, taken_from=None) if role:
                return (("role", role),)
            case ToolCalled(tool=tool):
                return (("tool", tool),)
            case ModelCalled(provider=provider, model=model):
                return (("model", f"{provider}/{model}"),)
            case TraceEnded(response=response):
                return (("request", _approach(response)),)
            case _:
                return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The counters after the event."""
        counters = dict(row) if row is not None else dict(_NOTHING)
        counters["last_at"] = event.recorded_at
        _count(counters, event.event)
        return counters


def _count(counters: Row, payload: object) -> None:
    match payload:
        case TaskStarted():
            counters["calls"] += 1
        case TaskFinished():
            _add(counters, calls=0, failed=not payload.ok, seconds=payload.seconds)
        case ToolCalled():
            _add(counters, failed=not payload.ok, seconds=payload.seconds)
        case ModelCalled():
            _add(counters, failed=payload.error is not None, seconds=payload.seconds)
            counters["input_tokens"] += payload.input_tokens
            counters["output_tokens"] += payload.output_tokens
            counters["cost"] += payload.cost or 0.0
        case TraceEnded():
            milliseconds = payload.response.get("duration_ms")
            seconds = milliseconds / 1000 if isinstance(milliseconds, int | float) else 0.0
            _add(counters, failed=payload.outcome not in _GOOD, seconds=seconds)
        case _:
            pass


def _add(counters: Row, *, failed: bool, seconds: float, calls: int = 1) -> None:
    counters["calls"] += calls
    counters["errors"] += int(failed)
    counters["seconds"] += seconds


def _approach(response: dict[str, JsonValue]) -> str:
    metadata = response.get("metadata")
    approach = metadata.get("approach") if isinstance(metadata, dict) else None
    return approach if isinstance(approach, str) and approach else "unknown"
