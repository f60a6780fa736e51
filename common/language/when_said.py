"""Which words of time in a part go into which slot: when, from when to when, how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.language.marked import Marked
from common.language.time_words import Span
from common.language.time_words.expressions import find_expressions
from common.language.time_words.facts import fact_for
from common.language.time_words.hints import hints_of
from common.language.time_words.lexicon import MOVING
from common.language.time_words.model import Expression
from common.language.words import tokenize
from common.tool import Fact

__all__ = ["Whens", "read_whens"]


_ENDS = (" to ", " until ", " till ", " - ", "-", " and ", " through ")


@dataclass(frozen=True, slots=True)
class Whens:
    """The words of time of a part: `first` and `second` point in time, each with whether it waits for a fact."""

    first: tuple[str, bool] = ("", False)
    second: tuple[str, bool] = ("", False)
    whole: tuple[str, bool] = ("", False)
    duration: str = ""
    elapsed: str = ""
    only_new: bool = False

    def assigned(self, slots: int) -> list[tuple[str, bool]]:
        """The words for that many slots: all of them in one, or start and end apart."""
        if slots <= 1:
            return [self.whole]
        return [self.first, self.second]


def read_whens(marked: Marked, facts: Sequence[Fact]) -> Whens:
    """Sort the words of time of a part."""
    spans = [span for span in marked.spans if span.kind != "duration"]
    durations = [span for span in marked.spans if span.kind == "duration"]
    duration = _plain_length(durations[0].text) if durations else ""
    if not spans:
        return Whens(duration=duration)
    moving = bool(MOVING.intersection(marked.low[:6]))
    texts = [_resolved(span, spans, facts) for span in spans]
    elapsed = _plain_length(spans[0].text) if spans[0].text.lower().startswith(("in ", "within ")) else ""
    target = next((n for n in range(len(spans)) if moving and _bound(spans[n]) == "to"), None)
    if target is not None:
        new = (_tidy(_joined(spans[target:], texts[target:], marked)), texts[target][1])
        old = (_tidy(texts[0][0]), texts[0][1]) if target else ("", False)
        return Whens(
            new if not target else old, old if not target else new, new, duration, elapsed, only_new=not target
        )
    if moving and (halves := _halves(spans[0].text)):
        return Whens((halves[0], False), (halves[1], False), (halves[1], False), duration, elapsed)
    offset = next((n for n, span in enumerate(spans) if span.kind == "offset"), None)
    if offset is not None:
        whole = texts[offset]
        others = [text for n, text in enumerate(texts) if n != offset]
        return Whens(whole, others[0] if others else ("", False), whole, duration, elapsed)
    joined = _hinted(_joined(spans, texts, marked), marked)
    halves = _halves(spans[0].text)
    first, second = (halves[0], halves[1]) if halves else (joined, "")
    if not halves and len(spans) > 1 and not _complete_each_other(spans):
        first, second = texts[0][0], texts[1][0]
    return Whens((first, False), (second, False), (joined, False), duration, elapsed)


def _resolved(span: Span, spans: Sequence[Span], facts: Sequence[Fact]) -> tuple[str, bool]:
    """The words of a span; an offset takes the start of the fact it counts from, or waits for one."""
    if span.kind != "offset":
        return span.text, False
    other = next((other for other in spans if other is not span and other.kind == "when"), None)
    hour = other is not None and _is_hour_of(span, other)
    if other is not None and not hour:
        return f"{span.text} {other.text}", False
    tail = f"{span.tail} {other.text if other is not None else ''}".strip()
    fact = fact_for(span.anchor, facts)
    if fact is None:
        return f"{span.text} {other.text if other is not None else ''}".rstrip(), True
    after = span.head.lower().endswith("after")
    return f"{span.head} {fact.end if after and fact.end else fact.start} {tail}".rstrip(), False


def _is_hour_of(offset: Span, other: Span) -> bool:
    """Whether an hour belongs to an offset in days ("the day before the trip at 6pm") and dates nothing itself."""
    counted, said = _expression(offset.text), _expression(other.text)
    if counted is None or said is None or counted.shift is None:
        return False
    return not counted.shift.by_clock and said.date is None and said.instant is None


def _expression(text: str) -> Expression | None:
    found = find_expressions(tokenize(text))
    return found[0] if found else None


def _bound(span: Span) -> str:
    found = _expression(span.text)
    return "to" if span.text.lower().startswith("to ") else found.bound if found else ""


def _complete_each_other(spans: Sequence[Span]) -> bool:
    found = [_expression(span.text) for span in spans[:2]]
    first, second = found[0], found[1]
    if first is None or second is None:
        return False
    return (first.date is None) != (second.date is None) and not (first.clock and second.clock)


def _joined(spans: Sequence[Span], texts: Sequence[tuple[str, bool]], marked: Marked) -> str:
    """All words of one point in time: "on Saturday" and "at noon" make "on Saturday at noon"."""
    if len(spans) > 1 and _complete_each_other(spans):
        first, second = _expression(spans[0].text), _expression(spans[1].text)
        if first is not None and second is not None and first.date is None:
            return f"{spans[1].text} {spans[0].text}"
        return f"{spans[0].text} {spans[1].text}"
    del marked
    return texts[0][0]


def _hinted(text: str, marked: Marked) -> str:
    """With the half of the day that words around an hour speak for ("wake me at 7" is in the morning)."""
    found = _expression(text)
    if found is None or found.clock is None or not found.clock.open or found.daypart is not None or found.clock_end:
        return text
    hour = found.clock.hour
    hints = hints_of(marked.tokens)
    if "morning" in hints and 3 <= hour <= 11:
        return f"{text} in the morning"
    if "evening" in hints and 4 <= hour <= 11:
        return f"{text} in the evening"
    if "midday" in hints and hour < 6:
        return f"{text} in the afternoon"
    return text


def _halves(text: str) -> tuple[str, str] | None:
    """Start and end of a range in words: "from 9 to 11 tomorrow"."""
    found = _expression(text)
    if found is None or (found.clock_end is None and found.date_end is None):
        return None
    for joint in _ENDS:
        first, sign, second = text.partition(joint)
        if not sign or not first.strip() or not second.strip():
            continue
        start, end = _expression(first), _expression(f"at {second.strip()}") or _expression(second)
        if start is None or end is None:
            continue
        day = "" if end.date is not None or start.date is None else _day_of(first)
        started = first if start.date is not None or end.date is None else f"{first} {_day_of(second)}"
        return _tidy(started), f"{day} {_timed(second)}".strip()
    return None


def _timed(text: str) -> str:
    text = text.strip()
    found = _expression(text)
    return text if found is not None else f"at {text}"


def _day_of(text: str) -> str:
    """The words of a text that name a day."""
    tokens = tokenize(text)
    for last in range(len(tokens), 0, -1):
        for first in range(last):
            piece = tokens.cut(first, last)
            found = _expression(piece)
            if (
                found is not None
                and found.date is not None
                and found.clock is None
                and found.last - found.first == last - first
            ):
                return piece
    return ""


def _tidy(text: str) -> str:
    """Words of a target or a start without the "to" or "from" before them."""
    low = text.lower()
    for lead in ("to ", "from ", "between "):
        if low.startswith(lead):
            rest = text[len(lead) :]
            found = _expression(rest)
            return rest if found is not None else f"at {rest}"
    return text


def _plain_length(text: str) -> str:
    """A length without the preposition before it."""
    low = text.lower()
    for lead in ("for ", "in ", "within ", "about ", "over ", "around ", "during ", "from "):
        if low.startswith(lead):
            return text[len(lead) :]
    return text
