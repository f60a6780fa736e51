"""What is offered to others over a protocol, and who they are; the protocols are in `mcp_serving` and `a2a_serving`."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, JsonValue, SecretStr

from common.context import Owner

__all__ = ["Answer", "BearerTokens", "Caller", "Handler", "ServedApp", "ServedTool"]

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the server's configuration or the caller's token says, and how they are told of progress."""

    owner: Owner
    progress: Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: text for models, data for programs."""

    text: str
    data: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    ok: bool = True


Handler = Callable[[Any, Caller], Awaitable[Answer]]
"""`async def handler(arguments, caller)`: arguments is an instance of the tool's pydantic class."""


@dataclass(frozen=True, slots=True)
class ServedTool:
    """One thing that others may call; `reads` tells that it changes nothing."""

    name: str
    description: str
    arguments: type[BaseModel]
    handler: Handler
    reads: bool = False


class BearerTokens:
    """Lets nobody through to an ASGI application but who shows a token; ``scope["state"]["owner"]`` is its owner.

    `open_paths` are answered without one.
    """

    def __init__(self, app: AsgiApp, tokens: Sequence[tuple[SecretStr, Owner]], open_paths: Sequence[str] = ()) -> None:
        self._app = app
        self._tokens = [(token.get_secret_value().encode(), owner) for token, owner in tokens]
        self._open = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or hand the request on."""
        if scope["type"] != "http" or scope.get("path") in self._open:
            await self._app(scope, receive, send)
            return
        owner = self._owner(scope)
        if owner is None:
            await _refuse(send)
            return
        scope.setdefault("state", {})["owner"] = owner
        await self._app(scope, receive, send)

    def _owner(self, scope: Scope) -> Owner | None:
        given = [value for name, value in scope.get("headers", ()) if name.lower() == b"authorization"]
        kind, _, token = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        found: Owner | None = None
        for known, owner in self._tokens:  # all of them, so that the time tells nothing
            if hmac.compare_digest(known, token.strip()) and kind.lower() == b"bearer":
                found = owner
        return found


class ServedApp:
    """An ASGI application, and what has to run beside it: by its own lifespan, or by `running` where it is mounted."""

    def __init__(self, app: AsgiApp, running: Callable[[], AbstractAsyncContextManager[object]]) -> None:
        self._app = app
        self.running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan of a server that has this application as its own."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self.running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _refuse(send: Send) -> None:
    body = json.dumps({"error": "unauthorized", "what": "a bearer token is needed"}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"www-authenticate", b"Bearer"),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})
