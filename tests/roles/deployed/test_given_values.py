"""Values that a question gives are read for the names that it gives them to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from roles.deployed.given_values import given_values, phrases_of, without
from roles.engineering.specification import Specification
from tests.roles.asking import asking
from tests.roles.deployed import sample_agent
from tests.roles.deployed.test_role import Calls, built

NAMES = (
    "net_operating_income", "debt_service", "fixed_costs", "price_per_unit", "variable_cost_per_unit", "height",
    "rate", "revenue", "cost_of_goods_sold",
)  # fmt: skip
PHRASES = {name: phrases_of(name) for name in NAMES}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("if NOI is 90k and debt service 60k, what is the DSCR?", {"net_operating_income": 9e4, "debt_service": 6e4}),
        ("what if the debt service were $60,000 and NOI $1.2m?", {"debt_service": 6e4, "net_operating_income": 1.2e6}),
        ("revenue = 2 million, COGS: 1.5 million", {"revenue": 2e6, "cost_of_goods_sold": 1.5e6}),
        ("fixed costs are 12000, price per unit is 25 and variable cost per unit is 10",
         {"fixed_costs": 12_000, "price_per_unit": 25, "variable_cost_per_unit": 10}),
        ("60k debt service and 90k of NOI", {"debt_service": 6e4, "net_operating_income": 9e4}),
        ("a height of 1.75m", {"height": 1.75}),
        ("a rate of 4.5 %", {"rate": 4.5}),
        ("NOI is 90k, no, NOI is 95k", {}),
        ("NOI down 10 %, property 5", {}),
        ("what is the DSCR of property 5", {}),
    ],
)  # fmt: skip
def test_values_by_name(text: str, values: dict[str, float]) -> None:
    assert {one.name: one.value for one in given_values(text, PHRASES)} == values


def test_the_rest_of_the_text() -> None:
    text = "DSCR of property 5 if NOI is 90k, please"
    assert without(text, given_values(text, PHRASES)) == "DSCR of property 5 if , please"


async def test_what_a_question_supposes_is_what_is_calculated_with(tmp_path: Path) -> None:
    operation = dict(sample_agent.SPECIFICATION["operations"][1])
    calls = Calls({"coverage": 1.5})
    one = sample_agent.specification(operations=[operation], examples=operation["examples"])
    async with asking(built(calls, one), tmp_path) as role:
        asked = await role.ask("if the debt is 60k and the income is 90k, what is the coverage?")
        assert asked.result.ok, asked.text
        assert calls.made[0][0] == "coverage_of"
        assert (calls.made[0][1]["income"], calls.made[0][1]["debt"]) == (90_000, 60_000)


async def test_a_value_is_no_number_of_a_row(tmp_path: Path) -> None:
    operation = dict(sample_agent.SPECIFICATION["operations"][0])
    calls = Calls({"dscr": 1.3, "validation_status": "PASS", "mode": "standard"})
    async with asking(built(calls, sample_agent.specification(operations=[operation])), tmp_path) as role:
        asked = await role.ask("if NOI is 90k and debt service 60k, what is the DSCR?")
        assert (asked.result.ok, calls.made) == (False, [])
        assert "number of the property" in asked.text
        asked = await role.ask("what is the DSCR of property 5 if NOI is 90k?")
        assert calls.made[0][1]["property_id"] == 5
        assert asked.text.endswith("“NOI is 90k” is not taken into account.")


async def test_the_name_of_a_row_is_none_of_its_amount(tmp_path: Path) -> None:
    """People call the amount of a loan a loan, too."""
    operation = {**sample_agent.SPECIFICATION["operations"][0], "examples": ["what is the DSCR of loan 4?"]}
    text = json.dumps(sample_agent.SPECIFICATION | {"operations": [operation]})
    for old, new in (("property_id", "loan_id"), ("property", "loan"), ("noi", "loan_amount")):
        text = re.sub(rf"\b{old}\b", new, text)
    calls = Calls({"dscr": 1.3, "validation_status": "PASS", "mode": "standard"})
    async with asking(built(calls, Specification.model_validate_json(text)), tmp_path) as role:
        asked = await role.ask("do you know the DSCR of loan 5?")
        assert asked.result.ok, asked.text
        assert calls.made[0][1]["loan_id"] == 5
