"""Bounds of every call, before anything reads it: size and time of the body, time of the answer; and safe headers."""

from __future__ import annotations

from typing import Any

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.http_settings import HttpSettings
from supervisor.http.answers import Problem
from supervisor.http.problems import problem_response

__all__ = ["Bounds"]

_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    b"content-security-policy": (
        b"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
        b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    b"cache-control": b"no-store",
}
_MAX_HEADERS = 65_536
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class _Ambiguous(Exception):
    """Two headers tell different ends of the body: a proxy in front may see two calls where this is one."""


class _LongHeaders(Exception):
    """The headers are over their bound."""


class _TooLarge(Exception):
    """The body is over its bound."""


class _TooSlow(Exception):
    """The body did not come in time."""


class Bounds:
    """ASGI middleware. An answer that has begun (a stream) has no time limit of its own."""

    def __init__(self, app: ASGIApp, settings: HttpSettings, long: tuple[str, ...]) -> None:
        """`long` are beginnings of paths whose answers take as long as a request may."""
        self._app = app
        self._settings = settings
        self._long = long

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call within the bounds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = _Call(self._settings, scope, receive, send)
        try:
            call.check_headers()
            await self._answer(call, scope)
        except _Ambiguous:
            await call.refuse(400, "Bad request", "A body has one length: Content-Length or Transfer-Encoding.")
        except _LongHeaders:
            await call.refuse(431, "Request header fields too large", f"Headers have at most {_MAX_HEADERS:,} bytes.")
        except _TooLarge:
            await call.refuse(413, "Content too large", f"A body has at most {self._settings.max_body:,} bytes.")
        except _TooSlow:
            await call.refuse(408, "Request timeout", f"A body comes within {self._settings.body_timeout:g} seconds.")

    async def _answer(self, call: _Call, scope: Scope) -> None:
        seconds = None if self._takes_long(scope) else self._settings.timeout
        with anyio.move_on_after(seconds) as limit:
            call.limit = limit
            await self._app(scope, call.receive, call.send)
        if call.fault is not None:
            raise call.fault
        if limit.cancelled_caught:
            await call.refuse(504, "Timeout", f"There was no answer within {seconds:g} seconds.")

    def _takes_long(self, scope: Scope) -> bool:
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        return scope["method"] == "POST" and path.startswith(self._long)


class _Call:
    """One call."""

    def __init__(self, settings: HttpSettings, scope: Scope, receive: Receive, send: Send) -> None:
        self._settings = settings
        self._scope = scope
        self._receive = receive
        self._send = send
        self._bytes = 0
        self._whole = False
        self._begun = False
        self._refusing = False
        self._deadline = anyio.current_time() + settings.body_timeout
        self.limit: anyio.CancelScope | None = None
        self.fault: _TooLarge | _TooSlow | None = None
        """What is wrong with the body; kept, since frameworks make an answer of their own of any error in reading."""

    def check_headers(self) -> None:
        """Raise `_TooLarge` for a body whose headers tell that it is, `_Ambiguous`, and `_LongHeaders`."""
        if sum(len(name) + len(value) for name, value in self._scope["headers"]) > _MAX_HEADERS:
            raise _LongHeaders
        lengths = [name for name, _ in self._scope["headers"] if name in (b"content-length", b"transfer-encoding")]
        if len(lengths) > 1:
            raise _Ambiguous
        for name, value in self._scope["headers"]:
            if name == b"content-length" and not (value.isdigit() and int(value[:16]) <= self._settings.max_body):
                raise _TooLarge

    async def receive(self) -> Message:
        """A part of the body, within the bounds; afterwards whatever the server tells, whenever."""
        if self._whole:
            return await self._receive()
        message: Message | None = None
        with anyio.move_on_at(self._deadline):
            message = await self._receive()
        if message is None:
            self.fault = _TooSlow()
            raise self.fault
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._bytes > self._settings.max_body:
            self.fault = _TooLarge()
            raise self.fault
        return message

    async def send(self, message: Message) -> None:
        """Send on, with headers that keep browsers safe; they don't replace what the application says."""
        if self.fault is not None and not self._begun and not self._refusing:
            return
        if message["type"] == "http.response.start":
            self._begun = True
            if self.limit is not None:
                self.limit.deadline = float("inf")
            given: list[tuple[bytes, bytes]] = list(message.get("headers", []))
            there = {name.lower() for name, _ in given}
            given += [(name, value) for name, value in _HEADERS.items() if name not in there]
            if self._scope["scheme"] == "https":
                given.append(_HSTS)
            message = {**message, "headers": given}
        await self._send(message)

    async def refuse(self, status: int, title: str, detail: str) -> None:
        """Answer with a problem, unless an answer has begun."""
        if self._begun:
            return
        self._refusing = True
        problem = Problem(title=title, status=status, detail=detail, code=title.lower().replace(" ", "_"))
        response = problem_response(problem, {"Connection": "close"})
        with anyio.CancelScope(shield=True), anyio.move_on_after(self._settings.body_timeout):
            await response({**self._scope}, _nothing, self.send)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}
