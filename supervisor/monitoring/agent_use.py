"""What the processes of built agents use, as figures of a sample: memory, and processor time since the last one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

__all__ = ["AgentUse", "ProcessUse", "Processes"]


class ProcessUse(Protocol):
    """One agent's process: `memory` in bytes, `cpu` in seconds since it began; None where none runs or can be seen."""

    @property
    def memory(self) -> int | None:
        """Bytes."""
        ...

    @property
    def cpu(self) -> float | None:
        """Seconds."""
        ...


Processes = Callable[[], Mapping[str, ProcessUse]]
"""The processes of this supervisor's built agents, by agent."""


class AgentUse:
    """Keeps what was seen last, so that processor time can be told as a share of the time between two looks."""

    def __init__(self, processes: Processes, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._processes = processes
        self._monotonic = monotonic
        self._seen: dict[str, tuple[float, float]] = {}

    def look(self) -> dict[str, dict[str, float]]:
        """By agent, `memory_usage` in bytes and, from the second look on, `cpu_usage` in percent of one processor.

        Blocks shortly: it reads what the kernel tells. An agent whose process does not run has no figures.
        """
        now = self._monotonic()
        found: dict[str, dict[str, float]] = {}
        seen: dict[str, tuple[float, float]] = {}
        for name, use in self._processes().items():
            if use.memory is None or use.cpu is None:
                continue
            found[name] = {"memory_usage": float(use.memory)}
            seen[name] = (now, use.cpu)
            at, before = self._seen.get(name, (now, 0.0))
            if now > at:
                spent = use.cpu - before if use.cpu >= before else use.cpu  # another process has taken its place
                found[name]["cpu_usage"] = round(100 * spent / (now - at), 3)
        self._seen = seen
        return found
