"""The components of an expression of time, and when a lone number is one."""

from __future__ import annotations

from common.language.time_words.calendar_words import WEEKDAYS
from common.language.time_words.clocks import read_clock, spaced_minutes
from common.language.time_words.combine import add_clock, add_date, add_daypart
from common.language.time_words.dates import read_date
from common.language.time_words.dayparts import (
    DAYPARTS,
    END_OF_DAY,
    read_daypart,
    read_half,
    read_occasion,
    read_thing,
)
from common.language.time_words.durations import UNITS, read_length
from common.language.time_words.lexicon import ADJUSTING, APPROXIMATE, LEADS, MEASURES, SCHEDULED
from common.language.time_words.model import (
    Clock,
    DayOffset,
    Expression,
    Length,
    Period,
    Shift,
    Weekday,
)
from common.language.time_words.ranges import countable, read_number_range
from common.language.time_words.repeating import read_repeat
from common.language.words import NUMBER_WORDS, Tokens, read_whole, word_set

__all__ = ["read_component"]


def read_component(tokens: Tokens, index: int, order: str, expression: Expression, lead: str) -> int | None:
    """Read one component at `index` into the expression; the index behind it, or None where nothing fits."""
    word = tokens.word(index)
    if not word:
        return None
    if word in ("now", "immediately", "asap") and expression.empty:
        if tokens.word(index - 1) == "from" and read_whole(tokens, index - 3):
            return None
        expression.shift, expression.sign = Length(), 1
        return index + 1
    if (at := read_repeat(tokens, index)) > index:
        expression.repeats = True
        return at
    if word in ("every", "each"):
        expression.repeats = True
    if (word, tokens.word(index + 1)) in (("this", "time"), ("same", "time")) and expression.clock is None:
        expression.same_clock = True
        return index + 2
    if word == "hour" and tokens.low[max(0, index - 2) : index] in (["on", "the"], ["of", "the"]):
        return _full_hour(tokens, index, expression)
    return (
        _day_before(tokens, index, expression)
        or read_number_range(tokens, index, order, expression)
        or _clock_component(tokens, index, expression, lead)
        or _length_component(tokens, index, order, expression, lead)
        or _date_component(tokens, index, order, expression, lead)
        or _daypart_component(tokens, index, expression, lead)
        or _occasion_component(tokens, index, expression, lead)
    )


def _full_hour(tokens: Tokens, index: int, expression: Expression) -> int | None:
    """On the hour, at the top of the hour."""
    said = "on the hour" if tokens.word(index - 2) == "on" else "the top of the hour"
    if tokens.word(index - 2) == "of" and tokens.word(index - 3) != "top":
        return None
    return index + 1 if add_clock(expression, Clock(0, any_hour=True, said=said)) else None


def _day_before(tokens: Tokens, index: int, expression: Expression) -> int | None:
    """The day before, the night before, the week after: an offset of one from something named elsewhere."""
    at = index + 1 if tokens.word(index) in ("the", "a", "one") else index
    unit, side = tokens.word(at), tokens.word(at + 1)
    if side not in ("before", "after", "prior") or at == index or not expression.empty:
        return None
    following = tokens.word(at + 2)
    if following in ("tomorrow", "yesterday", "next") and unit in ("day", "weekend", "week", "month"):
        return None
    if unit in ("day", "week", "month", "evening", "night", "morning", "afternoon"):
        expression.shift = Length(days=7) if unit == "week" else Length(months=1) if unit == "month" else Length(days=1)
        expression.sign = 1 if side == "after" else -1
        expression.daypart = DAYPARTS.get(unit)
        expression.anchor_text = ""
        expression.anchor_first = at + 2
        return at + 2
    return None


def _clock_component(tokens: Tokens, index: int, expression: Expression, lead: str) -> int | None:
    if expression.clock is not None or expression.instant is not None:
        return None
    bare = _bare_allowed(tokens, index, expression, lead)
    found = read_clock(tokens, index, bare=bare, ranged=lead in ("from", "between"))
    if found is None:
        return None
    clock, at = found
    word = tokens.word(index)
    if clock.open and tokens.word(at) in MEASURES and tokens.word(at) != "st":
        return None
    if clock.open and word == "half" and lead in ("a", "the"):
        return None
    if lead in ("from", "between") and (ended := _clock_range(tokens, at, expression, clock)) is not None:
        return ended
    return at if add_clock(expression, clock) else None


def _clock_range(tokens: Tokens, at: int, expression: Expression, clock: Clock) -> int | None:
    if tokens.word(at) not in ("to", "and", "-", "until", "till", "til", "through"):
        return None
    end = read_clock(tokens, at + 1, bare=True)
    if end is None or (end[0].open and tokens.word(end[1]) in MEASURES):
        return None
    if not add_clock(expression, clock):
        return None
    expression.clock_end = end[0]
    return end[1]


