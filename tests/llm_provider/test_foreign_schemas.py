"""What strangers say of their tools is made safe, whatever they say."""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.errors import ToolError
from common.tool import Tool, ToolContext, ToolResult
from llm_provider.foreign_schemas import ArgumentCheck, foreign_arguments, plain_text, safe_schema, tool_names
from llm_provider.tool_registry import ToolRegistry
from llm_provider.wire_names import wire_name

NAMES = st.lists(st.text(max_size=100) | st.from_regex(r"[A-Za-z_.\-]{0,8}", fullmatch=True), max_size=12)
WORDS = st.sampled_from(
    ["type", "properties", "required", "items", "anyOf", "oneOf", "$ref", "$defs", "enum", "const", "default", "format",
     "pattern", "description", "title", "minimum", "multipleOf", "additionalProperties", "patternProperties",
     "x-choices", "a", "b"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=20)
    | st.sampled_from(["object", "string", "array", "integer", "#/$defs/a", "#/$defs/b", "when", "date-time"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)  # fmt: skip
SCHEMAS = st.dictionaries(WORDS, VALUES, max_size=8).map(lambda given: {**given, "type": "object"})


async def _never(_: Any, __: ToolContext) -> ToolResult:
    raise AssertionError("not called")


@given(st.text(), st.integers(1, 50))
def test_plain_text_is_one_bounded_line_of_what_can_be_seen(text: str, size: int) -> None:
    plain = plain_text(text, size)
    assert len(plain) <= size
    assert not any(unicodedata.category(char)[0] == "C" for char in plain)
    assert plain == " ".join(plain.split())


@given(NAMES, st.randoms())
def test_names_are_usable_distinct_and_stable(names: list[str], random: Any) -> None:
    found = tool_names("shelf", names)
    assert sorted(found.values()) == sorted(set(names))
    for name in found:
        assert re.fullmatch(r"shelf\.[a-z][a-z0-9_]{0,63}", name)
    assert len({wire_name(name) for name in found}) == len(found)
    shuffled = list(names)
    random.shuffle(shuffled)
    assert tool_names("shelf", shuffled) == found


@given(SCHEMAS)
def test_a_schema_is_refused_or_fit_for_prompts_and_checks(schema: dict[str, Any]) -> None:
    try:
        built = safe_schema(schema, "shelf.tool")
    except ToolError:
        return
    text = json.dumps(built)
    assert len(text) <= 20_000
    assert "$ref" not in keys(built)
    assert not {"pattern", "patternProperties", "x-choices"} & keys(built)
    arguments = foreign_arguments("shelf.tool", built, ArgumentCheck(built))
    with contextlib.suppress(ValidationError):
        arguments.model_validate({"a": 1})
    try:
        ToolRegistry([Tool("shelf.tool", "words", arguments, _never)])
    except ToolError:
        return


def keys(schema: Any) -> set[str]:
    """The keywords of a schema; the names of properties are none."""
    found: set[str] = set()
    if isinstance(schema, dict):
        for key, value in schema.items():
            found.add(key)
            if key == "properties":
                found |= {inner for one in value.values() for inner in keys(one)}
            elif key not in ("enum", "const", "default"):
                found |= keys(value)
    elif isinstance(schema, list):
        found = {inner for one in schema for inner in keys(one)}
    return found


def test_what_a_schema_says_is_kept_where_it_is_harmless() -> None:
    built = safe_schema(
        {
            "type": "object",
            "properties": {
                "title": {"type": "string", "description": "Its\n title", "minLength": 1},
                "kind": {"enum": ["novel", "poems"]},
                "shelf": {"$ref": "#/$defs/shelf", "description": "where"},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["title", "nowhere"],
            "additionalProperties": False,
            "$defs": {"shelf": {"type": "object", "properties": {"inner": {"$ref": "#/$defs/shelf"}}}},
        },
        "shelf.tool",
    )
    assert built == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "Its title", "minLength": 1},
            "kind": {"enum": ["novel", "poems"]},
            "shelf": {"type": "object", "properties": {"inner": {}}, "description": "where"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["title"],
        "additionalProperties": False,
    }
    check = ArgumentCheck(built)
    assert check({"title": "Emma", "tags": ["a"]}) is None
    assert check({}) == "arguments: 'title' is a required property"
    assert check({"title": "sk-secret", "kind": "secret"}) == 'kind: it does not meet enum ["novel", "poems"]'
    assert check({"title": "Emma", "tags": [1]}) == 'tags.0: it does not meet type "string"'


@pytest.mark.parametrize(
    "schema", [None, [], "object", {"type": "array"}, {"type": "object", "properties": {"a b": {}}}]
)
def test_what_is_no_schema_of_arguments_is_refused(schema: Any) -> None:
    with pytest.raises(ToolError):
        safe_schema(schema, "shelf.tool")
