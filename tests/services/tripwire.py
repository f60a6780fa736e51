"""A TCP relay in front of a server that does something to it at a chosen moment of the conversation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import anyio
import anyio.to_thread
from anyio.abc import SocketAttribute, SocketStream

__all__ = ["Tripwire", "tripwire"]

_CHUNK = 65_536


@dataclass
class Tripwire:
    """Relays bytes until a client sends `pattern`; then `act` runs (in a worker thread), once.

    With ``when="before"`` it runs instead of handing these bytes on, so that the server never sees them; with
    ``when="after"`` once the server has begun to answer them, an answer that the client never gets. Either way the
    connection ends there.
    """

    target: int
    pattern: bytes
    act: Callable[[], object]
    when: Literal["before", "after"]
    port: int = 0
    tripped: bool = False
    connections: int = field(default=0)

    async def serve(self, client: SocketStream) -> None:
        """Relay one connection."""
        self.connections += 1
        async with client:
            try:
                server = await anyio.connect_tcp("127.0.0.1", self.target)
            except OSError:
                return
            async with server, anyio.create_task_group() as group:
                armed = anyio.Event()
                group.start_soon(self._upwards, client, server, armed, group.cancel_scope)
                group.start_soon(self._downwards, client, server, armed, group.cancel_scope)

    async def _upwards(
        self, client: SocketStream, server: SocketStream, armed: anyio.Event, scope: anyio.CancelScope
    ) -> None:
        seen = b""
        try:
            while True:
                data = await client.receive(_CHUNK)
                seen = seen[-len(self.pattern) :] + data
                if not self.tripped and self.pattern in seen:
                    self.tripped = True
                    if self.when == "before":
                        await anyio.to_thread.run_sync(self.act)
                        break
                    armed.set()
                await server.send(data)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        scope.cancel()

    async def _downwards(
        self, client: SocketStream, server: SocketStream, armed: anyio.Event, scope: anyio.CancelScope
    ) -> None:
        try:
            while True:
                data = await server.receive(_CHUNK)
                if armed.is_set():
                    await anyio.to_thread.run_sync(self.act)
                    break
                await client.send(data)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        scope.cancel()


@asynccontextmanager
async def tripwire(
    target: int, pattern: bytes, act: Callable[[], object], when: Literal["before", "after"]
) -> AsyncGenerator[Tripwire]:
    """A relay on a port of its own in front of the server on the port `target`."""
    wire = Tripwire(target, pattern, act, when)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        wire.port = int(listener.extra(SocketAttribute.local_port))
        group.start_soon(listener.serve, wire.serve)
        yield wire
        group.cancel_scope.cancel()
