"""The loops and services of a running supervisor: timers, recovery, connections that are kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio

from common.logs import get_logger

__all__ = ["Loop", "Scheduler", "keep_up"]

_log = get_logger(__name__)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Loop:
    """Something done again and again: `step` every `interval` seconds, each step bounded by `timeout` seconds.

    The first step is done at once, or after `delay` seconds.
    """

    name: str
    interval: float
    step: Callable[[], Awaitable[object]]
    timeout: float = 30.0
    delay: float = 0.0


class Scheduler:
    """Runs loops and services side by side. What fails is logged, and tried again after growing pauses."""

    def __init__(self, loops: Sequence[Loop], services: Sequence[Callable[[], Awaitable[None]]] = ()) -> None:
        self._loops = loops
        self._services = services

    async def run(self) -> None:
        """Run until cancelled."""
        async with anyio.create_task_group() as group:
            for loop in self._loops:
                group.start_soon(self._repeat, loop)
            for service in self._services:
                group.start_soon(keep_up, service)

    @staticmethod
    async def _repeat(loop: Loop) -> None:
        failures = 0
        await anyio.sleep(loop.delay)
        while True:
            try:
                with anyio.fail_after(loop.timeout):
                    await loop.step()
                failures = 0
            except Exception:  # one bad step must not end the loop
                failures += 1
                _log.exception("%s failed %d times in a row", loop.name, failures)
            pause = min(loop.interval * 2**failures, max(loop.interval, _LONGEST_PAUSE))
            await anyio.sleep(pause)


async def keep_up(service: Callable[[], Awaitable[None]]) -> None:
    """Run a service until it ends or is cancelled; one that breaks down is started again after growing pauses."""
    pause = _FIRST_PAUSE
    while True:
        started = anyio.current_time()
        try:
            await service()
        except Exception:  # a service that broke down is started again
            _log.exception("a service of a role broke down")
        else:
            return
        pause = _FIRST_PAUSE if anyio.current_time() - started > _LONGEST_PAUSE else min(pause * 2, _LONGEST_PAUSE)
        await anyio.sleep(pause)
