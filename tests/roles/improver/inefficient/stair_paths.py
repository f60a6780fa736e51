"""Counts ways up a flight of stairs."""


def ways(steps: int, longest: int = 3) -> int:  # planted: repeated-computation
    """In how many ways one gets up."""
    if steps < 0:
        return 0
    if steps == 0:
        return 1
    return sum(ways(steps - step, longest) for step in range(1, longest + 1))


class StairAgent:
    """Answers questions about stairs."""

    __slots__ = ()

    def count(self, steps: int) -> str:
        """The answer as a sentence."""
        return "There are " + str(ways(min(steps, 14))) + " ways."
