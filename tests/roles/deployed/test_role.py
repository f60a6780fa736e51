"""How a built agent reads requests and tells its results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, JsonValue, ValidationError

from common.errors import AgentError
from common.health import Reached
from common.tool import Served
from roles.deployed.answers import answer_text, number_text, spoken
from roles.deployed.arguments import arguments_class, values_for
from roles.deployed.role import BuiltRole
from roles.deployed.serving import Serving, Side
from roles.engineering.specification import Operation, Specification
from roles.resources import RoleResources
from tests.roles.asking import NOW, Asking, asking
from tests.roles.deployed import sample_agent


class Calls:
    """Answers calls, and notes them."""

    def __init__(self, answers: Mapping[str, JsonValue] | AgentError) -> None:
        self.answers = answers
        self.made: list[tuple[str, dict[str, JsonValue]]] = []

    is_closed = False

    async def call(
        self, operation: str, arguments: Mapping[str, JsonValue], served: Served | None = None
    ) -> dict[str, JsonValue]:
        self.made.append((operation, dict(arguments)))
        if isinstance(self.answers, AgentError):
            raise self.answers
        return dict(self.answers)


async def probe() -> Reached:
    return Reached()


def built(calls: Calls, specification: Specification) -> Any:
    def build(resources: RoleResources) -> BuiltRole:
        return BuiltRole(resources, specification, Serving(specification.name, Side("1.0.0", calls)), probe)

    return build


PASSED: dict[str, JsonValue] = {"dscr": 1.131, "validation_status": "FAIL", "mode": "custom"}


@pytest.mark.parametrize(
    ("said", "property_id"),
    [
        ("what is the DSCR of property 5", 5),
        ("DSCR for property 12 please", 12),
        ("what is the DSCR of property 7 with 15 % stress on NOI and rates up 200 basis points", 7),
    ],
)
async def test_requests_become_calls(tmp_path: Path, said: str, property_id: int) -> None:
    calls = Calls(PASSED)
    async with asking(built(calls, sample_agent.specification()), tmp_path) as role:
        asked = await role.ask(said)
        ((operation, arguments),) = calls.made
        assert (operation, arguments["property_id"], arguments["mode"]) == ("calculate_dscr", property_id, said)
        assert asked.text == f"The DSCR of property {property_id} in custom mode is 1.131 — FAIL."


async def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    calls = Calls(PASSED)
    async with asking(built(calls, sample_agent.specification()), tmp_path) as role:
        asked = await role.ask("what is the DSCR of the property")
        assert (asked.result.ok, calls.made) == (False, [])
        assert asked.text == "For “what is the DSCR of the property” I still need: number of the property."


async def test_what_resembles_no_example_is_read_all_the_same(tmp_path: Path) -> None:
    operation = dict(sample_agent.SPECIFICATION["operations"][0], examples=[])
    one = sample_agent.specification(operations=[operation], examples=["DSCR of a property"])
    calls = Calls(PASSED)
    async with asking(built(calls, one), tmp_path) as role:
        assert (await role.ask("is number 5 alright, what do you think")).result.ok
        assert calls.made[0][1]["property_id"] == 5
        assert not (await role.ask("are they alright, what do you think")).result.ok


async def test_a_way_of_calculating_that_there_is_not_is_not_passed_over(tmp_path: Path) -> None:
    operation = dict(sample_agent.SPECIFICATION["operations"][0])
    plain = sample_agent.specification(operations=[operation], modes=[])
    calls = Calls({"dscr": 1.3, "validation_status": "PASS", "mode": None})
    async with asking(built(calls, plain), tmp_path) as role:
        asked = await role.ask("what is the DSCR of property 5 in conservative mode")
        assert asked.text == (
            "The DSCR of property 5 is 1.3 — PASS.\n"
            "It is calculated in one way only: “conservative mode” is not taken into account."
        )
        assert calls.made == [("calculate_dscr", {"property_id": 5})]


async def test_what_asks_for_another_figure_is_refused(tmp_path: Path) -> None:
    calls = Calls({"dscr": 1.3, "validation_status": "PASS", "mode": "standard"})
    async with asking(built(calls, sample_agent.specification()), tmp_path) as role:
        asked = await role.ask("what is the cap rate of property 5")
        assert (asked.result.ok, calls.made) == (False, [])
        assert "about the cap rate, which" in asked.text


async def test_errors_are_told_in_the_agents_words(tmp_path: Path) -> None:
    calls = Calls(AgentError("not_found", "there is no property 5", where="sample 1.0.0", todo="Ask for another."))
    async with asking(built(calls, sample_agent.specification()), tmp_path) as role:
        asked = await role.ask("what is the DSCR of property 5")
        assert (asked.result.ok, asked.text) == (False, "There is no property 5. Ask for another.")


async def test_an_answer_that_lacks_an_output_is_no_answer(tmp_path: Path) -> None:
    async with asking(built(Calls({"dscr": 1.0}), sample_agent.specification()), tmp_path) as role:
        asked = await role.ask("what is the DSCR of property 5")
        assert asked.text == "The agent's answer lacks validation_status, mode."


async def test_it_is_a_role_that_only_reads(tmp_path: Path) -> None:
    async with asking(built(Calls(PASSED), sample_agent.specification()), tmp_path) as asked:
        role: Asking = asked
        tools = role.role.tools
        assert [tool.name for tool in tools] == [
            "dscr_calculator.calculate_dscr", "dscr_calculator.coverage_of", "dscr_calculator.misbehave",
        ]  # fmt: skip
        assert not any(tool.effect or tool.acts for tool in tools)
        assert not role.role.intent_handlers
        assert role.role.examples[0] == "what is the DSCR of property 5"


OPERATION: dict[str, Any] = {
    "name": "report",
    "description": "Everything.",
    "inputs": [
        {"name": "rate", "type": "number", "unit": "%", "minimum": 0, "maximum": 100},
        {"name": "years", "type": "integer", "required": False, "default": 30},
        {"name": "kind", "type": "text", "choices": ["fixed", "variable"]},
        {"name": "since", "type": "date", "required": False},
        {"name": "whole", "type": "boolean", "required": False},
    ],
    "outputs": [{"name": "payment", "type": "number", "unit": "USD"}, {"name": "analysis", "type": "text"}],
}


def arguments_of(operation: Mapping[str, Any]) -> tuple[Operation, type[BaseModel]]:
    made = sample_agent.specification(operations=[operation], modes=[])
    return made.operations[0], arguments_class(made, made.operations[0])


def test_arguments_are_those_of_the_operation() -> None:
    operation, kind = arguments_of(OPERATION)
    given = kind.model_validate({"rate": 5, "kind": "fixed", "since": "last Monday"})
    assert values_for(operation, given, NOW) == {"rate": 5.0, "years": 30, "kind": "fixed", "since": "2026-11-16"}
    with pytest.raises(AgentError, match="no date"):
        values_for(operation, kind.model_validate({"rate": 5, "kind": "fixed", "since": "soonish"}), NOW)
    for wrong in ({"rate": 101}, {"kind": "odd"}, {"years": 1.5}, {"else": 1}, {"rate": float("nan")}):
        with pytest.raises(ValidationError):
            kind.model_validate({"rate": 5, "kind": "fixed", **wrong})


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.13125, "ratio", "1.1313"), (1234.5, "USD", "1,234.5 USD"), (12.5, "%", "12.5 %"), (3.0, "", "3"),
        (0.00012345, "", "0.0001234"), (float("inf"), "", "undefined"), (1_000_000, "", "1,000,000"),
    ],
)  # fmt: skip
def test_numbers_are_told_as_people_read_them(value: float, unit: str, text: str) -> None:
    assert number_text(value, unit) == text


def test_names_are_spoken() -> None:
    assert spoken("debt_to_income") == "debt to income"
    assert spoken("dscr_after_tax") == "DSCR after tax"


def test_the_main_figure_comes_first_then_the_rest() -> None:
    made = sample_agent.specification(operations=[OPERATION])
    text = answer_text(
        made, made.operations[0], {"rate": 5.0, "years": 30, "kind": "fixed"},
        {"payment": 1_073.64, "analysis": "Payments fall as rates fall.\nMind the term."},
    )  # fmt: skip
    assert text == (
        "The payment with rate 5 %, years 30, kind fixed is 1,073.64 USD.\nPayments fall as rates fall.\nMind the term."
    )


def test_series_are_shown_side_by_side_and_not_known_is_said() -> None:
    outputs = [
        {"name": "tenant", "type": "text", "series": True}, {"name": "rent", "type": "number", "series": True},
        {"name": "total", "type": "number", "unit": "CHF"},
    ]  # fmt: skip
    made = sample_agent.specification(operations=[{**OPERATION, "outputs": outputs, "inputs": [], "formulas": []}])
    result: dict[str, JsonValue] = {"tenant": ["Ann", "Bob"], "rent": [1200.5, None], "total": 1200.5}
    assert answer_text(made, made.operations[0], {}, result).splitlines() == [
        "The total is 1,200.5 CHF.", "tenant | rent", "Ann | 1,200.5", "Bob | not known",
    ]  # fmt: skip
    many: dict[str, JsonValue] = {"tenant": [str(n) for n in range(50)], "rent": list(range(50)), "total": None}
    assert answer_text(made, made.operations[0], {}, many).splitlines()[-1] == "… and 30 more"
    nothing: dict[str, JsonValue] = {"tenant": [], "rent": [], "total": None}
    assert answer_text(made, made.operations[0], {}, nothing).splitlines() == [
        "The total is not known.", "Nothing was found.",
    ]  # fmt: skip


def test_the_figure_that_is_judged_comes_first_and_lists_are_lists() -> None:
    operation = {
        "name": "check",
        "description": "Checks.",
        "formulas": ["coverage", "dscr"],
        "rules": ["covered"],
        "outputs": [
            {"name": "coverage", "type": "number"}, {"name": "dscr", "type": "number", "unit": "x"},
            {"name": "failed_rules", "type": "text", "series": True},
            {"name": "suggestions", "type": "text", "series": True}, {"name": "report", "type": "text"},
        ],
    }  # fmt: skip
    made = sample_agent.specification(operations=[operation])
    result: dict[str, JsonValue] = {
        "coverage": 1.0, "dscr": 1.2, "failed_rules": ["covered"], "suggestions": ["Raise the rent.", "Pay back."],
        "report": "",
    }  # fmt: skip
    assert answer_text(made, made.operations[0], {}, result).splitlines() == [
        "The DSCR is 1.2.", "Coverage: 1.", "Failed rules: covered", "Suggestions:", "- Raise the rent.",
        "- Pay back.",
    ]  # fmt: skip
    assert (
        answer_text(made, made.operations[0], {}, {**result, "report": "All of it."}) == "The DSCR is 1.2.\nAll of it."
    )
