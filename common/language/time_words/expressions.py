"""Finds expressions of time in a text: dates, clock times, parts of the day and lengths that stand together."""

from __future__ import annotations

from dataclasses import replace

from common.language.time_words.clocks import read_clock
from common.language.time_words.components import read_component
from common.language.time_words.dayparts import shaded
from common.language.time_words.iso import iso_places
from common.language.time_words.lexicon import APPROXIMATE, JOINTS, LEADS, MOVING, STARTS
from common.language.time_words.model import Expression
from common.language.time_words.ranges import read_range_end
from common.language.words import Tokens, read_ordinal, word_set

__all__ = ["find_expressions"]

_MAX_EXPRESSIONS = 60
_TAKES_NO_ON = word_set("this next last today tomorrow tonight yesterday tmrw today's tomorrow's every each")


def find_expressions(tokens: Tokens, order: str = "DMY") -> list[Expression]:
    """Every expression of time, in order and without overlap; at most `_MAX_EXPRESSIONS`."""
    found: list[Expression] = []
    index, size = 0, len(tokens)
    fixed = iso_places(tokens)
    low = tokens.low
    moving = not MOVING.isdisjoint(low[:6])
    while index < size and len(found) < _MAX_EXPRESSIONS:
        word = low[index]
        if index in fixed:
            expression: Expression | None = fixed[index]
        elif word in STARTS or word[0].isdecimal():
            expression = _parse(tokens, index, order, moving=moving)
        else:
            index += 1
            continue
        if expression is None:
            index += 1
            continue
        previous = found[-1].last if found else 0
        _take_lead(tokens, expression, previous)
        _take_relation(tokens, expression, order, fixed)
        moving = moving and expression.bound != "to"
        found.append(expression)
        index = max(expression.last, index + 1)
    for expression in found:
        expression.start = tokens.starts[expression.first]
        expression.end = tokens.ends[expression.last - 1]
    return found


def _lead(tokens: Tokens, index: int) -> str:
    """The preposition before `index`, words such as "about" passed over ("in about 40 minutes")."""
    lead = tokens.word(index - 1)
    if lead in APPROXIMATE and tokens.word(index - 2) in ("in", "at", "by", "for", "until", "after", "before", "from"):
        return tokens.word(index - 2)
    return lead


def _parse(tokens: Tokens, index: int, order: str, *, moving: bool = False) -> Expression | None:
    """The expression whose first bearing word stands at `index`, with all that follows and fits."""
    expression = Expression(index, index)
    lead = _lead(tokens, index)
    at = _read(tokens, index, order, expression, lead)
    if at is None:
        return None
    while expression.duration is None:
        if not moving and (ended := read_range_end(tokens, at, order, expression)) is not None:
            at = ended
            continue
        step = _next_component(tokens, at)
        if expression.anchor_text is not None and not _goes_with_offset(expression, step):
            break
        after = _read(tokens, step[0], order, expression, step[1]) if step else None
        if after is None:
            break
        at = after
    expression.last = at
    return None if expression.empty else expression


def _read(tokens: Tokens, index: int, order: str, expression: Expression, lead: str) -> int | None:
    """Read one component and note which tokens name the day."""
    before = (expression.date, expression.daypart)
    at = read_component(tokens, index, order, expression, lead)
    if at is not None and before != (expression.date, expression.daypart):
        if expression.date_first < 0:
            expression.date_first = index
        expression.date_last = at
    return at


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
        if word not in JOINTS or (word == "for" and lead):
            break
        if word == "the" and (tokens.word(at + 1) in ("day", "week", "end", "rest") and lead == ""):
            break
        lead = word if word != "the" else lead or "the"
        at += 1
    return (at, lead) if at < len(tokens) else None


def _take_lead(tokens: Tokens, expression: Expression, floor: int) -> None:
    """Take in the preposition before the expression and note what it says about the time."""
    at = expression.first - 1
    if at < floor:
        return
    if tokens.word(at) in ("early", "late") and expression.daypart is not None:
        expression.daypart = shaded(expression.daypart, tokens.word(at))
        expression.first, at = at, at - 1
        if at < floor:
            return
    word = tokens.word(at)
    if _take_modifier(expression, word):
        expression.first = at
        return
    minutes = expression.clock is not None and expression.clock.any_hour
    if word == "the" and at - 1 >= floor and (expression.daypart or expression.date or minutes):
        at, word = at - 1, tokens.word(at - 1)
        if word not in LEADS:
            expression.first = at + 1
            return
    if word not in LEADS or word == "this":
        return
    if word in ("on", "in") and tokens.word(at + 1) in _TAKES_NO_ON and expression.duration is None:
        return
    if word in ("before", "after", "by", "until", "till", "til", "since", "from", "between", "for", "to", "past",
                "within"):  # fmt: skip
        expression.bound = {"till": "until", "til": "until", "past": "after"}.get(word, word)
    if word == "to" and expression.duration is not None and expression.date is None and expression.clock is None:
        return
    expression.first = at
    before = tokens.word(at - 1)
    if at - 1 >= floor and (
        (word in ("from", "on") and before == "starting") or (word in APPROXIMATE and before in LEADS)
    ):
        expression.first = at - 1


def _take_modifier(expression: Expression, word: str) -> bool:
    """Note what "every 2 hours" and "earlier today" say about the expression behind them."""
    if word in ("every", "each") and expression.duration is not None:
        expression.repeats = True
        return True
    if word == "earlier" and (expression.date or expression.daypart):
        expression.past = True
        return True
    return False


def _take_relation(tokens: Tokens, expression: Expression, order: str, fixed: dict[int, Expression]) -> None:
    """What an offset counts from: another time ("noon", an ISO instant), or something named ("the dentist")."""
    if expression.anchor_text is None or expression.shift is None:
        return
    expression.tailed = expression.last > expression.anchor_first
    if expression.tailed:
        return
    at = expression.last
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
        if tokens.word(at) == "the" and tokens.word(at + 1) not in STARTS:
            return None
        at += 1
    word = tokens.word(at)
    if not (word in STARTS or word[:1].isdecimal()):
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
_INSIDE_NAMES = frozenset({"with", "in", "for", "at", "to"})


def _name_end(tokens: Tokens, at: int) -> int:
    """Where the name of what an offset counts from ends."""
    last = at
    while last < len(tokens) and last - at < _NAME_WORDS:
        word = tokens.word(last)
        if word in _NAME_STOPS and not (last > at and word in _INSIDE_NAMES and _goes_on(tokens, last)):
            break
        if not (word[0].isalnum() or word in ("'", "-", "&", '"')):
            break
        last += 1
    return last


def _goes_on(tokens: Tokens, index: int) -> bool:
    """Whether a preposition inside a name goes on with a name ("meeting with Anna", "the train to Bern")."""
    following = tokens.word(index + 1)
    if tokens.word(index) == "to":
        return following in ("the", "my", "our") or tokens.raw(index + 1)[:1].isupper()
    return bool(following) and following not in STARTS and following[0].isalpha() and following not in _NAME_STOPS
