"""The tables of views in PostgreSQL, in a schema of their own beside the log's.

Texts are compared byte by byte and rows without a value sort first, as in SQLite. PostgreSQL's text can't hold the
character NUL: it and the one that stands for it are written as two, which keeps texts different and in order.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, ClassVar, TypeVar, cast

import psycopg
from psycopg.errors import InvalidTableDefinition, UndefinedTable

from common.errors import StoreError, StoreUnavailable
from common.logs import get_logger
from events.backend import Changes, DatabaseRow, Fold, Key, Selected, Slot, ViewShape
from events.persistence.postgres_connection import Connection, Pool
from events.persistence.view_tables import TAKEN, Session, ViewTables, listed, table_of, upsert

__all__ = ["PostgresViews"]

Result = TypeVar("Result")

_log = get_logger(__name__)
_FORMAT = 1
_TRIES = 5
"""Reads of a view whose table a rebuild has just taken away."""
_DROP_WAIT = "'200ms'"
_SHOW_WAIT = "'1s'"
_STREAMED = 500
_FEW = 5_000
"""Rows of a table that is searched well enough by any way."""
_FOUND = """
SELECT to_regclass('views_of_log') IS NOT NULL,
    EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(%s))
"""
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(%s)"
_SHOWN = """
SELECT shown.relkind = 'v' AND shown.relnamespace = to_regnamespace(?), COALESCE(MIN(stored.relname::text), 'nothing')
FROM pg_class AS shown
LEFT JOIN pg_rewrite AS rule ON rule.ev_class = shown.oid
LEFT JOIN pg_depend AS need ON need.classid = 'pg_rewrite'::regclass AND need.objid = rule.oid
    AND need.refclassid = 'pg_class'::regclass
