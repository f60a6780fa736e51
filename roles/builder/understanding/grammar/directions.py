"""Which way figures are good: the best margin is the highest, the best cost the lowest."""

from __future__ import annotations

import re

from common.language.words import word_set
from roles.builder.understanding.grammar.forms import (
    Aggregate,
    Binary,
    Condition,
    Count,
    Expression,
    Figure,
    Ratio,
    Share,
)
from roles.builder.understanding.grammar.resolving import Unclear, inner_columns
from roles.builder.understanding.words import words_of_name
from roles.engineering.formulas.ratios import RATIOS

__all__ = ["higher_first"]

_GOOD = word_set(
    """revenue revpar adr income profit margin yield sale sales occupancy performance score rating efficiency
    utilisation utilization satisfaction growth earnings ebitda coverage uptime availability attendance
    turnover takings wage salary productivity output energy"""
)
_BAD = word_set(
    """cost costs price expense expenses tax loss losses delay delays fault faults downtime complaint complaints overdue
    absence absences error errors debt risk churn cancelled canceled cancellation late defect defects waste scrap
    outage outages damage damaged lost failed failure default shrinkage vacancy accident accidents incident incidents
    turnaround missed leak repair repairs refund returned unpaid"""
)


def higher_first(way: str, figure: Figure, name: str) -> bool:
    """Whether an order begins with the highest. Raises `Unclear` where it is not known which way is good."""
    if way in ("down", "new"):
        return True
    if way in ("up", "old"):
        return False
    good = _high_is_good(figure, name)
    if good is None:
        raise Unclear(
            f"Is a high {name.replace('_', ' ')} the best one, or a low one?", where="request",
            todo="Say “highest first” or “lowest first”.",
        )  # fmt: skip
    return good == (way == "best")


def _high_is_good(figure: Figure, name: str) -> bool | None:
    if isinstance(figure.value, Ratio) and (usual := RATIOS[figure.value.name].usual):
        return ">" in usual
    words = set(name.lower().split("_")) | set(figure.name.lower().split())
    if isinstance(figure.value, Share):
        words |= {word for told in figure.value.holds for word in _words(told)}
        if {"no", "show"} <= words or {"no", "shows"} <= words:
            return False
    if words & _BAD:
        return False
    # goods that come back are no return on anything
    return True if words & _GOOD or {"return", "on"} <= words else _of_parts(figure.value)


def _of_parts(value: Expression) -> bool | None:
    """What formulas tell: of what is earned less what it costs more is better."""
    match value:
        case Binary(operator="/", left=Count(table=table)) if {*words_of_name(table)} & {
            *_BAD,
            "return",
            "cancellation",
        }:
            return False
        case Binary(operator="/", left=left):
            return _of_parts(left)
        case Binary(operator="-", left=left, right=right):
            good = any({*one.words.lower().split()} & _GOOD for one in inner_columns(left))
            return True if good and any({*one.words.lower().split()} & _BAD for one in inner_columns(right)) else None
        case Aggregate(of=of):
            return _of_parts(of)
        case _:
            return None


def _words(told: Condition) -> set[str]:
    found = {word for value in told.values for word in re.split(r"[\s_-]+", value.lower())}
    return found | ({"late"} if told.kind == "late" and not told.negated else set())
