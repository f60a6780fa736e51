"""The arguments of a built agent's tools, as pydantic classes made from the inputs of its operations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from common.errors import AgentError
from common.language.formats import FRACTION, PART, WHEN

if TYPE_CHECKING:
    from roles.engineering.specification import Input, Operation, Specification

__all__ = ["MODE", "arguments_class", "has_mode", "values_for"]

MODE = "mode"
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_RATE = re.compile(r"(?:^|_)(?:rate|interest|yield)(?:_|$)")
_MAX_TEXT = 2_000
_MAX_PART = 20_000
_TYPES: Mapping[str, type] = {"number": float, "integer": int, "text": str, "date": str, "boolean": bool}


def has_mode(specification: Specification, operation: Operation) -> bool:
    """Whether the operation takes the words that say in which mode it calculates."""
    return bool(specification.modes) and bool(operation.formulas or any(one.name == MODE for one in operation.inputs))


def arguments_class(specification: Specification, operation: Operation) -> type[BaseModel]:
    """The class for one operation: numbers within their bounds, choices, dates as said ("last month", ISO).

    `mode`, where there are modes, takes the request's own words, which the agent's mode detector reads. Where something
    is calculated in one way only it takes them too, so that nothing that was asked for is passed over in silence.
    """
    in_words = _told_in_words(specification, operation)
    fields: dict[str, Any] = {
        one.name: _field(one) for one in operation.inputs if one.name != MODE and one.name not in in_words
    }
    if operation.formulas or has_mode(specification, operation):
        known = ", ".join(mode.name for mode in specification.modes)
        told = f"the request in the user's words, or a mode: {known}" if known else "the request in the user's words"
        about: dict[str, Any] = {"format": PART}
        fields[MODE] = (str, Field(default="", max_length=_MAX_PART, description=told, json_schema_extra=about))
    title = "".join(part.capitalize() for part in (*specification.name.split("_"), *operation.name.split("_")))
    return create_model(f"{title}Arguments", __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields)


def _told_in_words(specification: Specification, operation: Operation) -> frozenset[str]:
    """Inputs that the words of a custom mode change from what they are without them ("rates up 200 basis points")."""
    if not has_mode(specification, operation) or not any(one.custom for one in specification.modes):
        return frozenset()
    return frozenset(
        one.name for one in operation.inputs if one.type == "number" and not one.required and one.default is not None
    )


def _field(one: Input) -> tuple[Any, Any]:
    kind: Any = Literal[one.choices] if one.choices else _TYPES[one.type]
    about: dict[str, Any] = {"description": _description(one)}
    if one.type in ("number", "integer") and not one.choices:
        about |= {"ge": one.minimum, "le": one.maximum}
        if one.unit == "fraction":
            about["json_schema_extra"] = {"format": FRACTION}
            if one.maximum is None and _RATE.search(one.name):
                about["le"] = 1.0  # "a rate of 4" is not 400 %
    if one.type == "text" and not one.choices:
        about["max_length"] = _MAX_TEXT
    if one.type == "date":
        about |= {"max_length": 200, "json_schema_extra": {"format": WHEN}}
    if one.required and one.default is None:
        return kind, Field(**about)
    return kind | None, Field(default=cast("Any", one.default), **about)


def _description(one: Input) -> str:
    unit = f" ({one.unit})" if one.unit else ""
    words = one.name.split("_")
    # by its initials, too, as people do: NOI
    short = f" ({''.join(word[:1] for word in words).upper()})" if len(words) > 2 else ""
    return f"{one.description or ' '.join(words)}{short}{unit}"


def values_for(
    operation: Operation, arguments: BaseModel, now: datetime, mode: str | None = None
) -> dict[str, JsonValue]:
    """What the agent is called with: what was given, dates as ISO text by the clock `now` (aware).

    Raises `AgentError` (case ``invalid_input``) for a date that can't be read.
    """
    given: dict[str, JsonValue] = arguments.model_dump(mode="json", exclude_none=True)
    dates = [one.name for one in operation.inputs if one.type == "date"]
    if len(dates) == 2:
        given |= _span(given, dates[0], dates[1], now)
    for name in dates:
        said = given.get(name)
        if isinstance(said, str):
            given[name] = _date(said, name, now)
    given.pop(MODE, None)
    return given if not mode else {**given, MODE: mode}


def _span(given: Mapping[str, JsonValue], first: str, last: str, now: datetime) -> dict[str, JsonValue]:
    """Two days, where the words for one of them are those of a span: "between … and …", "last month"."""
    from common.language.time_words import read_range

    said, until = given.get(first), given.get(last)
    if isinstance(until, str) and len(found := _DAY.findall(until)) > 1:
        return {last: found[-1]}
    if until is None and isinstance(said, str) and (span := read_range(said, now)) is not None:
        start, end = span[0].date(), (span[1] - timedelta(microseconds=1)).date()
        if end > start:
            return {first: start.isoformat(), last: end.isoformat()}
    return {}


def _date(said: str, name: str, now: datetime) -> str:
    from common.language.time_words import read_when

    moment = read_when(said, now)
    if moment is None:
        raise AgentError("invalid_input", f"{said[:80]!r} is no date that can be read for {name.replace('_', ' ')}")
    return moment.start.date().isoformat()
