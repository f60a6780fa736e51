"""The properties of a JSON schema as slots: what kind of value each takes, and the words that speak of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from common.language import formats
from common.language.choices import Choices
from common.language.words import by_word, stem, tokenize

__all__ = ["Schema", "Slot", "compile_slots", "name_parts", "single_slot"]

Schema = Mapping[str, Any]
_MAX_DEPTH = 4
_BY_NAME = by_word(
    {
        formats.PLACE: "place location city town destination origin country address venue region",
        formats.PERSON: (
            "person recipient attendee contact customer user name_of_person invitee assignee who employee guest patient"
        ),
        formats.QUERY: "query keywords search q search_term term keyword",
        formats.SUBJECT: "subject title label topic summary event task about",
        formats.WHEN: "when date day time datetime start end deadline due date_time starts_at ends_at",
        formats.DURATION: "duration length how_long",
        "email": "email email_address e_mail",
        "uri": "url uri link website",
    }
)
"""What plain text is read as where a property has one of these names."""
_BY_TAIL = frozenset({"city", "location", "place", "email", "date", "time", "query", "url"})
_ACRONYM = re.compile(r"\b[A-Z]{2,5}\b")
_NAME_PART = re.compile(r"[a-z]+|[A-Z][a-z]*|\d+")


def name_parts(name: str) -> list[str]:
    """The words of a property's name ("fromCity", "from_city" -> from, city)."""
    return [part.lower() for part in _NAME_PART.findall(name)]


@dataclass(frozen=True)
class Slot:
    """One property of a tool's arguments, looked at once: what kind of value it takes, and words that speak of it."""

    name: str
    kind: str
    schema: Schema
    required: bool
    words: frozenset[str]
    own: frozenset[str]
    choices: Choices | None = None
    items: Slot | None = None
    inner: tuple[Slot, ...] = ()


def compile_slots(schema: Schema) -> tuple[Slot, ...]:
    """The slots of an object schema; `$ref`s into its `$defs` are followed."""
    definitions: Schema = schema.get("$defs") or {}
    return _compile(schema, definitions, 0)


def _compile(schema: Schema, definitions: Schema, depth: int) -> tuple[Slot, ...]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or depth > _MAX_DEPTH:
        return ()
    required = schema.get("required")
    names = set(cast("Sequence[str]", required)) if isinstance(required, Sequence) else set[str]()
    return tuple(
        _slot(str(name), _plain_schema(value, definitions), str(name) in names, definitions, depth)
        for name, value in cast("Mapping[str, Any]", properties).items()
    )


def _plain_schema(value: Any, definitions: Schema) -> Schema:
    """A property's schema with its reference followed and, of alternatives, the first that is not null."""
    schema: Schema = cast("Schema", value) if isinstance(value, Mapping) else {}
    for _ in range(8):
        reference = schema.get("$ref")
        options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if isinstance(reference, str):
            target = definitions.get(reference.rpartition("/")[2])
            rest = {key: inner for key, inner in schema.items() if key != "$ref"}
        elif isinstance(options, Sequence) and options:
            choices = [
                cast("Schema", option) for option in cast("Sequence[Any]", options) if isinstance(option, Mapping)
            ]
            target = next((option for option in choices if option.get("type") != "null"), None)
            rest = {key: inner for key, inner in schema.items() if key not in ("anyOf", "oneOf", "allOf")}
        else:
            break
        if not isinstance(target, Mapping):
            return rest
        schema = {**cast("Schema", target), **rest}
    return schema


def single_slot(schema: Schema, name: str) -> Slot:
    """One property that stands alone, taken as required."""
    definitions: Schema = schema.get("$defs") or {}
    return _slot(name, _plain_schema(schema, definitions), True, definitions, 0)


def _slot(name: str, schema: Schema, required: bool, definitions: Schema, depth: int) -> Slot:
    kind = _kind(name, schema)
    words = _words(name, schema)
    choices = Choices(schema) if kind == "choice" else None
    items: Slot | None = None
    inner: tuple[Slot, ...] = ()
    if kind == "array":
        items = _slot(_singular(name), _plain_schema(schema.get("items"), definitions), False, definitions, depth + 1)
    elif kind == "object":
        inner = _compile(schema, definitions, depth + 1)
    own = frozenset(stem(part) for part in name_parts(name))
    return Slot(name, kind, schema, required, words, own, choices, items, inner)


def _kind(name: str, schema: Schema) -> str:
    """Enum, a format, a JSON type, or for plain text what the property's name says."""
    if schema.get("enum") or schema.get(formats.CHOICES):
        return "choice"
    kind = schema.get("type")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = next((option for option in cast("Sequence[Any]", kind) if option != "null"), "string")
    if kind in ("boolean", "integer", "number", "array", "object"):
        return str(kind)
    given = schema.get("format")
    if isinstance(given, str) and given:
        return given
    snake = "_".join(name_parts(name))
    tail = snake.rpartition("_")[2]
    return _BY_NAME.get(snake) or (_BY_NAME[tail] if tail in _BY_TAIL else "text")


def _words(name: str, schema: Schema) -> frozenset[str]:
    words = [stem(part) for part in name_parts(name)]
    described = schema.get("description")
    if isinstance(described, str):
        words += [stem(word) for word in tokenize(described[:300]).low[:30] if len(word) > 3]
        words += [stem(short.lower()) for short in _ACRONYM.findall(described[:300])]
    return frozenset(words)


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name
