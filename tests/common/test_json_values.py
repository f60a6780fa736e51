"""What can be told in JSON."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.context import TaskContext
from common.json_values import not_finite

NUMBERS = st.floats() | st.integers() | st.booleans() | st.none() | st.text(max_size=3)
VALUES = st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for each in value.values() for number in _numbers(each)]
    if isinstance(value, list):
        return [number for each in value for number in _numbers(each)]
    return [value] if isinstance(value, float) else []


@given(VALUES)
def test_one_is_found_where_there_is_one(value: Any) -> None:
    assert (not_finite(value) is None) == all(map(math.isfinite, _numbers(value)))


def test_it_is_told_where_it_stands() -> None:
    assert not_finite({"a": [1.0, {"b": math.nan}]}) == "a.1.b"
    assert not_finite(math.inf) == ""
    deep: Any = math.nan
    for _ in range(100_000):
        deep = [deep]
    assert not_finite(deep) == ".".join("0" * 10)


@pytest.mark.parametrize("name", ["attributes", "flags"])
def test_a_context_holds_what_json_can_tell(name: str) -> None:
    assert getattr(TaskContext.model_validate({name: {"x": 1.5}}), name) == {"x": 1.5}
    with pytest.raises(ValidationError, match="x is no finite number"):
        TaskContext.model_validate({name: {"x": math.nan}})
