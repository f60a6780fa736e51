"""The log in an SQLite file, on the recorder of the eventsourcing library.

What the library's SQLite classes leave open is closed here: positions come from AUTOINCREMENT and are never given
out twice; a writing transaction takes its lock at the beginning (a deferred one fails beside another writer); the
writer has one connection of its own, so that no failure can leak the pool's writer lock; statements are cached; and
many rows are inserted by one statement, because every statement gives up Python's interpreter lock.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import uuid
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from eventsourcing.domain import EventSourcingError
from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from common.errors import StoreDamaged, StoreUnavailable
from events.backend import BlobRow, Head, NewRow, Page, Segment, Transaction, ViewDatabase, Watch
from events.codec import StoredRow, digest
from events.ownership import FileOwnership, Ownership
from events.persistence.known_heads import KnownHeads
from events.persistence.pages import read_page
from events.persistence.polling import Polling
from events.persistence.sqlite_connection import connect, connect_writer, create_file, fault, when_free
from events.persistence.sqlite_wal import WalBound
from events.persistence.view_file import open_view_file

__all__ = ["SQLiteBackend"]

_CONNECTIONS = 20
"""More than threads that read at once, so that none waits and none is closed to be opened again."""
_CHUNKS = (256, 64, 16, 4, 1)
_SCHEMA = 1
_FAULTS = 20
_TABLES = ("stored_events", "blobs", "segments", "log")


class _LogTransaction(SQLiteTransaction):
    def __init__(self, connection: _LogConnection, *, commit: bool) -> None:
        super().__init__(connection, commit=commit)
        self._log_connection = connection

    def __enter__(self) -> SQLiteCursor:
        self._log_connection.begin("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        return self.connection.cursor()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        try:
            super().__exit__(exc_type, exc_val, exc_tb)
        except BaseException:
            # a commit that failed leaves its transaction open, and no other could be begun
            with contextlib.suppress(sqlite3.Error):
                self.connection.rollback()
            raise


class _LogConnection(SQLiteConnection):
    def __init__(self, connection: sqlite3.Connection, timeout: float) -> None:
        super().__init__(connection, max_age=None)
        self._timeout = timeout

    def begin(self, statement: str) -> None:
        """Begin a transaction once the lock that it takes is free."""
        when_free(self._sqlite_conn, statement, self._timeout)

    @contextmanager
    def transaction(self, *, commit: bool) -> Generator[SQLiteCursor]:
        with _LogTransaction(self, commit=commit) as cursor, cursor:
            yield cursor


class _LogPool(SQLiteConnectionPool):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__(db_name=str(path), pool_size=_CONNECTIONS, max_overflow=0, pool_timeout=timeout)
        self._path = path
        self._busy_timeout = timeout

    def _create_connection(self) -> SQLiteConnection:
        connection = connect(self._path, self._busy_timeout, synchronous="FULL")
        connection.row_factory = sqlite3.Row
        return _LogConnection(connection, self._busy_timeout)


class _LogDatastore(SQLiteDatastore):
    """Readers share a pool; the one writer has a connection to itself."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__(str(path), originator_id_type="text")
        self._path = path
        self._timeout = timeout
        self._writing = threading.Lock()
        self._writer: SQLiteConnection | None = None
        self._bound = WalBound(path)
        self.pool = _LogPool(path, timeout)

    @contextmanager
    def get_connection(self, *, commit: bool) -> Generator[SQLiteConnection]:
        if not commit:
            connection = self.pool.get_connection()
            try:
                yield connection
            finally:
                self.pool.put_connection(connection)
            return
        if not self._writing.acquire(timeout=self._timeout):
            raise sqlite3.OperationalError("database is locked by another thread")
        try:
            if self._writer is None:
                writer = connect_writer(self._path, self._timeout, synchronous="FULL")
                self._writer = _LogConnection(writer, self._timeout)
            yield self._writer
            self._bound.keep(self._writer._sqlite_conn)  # pyright: ignore[reportPrivateUsage]
        finally:
            self._writing.release()

    def close(self) -> None:
        super().close()
        writer, self._writer = getattr(self, "_writer", None), None
        if writer is not None:
            writer.close()


