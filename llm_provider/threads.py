"""Worker threads that stay counted until they are really done, even when nobody waits for them any more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread

__all__ = ["BoundedThreads"]

T = TypeVar("T")


class BoundedThreads:
    """Runs blocking functions in worker threads, at most `limit` at once.

    A caller that is cancelled leaves at once and its thread runs on; the place is free again only when the function
    has returned, so a function that hangs can hold `limit` threads and no more.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._limiter: anyio.CapacityLimiter | None = None

    async def run(self, function: Callable[[], T]) -> T:
        """The function's result; raises what it raises."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._limit)
        limiter, borrower = self._limiter, object()
        started = False

        def work() -> T:
            nonlocal started
            started = True
            try:
                return function()
            finally:
                with suppress(RuntimeError):  # the event loop is gone: so is the limiter
                    anyio.from_thread.run_sync(limiter.release_on_behalf_of, borrower)

        await limiter.acquire_on_behalf_of(borrower)
        try:
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
        finally:
            if not started:
                limiter.release_on_behalf_of(borrower)
