"""Dates: "tomorrow", "next Friday", "the 3rd of December", "03/12", "end of the month", "in a fortnight"."""

from __future__ import annotations

from common.language.time_words.calendar_words import (
    EDGES,
    HOLIDAYS,
    MONTHS,
    NAMED_DAYS,
    PERIODS,
    RELATIVE_DAYS,
    WEAK_MONTHS,
    WEAK_WEEKDAYS,
    WEEKDAYS,
    WHICH,
)
from common.language.time_words.durations import read_length
from common.language.time_words.model import (
    DateSpec,
    DayOffset,
    FixedDate,
    Holiday,
    Length,
    MonthDay,
    NthWeekday,
    Period,
    Weekday,
    WeekdayBeside,
    WeekOf,
    Window,
)
from common.language.time_words.written_dates import ends_here, read_written, read_year
from common.language.words import Tokens, read_ordinal, read_whole

__all__ = ["read_date"]

_THIS_ONE = frozenset({"week", "month", "year", "day"})
Found = tuple[DateSpec, int]


def read_date(tokens: Tokens, index: int, *, order: str, led: bool) -> Found | None:
    """A date at `index`: (what it says, index behind it).

    `order` is DMY or MDY; `led` tells that a preposition or another date stands before it, which lets words count
    that mean other things elsewhere ("sun", "may", "03/12").
    """
    word = tokens.word(index)
    if word.isdecimal():
        return _from_digits(tokens, index, order, led)
    if word in ("the", "a"):
        return _after_article(tokens, index, order)
    if word in RELATIVE_DAYS:
        return _with_week(tokens, DayOffset(RELATIVE_DAYS[word]), index + 1)
    if word in WEEKDAYS:
        return _beside(tokens, index, order) or _weekday(tokens, index, led)
    if word in WHICH:
        return (_ordinal_first(tokens, index, led) if word == "last" else None) or _qualified(tokens, index)
    if word in MONTHS:
        return _month_first(tokens, index, led)
    if word in EDGES:
        return _edge(tokens, index)
    if word == "week" and (found := _week_of(tokens, index, order)):
        return found
    if word in ("day", "two", "weekend") and (found := _after_tomorrow(tokens, index)):
        return found
    if (word == "weekend" and tokens.word(index - 1) != "a") or (word == "weekends" and led):
        return Period("weekend"), index + 1
    if found := _holiday(tokens, index):
        return found
    return _ordinal_first(tokens, index, led)


def _holiday(tokens: Tokens, index: int) -> Found | None:
    for size in (3, 2, 1):
        name = tuple(tokens.low[index : index + size])
        if len(name) == size and name in HOLIDAYS:
            return Holiday(HOLIDAYS[name]), index + size
    return None


def _with_week(tokens: Tokens, day: DayOffset, index: int) -> Found:
    size = {"week": 7, "fortnight": 14}.get(tokens.word(index), 0)
    if size and day.days in (0, 1) and tokens.word(index + 1) not in ("of", "off", "long"):
        return DayOffset(day.days + size), index + 1
    return day, index


def _beside(tokens: Tokens, index: int, order: str) -> Found | None:
    """The Sunday before Christmas, the Monday after the 5th."""
    sign = {"before": -1, "after": 1, "following": 1}.get(tokens.word(index + 1))
    if sign is None or tokens.word(index + 2) in WEEKDAYS or tokens.word(index + 2) in WHICH:
        return None
    anchor = read_date(tokens, index + 2, order=order, led=True)
    if anchor is None or not isinstance(anchor[0], MonthDay | Holiday | FixedDate | NthWeekday):
        return None
    return WeekdayBeside(WEEKDAYS[tokens.word(index)], sign, anchor[0]), anchor[1]


def _week_of(tokens: Tokens, index: int, order: str) -> Found | None:
    """The week of 7 December, week commencing Monday, the first week of December; `index` is at "week"."""
    at = index + 1
    if tokens.word(at) in ("commencing", "beginning", "starting"):
        at += 1 + (tokens.word(at + 1) in ("on", "the"))
    elif tokens.word(at) == "of" and tokens.word(index - 1) in ("the", "in"):
        at += 1
    else:
        return None
    anchor = read_date(tokens, at, order=order, led=True)
    single = anchor is not None and isinstance(anchor[0], MonthDay | FixedDate | Weekday | Holiday | DayOffset)
    if anchor is None or not single or (isinstance(anchor[0], MonthDay) and anchor[0].day is None):
        return None
    return WeekOf(anchor[0]), anchor[1]


