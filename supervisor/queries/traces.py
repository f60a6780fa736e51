"""One trace, now or as it stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.context import Owner
from common.errors import NotFound
from events.projection import Views
from events.recorded import RecordedEvent
from events.store import EventStore, stream_name
from events.views.trace_index import TraceIndex

__all__ = ["TraceDetail", "find_trace"]


@dataclass(frozen=True, slots=True)
class TraceDetail:
    """One trace: its row in the index and its events."""

    row: dict[str, Any]
    events: Sequence[RecordedEvent]


async def find_trace(
    store: EventStore, views: Views, trace_id: str, owner: Owner, position: int | None = None
) -> TraceDetail:
    """A trace of the owner's, by its id or an unambiguous beginning of it; with a position, as it stood there.

    Raises `NotFound`.
    """
    where = {"tenant": owner.tenant, "user": owner.user, "trace_id >=": trace_id, "trace_id <": trace_id + "~"}
    rows = await views.query(TraceIndex.name, where, limit=2)
    if len(rows) != 1:
        problem = "there is no trace" if not rows else "several traces begin with"
        raise NotFound(f"{problem} {trace_id!r}", where="traces", todo="List them with traces list.")
    events = await store.read(stream_name("trace", str(rows[0]["trace_id"])))
    if position is None:
        return TraceDetail(rows[0], events)
    return _as_of(str(rows[0]["trace_id"]), events, position)


def _as_of(trace_id: str, recorded: Sequence[RecordedEvent], position: int) -> TraceDetail:
    """The row is folded from the trace's own events, which are all that the index folds into it."""
    events = [entry for entry in recorded if entry.position <= position]
    index, row = TraceIndex(), None
    for entry in events:
        if entry.topic in index.topics:
            row = index.evolve((trace_id,), row, entry)
    if row is None:
        begun = f"it began at position {recorded[0].position}" if recorded else "it has no events"
        raise NotFound(f"trace {trace_id} was not there at position {position}: {begun}", where="at")
    columns = {column.name: row.get(column.name) for column in index.columns}
    return TraceDetail({"trace_id": trace_id, **columns}, events)
