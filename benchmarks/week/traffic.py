"""The people of the simulated week: what they ask, when, and in which words; drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from benchmarks.week.trades import TRADES, Fact, Trade, Wanted
from benchmarks.week.world import ROWS, Answers

__all__ = ["ELSEWHERE", "Demand", "Question", "Traffic", "make_demands", "question"]

Kind = Literal["figure", "existing", "beyond", "noise"]

USERS = 24
_ASKED = (
    "what is the {f} of {t} {n}?", "{f} of {t} {n}", "can you tell me the {f} for {t} {n}?", "{f} for {t} {n} please",
    "I need the {f} of {t} {n}", "how high is the {f} of {t} {n}?", "give me the {f} of {t} number {n}",
    "calculate the {f} for {t} {n}", "what's {t} {n}'s {f}?", "hi, could I have the {f} of {t} {n}? thanks",
    "please look up the {f} of {t} {n}", "do you know the {f} of {t} {n}?", "show me the {f} for {t} {n}",
    "quick one: {f} of {t} {n}?", "what would be the {f} for {t} {n}?",
)  # fmt: skip
_FACTS_ASKED = ("{f}", "{f}?", "tell me {f}", "please show {f}", "I'd like to know {f}", "can you tell me {f}?")
_EXISTING = {
    "set a timer for {n} minutes": "timer.set", "remind me in {n} minutes to call the bank": "timer.remind",
    "remember that my locker is {n}": "memory.remember", "set a timer for {n} seconds": "timer.set",
    "add lunch with Ann tomorrow at noon to my calendar": "calendar.add", "start a {n} minute timer": "timer.set",
    "remember that the meeting room is number {n}": "memory.remember",
    "put gym on my calendar on Friday at 6 pm": "calendar.add",
}  # fmt: skip
_BEYOND = (
    "book me a flight to Oslo for {n} people", "I need a flight to Lima on Friday", "get me a flight to Bern, {n} bags",
    "translate this contract into French", "translate page {n} into German", "draw a logo for our shop",
    "who won the match yesterday?", "write a poem about {n} swans",
)  # fmt: skip
_NOISE = ("hello there", "ok", "thanks!", "asdf {n}", "hm, never mind", "??", "tell me a joke", "how are you?")


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `expected` is what its answer has to hold, as numbers (None: nothing that could be checked).

    `tool` begins the name of the tool that has to be called for what exists.
    """

    text: str
    kind: Kind
    demand: str = ""
    expected: tuple[float, ...] | None = None
    user: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """What people begin to want on a day: a figure of rows, or a fact over all of them.

    `popularity`: questions a day, after those of its first hours; 0 for what nobody comes back to.
    """

    key: str
    trade: Trade
    wanted: Wanted | Fact
    day: int
    popularity: float


ELSEWHERE = "elsewhere"
"""The demand of questions that are nobody's trade."""


def make_demands(days: int, per_day: int, seed: int) -> list[Demand]:
    """What begins to be wanted on each day, of all trades; as much as the trades have."""
    draw = random.Random(f"demands {seed}")
    every: list[tuple[Trade, Wanted | Fact]] = [
        (trade, wanted) for trade in TRADES for wanted in (*trade.wanted, *trade.facts)
    ]
    draw.shuffle(every)
    found: list[Demand] = []
    for number, (trade, wanted) in enumerate(every[: days * per_day]):
        day = number // per_day
        forgotten = number % 20 == 7
        popularity = 0.0 if forgotten else draw.uniform(1.5, 6.0)
        found.append(Demand(f"{trade.name}.{wanted.key}", trade, wanted, day, popularity))
    return found


def question(
    draw: random.Random, demand: Demand, answers: Answers,
    rows: Sequence[int], patterns: Sequence[str] = (),
) -> Question:  # fmt: skip
    """A question of a demand, about one of these rows where it is about rows; in the week's words, or in others."""
    trade, wanted = demand.trade, demand.wanted
    row = 0 if isinstance(wanted, Fact) else draw.choice(rows)
    usual = _FACTS_ASKED if isinstance(wanted, Fact) else _ASKED
    text = draw.choice(patterns or usual).format(f=draw.choice(wanted.words), t=trade.thing, n=row)
    if draw.random() < 0.15:
        text = text.lower()
    return Question(text, "figure", demand.key, answers[trade.name, wanted.key, row])


class Traffic:
    """The questions of the week, hour by hour; the same for the same seed, whatever is answered."""

    def __init__(self, demands: Sequence[Demand], answers: Answers, seed: int) -> None:
        self._demands = demands
        self._answers = answers
        self._draw = random.Random(f"traffic {seed}")
        self._rows = range(1, ROWS // 2 + 1)

    def part_of_day(self, day: int, part: int, parts: int) -> list[Question]:
        """What is asked in one part of a day, mixed; what begins on the day begins in one of its first parts."""
        draw, found = self._draw, list[Question]()
        today = [demand for demand in self._demands if demand.day == day]
        for number, demand in enumerate(today):
            if number % max(1, parts - 1) == part:
                found += [self._of(demand) for _ in range(draw.randint(6, 8))]
            elif number % max(1, parts - 1) < part:
                found += [self._of(demand) for _ in range(self._count(max(demand.popularity, 0.0) / 2))]
        for demand in self._demands:
            if demand.day < day:
                found += [self._of(demand) for _ in range(self._count(demand.popularity / parts))]
        others = max(4, len(found) // 4)
        for _ in range(others):
            found.append(self._elsewhere())
        draw.shuffle(found)
        return [self._asked(one) for one in found]

    def _of(self, demand: Demand) -> Question:
        return question(self._draw, demand, self._answers, self._rows)

    def _elsewhere(self) -> Question:
        draw = self._draw
        kinds: tuple[tuple[Kind, Sequence[str]], ...] = (
            ("existing", tuple(_EXISTING)), ("existing", tuple(_EXISTING)), ("beyond", _BEYOND), ("noise", _NOISE),
        )  # fmt: skip
        kind, texts = draw.choice(kinds)
        text = draw.choice(texts)
        return Question(text.format(n=draw.randint(3, 40)), kind, ELSEWHERE, tool=_EXISTING.get(text, ""))

    def _asked(self, one: Question) -> Question:
        user = f"user-{self._draw.randrange(USERS):02}"
        return replace(one, user=user)

    def _count(self, mean: float) -> int:
        """A whole number whose mean is this."""
        whole = int(mean)
        return whole + (self._draw.random() < mean - whole)
