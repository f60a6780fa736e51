"""Tells the host what happens on its own: timers that fire, approvals that wait."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from common.context import Owner
from roles.timer.firing import FiredTimer

__all__ = ["Notification", "Notifications", "Notifier"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notification:
    """One message: `kind` is timer, alarm, reminder or approval; `owner` is whom it concerns."""

    kind: str
    title: str
    text: str
    at: datetime
    owner: Owner


Notifier = Callable[[Notification], Awaitable[None]]
"""What a host hands over to be told; its exceptions are logged and do no harm."""


class Notifications:
    """Passes each notification to the host's callback and to every open stream.

    Streams are bounded: a listener that does not read loses the newest messages, which stay in the log.
    """

    def __init__(self, notifier: Notifier | None = None, *, buffer: int = 256, timeout: float = 10.0) -> None:
        self._notifier = notifier
        self._buffer = buffer
        self._timeout = timeout
        self._listeners: list[MemoryObjectSendStream[Notification]] = []

    async def send(self, notification: Notification) -> None:
        """Deliver to whoever listens; never raises."""
        for listener in self._listeners:
            try:
                listener.send_nowait(notification)
            except (anyio.WouldBlock, anyio.BrokenResourceError):
                _log.warning("a listener does not read its notifications; one was dropped: %s", notification.title)
        if self._notifier is None:
            return
        try:
            with anyio.fail_after(self._timeout):
                await self._notifier(notification)
        except Exception:  # the host's fault must not stop the timers
            _log.exception("the host's notifier failed")

    async def timer_fired(self, fired: FiredTimer) -> None:
        """Tell of a timer that went off."""
        await self.send(Notification(fired.kind, fired.title, fired.text, fired.at, fired.owner))

    async def listen(self) -> AsyncGenerator[Notification]:
        """Every notification from now on, until the generator is closed or the supervisor ends."""
        send, receive = anyio.create_memory_object_stream[Notification](self._buffer)
        self._listeners.append(send)
        try:
            async for notification in receive:
                yield notification
        finally:
            if send in self._listeners:
                self._listeners.remove(send)
            send.close()
            receive.close()

    def close(self) -> None:
        """End every open stream."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
