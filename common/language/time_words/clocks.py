"""Times of day: "half past seven", "7pm", "19:30", "quarter to 8", "noon"."""

from __future__ import annotations

from common.language.time_words.model import Clock, Daypart
from common.language.words import Tokens, read_whole, word_set

__all__ = ["DAYPARTS", "apply_meridiem", "read_clock", "read_daypart", "read_occasion", "shaded"]

DAYPARTS: dict[str, Daypart] = {
    "morning": Daypart("morning", 6, 12, 9),
    "forenoon": Daypart("morning", 6, 12, 9),
    "lunchtime": Daypart("lunchtime", 12, 14, 12),
    "lunch": Daypart("lunchtime", 12, 14, 12),
    "afternoon": Daypart("afternoon", 12, 18, 14),
    "evening": Daypart("evening", 18, 22, 18),
    "night": Daypart("night", 20, 24, 20),
    "tonight": Daypart("tonight", 18, 24, 20),
}
_OCCASIONS: dict[str, dict[str, int]] = {
    "breakfast": {"before": 7, "after": 9, "at": 8, "by": 8, "over": 8},
    "lunch": {"before": 12, "after": 14, "at": 12, "by": 12, "over": 12, "around": 12, "until": 12},
    "dinner": {"before": 18, "after": 20, "at": 19, "by": 19, "over": 19, "around": 19},
    "supper": {"before": 18, "after": 20, "at": 19, "by": 19, "over": 19, "around": 19},
    "work": {"before": 8, "after": 18},
    "school": {"before": 7, "after": 16},
    "bed": {"before": 22},
    "bedtime": {"before": 22, "at": 22, "by": 22, "around": 22},
    "dinnertime": {"at": 19, "around": 19, "": 19},
    "teatime": {"at": 17, "around": 17, "": 17},
}
_TYPOS = {
    "mornin": "morning", "mornings": "morning", "afternoons": "afternoon", "evenings": "evening", "nights": "night",
    "eve": "evening", "arvo": "afternoon",
}  # fmt: skip
_EARLY = {
    "morning": Daypart("early morning", 6, 9, 7),
    "afternoon": Daypart("early afternoon", 12, 15, 13),
    "evening": Daypart("early evening", 17, 19, 17),
    "tonight": Daypart("early tonight", 17, 20, 18),
}
_LATE = {
    "morning": Daypart("late morning", 10, 12, 11),
    "afternoon": Daypart("late afternoon", 15, 18, 16),
    "evening": Daypart("late evening", 20, 24, 21),
    "night": Daypart("late night", 22, 24, 23),
    "tonight": Daypart("late tonight", 22, 24, 23),
}
_NAMED = {"noon": 12, "midday": 12, "noontime": 12, "midnight": 24}
_PAST, _TO = frozenset({"past", "after"}), frozenset({"to", "till", "til", "of", "before"})
_NO_HOUR = frozenset({":", "%", "minutes", "days", "hours", "weeks"})
_BEHIND_HOUR = word_set("am pm in on tomorrow tonight and please . , ? ! at this today o'clock to for a p")
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


def _finish(tokens: Tokens, hour: int, minute: int, at: int, *, written_24: bool) -> tuple[Clock, int] | None:
    """Read am, pm or o'clock behind hour and minute, and say whether the dial stays open."""
    if tokens.word(at) == "-" and tokens.word(at + 1) == "ish":
        at += 2
    if tokens.word(at) in ("o'clock", "oclock", "ish", "uhr"):
        at += 1
    elif tokens.word(at) == "o" and tokens.word(at + 1) == "clock":
        at += 2
    elif tokens.word(at) in ("sharp", "exactly"):
        at += 1
    if found := _meridiem(tokens, at):
        exact = apply_meridiem(hour, found[0])
        return (Clock(exact, minute), found[1]) if exact is not None else None
    if not 0 <= hour <= 24 or (hour == 24 and minute):
        return None
    return Clock(hour, minute, open=1 <= hour <= 12 and not written_24), at


