"""Reads values for the properties of a JSON schema from what somebody said.

Only what was said is filled in: a property that the text says nothing about stays open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from common.language import formats
from common.language.choices import Choice, Choices
from common.language.marked import Marked, mark
from common.language.numbers_said import Said, fit, said_numbers
from common.language.parts import Part
from common.language.people import read_people
from common.language.places import read_place
from common.language.queries import read_query
from common.language.slot_shapes import Schema, Slot, compile_slots, name_parts, single_slot
from common.language.subjects import quoted, read_subject
from common.language.switching import read_switch
from common.language.texts_said import read_code, read_email, read_named_text, read_url
from common.language.time_words import read_duration, read_when
from common.language.when_said import Whens, read_whens
from common.language.words import stem, tokenize, word_set
from common.settings import LanguageSettings
from common.tool import Fact

__all__ = ["Filled", "Scope", "Slot", "compile_slots", "fill", "fill_slots", "scope_of"]

_CODE_NAMES = word_set(
    "id number code reference ref key no sku account invoice order ticket case booking flight room iban"
)


@dataclass(frozen=True)
class Scope:
    """What slots are filled from: the words of one part, and the clock, facts and settings around them."""

    marked: Marked
    part: Part
    request: str
    now: datetime | None = None
    facts: Sequence[Fact] = ()
    language: LanguageSettings = field(default_factory=LanguageSettings)


@dataclass(slots=True)
class Filled:
    """Values found, by property; `open` are properties nothing was said for; `waiting` those whose time counts from
    something that is not known yet; `chosen` counts enum values by how
    much of them was said; `taken` are words that stand for a value that is written otherwise."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    open: list[str] = field(default_factory=list[str])
    waiting: list[str] = field(default_factory=list[str])
    chosen: float = 0.0
    taken: set[str] = field(default_factory=set[str])

    def words(self) -> set[str]:
        """The words, stemmed, that were taken as values or as naming one."""
        found = set(self.taken)
        for value in self.values.values():
            for text in cast("list[Any]", value) if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    found.update(stem(word) for word in tokenize(text).low)
        return found


def scope_of(
    part: Part,
    request: str,
    *,
    now: datetime | None = None,
    facts: Sequence[Fact] = (),
    language: LanguageSettings | None = None,
) -> Scope:
    """The scope of a part; its condition is no part of what its slots are read from."""
    return Scope(mark(part.action), part, request, now, facts, language or LanguageSettings())


def fill(schema: Schema, name: str, scope: Scope) -> Any | None:
    """The value that the part says for one property, or None where it says none."""
    return fill_slots((single_slot(schema, name),), scope).values.get(name)


def fill_slots(slots: Sequence[Slot], scope: Scope) -> Filled:
    """Read a value for each slot; each number and each time is used once."""
    return _Filler(slots, scope).fill()


