"""Makes one expression of time of those that stand apart in a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from common.language.time_words.model import Expression, Window

__all__ = ["merge"]


def merge(expressions: Sequence[Expression]) -> Expression | None:
    """One expression of those in a text: the first that says when, with what others add to it."""
    whens = [expression for expression in expressions if expression.kind != "duration"]
    if not whens:
        return None
    if target := _target(whens):
        return target
    first = replace(whens[0])
    offset = next((expression for expression in whens if expression.anchor_text is not None), None)
    if offset is not None:
        dated = [expression for expression in whens if expression is not offset and expression.anchor_text is None]
        if dated and _only_hour(offset, dated):
            return replace(offset, clock=dated[0].clock, daypart=offset.daypart or dated[0].daypart)
        if dated and (offset.anchor_text or dated[0].clock is not None) and (anchor := merge(dated)):
            return replace(offset, anchor=anchor, anchor_text=None)
        return offset
    for other in whens[1:]:
        _complete(first, other)
    if first.duration is None:
        lengths = [expression for expression in expressions if expression.kind == "duration"]
        first.duration = lengths[0].duration if lengths else None
    return first


def _only_hour(offset: Expression, others: Sequence[Expression]) -> bool:
    """Whether what else is said is but the hour of an offset in days ("the day before the trip at 6pm")."""
    by_clock = offset.shift is not None and offset.shift.by_clock
    return not by_clock and all(other.date is None and other.instant is None for other in others)


def _target(whens: Sequence[Expression]) -> Expression | None:
    """Where something is moved to: of "from Friday … to Monday at 3" the latter."""
    moved = next((expression for expression in whens[1:] if expression.bound == "to"), None)
    if moved is None:
        return None
    target = replace(moved)
    for other in whens[list(whens).index(moved) + 1 :]:
        _complete(target, other)
    return target


def _complete(first: Expression, other: Expression) -> None:
    """Give `first` the parts of `other` that it lacks."""
    if first.instant is not None or other.instant is not None or other.shift is not None:
        return
    if first.shift is not None and first.shift.by_clock:
        return
    first.bound = first.bound or other.bound
    if first.date is None and other.date is not None and other.clock is None:
        first.date, first.date_end = other.date, other.date_end
        first.daypart = first.daypart or other.daypart
    elif first.clock is None and other.clock is not None and other.date is None:
        if first.date_end is None and not isinstance(first.date, Window):
            first.clock, first.clock_end = other.clock, other.clock_end
            first.daypart = first.daypart or other.daypart
    elif first.daypart is None and other.daypart is not None and other.date is None and other.clock is None:
        first.daypart = other.daypart
