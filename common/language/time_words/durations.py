"""Lengths of time: "20 minutes", "an hour and a half", "1h30", "PT20M"."""

from __future__ import annotations

import re
from dataclasses import replace

from common.language.time_words.model import Length
from common.language.words import Tokens, read_number, word_set

__all__ = ["UNITS", "read_iso_length", "read_length"]

UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("second", "seconds", "sec", "secs"), ("seconds", 1.0)),
    **dict.fromkeys(("minute", "minutes", "min", "mins", "minuets", "minutes'", "minute's"), ("seconds", 60.0)),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "hours'", "hour's"), ("seconds", 3600.0)),
    **dict.fromkeys(("day", "days", "days'", "day's"), ("days", 1.0)),
    **dict.fromkeys(("night", "nights"), ("days", 1.0)),
    **dict.fromkeys(("week", "weeks", "wk", "wks", "weeks'", "week's"), ("days", 7.0)),
    **dict.fromkeys(("fortnight", "fortnights", "fortnight's"), ("days", 14.0)),
    **dict.fromkeys(("month", "months", "month's", "months'"), ("months", 1.0)),
    **dict.fromkeys(("year", "years", "yr", "yrs", "year's", "years'"), ("months", 12.0)),
    **dict.fromkeys(("decade", "decades"), ("months", 120.0)),
}
_GLUED_UNITS: dict[str, tuple[str, float]] = {
    "s": ("seconds", 1.0),
    "m": ("seconds", 60.0),
    "h": ("seconds", 3600.0),
    "d": ("days", 1.0),
    "w": ("days", 7.0),
}
_BEHIND_SECOND = word_set(
    "ago later before after from and or earlier beforehand please then in on at for long timer countdown to but of is"
)
_SPELLED_TAILS = word_set("ten fifteen twenty thirty forty fifty")
_BEHIND_TAIL = frozenset({"", ".", ",", "?", "!", "and", "please", "on", "for"})
"""What may stand behind "two minutes thirty"; before any other word the thirty counts something else."""
_LIMIT = 1e9
_PAIRS = 6
_ISO = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?",
    re.IGNORECASE,
)


def read_iso_length(text: str) -> Length | None:
    """An ISO 8601 duration that is the whole text."""
    match = _ISO.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    return Length(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)


def _unit(tokens: Tokens, index: int) -> tuple[tuple[str, float], int] | None:
    if tokens.word(index) == "-":
        index += 1
    word = tokens.word(index)
    if word in UNITS:
        return UNITS[word], index + 1 + (tokens.word(index + 1) == "." and word in ("min", "sec", "hr", "hrs", "mins"))
    if word in _GLUED_UNITS and tokens.word(index - 1).isdecimal():
        alone = tokens.glued(index) or word == "h"
        if alone and not (word == "s" and len(tokens.word(index - 1)) > 3):
            return _GLUED_UNITS[word], index + 1
    return None


def _length(amount: float, unit: tuple[str, float]) -> Length | None:
    field, factor = unit
    value = amount * factor
    if value > _LIMIT:
        return None
    if field == "seconds":
        return Length(seconds=value)
    if field == "days":
        return _days(value, factor)
    months = int(value)
    return Length(months=months, days=round((value - months) * 30))


def _days(value: float, factor: float) -> Length:
    """Days; half of one is twelve hours, but of weeks whole days are taken."""
    days = int(value)
    if factor == 1.0 or value == days:
        return Length(days=days, seconds=round((value - days) * 86_400))
    return Length(days=days, note=f"took {value / factor:g} weeks as {days} days")


def _fraction_first(tokens: Tokens, index: int) -> tuple[Length, int] | None:
    """Half an hour, a half hour, a quarter of an hour, three quarters of an hour."""
    at = index + 1 if tokens.word(index) in ("a", "one") else index
    word = tokens.word(at)
    amount: float | None = None
    if word == "half":
        amount = 0.5
    elif word == "quarter":
        amount = 0.25
    elif word in ("three", "3") and tokens.word(at + 1) in ("quarters", "quarter"):
        amount, at = 0.75, at + 1
    if amount is None:
        return None
    at += 1
    if tokens.word(at) in ("-", "of"):
        at += 1
    if tokens.word(at) in ("a", "an", "the"):
        at += 1
    unit = UNITS.get(tokens.word(at))
    length = _length(amount, unit) if unit else None
    return (length, at + 1) if length else None


def _one(tokens: Tokens, index: int) -> tuple[Length, int, float] | None:
    """A single amount with its unit: (length, index behind, the unit's size in seconds or days)."""
    if fraction := _fraction_first(tokens, index):
        return (*fraction, 0.0)
    counted = _amount(tokens, index)
    if counted is None:
        return None
    amount, at = counted
    if tokens.word(at) == "and" and tokens.word(at + 1) == "a" and tokens.word(at + 2) in ("half", "quarter"):
        behind = _unit(tokens, at + 3)
        if behind:
            length = _length(amount + (0.5 if tokens.word(at + 2) == "half" else 0.25), behind[0])
            return (length, behind[1], 0.0) if length else None
    found = _unit(tokens, at)
    if found is None or (tokens.word(index) in ("a", "an") and tokens.word(at) in _GLUED_UNITS):
        return None
    length = _length(amount, found[0])
    if length is None:
        return None
    length = replace(length, note=_vague(tokens, index, amount) or length.note)
    return length, found[1], found[0][1] if found[0][0] == "seconds" else 86_400.0


