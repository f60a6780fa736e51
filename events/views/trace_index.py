"""One row a trace: who asked what, how it was handled, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.catalogue.trace import ModelCalled, RequestRouted, ToolCalled, TraceEnded, TraceStarted
from events.projection import Column, RecordedEvent, Row
from events.store import stream_parts

__all__ = ["TraceIndex"]


class TraceIndex:
    """View `trace_index`; a running trace has no `outcome`. `position` is that of its start."""

    name = "trace_index"
    version = 1
    key = (Column("trace_id", "text"),)
    columns = (
        Column("tenant", "text"),
        Column("user", "text"),
        Column("session", "text"),
        Column("request_id", "text"),
        Column("attempt", "integer"),
        Column("request", "text"),
        Column("answer", "text"),
        Column("approach", "text"),
        Column("route", "text"),
        Column("confidence", "real"),
        Column("outcome", "text"),
        Column("error", "text"),
        Column("started_at", "time"),
        Column("ended_at", "time"),
        Column("owner", "text"),
        Column("tool_calls", "integer"),
        Column("model_calls", "integer"),
        Column("input_tokens", "integer"),
        Column("output_tokens", "integer"),
        Column("cost", "real"),
        Column("position", "integer"),
    )
    indexes = (("tenant", "user", "session", "position"), ("tenant", "user", "position"), ("outcome", "position"))
    topics = frozenset({TraceStarted.TOPIC, RequestRouted.TOPIC, ToolCalled.TOPIC, ModelCalled.TOPIC, TraceEnded.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The trace that the stream is of."""
        kind, *key = stream_parts(event.stream)
        return (tuple(key),) if kind == "trace" else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row after the event."""
        payload = event.event
        if isinstance(payload, TraceStarted):
            return _started(payload, event)
        if row is None:
            return None
        return {**row, **_changed(row, payload, event)}


_COUNTED = ("tool_calls", "model_calls", "input_tokens", "output_tokens")
_RUNNING: Row = {
    **dict.fromkeys((column.name for column in TraceIndex.columns), None),
    **dict.fromkeys(_COUNTED, 0),
    "cost": 0.0,
}
"""A trace of which nothing is known yet; with all columns, so that none must be filled in."""


def _changed(row: Row, payload: object, event: RecordedEvent) -> Row:
    match payload:
        case RequestRouted():
            return {"approach": payload.approach, "route": payload.route, "confidence": payload.confidence}
        case ToolCalled():
            return {"tool_calls": row["tool_calls"] + 1}
        case ModelCalled():
            return {
                "model_calls": row["model_calls"] + 1,
                "input_tokens": row["input_tokens"] + payload.input_tokens,
                "output_tokens": row["output_tokens"] + payload.output_tokens,
                "cost": row["cost"] + (payload.cost or 0.0),
            }
        case TraceEnded():
            answer = payload.response.get("text")
            return {
                "outcome": payload.outcome,
                "error": payload.error,
                "ended_at": event.recorded_at,
                "answer": answer if isinstance(answer, str) else None,
            }
        case _:
            return {}


def _started(payload: TraceStarted, event: RecordedEvent) -> Row:
    return {
        **_RUNNING,
        "tenant": event.tenant,
        "user": payload.user,
        "session": payload.session,
        "request_id": payload.request_id,
        "attempt": payload.attempt,
        "request": payload.request,
        "started_at": event.recorded_at,
        "owner": payload.owner,
        "position": event.position,
    }
