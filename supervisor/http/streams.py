"""Server-sent events: streams that end when the reader goes, when the server stops, and not because they are silent.

Format: HTML Living Standard, section 9.2 (https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from common.errors import SupervisorError
from common.logs import get_logger
from common.redaction import Redactor
from supervisor.http.problems import Refused

__all__ = ["EVENT_SCHEMA", "EVENT_STREAM", "EventStream", "Events", "ServerEvent", "Streams"]

EVENT_STREAM = "text/event-stream"

EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "one event of the stream; data is JSON",
    "required": ["event", "data"],
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}, "id": {"type": "string"}},
}

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its kind, its data (as JSON), and an id that a reader who comes back names."""

    event: str
    data: Any
    id: str | None = None

    def encode(self) -> bytes:
        """The event as it is sent."""
        head = "" if self.id is None else f"id: {self.id}\n"
        return f"{head}event: {self.event}\ndata: {json.dumps(self.data, ensure_ascii=False)}\n\n".encode()


Events = AsyncGenerator[ServerEvent] | AsyncGenerator[bytes]
"""Events, or parts of the stream that are encoded already."""


class Streams:
    """All open streams of a server: at most so many, of all and of one token, and ended together."""

    def __init__(self, most: int, of_one: int, keep_alive: float, redactor: Redactor) -> None:
        self._redactor = redactor
        self._most = most
        self._of_one = of_one
        self._by: Counter[str] = Counter()
        self._keep_alive = keep_alive
        self._open = 0
        self._scopes: set[anyio.CancelScope] = set()
        self._closed = False

    @property
    def open(self) -> int:
        """How many are open."""
        return self._open

    def close(self) -> None:
        """End every stream, and let none begin."""
        self._closed = True
        for scope in list(self._scopes):
            scope.cancel()

    def response(
        self, events: Events, token_id: str, *, beside: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> EventStream:
        """A response that sends these events to who shows that token, and closes the generator in the end.

        `beside` runs meanwhile.

        Raises `Refused` (503) where there are too many or the server stops; then the generator was not begun.
        """
        if self._by[token_id] >= self._of_one:
            raise Refused(
                429,
                f"{self._of_one} streams of this token are open",
                where="http.token_streams",
                headers={"Retry-After": "1"},
            )
        if self._closed or self._open >= self._most:
            raise Refused(
                503,
                "the server is stopping" if self._closed else f"{self._most} streams are open",
                where="http.streams",
                headers={"Retry-After": "1"},
            )
        return EventStream(events, self, token_id, beside)

    async def run(self, send: Callable[[bytes], Awaitable[None]], events: Events, token_id: str) -> None:
        """Send events until they end, the server stops or the caller is cancelled."""
        self._open += 1
        self._by[token_id] += 1
        try:
            with anyio.CancelScope() as scope:
                self._scopes.add(scope)
                try:
                    await self._send_all(send, events)
                finally:
                    self._scopes.discard(scope)
        finally:
            self._open -= 1
            self._by[token_id] -= 1
            if not self._by[token_id]:
                del self._by[token_id]

    async def _send_all(self, send: Callable[[bytes], Awaitable[None]], events: Events) -> None:
        """Send events as they come, from the task that they come to: any further one would cost every reader a turn."""
        sender = _Sender(send)
        async with anyio.create_task_group() as group, aclosing(self._encoded(events)) as chunks:
            group.start_soon(sender.keep_alive, self._keep_alive)
            async for chunk in chunks:
                await sender.send(chunk)
            group.cancel_scope.cancel()

    async def _encoded(self, events: Events) -> AsyncGenerator[bytes]:
        """Events as they are sent; where they fail, an event that says so ends them."""
        async with aclosing(events):
            try:
                async for event in events:
                    yield event if isinstance(event, bytes) else event.encode()
            except SupervisorError as error:
                _log.warning("a stream of the HTTP API ended: %s", self._redactor.text(str(error)))
                told = {"code": error.code, "detail": self._redactor.text(error.what)}
            except Exception:
                _log.exception("a stream of the HTTP API failed")
                told = {"code": "internal", "detail": "internal error"}
            else:
                return
            yield ServerEvent("failed", told).encode()


class _Sender:
    """Sends the chunks of one stream, one at a time, and tells when it was silent for long that it lives."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._send = send
        self._turn = anyio.Lock(fast_acquire=True)
        self._sent = anyio.current_time()

    async def send(self, chunk: bytes) -> None:
        """Send a chunk, as soon as the reader takes it."""
        async with self._turn:
            await self._send(chunk)
        self._sent = anyio.current_time()

    async def keep_alive(self, seconds: float) -> None:
        """Send a comment whenever nothing was sent for so long."""
        while True:
            await anyio.sleep_until(self._sent + seconds)
            if anyio.current_time() >= self._sent + seconds:
                await self.send(b": alive\n\n")


class EventStream(Response):
    """A stream as a response."""

    media_type = EVENT_STREAM

    def __init__(
        self, events: Events, streams: Streams, token_id: str, beside: Callable[[], Coroutine[Any, Any, None]] | None
    ) -> None:
        self.status_code = 200
        self.background = None
        self.body = b""
        self.init_headers({"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events
        self._streams = streams
        self._token_id = token_id
        self._beside = beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; ends early when the reader has gone."""

        async def body(chunk: bytes) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        async def until_gone(all_of_it: anyio.CancelScope) -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            all_of_it.cancel()

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(until_gone, group.cancel_scope)
                if self._beside is not None:
                    group.start_soon(self._beside)
                await self._streams.run(body, self._events, self._token_id)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                group.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(5.0):
                await self._events.aclose()
