"""What words of time mean before a clock is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

__all__ = [
    "Clock",
    "DateSpec",
    "DayOffset",
    "Daypart",
    "Expression",
    "FixedDate",
    "Holiday",
    "Length",
    "Moment",
    "MonthDay",
    "NthWeekday",
    "Period",
    "Shift",
    "Span",
    "WeekOf",
    "Weekday",
    "WeekdayBeside",
    "Window",
]

SpanKind = Literal["when", "duration", "offset"]


@dataclass(frozen=True, slots=True)
class Span:
    """Words of time in a text: `when` ("on Saturday at 9"), `duration` ("for 20 minutes") or `offset` from something
    that the words do not date ("an hour before the dentist"; `head` is then "an hour before")."""

    start: int
    end: int
    text: str
    kind: SpanKind = "when"
    head: str = ""
    anchor: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time that words name.

    `start` is aware, in the zone of the clock that was given. `end` (exclusive) is set where the words name one or
    several days ("from 9 to 11", "next week"). `has_time` tells a time of day was said; without one `start` is at
    the default time, or midnight. `span` is what was read, `note` which reading was taken where two are likely.
    """

    start: datetime
    end: datetime | None
    has_time: bool
    span: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time as people count it: months and days by the calendar, the rest in seconds.

    `note` tells how a vague amount was taken ("took a couple as 2").
    """

    months: int = 0
    days: int = 0
    seconds: float = 0.0
    note: str = ""

    @property
    def by_clock(self) -> bool:
        """Whether it counts hours and less, so that it leads to a time of day."""
        return not self.months and not self.days

    @property
    def delta(self) -> timedelta:
        """The length with a month as 30 days and twelve of them as 365."""
        years, months = divmod(self.months, 12)
        return timedelta(days=years * 365 + months * 30 + self.days, seconds=self.seconds)

    def plus(self, other: Length) -> Length:
        """The sum of two lengths."""
        note = self.note or other.note
        return Length(self.months + other.months, self.days + other.days, self.seconds + other.seconds, note)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day. `open` means that it was said on a twelve-hour dial with no am or pm, `marked` with one of them.

    `said` holds words that are read in more ways than one ("half seven", "12 am"). With `any_hour` only the minute
    was said ("quarter past"). `second_time` asks for the later of two times that clocks show twice.
    """

    hour: int
    minute: int = 0
    second: int = 0
    open: bool = False
    marked: bool = False
    said: str = ""
    any_hour: bool = False
    second_time: bool = False

    @property
    def minutes(self) -> int:
        """Minutes after midnight."""
        return self.hour * 60 + self.minute

    @property
    def words(self) -> str:
        """What was said, to tell how it was taken."""
        return self.said or f"{self.hour % 12 or 12}{f':{self.minute:02}' if self.minute else ''}"


@dataclass(frozen=True, slots=True)
class Daypart:
    """A part of the day: its hours as a range, and the hour meant where one is needed.

    `last` may lie in the next day (30 is six in the morning); `said` is how to call it where that is not "the" name.
    """

    name: str
    first: int
    last: int
    usual: int
    said: str = ""

    @property
    def words(self) -> str:
        """What to call it in a sentence."""
        return self.said or f"the {self.name}"


@dataclass(frozen=True, slots=True)
class DayOffset:
    """Days from today."""

    days: int


@dataclass(frozen=True, slots=True)
class Weekday:
    """A day of the week, Monday 0. `which`: "" the coming one, this, next, last; or a number of weeks from this."""

    day: int
    which: str = ""
    week: int | None = None
    extra_weeks: int = 0


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A date of the calendar, parts of it open; `said` are digits that are read day first or month first."""

    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    month_offset: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The first (or -1: last) Monday of a month; with neither month nor offset of the month that runs, or the next."""

    nth: int
    weekday: int
    month: int | None = None
    month_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """A day, week, weekend, month or year counted from this one; `edge` is start, middle, end, rest, later or ""."""

    unit: Literal["day", "week", "weekend", "month", "year"]
    offset: int = 0
    edge: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """A length that reaches from now onwards (or, negative sign, back): "the next three days"."""

    length: Length
    sign: int


@dataclass(frozen=True, slots=True)
class Shift:
    """A length counted from now or from another date: "in 3 days", "a week on Friday", "two days ago"."""

    length: Length
    sign: int
    anchor: DateSpec | None = None


@dataclass(frozen=True, slots=True)
class WeekdayBeside:
    """The last such day of the week before a date, or the first after it: "the Sunday before Christmas"."""

    day: int
    sign: int
    anchor: DateSpec


@dataclass(frozen=True, slots=True)
class WeekOf:
    """A week named by a day in it ("the week of 7 December") or by its number in a month, from 1 (-1: the last)."""

    anchor: DateSpec | None = None
    number: int = 0
    month: MonthDay | Period | None = None


@dataclass(frozen=True, slots=True)
class Holiday:
    """A feast with a date of its own: the next one, or that of a year counted from this."""

    name: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class FixedDate:
    """A whole date, such as 2026-11-28; `said` are digits that are read day first or month first."""

    value: date
    said: str = ""


DateSpec = (
    DayOffset | Weekday | WeekdayBeside | MonthDay | NthWeekday | Period | WeekOf | Window | Shift | Holiday | FixedDate
)


@dataclass(slots=True)
class Expression:
    """Words of time that belong together, as found in one place of a text (token places `first` to `last`)."""

    first: int
    last: int
    date: DateSpec | None = None
    date_end: DateSpec | None = None
    clock: Clock | None = None
    clock_end: Clock | None = None
    daypart: Daypart | None = None
    instant: datetime | None = None
    shift: Length | None = None
    sign: int = 0
    anchor: Expression | None = None
    anchor_text: str | None = None
    anchor_first: int = 0
    tailed: bool = False
    duration: Length | None = None
    bound: str = ""
    date_first: int = -1
    date_last: int = -1
    same_clock: bool = False
    repeats: bool = False
    past: bool = False
    start: int = 0
    end: int = 0

    @property
    def kind(self) -> SpanKind:
        """The kind of span it is."""
        if self.anchor_text is not None:
            return "offset"
        if self.duration is not None and self.date is None and self.clock is None and self.instant is None:
            counted = self.shift is not None or self.daypart is not None or self.repeats
            return "when" if counted else "duration"
        return "when"

    @property
    def empty(self) -> bool:
        """Whether nothing was read yet."""
        return not (
            self.date
            or self.same_clock
            or self.clock
            or self.daypart
            or self.instant
            or self.shift is not None
            or self.duration
        )