def _bare_allowed(tokens: Tokens, index: int, expression: Expression, lead: str) -> bool:
    """Whether a lone number at `index` is a time of day."""
    word = tokens.word(index)
    number = word.isdecimal() or word in NUMBER_WORDS
    if not number:
        return False
    end = spaced_minutes(tokens, index) or index + 1
    behind = tokens.word(end)
    if behind in MEASURES or behind in UNITS or (behind in ("-", "–") and tokens.word(end + 1) in UNITS):
        return False
    if not _plain_behind(tokens, end):
        return False
    before = tokens.low[max(0, index - 7) : index]
    if index == 0 and (end == len(tokens) or _morning_follows(tokens, end)):
        return True
    if index == 1 and end == len(tokens) and lead in ("for", "to", "by", *APPROXIMATE):
        return True
    if _daypart_follows(tokens, index, end):
        return True
    if lead in ("at", "@", "um") or (lead in ("until", "till", "til", "from", "between")):
        return not (lead == "at" and ADJUSTING.intersection(before) & {"brightness", "volume", "channel"})
    if lead in ("by", "before", "after", "since", "past", *APPROXIMATE):
        return not ADJUSTING.intersection(before)
    if lead == "for" and "at" in tokens.low[end : end + _NEAR]:
        return False
    if lead in ("for", "to"):
        return not ADJUSTING.intersection(before) - {"up"} and bool(
            SCHEDULED.intersection(before[-4:]) or (lead == "to" and SCHEDULED.intersection(before))
        )
    if expression.daypart is not None:
        return True
    return _dated(expression) and behind in ("", ".", ",", "?", "!", "and", "in", "for", "please", "to", "-", "with")


def _daypart_follows(tokens: Tokens, index: int, end: int) -> bool:
    """Whether the number goes on as "seven in the morning", or "it is seven tonight"."""
    if tokens.low[end : end + 2] == ["in", "the"]:
        return tokens.word(end + 2) in ("morning", "afternoon", "evening")
    return tokens.word(end) in ("tonight", "tonite") and (index == 0 or tokens.word(index - 1) in ("is", "it's", "its"))


def _morning_follows(tokens: Tokens, at: int) -> bool:
    """Whether "seven" goes on as "seven tomorrow morning"."""
    return tokens.word(at) in ("tomorrow", "this") and tokens.word(at + 1) in DAYPARTS


def _dated(expression: Expression) -> bool:
    """Whether a single day was named, behind which a lone number reads as an hour ("tomorrow 7")."""
    return isinstance(expression.date, DayOffset | Weekday)


def _plain_behind(tokens: Tokens, index: int) -> bool:
    """Whether what follows a lone number leaves it alone ("at 7 and", "at 7 please"; not "at 7 oak street")."""
    return tokens.word(index + 1) not in ("street", "road", "avenue", "lane") and not (
        tokens.word(index) in (".", ",") and tokens.glued(index + 1) and tokens.word(index + 1).isdecimal()
    )


_NEAR = 7
_DAYS_AFTER = {"today": 0, "tomorrow": 1}
_PLACING = word_set("put pencil squeeze fit pop slot block get stick schedule")
_WAITING = word_set("remind wake ping call alert nudge notify buzz ring timer alarm start back")


def _lone_minutes(tokens: Tokens, index: int, lead: str) -> tuple[Length, int] | None:
    """The minutes of "remind me in 5"."""
    number = read_whole(tokens, index) if lead == "in" else None
    if number is None or not 1 <= number[0] <= 90 or not _WAITING.intersection(tokens.low[:index]):
        return None
    ends = tokens.word(number[1]) in ("", ".", ",", "?", "!", "please", "to", "and", "that", "about")
    return (Length(seconds=number[0] * 60.0), number[1]) if ends else None


