"""Parts of the day and occasions: "tomorrow evening", "in the small hours", "end of business", "before lunch"."""

from __future__ import annotations

from common.language.time_words.calendar_words import WEEKDAYS
from common.language.time_words.model import Daypart
from common.language.words import Tokens, word_set

__all__ = ["DAYPARTS", "END_OF_DAY", "read_daypart", "read_half", "read_occasion", "read_thing", "shaded"]

DAYPARTS: dict[str, Daypart] = {
    "morning": Daypart("morning", 6, 12, 9),
    "forenoon": Daypart("morning", 6, 12, 9),
    "lunchtime": Daypart("lunchtime", 12, 14, 12),
    "lunch": Daypart("lunchtime", 12, 14, 12),
    "afternoon": Daypart("afternoon", 12, 18, 14),
    "evening": Daypart("evening", 18, 22, 18),
    "night": Daypart("night", 20, 24, 20),
    "tonight": Daypart("tonight", 18, 24, 20, "tonight"),
}
END_OF_DAY = Daypart("end of the day", 17, 24, 18)
_EARLY_HOURS = Daypart("early hours", 0, 6, 3)
_MID_MORNING = Daypart("mid-morning", 9, 12, 10, "mid-morning")
_MID_AFTERNOON = Daypart("mid-afternoon", 14, 17, 15, "mid-afternoon")
_MID_NIGHT = Daypart("middle of the night", 0, 6, 3)


def _closing(said: str) -> Daypart:
    return Daypart("end of business", 16, 18, 17, said)


_PHRASES: dict[tuple[str, ...], Daypart] = {
    ("early", "hours"): _EARLY_HOURS,
    ("small", "hours"): _EARLY_HOURS,
    ("wee", "hours"): _EARLY_HOURS,
    ("wee", "small", "hours"): _EARLY_HOURS,
    ("middle", "of", "the", "night"): _MID_NIGHT,
    ("mid", "-", "morning"): _MID_MORNING,
    ("mid", "morning"): _MID_MORNING,
    ("midmorning",): _MID_MORNING,
    ("mid", "-", "afternoon"): _MID_AFTERNOON,
    ("mid", "afternoon"): _MID_AFTERNOON,
    ("midafternoon",): _MID_AFTERNOON,
    ("overnight",): Daypart("overnight", 22, 30, 22, "overnight"),
    **{
        tuple(said.removeprefix("the ").split()): _closing(said)
        for said in (
            "end of business", "close of business", "end of play", "close of play", "end of work", "eob", "cob", "eod",
            "the end of the working day", "the end of the work day", "the end of the workday",
            "the end of the business day", "the end of working day",
        )
    },
}  # fmt: skip
_PHRASE_WORDS = frozenset(words[0] for words in _PHRASES)
_LONGEST = max(map(len, _PHRASES))
_OCCASIONS: dict[str, dict[str, int]] = {
    "breakfast": {"before": 7, "after": 9, "at": 8, "by": 8, "over": 8},
    "lunch": {"before": 12, "after": 14, "at": 12, "by": 12, "over": 12, "around": 12, "until": 12},
    "dinner": {"before": 18, "after": 20, "at": 19, "by": 19, "over": 19, "around": 19},
    "supper": {"before": 18, "after": 20, "at": 19, "by": 19, "over": 19, "around": 19},
    "work": {"before": 8, "after": 18},
    "school": {"before": 7, "after": 16},
    "bed": {"before": 22, "at": 22},
    "bedtime": {"before": 22, "at": 22, "by": 22, "around": 22},
    "dinnertime": {"at": 19, "around": 19, "": 19},
    "teatime": {"at": 17, "around": 17, "": 17},
    "tea": {"at": 17, "around": 17, "by": 17},
}
_ONLY_TIME = frozenset({"bed", "tea"})
"""Occasions that mean a time only with "time" behind them ("at tea time"); "bed" stands alone behind "before"."""
_TYPOS = {
    "mornin": "morning", "mornings": "morning", "afternoons": "afternoon", "evenings": "evening", "nights": "night",
    "eve": "evening", "arvo": "afternoon",
}  # fmt: skip
_EARLY = {
    "morning": Daypart("early morning", 6, 9, 7),
    "afternoon": Daypart("early afternoon", 12, 15, 13),
    "evening": Daypart("early evening", 17, 19, 17),
    "tonight": Daypart("early tonight", 17, 20, 18, "early tonight"),
}
_LATE = {
    "morning": Daypart("late morning", 10, 12, 11),
    "afternoon": Daypart("late afternoon", 15, 18, 16),
    "evening": Daypart("late evening", 20, 24, 21),
    "night": Daypart("late night", 22, 24, 23),
    "tonight": Daypart("late tonight", 22, 24, 23, "late tonight"),
}
_ENDERS = word_set(", . ? ! on in at and or of tonight tomorrow today this next from to until for please then with by")


