"""Questions that are kept for the end: asked of nobody during the week, about other rows, in other words."""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.week.trades import Fact
from benchmarks.week.traffic import Demand, Question, question
from benchmarks.week.world import ROWS, Answers

__all__ = ["held_out"]

_ASKED = (
    "could you work out the {f} for {t} {n}?", "let me have the {f} of {t} {n}", "the {f} of {t} {n}, if you can",
    "what's the {f} for {t} {n} at the moment?", "I'm looking for the {f} of {t} {n}", "tell me {t} {n}'s {f}",
)  # fmt: skip
_FACTS_ASKED = ("could you work out {f}?", "let me have {f}", "please find out {f}")
_EXISTING = (
    "set a 55 minute timer for the bread", "time 7 minutes for the tea", "remind me in 40 minutes to water the plants",
    "remember that the alarm code is 4711", "remember that my shoe size is 43", "set a timer for an hour",
    "remind me tomorrow at 9 to pay the rent", "remember that Zoe's birthday is on 4 May",
    "set a 3 minute timer for the eggs", "remind me in two hours to call Ben",
    "remember that the printer is on floor 2", "set a timer for 90 seconds",
)  # fmt: skip
_BEYOND = (
    "book a train to Milan on Sunday", "translate this letter into Spanish", "draw a picture of a boat",
    "who is the president of Peru?",
)  # fmt: skip


def held_out(demands: Sequence[Demand], answers: Answers, each: int, seed: int) -> list[Question]:
    """`each` questions of every demand (one of a fact), and some that roles of the start answer, or nobody will."""
    draw = random.Random(f"held out {seed}")
    rows = range(ROWS // 2 + 1, ROWS + 1)
    found: list[Question] = []
    for demand in demands:
        fact = isinstance(demand.wanted, Fact)
        for pattern in draw.sample(_FACTS_ASKED if fact else _ASKED, 1 if fact else each):
            found.append(question(draw, demand, answers, rows, (pattern,)))
    found += [Question(text, "existing") for text in _EXISTING]
    found += [Question(text, "beyond") for text in _BEYOND]
    return found