def _length_component(tokens: Tokens, index: int, order: str, expression: Expression, lead: str) -> int | None:
    found = read_length(tokens, index) or _lone_minutes(tokens, index, lead)
    if found is None:
        return None
    length, at = found
    word = tokens.word(at)
    second = tokens.word(at + 1)
    lead = "" if lead == "in" and _is_particle(tokens, index - 1, word) else lead
    if word in ("ago", "earlier", "previously"):
        sign, at = -1, at + 1
        if word == "earlier" and expression.empty:
            return _set_offset(expression, length, -1, at)
        return _set_shift(expression, length, sign, at)
    if word == "from" and second in ("now", "today"):
        return _set_shift(expression, length, 1, at + 2)
    if word == "hence":
        return _set_shift(expression, length, 1, at + 1)
    if word in _DAYS_AFTER and not length.by_clock and lead != "in" and expression.empty:
        expression.date = Shift(length, 1, DayOffset(_DAYS_AFTER[word]))
        return at + 1
    beside = word in ("from", "on", "after", "before") and not (word == "on" and lead == "in")
    beside = beside or (word in ("this", "next") and second in WEEKDAYS and expression.empty)
    if beside and not length.by_clock:
        anchored = read_date(tokens, at + (word not in ("this", "next")), order=order, led=True)
        if anchored is not None and expression.date is None and countable(anchored[0]):
            expression.date = Shift(length, -1 if word == "before" else 1, anchored[0])
            return anchored[1]
    if word in ("before", "after", "beforehand", "afterwards", "later", "prior", "ahead", "following") or (
        word == "in" and second == "advance"
    ):
        return _offset(tokens, expression, length, at)
    if lead in ("in", "within") and tokens.word(index) not in ("the",):
        return _set_shift(expression, length, 1, at)
    if not expression.empty:
        return None
    expression.duration = length
    return at


def _is_particle(tokens: Tokens, index: int, behind: str) -> bool:
    """Whether the "in" at `index` belongs to the verb: "put in two hours of violin" tells how long, not when."""
    return tokens.word(index - 1) in _PLACING and behind in ("of", "with", "for")


def _offset(tokens: Tokens, expression: Expression, length: Length, at: int) -> int | None:
    word, second = tokens.word(at), tokens.word(at + 1)
    if word == "later" and expression.empty and second in ("today", "tonight", "this"):
        return None
    sign = 1 if word in ("after", "afterwards", "later", "following") else -1
    at += 2 if word == "in" or (word, second) == ("prior", "to") else 1
    if word == "ahead" and second == "of":
        at += 2 if tokens.word(at + 1) == "time" else 1
    return _set_offset(expression, length, sign, at)


def _set_offset(expression: Expression, length: Length, sign: int, at: int) -> int | None:
    if expression.shift is not None or expression.clock is not None:
        return None
    expression.shift, expression.sign, expression.anchor_text = length, sign, ""
    expression.anchor_first = at
    return at


def _set_shift(expression: Expression, length: Length, sign: int, at: int) -> int | None:
    if expression.shift is not None or expression.instant is not None:
        return None
    if length.by_clock:
        if expression.date is not None or expression.clock is not None:
            return None
        expression.shift, expression.sign = length, sign
        return at
    return at if add_date(expression, Shift(length, sign)) else None


def _date_component(tokens: Tokens, index: int, order: str, expression: Expression, lead: str) -> int | None:
    led = lead in LEADS or expression.date is not None or expression.clock is not None or lead == "the"
    found = read_date(tokens, index, order=order, led=led)
    if found is None:
        return None
    spec, at = found
    tonight = tokens.word(index) in ("tonight", "tonite", "tonight's")
    closing = isinstance(spec, Period) and (spec.unit, spec.edge) == ("day", "end")
    if isinstance(spec, Period) and closing:
        spec = DayOffset(spec.offset)
    if expression.shift is not None and expression.anchor_text is None:
        return None
    if not add_date(expression, spec):
        return None
    if tonight or closing:
        add_daypart(expression, END_OF_DAY if closing else DAYPARTS["tonight"])
    return at


def _daypart_component(tokens: Tokens, index: int, expression: Expression, lead: str) -> int | None:
    """In the morning, this evening, first thing, lunchtime; not the "morning" of "good morning" or "morning run"."""
    first = tokens.word(index)
    alone = read_thing(tokens, index, alone=expression.empty)
    if alone is None and expression.date is not None and expression.clock is None:
        alone = read_half(tokens, index)
    if alone is not None:
        return alone[1] if add_daypart(expression, alone[0]) else None
    at = index
    this = False
    if first in ("this", "the", "every", "each"):
        at += 1
        this = first == "this"
    found = read_daypart(tokens, at)
    if found is None:
        return None
    part, after, complete = found
    led = (
        complete
        or lead
        in (
            "in",
            "at",
            "during",
            "by",
            "the",
            "for",
            "until",
            "before",
            "after",
            "over",
            "on",
        )
        or first != tokens.word(at)
    )
    if not (led or expression.date is not None or expression.clock is not None or part.name == "lunchtime"):
        return None
    if lead == "at" and not complete and part.name not in ("night", "lunchtime"):
        return None
    if this and expression.date is None:
        expression.date = DayOffset(0)
    return after if add_daypart(expression, part) else None


def _occasion_component(tokens: Tokens, index: int, expression: Expression, lead: str) -> int | None:
    """After work, before lunch, at bedtime."""
    found = read_occasion(tokens, index, lead)
    if found is None or expression.clock is not None:
        return None
    return found[1] if add_daypart(expression, found[0]) else None
