"""The tables of views in an SQLite file of their own, or in memory.

Each view has a live table; a rebuild fills another beside it and switches. A table belongs to one signature of its
view, so that two versions of the code on one file do not take each other's rows away.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from common.errors import StoreError, StoreUnavailable
from events.backend import Changes, DatabaseRow, Fold, Key, ParkedRow, Selected, Slot, ViewShape
from events.persistence.sqlite_connection import connect, create_file, fault

__all__ = ["SQLiteViews"]

_READERS = 8
_CHUNKS = (256, 64, 16, 4, 1)
_LEFTOVER = timedelta(days=1)
_APPLICATION = 0x61735677
"""Marks the file as ours: no tables of another program are ever dropped."""
_FORMAT = 1
_SCHEMA = """
CREATE TABLE log (identity TEXT NOT NULL);
CREATE TABLE slots (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    view TEXT NOT NULL,
    signature TEXT NOT NULL,
    live INTEGER NOT NULL,
    position INTEGER NOT NULL,
    anchor TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX one_live_slot ON slots (view, signature) WHERE live = 1;
CREATE TABLE parked (
    slot INTEGER NOT NULL,
    position INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    error TEXT NOT NULL,
    parked_at TEXT NOT NULL,
    announced INTEGER NOT NULL,
    PRIMARY KEY (slot, position)
) WITHOUT ROWID;
"""


class SQLiteViews:
    """Implements `events.backend.ViewDatabase`. Commits are not forced to the disk: what a power cut undoes is
    folded again from the log.
    """

    def __init__(self, path: Path | None, timeout: float, log: str, *, private: str = ":memory:") -> None:
        """Open the file at `path`; without one, a private database: in memory, or (named "") in temporary files."""
        self._path = path
        self._private = private
        self._timeout = timeout
        self._writing = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._reading = threading.BoundedSemaphore(_READERS)
        self._closed = False
        if path is not None:
            create_file(path)
        with self._translated():
            self._writer = self._connect()
            try:
                self._prepare(log)
            except BaseException:
                self._writer.close()
                raise

    def _connect(self) -> sqlite3.Connection:
        if self._path is None:
            return sqlite3.connect(self._private, isolation_level=None, check_same_thread=False, cached_statements=256)
        return connect(self._path, self._timeout, synchronous="NORMAL")

    def _prepare(self, log: str) -> None:
        """Make the tables; begin anew where they are of another log or of an older format."""
        with self._write() as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            written = int(connection.execute("PRAGMA user_version").fetchone()[0])
            ours = connection.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION
            if (tables and not ours) or written > _FORMAT:
                whose = "another program" if not ours else "a newer version"
                raise StoreUnavailable(
                    f"the file for views was written by {whose}",
                    where=str(self._path),
                    todo="Move it away; views are built anew from the log.",
                )
            if written == _FORMAT and connection.execute("SELECT identity FROM log").fetchone() == (log,):
                return
            for (name,) in tables:
                if not name.startswith("sqlite_"):
                    connection.execute(f'DROP TABLE "{name}"')
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute("INSERT INTO log VALUES (?)", (log,))
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_FORMAT}")

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            problem = fault(error, self._path or Path(":memory:"))
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                problem.todo = "Delete this file: it holds views only, which are built anew from the log."
            raise problem from error

    @contextmanager
    def _write(self) -> Generator[sqlite3.Connection]:
        with self._translated(), self._writing:
            self._check_open()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def _read(self) -> Generator[sqlite3.Connection]:
        """A connection inside a read transaction: one moment of the database."""
        with self._translated():
            if self._path is None:
                with self._writing:
                    self._check_open()
                    yield self._writer
                return
            if not self._reading.acquire(timeout=self._timeout):
                raise StoreUnavailable("too many views are being read at once", where=str(self._path))
            try:
                self._check_open()
                connection = self._idle.pop() if self._idle else self._connect()
                try:
                    connection.execute("BEGIN")
                    yield connection
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    self._idle.append(connection)
            finally:
                self._reading.release()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the views are closed", where=str(self._path or "memory"))

    def slot(self, shape: ViewShape) -> Slot:
        """The view's live table, made where there is none."""
        leftover = (datetime.now(UTC) - _LEFTOVER).isoformat()
        with self._read() as connection:
            found = _live(connection, shape)
            stale = connection.execute(_SELECT_STALE, (shape.name, shape.signature, leftover)).fetchall()
        if found is not None and not stale:
            return found
        with self._write() as connection:
            for (slot,) in connection.execute(_SELECT_STALE, (shape.name, shape.signature, leftover)).fetchall():
                _drop(connection, slot)
            return _live(connection, shape) or _create(connection, shape, live=True)

    def new_slot(self, shape: ViewShape) -> Slot:
        """An empty table beside the live one."""
        with self._write() as connection:
            return _create(connection, shape, live=False)

    def apply(self, shape: ViewShape, slot: Slot, moved: Slot, keys: Sequence[Key], fold: Fold) -> bool:
        """Fold a page and move the slot."""
        with self._write() as connection:
            updated = connection.execute(
                "UPDATE slots SET position = ?, anchor = ?, updated_at = ? WHERE id = ? AND position = ?",
                (moved.position, moved.anchor, datetime.now(UTC).isoformat(), slot.id, slot.position),
            )
            if updated.rowcount != 1:
                return False
            changes = fold(_load(connection, shape, slot.id, keys))
            _store(connection, shape, slot.id, changes)
        return True

    def switch(self, shape: ViewShape, slot: Slot) -> None:
        """Make a table the live one."""
        with self._write() as connection:
            if _slot(connection, slot.id) is None:
                raise StoreError("the table of the rebuild is gone", where=shape.name, todo="Rebuild again.")
            live = _live(connection, shape)
            if live is not None:
                connection.execute(
                    "UPDATE parked SET announced = 1 WHERE slot = ? AND event_id IN "
                    "(SELECT event_id FROM parked WHERE slot = ? AND announced = 1)",
                    (slot.id, live.id),
                )
                _drop(connection, live.id)
            connection.execute("UPDATE slots SET live = 1 WHERE id = ?", (slot.id,))

    def drop(self, slot: Slot) -> None:
        """Throw a table away."""
        with self._write() as connection:
            _drop(connection, slot.id)

    def select(self, shape: ViewShape, sql: str, parameters: Sequence[Any], slot: int | None = None) -> Selected | None:
        """A query over the live table, or the one of `slot`."""
        with self._read() as connection:
            found = _live(connection, shape) if slot is None else _slot(connection, slot)
            if found is None:
                return None
            return Selected(found, connection.execute(sql.format(table=_table(found.id)), parameters).fetchall())

    def walk(self, shape: ViewShape, slot: int | None = None) -> Generator[DatabaseRow, None, int]:
        """All rows of a table in the order of their keys; returns the position they stand for."""
        with self._read() as connection:
            found = _live(connection, shape) if slot is None else _slot(connection, slot)
            if found is None:
                return 0
            order = ", ".join(f'"{name}"' for name, _ in shape.key)
            with closing(connection.execute(f"SELECT * FROM {_table(found.id)} ORDER BY {order}")) as rows:  # noqa: S608
                yield from rows
            return found.position

    def parked(self) -> list[ParkedRow]:
        """The events that live views could not take, oldest first."""
        with self._read() as connection:
            rows = connection.execute(
                "SELECT view, parked.position, event_id, topic, error, parked_at, announced "
                "FROM parked JOIN slots ON slots.id = parked.slot WHERE live = 1 ORDER BY parked.position, view"
            ).fetchall()
        return [ParkedRow(*row[:6], announced=bool(row[6])) for row in rows]

    def announced(self, parked: ParkedRow) -> None:
        """Remember that the log was told of a parked event."""
        with self._write() as connection:
            connection.execute(
                "UPDATE parked SET announced = 1 WHERE event_id = ? AND slot IN (SELECT id FROM slots WHERE view = ?)",
                (parked.event_id, parked.view),
            )

    def close(self) -> None:
        """Close all connections, once nobody reads or writes any more."""
        held = [self._reading.acquire(timeout=self._timeout) for _ in range(_READERS)]
        with self._writing:
            if not self._closed:
                self._closed = True
                for connection in (self._writer, *self._idle):
                    connection.close()
        for _ in range(held.count(True)):
            self._reading.release()


_SELECT_STALE = "SELECT id FROM slots WHERE view = ? AND (signature != ? OR live = 0) AND updated_at < ?"


def _table(slot: int) -> str:
    return f"view_{slot}"


def _slot(connection: sqlite3.Connection, slot: int) -> Slot | None:
    row = connection.execute("SELECT id, position, anchor FROM slots WHERE id = ?", (slot,)).fetchone()
    return None if row is None else Slot(*row)


def _live(connection: sqlite3.Connection, shape: ViewShape) -> Slot | None:
    row = connection.execute(
        "SELECT id, position, anchor FROM slots WHERE view = ? AND signature = ? AND live = 1",
        (shape.name, shape.signature),
    ).fetchone()
    return None if row is None else Slot(*row)


def _create(connection: sqlite3.Connection, shape: ViewShape, *, live: bool) -> Slot:
    added = connection.execute(
        "INSERT INTO slots (view, signature, live, position, anchor, updated_at) VALUES (?, ?, ?, 0, '', ?)",
        (shape.name, shape.signature, live, datetime.now(UTC).isoformat()),
    )
    slot = Slot(int(added.lastrowid or 0), 0)
    columns = [f'"{name}" {kind.upper()} NOT NULL' for name, kind in shape.key]
    columns += [f'"{name}" {kind.upper()}' for name, kind in shape.columns]
    key = ", ".join(f'"{name}"' for name, _ in shape.key)
    connection.execute(f"CREATE TABLE {_table(slot.id)} ({', '.join(columns)}, PRIMARY KEY ({key}))")
    for number, names in enumerate(shape.indexes):
        listed = ", ".join(f'"{name}"' for name in names)
        connection.execute(f"CREATE INDEX {_table(slot.id)}_{number} ON {_table(slot.id)} ({listed})")
    return slot


def _drop(connection: sqlite3.Connection, slot: int) -> None:
    connection.execute(f"DROP TABLE IF EXISTS {_table(slot)}")
    connection.execute("DELETE FROM parked WHERE slot = ?", (slot,))
    connection.execute("DELETE FROM slots WHERE id = ?", (slot,))


def _chunks(values: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, list[Any]]]:
    """The tuples in chunks of a few sizes, so that few statements are prepared; each flattened to parameters."""
    done = 0
    for size in _CHUNKS:
        while len(values) - done >= size:
            yield size, [value for row in values[done : done + size] for value in row]
            done += size


