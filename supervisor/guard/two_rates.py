"""Exact tests of failures: one rate against a given one, and two rates against each other."""

from __future__ import annotations

import math

__all__ = ["at_least", "boschloo", "fisher"]

_RATES = 128
"""Rates at which the chance is looked at, evenly spread on the arcsine scale."""
_EXACT = 200
"""Up to so many requests altogether; for more, Fisher's test loses little."""


def at_least(failed: int, requests: int, rate: float) -> float:
    """The chance of so many failures or more among these requests, at this rate of failures."""
    return sum(
        math.comb(requests, number) * rate**number * (1 - rate) ** (requests - number)
        for number in range(failed, requests + 1)
    )


def fisher(failed: int, requests: int, others_failed: int, others: int) -> float:
    """Fisher's exact test, one-sided: the chance of so many failures or more among the first, were both alike."""
    total, all_failed = requests + others, failed + others_failed
    most = min(requests, all_failed)
    ways = sum(math.comb(requests, k) * math.comb(others, all_failed - k) for k in range(failed, most + 1))
    return ways / math.comb(total, all_failed)


def boschloo(failed: int, requests: int, others_failed: int, others: int) -> float:
    """Boschloo's exact test, one-sided (Biometrika 1970): the largest chance, over all rates that both may have, of a
    result that is as unlikely by Fisher's test as this one.

    Never more than Fisher's, and less for few requests. Above 200 requests altogether, Fisher's. The largest is looked
    for at 128 rates, which finds it to within a hundredth of itself.
    """
    limit = fisher(failed, requests, others_failed, others)
    if requests + others > _EXACT or limit >= 1:
        return limit
    limit *= 1 + 1e-9  # the same result by another sum
    needed: list[int] = []  # for each number of failures of the others, how many of the first are as unlikely
    least = 0
    for number in range(others + 1):
        while least <= requests and fisher(least, requests, number, others) > limit:
            least += 1
        if least > requests:
            break
        needed.append(least)
    angles = (math.pi / 2 * (place + 0.5) / _RATES for place in range(_RATES))
    return min(limit, max(_chance(needed, requests, others, math.sin(angle) ** 2) for angle in angles))


def _chance(needed: list[int], requests: int, others: int, rate: float) -> float:
    """The chance of `needed` or more failures, summed over the failures of the others, at one rate of both."""
    tails = [0.0] * (requests + 2)
    for number in range(requests, -1, -1):
        tails[number] = tails[number + 1] + _exactly(number, requests, rate)
    return sum(_exactly(number, others, rate) * tails[least] for number, least in enumerate(needed))


def _exactly(failed: int, requests: int, rate: float) -> float:
    return math.comb(requests, failed) * rate**failed * (1 - rate) ** (requests - failed)
