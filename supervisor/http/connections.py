"""HTTP/1.1 connections with bounds that the server itself has none of: slow headers, and readers that don't read."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["bounded"]


def bounded(header_timeout: float, stall_timeout: float) -> type[H11Protocol]:
    """The class of connections that are closed where a call's headers take longer than `header_timeout` seconds,
    counted from its first byte or the connection's begin, or where nothing that is sent is read for `stall_timeout`.
    """

    class Bounded(H11Protocol):
        _headers: asyncio.TimerHandle | None = None
        _stalled: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            # asyncio does it only where a socket names its protocol; else the body of an answer waits 40 ms for the
            # caller's delayed acknowledgement of its head
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._headers = self.loop.call_later(header_timeout, self._abort)

        def connection_lost(self, exc: Exception | None) -> None:
            self._headers, self._stalled = _ended(self._headers), _ended(self._stalled)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch_headers()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._watch_headers()  # a part of the next call may be there already

        def _watch_headers(self) -> None:
            if self.conn.their_state is not h11.IDLE:
                self._headers = _ended(self._headers)
            elif self._headers is None and self.conn.trailing_data[0]:
                self._headers = self.loop.call_later(header_timeout, self._abort)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stalled = self.loop.call_later(stall_timeout, self._abort)

        def resume_writing(self) -> None:
            self._stalled = _ended(self._stalled)
            super().resume_writing()

        def _abort(self) -> None:
            self.transport.abort()

    return Bounded


def _ended(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
