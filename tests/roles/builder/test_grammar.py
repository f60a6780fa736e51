"""Whole requests are read by the grammar: each word of them counts, and what it doesn't cover it leaves alone."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from roles.builder.understanding import analyze, check_specification, design, specify
from roles.builder.understanding.grammar import read_by_grammar
from roles.builder.understanding.requirements import Place
from roles.builder.understanding.windows import windows_in_dates
from roles.engineering.specification import Filter
from tests.roles.builder.answering import Databases, answer, corpus, is_right

UNSEEN = corpus("unseen_requests_4.yaml")
RAIL = """
CREATE TABLE lines(line_id INTEGER PRIMARY KEY, name TEXT, region TEXT, length_km NUMERIC);
CREATE TABLE trains(train_id INTEGER PRIMARY KEY, line_id INTEGER REFERENCES lines(line_id), number TEXT, seats INTEGER,
    built_year INTEGER, retired_on DATE);
CREATE TABLE trips(trip_id INTEGER PRIMARY KEY, train_id INTEGER REFERENCES trains(train_id), departed_on DATE NOT NULL,
    planned_arrival DATE, arrived_on DATE, passengers INTEGER, ticket_revenue NUMERIC, state TEXT);
INSERT INTO lines VALUES (1,'Coast','East',120),(2,'Hill','West',80),(3,'Fen','East',60);
INSERT INTO trains VALUES (1,1,'T1',200,2005,NULL),(2,1,'T2',150,2015,NULL),(3,2,'T3',100,1999,'2024-05-05');
INSERT INTO trips VALUES (1,1,'2025-01-01','2025-01-01','2025-01-01',150,3000,'done'),
    (2,1,'2025-02-01','2025-02-01','2025-02-02',100,2000,'done'),(3,2,'2025-02-03','2025-02-03',NULL,90,1800,'no_show'),
    (4,3,'2024-03-01','2024-03-01','2024-03-01',30,500,'done');
