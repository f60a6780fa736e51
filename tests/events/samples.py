"""Events for tests, and strategies that make any event of the catalogue."""

from __future__ import annotations

import types
import typing
from datetime import UTC, datetime
from typing import Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue

from events.catalogue import BY_TOPIC, Event
from events.catalogue.memory import FactRemembered

__all__ = ["MOMENT", "any_event", "fact", "json_values", "names", "plain_text"]

MOMENT = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)

plain_text: st.SearchStrategy[str] = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names: st.SearchStrategy[str] = st.text(
    st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs"]), min_size=1, max_size=20
).filter(str.isprintable)
_floats = st.floats(allow_nan=False, allow_infinity=False)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | _floats | plain_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain_text, inner, max_size=3),
    max_leaves=8,
)
_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: plain_text,
    int: st.integers(),
    float: _floats,
    bool: st.booleans(),
    # older offsets have seconds, which ISO 8601 (and so JSON) can't say
    datetime: st.datetimes(min_value=datetime(1980, 1, 1), timezones=st.just(UTC) | st.timezones()),
    JsonValue: json_values,
    type(None): st.none(),
}


def fact(number: int, text: str = "x", user: str = "ann") -> FactRemembered:
    return FactRemembered(fact_id=str(number), text=text, user=user)


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(_values(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(_values(arguments[0]), _values(arguments[1]), max_size=3)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([_values(argument) for argument in arguments])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return st.builds(annotation, **{n: _values(field.annotation) for n, field in annotation.model_fields.items()})
    raise TypeError(f"no strategy for {annotation}")


def _events_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    fields = {name: _values(field.annotation) for name, field in kind.model_fields.items()}
    return st.builds(kind, **fields)


any_event: st.SearchStrategy[Event] = st.sampled_from(sorted(BY_TOPIC)).flatmap(
    lambda topic: _events_of(BY_TOPIC[topic])
)
