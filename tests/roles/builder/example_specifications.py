"""Specifications written by hand: a simple calculation, one in three modes, and an agent that looks data up."""

from __future__ import annotations

from typing import Any

from roles.engineering.specification import Specification

PROPERTIES: dict[str, Any] = {
    "name": "database",
    "tables": [
        {
            "name": "properties",
            "key": ["id"],
            "columns": [
                {"name": "id", "type": "integer", "nullable": False},
                {"name": "name", "type": "text", "nullable": False},
                {"name": "city", "type": "text"},
                {"name": "purchase_price", "type": "number", "unit": "USD"},
                {"name": "bought_on", "type": "date"},
            ],
        },
        {
            "name": "financial_metrics",
            "key": ["id"],
            "columns": [
                {"name": "id", "type": "integer", "nullable": False},
                {"name": "property_id", "type": "integer", "nullable": False},
                {"name": "noi", "type": "number", "unit": "USD"},
                {"name": "loan_amount", "type": "number", "unit": "USD"},
                {"name": "interest_rate", "type": "number", "unit": "fraction"},
                {"name": "term_years", "type": "integer", "unit": "years"},
                {"name": "annual_debt_service", "type": "number", "unit": "USD"},
            ],
        },
    ],
    "joins": [
        {
            "left_table": "financial_metrics",
            "left_column": "property_id",
            "right_table": "properties",
            "right_column": "id",
        }
    ],
}

_ERRORS = [
    {"code": "not_found", "message": "There is no such property.", "todo": "Check the property's number."},
    {"code": "source_unavailable", "message": "The database can't be reached.", "todo": "Check DATABASE_URL."},
]


def _component(name: str, kind: str, *depends_on: str, mode: str | None = None) -> dict[str, Any]:
    return {"name": name, "kind": kind, "depends_on": list(depends_on), "mode": mode}


def simple_dscr() -> Specification:
    """DSCR of one property, with a pass rule."""
    return Specification.model_validate(
        {
            "name": "dscr_agent",
            "class_name": "DscrAgent",
            "kind": "calculation",
            "title": "DSCR of properties",
            "purpose": "Calculates the debt service coverage ratio of a property and tells whether it passes.",
            "examples": ["what is the DSCR of property 5?", "calculate the DSCR for property 2"],
            "sources": [PROPERTIES],
            "queries": [
                {
                    "name": "property_metrics",
                    "table": "financial_metrics",
                    "columns": [
                        {"name": "noi", "table": "financial_metrics", "column": "noi"},
                        {"name": "annual_debt_service", "table": "financial_metrics", "column": "annual_debt_service"},
                    ],
                    "filters": [
                        {
                            "table": "financial_metrics",
                            "column": "property_id",
                            "comparison": "=",
                            "input": "property_id",
                        }
                    ],
                    "one": True,
                }
            ],
            "formulas": [
                {
                    "name": "dscr",
                    "expression": "noi / annual_debt_service",
                    "unit": "x",
                    "description": "Debt service coverage ratio",
                    "source": "Net operating income divided by annual debt service.",
                    "on_zero": "The property has no debt service, so its DSCR is not defined.",
                    "on_null": "The net operating income or the debt service of the property is not known.",
                }
            ],
            "rules": [{"name": "covered", "expression": "dscr >= 1.25", "description": "The DSCR is at least 1.25"}],
            "operations": [
                {
                    "name": "calculate_dscr",
                    "description": "Calculates the DSCR of a property.",
                    "inputs": [
                        {
                            "name": "property_id",
                            "type": "integer",
                            "description": "Number of the property",
                            "minimum": 1,
                        }
                    ],
                    "query": "property_metrics",
                    "formulas": ["dscr"],
                    "rules": ["covered"],
                    "outputs": [
                        {"name": "property_id", "type": "integer"},
                        {"name": "noi", "type": "number", "unit": "USD"},
                        {"name": "dscr", "type": "number", "unit": "x", "description": "Debt service coverage ratio"},
                        {"name": "validation_status", "type": "text", "description": "PASS or FAIL"},
                    ],
                    "examples": ["what is the DSCR of property 5?"],
                }
            ],
            "errors": _ERRORS,
            "components": [
                _component("errors", "errors"),
                _component("types", "types"),
                _component("data", "data", "errors", "types"),
                _component("library", "library", "errors"),
                _component("calculator", "calculator", "library", "types"),
                _component("decision", "decision", "types"),
                _component("agent", "main", "data", "calculator", "decision"),
            ],
        }
    )