def _matching(shape: ViewShape, size: int) -> str:
    names = ", ".join(f'"{name}"' for name, _ in shape.key)
    if len(shape.key) == 1:
        return f"{names} IN ({','.join('?' * size)})"
    values = ",".join([f"({','.join('?' * len(shape.key))})"] * size)
    return f"({names}) IN (VALUES {values})"


def _load(connection: sqlite3.Connection, shape: ViewShape, slot: int, keys: Sequence[Key]) -> dict[Key, DatabaseRow]:
    width = len(shape.key)
    found: dict[Key, DatabaseRow] = {}
    for size, parameters in _chunks(keys):
        sql = f"SELECT * FROM {_table(slot)} WHERE {_matching(shape, size)}"  # noqa: S608
        for row in connection.execute(sql, parameters).fetchall():
            found[row[:width]] = row
    return found


def _store(connection: sqlite3.Connection, shape: ViewShape, slot: int, changes: Changes) -> None:
    width = len(shape.key) + len(shape.columns)
    key = ", ".join(f'"{name}"' for name, _ in shape.key)
    updates = ", ".join(f'"{name}" = excluded."{name}"' for name, _ in shape.columns)
    resolution = f"DO UPDATE SET {updates}" if updates else "DO NOTHING"
    values = f"({','.join('?' * width)})"
    for size, parameters in _chunks(changes.upserts):
        sql = f"INSERT INTO {_table(slot)} VALUES {','.join([values] * size)} ON CONFLICT ({key}) {resolution}"  # noqa: S608
        connection.execute(sql, parameters)
    for size, parameters in _chunks(changes.deletes):
        connection.execute(f"DELETE FROM {_table(slot)} WHERE {_matching(shape, size)}", parameters)  # noqa: S608
    connection.executemany(
        "INSERT INTO parked VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (slot, row.position, row.event_id, row.topic, row.error, row.parked_at, row.announced)
            for row in changes.parked
        ],
    )
