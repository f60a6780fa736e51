"""A test of two arms of successes and failures that may be looked at after every outcome.

Outcomes are taken in blocks: as many of each arm as its share brings (one of each where shares are equal), in the order
in which they are given. A block's score is the difference of the arms' success rates in it. Against the hypothesis that
the candidate is better by at most `d`, a part of the capital is bet on each score: ``1 + f (x - d) / (1 + d)`` is never
negative, and its expectation is at most 1 where the hypothesis holds, whatever the rates and whatever went before. The
product is a test martingale, so that it ever reaches 1/α with a probability of at most α (Ville's inequality), however
often one looks: betting as in Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting" (JRSS B,
2024), in blocks as in Turner, Ly & Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for
optional stopping" (2024), whose e-values for two proportions it comes within 2 % of at rates of .6 and .8.

Which part to bet is not known, so that the capital is spread over several, and their mean is what counts. At ``d = 0``
this is the test for promotion, the same with the arms exchanged that for harm. All ``d`` that are not refused at a time
are the confidence sequence. It depends on nothing but how often each score came, which makes it cheap and small.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["BETS", "Arm", "Decision", "Estimate", "SequentialTest", "Why", "block_of"]

Arm = Literal["candidate", "incumbent"]
Decision = Literal["go_on", "promote", "reject"]
Why = Literal["", "better", "harm", "no_evidence"]

BETS = {0.12: 0.1, 0.3: 0.2, 0.48: 0.4, 0.7: 0.2, 0.92: 0.1}
"""Parts of the capital that are bet, with the share of the capital that each has."""
_LOG_SHARES = tuple(math.log(share) for share in BETS.values())
_MAX_BLOCK = 10
_FOR_SIZE = 0.002
"""How far from the share a block may be for being smaller by one: outcomes wait until theirs is full."""
_STEPS = 24


@dataclass(frozen=True, slots=True)
class Estimate:
    """The candidate's success rate minus the incumbent's: the mean of all blocks, and the confidence sequence.

    All `low` hold at once, and so do all `high`: the chance that any of them is ever on the wrong side is at most α.
    """

    difference: float
    low: float
    high: float


def block_of(share: float) -> tuple[int, int]:
    """How many outcomes of the candidate and of the incumbent make a block, where the candidate has this share.

    Raises `ValueError` for a share that is not above 0 and below 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"a share is above 0 and below 1, not {share:g}")
    sizes = [(ours, theirs) for ours in range(1, _MAX_BLOCK) for theirs in range(1, _MAX_BLOCK + 1 - ours)]
    return min(sizes, key=lambda size: abs(size[0] / sum(size) - share) + _FOR_SIZE * sum(size))


