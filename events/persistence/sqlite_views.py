"""The tables of views in an SQLite file of their own, or in memory."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from common.errors import StoreUnavailable
from events.backend import Changes, DatabaseRow, Key, ViewShape
from events.persistence.sqlite_connection import connect, connect_writer, create_file, fault, when_free
from events.persistence.sqlite_wal import WalBound
from events.persistence.view_tables import TAKEN, Session, ViewTables, listed, table_of, upsert

__all__ = ["SQLiteViews"]

Result = TypeVar("Result")

_READERS = 8
_CHUNKS = (256, 64, 16, 4, 1)
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


class _Session:
    """Implements `events.persistence.view_tables.Session`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def rows(self, statement: str, parameters: Sequence[Any] = (), /) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, parameters).fetchall()

    def do(self, statement: str, parameters: Sequence[Any] = (), /) -> int:
        return self.connection.execute(statement, parameters).rowcount


class SQLiteViews(ViewTables[_Session]):
    """Implements `events.backend.ViewDatabase`. Commits are not forced to the disk: what a power cut undoes is
    folded again from the log.
    """

    TYPES: ClassVar[Mapping[str, str]] = {"text": "TEXT", "integer": "INTEGER", "real": "REAL"}

    def __init__(self, path: Path | None, timeout: float, log: str, *, private: str = ":memory:") -> None:
        """Open the file at `path`; without one, a private database: in memory, or (named "") in temporary files."""
        super().__init__()
        self._path = path
        self._private = private
        self._timeout = timeout
        self._writing = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._reading = threading.BoundedSemaphore(_READERS)
        self._closed = False
        self._bound = None if path is None else WalBound(path)
        if path is not None:
            create_file(path)
        with self._translated():
            self._writer = self._connect(connect_writer)
            try:
                self._prepare(log)
            except BaseException:
                self._writer.close()
                raise

    def _connect(self, by: Callable[..., sqlite3.Connection] = connect) -> sqlite3.Connection:
        if self._path is None:
            return sqlite3.connect(self._private, isolation_level=None, check_same_thread=False, cached_statements=256)
        return by(self._path, self._timeout, synchronous="NORMAL")

    def _prepare(self, log: str) -> None:
        """Make the tables; begin anew where they are of another log or of an older format."""
        with self._write() as session:
            connection = session.connection
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            shown = connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall()
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
            for (name,) in shown:
                connection.execute(f'DROP VIEW "{name}"')
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
    def _write(self) -> Generator[_Session]:
        with self._translated(), self._writing:
            self._check_open()
            when_free(self._writer, "BEGIN IMMEDIATE", self._timeout)
            try:
                yield _Session(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            if self._bound is not None:
                self._bound.keep(self._writer)

    def _change(self) -> AbstractContextManager[_Session]:
        return self._write()

    @contextmanager
    def _read(self) -> Generator[_Session]:
        with self._translated():
            if self._path is None:
                with self._writing:
                    self._check_open()
                    yield _Session(self._writer)
                return
            if not self._reading.acquire(timeout=self._timeout):
                raise StoreUnavailable("too many views are being read at once", where=str(self._path))
            try:
                self._check_open()
                connection = self._idle.pop() if self._idle else self._connect()
                try:
                    connection.execute("BEGIN")
                    yield _Session(connection)
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    self._idle.append(connection)
            finally:
                self._reading.release()

    def _look(self, look: Callable[[_Session], Result]) -> Result:
        with self._read() as session:
            return look(session)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the views are closed", where=str(self._path or "memory"))

    def _add_slot(self, session: _Session, shape: ViewShape, live: int, now: str) -> int:
        session.do(
            "INSERT INTO slots (view, signature, live, position, anchor, updated_at) VALUES (?, ?, ?, 0, '', ?)",
            (shape.name, shape.signature, live, now),
        )
        return int(session.rows("SELECT last_insert_rowid()")[0][0])

    def _retire(self, session: _Session, slot: int) -> None:
        self._drop(session, slot)  # who reads it sees the file as it was

    def _drop(self, session: Session, slot: int) -> None:
        self._hide(session, slot)
        if self._path is None or self._is_sound(table_of(slot)):
            super()._drop(session, slot)
            return
        # SQLite can't give damaged pages back: they stay, unknown to all
        session.do("DELETE FROM parked WHERE slot = ?", (slot,))
        session.do("DELETE FROM slots WHERE id = ?", (slot,))

    def _shown(self, session: _Session, view: str) -> str | None:
        rows = session.rows("SELECT type, sql FROM sqlite_master WHERE name = ?", (view,))
        if view.startswith("sqlite_"):
            return TAKEN
        if not rows:
            return None
        kind, made_by = rows[0]
        return str(made_by).rpartition(" ")[2] if kind == "view" else TAKEN

    def _put_view(self, session: _Session, view: str, table: str) -> bool:
        session.do(f'DROP VIEW IF EXISTS "{view}"')
        session.do(f'CREATE VIEW "{view}" AS SELECT * FROM {table}')  # noqa: S608
        return True

    def _hide(self, session: Session, slot: int) -> None:
        """Take away the SQL view of a table that goes."""
        shown = "SELECT name FROM sqlite_master WHERE type = 'view' AND sql LIKE ?"
        for (name,) in session.rows(shown, (f"% FROM {table_of(slot)}",)):
            session.do(f'DROP VIEW "{name}"')

    def _is_sound(self, table: str) -> bool:
        """Whether all pages of a table and its indexes can be read; looked at apart: to fail spoils a transaction."""
        with closing(self._connect()) as connection:
            try:
                return connection.execute(f"PRAGMA integrity_check({table})").fetchone() == ("ok",)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                return False

    def _load(self, session: _Session, shape: ViewShape, slot: int, keys: Sequence[Key]) -> Mapping[Key, DatabaseRow]:
        width = len(shape.key)
        found: dict[Key, DatabaseRow] = {}
        for size, parameters in _chunks(keys):
            sql = f"SELECT * FROM {table_of(slot)} WHERE {_matching(shape, size)}"  # noqa: S608
            for row in session.rows(sql, parameters):
                found[row[:width]] = row
        return found

    def _store(self, session: _Session, shape: ViewShape, slot: int, changes: Changes) -> None:
        values = f"({','.join('?' * (len(shape.key) + len(shape.columns)))})"
        for size, parameters in _chunks(changes.upserts):
            session.do(upsert(shape, slot, f"VALUES {','.join([values] * size)}"), parameters)
        for size, parameters in _chunks(changes.deletes):
            session.do(f"DELETE FROM {table_of(slot)} WHERE {_matching(shape, size)}", parameters)  # noqa: S608

    def scrub(self, before: int) -> None:
        """Drop what was made earlier, and write the file anew, without what was ever deleted from it."""
        super().scrub(before)
        with self._translated(), self._writing:
            self._check_open()
            when_free(self._writer, "VACUUM", self._timeout)
            deadline = time.monotonic() + self._timeout
            while self._path is not None and self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > deadline:
                    raise StoreUnavailable(
                        "the views' write-ahead log can't be emptied while somebody reads them",
                        where=str(self._path),
                        todo="Run it again once other programs have let go of this file.",
                    )
                time.sleep(0.01)

    def _stream(self, session: _Session, query: str) -> Generator[DatabaseRow]:
        with closing(session.connection.execute(query)) as rows:
            yield from rows

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


def _chunks(values: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, list[Any]]]:
    """The tuples in chunks of a few sizes, so that few statements are prepared; each flattened to parameters."""
    done = 0
    for size in _CHUNKS:
        while len(values) - done >= size:
            yield size, [value for row in values[done : done + size] for value in row]
            done += size


def _matching(shape: ViewShape, size: int) -> str:
    names = listed(shape.key)
    if len(shape.key) == 1:
        return f"{names} IN ({','.join('?' * size)})"
    values = ",".join([f"({','.join('?' * len(shape.key))})"] * size)
    return f"({names}) IN (VALUES {values})"
