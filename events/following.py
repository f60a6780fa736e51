"""Follows the log for any number of tasks; one watch on the database serves them all."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Collection

import anyio

from common.errors import StoreUnavailable
from events.backend import Backend, Watch
from events.recorded import RecordedEvent
from events.tail import Tail
from events.workers import Workers

__all__ = ["Following"]

ReadPage = Callable[[int, Collection[str] | None, int], tuple[list[RecordedEvent], int]]

_PAGE = 500
_PAUSE = 0.1
"""Seconds between looks at a log that can't be read."""


class Following:
    """Gives events as they come: woken by own commits and by the database's watch, and looking by itself besides."""

    def __init__(self, backend: Backend, tail: Tail, workers: Workers, timeout: float, read_page: ReadPage) -> None:
        """`timeout` is how many seconds a log that can't be read is borne with."""
        self._backend = backend
        self._tail = tail
        self._workers = workers
        self._timeout = timeout
        self._read_page = read_page
        self._opening = threading.Lock()
        self._watch: Watch | None = None

    async def follow(self, after: int, topics: Collection[str] | None) -> AsyncGenerator[RecordedEvent]:
        """Every event behind `after`, until the store is closed. Raises `StoreUnavailable`."""
        failing_since: float | None = None
        while not self._workers.closed:
            wakeup = self._tail.wakeup()
            try:
                poll, events, scanned_to = await self._workers.run(lambda: self._look(after, topics))  # noqa: B023
                failing_since = None
            except StoreUnavailable:
                failing_since = failing_since or anyio.current_time()
                if not self._workers.closed and anyio.current_time() - failing_since > self._timeout:
                    self._tail.forget(wakeup)
                    raise
                poll, events, scanned_to = _PAUSE, [], after
            try:
                for event in events:
                    yield event
                if scanned_to == after and not self._workers.closed:
                    with anyio.move_on_after(poll):
                        await wakeup.wait()
                after = scanned_to
            finally:
                self._tail.forget(wakeup)

    def _look(self, after: int, topics: Collection[str] | None) -> tuple[float, list[RecordedEvent], int]:
        """After how many seconds to look again, what is behind a position, and up to where that was all."""
        with self._opening:
            if self._watch is None:
                self._watch = self._backend.watch(self._tail.told)
        return self._watch.poll, *self._read_page(after, topics, _PAGE)

    def close(self) -> None:
        """Watch no more; blocks."""
        if self._watch is not None:
            self._watch.close()
