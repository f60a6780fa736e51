"""Times of day: "half past seven", "7pm", "19:30", "quarter to 8", "noon"."""

from __future__ import annotations

from dataclasses import replace

from common.language.time_words.model import Clock
from common.language.words import Tokens, read_whole, word_set

__all__ = ["NAMED_HOURS", "apply_meridiem", "counts_minutes", "read_clock", "spaced_minutes"]

NAMED_HOURS = {"noon": 12, "midday": 12, "noontime": 12, "noonish": 12, "midnight": 24}
_NAMED = NAMED_HOURS
_PAST, _TO = frozenset({"past", "after"}), frozenset({"to", "till", "til", "of", "before"})
_NO_HOUR = frozenset({":", "%", "minutes", "days", "hours", "weeks"})
_NO_MINUTES = word_set("minutes minute mins min hours hour days day people persons guests degrees percent % $ € /")
_MONEY = word_set("dollars dollar euros euro pounds francs bucks people guests meters metres feet degrees % km miles")
_BEHIND_HOUR = word_set("am pm in on tomorrow tonight and please . , ? ! at this today o'clock to for a p")
_ON_THE_DOT = (["on", "the", "dot"], ["on", "the", "nose"])
_SECOND_TIME = (["the", "second", "time"], ["(", "second", "time"])
_MERIDIEM = {"am": "am", "pm": "pm", "a": "am", "p": "pm"}


def apply_meridiem(hour: int, meridiem: str) -> int | None:
    """The hour of the day for a twelve-hour one with "am" or "pm"; None where they can't be ("15 am")."""
    if not 1 <= hour <= 12:
        return hour if meridiem == "pm" and 12 < hour < 24 else None
    return hour % 12 + (12 if meridiem == "pm" else 0)


def _meridiem(tokens: Tokens, index: int) -> tuple[str, int] | None:
    word = tokens.word(index)
    if word in ("am", "pm"):
        return word, index + 1
    if word in ("a", "p") and tokens.word(index + 1) == "." and tokens.word(index + 2) == "m":
        return _MERIDIEM[word], index + 3 + (tokens.word(index + 3) == "." and tokens.glued(index + 3))
    if word in ("a", "p") and tokens.word(index + 1) == "m" and index + 2 <= len(tokens):
        return _MERIDIEM[word], index + 2
    if word in ("a", "p") and tokens.glued(index) and tokens.word(index - 1).isdecimal():
        return _MERIDIEM[word], index + 1
    return None


def _behind(tokens: Tokens, at: int) -> int:
    """The index behind words such as "o'clock", "-ish", "sharp" and "on the dot"."""
    if tokens.word(at) == "-" and tokens.word(at + 1) == "ish":
        at += 2
    if tokens.word(at) in ("o'clock", "oclock", "ish", "uhr"):
        return at + 1
    if tokens.word(at) == "o" and tokens.word(at + 1) == "clock":
        return at + 2
    if tokens.word(at) in ("sharp", "exactly"):
        return at + 1
    return at + 3 if tokens.low[at : at + 3] in _ON_THE_DOT else at


def _finish(
    tokens: Tokens, hour: int, minute: int, at: int, *, written_24: bool, said: str = ""
) -> tuple[Clock, int] | None:
    """Read am, pm or o'clock behind hour and minute, and say whether the dial stays open."""
    at = _behind(tokens, at)
    if found := _meridiem(tokens, at):
        exact = apply_meridiem(hour, found[0])
        said = said or ("12 am" if (hour, minute, exact) == (12, 0, 0) else "")
        return (Clock(exact, minute, marked=True, said=said), found[1]) if exact is not None else None
    if not 0 <= hour <= 24 or (hour == 24 and minute):
        return None
    return Clock(hour, minute, open=1 <= hour <= 12 and not written_24, said=said), at


