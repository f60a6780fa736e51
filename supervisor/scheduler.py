"""The loops of a running supervisor: timers, and the recovery of what dead processes left behind."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

__all__ = ["Loop", "Scheduler"]

_log = logging.getLogger(__name__)
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Loop:
    """Something done again and again: `step` every `interval` seconds, each step bounded by `timeout` seconds."""

    name: str
    interval: float
    step: Callable[[], Awaitable[object]]
    timeout: float = 30.0


class Scheduler:
    """Runs loops side by side. A step that fails is logged, and tried again after growing pauses."""

    def __init__(self, loops: list[Loop]) -> None:
        self._loops = loops

    async def run(self) -> None:
        """Run until cancelled."""
        async with anyio.create_task_group() as group:
            for loop in self._loops:
                group.start_soon(self._repeat, loop)

    @staticmethod
    async def _repeat(loop: Loop) -> None:
        failures = 0
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
