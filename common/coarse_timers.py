"""Time-outs that hardly ever come, many at once, for the price of one timer a second."""

from __future__ import annotations

import asyncio
import threading
from contextvars import Context
from typing import Protocol

__all__ = ["GRAIN", "CoarseTimers", "Timed"]

GRAIN = 1.0
"""Seconds that something may come late, at most."""
_SHORTEST = 3.0
"""Seconds below which it matters to be late."""


class Timed(Protocol):
    """What is to be told that its time has come; hashable by identity."""

    def due(self) -> None:
        """Its time has come. Must not raise."""
        ...


class CoarseTimers:
    """Tells objects when their time has come, up to a second late, on the first event loop that asks.

    A timer of the loop costs more than most of what it guards: it is made, put in order among all others, and thrown
    away soon after. Here all that is due within the same second shares one.
    """

    __slots__ = ("_entry", "_groups", "_loop")

    def __init__(self) -> None:
        # anyio has no timers without a task
        self._loop: asyncio.AbstractEventLoop | None = None
        self._groups: dict[int, set[Timed]] = {}
        self._entry = threading.Lock()

    def after(self, seconds: float) -> set[Timed] | None:
        """The group of what is due after so many seconds: join it, and leave it when nothing is waited for any more.

        None where a timer of one's own is called for: for short times, and on another loop.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop and not self._serve(loop):
            return None
        if seconds < _SHORTEST:
            return None
        due = int((loop.time() + seconds) / GRAIN) + 1
        group = self._groups.get(due)
        if group is None:
            group = self._groups[due] = set()
            # in a context of its own: that of a request would be kept, and seen by what is told for others
            loop.call_at(due * GRAIN, self._tell, due, context=Context())
        return group

    def _serve(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Belong to this loop from now on, where there is none yet, or the one before was closed."""
        with self._entry:  # two threads may be the first at once
            if self._loop is not None and not self._loop.is_closed():
                return False
            self._groups = {}
            self._loop = loop
            return True

    def _tell(self, due: int) -> None:
        for each in self._groups.pop(due, ()):
            each.due()
