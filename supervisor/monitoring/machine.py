"""What the process and its machine tell of themselves, through psutil; what can't be read says why."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio

__all__ = ["LoopLag", "MachineReader"]

_MAX_REASON = 200


class MachineReader:
    """Reads process and machine. The first `read` begins the time that CPU use is measured over; it may block."""

    def __init__(self, folder: Path) -> None:
        """`folder` is on the file system whose room is told."""
        self._folder = folder
        self._process: Any = None
        self._machine_before: tuple[float, float] | None = None
        self._process_before: tuple[float, float] | None = None

    @property
    def was_read(self) -> bool:
        """Whether the time that CPU use is measured over has begun."""
        return self._machine_before is not None

    def read(self) -> tuple[dict[str, float], dict[str, str]]:
        """Figures by name, and why others are absent. Percentages are 0 to 100; memory and disk are in bytes.

        `cpu_usage` is the machine's since the read before, `process_cpu` the process's as percent of one core.
        """
        import psutil

        if self._process is None:
            self._process = psutil.Process()
        process = self._process
        figures: dict[str, float] = {}
        absent: dict[str, str] = {}

        def take(names: str, read: Callable[[], tuple[float | None, ...]]) -> None:
            try:
                values = read()
            except (psutil.Error, OSError, NotImplementedError, AttributeError, ValueError) as error:
                absent.update(dict.fromkeys(names.split(), _reason(error)))
                return
            for name, value in zip(names.split(), values, strict=True):
                if value is None:
                    absent[name] = "it is measured between two samples, and this is the first one"
                else:
                    figures[name] = round(value, 6)

        def memory() -> tuple[float, float]:
            told = psutil.virtual_memory()
            return told.percent, told.available

        def disk() -> tuple[float, float]:
            told = psutil.disk_usage(str(self._folder))
            return told.percent, told.free

        with process.oneshot():
            take("process_memory", lambda: (process.memory_info().rss,))
            take("threads", lambda: (process.num_threads(),))
            take("process_uptime", lambda: (max(0.0, time.time() - process.create_time()),))
            take("process_cpu", lambda: (self._process_cpu(sum(process.cpu_times()[:2])),))
        take("file_descriptors file_descriptor_usage", lambda: _descriptors(process))
        take("cpu_usage", lambda: (self._machine_cpu(psutil.cpu_times()),))
        take("memory_usage memory_available", memory)
        take("disk_usage disk_free", disk)
        take("load", lambda: (os.getloadavg()[0],))
        return figures, absent

    def _machine_cpu(self, times: Any) -> float | None:
        idle = times.idle + getattr(times, "iowait", 0.0)
        # guest times are part of user and nice already
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        before, self._machine_before = self._machine_before, (idle, total)
        if before is None or total <= before[1]:
            return None
        return min(100.0, max(0.0, 100.0 * (1 - (idle - before[0]) / (total - before[1]))))

    def _process_cpu(self, seconds: float) -> float | None:
        now = time.monotonic()
        before, self._process_before = self._process_before, (seconds, now)
        if before is None or now <= before[1]:
            return None
        return max(0.0, 100.0 * (seconds - before[0]) / (now - before[1]))


class LoopLag:
    """Measures how late the event loop is: a task that sleeps, and looks how much longer it took."""

    def __init__(self, every: float = 1.0) -> None:
        self._every = every
        self._worst: float | None = None

    async def run(self) -> None:
        """Measure until cancelled."""
        self._worst = None
        try:
            while True:
                before = time.perf_counter()
                await anyio.sleep(self._every)
                late = max(0.0, time.perf_counter() - before - self._every)
                self._worst = late if self._worst is None else max(self._worst, late)
        finally:
            self._worst = None

    def take(self) -> float | None:
        """The worst lateness since the last call, in seconds; None where nothing was measured."""
        worst, self._worst = self._worst, None
        return worst


def _descriptors(process: Any) -> tuple[float, float]:
    import resource

    used = process.num_fds()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return used, 0.0 if limit == resource.RLIM_INFINITY else 100.0 * used / limit


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_MAX_REASON]
