"""Asks databases the queries of a specification, and nothing else: bound values, read-only, bounded time and rows."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import ToolError, ValidationFailed
from common.extras import import_extra
from roles.engineering.specification import DataSource, Filter, Query, Selected, Specification

if TYPE_CHECKING:
    from sqlalchemy import URL, ColumnElement, Connection, Engine, FromClause, Select
    from sqlalchemy.sql.expression import TableClause

__all__ = ["SourceUnavailable", "address_of", "engine_for", "plain_value", "run_query", "statement", "try_query"]

_EXTRA = "builder"
_CONNECT_SECONDS = 10
_POSTGRES = ("postgresql://", "postgres://")


class SourceUnavailable(ToolError):
    """Raised when a database can't be reached, or can't answer a query; the message holds no password."""

    code = "source_unavailable"


def address_of(url: str) -> str:
    """The address in the form that SQLAlchemy takes, with the driver that this project installs."""
    for start in _POSTGRES:
        if url.startswith(start):
            return f"postgresql+psycopg://{url.removeprefix(start)}"
    return url


def engine_for(url: str) -> Engine:
    """An engine for a PostgreSQL or SQLite database; connects at the first query only.

    SQLite's files are opened for reading, so that none is made where none was. Raises `ConfigurationError` where
    SQLAlchemy is missing, `SourceUnavailable` where the address is none.
    """
    sqlalchemy: Any = import_extra("sqlalchemy", extra=_EXTRA, where="DATABASE_URL")
    options: dict[str, Any] = {"pool_pre_ping": True}
    try:
        address: URL = sqlalchemy.make_url(address_of(url))
        if address.get_backend_name() == "postgresql":
            options["connect_args"] = {"connect_timeout": _CONNECT_SECONDS}
        elif address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:"):
            options["creator"] = lambda: _open_file(str(address.database))
        return sqlalchemy.create_engine(address, **options)
    except (sqlalchemy.exc.ArgumentError, ImportError) as error:
        raise SourceUnavailable(
            f"the database's address can't be used: {type(error).__name__}",
            where="DATABASE_URL",
            todo="Write it as postgresql://user:password@host/name or sqlite:///file.db.",
        ) from None


def _open_file(path: str) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=_CONNECT_SECONDS)


def statement(source: DataSource, query: Query, parameters: Mapping[str, object]) -> Select[Any]:
    """The query as a SQLAlchemy statement; what a caller gave is bound, never written into the text.

    `parameters` are the inputs that its filters name; a missing one, or None, leaves its filter out. Rows come in the
    order asked for, else by the primary key. Raises `ValidationFailed` for tables, columns and parameters that the
    specification doesn't know, and for a value that doesn't fit its column.
    """
    sqlalchemy: Any = import_extra("sqlalchemy", extra=_EXTRA, where="DATABASE_URL")
    unknown = set(parameters) - {one.input for one in query.filters}
    if unknown:
        raise ValidationFailed(f"query {query.name!r} has no parameter {', '.join(sorted(unknown))}")
    tables = _Tables(source, sqlalchemy)
    selected = [_aggregated(sqlalchemy, one.aggregate, tables.selected(one)).label(one.name) for one in query.columns]
    asked: Any = sqlalchemy.select(*selected).select_from(tables.joined(query))
    for one in query.filters:
        value = one.value if one.input is None else parameters.get(one.input)
        if one.input is None or value is not None:
            asked = asked.where(_condition(tables, one, value))
    by_name = {one.name: one for one in query.columns}
    if query.group_by:
        asked = asked.group_by(*(tables.column(by_name[name].table, by_name[name].column) for name in query.group_by))
    if query.order_by:
        name = query.order_by.removeprefix("-")
        label = selected[[one.name for one in query.columns].index(name)]
        asked = asked.order_by(label.desc() if query.order_by.startswith("-") else label.asc())
    elif not any(one.aggregate for one in query.columns):
        asked = asked.order_by(*(tables.column(query.table, name) for name in tables.described(query.table).key))
    return asked.limit(2 if query.one else query.limit)


def run_query(
    engine: Engine, spec: Specification, query: str, parameters: Mapping[str, object], *, seconds: float = 10.0
) -> list[dict[str, object]]:
    """The rows of a query of the specification, keyed by the selected names; blocks, so call it in a worker thread.

    Numbers are int or float, dates ISO text, NULL None. It runs in a transaction that can't write, is ended after
    `seconds`, and gives at most the query's limit of rows. Raises `SourceUnavailable` where the database can't be
    asked, `ValidationFailed` for an unknown query or parameters that don't fit.
    """
    sqlalchemy: Any = import_extra("sqlalchemy", extra=_EXTRA, where="DATABASE_URL")
    try:
        wanted = spec.query(query)
    except KeyError:
        raise ValidationFailed(f"there is no query {query!r}", where=spec.name) from None
    asked = statement(spec.source(wanted.source), wanted, parameters)
    try:
        with engine.connect() as connection, _reading_only(connection, seconds):
            rows = connection.execute(asked).mappings().fetchmany(wanted.limit)
            return [{str(name): plain_value(value) for name, value in row.items()} for row in rows]
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise _unavailable(engine, error) from None


def try_query(engine: Engine, spec: Specification, query: Query, *, seconds: float = 10.0) -> None:
    """Have the database read a query of the specification without asking for a row; blocks.

    Raises `SourceUnavailable` where it can't be asked, or has not the tables and columns that the query names.
    """
    sqlalchemy: Any = import_extra("sqlalchemy", extra=_EXTRA, where="DATABASE_URL")
    asked = statement(spec.source(query.source), query, {}).limit(0)
    try:
        with engine.connect() as connection, _reading_only(connection, seconds):
            connection.execute(asked).fetchall()
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise _unavailable(engine, error) from None


def plain_value(value: object) -> object:
    """A database's value as JSON has it: int, float, bool, text or None; dates as ISO text, no NaN."""
    if isinstance(value, Decimal | float):
        number = float(value)
        return number if math.isfinite(number) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)


