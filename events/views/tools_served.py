"""Which tools served which requests: what the selection of tools learns from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.catalogue.trace import TaskFinished, TaskStarted, TraceEnded, TraceStarted
from events.projection import Column, RecordedEvent, Row
from events.store import stream_parts

__all__ = ["ToolsServed"]

_MOST_CHARS = 500
_MOST_TASKS = 20
_MOST_TOOLS = 20


class ToolsServed:
    """View `tools_served`: one row a trace with a task that went well with tools.

    `served` lists such tasks as ``[request, [tool, …]]``. A trace that has not ended has no `position`.
    """

    name = "tools_served"
    version = 1
    key = (Column("trace_id", "text"),)
    columns = (
        Column("tenant", "text"),
        Column("user", "text"),
        Column("position", "integer"),
        Column("asked", "json"),
        Column("served", "json"),
    )
    indexes = (("position",),)
    topics = frozenset({TraceStarted.TOPIC, TaskStarted.TOPIC, TaskFinished.TOPIC, TraceEnded.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The trace that the stream is of."""
        kind, *key = stream_parts(event.stream)
        return (tuple(key),) if kind == "trace" else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row after the event: gone at the end of a trace in which no task went well with tools."""
        payload = event.event
        if isinstance(payload, TraceStarted):
            return {"tenant": event.tenant, "user": payload.user, "position": None, "asked": {}, "served": []}
        if row is None:
            return None
        match payload:
            case TaskStarted(task=task, request=request) if len(row["asked"]) < _MOST_TASKS:
                return {**row, "asked": {**row["asked"], task: request[:_MOST_CHARS]}}
            case TaskFinished(ok=True, partly=False, task=task, tools_called=[_, *_] as tools) if task in row["asked"]:
                named = list(dict.fromkeys(tools))[:_MOST_TOOLS]
                return {**row, "served": [*row["served"], [row["asked"][task], named]]}
            case TraceEnded():
                return {**row, "position": event.position, "asked": {}} if row["served"] else None
            case _:
                return row
