"""Turns expressions of time into points and ranges on a clock."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from common.language.time_words.model import (
    DateSpec,
    DayOffset,
    FixedDate,
    Holiday,
    Length,
    MonthDay,
    NthWeekday,
    Period,
    Shift,
    Weekday,
    WeekdayBeside,
    WeekOf,
    Window,
)

__all__ = ["Days", "Reader", "add_length", "at_wall", "day_words"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """Days that a date names: from `first` up to, not including, `last`; `note` where the reading is a choice."""

    first: date
    last: date
    note: str = ""

    @property
    def single(self) -> bool:
        """Whether it is one day."""
        return self.last - self.first == _DAY


def day_words(day: date) -> str:
    """A date as people write it."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def at_wall(day: date, clock: time, zone: tzinfo | None, *, second_time: bool = False) -> tuple[datetime, str]:
    """The instant at which clocks in `zone` show this; where they skip it the time after the gap, and a note.

    Of two such instants it is the first, with a note, or the second where `second_time` asks for it.
    """
    wanted = datetime.combine(day, clock.replace(tzinfo=None, fold=0), tzinfo=zone)
    back = wanted.astimezone(UTC).astimezone(zone)
    if back.replace(tzinfo=None) != wanted.replace(tzinfo=None):
        return back, f"clocks skip {clock:%H:%M} that day, took {back:%H:%M}"
    if wanted.utcoffset() != wanted.replace(fold=1).utcoffset():
        if second_time:
            return wanted.replace(fold=1), ""
        return wanted, f"clocks show {clock:%H:%M} twice that day, took the first"
    return wanted, ""


def add_length(start: datetime, length: Length, sign: int) -> tuple[datetime, str]:
    """A length added, and a note where clocks change: months and days by the calendar, hours and less as they elapse.

    The calendar is that of the zone of `start`.
    """
    day = _add_months(start.date(), length.months * sign) + timedelta(days=length.days * sign)
    moved, note = (start, "") if day == start.date() else at_wall(day, start.time(), start.tzinfo)
    if not length.seconds:
        return moved, note
    return (moved.astimezone(UTC) + timedelta(seconds=length.seconds * sign)).astimezone(start.tzinfo), ""


def _add_months(day: date, months: int) -> date:
    if not months:
        return day
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _nth(year: int, month: int, weekday: int, nth: int) -> date | None:
    """The nth weekday of a month, or the last for -1."""
    size = calendar.monthrange(year, month)[1]
    if nth == -1:
        last = date(year, month, size)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    found = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    return found if found.month == month else None


def _holiday(name: str, year: int) -> date:
    fixed = {
        "christmas eve": (12, 24), "christmas": (12, 25), "boxing day": (12, 26), "new year's eve": (12, 31),
        "new year": (1, 1), "halloween": (10, 31), "valentine's day": (2, 14),
    }  # fmt: skip
    if name in fixed:
        return date(year, *fixed[name])
    if name == "thanksgiving":
        return _nth(year, 11, 3, 4) or date(year, 11, 22)
    return _easter(year) + timedelta(days={"good friday": -2, "easter monday": 1}.get(name, 0))


def _taken(said: str, day: date) -> str:
    return f"took {said or 'it'} as {day_words(day)}"


