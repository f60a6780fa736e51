"""Writes to the log in PostgreSQL, by one connection of its own.

Positions are counted in a row that a writing transaction locks first: the order of commits is that of positions,
without gaps, and no table lock stands in the way of vacuum. All rows of a batch go in one message, so that a process
that is frozen halfway keeps the lock for no longer than the server allows. A commit of unknown outcome is looked up.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple

import psycopg

from common.errors import StoreUnavailable
from events.backend import BlobRow, Head, NewRow, Segment, Transaction
from events.codec import StoredRow, digest
from events.persistence.known_heads import KnownHeads
from events.persistence.postgres_connection import Connection, Connector
from events.persistence.postgres_faults import NoAnswer

__all__ = ["PostgresWriter"]

_PAUSE = 0.1
"""Seconds between looks for what became of a commit."""
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT issued FROM log FOR UPDATE"
_MOVE = "WITH moved AS (UPDATE log SET issued = %b::bigint RETURNING pg_notify(%b::text, issued::text)) "
"""Whatever is inserted moves the count along and tells those who listen, in the same message."""
_INSERT_ONE = _MOVE + (
    "INSERT INTO stored_events (notification_id, originator_id, originator_version, topic, state) "
    "VALUES (%b::bigint, %b::text, %b::bigint, %b::text, %b::bytea)"
)
_INSERT_MANY = _MOVE + (
    "INSERT INTO stored_events (notification_id, originator_id, originator_version, topic, state) "
    "SELECT %b::bigint + number, stream, version, topic, state "
    "FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::bytea[]) WITH ORDINALITY "
    "AS added (stream, version, topic, state, number)"
)
_SELECT_HEADS = (
    "SELECT last.originator_id, last.originator_version, last.topic, last.state "
    "FROM unnest(%b::text[]) AS wanted (stream) CROSS JOIN LATERAL (SELECT * FROM stored_events "
    "WHERE originator_id = wanted.stream ORDER BY originator_version DESC LIMIT 1) AS last"
)
_INSERT_BLOBS = (
    "INSERT INTO blobs (name, content) SELECT name, content "
    "FROM unnest(%b::text[], %b::bytea[]) AS added (name, content) ON CONFLICT DO NOTHING"
)
_REMOVE = "DELETE FROM stored_events WHERE notification_id = ANY(%b::bigint[])"
_REGISTER = (
    "INSERT INTO segments (position, name, first, last, events, size, digest, topics) "
    "VALUES (%b::bigint, %b::text, %b::bigint, %b::bigint, %b::bigint, %b::bigint, %b::text, %b::text[])"
)
_IS_THERE = (
    "SELECT EXISTS (SELECT FROM stored_events WHERE notification_id = %s "
    "AND originator_id = %s AND originator_version = %s AND topic = %s AND state = %s)"
)


class _Writing:
    """One write transaction; implements `events.backend.Transaction`."""

    def __init__(self, connection: Connection, known: KnownHeads, channel: str) -> None:
        self.connection = connection
        self._channel = channel
        self._known = known
        self.staged: dict[str, Head] = {}
        self.last_row: StoredRow | None = None
        self.issued = int(connection.script(_BEGIN)[0][0])
        known.check(self.issued)

    def heads(self, streams: Collection[str]) -> dict[str, Head]:
        found, missing = self._known.of(streams)
        if missing:
            for stream, version, topic, stored in self.connection.rows(_SELECT_HEADS, (missing,)):
                found[stream] = Head(version, digest(stream, version, topic, stored))
            for stream in missing:
                found.setdefault(stream, Head(0, None))
            self._known.keep({stream: found[stream] for stream in missing})
        return found

    def insert(self, rows: Sequence[NewRow], heads: Mapping[str, Head]) -> int:
        before, self.issued = self.issued, self.issued + len(rows)
        moved = (self.issued, self._channel)
        if len(rows) == 1:
            self.connection.do(_INSERT_ONE, (*moved, self.issued, *rows[0]))
        else:
            columns = [list(column) for column in zip(*rows, strict=True)]
            self.connection.do(_INSERT_MANY, (*moved, before, *columns))
        self.last_row = (self.issued, *rows[-1])
        self.staged.update(heads)
        return before + 1

    def insert_blobs(self, blobs: Sequence[BlobRow]) -> None:
        self.connection.do(_INSERT_BLOBS, [list(column) for column in zip(*blobs, strict=True)])

    def move(self, positions: Sequence[int], segment: Segment) -> int:
        found = self.connection.do(_REMOVE, (list(positions),))
        self.connection.do(_REGISTER, (*astuple(segment)[:-1], list(segment.topics)))
        return found

    def last_position(self) -> int:
        rows = self.connection.rows("SELECT MAX(notification_id) FROM stored_events")
        return int(rows[0][0] or 0)


class PostgresWriter:
    """The one connection that writes; one thread at a time uses it."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._known = KnownHeads()
        self._turn = threading.Lock()
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Begin to write."""
        if not self._turn.acquire(timeout=self._connector.timeout):
            raise self._unavailable("the database is locked by another thread", "Try again later.")
        try:
            with self._connector.translated():
                try:
                    writing = self._begin()
                    yield writing
                    self._commit(writing)
                except BaseException:
                    self._abandon()
                    raise
        finally:
            self._turn.release()

    def close(self) -> None:
        """Let the connection go."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()

    def _begin(self) -> _Writing:
        channel = self._connector.address.channel
        if self._connection is not None and not self._connection.closed:
            try:
                return _Writing(self._connection, self._known, channel)
            except psycopg.OperationalError as error:
                if not self._connection.closed or isinstance(error, NoAnswer):
                    raise
        return _Writing(self._reconnect(), self._known, channel)

    def _reconnect(self) -> Connection:
        self._known.clear()
        if self._connection is not None:
            self._connection.close()
        self._connection = self._connector.connect("writer")
        return self._connection

    def _commit(self, writing: _Writing) -> None:
        try:
            writing.connection.end()
        except psycopg.Error as error:
            if not writing.connection.closed:
                raise
            if writing.last_row is None or not self._was_committed(writing.last_row, error):
                what = "the connection to the database was lost; nothing was appended"
                raise self._unavailable(what, "Try again in a moment.") from error
        self._known.expect(writing.issued)
        self._known.keep(writing.staged)

    def _abandon(self) -> None:
        self._known.clear()
        connection = self._connection
        if connection is not None and not connection.closed and not connection.is_idle:
            with contextlib.suppress(psycopg.Error):
                connection.rollback()
            if not connection.is_idle:
                connection.close()

    def _was_committed(self, row: StoredRow, lost: psycopg.Error) -> bool:
        """Whether a commit that was never answered took place: its last row is there once its lock is free."""
        deadline = time.monotonic() + self._connector.timeout
        while True:
            try:
                connection = self._reconnect()
                connection.script(_BEGIN)
                found = bool(connection.rows(_IS_THERE, row)[0][0])
                connection.rollback()
            except psycopg.Error:
                if time.monotonic() > deadline:
                    what = "the connection was lost during a commit; whether it was written is not known"
                    raise self._unavailable(what, "Read the stream before trying again.") from lost
                time.sleep(_PAUSE)
            else:
                return found

    def _unavailable(self, what: str, todo: str) -> StoreUnavailable:
        return StoreUnavailable(what, where=self._connector.address.place, todo=todo)
