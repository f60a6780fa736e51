"""Paired statistics: whether two ways of doing the same things differ, and by how much.

Sources: McNemar's test in its exact form (Psychometrika 12, 1947); the interval for a difference of paired proportions
is method 10 of Newcombe (Statistics in Medicine 17, 1998), made of Wilson's intervals; Wilcoxon's signed-rank test
(Biometrics Bulletin 1, 1945) with its exact permutation distribution, ties and all; Hodges and Lehmann's estimate with
the interval that belongs to it (Annals of Mathematical Statistics 34, 1963; Hollander & Wolfe, Nonparametric
Statistical Methods, 3.2–3.3); Holm's correction (Scandinavian Journal of Statistics 6, 1979).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

__all__ = ["Estimate", "difference_of_proportions", "hodges_lehmann", "holm", "mcnemar", "signed_rank", "wilson"]

_EXACT = 200
"""Pairs up to which the distribution of signed ranks is computed in full; beyond it is normal to four digits."""
_MOST_PAIRS = 2_000
"""Pairs of which Walsh averages are taken, at most: evenly drawn where there are more."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A difference with its interval."""

    value: float
    low: float
    high: float


def wilson(hits: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a proportion."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate, square = hits / of, z * z
    middle = (rate + square / (2 * of)) / (1 + square / of)
    half = z * math.sqrt(rate * (1 - rate) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value of pairs in which only one of both succeeded."""
    differing = only_first + only_second
    if differing == 0:
        return 1.0
    tail = sum(math.comb(differing, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / 2**differing)


def difference_of_proportions(
    both: int, only_first: int, only_second: int, neither: int, confidence: float = 0.95
) -> Estimate:
    """The second proportion less the first, of pairs."""
    of = both + only_first + only_second + neither
    first, second = (both + only_first) / of, (both + only_second) / of
    low_1, high_1 = wilson(both + only_first, of, confidence)
    low_2, high_2 = wilson(both + only_second, of, confidence)
    phi = _correlation(both, only_first, only_second, neither)
    value = second - first
    below = (second - low_2) ** 2 - 2 * phi * (second - low_2) * (high_1 - first) + (high_1 - first) ** 2
    above = (high_2 - second) ** 2 - 2 * phi * (high_2 - second) * (first - low_1) + (first - low_1) ** 2
    return Estimate(value, value - math.sqrt(max(0.0, below)), value + math.sqrt(max(0.0, above)))


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    of = both + only_first + only_second + neither
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    if margins == 0:
        return 0.0
    product = both * neither - only_first * only_second
    corrected = max(product - of / 2, 0.0) if product > 0 else float(product)
    return corrected / math.sqrt(margins)


def signed_rank(differences: Sequence[float]) -> float:
    """The two-sided p-value of the signed-rank test; differences of nothing are left out, as Wilcoxon did."""
    moved = [difference for difference in differences if difference]
    if not moved:
        return 1.0
    doubled = [round(2 * rank) for rank in _ranks([abs(difference) for difference in moved])]
    up = sum(rank for rank, difference in zip(doubled, moved, strict=True) if difference > 0)
    if len(moved) > _EXACT:
        mean, deviation = sum(doubled) / 2, math.sqrt(sum(rank * rank for rank in doubled)) / 2
        return min(1.0, 2 * NormalDist().cdf(-max(0.0, abs(up - mean) - 0.5) / deviation))
    ways = _ways(doubled)
    smaller = min(up, sum(doubled) - up)
    return min(1.0, 2 * sum(ways[: smaller + 1]) / 2 ** len(doubled))


def _ways(ranks: Sequence[int]) -> list[int]:
    """In how many ways some of the ranks (whole numbers) add up to each sum."""
    ways = [1]
    for rank in ranks:
        longer = [*ways, *[0] * rank]
        for place, number in enumerate(ways):
            longer[place + rank] += number
        ways = longer
    return ways


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; those that are equal share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        start = end
    return ranks


def hodges_lehmann(differences: Sequence[float], confidence: float = 0.95) -> Estimate:
    """The median of all means of two differences (each with itself, too), with the signed-rank test's interval.

    With too few differences for an interval of this confidence it is all that there is: from the least to the greatest.
    """
    import numpy as np  # the import takes a while, and only comparisons need it

    values: Any = np.asarray(differences, dtype=float)
    if len(values) > _MOST_PAIRS:
        values = np.sort(values)[np.linspace(0, len(values) - 1, _MOST_PAIRS).round().astype(int)]
    upper = np.triu_indices(len(values))
    averages = np.sort((values[upper[0]] + values[upper[1]]) / 2)
    cut = _cut(len(differences), confidence) if len(differences) <= _MOST_PAIRS else _cut(_MOST_PAIRS, confidence)
    return Estimate(float(np.median(averages)), float(averages[cut]), float(averages[-1 - cut]))


def _cut(pairs: int, confidence: float) -> int:
    """How many averages lie outside of the interval on each side."""
    miss = (1 - confidence) / 2
    if pairs > _EXACT:
        mean, variance = pairs * (pairs + 1) / 4, pairs * (pairs + 1) * (2 * pairs + 1) / 24
        return max(0, math.floor(mean + NormalDist().inv_cdf(miss) * math.sqrt(variance)))
    bound, below, cut = miss * 2**pairs, 0, 0
    for place, number in enumerate(_ways(range(1, pairs + 1))):
        below += number
        if below > bound:
            cut = place
            break
    return cut


def holm(chances: Sequence[float]) -> list[float]:
    """The p-values, corrected for being several."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    corrected = [0.0] * len(chances)
    highest = 0.0
    for done, place in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - done) * chances[place]))
        corrected[place] = highest
    return corrected
