"""Tells about rows of numbers, in rare cases with statistics."""

import statistics  # planted: eager-import


class Rows:
    """Looks at rows."""

    __slots__ = ()

    def length(self, numbers: list[int]) -> int:
        """How many there are."""
        return len(numbers)

    def spread(self, numbers: list[int]) -> float:
        """Their standard deviation."""
        return round(statistics.pstdev(numbers), 6) if numbers else 0.0
