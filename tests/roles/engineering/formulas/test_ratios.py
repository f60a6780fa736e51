"""The library of ratios: every one can be computed, and well-known figures come out."""

from typing import Any

import pytest

from common.errors import ValidationFailed
from roles.engineering.formulas import evaluate, parse
from roles.engineering.formulas.quantities import QUANTITIES
from roles.engineering.formulas.ratios import RATIOS
from roles.engineering.formulas.scope import read_formulas, read_rules, scope_of
from roles.engineering.formulas.units import unit_of
from roles.engineering.specification import Specification

ONE = {"name": "one", "kind": "main"}


def test_there_are_enough_of_them() -> None:
    assert len(RATIOS) >= 60


@pytest.mark.parametrize("name", RATIOS)
def test_every_ratio_is_whole(name: str) -> None:
    ratio = RATIOS[name]
    assert ratio.inputs
    assert ratio.source
    values: dict[str, Any] = {}
    for index, one in enumerate(ratio.inputs):
        values[one.name] = [-100.0, 60.0, 70.0] if "irr" in ratio.expression else [100.0, 60.0, 70.0]
        if not one.series:
            values[one.name] = 0.05 if one.unit == "fraction" else 20.0 + index
    values |= {"months_paid": 5.0} if "months_paid" in values else {}
    if name == "gordon_growth_value":
        values["discount_rate"] = 0.09
    assert evaluate(ratio.parsed, values) is not None
    if ratio.usual:
        assert parse(ratio.usual).names == (name,)


def test_phrases_mean_one_ratio_each() -> None:
    phrases = [phrase for ratio in RATIOS.values() for phrase in ratio.phrases]
    assert len(phrases) == len(set(phrases))


def test_derivations_use_known_figures() -> None:
    for quantity in QUANTITIES.values():
        for text in quantity.derived:
            assert set(parse(text).names) <= set(QUANTITIES)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("dscr", {"net_operating_income": 125, "debt_service": 100}, 1.25),
        ("loan_to_value", {"loan_amount": 80, "property_value": 100}, 0.8),
        ("monthly_payment", {"interest_rate": 0.06, "term_months": 360, "loan_amount": 200_000}, 1199.10105),
        ("remaining_balance", {"interest_rate": 0.06, "term_months": 9, "loan_amount": 200_000, "months_paid": 9}, 0),
        ("quick_ratio", {"current_assets": 30, "inventory": 9, "current_liabilities": 15}, 1.4),
        ("roi", {"gain": 1500, "cost": 1200}, 0.25),
        ("cagr", {"first_value": 100, "last_value": 200, "years": 10}, 0.0717735),
        ("break_even_units", {"fixed_costs": 5000, "price_per_unit": 25, "variable_cost_per_unit": 15}, 500),
        ("irr", {"cash_flows": [-1000, 400, 450, 500]}, 0.1597532),
        ("npv", {"cash_flows": [-1000, 400, 450, 500], "discount_rate": 0.1}, 111.1945905),
        ("z_score", {"value": 130, "average": 100, "deviation": 15}, 2),
        ("altman_z_score",
         {"current_assets": 50, "current_liabilities": 20, "total_assets": 200, "retained_earnings": 40,
          "operating_income": 30, "market_capitalisation": 120, "total_liabilities": 100, "revenue": 250}, 2.925),
    ],
)  # fmt: skip
def test_known_figures(name: str, values: dict[str, Any], expected: float) -> None:
    assert evaluate(RATIOS[name].parsed, values) == pytest.approx(expected)


def specification(formulas: dict[str, str], **more: Any) -> Specification:
    """A calculation with these formulas over the inputs a and b, or over the rows of a query."""
    operation = {
        "name": "work", "description": "Works.", "formulas": list(formulas),
        "outputs": [{"name": "a", "type": "number"}],
        "inputs": [{"name": "a", "type": "number"}, {"name": "b", "type": "number"}],
    }  # fmt: skip
    rows = more.pop("rows", False)
    query = {"name": "rows", "table": "t", "columns": [{"name": "x", "table": "t", "column": "x"}]}
    source = {"tables": [{"name": "t", "columns": [{"name": "x", "type": "number"}]}]}
    rules = more.get("rules", ())
    return Specification.model_validate(
        {
            "name": "worker", "class_name": "Worker", "kind": "calculation", "title": "t", "purpose": "p",
            "formulas": [{"name": name, "expression": text} for name, text in formulas.items()],
            "operations": [
                operation | ({"query": "rows"} if rows else {}) | {"rules": [one["name"] for one in rules]}
            ],
            "components": [ONE], "queries": [query] if rows else [], "sources": [source] if rows else [], **more,
        }
    )  # fmt: skip


def test_what_names_stand_for() -> None:
    spec = specification({"total": "sum(x * a)", "each": "x / total", "half": "total / 2"}, rows=True)
    operation = spec.operations[0]
    assert scope_of(spec, operation).series == {"x"}
    assert [(one.formula.name, one.per_row) for one in read_formulas(spec, operation)] == [
        ("total", False), ("each", True), ("half", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("formulas", "what"),
    [
        ({"c": "a + d"}, "uses d"),
        ({"c": "a +"}, "ends too early"),
        ({"c": "d / 2", "d": "a"}, "uses d"),
        ({"c": "x / sum(x)"}, "beside a function over all rows"),
    ],
)
def test_formulas_that_do_not_fit_are_named(formulas: dict[str, str], what: str) -> None:
    spec = specification(formulas, rows=True)
    with pytest.raises(ValidationFailed, match=what) as caught:
        read_formulas(spec, spec.operations[0])
    assert caught.value.where.startswith("formula c")


def test_a_rule_is_a_condition() -> None:
    spec = specification({"c": "a / b"}, rules=[{"name": "odd", "expression": "c + a"}])
    with pytest.raises(ValidationFailed, match="no condition"):
        read_rules(spec, spec.operations[0])


@pytest.mark.parametrize(
    ("text", "unit", "problem"),
    [
        ("a / b", "ratio", False),
        ("a + b", "USD", False),
        ("a + c", "USD", True),
        ("a * 12", "USD", False),
        ("a if a > b else c", "USD", True),
        ("max(a, b)", "USD", False),
        ("d + a", "USD", False),
    ],
)
def test_units(text: str, unit: str, problem: bool) -> None:
    told = unit_of(parse(text), {"a": "USD", "b": "USD", "c": "years", "d": ""})
    assert (told.unit, bool(told.problem)) == (unit, problem)