def _numbered_week(tokens: Tokens, number: int, at: int) -> Found | None:
    """The first week of December, the last week of the month; `at` is behind "week"."""
    if tokens.word(at) not in ("of", "in") or not (number == -1 or 1 <= number <= 4):
        return None
    at += 1
    if tokens.word(at) in ("this", "next", "last", "the") and tokens.word(at + 1) == "month":
        offset = {"next": 1, "last": -1}.get(tokens.word(at), 0)
        return WeekOf(number=number, month=Period("month", offset)), at + 2
    month = MONTHS.get(tokens.word(at))
    return (WeekOf(number=number, month=MonthDay(month=month)), at + 1) if month else None


def _after_tomorrow(tokens: Tokens, index: int) -> Found | None:
    words = tokens.low[index : index + 3]
    if words[1:] == ["after", "tomorrow"] and words[0] in ("day", "two"):
        return DayOffset(2), index + 3
    if words == ["day", "before", "yesterday"]:
        return DayOffset(-2), index + 3
    if words == ["weekend", "after", "next"]:
        return Period("weekend", 2), index + 3
    return None


def _after_article(tokens: Tokens, index: int, order: str) -> Found | None:
    word = tokens.word(index + 1)
    if found := _after_tomorrow(tokens, index + 1):
        return found
    if word in PERIODS and (tokens.word(index + 2), tokens.word(index + 3)) == ("after", "next"):
        return _period(word, 2), index + 4
    if word in ("weekend", "wkend") and tokens.word(index) == "the":
        return Period("weekend"), index + 2
    if word == "week's" or (word in _THIS_ONE and tokens.word(index - 1) in ("for", "over", "during")):
        return (DayOffset(0) if word == "day" else _period(word, 0)), index + 2
    if word in EDGES:
        return _edge(tokens, index + 1)
    if word == "week" and (found := _week_of(tokens, index + 1, order)):
        return found
    if word in WHICH and word not in ("every", "each"):
        last = _ordinal_first(tokens, index + 1, led=True) if word == "last" else None
        return last or _qualified(tokens, index + 1)
    if word in WEEKDAYS and word not in WEAK_WEEKDAYS:
        return _beside(tokens, index + 1, order) or _weekday(tokens, index + 1, led=True)
    if found := _holiday(tokens, index + 1):
        return found
    return _ordinal_first(tokens, index + 1, led=True)


def _weekday(tokens: Tokens, index: int, led: bool) -> Found | None:
    word = tokens.word(index)
    if tokens.word(index - 1) in NAMED_DAYS or (word in WEAK_WEEKDAYS and tokens.word(index - 1) == "the"):
        return None
    if word in WEAK_WEEKDAYS and not (led or _date_like(tokens, index + 1) or tokens.word(index - 1) in (",", "")):
        return None
    if word in ("sun", "sat") and not led and not _date_like(tokens, index + 1):
        return None
    day, at = WEEKDAYS[word], index + 1
    if tokens.word(at) == "." and word in WEAK_WEEKDAYS | {"tue", "fri"} and _date_like(tokens, at + 1):
        at += 1
    if tokens.word(at) in ("week", "fortnight"):
        return Weekday(day, extra_weeks=1 if tokens.word(at) == "week" else 2), at + 1
    if tokens.word(at) == "gone" or tokens.low[at : at + 2] == ["just", "gone"]:
        return Weekday(day, "last"), at + 1 + (tokens.word(at) == "just")
    if (tokens.word(at), tokens.word(at + 1)) == ("after", "next"):
        return Weekday(day, "next", extra_weeks=1), at + 2
    if (tokens.word(at), tokens.word(at + 1)) == ("in", "a") and tokens.word(at + 2) == "fortnight":
        return Weekday(day, week=2), at + 3
    if tokens.word(at) == "in" and (count := read_whole(tokens, at + 1)) and tokens.word(count[1]) == "weeks":
        return Weekday(day, week=min(count[0], 5000)), count[1] + 1
    return Weekday(day), at


def _date_like(tokens: Tokens, index: int) -> bool:
    word = tokens.word(index)
    if word == ",":
        word = tokens.word(index + 1)
    return bool(word) and (
        word.isdecimal() or word in MONTHS or word in ("at", "morning", "afternoon", "evening", "night", "noon", "the")
    )


def _period(word: str, offset: int, edge: str = "") -> Period:
    unit = PERIODS[word]
    if unit == "week":
        return Period("week", offset, edge)
    if unit == "weekend":
        return Period("weekend", offset, edge)
    return Period("month", offset, edge) if unit == "month" else Period("year", offset, edge)