class SequentialTest:
    """Decides once, for good: ``promote`` with evidence that the candidate is better; ``reject`` with evidence that it
    is worse, or after `most` outcomes of the candidate that were compared without either.

    alpha: the chance that a candidate which is equal or worse is ever promoted. harm_alpha: the chance that one which
    is equal or better is ever stopped as harmful; it may be larger, for a stop that was wrong costs a gain that was not
    there yet, and a harm that goes on is felt. share: the candidate's share of the outcomes; any other order and number
    does no harm to the guarantee, it only leaves outcomes waiting for their block.
    """

    def __init__(
        self, alpha: float = 0.05, *, harm_alpha: float = 0.1, share: float = 0.5, most: int | None = 1_000
    ) -> None:
        for name, value in (("alpha", alpha), ("harm_alpha", harm_alpha)):
            if not 0 < value < 1:
                raise ValueError(f"{name} is above 0 and below 1, not {value:g}")
        self.alpha = alpha
        self.harm_alpha = harm_alpha
        self.most = most
        self.block = block_of(share)
        self.decision: Decision = "go_on"
        self.why: Why = ""
        self.outcomes: dict[Arm, int] = {"candidate": 0, "incumbent": 0}
        self.successes: dict[Arm, int] = {"candidate": 0, "incumbent": 0}
        self._waiting: dict[Arm, list[bool]] = {"candidate": [], "incumbent": []}
        self._scores: Counter[tuple[int, int]] = Counter()
        self._steps: dict[tuple[int, int], tuple[list[float], list[float]]] = {}
        self._won, self._lost = list(_LOG_SHARES), list(_LOG_SHARES)

    def update(self, arm: Arm, success: bool) -> Decision:
        """Take one outcome; the decision after it. What comes after a decision is counted and changes nothing."""
        self.outcomes[arm] += 1
        self.successes[arm] += success
        if self.decision != "go_on":
            return self.decision
        self._waiting[arm].append(success)
        ours, theirs = self._waiting["candidate"], self._waiting["incumbent"]
        size, other = self.block
        if len(ours) >= size and len(theirs) >= other:
            block = sum(ours[:size]), sum(theirs[:other])
            del ours[:size], theirs[:other]
            self._bet(block)
        if self.decision == "go_on" and self.most is not None and self.compared["candidate"][0] >= self.most:
            self.decision, self.why = "reject", "no_evidence"
        return self.decision

    @property
    def compared(self) -> dict[Arm, tuple[int, int]]:
        """By arm: the outcomes in full blocks, and the successes among them. It is these that decide."""
        blocks, (size, other) = self._scores.total(), self.block
        ours = sum(block[0] * count for block, count in self._scores.items())
        theirs = sum(block[1] * count for block, count in self._scores.items())
        return {"candidate": (blocks * size, ours), "incumbent": (blocks * other, theirs)}

    @property
    def estimate(self) -> Estimate:
        """What is known of the difference now. Between -1 and 1 for certain before the first block is full."""
        blocks = self._scores.total()
        if not blocks:
            return Estimate(0.0, -1.0, 1.0)
        scores = [(self._score(block), count) for block, count in self._scores.items()]
        exchanged = [(-score, count) for score, count in scores]
        needed = -math.log(self.alpha)
        mean = sum(score * count for score, count in scores) / blocks
        low, high = _bound(scores, needed), -_bound(exchanged, needed)
        return Estimate(mean, min(low, mean), max(high, mean))

    @property
    def evidence(self) -> float:
        """The e-value against "equal or worse": 1/`alpha` is enough for a promotion."""
        return math.exp(min(_log_sum(self._won), 700.0))

    @property
    def harm(self) -> float:
        """The e-value against "equal or better": 1/`harm_alpha` is enough to stop it."""
        return math.exp(min(_log_sum(self._lost), 700.0))

    def _bet(self, block: tuple[int, int]) -> None:
        """Take in a full block."""
        self._scores[block] += 1
        steps = self._steps.get(block)
        if steps is None:
            score = self._score(block)
            ups, downs = [math.log1p(bet * score) for bet in BETS], [math.log1p(-bet * score) for bet in BETS]
            steps = self._steps[block] = ups, downs
        self._won = [before + step for before, step in zip(self._won, steps[0], strict=True)]
        self._lost = [before + step for before, step in zip(self._lost, steps[1], strict=True)]
        if _log_sum(self._won) >= -math.log(self.alpha):
            self.decision, self.why = "promote", "better"
        elif _log_sum(self._lost) >= -math.log(self.harm_alpha):
            self.decision, self.why = "reject", "harm"

    def _score(self, block: tuple[int, int]) -> float:
        return block[0] / self.block[0] - block[1] / self.block[1]


def _bound(scores: Sequence[tuple[float, int]], needed: float) -> float:
    """The largest difference that is refused as too small; -1 where none is."""
    refused, other = -1.0, 1.0
    for _ in range(_STEPS):
        middle = (refused + other) / 2
        if _capital(scores, middle) >= needed:
            refused = middle
        else:
            other = middle
    return refused


def _capital(scores: Sequence[tuple[float, int]], difference: float) -> float:
    """The logarithm of the capital that was won against "better by at most this"; it falls with the difference."""
    room = 1 + difference
    return _log_sum(
        [
            share + sum([count * math.log1p(bet * (score - difference) / room) for score, count in scores])
            for bet, share in zip(BETS, _LOG_SHARES, strict=True)
        ]
    )


def _log_sum(values: Sequence[float]) -> float:
    highest = max(values)
    return highest + math.log(sum([math.exp(value - highest) for value in values]))
