"""Claims a request id for one trace, so that the same id gives the same outcome whoever asks again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from common.context import TaskContext
from common.errors import RequestRejected, StreamConflict
from common.fresh_ids import FreshIds
from common.intents import StreamAppend
from events.catalogue.request import RequestAccepted
from events.catalogue.trace import TraceStarted
from events.commit import StreamDrafts
from events.ownership import Ownership
from events.recorded import is_erased, refuse_unreadable
from events.store import EventStore, stream_name

__all__ = ["Claimed", "Claims", "Taken"]


@dataclass(slots=True)
class Claimed:
    """This process handles the request now, as `attempt`; `previous` is the trace before it, to be gone on from.

    `opening` is the claim itself where it is not in the log yet: it goes there with the first steps of the trace.
    """

    trace_id: str
    context: TaskContext
    attempt: int
    previous: str | None = None
    opening: Sequence[StreamDrafts] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """The id was claimed before, last for this trace."""

    request_id: str
    trace_id: str
    attempt: int


class Claims:
    """Appends RequestAccepted and TraceStarted together, compare-and-set on the request's stream."""

    def __init__(self, store: EventStore, ownership: Ownership) -> None:
        self._store = store
        self._ownership = ownership
        self._ids = FreshIds()

    def claim_new(self, text: str, context: TaskContext) -> Claimed:
        """Claim a fresh id, the trace's: nobody can have claimed it before, so nothing is waited for."""
        trace_id = self._ids.take()
        claimed = Claimed(trace_id, context.model_copy(update={"request_id": trace_id}), 1)
        claimed.opening = [self._store.encoded(append) for append in self._appends(text, claimed, trace_id, 0)]
        return claimed

    async def claim(self, text: str, context: TaskContext, request_id: str) -> Claimed | Taken:
        """Claim the id for a new trace, or tell whose it is.

        Raises `RequestRejected` when the id was used for another text, or for one that was forgotten, and `StoreError`
        when an event about the id can't be read: who has it is not known then.
        """
        recorded = await self._store.read(_stream(context, request_id))
        if is_erased(recorded):
            raise RequestRejected(
                "this request id was used before, and what it was for has been forgotten",
                where=f"request_id {request_id!r}",
                todo="Use a new id.",
            )
        refuse_unreadable(recorded, "who handles this request is not decided")
        accepted = [entry.event for entry in recorded if isinstance(entry.event, RequestAccepted)]
        if accepted:
            return self._taken(accepted[-1], text)
        claimed = Claimed(self._ids.take(), context, 1)
        try:
            await self._append(text, claimed, request_id, 0)
        except StreamConflict:
            return await self.claim(text, context, request_id)
        return claimed

    async def taken(self, context: TaskContext, request_id: str) -> Taken | None:
        """Who claimed an id last; None for one that nobody has. Raises `StoreError` where that can't be read."""
        recorded = await self._store.read(_stream(context, request_id))
        refuse_unreadable(recorded, "who handles this request is not decided")
        accepted = [entry.event for entry in recorded if isinstance(entry.event, RequestAccepted)]
        return Taken(request_id, accepted[-1].trace_id, accepted[-1].attempt) if accepted else None

    async def claim_again(self, text: str, context: TaskContext, taken: Taken) -> Claimed | Taken:
        """Claim an id anew to go on from its last trace, which has ended; another process may be first."""
        claimed = Claimed(self._ids.take(), context, taken.attempt + 1, taken.trace_id)
        try:
            await self._append(text, claimed, taken.request_id, taken.attempt)
        except StreamConflict:
            return await self.claim(text, context, taken.request_id)
        return claimed

    @staticmethod
    def _taken(accepted: RequestAccepted, text: str) -> Taken:
        if accepted.text_hash != _hash(text):
            raise RequestRejected(
                "this request id was used for another request",
                where=f"request_id {accepted.request_id!r}",
                todo="Use a new id for a new request; an id is for asking the same again.",
            )
        return Taken(accepted.request_id, accepted.trace_id, accepted.attempt)

    async def _append(self, text: str, claimed: Claimed, request_id: str, expected: int) -> None:
        appends = self._appends(text, claimed, request_id, expected)
        # What was claimed by a caller who went away meanwhile, and was never begun, would count as running for ever.
        with anyio.CancelScope(shield=True):
            await self._store.append(appends, tenant=claimed.context.tenant, correlation=claimed.trace_id)

    def _appends(self, text: str, claimed: Claimed, request_id: str, expected: int) -> list[StreamAppend]:
        context = claimed.context
        accepted = RequestAccepted(
            request_id=request_id, trace_id=claimed.trace_id, attempt=claimed.attempt, text_hash=_hash(text)
        )
        started = TraceStarted.of(
            context,
            request=text,
            user=context.user,
            session=context.session,
            request_id=request_id,
            attempt=claimed.attempt,
            owner=self._ownership.owner_id,
            resumes=claimed.previous,
        )
        return [
            StreamAppend(_stream(context, request_id), [accepted], expected),
            StreamAppend(stream_name("trace", claimed.trace_id), [started], 0),
        ]


def _stream(context: TaskContext, request_id: str) -> str:
    return stream_name("request", context.tenant, context.user, request_id)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