class Reader:
    """Reads dates against one clock: `now` (aware), and whether weeks start on Sunday."""

    def __init__(self, now: datetime, *, sunday_first: bool = False) -> None:
        self.now = now
        self.today = now.date()
        lead = (self.today.weekday() + 1) % 7 if sunday_first else self.today.weekday()
        self.week = self.today - timedelta(days=lead)
        self._sunday_first = sunday_first

    def days(self, spec: DateSpec) -> Days | None:
        """The days a date names, or None where there is no such date. Raises `OverflowError` beyond the calendar."""
        if isinstance(spec, DayOffset):
            return self._offset(spec)
        if isinstance(spec, Weekday):
            return self._weekday(spec)
        if isinstance(spec, MonthDay):
            return self._month_day(spec)
        if isinstance(spec, Period):
            return self._period(spec)
        if isinstance(spec, FixedDate):
            return Days(spec.value, spec.value + _DAY, _taken(spec.said, spec.value) if spec.said else "")
        if isinstance(spec, Shift):
            return self._shift(spec)
        if isinstance(spec, Holiday):
            day = _holiday(spec.name, self.today.year + (spec.year or 0))
            if spec.year is None and day < self.today:
                day = _holiday(spec.name, self.today.year + 1)
            return Days(day, day + _DAY)
        if isinstance(spec, NthWeekday):
            return self._nth_weekday(spec)
        if isinstance(spec, WeekdayBeside):
            return self._beside(spec)
        return self._week_of(spec) if isinstance(spec, WeekOf) else self._window(spec)

    def _offset(self, spec: DayOffset) -> Days:
        day = self.today + timedelta(days=spec.days)
        note = ""
        if spec.days == 1 and self.now.hour < 4:
            note = f"took tomorrow as {day_words(day)}"
        return Days(day, day + _DAY, note)

    def _window(self, spec: Window) -> Days:
        delta, note = spec.length.delta, spec.length.note
        if spec.sign < 0:
            return Days(self.today - max(_DAY, timedelta(days=delta.days)), self.today, note)
        return Days(self.today, self.today + max(_DAY, timedelta(days=delta.days)), note)

    def _shift(self, spec: Shift) -> Days | None:
        anchor = self.days(spec.anchor) if spec.anchor is not None else Days(self.today, self.today + _DAY)
        if anchor is None:
            return None
        day = _add_months(anchor.first, spec.length.months * spec.sign) + timedelta(days=spec.length.days * spec.sign)
        return Days(day, day + _DAY, "; ".join(filter(None, (anchor.note, spec.length.note))))

    def _beside(self, spec: WeekdayBeside) -> Days | None:
        """The Sunday before Christmas."""
        anchor = self.days(spec.anchor)
        if anchor is None:
            return None
        away = (spec.day - anchor.first.weekday()) * spec.sign % 7 or 7
        day = anchor.first + timedelta(days=away * spec.sign)
        return Days(day, day + _DAY, anchor.note)

    def _week_of(self, spec: WeekOf) -> Days | None:
        """The week that a day lies in, or seven days of a month counted from its start or end."""
        if spec.anchor is not None:
            anchor = self.days(spec.anchor)
            if anchor is None:
                return None
            weekday = anchor.first.weekday()
            first = anchor.first - timedelta(days=(weekday + 1) % 7 if self._sunday_first else weekday)
            return Days(first, first + timedelta(days=7), anchor.note)
        month = self.days(spec.month) if spec.month is not None else None
        if month is None:
            return None
        week = timedelta(days=7)
        first = month.last - week if spec.number < 0 else month.first + week * (spec.number - 1)
        last = first + week
        return Days(first, last, f"took it as {day_words(first)} to {day_words(last - _DAY)}")

    def _in_week(self, weekday: int, week: int) -> date:
        place = (weekday + 1) % 7 if self._sunday_first else weekday
        return self.week + timedelta(days=place + 7 * week)

    def _weekday(self, spec: Weekday) -> Days:
        note = ""
        coming = self.today + timedelta(days=(spec.day - self.today.weekday()) % 7 or 7)
        if spec.week is not None:
            day = self._in_week(spec.day, spec.week)
        elif spec.which == "this":
            day = self._in_week(spec.day, 0)
            if day < self.today:
                day = coming
        elif spec.which == "next":
            day = self._in_week(spec.day, 1)
            if day != coming:
                note = f"took next {coming:%A} as {day_words(day)}, not {day_words(coming)}"
            if note and spec.extra_weeks:
                note = f"took the {day:%A} after next as {day_words(day + timedelta(days=7 * spec.extra_weeks))}"
        elif spec.which == "last":
            day = self.today - timedelta(days=(self.today.weekday() - spec.day) % 7 or 7)
        else:
            day = coming
            if spec.day == self.today.weekday() and not spec.extra_weeks:
                note = f"took {day:%A} as {day_words(day)}, not today"
        day += timedelta(days=7 * spec.extra_weeks)
        return Days(day, day + _DAY, note)

    def _month_day(self, spec: MonthDay) -> Days | None:
        if spec.month_offset is not None:
            base = _add_months(self.today.replace(day=1), spec.month_offset)
            return self._one_day(base.year, base.month, spec.day or 1)
        if spec.month is None:
            if spec.day is None:
                return self._whole_year(spec.year)
            return self._coming_day(spec)
        years = self._years(spec)
        if spec.day is None:
            year = years[0]
            if spec.year is None and (year, spec.month) < (self.today.year, self.today.month):
                year += 1
            first = date(year, spec.month, 1)
            return Days(first, _add_months(first, 1))
        return self._dated(spec, spec.day, spec.month, years)

    def _dated(self, spec: MonthDay, day: int, month: int, years: tuple[int, ...]) -> Days | None:
        for year in years:
            found = self._one_day(year, month, day)
            if found is None or (spec.year is None and found.first < self.today):
                continue
            note = ""
            if spec.weekday is not None and found.first.weekday() != spec.weekday:
                note = f"{found.first.day} {found.first:%B %Y} is a {found.first:%A}"
            elif spec.said or (spec.year is None and found.first.year != self.today.year):
                note = _taken(spec.said, found.first)
            return replace(found, note=note)
        return None

    def _years(self, spec: MonthDay) -> tuple[int, ...]:
        this = self.today.year
        if spec.year is None:
            return tuple(range(this, this + 9))
        if spec.year == -1:
            past = (spec.month or 1, spec.day or 1) < (self.today.month, self.today.day)
            return (this if past else this - 1,)
        if spec.year in (0, 1):
            return (this + spec.year,)
        return (spec.year,)

    @staticmethod
    def _whole_year(year: int | None) -> Days | None:
        if year is None or not 1 <= year <= 9998:
            return None
        return Days(date(year, 1, 1), date(year + 1, 1, 1))

    @staticmethod
    def _one_day(year: int, month: int, day: int) -> Days | None:
        size = calendar.monthrange(year, month)[1]
        if day == -1:
            day = size
        if not 1 <= day <= size:
            return None
        return Days(date(year, month, day), date(year, month, day) + _DAY)

    def _coming_day(self, spec: MonthDay) -> Days | None:
        """The next day with this number in its month (and on this weekday)."""
        first = self.today.replace(day=1)
        for step in range(60 if spec.weekday is not None else 13):
            month = _add_months(first, step)
            found = self._one_day(month.year, month.month, spec.day or 1)
            if found is None or found.first < self.today:
                continue
            if spec.weekday is None or found.first.weekday() == spec.weekday:
                return replace(found, note=f"took it as {day_words(found.first)}" if step else "")
        return None

    def _nth_weekday(self, spec: NthWeekday) -> Days | None:
        note = ""
        if spec.month is None:
            base = _add_months(self.today.replace(day=1), spec.month_offset or 0)
            day = _nth(base.year, base.month, spec.weekday, spec.nth)
            if spec.month_offset is None and day is not None and day < self.today:
                base = _add_months(base, 1)
                day = _nth(base.year, base.month, spec.weekday, spec.nth)
                note = _taken("", day) if day else ""
        else:
            day = _nth(self.today.year, spec.month, spec.weekday, spec.nth)
            if day is not None and day < self.today:
                day = _nth(self.today.year + 1, spec.month, spec.weekday, spec.nth)
        return Days(day, day + _DAY, note) if day else None

    def _period(self, spec: Period) -> Days | None:
        first, last = self._whole_period(spec)
        if spec.unit == "weekend" and not spec.edge:
            return self._weekend(spec, first)
        if spec.edge == "rest":
            first = max(first, self.today)
        elif spec.edge == "later":
            first = min(max(first, self.today + _DAY), last - _DAY)
        elif spec.edge == "end":
            first = last - _DAY
        elif spec.edge == "start":
            last = first + (timedelta(days=2) if spec.unit == "week" else _DAY)
        elif spec.edge == "middle":
            first += (last - first) // 2 if spec.unit != "week" else timedelta(days=2)
            last = first + _DAY
        if spec.edge == "end" and spec.unit == "week":
            friday = self._in_week(4, spec.offset)
            first, last = friday, friday + _DAY
            return Days(first, last, f"took the end of the week as {day_words(friday)}")
        return Days(first, last)

    def _weekend(self, spec: Period, first: date) -> Days:
        """On a Sunday what is left of this weekend; "next weekend" is not the coming one, except at a weekend."""
        last = first + timedelta(days=2)
        coming = first - timedelta(days=7)
        if spec.offset == 0 and self.today == last - _DAY:
            return Days(self.today, last, f"took this weekend as today, not {day_words(first + timedelta(days=7))}")
        if spec.offset == 1 and self.today < coming:
            said = f"{day_words(first)}, not {day_words(coming)}"
            return Days(first, last, f"took next weekend as the one from {said}")
        return Days(first, last)

    def _whole_period(self, spec: Period) -> tuple[date, date]:
        if spec.unit == "day":
            day = self.today + timedelta(days=spec.offset)
            return day, day + _DAY
        if spec.unit == "week":
            first = self.week + timedelta(days=7 * spec.offset)
            return first, first + timedelta(days=7)
        if spec.unit == "weekend":
            monday = self.today - timedelta(days=self.today.weekday())
            first = monday + timedelta(days=5 + 7 * spec.offset)
            return first, first + timedelta(days=2)
        if spec.unit == "month":
            first = _add_months(self.today.replace(day=1), spec.offset)
            return first, _add_months(first, 1)
        first = date(self.today.year + spec.offset, 1, 1)
        return first, date(first.year + 1, 1, 1)