def _digits(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """7:30, 07:30, 7.30pm, 19h30, 615am, 1930 hours, 7pm."""
    size = len(tokens.word(index))
    if size in (3, 4):
        return _run_together(tokens, index)
    if size > 2:
        return None
    sign, minutes = tokens.word(index + 1), tokens.word(index + 2)
    if (at := spaced_minutes(tokens, index)) and (spaced := _spaced(tokens, index, at)):
        return spaced
    if sign in (":", ".", "h") and len(minutes) == 2 and minutes.isdecimal() and int(minutes) < 60:
        found = _with_minutes(tokens, index, sign)
        if found is not None or sign != ".":
            return found
    return _lone_hour(tokens, index)


def spaced_minutes(tokens: Tokens, index: int) -> int:
    """The index behind hour and minutes with a space between ("7 30"), as speech comes in; 0 where it is not so."""
    hour, minutes = tokens.word(index), tokens.word(index + 1)
    if not (hour.isdecimal() and len(hour) <= 2 and int(hour) <= 24 and len(minutes) == 2 and minutes.isdecimal()):
        return 0
    if tokens.glued(index + 1) or tokens.glued(index + 2) or int(minutes) > 59:
        return 0
    return index + 2


def _spaced(tokens: Tokens, index: int, at: int) -> tuple[Clock, int] | None:
    """7 30 pm."""
    if not _meridiem(tokens, at):
        return None
    hour, minute = int(tokens.word(index)), int(tokens.word(index + 1))
    return _finish(tokens, hour, minute, at, written_24=tokens.word(index).startswith("0"))


def _with_minutes(tokens: Tokens, index: int, sign: str) -> tuple[Clock, int] | None:
    """Hour and minutes in digits, with a colon, a point or an "h" between them."""
    hour, minute, after = int(tokens.word(index)), int(tokens.word(index + 2)), index + 3
    joined = tokens.glued(index + 1) and tokens.glued(index + 2)
    if sign == ".":
        marked = _meridiem(tokens, after) or tokens.word(after) in ("h", "hours", "uhr", "o'clock")
        if not joined or not (marked or _dotted_clock(tokens, index, after)):
            return None
        if tokens.word(after) in ("h", "hours", "uhr"):
            return _finish(tokens, hour, minute, after + 1, written_24=True)
    elif sign == "h":
        led = tokens.word(index - 1) in ("at", "by", "until", "from", "um")
        if not joined or (hour < 13 and not led):
            return None
    else:
        if not joined and hour > 24:
            return None
        if tokens.word(after) == ":" and tokens.word(after + 1).isdecimal() and tokens.glued(after):
            return _with_seconds(tokens, hour, minute, after + 1)
        if tokens.word(after) in ("hours", "hour", "hrs"):
            return None
    written_24 = tokens.word(index).startswith("0") or sign == "h"
    return _finish(tokens, hour, minute, after, written_24=written_24)


def _with_seconds(tokens: Tokens, hour: int, minute: int, at: int) -> tuple[Clock, int] | None:
    """15:20:30, 3:20:30 pm."""
    seconds = tokens.word(at)
    if len(seconds) != 2 or int(seconds) > 59:
        return None
    found = _finish(tokens, hour, minute, at + 1, written_24=True)
    return (replace(found[0], second=int(seconds)), found[1]) if found else None


def _lone_hour(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """7pm, 8-ish, 19h, 7 o'clock."""
    hour = int(tokens.word(index))
    sign, more = tokens.word(index + 1), tokens.word(index + 2)
    if _meridiem(tokens, index + 1):
        return _finish(tokens, hour, 0, index + 1, written_24=False)
    if sign == "h" and tokens.glued(index + 1) and hour > 12:
        return Clock(hour % 24), index + 2
    if (
        sign in ("o'clock", "oclock", "ish", "uhr")
        or (sign, more) in (("o", "clock"), ("-", "ish"))
        or _dotted(tokens, index + 1)
    ):
        return _finish(tokens, hour, 0, index + 1, written_24=False)
    return None


def _dotted(tokens: Tokens, at: int) -> bool:
    return tokens.low[at : at + 3] in _ON_THE_DOT


def _dotted_clock(tokens: Tokens, index: int, after: int) -> bool:
    """Whether "6.15" is a time of day: "at 6.15", "6.15 in the morning"."""
    daytime = tokens.low[after : after + 3] in (["in", "the", part] for part in ("morning", "afternoon", "evening"))
    behind = tokens.word(after)
    ends = behind[:1] in ("", ",", ".", "?", "!") or behind in ("tomorrow", "today", "tonight", "on", "this")
    return daytime or (ends and tokens.word(index - 1) in ("at", "by", "until"))


def _run_together(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """615am, 1930 hours, 0730."""
    word = tokens.word(index)
    hour, minute = int(word[:-2]), int(word[-2:])
    if minute > 59 or hour > 24:
        return None
    if _meridiem(tokens, index + 1):
        return _finish(tokens, hour, minute, index + 1, written_24=False)
    if tokens.word(index + 1) in ("hours", "hrs", "h", "hundred") and len(word) == 4:
        return Clock(hour % 24, minute), index + 2
    led = tokens.word(index - 1) in ("at", "by", "@") and len(word) == 4
    return (Clock(hour % 24, minute), index + 1) if led and not 1900 <= int(word) < 2000 else None


def _words_past(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """Half past seven, half seven, quarter to 8, ten past nine, 20 to 5, five minutes before 6."""
    at = index + 1 if tokens.word(index) == "a" else index
    word = tokens.word(at)
    if word == "minute" and at > index:
        at = index
    if word == "half" and (half := _half_hour(tokens, at + 1)) is not None:
        return half
    counted = _minutes(tokens, at)
    if counted is None:
        return None
    minutes, at = counted
    joint = tokens.word(at)
    if joint not in _PAST and joint not in _TO:
        return None
    if joint in ("of", "before", "after") and word not in ("quarter", "ten", "twenty", "five", "half"):
        return None
    if _hour_open(tokens, index, at + 1, word):
        return Clock(0, minutes if joint in _PAST else 60 - minutes, any_hour=True, said=f"{word} {joint}"), at + 1
    noon = _NAMED.get(tokens.word(at + 1))
    hour = (noon % 24, at + 2) if noon is not None else read_whole(tokens, at + 1)
    if hour is None or not 0 <= hour[0] <= 24 or tokens.word(hour[1]) in _NO_HOUR or tokens.word(at + 2) == "/":
        return None
    value = hour[0] * 60 + (minutes if joint in _PAST else -minutes)
    if noon is not None:
        return Clock(value % 1440 // 60, value % 60), hour[1]
    dial = hour[0] <= 12
    if dial and value < 60:
        value += 720
    return _finish(tokens, value // 60, value % 60, hour[1], written_24=not dial)


def _hour_open(tokens: Tokens, index: int, at: int, word: str) -> bool:
    """Whether no hour follows "quarter past": the next time that clocks show these minutes is meant."""
    if tokens.word(at - 1) not in ("past", "to"):
        return False
    behind = tokens.word(at)
    if behind not in ("", ".", "?", "!", ",", "to", "and", "please", "that", "for") or read_whole(tokens, at + 1):
        return False
    led = tokens.word(index - 1) in ("at", "by", "until", "around", "about")
    return led or (index == 0 and word in ("half", "quarter"))


def counts_minutes(tokens: Tokens, index: int) -> bool:
    """Whether "ten to noon" counts minutes to an hour, and does not span the time from ten."""
    found = read_whole(tokens, index)
    if found is None or found[0] not in (5, 10, 20, 25) or tokens.word(found[1]) != "to":
        return False
    return tokens.word(found[1] + 1) in _NAMED or not tokens.word(index).isdecimal()


def _minutes(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """The minutes before "past" or "to"; a plain number only where people count so (5, 10, 20, 25)."""
    word = tokens.word(at)
    if word in ("half", "quarter"):
        return (30 if word == "half" else 15), at + 1 + (tokens.word(at + 1) == "-")
    if tokens.low[at : at + 2] == ["a", "minute"]:
        return 1, at + 2
    found = read_whole(tokens, at)
    if found is None or not 0 < found[0] < 60:
        return None
    if tokens.word(found[1]) in ("minutes", "minute", "mins", "min"):
        return found[0], found[1] + 1
    return found if found[0] % 5 == 0 else None


def _half_hour(tokens: Tokens, at: int) -> tuple[Clock, int] | None:
    """The "half seven" of the British: half past seven."""
    if tokens.word(at) == "-":
        at += 1
    hour = read_whole(tokens, at)
    if hour is None or not 1 <= hour[0] <= 12 or not _hour_ends(tokens, hour[1]):
        return None
    return _finish(tokens, hour[0], 30, hour[1], written_24=False, said=f"half {tokens.cut(at, hour[1])}")


def _hour_ends(tokens: Tokens, index: int) -> bool:
    """Whether "half seven" is the whole time, not the start of "half seven hundred" or "half 2 hours"."""
    word = tokens.word(index)
    return not word or word in _BEHIND_HOUR


def _spelled(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """Seven o'clock, three thirty, six fifteen am, seven oh five, seven pm, nineteen thirty."""
    if hundreds := _hundreds(tokens, index):
        return hundreds
    hour = read_whole(tokens, index)
    if hour is None or tokens.word(index).isdecimal() or not 0 <= hour[0] <= 24:
        return None
    value, at = hour
    minute = 0
    found = read_whole(tokens, at)
    if tokens.word(at) in ("oh", "o") and (unit := read_whole(tokens, at + 1)) and unit[0] < 10:
        minute, at = unit
    elif found and not tokens.word(at).isdecimal() and 10 <= found[0] < 60:
        minute, at = found
    elif not (
        _meridiem(tokens, at)
        or tokens.word(at) in ("o'clock", "oclock", "ish")
        or (tokens.word(at), tokens.word(at + 1)) in (("o", "clock"), ("-", "ish"))
        or _dotted(tokens, at)
    ):
        return None
    return _finish(tokens, value, minute, at, written_24=False)


def _hundreds(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """Oh seven hundred, eighteen hundred hours, at eighteen hundred."""
    zero = tokens.word(index) in ("oh", "zero", "o")
    found = read_whole(tokens, index + zero)
    if found is None or tokens.word(index + zero).isdecimal() or found[0] % 100 or not 0 < found[0] <= 2400:
        return None
    at = found[1]
    marked = tokens.word(at) in ("hours", "hrs")
    led = tokens.word(index - 1) in ("at", "by", "until") and found[0] >= 1000 and tokens.word(at) not in _MONEY
    if not (marked or zero or led):
        return None
    return Clock(found[0] // 100), at + marked


def read_clock(tokens: Tokens, index: int, *, bare: bool, ranged: bool = False) -> tuple[Clock, int] | None:
    """A time of day at `index`; a lone number ("7") counts only where `bare` allows it.

    With `ranged` ("from 10 to 5") a "to" leads to the end of a range and not to the next full hour.

    The hour 24 stands for midnight at the end of a day.
    """
    found = _read_clock(tokens, index, bare=bare, ranged=ranged)
    if found is None or tokens.low[found[1] : found[1] + 3] not in _SECOND_TIME:
        return found
    return replace(found[0], second_time=True), found[1] + 3 + (tokens.word(found[1] + 3) == ")")


def _read_clock(tokens: Tokens, index: int, *, bare: bool, ranged: bool) -> tuple[Clock, int] | None:
    word = tokens.word(index)
    if word == "mid":
        at = index + 1 + (tokens.word(index + 1) == "-")
        if tokens.word(at) in ("day", "night"):
            return Clock(12 if tokens.word(at) == "day" else 24), at + 1
    if word in ("12", "twelve") and tokens.word(index + 1) in ("noon", "midday", "midnight"):
        index, word = index + 1, tokens.word(index + 1)
    if word in _NAMED:
        return Clock(_NAMED[word], marked=True), index + 1
    found = _words_past(tokens, index) if not ranged else None
    if found is None and word.isdecimal():
        found = _digits(tokens, index)
    elif found is None:
        found = _spelled(tokens, index)
    if found is not None or not bare:
        return found
    if (at := spaced_minutes(tokens, index)) and tokens.word(at) not in _NO_MINUTES:
        written_24 = word.startswith("0")
        return _finish(tokens, int(word), int(tokens.word(index + 1)), at, written_24=written_24)
    number = read_whole(tokens, index)
    if number is None or number[0] > 24 or (len(word) > 2 and word.isdecimal()):
        return None
    written_24 = word.isdecimal() and word.startswith("0")
    return _finish(tokens, number[0], 0, number[1], written_24=written_24)