class _Filler:
    """One reading of one part for the slots of one tool."""

    def __init__(self, slots: Sequence[Slot], scope: Scope) -> None:
        self._slots = slots
        self._scope = scope
        self._marked = scope.marked
        self._filled = Filled()
        self._used = bytearray(len(scope.marked.tokens))

    def fill(self) -> Filled:
        """Fill the slots, those with the surest signs first."""
        order = {"choice": 0, "boolean": 1, "number": 3, "integer": 3, "text": 4}
        kinds = {slot.kind for slot in self._slots}
        if kinds & {formats.WHEN, "date", "time", "date-time", formats.DURATION}:
            self._times()
        for slot in sorted(self._slots, key=lambda slot: order.get(slot.kind, 2)):
            if slot.name in self._filled.values or slot.kind in ("number", "integer") or slot.kind in _TIME_KINDS:
                continue
            value = self._read(slot)
            if value is not None:
                self._filled.values[slot.name] = value
        self._numbers([slot for slot in self._slots if slot.kind in ("number", "integer")])
        texts = [slot for slot in self._slots if slot.kind == "text" and slot.name not in self._filled.values]
        for slot in texts:
            value = read_named_text(self._marked, slot.name, alone=len(texts) == 1)
            if value is not None and _short_enough(value, slot.schema):
                self._filled.values[slot.name] = value
        self._filled.open = [slot.name for slot in self._slots if slot.name not in self._filled.values]
        self._filled.values = {
            slot.name: self._filled.values[slot.name] for slot in self._slots if slot.name in self._filled.values
        }
        return self._filled

    def _use(self, first: int, last: int) -> None:
        """Tokens that became a value: no other slot reads them again."""
        last = min(last, len(self._used))
        self._used[first:last] = b"\x01" * max(0, last - first)
        self._filled.taken.update(stem(word) for word in self._marked.low[first:last])

    # ---- times ---------------------------------------------------------------------------------------------------

    def _times(self) -> None:
        slots = [slot for slot in self._slots if slot.kind in _TIME_KINDS]
        whens = read_whens(self._marked, self._scope.facts)
        lengths = [slot for slot in slots if slot.kind == formats.DURATION]
        points = [slot for slot in slots if slot.kind != formats.DURATION]
        for slot, (text, waiting) in zip(_in_order(points, whens), whens.assigned(len(points)), strict=False):
            value = self._point(slot, text)
            if value is None:
                continue
            self._filled.values[slot.name] = value
            if waiting:
                self._filled.waiting.append(slot.name)
        for slot in lengths[:1]:
            text = whens.duration or (whens.elapsed if not points else "")
            if text:
                self._filled.values[slot.name] = text

    def _point(self, slot: Slot, text: str) -> str | None:
        if not text:
            return None
        if slot.kind == formats.WHEN:
            return text
        now = self._scope.now
        moment = read_when(text, now, facts=self._scope.facts, language=self._scope.language) if now else None
        if moment is None:
            return None
        if slot.kind == "date":
            return moment.start.date().isoformat()
        if not moment.has_time and slot.kind == "time":
            return None
        instant = moment.start.isoformat()
        return instant.partition("T")[2] if slot.kind == "time" else instant

    # ---- numbers -------------------------------------------------------------------------------------------------

    def _numbers(self, slots: Sequence[Slot]) -> None:
        if not slots:
            return
        said = [number for number in said_numbers(self._marked) if not any(self._used[number.first : number.last])]
        ranked = sorted(
            ((fit(number, slot.words), -n, s) for n, number in enumerate(said) for s, slot in enumerate(slots)),
            key=lambda entry: -entry[0],
        )
        taken: set[int] = set()
        for score, minus, s in ranked:
            if score >= 0.3:
                self._take_number(slots[s], said[-minus], -minus, taken)
        left = [slot for slot in slots if slot.name not in self._filled.values]
        free = [n for n, number in enumerate(said) if n not in taken and not self._claimed(number)]
        for score, minus, s in ranked:
            if -minus in free and (score >= 0.0 or len(left) == 1 == len(free)):
                self._take_number(slots[s], said[-minus], -minus, taken)
        for slot in slots:
            if slot.name not in self._filled.values and (length := _as_number_of_time(slot, self._marked)) is not None:
                self._filled.values[slot.name] = length

    def _claimed(self, number: Said) -> bool:
        """Whether a word before the number says that it is the number of something else ("invoice 4711")."""
        return bool(number.before) and number.before[-1] in _CODE_STEMS

    def _take_number(self, slot: Slot, number: Said, place: int, taken: set[int]) -> None:
        if place in taken or slot.name in self._filled.values:
            return
        value = _in_bounds(_level(number, slot.schema), slot)
        if value is None:
            return
        taken.add(place)
        self._use(number.first, number.last + 1)
        self._filled.values[slot.name] = value

    # ---- the rest ------------------------------------------------------------------------------------------------

    def _read(self, slot: Slot) -> Any | None:
        if slot.kind == "choice":
            return self._choice(slot)
        if slot.kind == "array":
            return self._array(slot)
        if slot.kind == "object":
            inner = fill_slots(slot.inner, self._scope)
            return inner.values or None
        if slot.kind == "boolean":
            return read_switch(self._marked, slot.own, self._used)
        if slot.kind == formats.PLACE:
            return self._place(slot)
        reader = _READERS.get(slot.kind)
        if reader is not None:
            value = reader(self._scope)
            return value if value is None or _short_enough(value, slot.schema) else None
        if slot.kind == "text" and _code_name(slot.name):
            found = read_code(self._marked, slot.name, slot.words)
            if found is not None:
                self._use(found[1], found[2])
                return found[0]
        return None

    def _place(self, slot: Slot) -> str | None:
        """A place; of two, each by the side of the way that its name says."""
        others = [other for other in self._slots if other.kind == formats.PLACE and other is not slot]
        if not others:
            return read_place(self._marked)
        parts = set(name_parts(slot.name))
        side = "from" if parts & _FROM else "to" if parts & _TO else ""
        taken = next((self._filled.values[other.name] for other in others if other.name in self._filled.values), "")
        return read_place(self._marked, side, str(taken))

    def _choice(self, slot: Slot) -> Any | None:
        choices = slot.choices
        if choices is None:
            return None
        said = [choice for choice in choices.said(self._marked) if not any(self._used[choice.first : choice.last])]
        if not said:
            return self._unsaid_choice(slot, choices)
        best = max(said, key=lambda choice: choice.weight)
        self._note_choice(best, choices)
        return best.value

    def _unsaid_choice(self, slot: Slot, choices: Choices) -> Any | None:
        """The value of an on-off enum, or the one whose description and examples fit."""
        by_word = {str(value).lower(): value for value in choices.values}
        if {"on", "off"} <= by_word.keys():
            on = read_switch(self._marked, slot.words | {"on"}, self._used)
            return None if on is None else by_word["on" if on else "off"]
        if choices.details and (found := choices.likeliest(self._scope.part.standalone)):
            self._filled.chosen += 0.5
            return found[0]
        return None

    def _note_choice(self, choice: Choice, choices: Choices) -> None:
        self._use(choice.first, choice.last)
        self._filled.chosen += choice.weight if choices.aliased else 0.5

    def _array(self, slot: Slot) -> list[Any] | None:
        items = slot.items
        if items is None:
            return None
        if items.kind == "choice" and items.choices is not None:
            every = items.choices.everything(self._marked)
            said = items.choices.said(self._marked)
            for choice in said:
                self._note_choice(choice, items.choices)
            return every or list(dict.fromkeys(choice.value for choice in said)) or None
        if items.kind == formats.PERSON:
            return read_people(self._marked) or None
        if items.kind in ("number", "integer"):
            numbers = [_in_bounds(number.value, items) for number in said_numbers(self._marked)]
            return [number for number in numbers if number is not None] or None
        if items.kind in (formats.PART_REFERENCE, formats.PART_ORDER, "object"):
            return None
        text = read_named_text(self._marked, slot.name, alone=True) or read_subject(self._marked)
        return _listed(text) if text else None


