"""Finds expressions of time in a text: dates, clock times, parts of the day and lengths that stand together."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from common.language.time_words.clocks import DAYPARTS, read_clock, read_daypart
from common.language.time_words.combine import add_clock, add_date, add_daypart
from common.language.time_words.dates import MONTHS, WEEKDAYS, read_date
from common.language.time_words.durations import UNITS, read_iso_length, read_length
from common.language.time_words.model import Clock, DateSpec, DayOffset, Daypart, Expression, Length, Shift
from common.language.words import NUMBER_WORDS, Tokens, read_ordinal, word_set

__all__ = ["find_expressions"]

_LEADS = word_set(
    "on at in by for from until till til before after around about since starting during over within "
    "between past to this throughout till, approximately roughly toward towards circa @ ~"
)
_JOINTS = frozenset(
    {",", "at", "on", "in", "the", "around", "about", "of", "for", "by", "from", "between", "during", "@"}
)
_STARTS = (
    frozenset(WEEKDAYS)
    | frozenset(MONTHS)
    | frozenset(NUMBER_WORDS)
    | frozenset(UNITS)
    | frozenset(DAYPARTS)
    | word_set(
        "today tonight tonite tomorrow tomorrow's today's todays tonight's tomorrows tommorow tomorow "
        "tommorrow tmrw tmr tmrow tomorrrow overmorrow yesterday yesterday's noon midday noontime midnight "
        "half quarter a an the this next last past coming upcoming following every each previous current end "
        "beginning start middle mid rest remainder early late later christmas xmas boxing new halloween "
        "valentine's valentines easter good thanksgiving weekend weekends wkend couple few several first "
        "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth now immediately asap "
        "mornings evenings afternoons nights mornin arvo pt two ½ ¼ ¾ dozen"
    )
)
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?(?![\d:])", re.IGNORECASE
)
_ISO_LENGTH = re.compile(r"\bP(?:\d{1,6}[YMWD]){0,4}(?:T(?:\d{1,6}[HMS]){1,3})?(?![\w])")
_MAX_EXPRESSIONS = 60
_MEASURES = word_set(
    "degrees degree ° % percent percentage pct celsius fahrenheit c f people persons guests adults kids "
    "children euro euros eur dollar dollars usd chf francs pounds gbp bucks cents km kilometers "
    "kilometres miles mile meters metres m kg kilos grams g liters litres cups cup eggs times items "
    "pieces rooms beds pages results places street st road rd avenue ave lane drive stars star slices "
    "tickets copies x points lbs k € $ £ / : * + friends of nd rd th"
)
_ADJUSTING = word_set(
    "up down increase decrease raise lower reduce dim brighten warmer cooler brighter temperature "
    "thermostat heating brightness volume heat invoice order room page chapter channel number bus table "
    "gate platform version level"
)
_SCHEDULED = word_set(
    "alarm alarms wake up reminder remind me meeting appointment call lunch dinner breakfast drinks it "
    "that move moved reschedule push shift postpone bring delay rescheduled earlier later forward back "
    "interview event set dentist doctor session class flight train party date coffee brunch run booking"
)
_OTHER_SENSE = frozenset({"half", "quarter", "second", "new", "good", "first", "may", "march", "spring"})


def find_expressions(tokens: Tokens, order: str = "DMY") -> list[Expression]:
    """Every expression of time, in order and without overlap; at most `_MAX_EXPRESSIONS`."""
    found: list[Expression] = []
    index, size = 0, len(tokens)
    fixed = _iso_places(tokens)
    low = tokens.low
    while index < size and len(found) < _MAX_EXPRESSIONS:
        word = low[index]
        if index in fixed:
            expression: Expression | None = fixed[index]
        elif word in _STARTS or word[0].isdecimal():
            expression = _parse(tokens, index, order)
        else:
            index += 1
            continue
        if expression is None:
            index += 1
            continue
        previous = found[-1].last if found else 0
        _take_lead(tokens, expression, previous)
        _take_relation(tokens, expression, order, fixed)
        found.append(expression)
        index = max(expression.last, index + 1)
    for expression in found:
        expression.start = tokens.starts[expression.first]
        expression.end = tokens.ends[expression.last - 1]
    return found


def _iso_places(tokens: Tokens) -> dict[int, Expression]:
    """Instants and lengths in ISO 8601, by the token they start at."""
    places: dict[int, Expression] = {}
    text = tokens.text
    if ":" not in text and "P" not in text:
        return places
    by_start = {start: index for index, start in enumerate(tokens.starts)}
    for match in _ISO.finditer(text):
        raw = match.group().upper().replace(" ", "T")
        try:
            instant = datetime.fromisoformat(raw)
        except ValueError:
            continue
        if (first := by_start.get(match.start())) is not None:
            last = next((i for i in range(first, len(tokens)) if tokens.starts[i] >= match.end()), len(tokens))
            places[first] = Expression(first, last, instant=instant)
    for match in _ISO_LENGTH.finditer(text):
        length = read_iso_length(match.group())
        if length is not None and (first := by_start.get(match.start())) is not None:
            last = next((i for i in range(first, len(tokens)) if tokens.starts[i] >= match.end()), len(tokens))
            places[first] = Expression(first, last, duration=length)
    return places


def _parse(tokens: Tokens, index: int, order: str) -> Expression | None:
    """The expression whose first bearing word stands at `index`, with all that follows and fits."""
    expression = Expression(index, index)
    lead = tokens.word(index - 1)
    at = _component(tokens, index, order, expression, lead)
    if at is None:
        return None
    while True:
        if (ended := _range_end(tokens, at, order, expression)) is not None:
            at = ended
            continue
        step = _next_component(tokens, at)
        if expression.anchor_text is not None and not _goes_with_offset(expression, step):
            break
        after = _component(tokens, step[0], order, expression, step[1]) if step else None
        if after is None:
            break
        at = after
    expression.last = at
    return expression


def _goes_with_offset(expression: Expression, step: tuple[int, str] | None) -> bool:
    """Whether "at 6pm" or "in the evening" belongs to "the day before", and does not say what it counts from."""
    return (
        step is not None and step[1] in ("at", "in") and expression.shift is not None and not expression.shift.by_clock
    )


def _next_component(tokens: Tokens, at: int) -> tuple[int, str] | None:
    """Where the next component may start: behind a few joining words; with the last of them."""
    lead = ""
    for _ in range(3):
        word = tokens.word(at)
        if word not in _JOINTS or (word == "for" and lead):
            break
        if word == "the" and (tokens.word(at + 1) in ("day", "week", "end", "rest") and lead == ""):
            break
        lead = word if word != "the" else lead or "the"
        at += 1
    return (at, lead) if at < len(tokens) else None


def _component(tokens: Tokens, index: int, order: str, expression: Expression, lead: str) -> int | None:
    """Read one component at `index` into the expression; the index behind it, or None where nothing fits."""
    word = tokens.word(index)
    if not word:
        return None
    if word in ("now", "immediately", "asap") and expression.empty:
        expression.shift, expression.sign = Length(), 1
        return index + 1
    if word == "right" and tokens.word(index + 1) == "now":
        return None
    return (
        _day_before(tokens, index, expression)
        or _clock_component(tokens, index, expression, lead)
        or _length_component(tokens, index, order, expression, lead)
        or _date_component(tokens, index, order, expression, lead)
        or _daypart_component(tokens, index, expression, lead)
    )


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
    if clock.open and tokens.word(at) in _MEASURES and tokens.word(at) != "st":
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
    if end is None or (end[0].open and tokens.word(end[1]) in _MEASURES):
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
    end = index + 1
    behind = tokens.word(end)
    if behind in _MEASURES or behind in UNITS or (behind in ("-", "–") and tokens.word(end + 1) in UNITS):
        return False
    if not _plain_behind(tokens, end):
        return False
    before = tokens.low[max(0, index - 7) : index]
    if lead in ("at", "@", "around", "circa") or (lead in ("until", "till", "til", "from", "between")):
        return not (lead in ("at", "around") and _ADJUSTING.intersection(before) & {"brightness", "volume", "channel"})
    if lead in ("by", "before", "after", "about", "since", "past"):
        return not _ADJUSTING.intersection(before)
    if lead in ("for", "to"):
        return not _ADJUSTING.intersection(before) - {"up"} and bool(
            _SCHEDULED.intersection(before[-4:]) or (lead == "to" and _SCHEDULED.intersection(before))
        )
    if expression.daypart is not None:
        return True
    return _dated(expression) and behind in ("", ".", ",", "?", "!", "and", "in", "for", "please", "to", "-", "with")


def _dated(expression: Expression) -> bool:
    return expression.date is not None and lead_day(expression.date)


def lead_day(spec: DateSpec) -> bool:
    """Whether the date names a single day, behind which a lone number reads as an hour ("tomorrow 7")."""
    return isinstance(spec, DayOffset) or type(spec).__name__ == "Weekday"


def _plain_behind(tokens: Tokens, index: int) -> bool:
    """Whether what follows a lone number leaves it alone ("at 7 and", "at 7 please"; not "at 7 oak street")."""
    return tokens.word(index + 1) not in ("street", "road", "avenue", "lane") and not (
        tokens.word(index) in (".", ",") and tokens.glued(index + 1) and tokens.word(index + 1).isdecimal()
    )


def _length_component(tokens: Tokens, index: int, order: str, expression: Expression, lead: str) -> int | None:
    found = read_length(tokens, index)
    if found is None:
        return None
    length, at = found
    word = tokens.word(at)
    second = tokens.word(at + 1)
    if word in ("ago", "earlier", "previously"):
        sign, at = -1, at + 1
        if word == "earlier" and expression.empty:
            return _set_offset(expression, length, -1, at)
        return _set_shift(expression, length, sign, at)
    if word == "from" and second in ("now", "today"):
        return _set_shift(expression, length, 1, at + 2)
    if word == "hence":
        return _set_shift(expression, length, 1, at + 1)
    if word in ("from", "on", "after", "before") and not length.by_clock:
        anchored = read_date(tokens, at + 1, order=order, led=True)
        if anchored is not None and expression.date is None and _countable(anchored[0]):
            expression.date = Shift(length, -1 if word == "before" else 1, anchored[0])
            return anchored[1]
    if word in ("before", "after", "beforehand", "afterwards", "later", "prior", "ahead", "following") or (
        word == "in" and second == "advance"
    ):
        return _offset(tokens, expression, length, at)
    if lead in ("in", "within") and tokens.word(index) not in ("the",):
        return _set_shift(expression, length, 1, at)
    if expression.duration is not None or (expression.shift is not None and length.by_clock and lead != "for"):
        return None
    expression.duration = length
    return at


def _countable(spec: DateSpec) -> bool:
    return type(spec).__name__ in ("DayOffset", "Weekday", "MonthDay", "Holiday", "FixedDate", "NthWeekday")


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
    led = lead in _LEADS or expression.date is not None or expression.clock is not None or lead == "the"
    found = read_date(tokens, index, order=order, led=led)
    if found is None:
        return None
    spec, at = found
    tonight = tokens.word(index) in ("tonight", "tonite", "tonight's")
    if expression.shift is not None and expression.anchor_text is None:
        return None
    if not add_date(expression, spec):
        return None
    if tonight:
        add_daypart(expression, DAYPARTS["tonight"])
    return at


def _daypart_component(tokens: Tokens, index: int, expression: Expression, lead: str) -> int | None:
    """In the morning, this evening, first thing, lunchtime; not the "morning" of "good morning" or "morning run"."""
    first = tokens.word(index)
    at = index
    this = False
    if first in ("this", "the", "every", "each"):
        at += 1
        this = first == "this"
    elif first == "first" and tokens.word(index + 1) == "thing":
        return _first_thing(tokens, index, expression)
    found = read_daypart(tokens, at)
    if found is None:
        return None
    part, after = found
    led = lead in (
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
    ) or first != tokens.word(at)
    if not (led or expression.date is not None or expression.clock is not None or part.name == "lunchtime"):
        return None
    if lead == "at" and part.name not in ("night", "lunchtime"):
        return None
    if this and expression.date is None:
        expression.date = DayOffset(0)
    return after if add_daypart(expression, part) else None


def _first_thing(tokens: Tokens, index: int, expression: Expression) -> int | None:
    at = index + 2
    early = Daypart("first thing", 6, 9, 8)
    if tokens.word(at) == "in" and tokens.word(at + 1) == "the" and tokens.word(at + 2) == "morning":
        at += 3
    elif (
        expression.empty
        and tokens.word(at) not in ("tomorrow", "on", "next", "this")
        and tokens.word(at) not in WEEKDAYS
    ):
        return None
    return at if add_daypart(expression, early) else None


def _range_end(tokens: Tokens, at: int, order: str, expression: Expression) -> int | None:
    """The second half of "Monday to Wednesday", "9-11am", "3-5 December", "from 2 until 4 pm"."""
    joint = tokens.word(at)
    if joint not in ("to", "-", "until", "till", "til", "through", "and"):
        return None
    led = tokens.word(expression.first - 1) in ("from", "between")
    if expression.clock is not None and expression.clock_end is None:
        if joint == "and" and not led:
            return None
        end = read_clock(tokens, at + 1, bare=joint in ("-", "to", "until", "till") or led)
        if end is not None and tokens.word(end[1]) not in _MEASURES and tokens.word(end[1]) not in UNITS:
            expression.clock_end = end[0]
            return end[1]
        return None
    if expression.date is not None and expression.date_end is None and expression.clock is None:
        if joint == "and" and tokens.word(expression.first - 1) != "between":
            return None
        second = read_date(tokens, at + 1, order=order, led=True)
        if second is not None and _countable(second[0]) and _countable(expression.date):
            expression.date_end = second[0]
            return second[1]
    return None


def _take_lead(tokens: Tokens, expression: Expression, floor: int) -> None:
    """Take in the preposition before the expression and note what it says about the time."""
    at = expression.first - 1
    if at < floor:
        return
    word = tokens.word(at)
    if word == "the" and at - 1 >= floor and (expression.daypart or expression.date):
        at, word = at - 1, tokens.word(at - 1)
        if word not in _LEADS:
            expression.first = at + 1
            return
    if word not in _LEADS or word == "this":
        return
    if word in ("before", "after", "by", "until", "till", "til", "since", "from", "between", "for", "to", "past",
                "within"):  # fmt: skip
        expression.bound = {"till": "until", "til": "until", "past": "after"}.get(word, word)
    if word == "to" and expression.duration is not None and expression.date is None and expression.clock is None:
        return
    expression.first = at
    before = tokens.word(at - 1)
    if at - 1 >= floor and (
        (word in ("from", "on") and before == "starting")
        or (before in ("at", "by", "from") and word in ("around", "about"))
    ):
        expression.first = at - 1


def _take_relation(tokens: Tokens, expression: Expression, order: str, fixed: dict[int, Expression]) -> None:
    """What an offset counts from: another time ("noon", an ISO instant), or something named ("the dentist")."""
    if expression.anchor_text is None or expression.shift is None:
        return
    at = expression.anchor_first = expression.last
    if tokens.word(at - 1) not in ("before", "after", "to", "of", "following"):
        return
    word = tokens.word(at)
    if word in ("it", "that", "this", "then", "them"):
        follower = tokens.word(at + 1)
        if word in ("it", "then", "them") or not follower or not follower.isalpha():
            expression.last = at + 1
            return
    inner = fixed.get(at) or _anchor(tokens, at, order)
    if inner is not None:
        expression.anchor, expression.anchor_text = inner, None
        expression.last = inner.last
        return
    last = _name_end(tokens, at)
    expression.anchor_text = tokens.cut(at, last)
    expression.last = last


def _anchor(tokens: Tokens, at: int, order: str) -> Expression | None:
    while tokens.word(at) in ("at", "on", "the") and read_ordinal(tokens, at + 1) is None and at < len(tokens):
        if tokens.word(at) == "the" and tokens.word(at + 1) not in _STARTS:
            return None
        at += 1
    word = tokens.word(at)
    if not (word in _STARTS or word[:1].isdecimal()) or (word in _OTHER_SENSE and word not in ("half", "quarter")):
        return None
    expression = Expression(at, at)
    clock = read_clock(tokens, at, bare=True)
    if clock is not None:
        expression.clock = clock[0]
        expression.last = clock[1]
        rest = _parse(tokens, clock[1] + (tokens.word(clock[1]) in ("on", ",")), order)
        if rest is not None and rest.date is not None and rest.clock is None and rest.shift is None:
            return replace(expression, date=rest.date, last=rest.last)
        return expression
    found = _parse(tokens, at, order)
    if found is None or found.duration is not None or found.shift is not None:
        return None
    behind = tokens.word(found.last)
    return None if behind.isalpha() and behind not in _NAME_STOPS and tokens.word(at - 1) != "on" else found


_NAME_STOPS = word_set(
    "and or then please also but to if so because that which with by at on in about for remind tell set "
    "notify wake alert ping email call check is will when while until as"
)
_NAME_WORDS = 8


def _name_end(tokens: Tokens, at: int) -> int:
    """Where the name of what an offset counts from ends."""
    last = at
    while last < len(tokens) and last - at < _NAME_WORDS:
        word = tokens.word(last)
        if word in _NAME_STOPS and not (last > at and word in ("with", "in", "for", "at") and _goes_on(tokens, last)):
            break
        if not (word[0].isalnum() or word in ("'", "-", "&", '"')):
            break
        last += 1
    return last


def _goes_on(tokens: Tokens, index: int) -> bool:
    """Whether a preposition inside a name goes on with a name ("meeting with Anna", "the train to Bern")."""
    following = tokens.word(index + 1)
    return bool(following) and following not in _STARTS and following[0].isalpha() and following not in _NAME_STOPS
