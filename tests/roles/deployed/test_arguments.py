"""What people say becomes arguments: days of a span, and inputs that a mode's words change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from common.language.parts import Part
from common.language.slots import compile_slots, fill_slots, scope_of
from roles.deployed.arguments import arguments_class, values_for
from roles.deployed.said_values import said_value
from roles.engineering.specification import Component, Formula, Input, Mode, Operation, Output, Specification

NOW = datetime(2024, 6, 15, 12, 0, tzinfo=UTC)
COUNT = Operation(
    name="count", description="Count", outputs=(Output(name="n", type="integer"),),
    inputs=(Input(name="start_date", type="date"), Input(name="end_date", type="date", required=False)),
)  # fmt: skip
STRESSED = Operation(
    name="ratio", description="A ratio", formulas=("ratio",), outputs=(Output(name="ratio", type="number"),),
    inputs=(
        Input(name="property_id", type="integer"),
        Input(name="added_rate", type="number", required=False, default=0.0),
    ),
)  # fmt: skip


def agent(operation: Operation, *modes: Mode) -> Specification:
    return Specification(
        name="an_agent", class_name="AnAgent", kind="calculation", title="An agent", purpose="It calculates.",
        operations=(operation,), modes=modes, formulas=(Formula(name="ratio", expression="1 + added_rate"),),
        components=(Component(name="agent", kind="main"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ({"start_date": "2024-02-01", "end_date": "between 2024-02-01 2024-03-05"}, ("2024-02-01", "2024-03-05")),
        ({"start_date": "last month"}, ("2024-05-01", "2024-05-31")),
        ({"start_date": "in March 2024"}, ("2024-03-01", "2024-03-31")),
        ({"start_date": "2024-03-09"}, ("2024-03-09", None)),
        ({"start_date": "2024-03-09", "end_date": "2024-03-10"}, ("2024-03-09", "2024-03-10")),
    ],
)
def test_the_days_of_a_span(said: dict[str, str], days: tuple[str, str | None]) -> None:
    arguments = arguments_class(agent(COUNT), COUNT)(**said)
    values = values_for(COUNT, arguments, NOW)
    assert (values["start_date"], values.get("end_date")) == days


def test_what_a_custom_mode_changes_is_told_in_its_words_alone() -> None:
    custom = Mode(name="custom", custom=True)
    assert "added_rate" not in arguments_class(agent(STRESSED, Mode(name="standard"), custom), STRESSED).model_fields
    assert "added_rate" in arguments_class(agent(STRESSED), STRESSED).model_fields


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("list the loans with status late", "late"),
        ("Find the employee Jo Marsh", "Jo Marsh"),
        ("find the employee “Kai”?", "Kai"),
        ("find the loans", None),
        ("what is the weather in Bern", None),
        ("list the loans with status", None),
    ],
)
def test_a_value_stands_where_the_examples_have_theirs(text: str, value: str | None) -> None:
    assert said_value(text, ["list the loans with status north", "find the employee Kim", "find employee Jo"]) == value


@pytest.mark.parametrize(
    ("text", "rate"),
    [("a rate of 4 %", 0.04), ("a rate of 4 percent", 0.04), ("a rate of 0.04", 0.04), ("a rate of 4", None)],
)
def test_a_rate_is_a_share_and_never_hundreds_of_percent(text: str, rate: float | None) -> None:
    loan = STRESSED.model_copy(
        update={"name": "loan", "inputs": (Input(name="yearly_rate", type="number", unit="fraction"),)}
    )
    slots = compile_slots(arguments_class(agent(loan), loan).model_json_schema())
    said = f"what is the ratio with {text}?"
    assert fill_slots(slots, scope_of(Part(0, said, said), said)).values.get("yearly_rate") == rate