def three_modes() -> Specification:
    """DSCR in a standard, a conservative and a custom mode, with analysis, suggestions and report."""
    columns = ("noi", "loan_amount", "interest_rate", "term_years")
    return Specification.model_validate(
        {
            "name": "calc_agent",
            "class_name": "CalcAgent",
            "kind": "calculation",
            "title": "DSCR in three modes",
            "purpose": "Calculates the DSCR of a property as it is, carefully, or under a stress told in words.",
            "examples": ["what is the DSCR of property 5 in conservative mode?"],
            "sources": [PROPERTIES],
            "queries": [
                {
                    "name": "property_loan",
                    "table": "financial_metrics",
                    "columns": [
                        *({"name": name, "table": "financial_metrics", "column": name} for name in columns),
                        {"name": "property_name", "table": "properties", "column": "name"},
                    ],
                    "joins": PROPERTIES["joins"],
                    "filters": [{"table": "properties", "column": "id", "comparison": "=", "input": "property_id"}],
                    "one": True,
                }
            ],
            "formulas": [
                {
                    "name": "annual_debt_service",
                    "expression": "12 * (loan_amount * (interest_rate / 12))"
                    " / (1 - (1 + interest_rate / 12) ** (-12 * term_years))",
                    "unit": "USD",
                    "description": "Annual debt service of a level loan",
                    "on_zero": "The loan has no interest or no term, so its debt service is not defined.",
                },
                {
                    "name": "dscr",
                    "expression": "noi / annual_debt_service",
                    "unit": "x",
                    "description": "Debt service coverage ratio",
                    "on_zero": "The property has no debt service, so its DSCR is not defined.",
                    "on_null": "The net operating income of the property is not known.",
                },
                {"name": "cushion", "expression": "noi - 1.25 * annual_debt_service", "unit": "USD",
                 "description": "What is left of the income beyond 1.25 times the debt service"},
            ],
            "modes": [
                {"name": "standard", "description": "As the figures are", "phrases": ["standard", "normal", "as is"]},
                {
                    "name": "conservative",
                    "description": "With a haircut of 10 % on the net operating income",
                    "phrases": ["conservative", "careful", "cautious"],
                    "adjustments": [{"target": "noi", "operation": "multiply", "amount": 0.9}],
                },
                {"name": "custom", "description": "Under a stress told in words", "phrases": ["custom", "stress"],
                 "custom": True},
            ],
            "rules": [
                {"name": "covered", "expression": "dscr >= 1.25", "description": "The DSCR is at least 1.25"},
                {"name": "priced", "expression": "interest_rate <= 0.12", "description": "The rate is at most 12 %"},
            ],
            "operations": [
                {
                    "name": "calculate_dscr",
                    "description": "Calculates the DSCR of a property in a mode.",
                    "inputs": [
                        {"name": "property_id", "type": "integer", "description": "Its number", "minimum": 1}
                    ],
                    "query": "property_loan",
                    "formulas": ["annual_debt_service", "dscr", "cushion"],
                    "rules": ["covered", "priced"],
                    "outputs": [
                        {"name": "property_id", "type": "integer"},
                        {"name": "property_name", "type": "text"},
                        {"name": "mode", "type": "text"},
                        {"name": "adjustments", "type": "text", "series": True},
                        {"name": "noi", "type": "number", "unit": "USD"},
                        {"name": "annual_debt_service", "type": "number", "unit": "USD"},
                        {"name": "dscr", "type": "number", "unit": "x"},
                        {"name": "validation_status", "type": "text"},
                        {"name": "failed_rules", "type": "text", "series": True},
                        {"name": "analysis", "type": "text"},
                        {"name": "suggestions", "type": "text", "series": True},
                        {"name": "report", "type": "text"},
                    ],
                },
                {
                    "name": "loan_to_income",
                    "description": "Calculates what a loan costs a year, from figures that the caller gives.",
                    "inputs": [
                        {"name": "loan_amount", "type": "number", "unit": "USD", "minimum": 0},
                        {"name": "interest_rate", "type": "number", "unit": "fraction", "minimum": 0, "maximum": 1},
                        {"name": "term_years", "type": "integer", "unit": "years", "required": False, "default": 30},
                    ],
                    "formulas": ["annual_debt_service"],
                    "outputs": [{"name": "annual_debt_service", "type": "number", "unit": "USD"}],
                    "checks": [
                        {
                            "arguments": {"loan_amount": 1_000_000, "interest_rate": 0.06, "term_years": 30},
                            "expected": {"annual_debt_service": 71946.0630183},
                        }
                    ],
                },
            ],
            "errors": _ERRORS,
            "components": [
                _component("errors", "errors"),
                _component("types", "types"),
                _component("data", "data", "errors", "types"),
                _component("library_calculator", "library", "errors"),
                _component("mode_detector", "mode_detector", "errors", "types"),
                _component("standard_calculator", "calculator", "library_calculator", "types", mode="standard"),
                _component("custom_calculator", "calculator", "library_calculator", "types", mode="custom"),
                _component("analysis_engine", "analysis", "custom_calculator", "decision_engine"),
                _component("decision_engine", "decision", "types"),
                _component("report_generator", "report", "types"),
                _component(
                    "agent", "main", "data", "mode_detector", "standard_calculator", "custom_calculator",
                    "analysis_engine", "decision_engine", "report_generator",
                ),
            ],
        }
    )  # fmt: skip


