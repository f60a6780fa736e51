"""Evidence that one variant fails more often than the reference, valid whenever one looks at it.

The null hypothesis is that the variant fails at most as often as the reference: two rates, a ≤ b, both unknown. Two
tests share the chance of a false alarm, so that the evidence ever reaches 1/α with a probability of at most α.

An e-process, for whatever happens whenever. It is that of universal inference (Wasserman, Ramdas & Balakrishnan, PNAS
2020): a predictive likelihood that bets on the alternative, divided by the largest likelihood which the null hypothesis
allows for all that was seen. Its expectation under the null is at most 1 at every stopping time, so that it ever
reaches 1/α with a probability of at most α (Ville's inequality), in whatever order and shares the variants are served.

The bet: requests of the reference are predicted from those of it before, and so are the variant's, up to the moment
when it turned bad; from there its odds to fail are a multiple of the reference's. When that is, and which multiple,
is not known: a weight is spread over all moments (much of it on the first request) and over the multiples. The sum over
the moments needs no history, it is a recursion like Shiryaev and Roberts'; compare the e-detectors of Shin, Ramdas &
Rinaldo (2023).

A few looks, for a variant that is bad from its first requests on while little is known of the reference: at set
numbers of its requests, Boschloo's exact test of all requests until then. It needs nothing known beforehand, where the
e-process pays for learning the rates. Each look has its share of α (the union bound): 1/p, times it, is its evidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from supervisor.guard.two_rates import boschloo

__all__ = ["Reference", "Suspicion", "log_evidence"]

_FAILED, _FINE = 1.0, 30.0
"""The prior of the reference's rate, as pseudo-counts: about 3 in 100."""
_MULTIPLES = {6.0: 0.2, 25.0: 0.7, 200.0: 0.07, 5_000.0: 0.03}
"""Odds ratios that are bet on, with their weights."""
_LOG_WEIGHTS = tuple(math.log(weight) for weight in _MULTIPLES.values())
_AT_ONCE = 0.2
"""The weight on being bad from the first request on."""
_SPREAD = 2_000.0
"""The later moments' weights fall slowly up to about so many requests, and then like 1/n²; they add up to the rest."""
_LOOKS = {20: 0.1, 29: 0.7, 60: 0.2}
"""Numbers of the variant's requests at which everything so far is tested, with the looks' shares."""
_OF_LOOKS = 0.6
"""The looks' part of α; the e-process has the rest."""
_NEVER = -math.inf


@dataclass(slots=True)
class Reference:
    """The requests of the reference: how many, how many failed, and how well each was predicted (log likelihood)."""

    requests: int = 0
    failed: int = 0
    predicted: float = 0.0

    @property
    def expected(self) -> float:
        """The predicted probability that the next one fails."""
        return (self.failed + _FAILED) / (self.requests + _FAILED + _FINE)

    def add(self, failed: bool) -> None:
        """Count a request of the reference."""
        self.predicted += _log(self.expected, failed)
        self.requests += 1
        self.failed += failed


@dataclass(slots=True)
class Suspicion:
    """The requests of one variant, and the bets on its being worse.

    `predicted` is its log likelihood as the reference predicts it. `bets` are, for each multiple, the logarithm of the
    summed odds of all moments so far, against that prediction; `placed` is the weight of these moments. `looked` is the
    logarithm of the strongest evidence that a look found.
    """

    requests: int = 0
    failed: int = 0
    predicted: float = 0.0
    bets: list[float] = field(default_factory=lambda: [_NEVER] * len(_MULTIPLES))
    placed: float = 0.0
    looked: float = _NEVER

    def add(self, failed: bool, reference: Reference) -> None:
        """Count a request of the variant."""
        expected = reference.expected
        plain = _log(expected, failed)
        self.predicted += plain
        self.requests += 1
        self.failed += failed
        weight = _weight(self.requests)
        self.placed += weight
        odds = expected / (1 - expected)
        for place, multiple in enumerate(_MULTIPLES):
            bad = multiple * odds / (1 + multiple * odds)
            self.bets[place] = _add_logs(self.bets[place], math.log(weight)) + _log(bad, failed) - plain
        share = _LOOKS.get(self.requests)
        if share is not None and reference.requests:
            chance = boschloo(self.failed, self.requests, reference.failed, reference.requests)
            self.looked = max(self.looked, math.log(share / chance))


def log_evidence(variant: Suspicion, reference: Reference) -> float:
    """The logarithm of the evidence: that of 1/α or more is evidence against the null hypothesis at level α."""
    if variant.requests == 0 or reference.requests == 0:
        return 0.0
    unplaced = max(1.0 - variant.placed, 1e-12)
    bets = _sum_logs([bet + weight for bet, weight in zip(variant.bets, _LOG_WEIGHTS, strict=True)])
    alternative = reference.predicted + variant.predicted + _add_logs(bets, math.log(unplaced))
    process = alternative - _likeliest(variant, reference)
    return max(process + math.log1p(-_OF_LOOKS), variant.looked + math.log(_OF_LOOKS))


def _likeliest(variant: Suspicion, reference: Reference) -> float:
    """The largest log likelihood under the null hypothesis: with the variant's rate at most the reference's."""
    if variant.failed * reference.requests <= reference.failed * variant.requests:
        return _at_best(variant.failed, variant.requests) + _at_best(reference.failed, reference.requests)
    return _at_best(variant.failed + reference.failed, variant.requests + reference.requests)


def _at_best(failed: int, requests: int) -> float:
    """The log likelihood of so many failures at the rate that fits them best."""
    rate, fine = failed / requests, requests - failed
    return (failed * math.log(rate) if failed else 0.0) + (fine * math.log1p(-rate) if fine else 0.0)


def _weight(request: int) -> float:
    """The weight on the variant's turning bad with its n-th request (from 1); all of them add up to 1."""
    later = (1 - _AT_ONCE) * _SPREAD / ((request + _SPREAD - 1) * (request + _SPREAD))
    return later + (_AT_ONCE if request == 1 else 0.0)


def _log(probability: float, failed: bool) -> float:
    return math.log(probability) if failed else math.log1p(-probability)


def _add_logs(one: float, other: float) -> float:
    """log(exp(one) + exp(other))."""
    high, low = (one, other) if one >= other else (other, one)
    return high if low == _NEVER else high + math.log1p(math.exp(low - high))


def _sum_logs(values: Sequence[float]) -> float:
    total = _NEVER
    for value in values:
        total = _add_logs(total, value)
    return total
