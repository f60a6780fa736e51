"""Whether answers are right, and whether more of them are right at the end than at the start."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from benchmarks.week.traffic import Question
from common.results import Response

__all__ = ["Comparison", "compare", "is_right"]

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
_PERCENT = re.compile(r"(-?\d[\d,]*(?:\.\d+)?)\s?%")
_CLOSE = 1e-4
_SHOWN = 1
"""Answers are rounded where they are shown; with more digits than this, what was rounded off is no error."""
_FINE = ("success", "awaiting_approval")
_RESAMPLES = 10_000


def is_right(question: Question, answer: Response) -> bool:
    """Whether the answer holds what is right; of what exists, whether its tool was called, whoever decided on it."""
    if answer.outcome not in _FINE:
        return False
    if question.expected is None:
        return question.kind == "existing" and question.tool in answer.metadata.tools_used
    said = [_said(one, 1.0) for one in _NUMBER.findall(answer.text)]
    said += [_said(one, 100.0) for one in _PERCENT.findall(answer.text)]
    return all(
        any(abs(one - value) <= max(room, _CLOSE * abs(value)) for one, room in said) for value in question.expected
    )


def _said(number: str, part: float) -> tuple[float, float]:
    """A number, and how far off what was rounded to it may be; whole numbers have to be right."""
    digits = number.partition("e")[0].partition(".")[2]
    return float(number.replace(",", "")) / part, 0.51 * 10.0 ** -len(digits) / part if len(digits) > _SHOWN else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same questions asked twice: shares that were right, and the difference with its 95 % interval.

    The interval is a paired bootstrap over what was wanted (questions about one figure go together); `p` is that of
    McNemar's exact test on the questions, two-sided: of those answered differently `gained` became right, `lost` wrong.
    """

    questions: int
    before: float
    after: float
    difference: float
    low: float
    high: float
    gained: int
    lost: int
    p: float


def compare(questions: Sequence[Question], before: Sequence[bool], after: Sequence[bool], seed: int) -> Comparison:
    """Compare answers to the same questions."""
    groups: dict[str, list[int]] = {}
    for question, first, second in zip(questions, before, after, strict=True):
        groups.setdefault(question.demand or question.text, []).append(second - first)
    sums = [(sum(each), len(each)) for each in groups.values()]
    draw = random.Random(f"bootstrap {seed}")
    means: list[float] = []
    for _ in range(_RESAMPLES):
        chosen = draw.choices(sums, k=len(sums))
        means.append(sum(one for one, _ in chosen) / sum(many for _, many in chosen))
    means.sort()
    gained = sum(second and not first for first, second in zip(before, after, strict=True))
    lost = sum(first and not second for first, second in zip(before, after, strict=True))
    count = len(questions)
    return Comparison(
        questions=count,
        before=sum(before) / count,
        after=sum(after) / count,
        difference=(gained - lost) / count,
        low=means[int(0.025 * _RESAMPLES)],
        high=means[int(0.975 * _RESAMPLES) - 1],
        gained=gained,
        lost=lost,
        p=_mcnemar(gained, lost),
    )


def _mcnemar(gained: int, lost: int) -> float:
    """Two-sided exact binomial test that either way is as likely."""
    differing = gained + lost
    tail = sum(comb(differing, number) for number in range(min(gained, lost) + 1)) / 2**differing
    return min(1.0, 2 * tail)