def property_lookup() -> Specification:
    """Properties by filters, figures by city, and statistics over a join."""
    return Specification.model_validate(
        {
            "name": "property_lookup",
            "class_name": "PropertyLookup",
            "kind": "data",
            "title": "Properties by city and price",
            "purpose": "Looks up properties and what they earn.",
            "examples": ["which properties are in Berlin?"],
            "sources": [PROPERTIES],
            "queries": [
                {
                    "name": "properties_found",
                    "table": "properties",
                    "columns": [
                        {"name": "property_id", "table": "properties", "column": "id"},
                        {"name": "property_name", "table": "properties", "column": "name"},
                        {"name": "price", "table": "properties", "column": "purchase_price"},
                        {"name": "bought_on", "table": "properties", "column": "bought_on"},
                    ],
                    "filters": [
                        {"table": "properties", "column": "city", "comparison": "=", "input": "city"},
                        {"table": "properties", "column": "purchase_price", "comparison": ">=", "input": "min_price"},
                        {"table": "properties", "column": "bought_on", "comparison": ">=", "input": "since"},
                    ],
                    "order_by": "-price",
                    "limit": 100,
                },
                {
                    "name": "income_by_city",
                    "table": "financial_metrics",
                    "columns": [
                        {"name": "city", "table": "properties", "column": "city"},
                        {"name": "total_noi", "table": "financial_metrics", "column": "noi", "aggregate": "sum"},
                        {"name": "properties_counted", "table": "properties", "column": "id", "aggregate": "count"},
                    ],
                    "joins": PROPERTIES["joins"],
                    "group_by": ["city"],
                    "order_by": "city",
                },
                {
                    "name": "incomes",
                    "table": "financial_metrics",
                    "columns": [
                        {"name": "noi", "table": "financial_metrics", "column": "noi"},
                        {"name": "price", "table": "properties", "column": "purchase_price"},
                    ],
                    "joins": PROPERTIES["joins"],
                    "filters": [{"table": "properties", "column": "city", "comparison": "contains", "input": "city"}],
                },
            ],
            "formulas": [
                {"name": "average_noi", "expression": "mean(noi)", "unit": "USD"},
                {"name": "median_price", "expression": "median(price)", "unit": "USD"},
                {"name": "yield_of_all", "expression": "sum(noi) / sum(price)", "unit": "fraction"},
            ],
            "operations": [
                {
                    "name": "find_properties",
                    "description": "Lists properties by city, price and date of purchase, dearest first.",
                    "inputs": [
                        {"name": "city", "type": "text", "required": False},
                        {"name": "min_price", "type": "number", "required": False, "minimum": 0},
                        {"name": "since", "type": "date", "required": False},
                    ],
                    "query": "properties_found",
                    "outputs": [
                        {"name": "property_id", "type": "integer", "series": True},
                        {"name": "property_name", "type": "text", "series": True},
                        {"name": "price", "type": "number", "series": True},
                        {"name": "bought_on", "type": "date", "series": True},
                        {"name": "row_count", "type": "integer"},
                    ],
                },
                {
                    "name": "income_by_city",
                    "description": "Sums the net operating income by city.",
                    "query": "income_by_city",
                    "outputs": [
                        {"name": "city", "type": "text", "series": True},
                        {"name": "total_noi", "type": "number", "series": True},
                        {"name": "properties_counted", "type": "integer", "series": True},
                    ],
                },
                {
                    "name": "income_statistics",
                    "description": "Average income, median price and yield over all properties of cities.",
                    "inputs": [{"name": "city", "type": "text", "required": False}],
                    "query": "incomes",
                    "formulas": ["average_noi", "median_price", "yield_of_all"],
                    "outputs": [
                        {"name": "average_noi", "type": "number"},
                        {"name": "median_price", "type": "number"},
                        {"name": "yield_of_all", "type": "number"},
                        {"name": "row_count", "type": "integer"},
                    ],
                },
            ],
            "errors": _ERRORS,
            "components": [
                _component("errors", "errors"),
                _component("types", "types"),
                _component("data", "data", "errors", "types"),
                _component("library", "library", "errors"),
                _component("calculator", "calculator", "library", "types"),
                _component("agent", "main", "data", "calculator"),
            ],
        }
    )  # fmt: skip
