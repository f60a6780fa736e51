"""The tables of views, as far as they are the same in every database.

Each view has a live table; a rebuild fills another beside it and switches. A table belongs to one signature of its
view, so that two versions of the code on one database do not take each other's rows away.

For whoever looks into the database, an SQL view of the same name shows the rows of the table that was made or switched
to last; nothing in here reads it, and nothing else fails where it can't be made.
"""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from common.errors import StoreError
from events.backend import Changes, DatabaseRow, Fold, Key, ParkedRow, Selected, Slot, ViewShape

__all__ = ["Session", "ViewTables", "listed", "table_of", "upsert"]

_LEFTOVER = timedelta(days=1)
_SHOW_AGAIN = 10.0
"""Seconds between two attempts to have a view found under its name."""
TAKEN = ""
"""Instead of the table that is shown: the name is that of something else."""
_SLOTS = "SELECT id, position, anchor, signature, live, updated_at FROM slots WHERE view = ?"


class Session(Protocol):
    """A transaction, or several one after the other; statements mark their parameters by ``?``."""

    def rows(self, statement: str, parameters: Sequence[Any] = (), /) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        ...

    def do(self, statement: str, parameters: Sequence[Any] = (), /) -> int:
        """A statement that gives no rows; returns how many it touched."""
        ...


AnySession = TypeVar("AnySession", bound=Session)
Result = TypeVar("Result")


def table_of(slot: int) -> str:
    """The name of a slot's table."""
    return f"view_{slot}"


def listed(columns: Sequence[tuple[str, str]]) -> str:
    """The names of columns, quoted, with commas in between."""
    return ", ".join(f'"{name}"' for name, _ in columns)


def upsert(shape: ViewShape, slot: int, rows: str) -> str:
    """The statement that puts rows, given by `rows`, in place of those with the same keys."""
    updates = ", ".join(f'"{name}" = excluded."{name}"' for name, _ in shape.columns)
    resolution = f"DO UPDATE SET {updates}" if updates else "DO NOTHING"
    return f"INSERT INTO {table_of(slot)} {rows} ON CONFLICT ({listed(shape.key)}) {resolution}"


