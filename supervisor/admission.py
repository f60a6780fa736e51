"""Bounded admission: so many requests at once, so many waiting, and beyond that `Overloaded` at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import anyio

from common.errors import Overloaded

__all__ = ["Admission"]


class Admission:
    """Lets `max_concurrent` requests run and `queue` more wait their turn, in order of arrival.

    `refused` is called for each that is turned away.
    """

    def __init__(self, max_concurrent: int, queue: int, *, refused: Callable[[], object] = lambda: None) -> None:
        self._refused = refused
        self._max_concurrent = max_concurrent
        self._queue = queue
        self._running = 0
        self._waiting: list[anyio.Event] = []
        self.admitted = 0
        """Requests that were admitted so far."""
        self.waited = 0.0
        """Seconds that those waited for it, all together."""

    def resize(self, max_concurrent: int, queue: int) -> None:
        """Have other bounds hold from now on; nobody who runs or waits already is turned away."""
        self._max_concurrent, self._queue = max_concurrent, queue
        while self._waiting and self._running < max_concurrent:
            self._running += 1
            self._waiting.pop(0).set()

    @property
    def running(self) -> int:
        """Requests admitted now."""
        return self._running

    @property
    def waiting(self) -> int:
        """Requests that wait for admission."""
        return len(self._waiting)

    def admit(self) -> AbstractAsyncContextManager[None]:
        """Hold a place while the block runs. Raises `Overloaded` when the queue is full."""
        return self  # which keeps nothing of one request

    async def __aenter__(self) -> None:
        if self._running < self._max_concurrent:
            self._running += 1
            self.admitted += 1
            return
        if len(self._waiting) >= self._queue:
            self._refused()
            raise Overloaded(
                f"{self._running} requests run and {len(self._waiting)} wait",
                where="requests.max_concurrent, requests.queue",
                todo="Try again later, or raise these settings.",
            )
        turn, began = anyio.Event(), anyio.current_time()
        self._waiting.append(turn)
        try:
            await turn.wait()
        except BaseException:
            if turn.is_set():
                self._leave()
            else:
                self._waiting.remove(turn)
            raise
        self.admitted += 1
        self.waited += anyio.current_time() - began

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._waiting and self._running <= self._max_concurrent:
            self._waiting.pop(0).set()  # which takes this place
        else:
            self._running -= 1
