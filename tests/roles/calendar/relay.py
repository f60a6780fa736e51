"""Stands between a client and a server: sees every exchange, and may act in between or answer otherwise."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio
from anyio.abc import SocketAttribute, SocketStream

__all__ = ["Relay", "html", "reply"]

Before = Callable[[str, str], None]
Answering = Callable[[str, str, bytes], bytes | None]


def reply(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def html(text: str) -> bytes:
    """A page for browsers."""
    return reply("200 OK", f"<html><body>{text}</body></html>".encode(), "Content-Type: text/html")


@dataclass
class Relay:
    """One exchange a connection. `before` is told of each, `answer` may change what comes back (None: nothing does).

    Without a `port` there is no server behind it, and all answers are made by `answer`.
    """

    port: int | None = None
    before: Before = lambda method, path: None
    answer: Answering = lambda method, path, answer: answer
    url: str = ""
    quiet: tuple[str, ...] = ()
    """Methods that the server behind never hears of."""
    forgiving: bool = False
    """Whether a server that is gone, or hangs, is no error of the test."""
    seen: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path and size of the answer of each exchange."""

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.seen]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Relay]:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        self.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}/"
        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, self._serve)
            yield self
            group.cancel_scope.cancel()

    async def _serve(self, stream: SocketStream) -> None:
        async with stream:
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError):  # the client left
                request = await _request(stream)
                method, path, *_ = request.split(b" ", 2)
                self.before(method.decode(), path.decode())
                heard = self.port is not None and method.decode() not in self.quiet
                given = await self._forwarded(request) if heard else b""
                made = self.answer(method.decode(), path.decode(), given)
                self.seen.append((method.decode(), path.decode(), len(made or b"")))
                if made is not None:
                    await stream.send(made)

    async def _forwarded(self, request: bytes) -> bytes:
        parts: list[bytes] = []
        gone = (OSError, anyio.BrokenResourceError) if self.forgiving else ()
        with suppress(*gone):
            async with await anyio.connect_tcp("127.0.0.1", self.port or 0) as server:
                await server.send(request)
                with suppress(anyio.EndOfStream):
                    while True:
                        parts.append(await server.receive())
        return b"".join(parts)


async def _request(stream: SocketStream) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += await stream.receive()
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while len(body) < (int(length[1]) if length else 0):
        body += await stream.receive()
    return (
        re.sub(rb"(?i)\r\n(connection|accept-encoding): *[^\r]*", b"", head) + b"\r\nConnection: close\r\n\r\n" + body
    )
