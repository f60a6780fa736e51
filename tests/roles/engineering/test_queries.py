from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from common.errors import ValidationFailed
from roles.engineering.queries import SourceUnavailable, engine_for, plain_value, run_query, statement
from roles.engineering.specification import Specification
from tests.roles.builder.example_specifications import PROPERTIES, property_lookup, three_modes
from tests.services.postgres_server import PostgresServer, postgres, postgres_url

__all__ = ["postgres", "postgres_url"]

TABLES = (
    "DROP TABLE IF EXISTS properties",
    "DROP TABLE IF EXISTS financial_metrics",
    "CREATE TABLE properties"
    " (id INTEGER PRIMARY KEY, name TEXT, city TEXT, purchase_price NUMERIC(12, 2), bought_on DATE)",
    "CREATE TABLE financial_metrics (id INTEGER PRIMARY KEY, property_id INTEGER, noi NUMERIC(12, 2),"
    " loan_amount NUMERIC(12, 2), interest_rate NUMERIC(6, 4), term_years INTEGER, annual_debt_service NUMERIC(12, 2))",
    "INSERT INTO properties VALUES (1, 'Alder House', 'Berlin', 100.5, '2020-01-05'),"
    " (2, 'Birch', 'Bern', 300, '2022-06-01'), (3, 'Cedar', 'Berlin', NULL, NULL),"
    " (4, '100% Elm_', 'Basel', 50, '2023-01-01')",
    "INSERT INTO financial_metrics VALUES (1, 1, 10, 100, 0.05, 30, 8), (2, 2, 30, 200, 0.04, 20, 25),"
    " (3, 3, NULL, NULL, NULL, NULL, NULL), (4, 4, 5, 40, 0.03, 10, 0)",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "data.db")) as connection, connection:
            for one in TABLES:
                connection.execute(one)
        made = engine_for(f"sqlite:///{tmp_path / 'data.db'}")
    else:
        url: str = request.getfixturevalue("postgres_url")
        with psycopg.connect(url) as connection:
            for one in TABLES:
                connection.execute(one)  # type: ignore[arg-type]
        made = engine_for(url)
    yield made
    made.dispose()


def asked(engine: Engine, query: str, **parameters: Any) -> list[dict[str, object]]:
    return run_query(engine, property_lookup(), query, parameters)


def test_rows_come_in_the_order_asked_for_with_plain_values(engine: Engine) -> None:
    rows = asked(engine, "properties_found", min_price=60)
    assert rows == [
        {"property_id": 2, "property_name": "Birch", "price": 300.0, "bought_on": "2022-06-01"},
        {"property_id": 1, "property_name": "Alder House", "price": 100.5, "bought_on": "2020-01-05"},
    ]


def test_filters_that_were_not_given_are_left_out(engine: Engine) -> None:
    assert len(asked(engine, "properties_found")) == 4
    assert [row["property_id"] for row in asked(engine, "properties_found", city="Bern", min_price=None)] == [2]
    assert [row["property_id"] for row in asked(engine, "properties_found", since="2022-06-01")] == [2, 4]


def test_groups_are_condensed_along_the_join(engine: Engine) -> None:
    assert asked(engine, "income_by_city") == [
        {"city": "Basel", "total_noi": 5.0, "properties_counted": 1},
        {"city": "Berlin", "total_noi": 10.0, "properties_counted": 2},
        {"city": "Bern", "total_noi": 30.0, "properties_counted": 1},
    ]


def test_a_key_finds_one_row_with_its_nulls(engine: Engine) -> None:
    rows = run_query(engine, three_modes(), "property_loan", {"property_id": 3})
    assert rows == [
        {"noi": None, "loan_amount": None, "interest_rate": None, "term_years": None, "property_name": "Cedar"}
    ]
    assert run_query(engine, three_modes(), "property_loan", {"property_id": 99}) == []


def test_contains_ignores_case_and_takes_signs_as_they_are(engine: Engine) -> None:
    assert [row["noi"] for row in asked(engine, "incomes", city="BER")] == [10.0, 30.0, None]
    assert asked(engine, "incomes", city="%") == []
    assert asked(engine, "incomes", city="B_r") == []


@pytest.mark.parametrize(
    ("comparison", "value", "ids"),
    [
        ("in", ["Bern", "Basel"], [2, 4]), ("in", "Bern, Basel", [2, 4]), ("=", "Bern", [2]), ("!=", "Berlin", [2, 4]),
        ("=", "Bern' OR '1'='1", []), ("in", [], []),
    ],
)  # fmt: skip
def test_what_a_caller_gives_is_bound(engine: Engine, comparison: str, value: Any, ids: list[int]) -> None:
    spec = changed(comparison, "city")
    assert [row["property_id"] for row in run_query(engine, spec, "found", {"wanted": value})] == ids


@pytest.mark.parametrize(
    ("comparison", "column", "value", "ids"),
    [
        ("=", "city", None, []), ("!=", "purchase_price", None, [1, 2, 4]), ("=", "purchase_price", None, [3]),
        ("<", "bought_on", "2021-01-01", [1]), (">", "purchase_price", 100, [1, 2]), ("<=", "id", 2, [1, 2]),
    ],
)  # fmt: skip
def test_fixed_values_are_compared_with(
    engine: Engine, comparison: str, column: str, value: Any, ids: list[int]
) -> None:
    spec = changed(comparison, column, fixed=True, value=value)
    assert [row["property_id"] for row in run_query(engine, spec, "found", {})] == ids


