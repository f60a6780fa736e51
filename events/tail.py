"""The end of the log as this process knows it."""

from __future__ import annotations

import threading

from events.pending import Wakeup, wake

__all__ = ["Tail"]


class Tail:
    """The last position seen by this process, and who waits for the next one."""

    def __init__(self, position: int) -> None:
        self.position = position
        self._released = position
        self._waiting: set[Wakeup] = set()
        self._lock = threading.Lock()

    def wakeup(self) -> Wakeup:
        """Will be set by the next commit."""
        wakeup = Wakeup()
        with self._lock:
            self._waiting.add(wakeup)
        return wakeup

    def forget(self, wakeup: Wakeup) -> None:
        """Its task no longer waits."""
        with self._lock:
            self._waiting.discard(wakeup)

    def seen(self, position: int) -> None:
        """Somebody looked at the log."""
        self.position = max(self.position, position)

    def advance(self, position: int) -> None:
        """The writer committed up to here."""
        self.seen(position)
        self._released = max(self._released, position)
        self.release()

    def told(self, position: int) -> None:
        """The database tells of appends up to here, which may be the own ones; 0: there may have been some.

        Anybody can tell such things: they are a reason to look, and nothing more.
        """
        if position == 0 or position > self._released:
            self.release()

    def release(self) -> None:
        """Wake everybody."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        wake(waiting)
