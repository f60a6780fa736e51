"""Values of a view's columns, in the form of the database and back.

What goes into the database is checked here, so that it comes back as it was given.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

__all__ = ["DECODERS", "ENCODERS", "MUTABLE", "PLAIN", "STORED_AS", "ColumnType", "encode"]

ColumnType = Literal["text", "integer", "real", "boolean", "json", "time"]

STORED_AS: Mapping[ColumnType, str] = {
    "text": "text",
    "integer": "integer",
    "real": "real",
    "boolean": "integer",
    "json": "text",
    "time": "text",
}
MUTABLE = frozenset({"json"})
"""Types whose values may be changed in place."""

_HALF = 2**63
"""Half of the integers that a database holds."""
_dump = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def encode(name: str, encoder: Callable[[Any], Any], value: object) -> Any:
    """A value as the database stores it. Raises `ValueError` that names the column."""
    try:
        return encoder(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"column {name}: {error}") from None


def _text(value: object) -> str:
    if type(value) is str and value.isascii():
        return value
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    plain = str.__str__(value)
    if not plain.isascii():
        plain.encode()  # a lone surrogate is refused here, where the event that brings it is still known
    return plain


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected an integer, got {type(value).__name__}")
    if not -_HALF <= value < _HALF:
        raise ValueError("the integer has more than 64 bits")
    return value


def _real(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"expected a number, got {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError("the number is not finite")
    return float(value)


def _boolean(value: object) -> int:
    if not isinstance(value, bool):
        raise TypeError(f"expected true or false, got {type(value).__name__}")
    return int(value)


def _json(value: object) -> str:
    return _dump(value)


def _time(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"expected a datetime, got {type(value).__name__}")
    if value.tzinfo is None:
        raise ValueError("the time has no zone")
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat(timespec="microseconds")


PLAIN: Mapping[ColumnType, tuple[type, Callable[[Any], bool]]] = {
    "text": (str, str.isascii),
    "integer": (int, range(-_HALF, _HALF).__contains__),
    "real": (float, math.isfinite),
    "time": (datetime, lambda value: value.tzinfo is UTC),
}
"""By type of column, what can be stored whatever its value: instances of exactly this class for which this holds.

Texts and numbers are stored as they are; a time is encoded when its row is written, for that is slow, and it may be
replaced before.
"""
ENCODERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "real": _real,
    "boolean": _boolean,
    "json": _json,
    "time": _time,
}
DECODERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    "boolean": bool,
    "json": json.loads,
    "time": lambda stored: datetime.fromisoformat(cast("str", stored)),
}
