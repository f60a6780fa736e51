"""Claims a request id for one trace, so that the same id gives the same outcome whoever asks again."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from common.context import TaskContext
from common.errors import RequestRejected, StreamConflict
from common.intents import StreamAppend
from events.catalogue.request import RequestAccepted
from events.catalogue.trace import TraceStarted
from events.ownership import Ownership
from events.recorded import refuse_unreadable
from events.store import EventStore, stream_name

__all__ = ["Claimed", "Claims", "Taken"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """This process handles the request now, as `attempt`; `previous` is the interrupted trace before it."""

    trace_id: str
    context: TaskContext
    attempt: int
    previous: str | None = None


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

    def claim_new(self, text: str, context: TaskContext) -> Claimed:
        """Claim a fresh id: nobody can have claimed it before, so nothing is waited for."""
        request_id = uuid.uuid4().hex
        claimed = _prepared(context.model_copy(update={"request_id": request_id}), 1, None)
        appends = self._appends(text, claimed, request_id, 0)
        self._store.post(appends, tenant=context.tenant, correlation=claimed.trace_id)
        return claimed

    async def claim(self, text: str, context: TaskContext, request_id: str) -> Claimed | Taken:
        """Claim the id for a new trace, or tell whose it is.

        Raises `RequestRejected` when the id was used for another text, and `StoreError` when an event about the id
        can't be read: who has it is not known then.
        """
        recorded = await self._store.read(_stream(context, request_id))
        refuse_unreadable(recorded, "who handles this request is not decided")
        accepted = [entry.event for entry in recorded if isinstance(entry.event, RequestAccepted)]
        if accepted:
            return self._taken(accepted[-1], text)
        claimed = _prepared(context, 1, None)
        try:
            await self._append(text, claimed, request_id, 0)
        except StreamConflict:
            return await self.claim(text, context, request_id)
        return claimed

    async def claim_again(self, text: str, context: TaskContext, taken: Taken) -> Claimed | Taken:
        """Claim an id anew after its trace was interrupted; another process may be first."""
        claimed = _prepared(context, taken.attempt + 1, taken.trace_id)
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
        await self._store.append(appends, tenant=claimed.context.tenant, correlation=claimed.trace_id)

    def _appends(self, text: str, claimed: Claimed, request_id: str, expected: int) -> list[StreamAppend]:
        context = claimed.context
        accepted = RequestAccepted(
            request_id=request_id, trace_id=claimed.trace_id, attempt=claimed.attempt, text_hash=_hash(text)
        )
        started = TraceStarted(
            request=text,
            user=context.user,
            session=context.session,
            request_id=request_id,
            attempt=claimed.attempt,
            owner=self._ownership.owner_id,
            context=context.model_dump(mode="json"),
        )
        return [
            StreamAppend(_stream(context, request_id), [accepted], expected),
            StreamAppend(stream_name("trace", claimed.trace_id), [started], 0),
        ]


def _prepared(context: TaskContext, attempt: int, previous: str | None) -> Claimed:
    return Claimed(uuid.uuid4().hex, context, attempt, previous)


def _stream(context: TaskContext, request_id: str) -> str:
    return stream_name("request", context.tenant, context.user, request_id)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
