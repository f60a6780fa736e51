"""What a view declares, and how its values are stored.

Re-exported by `events.projection`; import them from there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from operator import is_not, itemgetter
from typing import Any, NamedTuple, Protocol, runtime_checkable

from common.errors import StoreError
from events.backend import DatabaseRow, Key, ViewShape
from events.recorded import RecordedEvent
from events.view_values import DECODERS, ENCODERS, MUTABLE, PLAIN, STORED_AS, ColumnType, encode

__all__ = ["Column", "ColumnType", "HeldRow", "Layout", "RetiringView", "Row", "View"]

Row = dict[str, Any]
"""A view's row by column names."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")
_MAX_COLUMNS = 60
_MAX_INDEXED_BYTES = 2_600
_LONG = frozenset({"text", "json"})
_ORDERED = ("time", "integer", "real")
"""Types that every database sorts alike."""
_TEXT = {str}
_NOT_PLAIN = (type(None), bool)
"""Instead of an entry of `PLAIN`: nothing is stored as it is."""


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


@runtime_checkable
class RetiringView(Protocol):
    """A view that lets old rows go, as events of its topics say: so it is the same whenever it is built."""

    def retires(self, event: RecordedEvent) -> tuple[str, Any] | None:
        """A column and a value: rows that are below it, when the event comes, go; None for other events.

        Rows without a value in the column stay. Asked of every event of the view's topics, before `keys`.
        """
        ...


class HeldRow(NamedTuple):
    """A row while events are folded into it: by column names, its values in the columns' order, and as stored, but for
    times that `Layout.written` encodes.
    """

    row: Row
    values: tuple[Any, ...]
    stored: DatabaseRow


