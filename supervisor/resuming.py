"""Finds the request that a trace belongs to, and who has it now."""

from __future__ import annotations

from dataclasses import dataclass

from common.context import Owner, TaskContext
from common.errors import NotFound
from events.catalogue.trace import TraceStarted
from events.projection import Views
from events.recorded import refuse_unreadable
from events.store import EventStore
from supervisor.claims import Claims, Taken
from supervisor.queries.traces import find_trace

__all__ = ["FoundRequest", "find_request"]


@dataclass(frozen=True, slots=True)
class FoundRequest:
    """A request, word for word, and its last attempt."""

    text: str
    taken: Taken


async def find_request(store: EventStore, views: Views, claims: Claims, trace_id: str, owner: Owner) -> FoundRequest:
    """The request of the owner's that one of its traces is named for, by its id or an unambiguous beginning of it.

    Raises `NotFound`, and `StoreError` where what was asked can't be read.
    """
    detail = await find_trace(store, views, trace_id, owner)
    refuse_unreadable(detail.events[:1], "this request is not gone on with")
    started = detail.events[0].event if detail.events else None
    if not isinstance(started, TraceStarted):
        raise NotFound(f"there is no request in the trace {trace_id!r}", where="resume")
    context = TaskContext.model_validate(started.context)
    taken = await claims.taken(context, started.request_id)
    if taken is None:
        raise NotFound(f"nobody has claimed the request {started.request_id!r}", where="resume")
    return FoundRequest(started.request, taken)
