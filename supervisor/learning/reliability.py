"""Whether predictions are calibrated: of the runs given 70 %, did 70 % go well?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

__all__ = ["ReliabilityBin", "expected_error", "reliability", "wilson"]

_BINS = 10
_Z = 1.96


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Runs that were given about the same: the mean of what was said, and what came of them.

    `low` to `high` is Wilson's 95 % interval of `was`, the share that went well.
    """

    said: float
    was: float
    low: float
    high: float
    runs: int


def reliability(chances: Sequence[float], outcomes: Sequence[bool], bins: int = _BINS) -> list[ReliabilityBin]:
    """Predictions in order, in bins of equally many runs; fewer bins where there are fewer than ten runs for each.

    Raises `ValueError` where the two differ in length.
    """
    ordered = _ordered(chances, outcomes)
    bins = max(1, min(bins, len(ordered) // _BINS))
    found: list[ReliabilityBin] = []
    for number in range(bins):
        part = ordered[number * len(ordered) // bins : (number + 1) * len(ordered) // bins]
        if part:
            good, runs = sum([share for _, share in part]), len(part)
            low, high = wilson(good, runs)
            found.append(ReliabilityBin(sum([chance for chance, _ in part]) / runs, good / runs, low, high, runs))
    return found


def expected_error(chances: Sequence[float], outcomes: Sequence[bool], bins: int = _BINS) -> float:
    """The expected calibration error: the mean distance between said and was, over runs; 0.0 without any.

    Bins of equally many runs (Nguyen & O'Connor 2015). With few runs chance alone gives some of it.
    """
    found = reliability(chances, outcomes, bins)
    return sum([each.runs * abs(each.said - each.was) for each in found]) / max(1, len(chances))


def _ordered(chances: Sequence[float], outcomes: Sequence[bool]) -> list[tuple[float, float]]:
    """By what was said; of those that were given the same, each has the mean outcome: their order says nothing."""
    groups: dict[float, list[bool]] = {}
    for chance, outcome in zip(chances, outcomes, strict=True):
        groups.setdefault(chance, []).append(outcome)
    return [(chance, sum(group) / len(group)) for chance, group in sorted(groups.items()) for _ in group]


def wilson(good: float, runs: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (1927); 0 to 1 without runs."""
    if not runs:
        return 0.0, 1.0
    share, square = good / runs, _Z * _Z / runs
    middle = (share + square / 2) / (1 + square)
    reach = _Z / (1 + square) * sqrt(share * (1 - share) / runs + square / (4 * runs))
    return max(0.0, middle - reach), min(1.0, middle + reach)