def _digits(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """7:30, 07:30, 7.30pm, 19h30, 615am, 1930 hours, 7pm."""
    size = len(tokens.word(index))
    if size in (3, 4):
        return _run_together(tokens, index)
    if size > 2:
        return None
    sign, minutes = tokens.word(index + 1), tokens.word(index + 2)
    if sign in (":", ".", "h") and len(minutes) == 2 and minutes.isdecimal() and int(minutes) < 60:
        found = _with_minutes(tokens, index, sign)
        if found is not None or sign != ".":
            return found
    return _lone_hour(tokens, index)


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
            after += 2
        if tokens.word(after) in ("hours", "hour", "hrs"):
            return None
    written_24 = tokens.word(index).startswith("0") or sign == "h"
    return _finish(tokens, hour, minute, after, written_24=written_24)


def _lone_hour(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """7pm, 8-ish, 19h, 7 o'clock."""
    hour = int(tokens.word(index))
    sign, more = tokens.word(index + 1), tokens.word(index + 2)
    if found := _meridiem(tokens, index + 1):
        exact = apply_meridiem(hour, found[0])
        return (Clock(exact), found[1]) if exact is not None else None
    if sign == "h" and tokens.glued(index + 1) and hour > 12:
        return Clock(hour % 24), index + 2
    if sign in ("o'clock", "oclock") or (sign, more) in (("o", "clock"), ("-", "ish")):
        return _finish(tokens, hour, 0, index + 1, written_24=False)
    return None


def _dotted_clock(tokens: Tokens, index: int, after: int) -> bool:
    """Whether "6.15" is a time of day: "at 6.15", "6.15 in the morning"."""
    daytime = tokens.low[after : after + 3] in (["in", "the", part] for part in ("morning", "afternoon", "evening"))
    return daytime or (
        tokens.word(index - 1) in ("at", "by", "until") and tokens.word(after)[:1] in ("", ",", ".", "?", "!")
    )


def _run_together(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """615am, 1930 hours, 0730."""
    word = tokens.word(index)
    hour, minute = int(word[:-2]), int(word[-2:])
    if minute > 59 or hour > 24:
        return None
    if found := _meridiem(tokens, index + 1):
        exact = apply_meridiem(hour, found[0])
        return (Clock(exact, minute), found[1]) if exact is not None else None
    if tokens.word(index + 1) in ("hours", "hrs", "h", "hundred") and len(word) == 4:
        return Clock(hour % 24, minute), index + 2
    led = tokens.word(index - 1) in ("at", "by", "@") and len(word) == 4
    return (Clock(hour % 24, minute), index + 1) if led and not 1900 <= int(word) < 2000 else None


def _words_past(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """Half past seven, half seven, quarter to 8, ten past nine, 20 to 5, five minutes before 6."""
    at = index + 1 if tokens.word(index) == "a" else index
    word = tokens.word(at)
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


def _minutes(tokens: Tokens, at: int) -> tuple[int, int] | None:
    """The minutes before "past" or "to"; a plain number only where people count so (5, 10, 20, 25)."""
    word = tokens.word(at)
    if word in ("half", "quarter"):
        return (30 if word == "half" else 15), at + 1 + (tokens.word(at + 1) == "-")
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
    return _finish(tokens, hour[0], 30, hour[1], written_24=False)


def _hour_ends(tokens: Tokens, index: int) -> bool:
    """Whether "half seven" is the whole time, not the start of "half seven hundred" or "half 2 hours"."""
    word = tokens.word(index)
    return not word or word in _BEHIND_HOUR


def _spelled(tokens: Tokens, index: int) -> tuple[Clock, int] | None:
    """Seven o'clock, three thirty, six fifteen am, seven oh five, seven pm, nineteen thirty."""
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
        or tokens.word(at) in ("o'clock", "oclock")
        or (tokens.word(at), tokens.word(at + 1)) == ("o", "clock")
    ):
        return None
    return _finish(tokens, value, minute, at, written_24=False)


def read_clock(tokens: Tokens, index: int, *, bare: bool, ranged: bool = False) -> tuple[Clock, int] | None:
    """A time of day at `index`; a lone number ("7") counts only where `bare` allows it.

    With `ranged` ("from 10 to 5") a "to" leads to the end of a range and not to the next full hour.

    The hour 24 stands for midnight at the end of a day.
    """
    word = tokens.word(index)
    if word == "mid":
        at = index + 1 + (tokens.word(index + 1) == "-")
        if tokens.word(at) in ("day", "night"):
            return Clock(12 if tokens.word(at) == "day" else 24), at + 1
    if word in ("12", "twelve") and tokens.word(index + 1) in ("noon", "midday", "midnight"):
        index, word = index + 1, tokens.word(index + 1)
    if word in _NAMED:
        return Clock(_NAMED[word]), index + 1
    found = _words_past(tokens, index) if not ranged else None
    if found is None and word.isdecimal():
        found = _digits(tokens, index)
    elif found is None:
        found = _spelled(tokens, index)
    if found is not None or not bare:
        return found
    number = read_whole(tokens, index)
    if number is None or number[0] > 24 or (len(word) > 2 and word.isdecimal()):
        return None
    written_24 = word.isdecimal() and word.startswith("0")
    return _finish(tokens, number[0], 0, number[1], written_24=written_24)


def read_daypart(tokens: Tokens, index: int) -> tuple[Daypart, int] | None:
    """A part of the day, with "early" or "late" before it; (daypart, index behind it)."""
    shade = ""
    if tokens.word(index) in ("early", "late"):
        shade = tokens.word(index)
        index += 1
        if tokens.word(index) in ("in", "the"):
            index += 1
        if tokens.word(index) == "the":
            index += 1
    word = tokens.word(index)
    name = _TYPOS.get(word, word)
    part = DAYPARTS.get(name)
    if part is None or word == "tonight":
        return None
    at = index + 1
    if name == "lunch" and tokens.word(at) == "time":
        at += 1
    elif name == "lunch":
        return None
    return shaded(part, shade), at


def read_occasion(tokens: Tokens, index: int, lead: str) -> tuple[Daypart, int] | None:
    """An occasion that tells the time about: "after work", "before lunch"; not the lunch that has its own time."""
    word = tokens.word(index)
    hour = _OCCASIONS.get(word, {}).get(lead)
    if hour is None:
        return None
    at = index + 1 + (tokens.word(index + 1) == "time")
    if tokens.word(at) in ("with", "at", "in", "for", "on", "break", "meeting"):
        return None
    return Daypart(f"time {lead} {word}".replace("  ", " "), hour, min(hour + 2, 24), hour), at


def shaded(part: Daypart, shade: str) -> Daypart:
    """The early or late hours of a part of the day."""
    if shade == "early":
        return _EARLY.get(part.name, part)
    return _LATE.get(part.name, part) if shade == "late" else part
