"""Specifications that are legal and awkward: names that hide others, rows, every kind of value, few components."""

from __future__ import annotations

from typing import Any

from roles.engineering.specification import Specification
from tests.roles.builder.example_specifications import PROPERTIES

__all__ = ["by_rows", "hidden_names", "many_functions", "no_rules", "only_fixed_modes", "written_by_a_model"]

MAIN = {"name": "agent", "kind": "main"}


def made(name: str, **parts: Any) -> Specification:
    class_name = "".join(part.capitalize() for part in name.split("_"))
    whole = {
        "name": name, "class_name": class_name, "kind": "calculation", "components": [MAIN],
        "title": f'The "{name}" {{agent}} \\ of tests', "purpose": 'Tells """ things\nin {lines}.',
    }  # fmt: skip
    return Specification.model_validate(whole | parts)


def given(name: str, kind: str = "number", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def hidden_names() -> Specification:
    """Inputs, formulas and outputs called like functions, modules and variables of the code; every type of input."""
    return made(
        "hidden_names",
        formulas=[
            {"name": "payment", "expression": "payment(rate / 12, years * 12, principal)", "unit": "USD"},
            {"name": "balance", "expression": "payment * 12 + coalesce(extra, 0)"},
            {"name": "affordable", "expression": "payment <= income * 0.3"},
            {"name": "power_of", "expression": "2 ** 3"},
            {"name": "values", "expression": "if(affordable, 1, 0) + power_of"},
        ],
        rules=[{"name": "ok", "expression": "affordable", "description": 'It is "affordable" {x}'}],
        operations=[
            {
                "name": "compute",
                "description": 'Computes "a" {loan}.',
                "inputs": [
                    given("rate", minimum=0, maximum=1, unit="fraction"),
                    given("years", "integer", minimum=1, maximum=40),
                    given("principal", unit="USD"),
                    given("income"),
                    given("extra", required=False),
                    given("report", "text", required=False, default="brief", choices=["brief", "long"]),
                    given("found", "date", required=False),
                    given("flag", "boolean", required=False, default=False),
                ],
                "formulas": ["payment", "balance", "affordable", "power_of", "values"],
                "rules": ["ok"],
                "outputs": [
                    given("payment"), given("balance"), given("affordable", "boolean"), given("values"),
                    given("validation_status", "text"), given("failed_rules", "text", series=True),
                    given("report", "text"), given("found", "date"), given("flag", "boolean"),
                ],
                "checks": [
                    {
                        "arguments": {"rate": 0.06, "years": 30, "principal": 100_000, "income": 5_000},
                        "expected": {"payment": 599.550525},
                    }
                ],
            }
        ],
    )  # fmt: skip


def by_rows() -> Specification:
    """Formulas and rules for each row, functions over rows, one row of aggregates, all kinds of filters, two modes."""
    metrics = "financial_metrics"
    return made(
        "by_rows",
        sources=[PROPERTIES],
        queries=[
            {
                "name": "all_properties",
                "table": metrics,
                "joins": PROPERTIES["joins"],
                "columns": [
                    {"name": "noi", "table": metrics, "column": "noi"},
                    {"name": "debt", "table": metrics, "column": "annual_debt_service"},
                    {"name": "city", "table": "properties", "column": "city"},
                    {"name": "term", "table": metrics, "column": "term_years"},
                ],
                "filters": [
                    {"table": "properties", "column": "city", "comparison": "in", "input": "cities"},
                    {"table": metrics, "column": "noi", "comparison": ">", "value": 0},
                    {"table": "properties", "column": "bought_on", "comparison": "<", "input": "before"},
                    {"table": "properties", "column": "city", "comparison": "!=", "value": None},
                ],
                "order_by": "-noi",
            },
            {
                "name": "totals",
                "table": metrics,
                "columns": [
                    {"name": "total", "table": metrics, "column": "noi", "aggregate": "sum"},
                    {"name": "how_many", "table": metrics, "column": "id", "aggregate": "count"},
                    {"name": "longest", "table": metrics, "column": "term_years", "aggregate": "maximum"},
                ],
            },
        ],
        formulas=[
            {"name": "dscr", "expression": "noi / debt", "on_zero": "There is no debt."},
            {"name": "good", "expression": "dscr > limit"},
            {"name": "weak", "expression": "count_true(dscr < limit)"},
            {"name": "mean_dscr", "expression": "mean(dscr)"},
            {"name": "spread", "expression": "stdev(dscr)"},
            {"name": "link", "expression": "correlation(noi, debt)"},
            {"name": "in_oak", "expression": 'sum(only(noi, city == "Oak"))'},
            {"name": "per_property", "expression": "total / how_many"},
        ],
        modes=[
            {"name": "standard"},
            {
                "name": "low_income",
                "phrases": ["low income"],
                "adjustments": [
                    {"target": "noi", "operation": "multiply", "amount": 0.8},
                    {"target": "debt", "operation": "add", "amount": 100},
                ],
            },
        ],
        rules=[
            {"name": "all_good", "expression": "dscr > 1", "description": "Every DSCR is above 1"},
            {"name": "average_good", "expression": "mean_dscr >= limit"},
        ],
        operations=[
            {
                "name": "rank",
                "description": "Ranks properties.",
                "inputs": [
                    given("limit", required=False, default=1.2),
                    given("cities", "text", required=False),
                    given("before", "date", required=False),
                ],
                "query": "all_properties",
                "formulas": ["dscr", "good", "weak", "mean_dscr", "spread", "link", "in_oak"],
                "rules": ["all_good", "average_good"],
                "outputs": [
                    given("city", "text", series=True), given("noi", series=True), given("dscr", series=True),
                    given("good", "boolean", series=True), given("weak"), given("mean_dscr"), given("spread"),
                    given("link"), given("in_oak"), given("mode", "text"), given("validation_status", "text"),
                    given("term", "integer", series=True), given("row_count", "integer"), given("analysis", "text"),
                    given("suggestions", "text", series=True),
                ],
            },
            {
                "name": "sum_up",
                "description": "Sums up.",
                "query": "totals",
                "formulas": ["per_property"],
                "outputs": [
                    given("total"), given("how_many", "integer"), given("per_property"), given("longest", "integer"),
                ],
            },
        ],
    )  # fmt: skip


def many_functions() -> Specification:
    """Most functions of the formulas, a query of two operations of which one lacks an input, rules over rows."""
    names = ("npv", "p90", "growth", "volatility", "drawdown", "days")
    return made(
        "many_functions",
        sources=[
            {
                "tables": [
                    {
                        "name": "flows",
                        "key": ["id"],
                        "columns": [
                            given("id", "integer", nullable=False), given("project", "text"),
                            given("amount", unit="EUR"), given("paid_on", "date"), given("done", "boolean"),
                        ],
                    }
                ]
            }
        ],
        queries=[
            {
                "name": "flows",
                "table": "flows",
                "columns": [{"name": one, "table": "flows", "column": one} for one in ("amount", "paid_on", "done")],
                "filters": [
                    {"table": "flows", "column": "project", "comparison": "=", "input": "project"},
                    {"table": "flows", "column": "done", "comparison": "=", "input": "done_only"},
                ],
                "order_by": "paid_on",
            }
        ],
        formulas=[
            {"name": "irr", "expression": "irr(amount)"},
            {"name": "npv", "expression": "npv(rate, amount)"},
            {"name": "p90", "expression": "percentile(amount, 90)"},
            {"name": "growth", "expression": "growth(amount)"},
            {"name": "volatility", "expression": "volatility(amount)"},
            {"name": "drawdown", "expression": "max_drawdown(amount)"},
            {"name": "days", "expression": 'days_between(start, "2024-12-31")'},
            {
                "name": "mixture",
                "expression": "log(npv + 1) + sqrt(p90) + exp(rate) + floor(p90) + ceil(p90) + round(p90, 1)"
                " + sign(growth) + clamp(p90, 0, 10) + abs(growth) % 3 + min(p90, 4) + max(p90, 3)",
            },
        ],
        rules=[{"name": "pays", "expression": "npv > 0 and sum(amount) > 0"}],
        operations=[
            {
                "name": "evaluate",
                "description": "Evaluates a project.",
                "inputs": [
                    given("project", "text"), given("rate", unit="fraction"), given("start", "date"),
                    given("done_only", "boolean", required=False),
                ],
                "query": "flows",
                "formulas": list(names),
                "rules": ["pays"],
                "outputs": [*(given(one) for one in names), given("validation_status", "text")],
            },
            {
                "name": "returns",
                "description": "Tells the rate of return.",
                "inputs": [given("project", "text")],
                "query": "flows",
                "formulas": ["irr"],
                "outputs": [given("irr"), given("done", "boolean", series=True)],
            },
            {
                "name": "mixed",
                "description": "Mixes.",
                "inputs": [given("project", "text"), given("rate", unit="percent")],
                "query": "flows",
                "formulas": ["npv", "p90", "growth", "mixture"],
                "outputs": [given("mixture")],
            },
        ],
    )  # fmt: skip


def only_fixed_modes() -> Specification:
    """Every mode has a calculator of its own, with all kinds of adjustments."""
    return made(
        "only_fixed_modes",
        formulas=[{"name": "margin", "expression": "(revenue - cost) / revenue", "unit": "fraction"}],
        modes=[
            {"name": "standard"},
            {
                "name": "careful",
                "adjustments": [
                    {"target": "revenue", "operation": "multiply", "amount": 0.9},
                    {"target": "margin", "operation": "add", "amount": -0.01},
                    {"target": "cost", "operation": "set", "amount": 5},
                ],
            },
        ],
        components=[
            MAIN, {"name": "formulas", "kind": "library"},
            {"name": "standard", "kind": "calculator", "mode": "standard"},
            {"name": "careful", "kind": "calculator", "mode": "careful"},
        ],
        operations=[
            {
                "name": "margin",
                "description": "Tells the margin.",
                "inputs": [given("revenue", description="Revenue"), given("cost")],
                "formulas": ["margin"],
                "outputs": [given("margin"), given("mode", "text"), given("revenue")],
            }
        ],
    )  # fmt: skip


def no_rules() -> Specification:
    """An analysis and a report without anything to decide."""
    return made(
        "no_rules",
        formulas=[{"name": "margin", "expression": "(revenue - cost) / revenue", "unit": "fraction"}],
        operations=[
            {
                "name": "margin",
                "description": "Tells the margin.",
                "inputs": [given("revenue"), given("cost")],
                "formulas": ["margin"],
                "outputs": [given("margin"), given("analysis", "text"), given("report", "text")],
            }
        ],
    )


def written_by_a_model() -> Specification:
    """An operation that no template covers: a component that a model writes answers it."""
    return made(
        "written_by_a_model",
        kind="written",
        components=[MAIN, {"name": "haiku", "kind": "written", "model": True}],
        operations=[
            {
                "name": "count_syllables",
                "description": "Counts syllables.",
                "inputs": [given("words", "text")],
                "outputs": [given("syllables", "integer")],
                "checks": [{"arguments": {"words": "banana"}, "expected": {"syllables": 3}}],
            }
        ],
    )


HAIKU = '''"""Counts syllables."""

from __future__ import annotations

from .types import CountSyllablesResult


def count_syllables(words: str) -> CountSyllablesResult:
    """As many as there are groups of vowels."""
    vowels = "".join(letter if letter in "aeiouy" else " " for letter in words.lower())
    return CountSyllablesResult(syllables=len(vowels.split()))
'''
