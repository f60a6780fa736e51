"""Evidence that what is in service succeeds less often than a reference, valid whenever one looks at it.

The null hypothesis is that the rate in service is at least that of the reference, both unknown. The e-process is that
of universal inference (Wasserman, Ramdas & Balakrishnan, PNAS 2020), as in `supervisor.guard.evidence`: a predictive
likelihood that bets on a drop, divided by the largest likelihood which the hypothesis allows for all outcomes. Whether
it ever reaches 1/α has a probability of at most α while the rate stays, or rises.

The bet: outcomes of the reference are predicted from those before them (Krichevsky & Trofimov), those in service by
the rate of the reference and of earlier ones, and from the moment of the drop on by odds of failure that are a multiple
of these. Half of the weight is on a drop with the first outcome, the rest on all later moments; the sum over the
moments is a recursion like Shiryaev and Roberts'; compare the e-detectors of Shin, Ramdas & Rinaldo (2023).
"""

from __future__ import annotations

import math
from collections import deque

__all__ = ["DropTest"]

_MULTIPLES = {1.7: 0.25, 2.8: 0.4, 6.0: 0.25, 40.0: 0.1}
"""Odds ratios of failure that are bet on, with their weights."""
_LOG_WEIGHTS = tuple(math.log(weight) for weight in _MULTIPLES.values())
_AT_ONCE = 0.5
_SPREAD = 500.0
"""The later moments' weights fall slowly up to about so many outcomes, and then like 1/n²; they add up to the rest."""
_LATELY = 100
"""The last outcomes are not learned from yet: they may be those after the drop."""
_NEVER = -math.inf


class DropTest:
    """Compares outcomes in service with those of a reference: `outcomes` of which `successes` went well."""

    def __init__(self, outcomes: int, successes: int) -> None:
        self.reference = (outcomes, successes)
        self.outcomes = 0
        self.successes = 0
        self.highest = 0.0
        """The logarithm of the strongest evidence so far."""
        self._predicted = _jeffreys(outcomes, successes)
        self._learned = [outcomes - successes + 0.5, successes + 0.5]
        self._recent: deque[bool] = deque()
        self._bets = [_NEVER] * len(_MULTIPLES)
        self._placed = 0.0
        self._service = 0.0

    def update(self, success: bool) -> float:
        """Take an outcome in service; the logarithm of the evidence after it."""
        self.outcomes += 1
        self.successes += success
        weight = _weight(self.outcomes)
        self._placed += weight
        odds = self._learned[0] / self._learned[1]
        plain = _log(odds, success)
        self._service += plain
        for place, multiple in enumerate(_MULTIPLES):
            self._bets[place] = _add_logs(self._bets[place], math.log(weight)) + _log(multiple * odds, success) - plain
        self._recent.append(success)
        if len(self._recent) > _LATELY:
            self._learned[self._recent.popleft()] += 1
        evidence = self.evidence
        self.highest = max(self.highest, evidence)
        return evidence

    @property
    def evidence(self) -> float:
        """The logarithm of the e-process now."""
        if not self.outcomes or not self.reference[0]:
            return 0.0
        bets = math.log(max(1.0 - self._placed, 1e-12))
        for bet, weight in zip(self._bets, _LOG_WEIGHTS, strict=True):
            bets = _add_logs(bets, bet + weight)
        return self._predicted + self._service + bets - self._likeliest()

    def _likeliest(self) -> float:
        """The largest log likelihood with a rate in service that is at least the reference's."""
        outcomes, successes = self.reference
        if self.successes * outcomes >= successes * self.outcomes:
            return _at_best(outcomes, successes) + _at_best(self.outcomes, self.successes)
        return _at_best(outcomes + self.outcomes, successes + self.successes)


def _jeffreys(outcomes: int, successes: int) -> float:
    """The log likelihood of a sequence of outcomes, each predicted from those before it, with half a count of each."""
    return _log_beta(successes + 0.5, outcomes - successes + 0.5) - _log_beta(0.5, 0.5)


def _log_beta(first: float, second: float) -> float:
    return math.lgamma(first) + math.lgamma(second) - math.lgamma(first + second)


def _at_best(outcomes: int, successes: int) -> float:
    """The log likelihood of outcomes at the rate that fits them best."""
    failures = outcomes - successes
    found = successes * math.log(successes / outcomes) if successes else 0.0
    return found + (failures * math.log(failures / outcomes) if failures else 0.0)


def _weight(number: int) -> float:
    """The weight on a drop with the n-th outcome (from 1); all of them add up to 1."""
    later = (1 - _AT_ONCE) * _SPREAD / ((number + _SPREAD - 1) * (number + _SPREAD))
    return later + (_AT_ONCE if number == 1 else 0.0)


def _log(odds: float, success: bool) -> float:
    """The log likelihood of an outcome, at these odds of failure."""
    return -math.log1p(odds) if success else math.log(odds) - math.log1p(odds)


def _add_logs(one: float, other: float) -> float:
    high, low = (one, other) if one >= other else (other, one)
    return high if low == _NEVER else high + math.log1p(math.exp(low - high))
