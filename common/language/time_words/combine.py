"""How the components of one expression fit together."""

from __future__ import annotations

from dataclasses import replace

from common.language.time_words.model import (
    Clock,
    DateSpec,
    DayOffset,
    Daypart,
    Expression,
    FixedDate,
    Holiday,
    MonthDay,
    Period,
    Shift,
    Weekday,
    Window,
)

__all__ = ["add_clock", "add_date", "add_daypart", "join_dates"]


def add_clock(expression: Expression, clock: Clock) -> bool:
    """Give the expression a time of day; False where it can't take one."""
    if expression.clock is not None or expression.instant is not None:
        return False
    if expression.shift is not None and expression.shift.by_clock:
        return False
    if isinstance(expression.date, Window) and expression.date.length.by_clock:
        return False
    expression.clock = clock
    return True


def add_daypart(expression: Expression, part: Daypart) -> bool:
    """Give the expression a part of the day; False where it has one or can't take one."""
    if expression.daypart is not None or expression.instant is not None:
        return False
    if isinstance(expression.date, Window) or (expression.shift is not None and expression.shift.by_clock):
        return False
    expression.daypart = part
    return True


def add_date(expression: Expression, spec: DateSpec) -> bool:
    """Give the expression a date, joined with the one it has where both say one thing ("Friday next week")."""
    if expression.instant is not None or expression.date_end is not None:
        return False
    if expression.date is None:
        if isinstance(spec, Window) and (expression.clock is not None or expression.duration is not None):
            return False
        if expression.duration is not None and isinstance(spec, Shift):
            return False
        expression.date = spec
        return True
    joined = join_dates(expression.date, spec) or join_dates(spec, expression.date)
    if joined is None:
        return False
    expression.date = joined
    return True


def join_dates(first: DateSpec, second: DateSpec) -> DateSpec | None:
    """One date of two that say one thing together, or None."""
    if isinstance(first, Weekday):
        return _with_weekday(first, second)
    if isinstance(first, MonthDay) and isinstance(second, Period) and first.month is None and second.unit == "month":
        return MonthDay(day=first.day, month_offset=second.offset)
    if isinstance(first, Holiday) and isinstance(second, Period) and second.unit == "year" and not second.edge:
        return replace(first, year=second.offset)
    if isinstance(first, MonthDay) and isinstance(second, Period) and second.unit == "year" and first.year is None:
        return replace(first, year=second.offset)
    return None


def _with_weekday(first: Weekday, second: DateSpec) -> DateSpec | None:
    if first.which or first.extra_weeks:
        return None
    if isinstance(second, Period) and second.unit == "week" and not second.edge:
        return Weekday(first.day, week=second.offset)
    if isinstance(second, Period) and second.unit == "weekend" and first.day >= 5:
        return Weekday(first.day, week=second.offset)
    if isinstance(second, MonthDay) and second.day is not None:
        return replace(second, weekday=first.day)
    if isinstance(second, FixedDate):
        return second
    if isinstance(second, Shift) and second.anchor is None and second.length.days and second.length.days % 7 == 0:
        weeks = second.length.days // 7 * second.sign
        return Weekday(first.day, week=weeks)
    if isinstance(second, DayOffset):
        return second
    return None
