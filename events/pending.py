"""The outcome of an append that is under way, for waiters on event loops."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterable, Mapping

from common.coarse_timers import CoarseTimers
from common.errors import StoreError, StoreUnavailable

__all__ = ["Pending", "Wakeup", "wake"]


class Wakeup:
    """Wakes one task of the loop it was made on, once; other threads set it through `wake`."""

    __slots__ = ("_loop", "_set")

    def __init__(self) -> None:
        # anyio has no way to call into a loop from a foreign thread without waiting for the answer
        self._loop = asyncio.get_running_loop()
        self._set = self._loop.create_future()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop whose task waits."""
        return self._loop

    def set(self) -> None:
        """Set it; on its own loop only."""
        if not self._set.done():
            self._set.set_result(None)

    def due(self) -> None:
        """Set it, because it took too long."""
        self.set()

    async def wait(self, timeout: float | None = None, timers: CoarseTimers | None = None) -> None:
        """Wait until it is set, which it also is after `timeout` seconds; without that the caller bounds the wait.

        With `timers` it may be set a second later than that.
        """
        if timeout is None:
            return await self._set
        group = timers.after(timeout) if timers is not None else None
        if group is not None:
            group.add(self)
            try:
                return await self._set
            finally:
                group.discard(self)
        timer = self._loop.call_later(timeout, self.set)
        try:
            return await self._set
        finally:
            timer.cancel()


def wake(wakeups: Iterable[Wakeup]) -> None:
    """Set wake-ups from any thread, each loop called once; loops that are closed have nobody waiting."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Wakeup]] = {}
    for wakeup in wakeups:
        by_loop.setdefault(wakeup.loop, []).append(wakeup)
    for loop, group in by_loop.items():
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_set_all, group)


def _set_all(wakeups: list[Wakeup]) -> None:
    for wakeup in wakeups:
        wakeup.set()


class Pending:
    """An append on its way to the disk.

    `error` says why it failed; `versions` are the versions of its streams behind it, known before it is durable.
    """

    __slots__ = ("_lock", "_position", "_taken", "_timeout", "_timers", "_waiters", "error", "versions")

    def __init__(self, timeout: float, timers: CoarseTimers | None = None) -> None:
        """`timeout` in seconds bounds a wait for its outcome; it comes from `timers`, where they are given."""
        self._timeout = timeout
        self._timers = timers
        self._lock = threading.Lock()
        self._waiters: list[Wakeup] = []
        self._taken = False
        self._position: int | None = None
        self.error: StoreError | None = None
        self.versions: Mapping[str, int] = {}

    @property
    def done(self) -> bool:
        """Whether the outcome is known."""
        return self._position is not None or self.error is not None

    async def durable(self) -> int:
        """Wait until it is on the disk; returns its last position.

        Raises the `StoreError` that it failed with, or `StoreUnavailable` when it took too long: it is taken back
        then, and where it is too late for that the message says so. A caller that is cancelled here takes nothing
        back: the append goes on.
        """
        if not self.done:
            wakeup = Wakeup()
            with self._lock:
                waiting = not self.done
                if waiting:
                    self._waiters.append(wakeup)
            if waiting:
                await wakeup.wait(self._timeout, self._timers)
                if not self.done:
                    self._withdraw()
        if self.error is not None:
            raise self.error
        assert self._position is not None  # noqa: S101 - done, and not by an error
        return self._position

    def _withdraw(self) -> None:
        late = StoreUnavailable(
            f"the append was not written within {self._timeout:g} seconds, and was taken back",
            where="append",
            todo="Try again later; the disk or the database may be overloaded.",
        )
        with self._lock:
            if self.done:
                return
            if not self._taken:
                self.error = late
                waiters, self._waiters = self._waiters, []
                wake(waiters)
                return
        raise StoreUnavailable(
            f"the append was not acknowledged within {self._timeout:g} seconds; whether it was written is not known",
            where="append",
            todo="Read the stream before trying again.",
        )

    def take(self) -> bool:
        """Called by the writer, which from now on decides; False when it was withdrawn."""
        with self._lock:
            self._taken = self.error is None
            return self._taken

    def placed(self, versions: Mapping[str, int]) -> None:
        """Called by the writer: it has its place, the commit follows."""
        self.versions = versions

    def settle(self, outcome: int | StoreError) -> list[Wakeup]:
        """Called by the writer: it is durable (its last position), or it failed. Returns who is to be woken."""
        with self._lock:
            if isinstance(outcome, StoreError):
                self.error = outcome
            else:
                self._position = outcome
            waiters, self._waiters = self._waiters, []
        return waiters
