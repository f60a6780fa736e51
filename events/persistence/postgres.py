"""The log in PostgreSQL, on the recorder of the eventsourcing library.

Of the library are the reads; what its PostgreSQL classes leave open is closed here. Errors are the store's from the
start, so that the library's ten retries never begin; a lost connection is replaced once, at once. Writes are in
`postgres_writer`, which knows why the library's table lock and its functions in the database are not used.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar, cast

from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from common.errors import StoreUnavailable
from events.backend import Page, Segment, Transaction, ViewDatabase, Watch
from events.codec import StoredRow
from events.ownership import Ownership
from events.persistence.pages import read_page
from events.persistence.postgres_address import Address, read_address
from events.persistence.postgres_connection import Connection, Connector, Pool
from events.persistence.postgres_ownership import PostgresOwnership
from events.persistence.postgres_views import PostgresViews
from events.persistence.postgres_watch import PostgresWatch
from events.persistence.postgres_writer import PostgresWriter

__all__ = ["PostgresBackend"]

Result = TypeVar("Result")

_CONNECTIONS = 8
_SCHEMA_VERSION = 1
_OLDEST_SERVER = 130_000
_EXISTS = (
    "SELECT to_regclass('segments') IS NOT NULL AND to_regclass('blobs') IS NOT NULL, "
    "to_regnamespace(%s) IS NOT NULL, current_setting('server_encoding')"
)
_CREATE = """
CREATE TABLE IF NOT EXISTS stored_events (
    notification_id bigint NOT NULL,
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text COLLATE "C" NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (originator_id, originator_version),
    UNIQUE (notification_id)
);
CREATE TABLE IF NOT EXISTS blobs (name text COLLATE "C" PRIMARY KEY, content bytea NOT NULL);
CREATE TABLE IF NOT EXISTS segments (
    position bigint PRIMARY KEY,
    name text NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    events bigint NOT NULL,
    size bigint NOT NULL,
    digest text NOT NULL,
    topics text[] NOT NULL
);
CREATE TABLE IF NOT EXISTS owners (
    owner_id text PRIMARY KEY,
    lock_key bigint NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS log (identity text NOT NULL, schema_version integer NOT NULL, issued bigint NOT NULL);
INSERT INTO log SELECT '{identity}', {schema_version}, 0 WHERE NOT EXISTS (SELECT FROM log);
"""
_READ = (
    "SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events "
    "WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version"
)

_SELECT_HEAD = "SELECT MAX(notification_id) FROM stored_events"
_SELECT_PAGE = (
    "SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events "
    "WHERE notification_id > %s AND notification_id <= %s {}ORDER BY notification_id LIMIT %s"
)
_READ_BLOB = "SELECT content FROM blobs WHERE name = %s"
_READ_SEGMENTS = (
    "SELECT position, name, first, last, events, size, digest, topics FROM segments "
    "WHERE position > %s ORDER BY position"
)


class _LogDatastore(PostgresDatastore):
    """Gives the library's methods the connection that their thread was lent."""

    def __init__(self, address: Address, pool: Pool) -> None:
        super().__init__("", "", "", "", "", schema=address.schema, originator_id_type="text")
        self._lent = threading.local()
        self._log_pool = pool

    @contextmanager
    def get_connection(self) -> Generator[Connection]:
        yield self._lent.connection

    def register_type_adapters(self) -> None:
        """No composite types are made: rows go as arrays."""

    def run(self, work: Callable[[], Result]) -> Result:
        """Do reading work of the library."""

        def lent(connection: Connection) -> Result:
            self._lent.connection = connection
            try:
                return work()
            finally:
                del self._lent.connection

        return self._log_pool.run(lent)


class PostgresBackend:
    """The log in a schema of a PostgreSQL database; implements `events.backend.Backend`."""

    gapless = True

    def __init__(self, url: str, timeout: float) -> None:
        self._address = read_address(url, timeout)
        self._connector = Connector(self._address, timeout)
        self._pool = Pool(self._connector, _CONNECTIONS)
        self._writer = PostgresWriter(self._connector)
        self._datastore = _LogDatastore(self._address, self._pool)
        self._recorder = PostgresApplicationRecorder(self._datastore)
        try:
            self.product, self.identity = self._pool.run(self._open)
        except BaseException:
            self._pool.close()
            raise

    def __repr__(self) -> str:
        return f"PostgresBackend({self._address.place})"

    def _open(self, connection: Connection) -> tuple[str, str]:
        """Make the tables where there are none; returns the server's version and the log's identity."""
        place = self._address.place
        if connection.info.server_version < _OLDEST_SERVER:
            raise StoreUnavailable("the server is older than PostgreSQL 13", where=place, todo="Use a newer one.")
        there, schema_there, encoding = connection.rows(_EXISTS, (self._address.schema,))[0]
        if encoding != "UTF8":
            todo = "Make it with ENCODING 'UTF8' TEMPLATE template0."
            raise StoreUnavailable(f"the database is encoded in {encoding}, not in UTF8", where=place, todo=todo)
        if not there:
            self._create(connection, with_schema=not schema_there)
        identity, schema_version = connection.rows("SELECT identity, schema_version FROM log")[0]
        if schema_version > _SCHEMA_VERSION:
            raise StoreUnavailable(
                f"the log was written by a newer version (its schema is {schema_version}, known is {_SCHEMA_VERSION})",
                where=place,
                todo="Use the newer version of this software.",
            )
        version = connection.info.parameter_status("server_version") or ""
        return f"PostgreSQL {version.partition(' ')[0]}", str(identity)

    def _create(self, connection: Connection, *, with_schema: bool) -> None:
        schema = self._address.schema
        make = f"CREATE SCHEMA IF NOT EXISTS {schema};" if with_schema else ""
        tables = _CREATE.format(identity=uuid.uuid4().hex, schema_version=_SCHEMA_VERSION)
        connection.script(
            f"BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('{schema}', 0)); "
            f"{make} SET LOCAL search_path TO {schema}; {tables} COMMIT"
        )

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin to write."""
        return self._writer.transaction()

    def read(self, stream: str, after_version: int) -> list[StoredRow]:
        """The rows of a stream in order."""
        rows = self._pool.run(lambda connection: connection.rows(_READ, (stream, after_version)))
        return cast("list[StoredRow]", rows)

    def page(self, after: int, topics: Collection[str] | None, limit: int, until: int | None = None) -> Page:
        """At most `limit` rows behind a position."""
        return self._pool.run(
            lambda connection: read_page(
                int(connection.rows(_SELECT_HEAD)[0][0] or 0),
                partial(_select_page, connection),
                after,
                topics,
                limit,
                until,
            )
        )

    def version(self, stream: str) -> int:
        """The version of a stream."""
        last = self._datastore.run(lambda: self._recorder.select_events(stream, desc=True, limit=1))
        return last[0].originator_version if last else 0

    def blob(self, name: str) -> bytes | None:
        """The stored bytes of a blob."""
        rows = self._pool.run(lambda connection: connection.rows(_READ_BLOB, (name,)))
        return rows[0][0] if rows else None

    def head(self) -> int:
        """The last position."""
        return self._datastore.run(self._recorder.max_notification_id) or 0

    def faults(self) -> list[str]:
        """Nothing: the server tells of damaged pages when they are read."""
        return []

    def issued(self) -> int:
        """The highest position that was ever given out."""
        return int(self._pool.run(lambda connection: connection.rows("SELECT issued FROM log"))[0][0])

    def segments(self, after: int) -> list[Segment]:
        """The segments that were told of behind a position."""
        rows = self._pool.run(lambda connection: connection.rows(_READ_SEGMENTS, (after,)))
        return [replace(Segment(*row), topics=tuple(row[-1])) for row in rows]

    def compact(self) -> int:
        """The server reuses the room by itself (autovacuum)."""
        return 0

    def views(self) -> ViewDatabase:
        """Open the views' tables, in a schema beside the log's."""
        return PostgresViews(self._pool, self.identity)

    def watch(self, told: Callable[[int], None]) -> Watch:
        """Listen for the server's notifications, on a connection of its own."""
        return PostgresWatch(self._connector, told)

    def ownership(self) -> Ownership:
        """Become an owner by a lock of a session of its own."""
        return PostgresOwnership.acquire(self._pool)

    def close(self) -> None:
        """Close all connections."""
        self._writer.close()
        self._pool.close()


def _select_page(connection: Connection, after: int, stop: int, topics: Sequence[str], limit: int) -> list[StoredRow]:
    statement, among = (
        (_SELECT_PAGE.format("AND topic = ANY(%s) "), (topics,)) if topics else (_SELECT_PAGE.format(""), ())
    )
    return cast("list[StoredRow]", connection.rows(statement, (after, stop, *among, limit)))
