"""Single values read from requests, and JSON-schema properties filled from them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.language.marked import mark
from common.language.parts import Part
from common.language.people import read_people
from common.language.places import read_place
from common.language.queries import read_query
from common.language.slots import compile_slots, fill, fill_slots, scope_of
from common.language.subjects import read_subject
from common.language.words import word_set
from tests.common.language.slot_cases import PEOPLE, PLACES, QUERIES, SUBJECTS
from tests.common.language.time_cases import ZURICH


@pytest.mark.parametrize(("request_text", "place"), PLACES)
def test_reads_the_place(request_text: str, place: str | None) -> None:
    assert read_place(mark(request_text)) == place


@pytest.mark.parametrize(("request_text", "subject"), SUBJECTS)
def test_reads_the_subject(request_text: str, subject: str | None) -> None:
    assert read_subject(mark(request_text)) == subject


@pytest.mark.parametrize(("request_text", "people"), PEOPLE)
def test_reads_the_people(request_text: str, people: list[str]) -> None:
    assert read_people(mark(request_text)) == people


@pytest.mark.parametrize(("request_text", "query"), QUERIES)
def test_reads_the_query(request_text: str, query: str) -> None:
    assert read_query(mark(request_text)) == query


def filled(schema: dict[str, Any], text: str, name: str = "value") -> Any:
    return fill(schema, name, scope_of(Part(0, text, text), text, now=ZURICH))


@pytest.mark.parametrize(
    ("schema", "name", "text", "value"),
    [
        ({"type": "integer"}, "quantity", "order three tickets", 3),
        ({"type": "integer", "maximum": 10}, "guests", "a table for 12 people", None),
        ({"type": "integer"}, "count", "it costs 3.5 francs", None),
        ({"type": "number"}, "amount", "pay 1,250.75 dollars", 1250.75),
        ({"type": "number"}, "amount", "transfer €99 to Bob", 99.0),
        ({"type": "number"}, "budget", "find a car for a budget of 90k euros", 90_000.0),
        ({"type": "number"}, "price", "houses up to a price of 1.5mn", 1_500_000.0),
        ({"type": "number", "format": "fraction"}, "rate", "a loan at a rate of 4%", 0.04),
        ({"type": "number", "format": "fraction"}, "rate", "a loan at a rate of 0.04", 0.04),
        ({"type": "number"}, "rate", "a loan at a rate of 4%", 4.0),
        ({"type": "integer"}, "guests", "a table for a party of 5", 5),
        ({"type": "integer", "minimum": 0, "maximum": 100}, "brightness", "set it to half", 50),
        ({"type": "integer"}, "minutes", "give me a quarter of an hour", 15),
        ({"type": "boolean"}, "on", "switch it off", False),
        ({"type": "boolean"}, "on", "put the radio on please", True),
        ({"type": "boolean"}, "on", "what is on my list", None),
        ({"type": "boolean"}, "locked", "unlock the gate", False),
        ({"type": "boolean"}, "open", "close the window", False),
        ({"type": "boolean"}, "express", "ship it express", True),
        ({"type": "boolean"}, "express", "ship it, but not express", False),
        ({"type": "string", "format": "email"}, "to", "write to jo.b@example.org.", "jo.b@example.org"),
        ({"type": "string", "format": "uri"}, "link", "read https://example.org/a?b=1", "https://example.org/a?b=1"),
        ({"type": "string", "format": "date"}, "day", "on the 3rd", "2026-12-03"),
        ({"type": "string", "format": "time"}, "at", "at half past four", "16:30:00+01:00"),
        ({"type": "string", "format": "date-time"}, "at", "tomorrow at noon", "2026-11-26T12:00:00+01:00"),
        ({"type": "string", "enum": ["small", "large"]}, "size", "a large coffee", "large"),
        ({"type": "string", "enum": ["small", "large"]}, "size", "a coffee", None),
        ({"enum": ["USD", "EUR"], "x-choices": {"EUR": ["euros", "euro"]}}, "currency", "5 euros", "EUR"),
        ({"type": "string"}, "order_id", "where is order #W-1234?", "W-1234"),
        ({"type": "string"}, "message", "text Bob saying see you at 5", "see you at 5"),
        ({"type": "string"}, "note", "tell me a story", None),
        ({"type": "array", "items": {"type": "string"}}, "items", "add milk, eggs and tea", ["milk", "eggs", "tea"]),
        ({"type": "array", "items": {"enum": ["red", "blue", "green"]}}, "colours", "red and green", ["red", "green"]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "pages", "print 4 pages", 4),
        ({"type": "string", "format": "duration"}, "length", "block two hours on Friday", "two hours"),
    ],
)  # fmt: skip
def test_fills_a_property(schema: dict[str, Any], name: str, text: str, value: Any) -> None:
    assert filled(schema, text, name) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "find the employee Kai", "Kai"),
        ("last_name", "show the record of Winter", "Winter"),
        ("status", "list the loans with status late", "late"),
        ("category", "which products are in the category garden tools?", "garden tools"),
        ("name", "Find the employee", None),
        ("status", "list loans by status", None),
        ("status", "show the status of my loan", None),
        ("status", "loans with status late and a balance over 10", None),
    ],
)
def test_a_text_that_ends_the_part_is_for_the_only_property_of_that_name(
    name: str, text: str, value: str | None
) -> None:
    assert filled({"type": "string"}, text, name) == value


def test_dates_need_a_clock() -> None:
    scope = scope_of(Part(0, "tomorrow", "tomorrow"), "tomorrow")
    assert fill({"type": "string", "format": "date"}, "day", scope) is None


def test_each_number_is_used_once() -> None:
    schema = {
        "type": "object",
        "properties": {"rooms": {"type": "integer"}, "guests": {"type": "integer"}, "invoice": {"type": "string"}},
        "required": ["rooms", "guests"],
    }
    text = "2 rooms for five people, invoice 77"
    result = fill_slots(compile_slots(schema), scope_of(Part(0, text, text), text))
    assert result.values == {"rooms": 2, "guests": 5, "invoice": "77"}


def test_numbers_go_to_what_they_are_said_of_also_by_its_initials() -> None:
    schema: dict[str, Any] = {
        "properties": {
            "net_operating_income": {"type": "number", "description": "Net operating income (NOI)"},
            "debt_service": {"type": "number", "description": "Debt service"},
        }
    }
    text = "what is the DSCR with a debt service of 100000 and NOI of 126000?"
    values = fill_slots(compile_slots(schema), scope_of(Part(0, text, text), text)).values
    assert values == {"net_operating_income": 126000.0, "debt_service": 100000.0}


def test_nested_objects_and_references_are_followed() -> None:
    schema = {
        "type": "object",
        "$defs": {"Trip": {"type": "object", "properties": {"city": {"type": "string", "format": "place"}}}},
        "properties": {"trip": {"$ref": "#/$defs/Trip"}, "loop": {"$ref": "#/$defs/Missing"}},
    }
    text = "hotels in Basel"
    assert fill_slots(compile_slots(schema), scope_of(Part(0, text, text), text)).values == {"trip": {"city": "Basel"}}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    sorted(
        word_set("type format enum x-choices items anyOf $ref minimum maximum maxLength properties required default")
    )
)
_VALUES = _JSON | st.sampled_from(
    ["string", "integer", "number", "boolean", "array", "object", "when", "place", "date"]
)


@given(
    st.dictionaries(st.text(max_size=10), st.dictionaries(_KEYS, _VALUES, max_size=5), max_size=5),
    st.text(max_size=200),
)
def test_any_schema_and_text_are_survived(properties: dict[str, Any], text: str) -> None:
    slots = compile_slots({"type": "object", "properties": properties, "required": list(properties)})
    result = fill_slots(slots, scope_of(Part(0, text, text), text, now=ZURICH))
    assert set(result.values) | set(result.open) <= set(properties)
    assert not set(result.values) & set(result.open)
