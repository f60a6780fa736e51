"""Sends what was recorded as soon as whoever recorded it waits: all of one turn of the event loop together."""

from __future__ import annotations

import asyncio
import threading
from contextvars import Context
from typing import Protocol

__all__ = ["Sender", "Sending"]


class Sender(Protocol):
    """What holds something back."""

    def turn_came(self) -> None:
        """Nobody works any more who was at work when it joined. Must not raise."""
        ...


class Sending(threading.local):
    """Calls what joined once the running task waits. A call into the loop costs more than what most have to send.

    Each thread has its own: nothing is called by the loop of another thread than that on which it joined.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._senders: list[Sender] = []

    def join(self, sender: Sender) -> None:
        """Have it called by the running loop. Raises `RuntimeError` in a thread without one."""
        # anyio has no way to have something done as soon as the running task waits
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._call()  # what joined a loop that has ended, or does not run now
            self._loop = loop
        if not self._senders:
            loop.call_soon(self._call, context=Context())
        self._senders.append(sender)

    def _call(self) -> None:
        senders, self._senders = self._senders, []
        for sender in senders:
            sender.turn_came()