class _Tables:
    """The tables of a source as SQLAlchemy has them; only what the specification describes can be had."""

    def __init__(self, source: DataSource, sqlalchemy: Any) -> None:
        self._described = {table.name: table for table in source.tables}
        self._sqlalchemy = sqlalchemy
        self._made: dict[str, TableClause] = {}

    def described(self, name: str) -> Any:
        """The table of that name. Raises `ValidationFailed`."""
        try:
            return self._described[name]
        except KeyError:
            raise ValidationFailed(f"the specification has no table {name!r}") from None

    def table(self, name: str) -> TableClause:
        """The table to select from; ``schema.table`` is one of a schema."""
        if name not in self._made:
            columns = [self._sqlalchemy.column(column.name) for column in self.described(name).columns]
            schema, _, plain = name.rpartition(".")
            self._made[name] = self._sqlalchemy.table(plain, *columns, schema=schema or None)
        return self._made[name]

    def column(self, table: str, name: str) -> ColumnElement[Any]:
        """A column of a table. Raises `ValidationFailed`."""
        if name not in {column.name for column in self.described(table).columns}:
            raise ValidationFailed(f"the specification has no column {table}.{name}")
        return self.table(table).c[name]

    def selected(self, one: Selected) -> ColumnElement[Any]:
        """A selected column, times the other one where it names one. Raises `ValidationFailed`."""
        column = self.column(one.table, one.column)
        return column if one.times is None else column * self.column(*one.times)

    def type_of(self, table: str, name: str) -> str:
        """The type of a column."""
        return next(column.type for column in self.described(table).columns if column.name == name)

    def joined(self, query: Query) -> FromClause:
        """The query's table with those joined to it. Raises `ValidationFailed` for a join that leads nowhere."""
        whole: FromClause = self.table(query.table)
        there = {query.table}
        for join in query.joins:
            new = join.right_table if join.left_table in there else join.left_table
            if new in there or not {join.left_table, join.right_table} & there:
                raise ValidationFailed(f"query {query.name!r} joins {join.left_table} and {join.right_table} wrongly")
            matches = self.column(join.left_table, join.left_column) == self.column(join.right_table, join.right_column)
            whole = whole.join(self.table(new), matches)
            there.add(new)
        return whole


def _aggregated(sqlalchemy: Any, aggregate: str | None, column: Any) -> Any:
    functions = {"count": "count", "sum": "sum", "mean": "avg", "minimum": "min", "maximum": "max"}
    return column if aggregate is None else getattr(sqlalchemy.func, functions[aggregate])(column)


def _condition(tables: _Tables, one: Filter, value: object) -> Any:
    column: Any = tables.column(one.table, one.column)
    kind = tables.type_of(one.table, one.column)
    if one.comparison == "in":
        return column.in_([_fitting(kind, each, one) for each in _list_of(value)])
    if one.comparison == "contains":
        return column.icontains(str(value), autoescape=True)
    fitting = None if value is None else _fitting(kind, value, one)
    comparisons: dict[str, Callable[[], Any]] = {
        "=": lambda: column == fitting,
        "!=": lambda: column != fitting,
        "<": lambda: column < fitting,
        "<=": lambda: column <= fitting,
        ">": lambda: column > fitting,
        ">=": lambda: column >= fitting,
    }
    return comparisons[one.comparison]()


def _list_of(value: object) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _fitting(kind: str, value: object, one: Filter) -> object:
    """The value as the column's type has it. Raises `ValidationFailed`."""
    try:
        if kind == "date":
            return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
        if kind == "number" and not isinstance(value, bool):
            return float(str(value))
        if kind == "integer" and not isinstance(value, bool):
            number = float(str(value))
            return int(number) if number.is_integer() else number
        if (kind == "text" and isinstance(value, str)) or (kind == "boolean" and isinstance(value, bool)):
            return value
    except ValueError:
        pass
    raise ValidationFailed(f"{one.input or one.column} must be a {kind}", where=f"{one.table}.{one.column}")


@contextmanager
def _reading_only(connection: Connection, seconds: float) -> Generator[None]:
    """A transaction that can't write and ends after `seconds`; the connection is as before afterwards."""
    kind = connection.dialect.name
    if kind == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        yield
    elif kind == "sqlite":
        raw: Any = connection.connection.driver_connection
        end = time.monotonic() + seconds
        connection.exec_driver_sql("PRAGMA query_only = ON")
        raw.set_progress_handler(lambda: int(time.monotonic() > end), 10_000)
        try:
            yield
        finally:
            raw.set_progress_handler(None, 0)
            connection.rollback()
            connection.exec_driver_sql("PRAGMA query_only = OFF")
    else:
        yield


def _unavailable(engine: Engine, error: Exception) -> SourceUnavailable:
    said = str(getattr(error, "orig", None) or type(error).__name__).strip().split("\n", 1)[0][:200]
    password = engine.url.password
    if password:
        said = said.replace(str(password), "***")
    return SourceUnavailable(
        f"the database can't be asked: {said}",
        where="DATABASE_URL",
        todo="Check that it runs, that DATABASE_URL names it, and that its tables are those of the specification.",
    )