def _amount(tokens: Tokens, index: int) -> tuple[float, int] | None:
    """How many: a number, "1 1/2", "twenty-odd", or the "an" of "an hour"; (amount, index behind it)."""
    number = read_number(tokens, index)
    if number is None:
        if tokens.word(index) not in ("a", "an"):
            return None
        at = index + 1
        if tokens.word(at) == "second" and _counts(tokens, at + 1):
            return None
        return 1.0, at + (tokens.word(at) in ("whole", "full", "single", "good"))
    amount, at = number
    if tokens.low[at : at + 3] == ["1", "/", "2"] and not tokens.glued(at):
        amount, at = amount + 0.5, at + 3
    if tokens.low[at : at + 2] == ["-", "odd"]:
        at += 2
    return amount, at + (tokens.word(at) in ("more", "full", "whole", "short"))


def _vague(tokens: Tokens, index: int, amount: float) -> str:
    """How "a couple" or "a few" was taken."""
    at = index + 1 if tokens.word(index) == "a" else index
    word = tokens.word(at)
    return f"took {'a ' if at > index else ''}{word} as {amount:g}" if word in ("couple", "few") else ""


def _counts(tokens: Tokens, index: int) -> bool:
    """Whether "a second" is followed by what it is the second of ("a second opinion")."""
    word = tokens.word(index)
    return word[:1].isalpha() and word not in _BEHIND_SECOND


def _tail(tokens: Tokens, index: int, unit: float) -> tuple[Length, int] | None:
    """What may follow a unit: "and a half", "30" behind hours ("1h30", "2 hours 30")."""
    at = index + 1 if tokens.word(index) == "and" else index
    if at > index and tokens.low[at : at + 2] == ["three", "quarters"] and tokens.word(at + 2) != "of":
        return (Length(seconds=0.75 * unit), at + 2) if unit else None
    if at > index and tokens.word(at) == "a" and tokens.word(at + 1) in ("half", "quarter"):
        if tokens.word(at + 2) in UNITS or tokens.word(at + 2) in ("an", "of") or not unit:
            return None
        share = 0.5 if tokens.word(at + 1) == "half" else 0.25
        counted = UNITS.get(tokens.word(index - 1), ("seconds", unit))
        length = Length(seconds=share * unit) if counted[0] == "seconds" else _length(share, counted)
        if length is not None and counted == ("days", 7.0):
            said = "half a" if share == 0.5 else "a quarter of a"
            length = Length(days=length.days, note=f"took {said} week as {length.days} days")
        return (length, at + 2) if length is not None else None
    word = tokens.word(at)
    if unit == 3600.0 and word.isdecimal() and len(word) <= 2 and int(word) < 60:
        glued = tokens.glued(at) and at == index
        behind = tokens.word(at + 1)
        if glued or ((at > index or tokens.word(index - 1) in UNITS) and behind in ("", ".", ",", "and", "please")):
            return Length(seconds=int(word) * 60.0), at + 1
    spelled = read_number(tokens, at) if unit in (60.0, 3600.0) and word in _SPELLED_TAILS else None
    if spelled is not None and spelled[0] < 60 and tokens.word(spelled[1]) in _BEHIND_TAIL:
        return Length(seconds=spelled[0] * unit / 60.0), spelled[1]
    return None


def read_length(tokens: Tokens, index: int) -> tuple[Length, int] | None:
    """A length of time that begins at `index`: (length, index behind it), or None."""
    first = _one(tokens, index)
    if first is None:
        return _clock_like(tokens, index)
    length, at, unit = first
    for _ in range(_PAIRS):
        tail = _tail(tokens, at, unit)
        if tail is not None:
            return length.plus(tail[0]), tail[1]
        joint = at
        if tokens.word(joint) == ",":
            joint += 1
        if tokens.word(joint) == "and":
            joint += 1
        more = _one(tokens, joint)
        if more is None or (more[2] and unit and more[2] >= unit and more[2] < 86_400.0):
            break
        length, at, unit = length.plus(more[0]), more[1], more[2]
    return length, at


def _clock_like(tokens: Tokens, index: int) -> tuple[Length, int] | None:
    """1:30 hours, 0:45 h."""
    hours, minutes = tokens.word(index), tokens.word(index + 2)
    if tokens.word(index + 1) != ":" or not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        return None
    if len(hours) > 3 or tokens.word(index + 3) not in ("hours", "hour", "h", "hrs"):
        return None
    return Length(seconds=int(hours) * 3600.0 + int(minutes) * 60.0), index + 4