LEFT JOIN pg_class AS stored ON stored.oid = need.refobjid AND stored.relkind = 'r'
WHERE shown.relname = ? AND shown.relnamespace IN (to_regnamespace(?), to_regnamespace(?))
GROUP BY shown.oid, shown.relkind, shown.relnamespace ORDER BY 1
"""
"""Names are looked up in the schema of views first: what is of the log may not be hidden there."""
_SCHEMA = """
CREATE TABLE views_of_log (identity text NOT NULL, format integer NOT NULL);
CREATE TABLE slots (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view text COLLATE "C" NOT NULL,
    signature text COLLATE "C" NOT NULL,
    live integer NOT NULL,
    position bigint NOT NULL,
    anchor text NOT NULL,
    updated_at text COLLATE "C" NOT NULL
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX one_live_slot ON slots (view, signature) WHERE live = 1;
CREATE TABLE parked (
    slot bigint NOT NULL,
    position bigint NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    error text NOT NULL,
    parked_at text NOT NULL,
    announced integer NOT NULL,
    PRIMARY KEY (slot, position)
);
"""
_ESCAPE, _ESCAPED_NUL, _ESCAPED_ESCAPE = "\x01", "\x01\x01", "\x01\x02"
_ARRAYS = {"text": "text[]", "integer": "bigint[]", "real": "double precision[]"}


class _Session:
    """Implements `events.persistence.view_tables.Session`; `retired` are tables to be dropped after its end."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.retired: list[int] = []

    def rows(self, statement: str, parameters: Sequence[Any] = (), /) -> list[tuple[Any, ...]]:
        return [_plain(row) for row in self.connection.rows(_marked(statement), _bound(parameters))]

    def do(self, statement: str, parameters: Sequence[Any] = (), /) -> int:
        return self.connection.do(_marked(statement), _bound(parameters))


class PostgresViews(ViewTables[_Session]):
    """Implements `events.backend.ViewDatabase`. Commits are not waited for: what a crash of the server undoes is
    folded again from the log.
    """

    TYPES: ClassVar[Mapping[str, str]] = {
        "text": 'text COLLATE "C"',
        "integer": "bigint",
        "real": "double precision",
    }
    INDEX_ORDER: ClassVar[str] = " NULLS FIRST"
    DROP: ClassVar[str] = "DROP TABLE IF EXISTS {table} CASCADE"

    def __init__(self, pool: Pool, log: str) -> None:
        """Make views over the log of that identity, by the connections of `pool`, which stays open."""
        super().__init__()
        self._pool = pool
        self._address = pool.connector.address
        self._closed = False
        self._written: Counter[int] = Counter()
        """Rows that this process wrote, by slot."""
        self._analyzed: dict[int, int] = {}
        """How many these were when the planner's statistics were last brought up to date."""
        if not pool.run(lambda connection: self._is_made(connection, log)):
            with self._exclusively() as connection:
                if not self._is_made(connection, log):  # nobody else was first
                    self._make(connection, log)

    def _is_made(self, connection: Connection, log: str) -> bool:
        """Whether the tables are there, in today's format and for this log. Raises `StoreUnavailable`."""
        schema = self._address.views_schema
        ours, taken = connection.rows(_FOUND, (schema,))[0]
        identity, written = connection.rows("SELECT identity, format FROM views_of_log")[0] if ours else ("", 0)
        if (taken and not ours) or written > _FORMAT:
            whose = "a newer version" if ours else "another program"
            raise StoreUnavailable(
                f"the schema for views was written by {whose}",
                where=f"{self._address.place}, schema {schema}",
                todo="Rename it; views are built anew from the log.",
            )
        return (identity, written) == (log, _FORMAT)

    def _make(self, connection: Connection, log: str) -> None:
        """Make the tables, in place of those of another log or of an older format."""
        schema = self._address.views_schema
        if not connection.rows("SELECT FROM pg_namespace WHERE nspname = %s", (schema,)):
            connection.do(f"CREATE SCHEMA {schema}")
        for (table,) in connection.rows(_TABLES, (schema,)):
            connection.do(f'DROP TABLE {schema}."{table}" CASCADE')
        connection.script(_SCHEMA)
        connection.do("INSERT INTO views_of_log VALUES (%s, %s)", (log, _FORMAT))

    @contextmanager
    def _exclusively(self) -> Generator[Connection]:
        schema = self._address.views_schema
        lock = f"SELECT pg_advisory_xact_lock(hashtextextended('{schema}', 0))"
        with self._pool.transaction(f"BEGIN ISOLATION LEVEL READ COMMITTED; {lock}") as connection:
            self._check_open()
            yield connection

    @contextmanager
    def _write(self) -> Generator[_Session]:
        begin = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit TO off"
        with self._pool.transaction(begin) as connection:
            self._check_open()
            yield _Session(connection)

    @contextmanager
    def _change(self) -> Generator[_Session]:
        with self._exclusively() as connection:
            session = _Session(connection)
            yield session
        for slot in session.retired:
            self._drop_unless_read(slot)

    @contextmanager
    def _read(self) -> Generator[_Session]:
        with self._pool.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as connection:
            self._check_open()
            yield _Session(connection)

    def _look(self, look: Callable[[_Session], Result]) -> Result:
        self._check_open()
        return self._pool.run(lambda connection: look(_Session(connection)))

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the views are closed", where=self._address.place)

    def select(self, shape: ViewShape, sql: str, parameters: Sequence[Any], slot: int | None = None) -> Selected | None:
        """A query over the live table, or the one of `slot`."""
        for _ in range(_TRIES):
            with _retried():
                return super().select(shape, sql, parameters, slot)
        return super().select(shape, sql, parameters, slot)

    def walk(self, shape: ViewShape, slot: int | None = None) -> Generator[DatabaseRow, None, int]:
        """All rows of a table in the order of their keys; returns the position they stand for."""
        for _ in range(_TRIES):
            with _retried():  # a table can't go any more once it is read
                return (yield from super().walk(shape, slot))
        return (yield from super().walk(shape, slot))

    def apply(self, shape: ViewShape, slot: Slot, moved: Slot, keys: Sequence[Key], fold: Fold) -> bool:
        """Fold a page and move the slot."""
        done = super().apply(shape, slot, moved, keys, fold)
        written = self._written[slot.id]
        if done and written >= max(_FEW, 2 * self._analyzed.get(slot.id, 0)):
            self._analyzed[slot.id] = written
            self._analyze(slot.id)
        return done

    def _analyze(self, slot: int) -> None:
        """Have the planner look at a table that has grown: it comes by itself after a minute or never, and takes an
        index through half of the table until then. Whoever is in the way, such as its own look, stays there.
        """
        with contextlib.suppress(StoreError), self._pool.transaction("BEGIN") as connection:
            connection.script(f"SET LOCAL lock_timeout TO {_DROP_WAIT}")
            connection.do(f"ANALYZE {table_of(slot)}")

    def _add_slot(self, session: _Session, shape: ViewShape, live: int, now: str) -> int:
        row = session.rows(
            "INSERT INTO slots (view, signature, live, position, anchor, updated_at) VALUES (?, ?, ?, 0, '', ?) "
            "RETURNING id",
            (shape.name, shape.signature, live, now),
        )[0]
        return int(row[0])

    def _shown(self, session: _Session, view: str) -> str | None:
        schema = self._address.views_schema
        rows = session.rows(_SHOWN, (schema, view, schema, self._address.schema))
        if not rows:
            return None
        is_view, table = rows[0]
        return str(table) if is_view else TAKEN

    def _put_view(self, session: _Session, view: str, table: str) -> bool:
        """Replaced where its columns stay, so that what was granted on it and what was built on it stays, too.

        Whoever reads it in a transaction keeps it as it is; it is not waited for that for long.
        """
        name, connection = f'{self._address.views_schema}."{view}"', session.connection
        make = f"VIEW {name} AS SELECT * FROM {self._address.views_schema}.{table}"  # noqa: S608
        attempts = (f"CREATE OR REPLACE {make}", f"DROP VIEW IF EXISTS {name}; CREATE {make}")
        for attempt in attempts:
            connection.script(f"SAVEPOINT showing; SET LOCAL lock_timeout TO {_SHOW_WAIT}")
            try:
                connection.script(attempt)
            except psycopg.Error as error:
                connection.script("ROLLBACK TO SAVEPOINT showing")
                if not isinstance(error, InvalidTableDefinition):  # of other columns
                    _log.warning("the view %s is not found by SQL under its name for now: %s", view, error)
                    return False
            else:
                return True
        return False

    def _retire(self, session: _Session, slot: int) -> None:
        session.do("UPDATE slots SET live = 0 WHERE id = ?", (slot,))
        session.retired.append(slot)

    def _drop_unless_read(self, slot: int) -> None:
        """Drop a retired table; where somebody reads it for long it is dropped on another day."""
        with contextlib.suppress(StoreError), self._exclusively() as connection:
            connection.script(f"SET LOCAL lock_timeout TO {_DROP_WAIT}")
            self._drop(_Session(connection), slot)

    def _drop(self, session: Session, slot: int) -> None:
        # whoever folds into it has the row first and the table then
        session.rows("SELECT id FROM slots WHERE id = ? FOR UPDATE", (slot,))
        super()._drop(session, slot)

    def _load(self, session: _Session, shape: ViewShape, slot: int, keys: Sequence[Key]) -> Mapping[Key, DatabaseRow]:
        width = len(shape.key)
        sql = f"SELECT stored.* FROM {table_of(slot)} AS stored JOIN {_matching(shape)}"  # noqa: S608
        return {row[:width]: row for row in session.rows(sql, _columns(keys))}

    def _store(self, session: _Session, shape: ViewShape, slot: int, changes: Changes) -> None:
        self._written[slot] += len(changes.upserts)
        if changes.upserts:
            arrays = _arrays((*shape.key, *shape.columns))
            rows = f"SELECT * FROM unnest({arrays})"  # noqa: S608
            session.do(upsert(shape, slot, rows), _columns(changes.upserts))
        if changes.deletes:
            sql = f"DELETE FROM {table_of(slot)} AS stored USING {_matching(shape, 'WHERE')}"  # noqa: S608
            session.do(sql, _columns(changes.deletes))

    def _stream(self, session: _Session, query: str) -> Generator[DatabaseRow]:
        with session.connection.stream(query, _STREAMED) as rows:
            for row in rows:
                yield _plain(row)

    def close(self) -> None:
        """Take no more work; the connections are the log's."""
        self._closed = True


@contextmanager
def _retried() -> Generator[None]:
    """Pass over the error of a table that is gone: a rebuild has switched to another since it was looked up."""
    try:
        yield
    except StoreError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise


def _arrays(columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"?::{_ARRAYS[kind]}" for _, kind in columns)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _matching(shape: ViewShape, condition: str = "ON") -> str:
    equal = " AND ".join(f'stored."{name}" = wanted."{name}"' for name, _ in shape.key)
    return f"unnest({_arrays(shape.key)}) AS wanted ({listed(shape.key)}) {condition} {equal}"


@lru_cache(maxsize=1_000)
def _marked(statement: str) -> str:
    return statement.replace("?", "%s")


def _bound(parameters: Iterable[Any]) -> list[Any]:
    return [
        _stored(value)
        if isinstance(value, str)
        else [_stored(entry) if isinstance(entry, str) else entry for entry in cast("list[Any]", value)]
        if isinstance(value, list)
        else value
        for value in parameters
    ]


def _stored(text: str) -> str:
    if "\x00" not in text and _ESCAPE not in text:
        return text
    return text.replace(_ESCAPE, _ESCAPED_ESCAPE).replace("\x00", _ESCAPED_NUL)


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    if not any(isinstance(value, str) and _ESCAPE in value for value in row):
        return row
    return tuple(
        value.replace(_ESCAPED_NUL, "\x00").replace(_ESCAPED_ESCAPE, _ESCAPE) if isinstance(value, str) else value
        for value in row
    )
