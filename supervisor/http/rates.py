"""How often somebody may call: a bucket of calls for each, which fills again with time."""

from __future__ import annotations

from collections import OrderedDict

import anyio

__all__ = ["Rates"]

_MOST = 10_000
"""Callers that are remembered; who was silent for longest is forgotten, and finds a full bucket."""


class Rates:
    """Token buckets: `rate` calls a second, `burst` at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> float:
        """Count a call; 0 where it is let through, else the seconds until one would be."""
        left = self._left(caller)
        now = anyio.current_time()
        if left < 1:
            self._keep(caller, left, now)
            return (1 - left) / self._rate
        self._keep(caller, left - 1, now)
        return 0.0

    def is_empty(self, caller: str) -> bool:
        """Whether the next call would be refused; counts nothing."""
        return self._left(caller) < 1

    def _left(self, caller: str) -> float:
        left, then = self._buckets.get(caller, (float(self._burst), anyio.current_time()))
        return min(float(self._burst), left + (anyio.current_time() - then) * self._rate)

    def _keep(self, caller: str, left: float, now: float) -> None:
        self._buckets[caller] = (left, now)
        self._buckets.move_to_end(caller)
        while len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