def changed(comparison: str, column: str, *, fixed: bool = False, value: Any = None, **more: Any) -> Specification:
    """A specification of one query with one filter."""
    one = {"table": "properties", "column": column, "comparison": comparison}
    return Specification.model_validate(
        {
            "name": "found", "class_name": "Found", "kind": "data", "title": "Found", "purpose": "Finds.",
            "sources": [PROPERTIES],
            "queries": [
                {
                    "name": "found",
                    "table": "properties",
                    "columns": [{"name": "property_id", "table": "properties", "column": "id"}],
                    "filters": [{**one, "value": value} if fixed else {**one, "input": "wanted"}],
                    **more,
                }
            ],
            "operations": [
                {
                    "name": "find",
                    "description": "Finds.",
                    "inputs": [{"name": "wanted", "type": "text", "required": False}],
                    "query": "found",
                    "outputs": [{"name": "property_id", "type": "integer", "series": True}],
                }
            ],
            "components": [{"name": "agent", "kind": "main"}],
        }
    )  # fmt: skip


def test_no_more_rows_than_the_limit(engine: Engine) -> None:
    assert len(run_query(engine, changed(">", "id", fixed=True, value=0, limit=3), "found", {})) == 3


@pytest.mark.parametrize(
    ("parameters", "what"),
    [({"country": "CH"}, "no parameter country"), ({"min_price": "many"}, "must be a number"),
     ({"since": "last year"}, "must be a date"), ({"min_price": True}, "must be a number"),
     ({"city": 5}, "must be a text")],
)  # fmt: skip
def test_parameters_that_do_not_fit_are_refused(parameters: dict[str, object], what: str) -> None:
    spec = property_lookup()
    with pytest.raises(ValidationFailed, match=what):
        statement(spec.source("database"), spec.query("properties_found"), parameters)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"columns": [{"name": "a", "table": "properties", "column": "secret"}]}, "no column properties.secret"),
        ({"table": "pg_shadow"}, "no table 'pg_shadow'"),
        ({"joins": [{"left_table": "financial_metrics", "left_column": "id", "right_table": "financial_metrics",
                     "right_column": "id"}]}, "wrongly"),
    ],
)  # fmt: skip
def test_what_is_not_specified_can_not_be_read(more: dict[str, Any], what: str) -> None:
    spec = changed("=", "city", **more)
    with pytest.raises(ValidationFailed, match=what):
        statement(spec.source("database"), spec.query("found"), {})


def test_an_unknown_query_is_refused(engine: Engine) -> None:
    with pytest.raises(ValidationFailed, match="no query 'anything'"):
        asked(engine, "anything")


def test_names_are_quoted_and_never_run() -> None:
    evil = 'id"; DROP TABLE properties; --'
    source = {"tables": [{"name": "properties", "columns": [{"name": evil, "type": "integer"}]}]}
    spec = changed("=", evil, columns=[{"name": "property_id", "table": "properties", "column": evil}])
    spec = spec.model_validate({**spec.model_dump(), "sources": [source]})
    text = str(statement(spec.source("database"), spec.query("found"), {"wanted": 5}))
    assert '"id""; DROP TABLE properties; --"' in text


def test_nothing_can_be_written(engine: Engine, monkeypatch: Any) -> None:
    from sqlalchemy import text

    monkeypatch.setattr("roles.engineering.queries.statement", lambda *_, **__: text("DELETE FROM properties"))
    with pytest.raises(SourceUnavailable, match="read"):
        asked(engine, "properties_found")
    monkeypatch.undo()
    assert len(asked(engine, "properties_found")) == 4


def test_a_query_that_takes_too_long_is_ended(engine: Engine, monkeypatch: Any) -> None:
    from sqlalchemy import text

    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS property_id FROM n"
    monkeypatch.setattr("roles.engineering.queries.statement", lambda *_, **__: text(endless))
    with pytest.raises(SourceUnavailable, match=r"interrupted|timeout"):
        run_query(engine, property_lookup(), "properties_found", {}, seconds=0.05)


def test_a_lost_database_is_told_without_its_password(postgres: PostgresServer) -> None:
    lost = engine_for("postgresql://somebody:very-secret@127.0.0.1:1/nothing")
    with pytest.raises(SourceUnavailable) as caught:
        asked(lost, "properties_found")
    assert "very-secret" not in str(caught.value)
    assert caught.value.code == "source_unavailable"
    assert "DATABASE_URL" in caught.value.todo


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="unable to open"):
        asked(engine_for(f"sqlite:///{tmp_path / 'lost.db'}"), "properties_found")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["", "nonsense", "unknown+driver://host/name"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SourceUnavailable, match="address"):
        engine_for(url)


def test_values_that_json_does_not_have_are_made_plain() -> None:
    from datetime import UTC, datetime, timedelta
    from decimal import Decimal
    from uuid import UUID

    assert plain_value(Decimal("1.50")) == 1.5
    assert plain_value(Decimal("NaN")) is None
    assert plain_value(float("inf")) is None
    assert plain_value(datetime(2024, 1, 2, tzinfo=UTC)) == "2024-01-02T00:00:00+00:00"
    assert plain_value(timedelta(minutes=1)) == 60.0
    assert plain_value(UUID(int=5)) == "00000000-0000-0000-0000-000000000005"
    assert plain_value(True) is True
