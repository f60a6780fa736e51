"""PostgreSQL connections with the settings that the log relies on."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg.pq import Format, TransactionStatus
from psycopg.rows import RowFactory, TupleRow, dict_row, tuple_row

from common.errors import StoreUnavailable
from events.persistence.postgres_address import Address
from events.persistence.postgres_faults import NoAnswer, fault

__all__ = ["Connection", "Connector", "Pool"]

Result = TypeVar("Result")

_LONGEST_PAUSE = 5_000
"""Milliseconds that a writer may think in a transaction, however short its other waits are."""
_SETTINGS = """
SELECT set_config(wanted.name, wanted.value, false)
FROM unnest(%s::text[], %s::text[]) AS wanted (name, value) JOIN pg_settings AS known ON known.name = wanted.name
WHERE wanted.name <> 'synchronous_commit' OR known.setting = 'off'
"""
"""Versions differ in the settings that they know; a commit that is waited for longer than asked stays so."""


class _BinaryCursor(psycopg.Cursor[Any]):
    """A cursor whose rows come in binary form, which costs half as much to read."""

    def __init__(self, connection: psycopg.Connection[Any], *, row_factory: RowFactory[Any] | None = None) -> None:
        super().__init__(connection, row_factory=row_factory or connection.row_factory)
        self.format = Format.BINARY


class Connection(psycopg.Connection[Any]):
    """A connection on which no answer is waited for longer than `patience` seconds; it is closed then."""

    cursor_factory = _BinaryCursor
    patience = 10.0

    def wait(self, gen: Any, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Wait like the base class, but not for ever where no time-out is given."""
        if timeout is not None:
            return super().wait(gen, *args, timeout=timeout, **kwargs)
        began = time.monotonic()
        try:
            return super().wait(gen, *args, timeout=self.patience, **kwargs)
        except psycopg.OperationalError:
            if time.monotonic() - began < self.patience:
                raise
            self.pgconn.finish()  # the answer may still come, and would be taken for that to the next question
            raise NoAnswer(f"no answer within {self.patience:g} seconds") from None

    def rows(self, query: str, parameters: Sequence[Any] | None = None) -> list[TupleRow]:
        """The rows that a query gives, as tuples."""
        with self.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query.encode(), parameters).fetchall()

    def script(self, statements: str) -> list[TupleRow]:
        """Several statements in one message; the rows that the last of them gives."""
        with self.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(statements.encode(), prepare=False, binary=False)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def do(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """A statement that gives no rows; returns how many it touched."""
        with self.cursor() as cursor:
            return cursor.execute(statement.encode(), parameters, prepare=True).rowcount

    def end(self) -> None:
        """Commit. Raises `psycopg.InternalError` where a statement has failed: the server would only say ROLLBACK."""
        if self.info.transaction_status != TransactionStatus.INTRANS:
            raise psycopg.InternalError("the transaction had failed before its end")
        self.commit()

    @contextlib.contextmanager
    def stream(self, query: str, page: int) -> Generator[Iterator[TupleRow]]:
        """The rows of a query, fetched page by page; in a transaction only."""
        with self.cursor("streamed", binary=True, row_factory=tuple_row) as cursor:
            cursor.itersize = page
            cursor.execute(query.encode())
            yield iter(cursor)

    @property
    def is_idle(self) -> bool:
        """Whether it is in no transaction."""
        return not self.closed and self.info.transaction_status == TransactionStatus.IDLE


class Connector:
    """Makes connections to one address; `timeout` in seconds bounds every wait for a lock or an answer.

    The server ends a session that sits in a transaction for longer, so that a frozen process keeps nobody waiting.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        self.address = address
        self.timeout = timeout
        milliseconds = max(1, round(timeout * 1000))
        self._settings = {
            "search_path": f"{address.views_schema}, {address.schema}",
            "synchronous_commit": "on",
            "lock_timeout": str(milliseconds),
            "statement_timeout": str(round(milliseconds * 1.2)),
            "idle_in_transaction_session_timeout": str(max(milliseconds, _LONGEST_PAUSE)),
            "idle_session_timeout": "0",
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
            "client_min_messages": "error",
        }

    def connect(self, purpose: str) -> Connection:
        """A connection in autocommit, named after its purpose. Raises `psycopg.Error`."""
        parameters = dict(self.address.parameters)
        parameters["application_name"] = f"{parameters['application_name']} {purpose}"
        connection = Connection.connect(**parameters, autocommit=True, row_factory=dict_row)
        try:
            connection.patience = self.timeout * 1.5
            connection.execute(_SETTINGS, (list(self._settings), list(self._settings.values())), prepare=False)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def translated(self) -> Generator[None]:
        """Turn the driver's errors into those of the store."""
        try:
            yield
        except psycopg.Error as error:
            raise fault(error, self.address.place) from error


class Pool:
    """A few connections for short work, made when they are needed and kept."""

    def __init__(self, connector: Connector, size: int) -> None:
        self.connector = connector
        self._size = size
        self._room = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []
        self._closed = False

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Do work that may be done twice: where an idle connection turns out to be lost, it is done on a new one."""
        with self._place(), self.connector.translated():
            connection, result = self._begun(work)
            self._give(connection)
            return result

    @contextlib.contextmanager
    def transaction(self, begin: str) -> Generator[Connection]:
        """A transaction that begins with these statements; commits at the end, rolls back on an exception."""
        with self._place(), self.connector.translated():
            connection, _ = self._begun(lambda connection: connection.script(begin))
            try:
                yield connection
                connection.end()
            finally:
                self._give(connection)

    def close(self) -> None:
        """Close all connections, once nobody uses them any more."""
        held = [self._room.acquire(timeout=self.connector.timeout) for _ in range(self._size)]
        self._closed = True
        self._drop_idle()
        for _ in range(held.count(True)):
            self._room.release()

    @contextlib.contextmanager
    def _place(self) -> Generator[None]:
        where = self.connector.address.place
        if not self._room.acquire(timeout=self.connector.timeout):
            raise StoreUnavailable("too many wait for the database at once", where=where, todo="Try again later.")
        try:
            if self._closed:
                raise StoreUnavailable("the event store is closed", where=where, todo="Open it again.")
            yield
        finally:
            self._room.release()

    def _begun(self, work: Callable[[Connection], Result]) -> tuple[Connection, Result]:
        """A connection that the first work was done on, and what that gave."""
        with contextlib.suppress(IndexError):
            connection = self._idle.pop()
            try:
                return connection, work(connection)
            except psycopg.OperationalError as error:
                if not connection.closed or isinstance(error, NoAnswer):
                    self._give(connection)
                    raise
                self._drop_idle()  # whatever ended this one ended them, too
            except BaseException:
                self._give(connection)
                raise
        connection = self.connector.connect("reader")
        try:
            return connection, work(connection)
        except BaseException:
            self._give(connection)
            raise

    def _give(self, connection: Connection) -> None:
        if not connection.closed and not connection.is_idle:
            with contextlib.suppress(psycopg.Error):
                connection.rollback()
        if connection.is_idle and not self._closed:
            self._idle.append(connection)
        else:
            connection.close()

    def _drop_idle(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()
