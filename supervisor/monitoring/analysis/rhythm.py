"""What is usual at this hour: a running mean for each part of a repeating period (a day, a week)."""

from __future__ import annotations

__all__ = ["DAY", "WEEK", "Rhythm"]

DAY = 86_400.0
WEEK = 604_800.0


class Rhythm:
    """Mean value in each of `parts` equal parts of a period of `period` seconds, forgetting with `days`.

    `memory`: how many returns of a part its mean looks back on (about). Memory is 16 bytes a part.
    """

    __slots__ = ("_counts", "_means", "_memory", "_part", "_parts", "_period")

    def __init__(self, period: float, parts: int, memory: float) -> None:
        self._period = period
        self._parts = parts
        self._part = period / parts
        self._memory = memory
        self._counts = [0] * parts
        self._means = [0.0] * parts

    def part(self, timestamp: float) -> int:
        """The part of the period that a time (seconds, any origin) falls into."""
        return min(int(timestamp % self._period / self._part), self._parts - 1)

    def usual(self, part: int) -> float | None:
        """The mean of a part; None until it was seen twice."""
        return self._means[part] if self._counts[part] >= 2 else None

    def learn(self, part: int, value: float, step: float) -> None:
        """Take a value into the mean of its part. `step`: seconds since the value before (its weight)."""
        count = self._counts[part] + 1
        self._counts[part] = count
        weight = max(1.0 / count, min(1.0, step / (self._part * self._memory)))
        self._means[part] += weight * (value - self._means[part])
