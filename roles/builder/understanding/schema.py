"""Reads the tables of a database: columns, keys, and the foreign keys along which they join."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import anyio.to_thread

from common.errors import BuildError, SupervisorError
from common.extras import import_extra
from roles.builder.understanding.known_values import SourceWithValues, read_values
from roles.engineering.queries import engine_for
from roles.engineering.specification import Column, DataSource, Join, Table, ValueType

__all__ = ["read_schema"]

_MAX_TABLES = 300
_MAX_COLUMNS = 300
_SECONDS = 30.0


async def read_schema(
    url: str, *, variable: str = "DATABASE_URL", seconds: float = _SECONDS, values: bool = True
) -> tuple[DataSource, ...]:
    """The tables and views of a SQLite or PostgreSQL database, as one source.

    Of rows only the values of short texts are read, which tell what words of requests mean
    (`roles.builder.understanding.known_values`); with `values` false nothing is.

    Raises `BuildError` where it can't be reached, has no tables, or has more than can be taken in; the message holds
    no password.
    """
    try:
        with anyio.fail_after(seconds):
            return (
                await anyio.to_thread.run_sync(lambda: _read(url, variable, values=values), abandon_on_cancel=True),
            )
    except TimeoutError:
        raise BuildError(
            f"the database did not tell its tables within {seconds:g} seconds",
            where=variable,
            todo="Check its address.",
        ) from None


def _read(url: str, variable: str, *, values: bool) -> DataSource:
    sqlalchemy: Any = import_extra("sqlalchemy", extra="builder", where=variable)
    try:
        engine = engine_for(url)
    except SupervisorError as error:
        raise BuildError(error.what, where=variable, todo=error.todo) from None
    try:
        inspector = sqlalchemy.inspect(engine)
        views = {*inspector.get_view_names()}
        names = sorted({*inspector.get_table_names(), *views})
        if len(names) > _MAX_TABLES:
            raise BuildError(
                f"the database has {len(names)} tables; {_MAX_TABLES} can be taken in", where=variable,
                todo="Give an address whose user sees only the tables that the agent needs.",
            )  # fmt: skip
        tables = [table for name in names if (table := _table(inspector, name)) is not None]
        joins = [join for name in names for join in _joins(inspector, name)]
        known = read_values(engine, [one for one in tables if one.name not in views], sqlalchemy) if values else {}
    except sqlalchemy.exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or type(error).__name__).strip().split("\n", 1)[0][:200]
        if (password := engine.url.password) is not None:
            said = said.replace(str(password), "***")
        raise BuildError(f"the database can't be read: {said}", where=variable, todo=f"Check {variable}.") from None
    finally:
        engine.dispose()
    if not tables:
        raise BuildError("the database has no tables", where=variable, todo="Create them first, or check its address.")
    there = {table.name for table in tables}
    return SourceWithValues(
        variable=variable,
        tables=tuple(tables),
        joins=tuple(join for join in joins if {join.left_table, join.right_table} <= there),
    ).with_values(known)


def _table(inspector: Any, name: str) -> Table | None:
    rows: Sequence[Any] = inspector.get_columns(name)[:_MAX_COLUMNS]
    columns = tuple(
        Column(name=row["name"], type=_type(row["type"]), nullable=bool(row.get("nullable", True)))
        for row in rows
        if 0 < len(row["name"]) <= 128
    )
    if not columns or len(name) > 128:
        return None
    key = tuple(inspector.get_pk_constraint(name).get("constrained_columns") or ())
    return Table(name=name, columns=columns, key=key)


def _type(given: Any) -> ValueType:
    """The kind of value that a column holds; what is no number, date or boolean is text to an agent."""
    kind = type(given).__name__.upper()
    try:
        python = given.python_type.__name__
    except NotImplementedError:
        python = ""
    if "BOOL" in kind or python == "bool":
        return "boolean"
    if any(part in kind for part in ("DATE", "TIMESTAMP")) or python in ("date", "datetime"):
        return "date"
    if "INT" in kind or python == "int":
        return "integer"
    if any(part in kind for part in ("NUM", "DEC", "FLOAT", "REAL", "DOUBLE", "MONEY")) or python in (
        "float",
        "Decimal",
    ):
        return "number"
    return "text"


def _joins(inspector: Any, name: str) -> list[Join]:
    """The foreign keys of one column each."""
    return [
        Join(
            left_table=name,
            left_column=key["constrained_columns"][0],
            right_table=key["referred_table"],
            right_column=key["referred_columns"][0],
        )
        for key in inspector.get_foreign_keys(name)
        if len(key["constrained_columns"]) == 1 and key.get("referred_columns")
    ]
