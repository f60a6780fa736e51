"""Turns whatever a tool or a model hands over into bounded JSON that can be stored, sent and shown.

No NaN or infinity, no lone surrogates, no keys but strings, no more than so many characters or levels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from typing import Any, cast

from pydantic import BaseModel, JsonValue

__all__ = ["bounded_text", "clean_text", "excerpt_of", "json_safe", "usable_arguments"]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DEPTH = 16
_MAX_INTEGER_BITS = 256


def clean_text(text: str) -> str:
    """The text with every lone surrogate replaced, so that it can be encoded as UTF-8."""
    if text.isascii():
        return text
    return _LONE_SURROGATE.sub("\ufffd", text)


def bounded_text(text: str, max_chars: int) -> str:
    """The clean text, at most `max_chars` long; a longer one ends in a note that tells how much was cut."""
    if len(text) <= max_chars:
        return clean_text(text)
    note = f"\n[cut: {len(text)} characters in all]"
    if len(note) >= max_chars:
        return clean_text(text[:max_chars])
    return clean_text(text[: max_chars - len(note)]) + note


def json_safe(value: Any, max_chars: int) -> JsonValue:
    """`value` as JSON of about `max_chars` characters at most; what was left out is said in its place."""
    return _Reader(max_chars).read(value, 0)


def excerpt_of(value: Any, max_chars: int) -> tuple[JsonValue, bool]:
    """Like `json_safe`, and whether something was left out."""
    reader = _Reader(max_chars)
    return reader.read(value, 0), reader.left_out


def usable_arguments(arguments: Any) -> dict[str, Any]:
    """A model's arguments with clean strings; anything but an object becomes an empty one, to fail validation."""
    if not isinstance(arguments, Mapping):
        return {}
    return {clean_text(str(name)): _cleaned(value, 0) for name, value in cast("Mapping[Any, Any]", arguments).items()}


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if depth >= _MAX_DEPTH:
        return None
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return {clean_text(str(key)): _cleaned(inner, depth + 1) for key, inner in items}
    if isinstance(value, list):
        return [_cleaned(inner, depth + 1) for inner in cast("list[Any]", value)]
    return value


class _Reader:
    """One conversion; `_left` is how many characters may still be written."""

    def __init__(self, max_chars: int) -> None:
        self._left = max_chars
        self.left_out = False

    def read(self, value: Any, depth: int) -> JsonValue:
        if value is None or isinstance(value, bool):
            self._left -= 4
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int):
            self._left -= 8
            if value.bit_length() > _MAX_INTEGER_BITS:
                self.left_out = True
                return "[a very large number]"
            return int(value)
        if isinstance(value, float):
            self._left -= 8
            return float(value) if math.isfinite(value) else str(float(value))
        if depth >= _MAX_DEPTH:
            self.left_out = True
            return self._text("[nested too deeply]")
        return self._composite(value, depth)

    def _composite(self, value: Any, depth: int) -> JsonValue:
        self._left -= 2  # what is empty takes room, too
        if isinstance(value, Mapping):
            return self._mapping(cast("Mapping[Any, Any]", value), depth)
        if isinstance(value, (list, tuple, set, frozenset)):
            return self._sequence(cast("Iterable[Any]", value), len(cast("list[Any]", value)), depth)
        if isinstance(value, BaseModel):
            return self._mapping(dict(value), depth)
        if isinstance(value, (bytes, bytearray)):
            return self._text(f"[{len(value)} bytes]")
        if isinstance(value, (date, time)):
            return self._text(value.isoformat())
        if isinstance(value, timedelta):
            return self.read(value.total_seconds(), depth)
        return self._text(_described(value))

    def _text(self, text: str) -> str:
        room = max(0, self._left)
        self.left_out |= len(text) > room
        shown = bounded_text(text, room)
        self._left -= len(shown) + 2
        return shown

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, JsonValue]:
        shown: dict[str, JsonValue] = {}
        for key, inner in value.items():
            if self._left <= 0:
                self.left_out = True
                shown["…"] = f"[{len(value) - len(shown)} more]"
                break
            shown[self._text(str(key))] = self.read(inner, depth + 1)
        return shown

    def _sequence(self, values: Iterable[Any], count: int, depth: int) -> list[JsonValue]:
        shown: list[JsonValue] = []
        for inner in values:
            if self._left <= 0:
                self.left_out = True
                shown.append(f"[{count - len(shown)} more]")
                break
            shown.append(self.read(inner, depth + 1))
        return shown


def _described(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # a foreign object's own fault
        return f"[{type(value).__name__}]"