class Layout:
    """A view's columns, checked, and the way of its values into the database and back."""

    def __init__(self, view: View, schema_versions: Mapping[str, int]) -> None:
        self.key = view.key
        self.columns = view.columns
        self._by_name = {column.name: column for column in (*view.key, *view.columns)}
        self._checked(view)
        self._names = tuple(column.name for column in view.columns)
        self._all_names = tuple(column.name for column in (*view.key, *view.columns))
        self._name_set = frozenset(self._names)
        self._places = range(len(self._names))
        self._values = _values_of(self._names)
        self._encoders = [ENCODERS[column.type] for column in view.columns]
        self._plain = [PLAIN.get(column.type, _NOT_PLAIN) for column in view.columns]
        self._key_encoders = [ENCODERS[column.type] for column in view.key]
        self._has_text_key = {column.type for column in view.key} == {"text"}
        self._times = [len(view.key) + place for place, column in enumerate(view.columns) if column.type == "time"]
        self._mutable = [place for place, column in enumerate(view.columns) if column.type in MUTABLE]
        decoders = [(column.name, DECODERS.get(column.type)) for column in (*view.key, *view.columns)]
        self._decoders = [(name, decoder) for name, decoder in decoders if decoder is not None]
        self._width = len(view.key)
        names = self._all_names
        groups = [names[: self._width], *view.indexes]
        long = [[names.index(name) for name in group if self._by_name[name].type in _LONG] for group in groups]
        self._indexed = [places for places in long if places]
        self._texts = sorted({place for places in self._indexed for place in places})
        self._limited = {place - self._width for place in self._texts}
        self.shape = ViewShape(
            name=view.name,
            signature=_signature(view, schema_versions),
            key=tuple((column.name, STORED_AS[column.type]) for column in view.key),
            columns=tuple((column.name, STORED_AS[column.type]) for column in view.columns),
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

    def bound(self, name: str, value: object) -> tuple[int, str, Any]:
        """A column's place in a stored row, its name, a value of it as stored. Raises `ValueError`, `StoreError`."""
        column = self.column(name)
        if value is None or column.type not in _ORDERED:
            raise ValueError(f"column {name}: nothing lies below {value!r}")
        return self._all_names.index(name), name, self.encode_value(column, value)

    def encode_value(self, column: Column, value: object) -> Any:
        """A value as the database stores it. Raises `ValueError` where it is not of the column's type."""
        return None if value is None else encode(column.name, ENCODERS[column.type], value)

    def encode_key(self, key: tuple[Any, ...]) -> Key:
        """A key as the database stores it. Raises `ValueError`."""
        if len(key) != self._width:
            raise ValueError(f"the key {key!r} does not have {self._width} values")
        if self._has_text_key and type(key) is tuple and set(map(type, key)) == _TEXT and "".join(key).isascii():
            return key  # as nearly all are
        try:
            return tuple([encoder(value) for encoder, value in zip(self._key_encoders, key, strict=True)])
        except (TypeError, ValueError, OverflowError):
            for column, value in zip(self.key, key, strict=True):  # which column it was
                encode(column.name, ENCODERS[column.type], value)
            raise

    def hold(self, stored: DatabaseRow) -> HeldRow:
        """A stored row, to fold events into."""
        row = self.decode(stored, with_key=False)
        return HeldRow(row, tuple(row.values()), stored)

    def renew(self, key: Key, row: Row, before: HeldRow | None) -> HeldRow:
        """What a row is after an event, given what it was before; only what was replaced is encoded.

        Raises `ValueError` for unknown columns and values that are not of their column's type.
        """
        row, values = self._completed(row)
        if before is None:
            changed = [place for place, value in enumerate(values) if value is not None]
            stored = [*key, *[None] * len(values)]
        else:
            changed = list(compress(self._places, map(is_not, values, before.values)))
            changed += [place for place in self._mutable if place not in changed]
            stored = list(before.stored)
        width, encoders, plain = self._width, self._encoders, self._plain
        for place in changed:
            value = values[place]
            kind, is_plain = plain[place]
            if value is None or (type(value) is kind and is_plain(value)):
                stored[width + place] = value
                continue
            try:
                stored[width + place] = encoders[place](value)
            except (TypeError, ValueError, OverflowError) as error:
                raise ValueError(f"column {self._names[place]}: {error}") from None
        if before is None or not self._limited.isdisjoint(changed):
            self._check_indexed(stored)
        return HeldRow(row, values, tuple(stored))

    def written(self, held: HeldRow) -> DatabaseRow:
        """A row as it is stored."""
        row = held.stored
        for place in self._times:
            if isinstance(row[place], datetime):
                row = (*row[:place], ENCODERS["time"](row[place]), *row[place + 1 :])
        return row

    def _completed(self, row: Row) -> tuple[Row, tuple[Any, ...]]:
        """The row with all its columns in order, and its values. Raises `ValueError`."""
        if len(row) == len(self._names):
            try:
                return row, self._values(row)
            except KeyError:  # told below
                pass
        if not self._name_set.issuperset(row):
            raise ValueError(f"the row has the unknown columns {sorted(set(row) - self._name_set)}")
        values = tuple(map(row.get, self._names))
        return dict(zip(self._names, values, strict=True)), values

    def _check_indexed(self, stored: Sequence[Any]) -> None:
        """Refuse what PostgreSQL's indexes can't hold; everywhere, so that a log may move between databases."""
        if sum([len(stored[place] or "") for place in self._texts]) <= _MAX_INDEXED_BYTES // 4:
            return  # a character has four bytes at the most
        for places in self._indexed:
            size = sum([len((stored[place] or "").encode()) for place in places])
            if size > _MAX_INDEXED_BYTES:
                named = ", ".join(self._all_names[place] for place in places)
                raise ValueError(f"column {named}: {size:,} bytes to be indexed, at most {_MAX_INDEXED_BYTES:,} can be")

    def decode(self, stored: DatabaseRow, *, with_key: bool) -> Row:
        """A stored row by column names, with or without those of the key."""
        row: Row = dict(zip(self._all_names, stored, strict=True))
        for name, decoder in self._decoders:
            if (value := row[name]) is not None:
                row[name] = decoder(value)
        if not with_key:
            for column in self.key:
                del row[column.name]
        return row


def _values_of(names: tuple[str, ...]) -> Callable[[Row], tuple[Any, ...]]:
    """What takes the values of these columns from a row. It raises `KeyError` where one is missing."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple([row[name] for name in names])


def _signature(view: View, schema_versions: Mapping[str, int]) -> str:
    described = {
        "version": view.version,
        "key": [(column.name, column.type) for column in view.key],
        "columns": [(column.name, column.type) for column in view.columns],
        "indexes": view.indexes,
        "topics": sorted(schema_versions.items()),
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]
