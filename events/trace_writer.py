"""Records the steps of one trace."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from common.blob import Blob
from common.errors import StoreError, StreamConflict
from common.intents import StreamAppend
from common.logs import get_logger
from events.codec import Draft
from events.commit import StreamDrafts
from events.pending import Pending
from events.store import EventStore, stream_name

__all__ = ["TraceWriter"]

_log = get_logger(__name__)
_MAX_BYTES = 512 * 1024
_TEXT_BOUNDS = (20_000, 4_000, 500, 100)
"""Characters that texts are cut to, tried in turn until the event is small enough."""
_HELD_EVENTS = 50
_HELD_BYTES = 64 * 1024
"""An event from this size on is not held back for others to join it."""


@dataclass(slots=True)
class _Held:
    """What was recorded and is not with the store yet; `before` is for other streams."""

    before: Sequence[StreamDrafts] = ()
    drafts: list[Draft] = field(default_factory=list[Draft])
    blobs: Sequence[Blob] = ()


class TraceWriter:
    """Implements `common.run_context.TraceSink` over the store: in order, without waiting, never raising.

    Only the owner of a trace appends to it: each event comes directly behind the one before, so that when anybody
    else closed the trace meanwhile (because this process was taken for dead) nothing more is added to it. Pass the
    stream's `version`, where it is known, to hold the first event to that, too.

    What is recorded without a wait in between goes to the store in one append, when the task waits next; `send` has it
    go there at once. `opening` is what the first append begins with: events of the trace, and of other streams.
    """

    def __init__(
        self,
        store: EventStore,
        trace_id: str,
        tenant: str,
        *,
        version: int | None = None,
        opening: Sequence[StreamDrafts] = (),
    ) -> None:
        self._store = store
        self._trace_id = trace_id
        self._tenant = tenant
        self._version = version
        self._stream = stream_name("trace", trace_id)
        self._last: Pending | None = None
        self._open: deque[Pending] = deque()
        self._error: StoreError | None = None
        self._held = _Held([part for part in opening if part.stream != self._stream])
        self._is_scheduled = False
        for part in opening:
            if part.stream == self._stream:
                self._hold(*part.drafts)

    @property
    def trace_id(self) -> str:
        """The trace this sink belongs to."""
        return self._trace_id

    def record(self, event: BaseModel, blobs: Sequence[Blob] = ()) -> None:
        """Append an event to the trace; a text that is too long for the log is cut, and says so.

        `blobs` is content that the event names and that is stored with it.
        """
        try:
            draft = self._draft(event)
        except Exception as error:  # recording must not disturb the work it records
            self._failed(type(event).__name__, error)
            return
        if blobs:
            self._held.blobs = [*self._held.blobs, *blobs]
        self._hold(draft)

    def send(self) -> None:
        """Give what was recorded to the store now: it is in the log before whatever is appended after this."""
        if not self._held.drafts:
            return
        held, self._held = self._held, _Held()
        try:
            self._last = self._post(held)
        except Exception as error:
            self._failed("all of its last step", error)
            return
        self._open.append(self._last)
        while self._open and self._open[0].done and self._open[0].error is None:
            self._open.popleft()

    def turn_came(self) -> None:
        """Called by the store's `Sending`: the task that recorded last waits now."""
        self._is_scheduled = False
        self.send()

    def end(self, event: BaseModel, beside: Sequence[StreamAppend] = ()) -> Coroutine[Any, Any, None]:
        """Record the trace's last event in one append with others, and wait until all of the trace is durable.

        Raises `StreamConflict` when one of the others came second: nothing of this append is in the log then, and the
        trace can be gone on with. Raises `StoreError` like `flush`.
        """
        if beside:
            return self._end_beside(event, beside)
        self.record(event)
        return self.flush()

    async def _end_beside(self, event: BaseModel, beside: Sequence[StreamAppend]) -> None:
        held, self._held = self._held, _Held()
        pending = self._post(_Held(held.before, [*held.drafts, self._draft(event)], held.blobs), beside)
        try:
            await pending.durable()
        except StreamConflict as conflict:
            if conflict.where != self._stream:
                self._held = held
                raise
            self._error = self._error or conflict
        else:
            self._last = pending
        return await self.flush()

    async def flush(self) -> None:
        """Wait until everything recorded so far is durable. Raises `StoreError` when any of it failed."""
        self.send()
        while self._open:
            pending = self._open[0]
            try:
                await pending.durable()
            except StoreError as error:
                self._error = self._error or error
            if self._open and self._open[0] is pending:
                self._open.popleft()
        if self._error is not None:
            raise StoreError(
                f"the trace could not be recorded: {self._error.what}",
                where=f"trace {self._trace_id}",
                todo=self._error.todo,
            ) from self._error

    def _draft(self, event: BaseModel) -> Draft:
        """The event encoded, or what can be kept of it."""
        encode = self._store.codec.draft
        try:
            draft = encode(event)
            if len(draft.payload) <= _MAX_BYTES:
                return draft
        except Exception:
            _log.debug("an event of trace %s can't be stored as it is", self._trace_id, exc_info=True)
        return encode(_storable(event))

    def _hold(self, *drafts: Draft) -> None:
        self._held.drafts.extend(drafts)
        if len(self._held.drafts) >= _HELD_EVENTS or len(drafts[-1].payload) >= _HELD_BYTES:
            self.send()
        elif not self._is_scheduled:
            try:
                self._store.sending.join(self)
            except RuntimeError:  # a thread without a loop
                self.send()
            else:
                self._is_scheduled = True

    def _post(self, held: _Held, beside: Sequence[StreamAppend] = ()) -> Pending:
        own = StreamDrafts(self._stream, held.drafts, self._version if self._last is None else None, held.blobs)
        return self._store.post(
            [*held.before, own, *beside], tenant=self._tenant, correlation=self._trace_id, follows=self._last
        )

    def _failed(self, what: str, error: Exception) -> None:
        _log.error("an event of trace %s could not be recorded: %s", self._trace_id, what, exc_info=error)
        if self._error is None:
            self._error = error if isinstance(error, StoreError) else StoreError(f"{type(error).__name__}: {error}")


def _storable(event: BaseModel) -> BaseModel:
    """The event with texts that can be encoded and are short enough, and without NaN."""
    data = cast("dict[str, Any]", _cleaned(event.model_dump(mode="python"), None))
    clean = type(event).model_validate(data)
    for bound in _TEXT_BOUNDS:
        if len(clean.__pydantic_serializer__.to_json(clean)) <= _MAX_BYTES:
            break
        clean = type(event).model_validate(_cleaned(data, bound))
    return clean


def _cleaned(value: Any, bound: int | None) -> Any:
    if isinstance(value, str):
        text = value.encode(errors="replace").decode()
        return text if bound is None or len(text) <= bound else f"{text[:bound]}… ({len(text) - bound} characters more)"
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        return {_cleaned(key, bound): _cleaned(entry, bound) for key, entry in entries.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(entry, bound) for entry in cast("list[Any]", value)]
    return value if value is None or isinstance(value, int) else to_jsonable_python(value)  # a time, in a model
