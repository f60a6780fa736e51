"""A server that speaks just enough of OpenAI's protocol to break it in ways that no ready-made mock can.

It runs in the test's own event loop; every connection and every request is counted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.services.process import free_port

__all__ = [
    "RawModelServer",
    "answers",
    "calls_without_end",
    "closes_at_once",
    "drips",
    "hangs",
    "raw_model_server",
    "refuses",
    "speaks_without_end",
    "stops_after",
]

Writer = asyncio.StreamWriter
Act = Callable[[Writer], Awaitable[None]]

_STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
"""No length and no chunks: the end of the connection is the end of the answer."""


def delta(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "raw", "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def arguments(text: str, **first: Any) -> bytes:
    """One event of a stream in which a tool's arguments grow."""
    function = {"arguments": text, **({"name": first["name"]} if first else {})}
    call = {"index": 0, "function": function, **({"id": "call_1", "type": "function"} if first else {})}
    return delta(tool_calls=[call])


def answers(text: str) -> Act:
    """A whole answer."""

    async def act(writer: Writer) -> None:
        writer.write(_STREAM + delta(text) + delta(finish="stop") + b"data: [DONE]\n\n")

    return act


def refuses(status: int, body: Any = None, **headers: str) -> Act:
    """An error answer; names of headers are written with ``_`` for ``-``."""

    async def act(writer: Writer) -> None:
        content = json.dumps(body if body is not None else {"error": {"message": "no"}}).encode()
        lines = [f"HTTP/1.1 {status} No", f"content-length: {len(content)}", "content-type: application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + content)

    return act


def hangs() -> Act:
    """Takes the request and never says a word."""

    async def act(writer: Writer) -> None:
        await asyncio.sleep(3_600)

    return act


def stops_after(text: str) -> Act:
    """Says something, then nothing more, with the connection open."""

    async def act(writer: Writer) -> None:
        writer.write(_STREAM + delta(text))
        await writer.drain()
        await asyncio.sleep(3_600)

    return act


def closes_at_once(text: str = "") -> Act:
    """Drops the connection, before any answer or behind the first words of one."""

    async def act(writer: Writer) -> None:
        if text:
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            piece = delta(text)
            writer.write(head + f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
        writer.transport.abort()

    return act


def drips(text: str = "word ", seconds: float = 0.02) -> Act:
    """Says a little again and again, and never comes to an end."""

    async def act(writer: Writer) -> None:
        writer.write(_STREAM)
        while True:
            writer.write(delta(text))
            await writer.drain()
            await asyncio.sleep(seconds)

    return act


def speaks_without_end(characters: int = 50_000) -> Act:
    """Sends text as fast as it is taken, without end."""
    return drips("x" * characters, 0.0)


def calls_without_end(name: str, characters: int = 50_000) -> Act:
    """Sends the arguments of one tool call as fast as they are taken, without end."""

    async def act(writer: Writer) -> None:
        writer.write(_STREAM + arguments("{", name=name))
        while True:
            writer.write(arguments("x" * characters))
            await writer.drain()
            await asyncio.sleep(0)

    return act


@dataclass
class RawModelServer:
    """Plays its acts, one a request; the last is played again and again. `open` are the connections there are now."""

    port: int
    acts: list[Act] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        self.connections += 1
        self.open += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
            self.requests.append(json.loads(await reader.readexactly(length)) if length else {"head": head})
            self.times.append(asyncio.get_running_loop().time())
            act = self.acts[min(len(self.requests), len(self.acts)) - 1]
            await act(writer)
            await writer.drain()
        self.open -= 1
        with suppress(ConnectionError):
            writer.close()


@asynccontextmanager
async def raw_model_server(*acts: Act) -> AsyncGenerator[RawModelServer]:
    """A server for one test."""
    server = RawModelServer(free_port(), list(acts))
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await server.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", server.port)
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()
