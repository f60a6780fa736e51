"""How unusual a value is among those remembered: a streaming estimate of its upper tail probability.

Inside the remembered values the probability is the rank's; beyond most of the top tenth it is that of a generalised
Pareto distribution fitted to the excesses by their moments (Hosking and Wallis, Technometrics 29, 1987; used on
streams by Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017). Heavy tails therefore
make a large value less surprising, and no value is ever called impossible.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort

__all__ = ["TailMemory"]

_LEAST = 20
"""Values needed before anything is called unusual."""
_TOP = 0.1
_HEAVIEST = 0.5
"""Shape of the heaviest tail believed: with more, the variance of the fit does not exist."""
_CAP = 12.0


class TailMemory:
    """The last `size` values of a statistic, in order of time and of size; memory is 16 bytes a value."""

    __slots__ = ("_fit", "_fit_age", "_oldest", "_order", "_ring", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._ring = array("d")
        self._oldest = 0
        self._order = array("d")
        self._fit: tuple[float, float, float, float] | None = None
        self._fit_age = 0

    def __len__(self) -> int:
        return len(self._order)

    def surprise(self, value: float) -> float:
        """−log10 of the probability that a remembered value is at least this large; 0 while little is known."""
        order = self._order
        known = len(order)
        if known < _LEAST:
            return 0.0
        above = known - bisect_left(order, value)
        by_rank = math.log10((known + 1) / (above + 1))
        if above > known * _TOP / 3:
            return by_rank
        threshold, scale, shape, share = self._fitted()
        excess = value - threshold
        if excess <= 0:
            return by_rank
        if scale <= 0:
            return _CAP / 2
        tail = math.log1p(shape * excess / scale) / shape if shape > 1e-3 else excess / scale
        return min(_CAP, share + tail / math.log(10))

    def add(self, value: float) -> None:
        """Remember a value; the oldest is forgotten when the memory is full."""
        if len(self._ring) < self._size:
            self._ring.append(value)
        else:
            del self._order[bisect_left(self._order, self._ring[self._oldest])]
            self._ring[self._oldest] = value
            self._oldest = (self._oldest + 1) % self._size
        insort(self._order, value)
        self._fit_age += 1

    def _fitted(self) -> tuple[float, float, float, float]:
        """Threshold, scale and shape of the tail, and −log10 of the share above the threshold."""
        if self._fit is None or self._fit_age > len(self._order) // 200:
            self._fit = self._fit_now()
            self._fit_age = 0
        return self._fit

    def _fit_now(self) -> tuple[float, float, float, float]:
        known = len(self._order)
        count = max(5, int(known * _TOP))
        top = self._order[-count:]
        threshold = self._order[-count - 1]
        mean = math.fsum(top) / count - threshold
        share = math.log10((known + 1) / count)
        if mean <= 0:
            return threshold, 0.0, 0.0, share
        spread = sum((value - threshold - mean) ** 2 for value in top) / count
        shape = 0.5 * (1 - mean * mean / spread) if spread > 0 else 0.0
        shape = min(max(shape, 0.0), _HEAVIEST)
        return threshold, mean * (1 - shape), shape, share
