"""Reads the range of time that an expression covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from common.language.time_words.model import Expression, Length, Moment, Window
from common.language.time_words.reading import Reading, read_moment
from common.language.time_words.resolve import Days, add_length, at_wall

__all__ = ["Extent", "read_span"]

_DAY = timedelta(days=1)
_AN_HOUR = Length(seconds=3600.0)


@dataclass(frozen=True, slots=True)
class Extent:
    """A range of time, end exclusive; `note` tells which reading was taken where two are likely."""

    start: datetime
    end: datetime
    note: str = ""


def read_span(expression: Expression, reading: Reading, hints: frozenset[str]) -> Extent | None:
    """The range of time of one expression; see `read_extent`."""
    now = reading.now
    window = expression.date if isinstance(expression.date, Window) else None
    if window is not None and window.length.by_clock:
        other = add_length(now, window.length, window.sign)[0]
        return Extent(min(now, other), max(now, other), window.length.note)
    moment = read_moment(expression, reading, hints)
    if moment is None:
        return None
    if expression.bound == "within" and moment.start > now:
        return Extent(now, moment.start, moment.note)
    days = reading.reader.days(expression.date) if expression.date is not None else None
    if expression.clock is None and expression.shift is None:
        if expression.daypart is not None:
            return _part(expression, moment, days, now)
        if days is not None:
            return _days(expression, moment, days, now)
    start, end = _from_point(expression, moment, now)
    return Extent(start, end, moment.note)


def _days(expression: Expression, moment: Moment, days: Days, now: datetime) -> Extent:
    zone = now.tzinfo
    first = at_wall(days.first, time(0), zone)[0]
    end = moment.end or at_wall(days.last, time(0), zone)[0]
    return Extent(*_bounded(expression.bound, first, end, now), days.note)


def _part(expression: Expression, moment: Moment, days: Days | None, now: datetime) -> Extent | None:
    """The hours of a part of a day; up to the end of another day where one was said."""
    part = expression.daypart
    if part is None:
        return None
    day = days.first if days is not None else moment.start.date()
    first = at_wall(day, time(part.first), now.tzinfo)[0]
    last = at_wall(day + timedelta(days=part.last // 24), time(part.last % 24), now.tzinfo)[0]
    if expression.date_end is not None and moment.end is not None:
        last = moment.end
    return Extent(*_bounded(expression.bound, first, last, now), days.note if days is not None else "")


def _from_point(expression: Expression, moment: Moment, now: datetime) -> tuple[datetime, datetime]:
    start, zone = moment.start, now.tzinfo
    if expression.bound in ("before", "until", "by") and moment.end is None:
        day = (start - timedelta(microseconds=1)).date()
        opening = at_wall(day, time(0), zone)[0]
        return (max(opening, now) if day == now.date() and now < start else opening), start
    if expression.bound in ("after", "since", "from") and moment.end is None:
        return start, at_wall(start.date() + _DAY, time(0), zone)[0]
    return start, moment.end or add_length(start, _AN_HOUR, 1)[0]


def _bounded(bound: str, first: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    if bound in ("until", "by") and end > now:
        return now, end
    if bound == "before" and first > now:
        return now, first
    if bound == "since" and first < now:
        return first, now
    return first, end
