"""Events for tests, and strategies that make any event of the catalogue."""

from __future__ import annotations

import types
import typing
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

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


Model = TypeVar("Model", bound=BaseModel)


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
        return _built(annotation)
    raise TypeError(f"no strategy for {annotation}")


def _built(model: type[Model]) -> st.SearchStrategy[Model]:
    fields = {name: _within(field, _values(field.annotation)) for name, field in model.model_fields.items()}
    return st.builds(model, **fields)


def _within(field: FieldInfo, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values within the bounds of a number's field."""
    above = [getattr(bound, name) for bound in field.metadata for name in ("gt", "ge") if hasattr(bound, name)]
    below = [getattr(bound, name) for bound in field.metadata for name in ("lt", "le") if hasattr(bound, name)]
    if not above and not below:
        return values
    if field.annotation is float:
        return st.floats(
            min(above, default=None), min(below, default=None), exclude_min=bool(above), exclude_max=bool(below),
            allow_nan=False, allow_infinity=False,
        )  # fmt: skip
    whole = st.integers(min(above, default=0) + 1, min(below, default=2**31) - 1)
    return whole if field.annotation is int else whole | st.none()


any_event: st.SearchStrategy[Event] = st.sampled_from(sorted(BY_TOPIC)).flatmap(lambda topic: _built(BY_TOPIC[topic]))
