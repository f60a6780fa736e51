"""Reads from words how values are to be changed: "15 % stress on NOI and rates up 200 basis points".

It stands by itself, with the standard library only, wherever it is copied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_CLAUSES = re.compile(
    r"[;,](?!\d)|\band\b|\bplus\b(?!\s*\d)|\bas well as\b|\b(?:together|combined|along|coupled) with\b"
    r"|\bwhile\b|\bthen\b|\bbut\b"
)
_AMOUNT = re.compile(
    r"(?P<sign>[+\-−]\s*)?[$€£]?\s*(?P<number>\d+(?:,\d{3})+(?:\.\d+)?|\d*\.?\d+)\s*"
    r"(?P<unit>%(?:\s*points?)?|percentage points?|percent(?:age)? ?points?|percent|per cent|pp\b|ppts?\b|"
    r"basis points?|bps?\b|points?\b|k\b|thousand|m\b|mn\b|million)?"
)
_BEFORE_PLAIN = re.compile(r"(?:\b(?:by|to|at|plus|minus|is|of|with)|=|[$€£+\-−])\s*$")
_UP = re.compile(
    r"\b(?:up|increas\w*|rais\w*|rise\w*|rising|higher|more|plus|grow\w*|add\w*|above|gain\w*|jump\w*|climb\w*)\b"
)
_DOWN = re.compile(
    r"\b(?:down|decreas\w*|reduc\w*|lower\w*|less|fewer|minus|cut\w*|haircut\w*|drop\w*|fall\w*|fell|declin\w*|discount\w*|"
    r"below|loss\w*|lose\w*|shrink\w*|subtract\w*|off)\b"
)
_STRESS = re.compile(r"\b(?:stress\w*|shock\w*|worse\w*|adverse\w*|downturn)\b")
_SET = re.compile(r"\b(?:set\w*|assum\w*|use|using|at|equals?|instead)\b|\bto\s*$|=")
_BURDEN = re.compile(r"cost|expense|vacan|rate|debt|loan|payment|tax|fee|price|default|loss|rent_paid|liabilit")
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6}


@dataclass(frozen=True, slots=True)
class Target:
    """A value that can be changed: the words that name it, and its unit ("fraction" and "percent" are rates)."""

    name: str
    words: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done to the value of that name."""

    target: str
    operation: Literal["multiply", "add", "set"]
    amount: float


def read_adjustments(text: str, targets: Sequence[Target]) -> tuple[Change, ...]:
    """The changes that a text describes, in its order; what names no target or no amount is not one of them.

    A stress on a burden (costs, rates, debt) goes upwards, on anything else downwards. Of rates, "up 2 %" means two
    percentage points.
    """
    found: list[Change] = []
    waiting: list[Target] = []
    for clause in _CLAUSES.split(" ".join(text.lower().split())):
        amount = _amount(clause)
        if amount is None:
            waiting = [*waiting, *_mentioned(clause, targets)] if len(clause.split()) <= 5 else []
            continue
        target = _nearest(clause, targets, amount)
        if target is None:
            continue
        shared = waiting if _is_bare(clause, target) else []
        found += [change for one in (*shared, target) if (change := _change(clause, one, amount)) is not None]
        waiting = []
    return tuple(found)


def _amount(clause: str) -> re.Match[str] | None:
    """The first figure of a clause that can be an amount: it has a unit, or a word before it that leads to one."""
    plain = None
    for one in _AMOUNT.finditer(clause):
        if one["unit"]:
            return one
        if plain is None and (one["sign"] or _BEFORE_PLAIN.search(clause[: one.start("number")])):
            plain = one
    return plain


def _spans(clause: str, target: Target) -> list[tuple[int, int]]:
    return [
        match.span()
        for word in target.words
        for match in re.finditer(rf"\b{re.escape(word.lower())}(?:s|es)?\b", clause)
    ]


def _mentioned(clause: str, targets: Sequence[Target]) -> list[Target]:
    return [one for one in targets if _spans(clause, one)][:3]


def _nearest(clause: str, targets: Sequence[Target], amount: re.Match[str]) -> Target | None:
    """The target that is named nearest to the amount; of two at one place the longer name."""
    start, end = amount.span()
    ranked = [
        (min(abs(first - end), abs(start - last)), first - last, at)
        for at, one in enumerate(targets)
        for first, last in _spans(clause, one)
    ]
    return targets[min(ranked)[2]] if ranked else None


def _is_bare(clause: str, target: Target) -> bool:
    """Whether the clause goes on from the one before: "NOI and rent down 10 %"."""
    return any(first <= 5 for first, _ in _spans(clause, target))


def _change(clause: str, target: Target, amount: re.Match[str]) -> Change | None:
    number = float(amount["number"].replace(",", ""))
    unit = (amount["unit"] or "").strip()
    before = clause[: amount.start("number")].rstrip(" +-−$€£")
    up = bool(_UP.search(clause)) or (amount["sign"] or "").strip() == "+"
    down = bool(_DOWN.search(clause)) or (amount["sign"] or "").strip() in ("-", "−")
    stressed = bool(_STRESS.search(clause)) and not up and not down
    burden = bool(_BURDEN.search(target.name))
    sign = 1.0 if up or (stressed and burden) else -1.0
    told = up or down or stressed
    rate = target.unit in ("fraction", "percent")
    if unit.startswith(("basis", "bp")):
        points = number / 10_000 if target.unit != "percent" else number / 100
        return Change(target.name, "add", sign * points if told else points)
    if ("point" in unit and (rate or not unit.startswith("point"))) or unit.startswith("pp"):
        points = number / 100 if target.unit != "percent" else number
        return Change(target.name, "add", sign * points if told else points)
    percent = unit.startswith(("%", "per"))
    setting = bool(_SET.search(before)) and not stressed and (not told or re.search(r"\bto$", before) is not None)
    if setting and (rate or not percent):
        scaled = number * _SCALES.get(unit, 1.0)
        return Change(target.name, "set", scaled / 100 if percent and target.unit == "fraction" else scaled)
    if percent and re.search(r"\bto$", before):
        return Change(target.name, "multiply", round(number / 100, 12))
    if not told:
        return None
    if percent and rate and not stressed:
        return Change(target.name, "add", sign * (number / 100 if target.unit == "fraction" else number))
    if percent:
        return Change(target.name, "multiply", max(0.0, round(1 + sign * number / 100, 12)))
    return Change(target.name, "add", sign * number * _SCALES.get(unit, 1.0))