class ViewTables(ABC, Generic[AnySession]):
    """Implements most of `events.backend.ViewDatabase`; a subclass knows one database."""

    TYPES: ClassVar[Mapping[str, str]]
    """The database's types by those of a view's shape."""
    INDEX_ORDER: ClassVar[str] = ""
    """What has an index sort rows without a value first."""

    DROP: ClassVar[str] = "DROP TABLE IF EXISTS {table}"
    """How a table goes, with what shows it."""

    @abstractmethod
    def _write(self) -> AbstractContextManager[AnySession]:
        """A transaction that folds."""

    @abstractmethod
    def _change(self) -> AbstractContextManager[AnySession]:
        """A transaction that makes and drops tables; one at a time, whoever does it."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[AnySession]:
        """A transaction that sees one moment of the database."""

    @abstractmethod
    def _add_slot(self, session: AnySession, shape: ViewShape, live: int, now: str) -> int:
        """A new row of `slots`, with an id that no other ever had."""

    @abstractmethod
    def _load(self, session: AnySession, shape: ViewShape, slot: int, keys: Sequence[Key]) -> Mapping[Key, DatabaseRow]:
        """The stored rows of these keys."""

    @abstractmethod
    def _store(self, session: AnySession, shape: ViewShape, slot: int, changes: Changes) -> None:
        """Write and delete rows."""

    @abstractmethod
    def _stream(self, session: AnySession, query: str) -> Generator[DatabaseRow]:
        """The rows of a query as they come."""

    @abstractmethod
    def _look(self, look: Callable[[AnySession], Result]) -> Result:
        """What a look finds that takes one statement; it may be taken twice."""

    @abstractmethod
    def _retire(self, session: AnySession, slot: int) -> None:
        """Throw away a table that others may still read."""

    @abstractmethod
    def _shown(self, session: AnySession, view: str) -> str | None:
        """The table that the SQL view of this name shows; None where there is none, `TAKEN` where none can be."""

    @abstractmethod
    def _put_view(self, session: AnySession, view: str, table: str) -> bool:
        """Have the SQL view of this name show a table; whether that could be done. The last of its transaction."""

    def __init__(self) -> None:
        self._seen_shown: dict[str, int] = {}
        """The slot, by view, for which this process has seen to it that the SQL view shows a live table."""
        self._next_look: dict[str, float] = {}

    def _show(self, session: AnySession, view: str, slot: int) -> None:
        """Have the table found under the name of its view, by SQL of one's own."""
        if (
            view.startswith("view_")
            or self._shown(session, view) == TAKEN
            or self._put_view(session, view, table_of(slot))
        ):
            self._seen_shown[view] = slot

    def _see_shown(self, shape: ViewShape, slot: int) -> None:
        """Show a live table where none is: an older program made it, or whoever switched to it was kept from it."""
        now = time.monotonic()
        if now < self._next_look.get(shape.name, now):
            return
        self._next_look[shape.name] = now + _SHOW_AGAIN
        with contextlib.suppress(StoreError):
            if self._look(lambda session: self._is_shown(session, shape.name)):
                self._seen_shown[shape.name] = slot
                return
            with self._change() as session:
                live = live_slot(session, shape)
                if live is not None and live.id == slot:
                    self._show(session, shape.name, slot)

    def _is_shown(self, session: AnySession, view: str) -> bool:
        """Whether a live table of the view is shown, whichever program it is of."""
        shown = self._shown(session, view)
        if shown is None or shown == TAKEN:
            return shown == TAKEN
        live = session.rows("SELECT id FROM slots WHERE view = ? AND live = 1", (view,))
        return shown in {table_of(slot) for (slot,) in live}

    def slot(self, shape: ViewShape) -> Slot:
        """The view's live table, made where there is none."""
        found, stale = self._look(lambda session: look_up(session, shape))
        if found is not None and not stale:
            if self._seen_shown.get(shape.name) != found.id:
                self._see_shown(shape, found.id)
            return found
        with self._change() as session:
            found, stale = look_up(session, shape)
            for slot in stale:
                self._drop(session, slot)
            if found is None:
                found = self._create(session, shape, live=True)
                self._show(session, shape.name, found.id)
            elif not self._is_shown(session, shape.name):
                self._show(session, shape.name, found.id)
            return found

    def new_slot(self, shape: ViewShape) -> Slot:
        """An empty table beside the live one."""
        with self._change() as session:
            return self._create(session, shape, live=False)

    def apply(self, shape: ViewShape, slot: Slot, moved: Slot, keys: Sequence[Key], fold: Fold) -> bool:
        """Fold a page and move the slot."""
        with self._write() as session:
            updated = session.do(
                "UPDATE slots SET position = ?, anchor = ?, updated_at = ? WHERE id = ? AND position = ?",
                (moved.position, moved.anchor, datetime.now(UTC).isoformat(), slot.id, slot.position),
            )
            if updated != 1:
                return False
            changes = fold(self._load(session, shape, slot.id, keys) if keys else {})
            for column, value in changes.below:
                session.do(f'DELETE FROM {table_of(slot.id)} WHERE "{column}" < ?', (value,))  # noqa: S608
            self._store(session, shape, slot.id, changes)
            for row in changes.parked:
                session.do(
                    "INSERT INTO parked VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (slot.id, row.position, row.event_id, row.topic, row.error, row.parked_at, int(row.announced)),
                )
        return True

    def switch(self, shape: ViewShape, slot: Slot) -> None:
        """Make a table the live one."""
        with self._change() as session:
            if find_slot(session, slot.id) is None:
                raise StoreError("the table of the rebuild is gone", where=shape.name, todo="Rebuild again.")
            live = live_slot(session, shape)
            if live is not None:
                session.do(
                    "UPDATE parked SET announced = 1 WHERE slot = ? AND event_id IN "
                    "(SELECT event_id FROM parked WHERE slot = ? AND announced = 1)",
                    (slot.id, live.id),
                )
                self._retire(session, live.id)
            session.do("UPDATE slots SET live = 1 WHERE id = ?", (slot.id,))
            self._show(session, shape.name, slot.id)

    def scrub(self, before: int) -> None:
        """Drop what was made earlier, whatever view it is of."""
        with self._read() as session:
            slots = session.rows("SELECT id FROM slots WHERE id < ?", (before,))
        for (slot,) in slots:
            with self._change() as session:
                self._drop(session, slot)

    def drop(self, slot: Slot) -> None:
        """Throw a table away."""
        with self._change() as session:
            self._drop(session, slot.id)

    def select(self, shape: ViewShape, sql: str, parameters: Sequence[Any], slot: int | None = None) -> Selected | None:
        """A query over the live table, or the one of `slot`."""
        with self._read() as session:
            found = live_slot(session, shape) if slot is None else find_slot(session, slot)
            if found is None:
                return None
            return Selected(found, session.rows(sql.format(table=table_of(found.id)), parameters))

    def walk(self, shape: ViewShape, slot: int | None = None) -> Generator[DatabaseRow, None, int]:
        """All rows of a table in the order of their keys; returns the position they stand for."""
        with self._read() as session:
            found = live_slot(session, shape) if slot is None else find_slot(session, slot)
            if found is None:
                return 0
            query = f"SELECT * FROM {table_of(found.id)} ORDER BY {listed(shape.key)}"  # noqa: S608
            yield from self._stream(session, query)
            return found.position

    def parked(self) -> list[ParkedRow]:
        """The events that live views could not take, oldest first."""
        with self._read() as session:
            rows = session.rows(
                "SELECT view, parked.position, event_id, topic, error, parked_at, announced "
                "FROM parked JOIN slots ON slots.id = parked.slot WHERE live = 1 ORDER BY parked.position, view"
            )
        return [ParkedRow(*row[:6], announced=bool(row[6])) for row in rows]

    def announced(self, parked: ParkedRow) -> None:
        """Remember that the log was told of a parked event."""
        with self._write() as session:
            session.do(
                "UPDATE parked SET announced = 1 WHERE event_id = ? AND slot IN (SELECT id FROM slots WHERE view = ?)",
                (parked.event_id, parked.view),
            )

    def _create(self, session: AnySession, shape: ViewShape, *, live: bool) -> Slot:
        slot = Slot(self._add_slot(session, shape, int(live), datetime.now(UTC).isoformat()), 0)
        table = table_of(slot.id)
        columns = [f'"{name}" {self.TYPES[kind]} NOT NULL' for name, kind in shape.key]
        columns += [f'"{name}" {self.TYPES[kind]}' for name, kind in shape.columns]
        session.do(f"CREATE TABLE {table} ({', '.join(columns)}, PRIMARY KEY ({listed(shape.key)}))")
        never_null = {name for name, _ in shape.key}
        for number, names in enumerate(shape.indexes):
            order = ", ".join(f'"{name}"{"" if name in never_null else self.INDEX_ORDER}' for name in names)
            session.do(f"CREATE INDEX {table}_{number} ON {table} ({order})")
        return slot

    def _drop(self, session: Session, slot: int) -> None:
        session.do(self.DROP.format(table=table_of(slot)))
        session.do("DELETE FROM parked WHERE slot = ?", (slot,))
        session.do("DELETE FROM slots WHERE id = ?", (slot,))


def find_slot(session: Session, slot: int) -> Slot | None:
    rows = session.rows("SELECT id, position, anchor FROM slots WHERE id = ?", (slot,))
    return Slot(*rows[0]) if rows else None


def live_slot(session: Session, shape: ViewShape) -> Slot | None:
    return look_up(session, shape)[0]


def look_up(session: Session, shape: ViewShape) -> tuple[Slot | None, list[int]]:
    """The live table of a view, and the tables that nobody has filled for long; in one look, for it is often done."""
    long_ago = (datetime.now(UTC) - _LEFTOVER).isoformat()
    found: Slot | None = None
    stale: list[int] = []
    for slot, position, anchor, signature, live, updated_at in session.rows(_SLOTS, (shape.name,)):
        if live and signature == shape.signature:
            found = Slot(slot, position, anchor)
        elif updated_at < long_ago:
            stale.append(slot)
    return found, stale
