"""What paired measurements say: a median ratio and an interval around it that assumes no distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement
from statistics import median

__all__ = ["Estimate", "share_of_look", "signed_rank_estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """The share by which a figure changed (-0.2: a fifth less), and an interval that holds it with some confidence."""

    change: float
    low: float
    high: float

    @property
    def gain(self) -> float:
        """By how much the figure became smaller; negative where it grew."""
        return -self.change


def signed_rank_estimate(before: Sequence[float], after: Sequence[float], alpha: float) -> Estimate:
    """The typical change from `before` to `after`, measured in pairs, with an interval of confidence 1 - alpha.

    The Hodges-Lehmann estimate of the shift of log ratios, and the interval that belongs to Wilcoxon's signed-rank test
    with its exact distribution (Hollander, Wolfe, Chicken: Nonparametric Statistical Methods, 3.2 and 3.3). Where the
    pairs are too few for that confidence the interval is unbounded. All figures must be positive.
    """
    shifts = [math.log(new / old) for old, new in zip(before, after, strict=True)]
    if not shifts:
        return Estimate(0.0, -1.0, math.inf)
    walsh = sorted((a + b) / 2 for a, b in combinations_with_replacement(shifts, 2))
    cut = _critical(len(shifts), alpha)
    middle = median(walsh)
    if cut is None:
        return Estimate(math.expm1(middle), -1.0, math.inf)
    return Estimate(math.expm1(middle), math.expm1(walsh[cut]), math.expm1(walsh[-1 - cut]))


@cache
def _critical(pairs: int, alpha: float) -> int | None:
    """How many of the smallest (and largest) Walsh averages lie outside of the interval; None: it has no bounds."""
    # the number of subsets of the ranks 1..n with each sum, over 2**n, is the distribution of the signed-rank sum
    counts = [1]
    for rank in range(1, pairs + 1):
        shifted = [0] * rank + counts
        counts = [a + b for a, b in zip(counts + [0] * rank, shifted, strict=True)]
    tail, allowed = 0, alpha / 2 * 2**pairs
    for place, count in enumerate(counts):
        tail += count
        if tail > allowed:
            return place - 1 if place else None
    return None


def share_of_look(alpha: float, looks: int) -> float:
    """What of `alpha` the next look may use up after so many earlier ones.

    1/(k(k+1)) of it for look k: these shares sum to 1, so looking again and again stays within alpha.
    """
    return alpha / ((looks + 1) * (looks + 2))
