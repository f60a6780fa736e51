"""Groups of filters, rows that are there elsewhere, and the first rows of each kind, as a database answers them."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from roles.builder.understanding import check_specification
from roles.engineering.queries import engine_for, run_query, statement
from roles.engineering.specification import (
    Column,
    DataSource,
    Filter,
    FilterGroup,
    Join,
    Leading,
    Query,
    Related,
    Selected,
    Specification,
    Table,
)

SCRIPT = """
CREATE TABLE halls(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE machines(id INTEGER PRIMARY KEY, name TEXT, hall_id INTEGER, hours INTEGER);
CREATE TABLE repairs(id INTEGER PRIMARY KEY, machine_id INTEGER, day DATE, cost REAL, allowed REAL);
INSERT INTO halls VALUES (1,'North'),(2,'South');
INSERT INTO machines VALUES (1,'Press',1,90),(2,'Lathe',1,90),(3,'Mill',2,NULL),(4,'Saw',2,10),(5,'Drill',NULL,70);
INSERT INTO repairs VALUES (1,1,'2025-01-01',10,20),(2,1,'2025-02-01',50,20),(3,4,'2024-03-03',5,5),
    (4,5,'2025-01-05',7,9);
"""
MACHINE = Join(left_table="repairs", left_column="machine_id", right_table="machines", right_column="id")
HALL = Join(left_table="machines", left_column="hall_id", right_table="halls", right_column="id")


def table(title: str, /, **columns: Any) -> Table:
    return Table(name=title, columns=tuple(Column(name=one, type=kind) for one, kind in columns.items()), key=("id",))


SOURCE = DataSource(
    tables=(
        table("halls", id="integer", name="text"),
        table("machines", id="integer", name="text", hall_id="integer", hours="integer"),
        table("repairs", id="integer", machine_id="integer", day="date", cost="number", allowed="number"),
    ),
    joins=(MACHINE, HALL),
)
NAME = Selected(name="name", table="machines", column="name")


def where(table: str, column: str, sign: str, value: Any = None, **more: Any) -> Filter:
    return Filter.model_validate({"table": table, "column": column, "comparison": sign, "value": value, **more})


def asked(query: Query, folder: Path, **given: Any) -> list[tuple[Any, ...]]:
    path = folder / f"machines_{len(given)}.db"
    connection = sqlite3.connect(path)
    connection.executescript(SCRIPT)
    connection.close()
    inputs = [{"name": one, "type": "number"} for one in {each.input for each in query.all_filters} - {None}]
    operation = {
        "name": "find", "description": "Finds.", "query": query.name, "inputs": inputs,
        "outputs": [{"name": "row_count", "type": "integer"}],
    }  # fmt: skip
    spec = Specification.model_validate({
        "name": "machines_agent", "class_name": "MachinesAgent", "kind": "data", "title": "Machines",
        "purpose": "Finds.",
        "sources": [SOURCE],
        "queries": [query], "operations": [operation],
        "components": [{"name": "main", "kind": "main"}],
    })  # fmt: skip
    assert check_specification(spec) == []
    engine = engine_for(f"sqlite:///{path}")
    rows = run_query(engine, spec, query.name, given)
    engine.dispose()
    return [tuple(row.values()) for row in rows]


def machines(*groups: FilterGroup) -> Query:
    return Query(name="machines_found", table="machines", columns=(NAME,), filter_groups=groups)


def repaired(comparison: Any = ">=", number: int = 1, **more: Any) -> FilterGroup:
    return FilterGroup(related=Related(table="repairs", link=MACHINE, comparison=comparison, number=number), **more)


@pytest.mark.parametrize(
    ("group", "names"),
    [
        (FilterGroup(any=True, filters=(where("machines", "hours", "<", 50), where("machines", "name", "=", "Press"))),
         ["Press", "Saw"]),
        (FilterGroup(any=True, filters=(where("machines", "hours", "=", None),), groups=(
            FilterGroup(filters=(where("machines", "hours", ">=", 90), where("machines", "name", "!=", "Press"))),)),
         ["Lathe", "Mill"]),
        (repaired(), ["Press", "Saw", "Drill"]),
        (repaired("=", 0), ["Lathe", "Mill"]),
        (repaired(">", 1), ["Press"]),
        (repaired("=", 0, filters=(where("repairs", "day", ">=", "2025-01-01"),)), ["Lathe", "Mill", "Saw"]),
        (repaired(filters=(where("repairs", "cost", ">", other=("repairs", "allowed")),)), ["Press"]),
        (FilterGroup(any=True, groups=(repaired(">", 1), FilterGroup(filters=(where("machines", "hours", "=", 70),)))),
         ["Press", "Drill"]),
    ],
)  # fmt: skip
def test_groups_choose_rows(group: FilterGroup, names: list[str], tmp_path: Path) -> None:
    assert asked(machines(group), tmp_path) == [(one,) for one in names]


def test_rows_of_rows_elsewhere(tmp_path: Path) -> None:
    group = FilterGroup(related=Related(table="machines", link=HALL), groups=(repaired("=", 0),))
    query = Query(name="halls_found", table="halls", filter_groups=(group,),
                  columns=(Selected(name="name", table="halls", column="name"),))  # fmt: skip
    assert asked(query, tmp_path) == [("North",), ("South",)]


def test_a_group_without_what_it_needs_is_left_out(tmp_path: Path) -> None:
    group = repaired(filters=(where("repairs", "cost", ">", input="cost"),))
    assert len(asked(machines(group), tmp_path)) == 5
    assert asked(machines(group), tmp_path, cost=20) == [("Press",)]


def test_the_first_of_each_kind_with_those_that_are_equal(tmp_path: Path) -> None:
    hours = Selected(name="hours", table="machines", column="hours")
    hall = Selected(name="hall", table="halls", column="name")
    query = Query(name="machines_found", table="machines", columns=(hall, NAME, hours), joins=(HALL,),
                  leading=Leading(by=("hall",), order_by="-hours"))  # fmt: skip
    assert asked(query, tmp_path) == [("North", "Press", 90), ("North", "Lathe", 90), ("South", "Saw", 10)]


def test_the_first_of_each_kind_by_figures(tmp_path: Path) -> None:
    hall = Selected(name="hall", table="machines", column="hall_id")
    cost = Selected(name="cost", table="repairs", column="cost", aggregate="sum")
    query = Query(
        name="costs", table="repairs", columns=(hall, NAME, cost), joins=(MACHINE,), group_by=("hall", "name"),
        filters=(where("machines", "hall_id", "!=", None),), leading=Leading(by=("hall",), order_by="-cost"),
    )  # fmt: skip
    assert asked(query, tmp_path) == [(1, "Press", 60.0), (2, "Saw", 5.0)]


def test_postgresql_is_asked_alike() -> None:
    from sqlalchemy.dialects import postgresql

    text = str(
        statement(SOURCE, machines(repaired("=", 0)), {}, dialect="postgresql").compile(dialect=postgresql.dialect())
    )
    assert "NOT (EXISTS (SELECT" in text
    assert "repairs_1.machine_id = machines.id" in text


def test_what_is_not_used_is_not_written() -> None:
    query = Query(name="all", table="machines", columns=(NAME,), filters=(where("machines", "hours", ">", 1),))
    assert not {"filter_groups", "leading"} & set(query.model_dump())
    assert "other" not in query.model_dump()["filters"][0]


@pytest.mark.parametrize("query", [
    machines(FilterGroup(filters=(where("halls", "name", "=", "North"),))),
    Query(name="q", table="machines", columns=(NAME,), leading=Leading(by=("nothing",), order_by="name")),
    Query(name="q", table="machines", columns=(NAME,), leading=Leading(by=("name",), order_by="hours")),
])  # fmt: skip
def test_what_does_not_fit_is_found(query: Query, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        asked(query, tmp_path)