_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0, "week": 604_800.0}
_TIME_KINDS = frozenset({formats.WHEN, formats.DURATION, "date", "time", "date-time"})
_CODE_STEMS = frozenset(
    stem(word) for word in _CODE_NAMES | {"street", "page", "chapter", "version", "gate", "platform"}
)
_FROM = frozenset({"from", "origin", "departure", "start", "source", "pickup"})
_TO = frozenset({"to", "destination", "arrival", "target", "end", "dropoff"})
_ENDING = frozenset(
    {"end", "until", "to", "till", "finish", "due", "new", "target", "later", "moved", "stop", "ends", "return"}
)


def _person(scope: Scope) -> str | None:
    people = read_people(scope.marked)
    return " and ".join(people) or None


_READERS: dict[str, Callable[[Scope], str | None]] = {
    formats.SUBJECT: lambda scope: read_subject(scope.marked),
    formats.PERSON: _person,
    formats.QUERY: lambda scope: read_query(scope.marked),
    formats.REQUEST: lambda scope: scope.request,
    formats.PART: lambda scope: scope.part.standalone,
    formats.PART_ID: lambda scope: scope.part.id,
    "email": lambda scope: read_email(scope.marked.tokens.text),
    "uri": lambda scope: read_url(scope.marked.tokens.text),
    "url": lambda scope: read_url(scope.marked.tokens.text),
}


def _code_name(name: str) -> bool:
    parts = set(name_parts(name))
    return bool(parts & _CODE_NAMES)


def _in_order(slots: Sequence[Slot], whens: Whens) -> list[Slot]:
    """The slots in the order in which times are dealt out: where only a new time is said, the one for it first."""
    later = [slot for slot in slots if _ENDING.intersection(name_parts(slot.name))]
    sooner = [slot for slot in slots if slot not in later]
    return [*later, *sooner] if whens.only_new else [*sooner, *later]


def _level(number: Said, schema: Schema) -> float:
    """What a number means for a property: a share for a percentage, where that is wanted, and a level ("half", "full")
    within its bounds (0 to 100 where it has none)."""
    if not number.level:
        is_share = number.unit == "percent" and schema.get("format") == formats.FRACTION
        return round(number.value / 100, 12) if is_share else number.value
    low, high = schema.get("minimum", 0), schema.get("maximum", 100)
    bounds = (
        float(low) if isinstance(low, int | float) else 0.0,
        float(high) if isinstance(high, int | float) else 100.0,
    )
    return bounds[0] + (bounds[1] - bounds[0]) * number.value


def _bound(schema: Schema, key: str) -> float | None:
    bound = schema.get(key)
    return float(bound) if isinstance(bound, int | float) and not isinstance(bound, bool) else None


def _in_bounds(value: float, slot: Slot) -> float | int | None:
    schema = slot.schema
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    above, below = _bound(schema, "exclusiveMinimum"), _bound(schema, "exclusiveMaximum")
    if (low is not None and value < low) or (high is not None and value > high):
        return None
    if (above is not None and value <= above) or (below is not None and value >= below):
        return None
    if slot.kind == "integer":
        return int(value) if value == int(value) else None
    return value


def _as_number_of_time(slot: Slot, marked: Marked) -> float | int | None:
    """A length of time as a number, where the property's name tells the unit ("minutes")."""
    unit = next((_SECONDS[part.rstrip("s")] for part in name_parts(slot.name) if part.rstrip("s") in _SECONDS), None)
    if unit is None:
        return None
    length = read_duration(marked.tokens.text)
    return _in_bounds(length.total_seconds() / unit, slot) if length is not None else None


def _short_enough(value: str, schema: Schema) -> bool:
    most, least = schema.get("maxLength"), schema.get("minLength")
    return not (isinstance(most, int) and len(value) > most) and not (isinstance(least, int) and len(value) < least)


def _listed(text: str) -> list[str]:
    """The items of "milk, eggs and bread"."""
    if name := quoted(text):
        return [name]
    pieces = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s*;\s*", text)
    return [piece.strip() for piece in pieces if piece.strip()][:50]