def _qualified(tokens: Tokens, index: int) -> Found | None:
    """This, next, last, coming … with a weekday, a period, a month or a number of days."""
    which, at = WHICH[tokens.word(index)], index + 1
    every = tokens.word(index) in ("every", "each")
    if every and tokens.word(at) in ("other", "second", "third", "alternate", "single"):
        at += 1
    if tokens.word(at) in ("coming", "upcoming", "following", "very", "past", "next") and tokens.word(index) != "every":
        which = "" if tokens.word(at) in ("coming", "upcoming") else which
        which = "last" if tokens.word(at) == "past" else "next" if tokens.word(at) == "next" else which
        at += 1
    word = tokens.word(at)
    if word in WEEKDAYS:
        weeks = {"week": 1, "fortnight": 2}.get(tokens.word(at + 1), 0)
        return Weekday(WEEKDAYS[word], which, extra_weeks=weeks), at + 1 + (weeks > 0)
    if which == "last" and word in ("night", "evening"):
        return DayOffset(-1), at
    if word == "business" and tokens.word(at + 1) == "day":
        return None
    if word in PERIODS:
        return _qualified_period(tokens, index, at, which)
    if word in MONTHS and which != "":
        return _qualified_month(MONTHS[word], which, tokens, at)
    if word in ("day", "night") and tokens.word(index) == "next":
        return DayOffset(1), at + 1
    if word in ("hour", "minute") and tokens.word(index) in ("next", "last", "past", "coming"):
        return Window(Length(seconds=3600.0 if word == "hour" else 60.0), -1 if which == "last" else 1), at + 1
    if tokens.word(index) in ("next", "last", "past", "coming", "following") and (length := read_length(tokens, at)):
        return Window(length[0], -1 if which == "last" else 1), length[1]
    return None


def _qualified_period(tokens: Tokens, index: int, at: int, which: str) -> Found | None:
    word = tokens.word(at)
    if tokens.word(index) in ("every", "each"):
        return None
    offset = {"this": 0, "next": 1, "last": -1}.get(which, 1)
    if tokens.word(index) in ("coming", "upcoming") or which == "":
        offset = 0 if PERIODS[word] == "weekend" else 1
    return _period(word, offset), at + 1


def _qualified_month(month: int, which: str, tokens: Tokens, at: int) -> Found:
    spec = MonthDay(month=month, year={"this": 0, "next": 1, "last": -1}[which])
    return spec, at + 1


def _edge(tokens: Tokens, index: int) -> Found | None:
    """End of the month, beginning of next week, the rest of the day, early next week, late in December."""
    word = tokens.word(index)
    edge, at = EDGES[word], index + 1
    if tokens.word(at) == "-":
        at += 1
    if tokens.word(at) in ("of", "in", "on"):
        at += 1
    elif word in ("end", "start", "beginning", "rest", "remainder", "middle"):
        return None
    the = tokens.word(at) == "the"
    if the:
        at += 1
    inner = tokens.word(at)
    if inner in ("day", "today") and edge in ("end", "rest"):
        offset = 0
        at += 1
        if tokens.word(at) in ("tomorrow", "today"):
            offset, at = RELATIVE_DAYS[tokens.word(at)], at + 1
        return Period("day", offset, edge), at
    if inner in PERIODS and (the or word == "end"):
        return _period(inner, 0, edge), at + 1
    if inner in WHICH and tokens.word(at + 1) in PERIODS:
        offset = {"this": 0, "next": 1, "last": -1}.get(WHICH[inner], 1)
        return _period(tokens.word(at + 1), offset, edge), at + 2
    if inner in MONTHS:
        day = {"start": 1, "middle": 15}.get(edge, -1)
        return MonthDay(day=day, month=MONTHS[inner]), at + 1
    return None


def _day(tokens: Tokens, index: int) -> tuple[int, int] | None:
    """The day of a month: "3", "3rd", "third", "the 3rd"."""
    if tokens.word(index) == "the":
        index += 1
    found = read_ordinal(tokens, index) or read_whole(tokens, index)
    if found is None or not 1 <= found[0] <= 31:
        return None
    if tokens.word(found[1]) == ":" or (
        tokens.word(found[1]) in ("am", "pm", "a", "p", "o'clock", "h") and tokens.word(found[1] + 1) != "of"
    ):
        return None
    return found