class _LogRecorder(SQLiteApplicationRecorder):
    """Streams are named by text; the column `rowid` is what the library reads positions from."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        super().__init__(datastore)
        self._inserts = {size: _insert_statement(self.events_table_name, size) for size in _CHUNKS}

    def construct_create_table_statements(self) -> list[str]:
        return [
            "CREATE TABLE IF NOT EXISTS stored_events ("
            "rowid INTEGER PRIMARY KEY AUTOINCREMENT, "
            "originator_id TEXT NOT NULL, "
            "originator_version INTEGER NOT NULL, "
            "topic TEXT NOT NULL, "
            "state BLOB NOT NULL, "
            "UNIQUE (originator_id, originator_version))",
            "CREATE TABLE IF NOT EXISTS blobs (name TEXT PRIMARY KEY, content BLOB NOT NULL)",
            "CREATE TABLE IF NOT EXISTS segments (position INTEGER PRIMARY KEY, name TEXT NOT NULL, first INTEGER "
            "NOT NULL, last INTEGER NOT NULL, events INTEGER NOT NULL, size INTEGER NOT NULL, digest TEXT NOT NULL, "
            "topics TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS log (identity TEXT NOT NULL, schema_version INTEGER NOT NULL)",
            f"INSERT INTO log SELECT '{uuid.uuid4().hex}', {_SCHEMA} WHERE NOT EXISTS (SELECT 1 FROM log)",  # noqa: S608
        ]

    def _insert_events(self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        return self.insert_rows(
            c,
            [(str(event.originator_id), event.originator_version, event.topic, event.state) for event in stored_events],
        )

    def insert_rows(self, c: SQLiteCursor, rows: Sequence[NewRow]) -> range:
        """Insert rows by as few statements as the prepared sizes allow; returns their positions."""
        done = 0
        for size in _CHUNKS:
            while len(rows) - done >= size:
                chunk = rows[done : done + size]
                c.execute(self._inserts[size], [value for row in chunk for value in row])
                done += size
        last = int(c.lastrowid)
        return range(last - len(rows) + 1, last + 1)


def _insert_statement(table: str, rows: int) -> str:
    columns = "(originator_id, originator_version, topic, state)"
    return f"INSERT INTO {table} {columns} VALUES {','.join(['(?,?,?,?)'] * rows)}"  # noqa: S608


_SELECT_HEADS = (
    "SELECT e.originator_id, e.originator_version, e.topic, e.state FROM json_each(?) AS wanted "
    "JOIN stored_events AS e ON e.rowid = (SELECT rowid FROM stored_events "
    "WHERE originator_id = wanted.value ORDER BY originator_version DESC LIMIT 1)"
)

_SELECT_PAGE = (
    "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events "
    "WHERE rowid > ? AND rowid <= ? {}ORDER BY rowid LIMIT ?"
)


class _Writing:
    """One write transaction; implements `events.backend.Transaction`."""

    def __init__(self, recorder: _LogRecorder, cursor: SQLiteCursor, known: KnownHeads) -> None:
        self._recorder = recorder
        self._cursor = cursor
        self._known = known
        self.staged: dict[str, Head] = {}
        cursor.execute("PRAGMA data_version")
        known.check(int(cursor.fetchone()[0]))

    def heads(self, streams: Collection[str]) -> dict[str, Head]:
        found, missing = self._known.of(streams)
        if missing:
            self._cursor.execute(_SELECT_HEADS, (json.dumps(missing),))
            rows: list[tuple[str, int, str, bytes]] = self._cursor.fetchall()
            for stream, version, topic, stored in rows:
                found[stream] = Head(version, digest(stream, version, topic, stored))
            for stream in missing:
                found.setdefault(stream, Head(0, None))
            self._known.keep({stream: found[stream] for stream in missing})
        return found

    def insert(self, rows: Sequence[NewRow], heads: Mapping[str, Head]) -> int:
        positions = self._recorder.insert_rows(self._cursor, rows)
        self.staged.update(heads)
        return positions[0]

    def insert_blobs(self, blobs: Sequence[BlobRow]) -> None:
        for blob in blobs:
            self._cursor.execute("INSERT INTO blobs (name, content) VALUES (?, ?) ON CONFLICT DO NOTHING", blob)

    def move(self, positions: Sequence[int], segment: Segment) -> int:
        places = json.dumps(list(positions))
        self._cursor.execute("DELETE FROM stored_events WHERE rowid IN (SELECT value FROM json_each(?))", (places,))
        self._cursor.execute("SELECT changes()")
        found = int(self._cursor.fetchone()[0])
        values = (*astuple(segment)[:-1], json.dumps(segment.topics))
        self._cursor.execute("INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        return found

    def last_position(self) -> int:
        self._cursor.execute("SELECT MAX(rowid) FROM stored_events")
        return int(self._cursor.fetchone()[0] or 0)


class SQLiteBackend:
    """The log in a file; implements `events.backend.Backend`."""

    gapless = True

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        self._timeout = timeout
        self._known = KnownHeads()
        create_file(path)
        self._datastore = _LogDatastore(path, timeout)
        self._recorder = _LogRecorder(self._datastore)
        try:
            self.product = f"SQLite {sqlite3.sqlite_version}"
            self.identity = self._open()
        except BaseException:
            self._datastore.close()
            raise

    def _open(self) -> str:
        with self._translated():
            if not self._tables_exist():
                self._recorder.create_table()
            with self._datastore.transaction(commit=False) as cursor:
                cursor.execute("SELECT identity, schema_version FROM log")
                identity, schema_version = cursor.fetchone()
        if schema_version > _SCHEMA:
            raise StoreUnavailable(
                f"the log was written by a newer version (its schema is {schema_version}, known is {_SCHEMA})",
                where=str(self.path),
                todo="Use the newer version of this software.",
            )
        return str(identity)

    def _tables_exist(self) -> bool:
        with self._datastore.transaction(commit=False) as cursor:
            cursor.execute(f"SELECT name FROM sqlite_master WHERE name IN {_TABLES}")  # noqa: S608
            found = {str(row[0]) for row in cursor.fetchall()}
        if "stored_events" in found and "log" not in found:
            raise StoreUnavailable(
                "the file holds events of another application of the eventsourcing library",
                where=str(self.path),
                todo="Name another file (store.url or data_dir).",
            )
        return len(found) == len(_TABLES)

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, EventSourcingError) as error:
            raise fault(error, self.path) from error

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Begin to write."""
        try:
            with self._translated(), self._datastore.transaction(commit=True) as cursor:
                writing = _Writing(self._recorder, cursor, self._known)
                yield writing
        except BaseException:
            self._known.clear()
            raise
        self._known.keep(writing.staged)

    def read(self, stream: str, after_version: int) -> list[StoredRow]:
        """The rows of a stream in order."""
        with self._translated(), self._datastore.transaction(commit=False) as cursor:
            cursor.execute(
                "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events "
                "WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version",
                (stream, after_version),
            )
            return [tuple(row) for row in cursor.fetchall()]

    def page(self, after: int, topics: Collection[str] | None, limit: int, until: int | None = None) -> Page:
        """At most `limit` rows behind a position."""
        with self._translated(), self._datastore.transaction(commit=False) as cursor:
            # rows as plain tuples: the library would make two objects of each
            cursor.sqlite_cursor.row_factory = None
            cursor.execute("SELECT MAX(rowid) FROM stored_events")
            head = int(cursor.fetchone()[0] or 0)

            def select(after: int, stop: int, topics: Sequence[str], limit: int) -> list[StoredRow]:
                among = f"AND topic IN ({','.join('?' * len(topics))}) " if topics else ""
                cursor.execute(_SELECT_PAGE.format(among), (after, stop, *topics, limit))
                return cursor.fetchall()

            return read_page(head, select, after, topics, limit, until)

    def version(self, stream: str) -> int:
        """The version of a stream."""
        with self._translated():
            last = self._recorder.select_events(stream, desc=True, limit=1)
        return last[0].originator_version if last else 0

    def blob(self, name: str) -> bytes | None:
        """The stored bytes of a blob."""
        with self._translated(), self._datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT CAST(content AS BLOB) FROM blobs WHERE name = ?", (name,))
            row = cursor.fetchone()
            return row[0] if row else None

    def head(self) -> int:
        """The last position."""
        with self._translated():
            return self._recorder.max_notification_id() or 0

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file: its pages, and its index against its rows."""
        try:
            with self._translated(), self._datastore.transaction(commit=False) as cursor:
                cursor.execute(f"PRAGMA integrity_check({_FAULTS})")
                return [str(row[0]) for row in cursor.fetchall() if row[0] != "ok"]
        except StoreDamaged as error:  # too much for a check to go on
            return [error.what]

    def issued(self) -> int:
        """The highest position that was ever given out."""
        with self._translated(), self._datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = 'stored_events'")
            row = cursor.fetchone()
            return int(row[0]) if row else 0

    def segments(self, after: int) -> list[Segment]:
        """The segments that were told of behind a position."""
        with self._translated(), self._datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT * FROM segments WHERE position > ? ORDER BY position", (after,))
            return [replace(Segment(*row), topics=tuple(json.loads(row[7]))) for row in cursor.fetchall()]

    def compact(self) -> int:
        """Write the file anew without the room that removed rows left; returns how many bytes it is smaller."""
        with self._translated(), closing(connect(self.path, self._timeout, synchronous="FULL")) as connection:
            size = int(connection.execute("PRAGMA page_size").fetchone()[0])
            before = int(connection.execute("PRAGMA page_count").fetchone()[0])
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return max(0, before - int(connection.execute("PRAGMA page_count").fetchone()[0])) * size

    def views(self) -> ViewDatabase:
        """Open the views' database, a file beside the log."""
        return open_view_file(self.path.with_name(f"{self.path.stem}-views.db"), self._timeout, self.identity)

    def watch(self, told: Callable[[int], None]) -> Watch:
        """Those who follow look by themselves; `told` is never called."""
        return Polling()

    def ownership(self) -> Ownership:
        """Become an owner by a locked file in a folder beside the log."""
        return FileOwnership.acquire(self.path.with_name(f"{self.path.name}-owners"))

    def close(self) -> None:
        """Close all connections."""
        self._datastore.close()
