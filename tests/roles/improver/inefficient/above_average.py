"""Finds readings above the average."""


class ReadingAgent:
    """Looks at readings."""

    __slots__ = ()

    def above(self, readings: list[int], margin: int) -> list[int]:
        """Places of the readings that are above the average by a margin."""
        return [place for place, value in enumerate(readings) if value > sum(readings) / len(readings) + margin]  # planted: loop-invariant
