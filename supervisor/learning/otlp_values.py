"""The values of OTLP JSON: attributes, times, and the messages that generative AI spans carry."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from supervisor.learning.bounded import excerpt

__all__ = ["attributes_of", "items", "last_text", "mapping", "mapping_from", "nanoseconds", "time_of"]

_MAX_ATTRIBUTES = 128
_MAX_TEXT = 100_000
_MAX_DEPTH = 20
_LATEST = 4_000_000_000_000_000_000


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def items(value: object) -> Sequence[Any]:
    """The list, or an empty one."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def attributes_of(owner: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a resource, span or event by name, as plain values."""
    found: dict[str, Any] = {}
    for attribute in items(owner.get("attributes"))[:_MAX_ATTRIBUTES]:
        fields = mapping(attribute)
        key = fields.get("key")
        if isinstance(key, str):
            found[key] = _value(fields.get("value"), 0)
    return found


def _value(value: object, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return None
    for kind, inner in mapping(value).items():
        match kind:
            case "stringValue":
                return inner[:_MAX_TEXT] if isinstance(inner, str) else None
            case "intValue":  # 64-bit integers are text in OTLP JSON
                return _integer(inner)
            case "doubleValue":
                return inner if isinstance(inner, (int, float)) and not isinstance(inner, bool) else None
            case "boolValue":
                return inner if isinstance(inner, bool) else None
            case "arrayValue":
                return [_value(each, depth + 1) for each in items(mapping(inner).get("values"))]
            case "kvlistValue":
                pairs = [mapping(each) for each in items(mapping(inner).get("values"))]
                return {str(pair.get("key", "")): _value(pair.get("value"), depth + 1) for pair in pairs}
            case _:
                continue
    return None


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and 0 < len(value) <= 20:
        try:
            return int(value)
        except ValueError:
            return None
    return None


def nanoseconds(value: object) -> int | None:
    """A time in nanoseconds since 1970; None for none, and for what can't be one."""
    found = _integer(value)
    return found if found is not None and 0 < found < _LATEST else None


def time_of(moment: int | None) -> datetime | None:
    """The time of nanoseconds since 1970."""
    return None if moment is None else datetime.fromtimestamp(moment / 1e9, UTC)


def mapping_from(value: object) -> dict[str, Any] | None:
    """Arguments of a call: an object, or text that holds one; other values stand under ``value``. None for none."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"value": value}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {"value": value}


def last_text(messages: object, limit: int) -> str:
    """An excerpt of the last message that has a text: of a list of messages, JSON text of one, or plain text."""
    if isinstance(messages, str):
        try:
            messages = json.loads(messages)
        except (ValueError, RecursionError):
            return excerpt(str(messages), limit)
    found = ""
    for text in _texts(messages, 0):
        found = text
    return excerpt(found, limit)


def _texts(value: object, depth: int) -> Iterator[str]:
    """The texts of messages, in the forms that semantic conventions and providers have had: content, parts, text."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, list):
        for each in items(cast("object", value)):
            yield from _texts(each, depth + 1)
    else:
        fields = mapping(value)
        for name in ("content", "parts", "text", "message"):
            if fields.get(name):
                yield from _texts(fields[name], depth + 1)
