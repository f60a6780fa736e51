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
from roles.engineering.formulas.parser import parse
from roles.engineering.moments import moment
from roles.engineering.rank_functions import STATISTICS
from roles.engineering.specification import DataSource, Filter, Query, Selected, Specification
from roles.engineering.sql_formulas import Elements, composed

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


def statement(
    source: DataSource,
    query: Query,
    parameters: Mapping[str, object],
    *,
    dialect: str = "sqlite",
    today: date | None = None,
) -> Select[Any]:
    """The query as a SQLAlchemy statement; what a caller gave is bound, never written into the text.

    `parameters` are the inputs that its filters name; a missing one, or None, leaves its filter out. Rows come in the
    order asked for, else by the primary key; values that are not known come last. `dialect` is the database's,
    `today` the day from which "the last 30 days" count (None: the machine's).
    Raises `ValidationFailed` for tables, columns and parameters that the specification doesn't know, for a value that
    doesn't fit its column, and for a formula that databases can't compute.
    """
    sqlalchemy: Any = import_extra("sqlalchemy", extra=_EXTRA, where="DATABASE_URL")
    unknown = set(parameters) - {one.input for one in query.filters}
    if unknown:
        raise ValidationFailed(f"query {query.name!r} has no parameter {', '.join(sorted(unknown))}")
    tables = _Tables(source, sqlalchemy)
    figures = _Figures(query, tables, sqlalchemy, dialect)
    selected = [figures.element(one).label(one.name) for one in query.columns]
    asked: Any = sqlalchemy.select(*selected).select_from(tables.joined(query))
    for one in query.filters:
        value = one.value if one.input is None else parameters.get(one.input)
        value = _moment(one, value, today) if one.moment else value
        if one.input is None or value is not None:
            condition = _condition(tables, one, value, figures)
            asked = asked.having(condition) if figures.condensed(one) else asked.where(condition)
    by_name = {one.name: one for one in query.columns}
    if query.group_by:
        asked = asked.group_by(*(figures.element(by_name[name]) for name in query.group_by))
    if query.order_by:
        name = query.order_by.removeprefix("-")
        element = figures.element(by_name[name])
        asked = asked.order_by((element.desc() if query.order_by.startswith("-") else element.asc()).nulls_last())
        if query.group_by:
            asked = asked.order_by(*(figures.element(by_name[one]) for one in query.group_by if one != name))
        elif not query.condenses(by_name[name]):
            asked = asked.order_by(*(tables.column(query.table, one) for one in tables.described(query.table).key))
    elif not any(query.condenses(one) for one in query.columns):
        asked = asked.order_by(*(tables.column(query.table, name) for name in tables.described(query.table).key))
    return asked.limit(2 if query.one else query.limit)


def run_query(
    engine: Engine,
    spec: Specification,
    query: str,
    parameters: Mapping[str, object],
    *,
    seconds: float = 10.0,
    today: date | None = None,
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
    asked = statement(spec.source(wanted.source), wanted, parameters, dialect=engine.dialect.name, today=today)
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
    asked = statement(spec.source(query.source), query, {}, dialect=engine.dialect.name).limit(0)
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
            whole = whole.join(self.table(new), matches, isouter=join.outer)
            there.add(new)
        return whole


class _Figures:
    """What a query's terms and columns stand for: columns, formulas over them, and what condenses either."""

    def __init__(self, query: Query, tables: _Tables, sqlalchemy: Any, dialect: str) -> None:
        self._query, self._known, self._tables = query, query.figures, tables
        self._sql, self._dialect = sqlalchemy, dialect

    def element(self, one: Selected) -> Any:
        """The value in a statement. Raises `ValidationFailed`."""
        column: Any = self._computed(one) if one.expression else self._tables.selected(one)
        if one.part is not None:
            column = Elements(self._sql).part(one.part, column)
        return self._condensed(one, column)

    def condensed(self, one: Filter) -> bool:
        """Whether a filter is of groups."""
        return one.figure is not None and self._query.condenses(self._known[one.figure])

    def compared(self, one: Filter) -> Any:
        """What a filter compares. Raises `ValidationFailed`."""
        if one.figure is None:
            return self._tables.column(one.table, one.column)
        return self.element(self._named(one.figure))

    def _named(self, name: str) -> Selected:
        if name not in self._known:
            raise ValidationFailed(f"query {self._query.name!r} has no term or column {name!r}")
        return self._known[name]

    def _computed(self, one: Selected) -> Any:
        before = list(self._known)[: list(self._known).index(one.name)]

        def value(name: str) -> Any:
            if name not in before:
                raise ValidationFailed(
                    f"{name!r} is no term or column before it", where=f"{self._query.name}.{one.name}"
                )
            return self.element(self._named(name))

        return composed(parse(one.expression, scalars=list(self._known)), value, Elements(self._sql))

    def _condensed(self, one: Selected, column: Any) -> Any:
        functions = {"count": "count", "sum": "sum", "mean": "avg", "minimum": "min", "maximum": "max"}
        if one.aggregate is None:
            return column
        if one.aggregate in functions:
            return getattr(self._sql.func, functions[one.aggregate])(column)
        if one.aggregate == "distinct":
            return self._sql.func.count(self._sql.distinct(column))
        if one.aggregate == "percentile":
            share = (50.0 if one.rank is None else one.rank) / 100
            if self._dialect == "sqlite":
                return self._sql.func.rank_value(column, share)
            return self._sql.func.percentile_cont(share).within_group(self._sql.cast(column, self._sql.Float))
        name = {"stdev": "stddev_samp", "variance": "var_samp"}[one.aggregate]
        return getattr(self._sql.func, name)(column)


def _condition(tables: _Tables, one: Filter, value: object, figures: _Figures) -> Any:
    column: Any = figures.compared(one)
    if one.figure is not None and one.value is True:
        return column
    kind = "number" if one.figure is not None else tables.type_of(one.table, one.column)
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


def _moment(one: Filter, value: object, today: date | None) -> object:
    """The day that a filter names; None where its input was not given. Raises `ValidationFailed`."""
    if one.input is None or value is None:
        return moment(one.moment, today).isoformat() if one.input is None else None
    try:
        return moment(one.moment, today, times=int(str(value))).isoformat()
    except (ValueError, OverflowError):
        where = f"{one.table}.{one.column}"
        raise ValidationFailed(f"{one.input} must be a whole number", where=where) from None


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
        for (name, arguments), made in STATISTICS.items():
            raw.create_aggregate(name, arguments, made)
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