def _month_first(tokens: Tokens, index: int, led: bool) -> Found | None:
    """December, Dec 3rd, December 3 2026, may the 4th."""
    word = tokens.word(index)
    month, at = MONTHS[word], index + 1
    if tokens.word(at) == "." and len(word) <= 4 and tokens.word(at + 1):
        at += 1
    if day := _day(tokens, at):
        year = read_year(tokens, day[1])
        return (MonthDay(day[0], month, year[0]), year[1]) if year else (MonthDay(day[0], month), day[1])
    if year := read_year(tokens, at):
        return MonthDay(month=month, year=year[0]), year[1]
    if word in WEAK_MONTHS and not (led and tokens.word(index - 1) in ("in", "of", "for", "until", "by", "since")):
        return None
    if len(word) <= 4 and word not in ("june", "july", "sept") and not led:
        return None
    return MonthDay(month=month), index + 1


def _ordinal_first(tokens: Tokens, index: int, led: bool) -> Found | None:
    """3rd of December, the first Monday of next month, the 15th, last Friday of October."""
    if tokens.word(index) == "last":
        ordinal: tuple[int, int] | None = (-1, index + 1)
    else:
        ordinal = read_ordinal(tokens, index)
    if ordinal is None:
        return None
    value, at = ordinal
    if tokens.word(at) in WEEKDAYS:
        return _nth_weekday(tokens, value, at)
    if tokens.word(at) == "week":
        return _numbered_week(tokens, value, at + 1)
    if tokens.word(at) == "day" and tokens.word(at + 1) in ("of", "in"):
        return _day_then_month(tokens, value, at + 1)
    if not 1 <= value <= 31:
        return None
    if found := _day_then_month(tokens, value, at):
        return found
    if not led or not ends_here(tokens, at):
        return None
    written = tokens.word(index).isdecimal()
    if not written and tokens.word(index - 1) != "the":
        return None
    if not written and value <= 3 and tokens.word(index - 2) not in ("on", "by", "until", "from", "for", "to", "till"):
        return None
    return MonthDay(day=value), at


def _day_then_month(tokens: Tokens, day: int, at: int) -> Found | None:
    if tokens.word(at) == "." and tokens.word(at + 1) in MONTHS:
        at += 1
    if tokens.word(at) in ("of", "in"):
        at += 1
        if tokens.low[at : at + 2] == ["the", "month"]:
            return MonthDay(day=day), at + 2
    if tokens.word(at) in ("this", "next", "last") and tokens.word(at + 1) == "month":
        offset = {"next": 1, "last": -1}.get(tokens.word(at), 0)
        return MonthDay(day=day, month_offset=offset), at + 2
    month = MONTHS.get(tokens.word(at))
    if month is None or (tokens.word(at) in ("mar",) and len(tokens.word(at + 1)) > 2):
        return None
    at += 1
    if tokens.word(at) == "." and len(tokens.word(at - 1)) <= 4 and (read_year(tokens, at + 1) or tokens.word(at + 1)):
        at += 1
    if tokens.word(at) == "next" and tokens.word(at + 1) == "year":
        return MonthDay(day, month, 1), at + 2
    year = read_year(tokens, at)
    return (MonthDay(day, month, year[0]), year[1]) if year else (MonthDay(day, month), at)


def _nth_weekday(tokens: Tokens, nth: int, at: int) -> Found | None:
    weekday = WEEKDAYS[tokens.word(at)]
    if tokens.word(at + 1) not in ("of", "in") or not (nth == -1 or 1 <= nth <= 5):
        return None
    at += 2
    if tokens.word(at) in ("this", "next", "last", "the") and tokens.word(at + 1) == "month":
        offset = {"this": 0, "next": 1, "last": -1}.get(tokens.word(at))
        return NthWeekday(nth, weekday, month_offset=offset), at + 2
    month = MONTHS.get(tokens.word(at))
    return (NthWeekday(nth, weekday, month=month), at + 1) if month else None


def _from_digits(tokens: Tokens, index: int, order: str, led: bool) -> Found | None:
    """2026-11-28, 28/11/2026, 28.11., 03/12, 3rd, 3 December."""
    sign = tokens.word(index + 1)
    if sign in ("-", "/", ".") and tokens.glued(index + 1) and tokens.word(index + 2).isdecimal():
        found = read_written(tokens, index, order, led)
        if found is not None or sign != ".":
            return found
    word = tokens.word(index)
    if len(word) <= 2 and (day := _day(tokens, index)):
        return _ordinal_first(tokens, index, led) or _day_then_month(tokens, day[0], day[1])
    if len(word) == 4 and led and tokens.word(index - 1) in ("in", "of", "until", "by", "since"):
        year = read_year(tokens, index)
        return (MonthDay(year=year[0]), year[1]) if year and ends_here(tokens, year[1]) else None
    return None
