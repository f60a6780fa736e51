"""Whatever a tool hands over becomes bounded JSON that can be encoded."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from llm_provider.json_safe import bounded_text, clean_text, json_safe, usable_arguments

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.dates()
    | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(st.characters(exclude_categories=())) | st.integers(), inner, max_size=5)
    ),
    max_leaves=30,
)


@given(ANYTHING, st.integers(min_value=0, max_value=3_000))
def test_any_value_becomes_encodable_json(value: Any, max_chars: int) -> None:
    text = json.dumps(json_safe(value, max_chars), allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")


@given(st.lists(st.text(min_size=1, max_size=200), min_size=200, max_size=400))
def test_large_values_are_cut(values: list[str]) -> None:
    shown = json_safe({"values": values, "more": values}, 1_000)
    assert len(json.dumps(shown, ensure_ascii=False)) < 4_000


@pytest.mark.parametrize("empty", [[], {}, "", None])
def test_what_is_empty_takes_room_too(empty: Any) -> None:
    assert len(json.dumps(json_safe([empty] * 10_000, 1_000))) < 4_000


@given(st.text(st.characters(exclude_categories=())), st.integers(min_value=0, max_value=200))
def test_text_is_cut_and_encodable(text: str, max_chars: int) -> None:
    shown = bounded_text(text, max_chars)
    shown.encode("utf-8")
    assert len(shown) <= max_chars
    if len(text) <= max_chars and text.isprintable():
        assert shown == text


def test_small_json_is_kept_as_it_is() -> None:
    value = {"a": [1, 2.5, None, True, "ä"], "b": {"c": "d"}}
    assert json_safe(value, 1_000) == value


def test_what_json_does_not_know_is_told_in_words() -> None:
    class Point(BaseModel):
        x: int

    value = {
        "nan": float("nan"),
        "when": datetime(2026, 11, 16, tzinfo=UTC),
        "day": date(2026, 11, 16),
        "long": timedelta(minutes=2),
        "point": Point(x=1),
        "bytes": b"abc",
        "huge": 10**5_000,
        3: {1},
    }
    assert json_safe(value, 1_000) == {
        "nan": "nan",
        "when": "2026-11-16T00:00:00+00:00",
        "day": "2026-11-16",
        "long": 120.0,
        "point": {"x": 1},
        "bytes": "[3 bytes]",
        "huge": "[a very large number]",
        "3": [1],
    }


def test_a_value_that_contains_itself_ends() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    assert "nested too deeply" in json.dumps(json_safe(value, 10_000))


def test_a_value_that_cannot_be_printed_is_named() -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError

    assert json_safe(Odd(), 100) == "[Odd]"


def test_lone_surrogates_are_replaced() -> None:
    assert clean_text("a\ud800b") == "a\ufffdb"
    assert clean_text("grüße 🌲") == "grüße 🌲"
    assert usable_arguments({"q\udfff": ["x\ud800", {"y": "\udc00"}]}) == {"q\ufffd": ["x\ufffd", {"y": "\ufffd"}]}


def test_arguments_that_are_no_object_become_an_empty_one() -> None:
    assert usable_arguments("text") == {}
    assert usable_arguments([1]) == {}
    assert usable_arguments(None) == {}
