"""What a view declares, and how its values are stored.

Re-exported by `events.projection`; import them from there.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, cast

from common.errors import StoreError
from events.backend import DatabaseRow, Key, ViewShape
from events.recorded import RecordedEvent

__all__ = ["Column", "ColumnType", "Layout", "Row", "View"]

ColumnType = Literal["text", "integer", "real", "boolean", "json", "time"]

Row = dict[str, Any]
"""A view's row by column names."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")
_MAX_COLUMNS = 60
_MAX_INDEXED_BYTES = 2_600
_LONG = frozenset({"text", "json"})
_STORED_AS: Mapping[ColumnType, str] = {
    "text": "text",
    "integer": "integer",
    "real": "real",
    "boolean": "integer",
    "json": "text",
    "time": "text",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view. Every type but a key's may be None.

    A `time` is an aware datetime, stored and given back in UTC; `json` is any JSON value, with lists (no tuples) and
    text for keys, so that it comes back as it was given.
    """

    name: str
    type: ColumnType


class View(Protocol):
    """A table folded from events. Raise `version` whenever old rows no longer fit `evolve`.

    A class with plain attributes implements it. Views that hold people's data have `tenant` and `user` as columns.
    """

    @property
    def name(self) -> str:
        """Its name: lower-case letters, digits and underscores."""
        ...

    @property
    def version(self) -> int:
        """Raised with every change of what rows mean; the view is then built anew."""
        ...

    @property
    def key(self) -> tuple[Column, ...]:
        """The columns that name a row."""
        ...

    @property
    def columns(self) -> tuple[Column, ...]:
        """The other columns."""
        ...

    @property
    def indexes(self) -> tuple[tuple[str, ...], ...]:
        """Groups of columns that are looked up together."""
        ...

    @property
    def topics(self) -> frozenset[str]:
        """The topics it is folded from."""
        ...

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The rows that an event touches; `event.event` may be `Erased`, or `Unknown` of a newer version."""
        ...

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """A row after an event; None where there is none. Pure: what it is given is not changed.

        A row has all columns but the key; columns left out are None.
        """
        ...


class Layout:
    """A view's columns, checked, and the way of its values into the database and back."""

    def __init__(self, view: View, schema_versions: Mapping[str, int]) -> None:
        self.key = view.key
        self.columns = view.columns
        self._by_name = {column.name: column for column in (*view.key, *view.columns)}
        self._checked(view)
        self._names = tuple(column.name for column in view.columns)
        self._name_set = frozenset(self._names)
        self._encoders = [(column.name, _ENCODERS[column.type], column.type not in _MUTABLE) for column in view.columns]
        self._key_encoders = [(column.name, _ENCODERS[column.type]) for column in view.key]
        self._decoders = [(column.name, _DECODERS.get(column.type)) for column in (*view.key, *view.columns)]
        self._width = len(view.key)
        names = [column.name for column in (*view.key, *view.columns)]
        groups = [names[: self._width], *view.indexes]
        long = [[names.index(name) for name in group if self._by_name[name].type in _LONG] for group in groups]
        self._indexed = [places for places in long if places]
        self.shape = ViewShape(
            name=view.name,
            signature=_signature(view, schema_versions),
            key=tuple((column.name, _STORED_AS[column.type]) for column in view.key),
            columns=tuple((column.name, _STORED_AS[column.type]) for column in view.columns),
            indexes=tuple(view.indexes),
        )

    def _checked(self, view: View) -> None:
        names = [column.name for column in (*view.key, *view.columns)]
        bad = [name for name in (view.name, *names) if not _NAME.fullmatch(name)]
        missing = {name for index in view.indexes for name in index} - set(names)
        problem = ""
        if bad:
            problem = f"{bad[0]!r} is no name: use lower-case letters, digits and underscores"
        elif not view.key or len(names) > _MAX_COLUMNS:
            problem = f"a view has at least one key column and at most {_MAX_COLUMNS} columns"
        elif len(set(names)) != len(names):
            problem = "two columns have the same name"
        elif missing:
            problem = f"an index names the unknown column {sorted(missing)[0]!r}"
        elif any(column.type == "json" for column in view.key):
            problem = "a key can't be json"
        if problem:
            raise StoreError(f"the view can't be used: {problem}", where=view.name)

    def column(self, name: str) -> Column:
        """The column of a name. Raises `StoreError`."""
        found = self._by_name.get(name)
        if found is None:
            raise StoreError(
                f"the view has no column {name!r}",
                where=self.shape.name,
                todo=f"Its columns are {', '.join(self._by_name)}.",
            )
        return found

    def where(self, key: tuple[Any, ...]) -> dict[str, Any]:
        """The condition that names one row. Raises `StoreError`."""
        if len(key) != len(self.key):
            raise StoreError(f"the key {key!r} does not have {len(self.key)} values", where=self.shape.name)
        return {column.name: value for column, value in zip(self.key, key, strict=True)}

    def encode_value(self, column: Column, value: object) -> Any:
        """A value as the database stores it. Raises `ValueError` where it is not of the column's type."""
        return None if value is None else _encode(column.name, _ENCODERS[column.type], value)

    def encode_key(self, key: tuple[Any, ...]) -> Key:
        """A key as the database stores it. Raises `ValueError`."""
        if len(key) != self._width:
            raise ValueError(f"the key {key!r} does not have {self._width} values")
        return tuple(
            _encode(name, encode, value) for (name, encode), value in zip(self._key_encoders, key, strict=True)
        )

    def encode(self, key: Key, row: Row, before: tuple[Row, DatabaseRow] | None = None) -> DatabaseRow:
        """A row as the database stores it. Raises `ValueError` for unknown columns and values of another type.

        `before` is an earlier row of the key in both forms: what was not replaced since is taken from it.
        """
        if not self._name_set.issuperset(row):
            raise ValueError(f"the row has the unknown columns {sorted(set(row) - self._name_set)}")
        get = row.get
        try:
            if before is None:
                values = [None if (value := get(name)) is None else encode(value) for name, encode, _ in self._encoders]
            else:
                known, forms = before[0].get, before[1][self._width :]
                values = [
                    form if (value := get(name)) is known(name) and fixed else None if value is None else encode(value)
                    for (name, encode, fixed), form in zip(self._encoders, forms, strict=True)
                ]
        except (TypeError, ValueError, OverflowError):
            for name, encode, _ in self._encoders:  # which column it was
                if (value := get(name)) is not None:
                    _encode(name, encode, value)
            raise
        stored = (*key, *values)
        for places in self._indexed:
            # a character has four bytes at the most
            if sum([len(stored[place] or "") for place in places]) > _MAX_INDEXED_BYTES // 4:
                self._check_indexed(stored, places)
        return stored

    def _check_indexed(self, stored: DatabaseRow, places: list[int]) -> None:
        """Refuse what PostgreSQL's indexes can't hold; everywhere, so that a log may move between databases."""
        size = sum([len((stored[place] or "").encode()) for place in places])
        if size > _MAX_INDEXED_BYTES:
            columns = [*self.key, *self.columns]
            named = ", ".join(columns[place].name for place in places)
            raise ValueError(f"column {named}: {size:,} bytes to be indexed, at most {_MAX_INDEXED_BYTES:,} can be")

    def decode(self, stored: DatabaseRow, *, with_key: bool) -> Row:
        """A stored row by column names, with or without those of the key."""
        row: Row = {}
        for index in range(0 if with_key else self._width, len(stored)):
            name, decode = self._decoders[index]
            value = stored[index]
            row[name] = value if decode is None or value is None else decode(value)
        return row


_MUTABLE = frozenset({"json"})
"""Types whose values may be changed in place."""


def _signature(view: View, schema_versions: Mapping[str, int]) -> str:
    described = {
        "version": view.version,
        "key": [(column.name, column.type) for column in view.key],
        "columns": [(column.name, column.type) for column in view.columns],
        "indexes": view.indexes,
        "topics": sorted(schema_versions.items()),
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]


def _encode(name: str, encode: Callable[[Any], Any], value: object) -> Any:
    try:
        return encode(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"column {name}: {error}") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    plain = str.__str__(value)
    if not plain.isascii():
        plain.encode()  # a lone surrogate is refused here, where the event that brings it is still known
    return plain


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected an integer, got {type(value).__name__}")
    if not -(2**63) <= value < 2**63:
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
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _time(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"expected a datetime, got {type(value).__name__}")
    if value.tzinfo is None:
        raise ValueError("the time has no zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


_ENCODERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "real": _real,
    "boolean": _boolean,
    "json": _json,
    "time": _time,
}
_DECODERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    "boolean": bool,
    "json": json.loads,
    "time": lambda stored: datetime.fromisoformat(cast("str", stored)),
}
