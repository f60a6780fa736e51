"""Databases compute formulas as the evaluation of formulas does, in SQLite and in PostgreSQL alike."""

import math
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.errors import ValidationFailed
from roles.builder.understanding import read_schema
from roles.engineering.formulas import Undefined, evaluate, parse
from roles.engineering.formulas.text import text_of
from roles.engineering.moments import moment
from roles.engineering.queries import engine_for, run_query, statement
from roles.engineering.specification import DataSource, Filter, Query, Selected
from tests.services.postgres_server import PostgresServer, postgres

__all__ = ["postgres"]

ROWS = [(1, "2024-01-31", 10.0, 4.0), (2, "2024-02-29", 3.0, 0.0), (3, "2024-05-01", -8.0, 5.0), (4, None, None, 2.0)]
TABLE = "CREATE TABLE readings (id INTEGER PRIMARY KEY, read_on DATE, a DOUBLE PRECISION, b DOUBLE PRECISION)"
FORMULAS = [
    "a / b",
    "a - b * 2",
    "(a + b) ** 2",
    "abs(a) / 3",
    "if(a > b, a, b)",
    "min(a, b)",
    "max(a, b, 1)",
    "-a + 10%",
]


class _Spec:
    name = "readings"

    def __init__(self, source: DataSource, query: Query) -> None:
        self._source, self._query = source, query

    def query(self, name: str) -> Query:
        return self._query

    def source(self, name: str) -> DataSource:
        return self._source


def column(held: str, **more: Any) -> Selected:
    return Selected.model_validate({"name": held, "table": "readings", "column": held} | more)


def rows_of(url: str, source: DataSource, query: Query) -> list[dict[str, Any]]:
    engine = engine_for(url)
    try:
        return run_query(engine, _Spec(source, query), query.name, {})  # type: ignore[arg-type]
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, DataSource]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/readings.db"
        with sqlite3.connect(tmp_path / "readings.db") as connection:
            connection.execute(TABLE)
            connection.executemany("INSERT INTO readings VALUES (?, ?, ?, ?)", ROWS)
        connection.close()
    else:
        import psycopg

        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TABLE)
            for row in ROWS:
                connection.execute("INSERT INTO readings VALUES (%s, %s, %s, %s)", row)
    return url, anyio.run(read_schema, url)[0]


def test_rows_as_the_evaluation_has_them(database: tuple[str, DataSource]) -> None:
    for formula in FORMULAS:
        columns = (column("id"), column("a"), column("b"), column("a", name="figure", expression=formula))
        for row in rows_of(*database, Query(name="rows", table="readings", columns=columns)):
            try:
                wanted = evaluate(parse(formula, scalars=["a", "b"]), row)
            except Undefined:
                wanted = None
            if row["a"] is None and "if" in formula:
                # a condition that is not known does not hold
                continue
            assert (row["figure"] is None) == (wanted is None), (formula, row)
            assert wanted is None or math.isclose(row["figure"], float(wanted)), (formula, row)


def test_groups_by_parts_of_dates_with_what_they_have_to_keep(database: tuple[str, DataSource]) -> None:
    def grouped(part: str, **more: Any) -> list[tuple[Any, Any]]:
        columns = (
            column("read_on", name="part", part=part),
            column("a", name="figure", expression="a", aggregate="sum"),
        )
        given = {
            "name": "groups",
            "table": "readings",
            "columns": columns,
            "terms": (column("a"),),
            "group_by": ("part",),
        }
        query = Query.model_validate(given | {"order_by": "part"} | more)
        return [(row["part"], row["figure"]) for row in rows_of(*database, query)]

    assert grouped("year") == [(2024, 5.0), (None, None)]
    assert grouped("quarter") == [("2024-Q1", 13.0), ("2024-Q2", -8.0), (None, None)]
    assert grouped("month")[0] == ("2024-01", 10.0)
    above = Filter(table="readings", column="a", comparison=">", value=0, figure="figure")
    assert grouped("quarter", filters=(above,)) == [("2024-Q1", 13.0)]
    assert grouped("month", order_by="-figure", limit=2) == [("2024-01", 10.0), ("2024-02", 3.0)]


def test_ranks_and_spread(database: tuple[str, DataSource]) -> None:
    columns = tuple(
        column("a", name=name, aggregate=aggregate, rank=rank)
        for name, aggregate, rank in (
            ("middle", "percentile", 50), ("upper", "percentile", 75), ("spread", "stdev", None),
            ("square", "variance", None), ("different", "distinct", None),
        )
    )  # fmt: skip
    (row,) = rows_of(*database, Query(name="all", table="readings", columns=columns))
    values = {"a": [10.0, 3.0, -8.0]}
    assert row["middle"] == 3
    assert row["different"] == 3
    for name, formula in (("upper", "percentile(a, 75)"), ("spread", "stdev(a)"), ("square", "variance(a)")):
        assert math.isclose(row[name], float(evaluate(parse(formula), values) or 0))


def test_columns_are_compared_and_times_counted_from_today(database: tuple[str, DataSource]) -> None:
    holds = column("a", name="holds", expression="a > b")
    more = Filter(table="readings", column="a", comparison="=", value=True, figure="holds")
    query = Query(
        name="rows", table="readings", columns=(column("id"),), terms=(column("a"), column("b"), holds), filters=(more,)
    )
    assert [row["id"] for row in rows_of(*database, query)] == [1, 2]
    lately = Filter(table="readings", column="read_on", comparison=">=", moment="day-1")
    before = Filter(table="readings", column="read_on", comparison="<", moment="year+1")
    assert rows_of(*database, Query(name="rows", table="readings", columns=(column("id"),), filters=(lately,))) == []
    query = Query(name="rows", table="readings", columns=(column("id"),), filters=(before,))
    assert [row["id"] for row in rows_of(*database, query)] == [1, 2, 3]


def test_what_databases_do_not_compute_is_refused(database: tuple[str, DataSource]) -> None:
    for formula in ("sqrt(a)", "a ** b", "round(a, 2)"):
        columns = (column("a"), column("a", name="figure", expression=formula))
        with pytest.raises(ValidationFailed, match="can't compute"):
            statement(database[1], Query(name="rows", table="readings", columns=columns), {})
    with pytest.raises(ValidationFailed, match="no term"):
        statement(
            database[1], Query(name="rows", table="readings", columns=(column("a", name="x", expression="b"),)), {}
        )


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("day-30", date(2024, 3, 1)), ("day+0", date(2024, 3, 31)), ("week+0", date(2024, 3, 25)),
        ("month-1", date(2024, 2, 1)), ("months-1", date(2024, 2, 29)), ("months-12", date(2023, 3, 31)),
        ("quarter-1", date(2023, 10, 1)), ("year+0", date(2024, 1, 1)), ("year-1", date(2023, 1, 1)),
    ],
)  # fmt: skip
def test_moments(said: str, day: date) -> None:
    assert moment(said, date(2024, 3, 31)) == day


@pytest.mark.parametrize(
    "text", ["a / (b - 1)", "if(a > 1 and not b < 2, sum(c), -a)", "percentile(a, 90) * 10%", 'a if c == "x" else 0']
)
def test_formulas_become_text_again(text: str) -> None:
    tree = parse(text, scalars=["a", "b"]).tree
    assert parse(text_of(tree), scalars=["a", "b"]).tree == tree
