"""Words of time: finds them in a text and reads them as people mean them.

The grammar is this package's own; `dateparser` is asked only for dates in writings of other languages, and imported
only then. No function raises on any text; what is no time reads as None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Literal

from common.language.time_words.absolute import find_absolute, read_absolute
from common.language.time_words.expressions import find_expressions
from common.language.time_words.extents import Extent, read_span
from common.language.time_words.hints import hints_of
from common.language.time_words.merging import merge
from common.language.time_words.model import Expression, Length, Moment, Span
from common.language.time_words.reading import Reading, read_moment
from common.language.time_words.repeating import is_repeating
from common.language.time_words.resolve import Reader, add_length, at_wall
from common.language.words import Tokens, tokenize
from common.remembered import Remembered
from common.settings import LanguageSettings
from common.tool import Fact

__all__ = [
    "Extent",
    "Moment",
    "Span",
    "find_spans",
    "is_relative_to_fact",
    "is_repeating",
    "length_note",
    "read_duration",
    "read_extent",
    "read_range",
    "read_when",
    "spans_of",
]

_DEFAULTS = LanguageSettings()
_SIDES = (
    (" ahead of time", "before"), (" in advance", "before"), (" beforehand", "before"), (" earlier", "before"),
    (" ahead of", "before"), (" ahead", "before"), (" prior to", "before"), (" prior", "before"),
    (" afterwards", "after"), (" later", "after"), (" following", "after"),
)  # fmt: skip
_TOO_FAR = (OverflowError, ValueError, OSError)


def find_spans(text: str, *, language: LanguageSettings = _DEFAULTS) -> list[Span]:
    """Where a text speaks of time, leading preposition included, in order."""
    return list(_spans_in[language.date_order](text))


def spans_of(tokens: Tokens, *, language: LanguageSettings = _DEFAULTS) -> list[Span]:
    """Like `find_spans`, for a text that was cut into tokens before."""
    spans = [_span(tokens, found) for found in find_expressions(tokens, language.date_order)]
    if not spans and (match := find_absolute(tokens.text)):
        spans.append(Span(match.start(), match.end(), match.group()))
    return spans


def _spans_read(order: Literal["DMY", "MDY"], text: str) -> list[Span]:
    return spans_of(tokenize(text), language=LanguageSettings(date_order=order))


_spans_in = {"DMY": Remembered(partial(_spans_read, "DMY")), "MDY": Remembered(partial(_spans_read, "MDY"))}


def _span(tokens: Tokens, found: Expression) -> Span:
    """The place of an expression in its text."""
    text = tokens.text[found.start : found.end]
    tail = tokens.cut(found.anchor_first, found.last) if found.tailed else ""
    return Span(found.start, found.end, text, found.kind, _head(tokens, found), found.anchor_text or "", tail)


def _head(tokens: Tokens, found: Expression) -> str:
    """The words of an offset without what it counts from, ready to take a time behind them."""
    if found.anchor_text is None:
        return ""
    said = tokens.cut(found.first, found.anchor_first)
    for tail, side in _SIDES:
        if said.lower().endswith(tail):
            return f"{said[: -len(tail)]} {side}"
    return said


def _reading(now: datetime, default_time: time | None, facts: Sequence[Fact], language: LanguageSettings) -> Reading:
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    return Reading(Reader(now, sunday_first=language.week_starts == "sunday"), facts, default_time)


def read_when(
    text: str,
    now: datetime,
    *,
    default_time: time | None = None,
    facts: Sequence[Fact] = (),
    language: LanguageSettings = _DEFAULTS,
) -> Moment | None:
    """The point in time that a text names, or None.

    `text` may be the words of time alone ("saturday at 9") or a whole request around them. A lone length ("20
    minutes") counts from now. Offsets ("an hour before") resolve against `facts`. Times are in the zone of `now`,
    which must be aware (`ValueError` otherwise).
    """
    reading = _reading(now, default_time, facts, language)
    tokens = tokenize(text)
    expressions = find_expressions(tokens, language.date_order)
    try:
        merged = merge(expressions)
        if merged is None:
            return _lone_length(tokens, expressions, reading) or _written_otherwise(tokens, reading, language)
        found = read_moment(merged, reading, hints_of(tokens))
    except _TOO_FAR:
        return None
    return replace(found, span=_said(tokens, expressions)) if found is not None else None


def _said(tokens: Tokens, expressions: Sequence[Expression]) -> str:
    return (
        " ".join(tokens.text[found.start : found.end] for found in expressions if found.kind != "duration")
        or tokens.text.strip()
    )


def _lone_length(tokens: Tokens, expressions: Sequence[Expression], reading: Reading) -> Moment | None:
    if len(expressions) != 1 or expressions[0].last - expressions[0].first < len(tokens) or not len(tokens):
        return None
    length = expressions[0].duration
    if length is None or expressions[0].bound == "for":
        return None
    found = read_moment(replace(expressions[0], shift=length, sign=1, duration=None), reading, frozenset())
    if found is not None:
        return replace(found, span=tokens.text.strip())
    day = add_length(reading.now, length, 1)[0].date()
    start, changed = at_wall(day, reading.default_time or time(0), reading.now.tzinfo)
    return Moment(start, None, False, tokens.text.strip(), "; ".join(filter(None, (length.note, changed))))


def _written_otherwise(tokens: Tokens, reading: Reading, language: LanguageSettings) -> Moment | None:
    match = find_absolute(tokens.text)
    found = read_absolute(match.group(), reading.now, language.date_order) if match else None
    if found is None or match is None:
        return None
    start, changed = at_wall(found.date(), reading.default_time or time(0), reading.now.tzinfo)
    return Moment(start, None, False, match.group(), changed if reading.default_time else "")


def read_duration(text: str) -> timedelta | None:
    """The length of time that a text names ("an hour and a half"), or None; a month counts as 30 days."""
    found = _length_in(text)
    return found.delta if found is not None else None


def length_note(text: str) -> str:
    """How the vague length in a text was taken ("took a couple as 2"), or ""."""
    found = _length_in(text)
    return found.note if found is not None else ""


def _first_length(text: str) -> Length | None:
    for expression in find_expressions(tokenize(text)):
        length = expression.duration or expression.shift
        if length is not None:
            try:
                delta = length.delta
            except _TOO_FAR:
                return None
            if delta > timedelta(0):
                return length
    return None


_length_in = Remembered(_first_length)


def read_range(
    text: str,
    now: datetime,
    *,
    facts: Sequence[Fact] = (),
    language: LanguageSettings = _DEFAULTS,
) -> tuple[datetime, datetime] | None:
    """`read_extent` without its note."""
    found = read_extent(text, now, facts=facts, language=language)
    return (found.start, found.end) if found is not None else None


def read_extent(
    text: str,
    now: datetime,
    *,
    facts: Sequence[Fact] = (),
    language: LanguageSettings = _DEFAULTS,
) -> Extent | None:
    """The range of time that a text names, end exclusive, or None.

    A day is midnight to midnight, a part of it its hours ("Saturday afternoon": 12 to 18), "this week" the whole
    week, a point in time the hour from it; "before" and "after" open the range to now and to the end of the day.
    """
    reading = _reading(now, None, facts, language)
    tokens = tokenize(text)
    expressions = find_expressions(tokens, language.date_order)
    try:
        merged = merge(expressions)
        if merged is not None:
            extent = read_span(merged, reading, hints_of(tokens))
            return extent if extent is not None and extent.start.timestamp() < extent.end.timestamp() else None
        other = _written_otherwise(tokens, reading, language)
        if other is None:
            return None
        return Extent(other.start, at_wall(other.start.date() + timedelta(days=1), time(0), now.tzinfo)[0])
    except _TOO_FAR:
        return None


def is_relative_to_fact(text: str) -> bool:
    """Whether the time counts from something that the words do not date ("an hour before", "the day before it")."""
    expressions = find_expressions(tokenize(text))
    merged = merge(expressions)
    return merged is not None and merged.anchor_text is not None
