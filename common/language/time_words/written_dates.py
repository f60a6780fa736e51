"""Dates in digits: "2026-11-28", "28/11/2026", "28.11.", "03/12"."""

from __future__ import annotations

from datetime import date

from common.language.time_words.model import DateSpec, FixedDate, MonthDay
from common.language.words import Tokens, read_whole, word_set

__all__ = ["ends_here", "read_written", "read_year"]

_ENDERS = word_set(
    ", . ? ! ; ) and or at in from until till to for please with by if then before after - of the my on a "
    "is i do will what when that because so about around between during every noon morning evening "
    "afternoon"
)


def ends_here(tokens: Tokens, index: int) -> bool:
    """Whether the token ends a date, and does not make its number the count of something else."""
    word = tokens.word(index)
    return not word or word in _ENDERS or word.isdecimal()


def _whole_date(year: int, month: int, day: int, said: str = "") -> FixedDate | None:
    try:
        return FixedDate(date(year, month, day), said)
    except (ValueError, OverflowError):
        return None


def read_year(tokens: Tokens, index: int) -> tuple[int, int] | None:
    """A year, perhaps behind a comma: (year, index behind it)."""
    at = index + 1 if tokens.word(index) in (",", "in", "of") else index
    word = tokens.word(at)
    if word == "'" and len(tokens.word(at + 1)) == 2 and tokens.word(at + 1).isdecimal():
        return 2000 + int(tokens.word(at + 1)), at + 2
    if len(word) == 4 and word.isdecimal() and 1900 <= int(word) <= 2199 and tokens.word(at + 1) not in (":", "hours"):
        return int(word), at + 1
    if word == "twenty" and (rest := read_whole(tokens, at + 1)) and 20 <= rest[0] <= 99:
        return 2000 + rest[0], rest[1]
    return None


def read_written(tokens: Tokens, index: int, order: str, led: bool) -> tuple[DateSpec, int] | None:
    """A date in digits with dashes, strokes or points: (what it says, index behind it)."""
    first, sign, second = (tokens.word(index + step) for step in range(3))
    if not tokens.glued(index + 2):
        return None
    third = tokens.word(index + 4) if tokens.word(index + 3) == sign and tokens.glued(index + 3) else ""
    third = third if third.isdecimal() and tokens.glued(index + 4) else ""
    if max(len(first), len(second), len(third)) > 4:
        return None
    if third and len(first) == 4:
        whole = _whole_date(int(first), int(second), int(third))
        return (whole, index + 5) if whole else None
    if len(first) > 2 or len(second) > 2 or len(third) not in (0, 2, 4):
        return None
    day, month = (int(first), int(second)) if order == "DMY" or sign == "." else (int(second), int(first))
    if month > 12 >= day and sign != ".":
        day, month = month, day
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    either = sign != "." and max(int(first), int(second)) <= 12 and day != month
    if third:
        year = int(third) + (2000 if len(third) == 2 else 0)
        whole = _whole_date(year, month, day, tokens.cut(index, index + 5) if either else "")
        return (whole, index + 5) if whole else None
    said = tokens.cut(index, index + 3) if either else ""
    return _day_and_month(tokens, index, sign, led, MonthDay(day, month, said=said))


def _day_and_month(tokens: Tokens, index: int, sign: str, led: bool, spec: MonthDay) -> tuple[DateSpec, int] | None:
    """Two numbers are a date only where they can hardly be a fraction, a range or a price."""
    behind = tokens.word(index + 3)
    if sign == "-" or (tokens.word(index), tokens.word(index + 2)) == ("24", "7"):
        return None
    if sign == ".":
        dotted = behind == "." and tokens.glued(index + 3)
        return (spec, index + 4) if dotted and (led or len(tokens.word(index + 2)) == 2) else None
    led = led or (index == 0 and index + 3 == len(tokens)) or behind == "at"
    return (spec, index + 3) if led and (ends_here(tokens, index + 3) or behind in ("am", "pm")) else None
