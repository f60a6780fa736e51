"""Asks databases the queries of a specification, and nothing else: bound values, read-only, bounded time and rows."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.errors import ToolError, ValidationFailed
from common.extras import import_extra
from roles.engineering.query_elements import Asking
from roles.engineering.rank_functions import STATISTICS
from roles.engineering.specification import DataSource, Query, Specification

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, Select

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
    import_extra("sqlalchemy", extra=_EXTRA, where="DATABASE_URL")
    unknown = set(parameters) - {one.input for one in query.all_filters}
    if unknown:
        raise ValidationFailed(f"query {query.name!r} has no parameter {', '.join(sorted(unknown))}")
    return Asking(source, query, parameters, dialect=dialect, today=today).statement()


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