"""


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    found = Databases(tmp_path_factory.mktemp("databases"), UNSEEN["databases"] | {"rail": RAIL})
    anyio.run(found.read)
    return found


def asked(text: str, database: str, databases: Databases, **given: Any) -> dict[str, Any]:
    sources = databases.sources[database]
    needs = analyze(text, sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert check_specification(made) == []
    return answer(made, databases.url(database), given)


@pytest.mark.parametrize("request_", UNSEEN["requests"], ids=lambda one: one["id"])
def test_request_of_a_further_trade(request_: dict[str, Any], databases: Databases) -> None:
    sources = databases.sources[request_["database"]] if "database" in request_ else ()
    needs = analyze(request_["text"], sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    made = specify(needs, design(needs, sources), sources)
    assert check_specification(made) == []
    for ask in request_["asks"]:
        found = answer(made, databases.url(request_.get("database", "")), ask["arguments"])
        assert is_right(ask, found, ordered=request_.get("ordered", False)), f"{ask} → {found}"


@pytest.mark.parametrize("request_", UNSEEN["asked"], ids=lambda one: one["id"])
def test_what_it_takes_is_asked_by_name(request_: dict[str, Any], databases: Databases) -> None:
    needs = analyze(request_["text"], databases.sources[request_["database"]] if "database" in request_ else ())
    told = " ".join([*(one.text for one in needs.questions), *needs.beyond]).lower()
    assert any(word in told for word in request_["words"])


WORDINGS = (
    ("average passengers per line, highest first", [["Coast", "Hill"], [340 / 3, 30]]),
    ("lines with at least 2 trains", [["Coast"], [2]]),
    ("lines without trains", [["Fen"]]),
    ("what percentage of trips were no-shows, by line?", [["Coast", "Hill"], [100 / 3, 0]]),
    (
        "Ops wants a list of trips that arrived after the planned arrival: trip id and arrival date",
        [[2], ["2025-02-02"]],
    ),
    ("ticket revenue per line and quarter in 2025", [["Coast"], ["2025-Q1"], [6800]]),
    ("trips without an arrival date", [[3], ["2025-02-03"]]),
    ("customer complaints per line", None),
    ("which lines are the nicest?", None),
)


@pytest.mark.parametrize(("text", "columns"), WORDINGS, ids=[one[0] for one in WORDINGS])
def test_wordings(text: str, columns: list[list[Any]] | None, databases: Databases) -> None:
    if columns is None:
        assert read_by_grammar(windows_in_dates(text)[0], databases.sources["rail"]) is None
    else:
        found = asked(text, "rail", databases)
        assert is_right({"expected": {"columns": columns}}, found, ordered=False), found


def test_a_rule_in_percent(databases: Databases) -> None:
    text = "Occupancy of a trip = passengers / seats of the train * 100, at least 60 to pass"
    assert asked(text, "rail", databases, trip_id=1)["validation_status"] == "PASS"
    assert asked(text, "rail", databases, trip_id=2)["validation_status"] == "FAIL"


def _word(sign: str) -> str:
    return {">": "above", "<": "below", ">=": "at least", "<=": "at most"}[sign]


def _forms() -> Iterator[tuple[str, Any]]:
    """Requests made of parts, each with what has to be understood."""
    measures = {
        "number of trips": ("count", "trip_id"), "total ticket revenue": ("sum", "ticket_revenue"),
        "average passengers": ("mean", "passengers"), "sum of the passengers": ("sum", "passengers"),
        "maximum ticket revenue": ("maximum", "ticket_revenue"),
    }  # fmt: skip
    groups = {
        "per line": ("lines", "name"), "by region": ("lines", "region"), "for each train": ("trains", "train_id"),
        "per month": ("trips", "departed_on"), "by state": ("trips", "state"),
    }  # fmt: skip
    conditions = ["", "in 2025", "where passengers are {} {}", "that departed in February 2025"]
    orders = {"": None, ", highest first": True, ", lowest first": False}
    chance = random.Random(7)
    for (measure, what), (group, by), told, (order, down) in itertools.product(
        measures.items(), groups.items(), conditions, orders.items()
    ):
        sign, number = chance.choice((">", "<", ">=", "<=")), chance.randrange(1, 500)
        text = f"{measure} {group} {told.format(_word(sign), number)}".strip() + order
        yield text, (what, by, told, sign, number, down)


FORMS = random.Random(3).sample(list(_forms()), 60)


@pytest.mark.parametrize(("text", "form"), FORMS, ids=[one[0] for one in FORMS])
def test_what_is_made_of_a_logical_form_is_read_as_that(text: str, form: Any, databases: Databases) -> None:
    (function, column), (table, key), told, sign, number, down = form
    made = read_by_grammar(windows_in_dates(text)[0], databases.sources["rail"])
    assert made is not None
    assert [(one.function, one.place) for one in made.condensed] == [(function, Place(table="trips", column=column))]
    assert (table, key) in {(one.table, one.column) for one in made.groups}
    expected: list[Filter] = []
    if "passengers" in told:
        expected = [Filter(table="trips", column="passengers", comparison=sign, value=number)]
    elif told:
        start, end = ("2025-02-01", "2025-03-01") if "February" in told else ("2025-01-01", "2026-01-01")
        ends = {"table": "trips", "column": "departed_on"}
        expected = [Filter.model_validate(ends | {"comparison": ">=", "value": start}),
                    Filter.model_validate(ends | {"comparison": "<", "value": end})]  # fmt: skip
    assert list(made.filters) == expected
    assert (made.order_by == made.condensed[0].name) == (down is not None)
    assert down is None or made.descending is down


@pytest.mark.parametrize("text", ["per line " * 2_200, "a" * 20_000, "((((" * 5_000, "trips of trains of lines " * 800])
def test_what_is_too_much_is_not_read(text: str, databases: Databases) -> None:
    assert read_by_grammar(text, databases.sources["rail"]) is None
