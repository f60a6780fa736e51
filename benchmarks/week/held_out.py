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
_EXISTING = {
    "set a 55 minute timer for the bread": "timer.set", "time 7 minutes for the tea": "timer.set",
    "remind me in 40 minutes to water the plants": "timer.remind",
    "remember that the alarm code is 4711": "memory.remember", "remember that my shoe size is 43": "memory.remember",
    "set a timer for an hour": "timer.set", "remind me tomorrow at 9 to pay the rent": "timer.remind",
    "remember that Zoe's birthday is on 4 May": "memory.remember", "set a 3 minute timer for the eggs": "timer.set",
    "remind me in two hours to call Ben": "timer.remind", "remember that the printer is on floor 2": "memory.remember",
    "set a timer for 90 seconds": "timer.set",
}  # fmt: skip
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
    found += [Question(text, "existing", tool=tool) for text, tool in _EXISTING.items()]
    found += [Question(text, "beyond") for text in _BEYOND]
    return found
