"""Records the steps of one trace."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel

from common.errors import StoreError, StreamConflict
from common.intents import StreamAppend
from common.logs import get_logger
from events.catalogue.base import Event
from events.pending import Pending
from events.store import EventStore, stream_name

__all__ = ["TraceWriter"]

_log = get_logger(__name__)
_MAX_BYTES = 512 * 1024
_TEXT_BOUNDS = (20_000, 4_000, 500, 100)
"""Characters that texts are cut to, tried in turn until the event is small enough."""


class TraceWriter:
    """Implements `common.run_context.TraceSink` over the store: in order, without waiting, never raising.

    Only the owner of a trace appends to it: each event comes directly behind the one before, so that when anybody
    else closed the trace meanwhile (because this process was taken for dead) nothing more is added to it. Pass the
    stream's `version`, where it is known, to hold the first event to that, too.
    """

    def __init__(self, store: EventStore, trace_id: str, tenant: str, *, version: int | None = None) -> None:
        self._store = store
        self._trace_id = trace_id
        self._tenant = tenant
        self._version = version
        self._stream = stream_name("trace", trace_id)
        self._last: Pending | None = None
        self._open: deque[Pending] = deque()
        self._error: StoreError | None = None

    @property
    def trace_id(self) -> str:
        """The trace this sink belongs to."""
        return self._trace_id

    def record(self, event: BaseModel) -> None:
        """Append an event to the trace; a text that is too long for the log is cut, and says so."""
        try:
            self._post(event)
        except Exception:  # recording must not disturb the work it records
            try:
                self._post(_storable(event))
            except Exception as error:
                self._failed(event, error)

    async def end(self, event: BaseModel, beside: Sequence[StreamAppend] = ()) -> None:
        """Record the trace's last event in one append with others, and wait until all of the trace is durable.

        Raises `StreamConflict` when one of the others came second: nothing of this append is in the log then, and the
        trace can be gone on with. Raises `StoreError` like `flush`.
        """
        if not beside:
            self.record(event)
            return await self.flush()
        if len(event.__pydantic_serializer__.to_json(event)) > _MAX_BYTES:
            event = _storable(event)
        pending = self._store.post(
            [StreamAppend(self._stream, [event], self._version if self._last is None else None), *beside],
            tenant=self._tenant,
            correlation=self._trace_id,
            follows=self._last,
        )
        try:
            await pending.durable()
        except StreamConflict as conflict:
            if conflict.where != self._stream:
                raise
            self._error = self._error or conflict
        else:
            self._last = pending
        return await self.flush()

    async def flush(self) -> None:
        """Wait until everything recorded so far is durable. Raises `StoreError` when any of it failed."""
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

    def _post(self, event: BaseModel) -> None:
        if len(event.__pydantic_serializer__.to_json(event)) > _MAX_BYTES:
            event = _storable(event)
        first = self._last is None
        pending = self._store.post(
            self._stream,
            [cast("Event", event)],
            tenant=self._tenant,
            correlation=self._trace_id,
            expected_version=self._version if first else None,
            follows=self._last,
        )
        self._last = pending
        self._open.append(pending)
        while self._open and self._open[0].done and self._open[0].error is None:
            self._open.popleft()

    def _failed(self, event: BaseModel, error: Exception) -> None:
        _log.error(
            "an event of trace %s could not be recorded: %s", self._trace_id, type(event).__name__, exc_info=error
        )
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
    return value
