"""Saying how good a run was."""

from __future__ import annotations

import math

from common.context import Owner
from common.errors import ConfigurationError, NotFound
from events.catalogue.collected import TraceCollected
from events.catalogue.request import OutcomeReported
from events.projection import Views
from events.store import EventStore
from supervisor.learning.bounded import excerpt
from supervisor.learning.own_traces import PART
from supervisor.learning.trace_collector import collected_stream, outcome_stream
from supervisor.queries.traces import find_trace

__all__ = ["checked_score", "report"]

_MAX_COMMENT = 2_000
_MAX_BY = 200


def checked_score(score: float) -> float:
    """The score as a number: yes is 1, no is 0. Raises `ConfigurationError` for one that is not from 0 to 1."""
    found = float(score)
    if not math.isfinite(found) or not 0 <= found <= 1:
        raise ConfigurationError(
            f"a score is from 0 to 1, or true or false, not {score!r}",
            where="outcome",
            todo="Give 1 for a full success.",
        )
    return found


async def report(
    store: EventStore, views: Views, trace_id: str, score: float, owner: Owner, *, comment: str = "", by: str = ""
) -> OutcomeReported:
    """Append what somebody says of a trace of the owner's; the last one counts. Raises `NotFound`, `StoreError`."""
    checked = checked_score(score)
    found = await _collected(store, trace_id, owner)
    if found is None:
        detail = await find_trace(store, views, trace_id.partition(PART)[0], owner)
        found = str(detail.row["trace_id"])
    reported = OutcomeReported(
        trace_id=found, score=checked, comment=excerpt(comment, _MAX_COMMENT), by=excerpt(by or owner.user, _MAX_BY)
    )
    await store.append(outcome_stream(found), [reported], tenant=owner.tenant, correlation=found)
    return reported


async def _collected(store: EventStore, trace_id: str, owner: Owner) -> str | None:
    """The id of a collected trace of the owner's; None where there is none."""
    if not trace_id or not trace_id.isprintable():
        raise NotFound(f"there is no trace {trace_id!r}", where="traces")
    events = [entry.event for entry in await store.read(collected_stream(owner.tenant, trace_id))]
    mine = any(isinstance(event, TraceCollected) and event.user == owner.user for event in events)
    return trace_id if mine else None
