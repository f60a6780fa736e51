"""Functions over rows that SQLite does not have: percentiles and what tells how far values spread.

The text of this module goes into packages that use it, so it needs the standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["STATISTICS"]


class RankValue:
    """The value below which a share (0 to 1) of the values lies, interpolated linearly; None of no values."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._share = 0.5

    def step(self, value: float | None, share: float) -> None:
        """Take in a row."""
        self._share = share
        if value is not None:
            self._values.append(float(value))

    def finalize(self) -> float | None:
        """The value of the rows."""
        if not self._values:
            return None
        ordered = sorted(self._values)
        place = (len(ordered) - 1) * self._share
        low = math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


class Variance:
    """The variance of a sample (n - 1); None of fewer than two values."""

    def __init__(self) -> None:
        self._count, self._mean, self._squares = 0, 0.0, 0.0

    def step(self, value: float | None) -> None:
        """Take in a row."""
        if value is not None:
            self._count += 1
            apart = float(value) - self._mean
            self._mean += apart / self._count
            self._squares += apart * (float(value) - self._mean)

    def finalize(self) -> float | None:
        """The value of the rows."""
        return self._squares / (self._count - 1) if self._count > 1 else None


class Spread(Variance):
    """The standard deviation of a sample (n - 1)."""

    def finalize(self) -> float | None:
        """The value of the rows."""
        value = super().finalize()
        return None if value is None else math.sqrt(value)


STATISTICS: Mapping[tuple[str, int], type[RankValue] | type[Variance]] = {
    ("rank_value", 2): RankValue,
    ("stddev_samp", 1): Spread,
    ("var_samp", 1): Variance,
}
"""The functions by name and number of arguments, as PostgreSQL calls the latter two."""
