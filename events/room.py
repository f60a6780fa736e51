"""The bound of the writer's queue: who comes when it is full waits in turn."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from events.pending import Wakeup, wake

__all__ = ["Room"]


@dataclass(slots=True)
class _Waiting:
    events: int
    size: int
    wakeup: Wakeup
    granted: bool = False


class Room:
    """Counts events and bytes that wait. An append that alone is larger than the bound is let in when nothing waits."""

    def __init__(self, events: int, size: int) -> None:
        self._max_events = events
        self._max_size = size
        self._events = 0
        self._size = 0
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()

    @property
    def events(self) -> int:
        """How many events wait for their commit."""
        return self._events

    def take_now(self, events: int, size: int) -> bool:
        """Take room without waiting; False when there is none, or when others wait for it."""
        with self._lock:
            if self._waiting or not self._fits(events, size, 1):
                return False
            self._add(events, size)
            return True

    def take_beyond(self, events: int, size: int, times: int) -> bool:
        """Take room past those who wait, and up to `times` the bound; False when there is none."""
        with self._lock:
            if not self._fits(events, size, times):
                return False
            self._add(events, size)
            return True

    async def take(self, events: int, size: int) -> None:
        """Take room, in turn; the caller bounds the wait."""
        with self._lock:
            if not self._waiting and self._fits(events, size, 1):
                self._add(events, size)
                return
            place = _Waiting(events, size, Wakeup())
            self._waiting.append(place)
        try:
            await place.wakeup.wait()
        except BaseException:
            with self._lock:
                if not place.granted:
                    self._waiting.remove(place)
            # a place in front may have been all that held others up, and so may room that is not used now
            wake(self.give(*((events, size) if place.granted else (0, 0))))
            raise

    def give(self, events: int, size: int) -> list[Wakeup]:
        """Give room back, from any thread; returns who got it and is to be woken."""
        granted: list[Wakeup] = []
        with self._lock:
            self._add(-events, -size)
            while self._waiting and self._fits(self._waiting[0].events, self._waiting[0].size, 1):
                place = self._waiting.popleft()
                place.granted = True
                self._add(place.events, place.size)
                granted.append(place.wakeup)
        return granted

    def _add(self, events: int, size: int) -> None:
        self._events += events
        self._size += size

    def _fits(self, events: int, size: int, times: int) -> bool:
        return self._events == 0 or (
            self._events + events <= times * self._max_events and self._size + size <= times * self._max_size
        )