def _stands_alone(tokens: Tokens, index: int) -> bool:
    """Whether what follows leaves the words before it a time ("late morning on Friday", not "late morning run")."""
    word = tokens.word(index)
    return not word or word in _ENDERS or word in WEEKDAYS


def read_daypart(tokens: Tokens, index: int) -> tuple[Daypart, int, bool] | None:
    """A part of the day, with "early" or "late" before it: (part, index behind it, whether it needs no preposition)."""
    if found := _phrase(tokens, index):
        return *found, True
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
    return shaded(part, shade), at, bool(shade) and _stands_alone(tokens, at)


def _phrase(tokens: Tokens, index: int) -> tuple[Daypart, int] | None:
    if tokens.word(index) not in _PHRASE_WORDS:
        return None
    for size in range(min(_LONGEST, len(tokens) - index), 0, -1):
        part = _PHRASES.get(tuple(tokens.low[index : index + size]))
        if part is not None and _stands_alone(tokens, index + size):
            return part, index + size
    return None


def read_half(tokens: Tokens, index: int) -> tuple[Daypart, int] | None:
    """The "am" or "pm" that stands for morning or afternoon behind a day: "Friday pm"."""
    word = tokens.word(index)
    if word not in ("am", "pm") or not _stands_alone(tokens, index + 1):
        return None
    return DAYPARTS["morning" if word == "am" else "afternoon"], index + 1


def read_thing(tokens: Tokens, index: int, *, alone: bool) -> tuple[Daypart, int] | None:
    """First thing tomorrow, first thing in the morning, last thing tonight; `alone` where nothing was read before."""
    which, at = tokens.word(index), index + 2
    if which not in ("first", "last") or tokens.word(index + 1) != "thing":
        return None
    if which == "last":
        if alone and tokens.word(at) not in ("tonight", "at", "tomorrow", "on"):
            return None
        at += 2 if tokens.low[at : at + 2] == ["at", "night"] else 0
        return Daypart("last thing", 21, 24, 22, "last thing"), at
    if tokens.low[at : at + 3] == ["in", "the", "morning"]:
        at += 3
    elif alone and tokens.word(at) not in ("tomorrow", "on", "next", "this") and tokens.word(at) not in WEEKDAYS:
        return None
    return Daypart("first thing", 6, 9, 8, "first thing"), at


def read_occasion(tokens: Tokens, index: int, lead: str) -> tuple[Daypart, int] | None:
    """An occasion that tells the time about: "after work", "before lunch"; not the lunch that has its own time."""
    word = tokens.word(index)
    hour = _OCCASIONS.get(word, {}).get(lead)
    timed = tokens.word(index + 1) == "time"
    if hour is None or (word in _ONLY_TIME and not timed and lead != "before"):
        return None
    at = index + 1 + timed
    behind = tokens.word(at)
    if behind in ("with", "at", "in", "for", "break", "meeting"):
        return None
    if behind == "on" and tokens.word(at + 1) not in WEEKDAYS:
        return None
    return Daypart(f"time {lead} {word}".replace("  ", " "), hour, min(hour + 2, 24), hour), at


def shaded(part: Daypart, shade: str) -> Daypart:
    """The early or late hours of a part of the day."""
    if shade == "early":
        return _EARLY.get(part.name, part)
    return _LATE.get(part.name, part) if shade == "late" else part
