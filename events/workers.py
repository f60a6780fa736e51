"""Blocking work in threads, a few at a time, with an end that waits for what is under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from common.errors import StoreUnavailable

__all__ = ["Workers"]

Result = TypeVar("Result")


class Workers:
    """Threads for one resource; `name` is what errors call it."""

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._threads = threads
        self._limiter = anyio.CapacityLimiter(threads)
        self.closed = False

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do blocking work in a thread. Raises `StoreUnavailable` once closed."""

        def guarded() -> Result:
            if self.closed:
                raise StoreUnavailable(f"{self._name} is closed", where=self._name, todo="Open it again.")
            return work()

        return await anyio.to_thread.run_sync(guarded, limiter=self._limiter)

    async def close(self, timeout: float) -> None:
        """Take no more work, and wait at most `timeout` seconds for what is under way."""
        self.closed = True
        held: list[object] = []
        with anyio.move_on_after(timeout):
            for _ in range(self._threads):
                borrower = object()
                await self._limiter.acquire_on_behalf_of(borrower)
                held.append(borrower)
        for borrower in held:  # whoever came late goes on, and is told
            self._limiter.release_on_behalf_of(borrower)
