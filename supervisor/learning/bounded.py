"""Values of anybody's making, as what may stand in an event: JSON, bounded in every direction, text that encodes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel, JsonValue

__all__ = ["MAX_ARGUMENTS", "excerpt", "json_value", "number", "text_of"]

MAX_ARGUMENTS = 2_000
"""Characters that the arguments of one call may hold, about."""

_MAX_DEPTH = 6
_MAX_ITEMS = 50
_MAX_STRING = 500
_MAX_KEY = 128
_MAX_INTEGER = 2**63
_WRITTEN = (date, datetime, time, timedelta, Decimal, UUID, PurePath)


def excerpt(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something was cut; lone surrogates become ``?``."""
    kept = text if len(text) <= limit else f"{text[: limit - 1]}…"
    try:
        kept.encode()
    except UnicodeEncodeError:
        return kept.encode(errors="replace").decode()
    return kept


def number(value: object) -> float | None:
    """A finite number that is not negative; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def json_value(value: object, room: int = MAX_ARGUMENTS) -> tuple[JsonValue, bool]:
    """The value as JSON of about `room` characters at most, and whether it is all there.

    Nothing of the value's own is called: what JSON has no form for is named by its type.
    """
    maker = _Maker(room)
    try:
        made = maker.make(value, 0)
    except Exception:  # a mapping or an attribute of somebody's may do anything
        return f"<{type(value).__name__}>", False
    return made, maker.whole


def text_of(value: object, limit: int) -> str:
    """An excerpt of what a value says: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return excerpt(value, limit)
    if value is None:
        return ""
    import json

    made, _ = json_value(value, limit * 2)
    return excerpt(made if isinstance(made, str) else json.dumps(made, ensure_ascii=False), limit)


class _Maker:
    def __init__(self, room: int) -> None:
        self._room = room
        self.whole = True

    def make(self, value: object, depth: int) -> JsonValue:
        """The value in JSON; what does not fit any more is cut."""
        if isinstance(value, Enum):
            value = cast("object", value.value)
        if value is None or isinstance(value, bool):
            return self._take(value, 4)
        if isinstance(value, (int, float)):
            return self._number(value)
        if isinstance(value, str):
            return self._text(str.__str__(value), _MAX_STRING)
        if isinstance(value, _WRITTEN):
            return self._text(str(value), _MAX_STRING)
        if depth >= _MAX_DEPTH or self._room <= 0:
            self.whole = False
            return "…"
        return self._container(value, depth)

    def _container(self, value: object, depth: int) -> JsonValue:
        if isinstance(value, BaseModel):
            value = dict(value.__dict__)
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
        if isinstance(value, Mapping):
            return self._mapping(cast("Mapping[Any, Any]", value), depth)
        if isinstance(value, (list, tuple, set, frozenset)):
            return self._sequence(cast("list[Any]", value), depth)
        if isinstance(value, (bytes, bytearray)):
            self.whole = False
            return f"<{len(value)} bytes>"
        self.whole = False
        return f"<{type(value).__name__}>"

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> JsonValue:
        made: dict[str, JsonValue] = {}
        for count, (key, inner) in enumerate(value.items()):
            if count >= _MAX_ITEMS or self._room <= 0:
                self.whole = False
                break
            named = key if isinstance(key, str) else str(key) if isinstance(key, (int, float)) else type(key).__name__
            made[str(self._text(named, _MAX_KEY))] = self.make(inner, depth + 1)
        return made

    def _sequence(self, value: list[Any], depth: int) -> JsonValue:
        made: list[JsonValue] = []
        for count, inner in enumerate(value):
            if count >= _MAX_ITEMS or self._room <= 0:
                self.whole = False
                break
            made.append(self.make(inner, depth + 1))
        return made

    def _number(self, value: float) -> JsonValue:
        if isinstance(value, int) and abs(value) < _MAX_INTEGER:
            return self._take(int(value), 8)
        if isinstance(value, float) and math.isfinite(value):
            return self._take(float(value), 8)
        self.whole = False
        return self._take(None, 4)

    def _text(self, text: str, limit: int) -> JsonValue:
        kept = excerpt(text, max(1, min(limit, self._room)))
        self.whole = self.whole and kept == text
        return self._take(kept, len(kept) + 4)

    def _take(self, value: JsonValue, size: int) -> JsonValue:
        self._room -= size
        return value
