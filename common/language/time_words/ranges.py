"""Ranges of days and hours: "9-11am", "3 to 5 December", "Monday to Wednesday", "Saturday 22:00 – Sunday 02:00"."""

from __future__ import annotations

from dataclasses import replace

from common.language.time_words.calendar_words import WEEKDAYS
from common.language.time_words.clocks import counts_minutes, read_clock
from common.language.time_words.combine import add_clock, join_dates
from common.language.time_words.dates import read_date
from common.language.time_words.durations import UNITS
from common.language.time_words.lexicon import MEASURES, MOVING
from common.language.time_words.model import (
    Clock,
    DateSpec,
    DayOffset,
    Expression,
    FixedDate,
    Holiday,
    MonthDay,
    NthWeekday,
    Weekday,
)
from common.language.words import Tokens, read_whole

__all__ = ["countable", "read_number_range", "read_range_end"]

_JOINTS = ("to", "-", "until", "till", "til", "through", "and")


def countable(spec: DateSpec) -> bool:
    """Whether a date is a day that others can be counted from."""
    return isinstance(spec, DayOffset | Weekday | MonthDay | Holiday | FixedDate | NthWeekday)


def read_number_range(tokens: Tokens, index: int, order: str, expression: Expression) -> int | None:
    """A range whose first number takes its meaning from what follows: "9-11am", "9 to 5 tomorrow", "3 to 5 May"."""
    first = read_whole(tokens, index)
    if first is None or tokens.word(first[1]) not in ("-", "to", "until", "till", "til", "through"):
        return None
    return _hours(tokens, index, first, expression) or _numbered_days(tokens, first, order, expression)


def _hours(tokens: Tokens, index: int, first: tuple[int, int], expression: Expression) -> int | None:
    if first[0] > 12 or expression.clock is not None:
        return None
    to = tokens.word(first[1]) == "to"
    if to and tokens.word(index - 1) not in ("from", "between") and counts_minutes(tokens, index):
        return None
    end = read_clock(tokens, first[1] + 1, bare=False, ranged=True)
    if end is None:
        if not _working_hours(tokens, index, first):
            return None
        end = read_clock(tokens, first[1] + 1, bare=True, ranged=True)
    elif to and end[0].open:
        return None
    if end is None or not add_clock(expression, Clock(first[0], open=True)):
        return None
    expression.clock_end = end[0]
    return end[1]


def _working_hours(tokens: Tokens, index: int, first: tuple[int, int]) -> bool:
    """Whether "9 to 5" spans hours: a day follows, and it is neither minutes to an hour nor a move."""
    second = read_whole(tokens, first[1] + 1)
    if second is None or second[0] > 12 or first[0] in (5, 10) or not MOVING.isdisjoint(tokens.low[: min(index, 6)]):
        return False
    behind = tokens.word(second[1])
    dated = behind in ("tomorrow", "today") or (behind == "on" and tokens.word(second[1] + 1) in WEEKDAYS)
    return tokens.word(first[1]) in ("to", "until", "till", "til") and dated


def _numbered_days(tokens: Tokens, first: tuple[int, int], order: str, expression: Expression) -> int | None:
    at = first[1] + 1
    if not 1 <= first[0] <= 31 or expression.date is not None or not tokens.word(at).isalnum():
        return None
    last = read_date(tokens, at, order=order, led=True)
    if last is None or not isinstance(last[0], MonthDay) or not last[0].day or not last[0].month:
        return None
    if last[0].day <= first[0]:
        return None
    expression.date, expression.date_end = replace(last[0], day=first[0]), last[0]
    return last[1]


def read_range_end(tokens: Tokens, at: int, order: str, expression: Expression) -> int | None:
    """The second half of "Monday to Wednesday", "9-11am", "3-5 December", "from 2 until 4 pm"."""
    joint = tokens.word(at)
    if joint not in _JOINTS:
        return None
    if expression.clock is not None and expression.clock_end is None:
        return _end_clock(tokens, at, order, expression)
    if expression.date is not None and expression.date_end is None and expression.clock is None:
        if joint == "and" and tokens.word(expression.first - 1) != "between":
            return None
        second = _same_month(tokens, at + 1, expression.date) or _day(tokens, at + 1, order)
        if second is not None and countable(second[0]) and countable(expression.date):
            expression.date_end = second[0]
            return second[1]
    return None


def _end_clock(tokens: Tokens, at: int, order: str, expression: Expression) -> int | None:
    """The hour at which a range ends, on the same day or on one that is named before it."""
    joint = tokens.word(at)
    led = tokens.word(expression.first - 1) in ("from", "between")
    if joint == "and" and not led:
        return None
    end = read_clock(tokens, at + 1, bare=joint in ("-", "to", "until", "till") or led)
    if end is not None and tokens.word(end[1]) not in MEASURES and tokens.word(end[1]) not in UNITS:
        expression.clock_end = end[0]
        return end[1]
    day = _day(tokens, at + 1, order) if expression.date is not None else None
    if day is None or not countable(day[0]) or expression.date is None or not countable(expression.date):
        return None
    behind = day[1] + (tokens.word(day[1]) in (",", "at"))
    end = read_clock(tokens, behind, bare=tokens.word(behind - 1) == "at")
    if end is None:
        return None
    expression.date_end, expression.clock_end = day[0], end[0]
    return end[1]


def _day(tokens: Tokens, at: int, order: str) -> tuple[DateSpec, int] | None:
    """A day, the whole of "Monday 30 November" included."""
    day = read_date(tokens, at, order=order, led=True)
    if day is None or not isinstance(day[0], Weekday):
        return day
    more = read_date(tokens, day[1] + (tokens.word(day[1]) in (",", "the")), order=order, led=True)
    joined = join_dates(day[0], more[0]) if more is not None else None
    return (joined, more[1]) if joined is not None and more is not None else day


def _same_month(tokens: Tokens, at: int, first: DateSpec) -> tuple[DateSpec, int] | None:
    """The day in "Dec 1-5"."""
    if not isinstance(first, MonthDay) or first.month is None or first.day is None:
        return None
    number = read_whole(tokens, at)
    if number is None or not first.day < number[0] <= 31 or tokens.word(number[1]) in (":", "am", "pm", "-", "/", "."):
        return None
    if read_date(tokens, at, order="DMY", led=True) is not None:
        return None
    return replace(first, day=number[0], weekday=None), number[1]
