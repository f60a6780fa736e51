"""From words to a specification: the single steps."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import BuildError, ValidationFailed
from roles.builder.understanding import (
    Architecture,
    Requirements,
    analyze,
    check_specification,
    correct,
    design,
    from_yaml,
    read_schema,
    specify,
    to_yaml,
)
from roles.builder.understanding.definitions import find_definitions
from roles.builder.understanding.modes import find_modes, modes_of
from roles.builder.understanding.thresholds import find_thresholds
from roles.engineering.formulas import evaluate, parse
from roles.engineering.formulas.stress_words import Target
from roles.engineering.specification import DataSource, Specification
from tests.services.postgres_server import PostgresServer, postgres

__all__ = ["postgres"]

TABLES = """
CREATE TABLE regions (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);
CREATE TABLE shops (id INTEGER PRIMARY KEY, region_id INTEGER REFERENCES regions(id), name TEXT, opened_on DATE,
  rent NUMERIC(10, 2), revenue DOUBLE PRECISION, costs NUMERIC, open BOOLEAN);
"""


def source(script: str = TABLES) -> tuple[DataSource, ...]:
    import tempfile

    import anyio

    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(f"{folder}/source.db")
        connection.executescript(script)
        connection.close()
        return anyio.run(read_schema, f"sqlite:///{folder}/source.db")


@pytest.fixture(scope="module")
def shops() -> tuple[DataSource, ...]:
    return source()


def made(text: Any, sources: tuple[DataSource, ...]) -> Specification:
    needs = analyze(text, sources)
    assert not needs.questions, needs.summary()
    assert not needs.beyond, needs.summary()
    return specify(needs, design(needs, sources), sources)


def test_a_schema_is_read(shops: tuple[DataSource, ...]) -> None:
    tables = {one.name: one for one in shops[0].tables}
    assert {one.name: one.type for one in tables["shops"].columns} == {
        "id": "integer", "region_id": "integer", "name": "text", "opened_on": "date", "rent": "number",
        "revenue": "number", "costs": "number", "open": "boolean",
    }  # fmt: skip
    assert tables["shops"].key == ("id",)
    assert [(one.left_table, one.left_column, one.right_table) for one in shops[0].joins] == [
        ("shops", "region_id", "regions")
    ]


async def test_a_schema_is_read_from_postgres_alike(postgres: PostgresServer, shops: tuple[DataSource, ...]) -> None:
    import psycopg

    url = postgres.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLES)
    (found,) = await read_schema(url)
    assert [one.name for one in found.tables] == ["regions", "shops"]
    assert {one.name: one.type for one in found.tables[1].columns} == {
        one.name: one.type for one in shops[0].tables[1].columns
    }
    assert found.joins == shops[0].joins


async def test_a_database_that_can_not_be_read_says_so_without_its_password(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.db").executescript("PRAGMA user_version = 1")
    with pytest.raises(BuildError, match="no tables"):
        await read_schema(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(BuildError, match="can't be read") as caught:
        await read_schema("postgresql://someone:pass-word@127.0.0.1:1/nothing")
    assert "pass-word" not in str(caught.value)
    with pytest.raises(BuildError):
        await read_schema("nonsense")


def test_a_named_agent_from_a_mapping(shops: tuple[DataSource, ...]) -> None:
    spec = made(
        {"name": "rent agent", "purpose": "Rent burden of a shop", "formulas": {"rent_burden": "rent / revenue"},
         "rules": ["The rent burden must be at most 20 %"], "modes": {"conservative": "revenue down 10 %"}},
        shops,
    )  # fmt: skip
    assert (spec.name, spec.class_name) == ("rent_agent", "RentAgent")
    assert spec.formulas[0].expression == "rent / revenue"
    assert [one.expression for one in spec.rules] == ["rent_burden <= 0.2"]
    assert [(one.name, [(c.target, c.amount) for c in one.adjustments]) for one in spec.modes] == [
        ("standard", []), ("conservative", [("revenue", 0.9)])
    ]  # fmt: skip


def test_a_column_that_no_table_has_is_asked_for_and_answered(shops: tuple[DataSource, ...]) -> None:
    needs = analyze("DSCR of a shop", shops)
    assert {one.name for one in needs.questions} == {"net_operating_income", "debt_service"}
    assert "shops.revenue" in needs.questions[0].choices
    needs = correct(needs, "shops.revenue", shops)
    needs = correct(needs, "use shops.costs", shops)
    assert not needs.questions
    spec = specify(needs, design(needs, shops), shops)
    assert {(one.name, one.column) for one in spec.queries[0].columns} == {
        ("net_operating_income", "revenue"), ("debt_service", "costs")
    }  # fmt: skip
    assert check_specification(spec) == []


def test_an_unknown_figure_is_asked_for_and_its_formula_taken(shops: tuple[DataSource, ...]) -> None:
    needs = analyze("Calculate the glow factor of a shop", shops)
    assert "glow factor" in needs.questions[0].text
    needs = correct(needs, "(revenue - costs) / rent", shops)
    assert not needs.questions
    assert not needs.beyond
    assert specify(needs, design(needs, shops), shops).formulas[0].expression == "(revenue - costs) / rent"


def test_corrections_add_to_what_was_said(shops: tuple[DataSource, ...]) -> None:
    needs = analyze("profit = revenue - costs of a shop", shops)
    needs = correct(needs, "call it profit checker", shops)
    needs = correct(needs, "The profit must be at least 100", shops)
    assert needs.name == "profit_checker"
    assert [one.expression for one in needs.rules] == ["profit >= 100"]


def test_what_is_open_is_not_specified(shops: tuple[DataSource, ...]) -> None:
    needs = analyze("DSCR of a shop", shops)
    with pytest.raises(BuildError, match="still open"):
        specify(needs, design(needs, shops), shops)


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_001, {}])
def test_empty_and_endless_requirements_are_refused(text: Any) -> None:
    with pytest.raises(BuildError):
        analyze(text, ())


def test_rows_without_a_database_ask_for_one() -> None:
    assert analyze("list the customers of a country", ()).questions[0].name == "database"


def test_tables_that_nothing_joins_are_asked_about() -> None:
    apart = source("CREATE TABLE a (id INTEGER PRIMARY KEY, noi NUMERIC); CREATE TABLE b (id INTEGER PRIMARY KEY, "
                   "debt_service NUMERIC);")  # fmt: skip
    assert "belong together" in analyze("calculate the DSCR", apart).questions[0].text


def test_requirements_and_design_can_be_stored(shops: tuple[DataSource, ...]) -> None:
    needs = analyze("average rent by region in two modes: standard and pessimistic", shops)
    assert Requirements.model_validate_json(needs.text()) == needs
    plan = design(analyze("margin = (revenue - costs) / revenue of a shop, at least 10 %", shops), shops)
    assert Architecture.model_validate_json(plan.text()) == plan
    assert [one.kind for one in plan.components] == [
        "errors", "types", "data", "library", "calculator", "decision", "main"
    ]  # fmt: skip


def test_a_system_of_modes_has_its_components(shops: tuple[DataSource, ...]) -> None:
    spec = made(
        "margin = (revenue - costs) / revenue of a shop in three modes: standard, conservative with revenue down 10 % "
        "and custom stress tests described in words. It must be at least 10 %.",
        shops,
    )
    kinds = [one.kind for one in spec.components]
    assert kinds.count("calculator") == 2
    assert {"main", "mode_detector", "library", "analysis", "decision", "report"} <= set(kinds)
    assert {one.name for one in spec.operations[0].outputs} >= {"mode", "analysis", "suggestions", "report"}


def test_only_what_a_query_reads_gets_into_the_agent(shops: tuple[DataSource, ...]) -> None:
    spec = made("list the shops with a rent above 100", shops)
    assert [one.name for one in spec.sources[0].tables] == ["shops"]
    assert spec.queries[0].filters[0].value == 100


def test_yaml_round_trip_and_its_errors(shops: tuple[DataSource, ...]) -> None:
    spec = made("profit = revenue - costs of a shop", shops)
    text = to_yaml(spec)
    assert from_yaml(text) == spec
    line = next(number for number, one in enumerate(text.splitlines(), 1) if one.startswith("class_name"))
    with pytest.raises(ValidationFailed) as caught:
        from_yaml(text.replace("kind: calculation", "kind: magic"))
    assert f":{line + 1} kind" in caught.value.where
    with pytest.raises(ValidationFailed, match="given twice"):
        from_yaml(text + "\nname: twice\n")
    for wrong in ("- a list", "", "{", "name: [1"):
        with pytest.raises(ValidationFailed):
            from_yaml(wrong)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"formulas": [{"name": "profit", "expression": "revenue -"}]}, "formula"),
        ({"formulas": [{"name": "profit", "expression": "revenue - losses"}]}, "formula"),
        ({"formulas": [{"name": "profit", "expression": "mode + 1"}]}, "formula"),
        ({"rules": [{"name": "positive", "expression": "gain > 0"}]}, "name"),
        ({"modes": [{"name": "odd", "adjustments": [{"target": "rents", "operation": "add", "amount": 1}]}]}, "mode"),
    ],
)
def test_a_specification_that_does_not_fit_together_is_found(
    shops: tuple[DataSource, ...], change: dict[str, Any], rule: str
) -> None:
    spec = made("profit = revenue - costs of a shop", shops)
    data = spec.model_dump() | change
    if "rules" in change:
        data["operations"][0]["rules"] = ["positive"]
    found = check_specification(Specification.model_validate(data))
    assert rule in {one.rule for one in found}


def test_units_that_do_not_fit_are_found() -> None:
    spec = made("total = price + years. Inputs are price and years.", ())
    data = spec.model_dump()
    data["operations"][0]["inputs"][0]["unit"] = "USD"
    data["operations"][0]["inputs"][1]["unit"] = "years"
    assert {one.rule for one in check_specification(Specification.model_validate(data))} == {"unit"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("margin = (price - cost) / price", {"margin": "(price - cost) / price"}),
        ("profit is calculated as revenue minus total costs, for a company", {"profit": "revenue - sum(costs)"}),
        ("net = hours * rate; tax = net * 19%", {"net": "hours * rate", "tax": "net * 19%"}),
        ("the total value (sum of quantity times price) of an order", {"total_value": "sum(quantity * price)"}),
        ("density is computed by dividing population by area", {"density": "population / area"}),
        ("value = sum of quantity times price for an order", {"value": "sum(quantity * price)"}),
        ("share = 10% of x", {"share": "10% * x"}),
        ("the DSCR (debt service coverage ratio) must be >= 1.25", {}),
    ],
)
def test_formulas_in_requests(text: str, expected: dict[str, str]) -> None:
    assert {one.name: one.expression for one in find_definitions(text)} == expected


@pytest.mark.parametrize(
    ("text", "comparison", "number"),
    [
        ("R0 must be at least 1.25", ">=", 1.25),
        ("anything above 80% should fail", "<=", 80),
        ("decline ( fail ) if it exceed 43%", "<=", 43),
        ("warn when R0 is below 2", ">=", 2),
        ("R0 of 10% or more", ">=", 10),
        ("R0 should not exceed 3", "<=", 3),
        ("it pass when R0 is over 5 , otherwise it fail", ">", 5),
    ],
)
def test_limits_in_requests(text: str, comparison: str, number: float) -> None:
    (found,) = find_thresholds(text)
    assert (found.comparison, found.number) == (comparison, number)


def test_modes_in_requests() -> None:
    targets = [Target("noi", ("noi",)), Target("rate", ("rate", "interest rate"), "fraction")]
    said, rest = find_modes(
        "DSCR of a property. Conservative mode applies a 10% haircut to NOI. Stressed mode raises rates by 200 bp."
    )
    modes, unclear = modes_of(said, targets)
    assert rest.startswith("DSCR of a property")
    assert not unclear
    assert [(one.name, [(c.target, c.operation, round(c.amount, 6)) for c in one.adjustments]) for one in modes] == [
        ("standard", []), ("conservative", [("noi", "multiply", 0.9)]), ("stressed", [("rate", "add", 0.02)]),
    ]  # fmt: skip
    said, _ = find_modes("the current ratio of a company")
    assert not said


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Standard mode as it is, conservative mode with revenue 10 % lower, and let me describe a stress of my own.",
         ["standard", "conservative", "custom"]),
        ("Standard uses the stored figures; conservative cuts the revenue by 10 %.", ["standard", "conservative"]),
        ("Two modes please: standard, and severe with revenue 20 % lower together with costs 5 % higher.",
         ["standard", "severe"]),
    ],
)  # fmt: skip
def test_each_mode_keeps_what_is_said_of_it(said: str, names: list[str], shops: tuple[DataSource, ...]) -> None:
    made = analyze(f"profit = revenue - costs of a shop. {said}", shops)
    assert [one.name for one in made.modes] == names
    assert not made.questions, made.summary()
    changed = {one.name: len(one.adjustments) for one in made.modes}
    assert changed.get("conservative", 1) == 1
    assert changed.get("severe", 2) == 2
    assert [one.custom for one in made.modes] == [name == "custom" for name in names]


def test_a_mode_without_a_change_is_asked_about(shops: tuple[DataSource, ...]) -> None:
    needs = analyze("profit = revenue - costs of a shop in two modes: standard and gloomy", shops)
    assert [one.name for one in needs.questions] == ["mode_gloomy"]


@pytest.mark.parametrize("mode", ["a conservative mode", "a conservative mode that has a 10 % haircut", "two modes: "
                                  "standard and conservative."])  # fmt: skip
def test_a_mode_that_promises_a_change_has_one(mode: str, shops: tuple[DataSource, ...]) -> None:
    needs = analyze(f"profit = revenue - costs of a shop with {mode}", shops)
    assert [one.name for one in needs.questions] == ["mode_conservative"]
    needs = correct(needs, "revenue down 12 %", shops)
    assert not needs.questions
    changes = {one.name: [(c.target, c.amount) for c in one.adjustments] for one in needs.modes}
    assert changes == {"standard": [], "conservative": [("revenue", 0.88)]}


@pytest.mark.parametrize(
    "said", ["conservative mode: 12 % haircut on revenue", "make it a 12 % haircut on revenue in conservative mode"]
)
def test_a_mode_is_corrected_and_not_changed_twice(said: str, shops: tuple[DataSource, ...]) -> None:
    text = "profit = revenue - costs of a shop in the modes standard and conservative with a 10 % haircut on revenue"
    needs = correct(analyze(text, shops), said, shops)
    assert [(one.target, one.amount) for one in needs.modes[1].adjustments] == [("revenue", 0.88)]
    needs = correct(analyze(text, shops), "in conservative mode the haircut is 12 %", shops)
    assert [one.name for one in needs.questions] == ["mode_conservative"]


def test_an_answer_about_a_mode_of_any_name_is_taken(shops: tuple[DataSource, ...]) -> None:
    needs = analyze("profit = revenue - costs of a shop in two modes: standard and gloomy.", shops)
    assert [one.name for one in needs.questions] == ["mode_gloomy"]
    needs = correct(needs, "costs up 5 %", shops)
    assert not needs.questions
    assert [one.name for one in needs.modes] == ["standard", "gloomy"]


@pytest.mark.parametrize(
    ("formula", "unread"),
    [
        ("revenue.__class__.__mro__ / costs of a shop", ".__class__"),
        ("__import__('os').system('true') of a shop", "('os')"),
        ("eval(revenue) of a shop", "(revenue)"),
        ("revenue[0] of a shop", "[0]"),
        ("revenue * 'abc' of a shop", "*'abc'"),
    ],
)
def test_a_formula_is_read_to_its_end_or_not_at_all(formula: str, unread: str, shops: tuple[DataSource, ...]) -> None:
    needs = analyze(f"margin = {formula}", shops)
    assert not needs.figures
    assert f"reading the formula of margin from “{unread}" in needs.beyond[0]


def test_a_formula_that_nothing_can_read_is_not_taken_for_a_list_of_rows(shops: tuple[DataSource, ...]) -> None:
    needs = analyze("calculate score: revenue ** 9999999 ** 99999 of each shop", shops)
    assert "score" in needs.questions[0].text


def test_rates_may_rise_where_debt_service_is_a_column() -> None:
    bank = source("CREATE TABLE houses (id INTEGER PRIMARY KEY, noi NUMERIC, annual_debt_service NUMERIC, loan_amount "
                  "NUMERIC);")  # fmt: skip
    spec = made("DSCR of a house in the modes standard and custom, such as rates up 200 basis points", bank)
    debt = next(one for one in spec.formulas if one.name == "debt_service")
    values = {"stated_debt_service": 100.0, "loan_amount": 1000.0, "added_rate": 0.02}
    assert evaluate(parse(debt.expression), values) == 120
    assert next(one for one in spec.operations[0].inputs if one.name == "added_rate").default == 0


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    try:
        needs = analyze(text, _SHOPS)
    except BuildError:
        assert not text.strip()
        return
    if not needs.questions and not needs.beyond:
        assert check_specification(specify(needs, design(needs, _SHOPS), _SHOPS)) == []


_VOCABULARY = (
    "list the average rent of a shop by region with revenue above 10 in two modes : standard , conservative = costs "
    "( ) / * DSCR count open shops per name at least 5 % fail between dates sorted margin total not"
)
_WORDS = st.lists(st.sampled_from(_VOCABULARY.split()), min_size=1, max_size=14)


@settings(max_examples=150, deadline=None)
@given(_WORDS)
def test_any_words_of_the_family_are_read(words: list[str]) -> None:
    needs = analyze(" ".join(words), _SHOPS)
    if not needs.questions and not needs.beyond:
        assert check_specification(specify(needs, design(needs, _SHOPS), _SHOPS)) == []


_SHOPS = source()
