"""A small SQLite database with a specification's tables, and what its queries give there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from common.extras import import_extra
from roles.builder.writing.plan import Plan, Value
from roles.builder.writing.sample_choices import chosen_value
from roles.builder.writing.samples import sample, source_of_samples
from roles.engineering.queries import run_query
from roles.engineering.specification import Column, Filter, Query, Specification, Table

__all__ = ["QueryCase", "SampleDatabase", "sample_database"]

_ROWS = 6
_SQL = {"number": "REAL", "integer": "INTEGER", "text": "TEXT", "date": "DATE", "boolean": "BOOLEAN"}


@dataclass(frozen=True, slots=True)
class QueryCase:
    """A query with parameters, and the rows that it gives."""

    query: str
    parameters: Mapping[str, JsonValue]
    rows: Sequence[Mapping[str, JsonValue]]


@dataclass(frozen=True, slots=True)
class SampleDatabase:
    """Statements that make the database, rows by the statement that inserts them, and what queries give."""

    statements: tuple[str, ...]
    inserts: Mapping[str, Sequence[Sequence[JsonValue]]]
    cases: tuple[QueryCase, ...]


def sample_database(plan: Plan) -> SampleDatabase | None:
    """The database for a plan's queries; None where it has none, or SQLite can't have its tables.

    Raises `ConfigurationError` where SQLAlchemy is missing.
    """
    spec = plan.spec
    tables = {table.name: table for source in spec.sources for table in source.tables}
    if not spec.queries or any("." in name for name in tables):
        return None
    contents = {name: _contents(spec, table) for name, table in tables.items()}
    statements = tuple(
        f"CREATE TABLE {_quoted(name)} ({', '.join(f'{_quoted(one.name)} {_SQL[one.type]}' for one in table.columns)})"
        for name, table in tables.items()
    )
    inserts = {
        f"INSERT INTO {_quoted(name)} VALUES ({', '.join('?' * len(table.columns))})": contents[name]  # noqa: S608 - quoted
        for name, table in tables.items()
    }
    return SampleDatabase(statements, inserts, _cases(spec, tables, contents, statements, inserts))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _contents(spec: Specification, table: Table) -> list[list[JsonValue]]:
    chance = source_of_samples(spec.name, table.name)
    reading = [one for query in spec.queries for one in (query, *query.sets)]
    links = {
        side
        for source in spec.sources
        for join in (*source.joins, *(join for one in reading for join in one.joins))
        for side in ((join.left_table, join.left_column), (join.right_table, join.right_column))
    }
    # what one row is looked up by tells rows apart, though the database does not call it a key
    links |= {
        (each.table, each.column) for query in spec.queries if query.one for each in query.all_filters if each.input
    }
    rows: list[list[JsonValue]] = []
    for number in range(1, _ROWS + 1):
        row: list[JsonValue] = []
        for column in table.columns:
            chosen = None if column.name in table.key else chosen_value(spec, table.name, column, number)
            if chosen is not None:
                row.append(chosen())
            elif column.name in table.key or (table.name, column.name) in links:
                row.append(_key(column, number))
            elif number == _ROWS and column.nullable:
                row.append(None)
            else:
                row.append(sample(Value(column.name, column.type, "column", unit=column.unit), chance))
        rows.append(row)
    return rows


def _key(column: Column, number: int) -> JsonValue:
    if column.type == "text":
        return f"K{number}"
    return f"2024-01-{number:02}" if column.type == "date" else number


def _cases(
    spec: Specification,
    tables: Mapping[str, Table],
    contents: Mapping[str, list[list[JsonValue]]],
    statements: Sequence[str],
    inserts: Mapping[str, Sequence[Sequence[JsonValue]]],
) -> tuple[QueryCase, ...]:
    sqlalchemy: Any = import_extra("sqlalchemy", extra="builder", where="builder")
    engine: Any = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
    try:
        with engine.begin() as connection:
            for one in statements:
                connection.exec_driver_sql(one)
            for one, rows in inserts.items():
                connection.exec_driver_sql(one, [tuple(row) for row in rows])
        found: list[QueryCase] = []
        for query in spec.queries:
            for parameters in _parameters(query, tables, contents):
                rows: Any = run_query(engine, spec, query.name, parameters)
                found.append(QueryCase(query.name, parameters, rows))
        return tuple(found)
    finally:
        engine.dispose()


def _parameters(
    query: Query, tables: Mapping[str, Table], contents: Mapping[str, list[list[JsonValue]]]
) -> list[dict[str, JsonValue]]:
    """None of the inputs, then those of a row that there is, then those of none."""
    inputs = [one for one in query.all_filters if one.input is not None]
    found: list[dict[str, JsonValue]] = [] if query.one else [{}]
    for row in (1, 3):
        given: dict[str, JsonValue] = {}
        for one in inputs:
            names = [column.name for column in tables[one.table].columns]
            value = contents[one.table][row][names.index(one.column)]
            if one.input is not None and value is not None:
                given[one.input] = 30 * row if one.moment else _in_part(one, value)
        if given and given not in found:
            found.append(given)
    return found


def _in_part(one: Filter, value: JsonValue) -> JsonValue:
    """The period that a date is in, where a filter compares one."""
    day = str(value)
    if one.part is None or one.part == "day":
        return value
    if one.part == "quarter":
        return f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}"
    return int(day[:4]) if one.part == "year" else day[:7]
