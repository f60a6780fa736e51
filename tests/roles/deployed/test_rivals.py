"""Of several agents that calculate the same figure the one answers that fits the request, and it is said which."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from common.errors import AgentError
from roles.deployed.role import BuiltRole
from roles.deployed.serving import Serving, Side
from roles.resources import RoleResources
from tests.roles.asking import Asking, asking
from tests.roles.deployed import sample_agent
from tests.roles.deployed.test_role import Calls, probe

BY_ROW: dict[str, Any] = sample_agent.SPECIFICATION["operations"][0]
GIVEN: dict[str, Any] = {
    "name": "calculate_dscr",
    "description": "The debt service coverage ratio (DSCR) of an income and a debt service that are given.",
    "inputs": [{"name": "noi", "type": "number"}, {"name": "debt_service", "type": "number"}],
    "formulas": ["dscr"],
    "outputs": [{"name": "dscr", "type": "number"}],
    "examples": ["what is the DSCR for an NOI of 120 and a debt service of 100"],
}
STANDARD: dict[str, JsonValue] = {"dscr": 1.3, "validation_status": "PASS", "mode": "standard"}


async def rivals(stack: AsyncExitStack, folder: Path, *agents: tuple[str, dict[str, Any], Mapping[str, JsonValue]]) -> (
    dict[str, tuple[Asking, Calls]]
):  # fmt: skip
    """Agents that know of each other."""
    found: dict[str, tuple[Asking, Calls]] = {}
    roles: list[BuiltRole] = []

    def build(name: str, changes: dict[str, Any], calls: Calls) -> Any:
        def made(resources: RoleResources) -> BuiltRole:
            specification = sample_agent.specification(name=name, **changes)
            role = BuiltRole(resources, specification, Serving(name, Side("1.0.0", calls)), probe, lambda: roles)
            roles.append(role)
            return role

        return made

    for name, changes, answer in agents:
        calls = Calls(answer)
        (folder / name).mkdir()
        found[name] = await stack.enter_async_context(asking(build(name, changes, calls), folder / name)), calls
    return found


def by_row(**changes: Any) -> dict[str, Any]:
    return {"operations": [BY_ROW], **changes}


def given() -> dict[str, Any]:
    return {"operations": [GIVEN], "examples": GIVEN["examples"], "modes": [], "rules": []}


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ("what is the DSCR of property 5 in conservative mode", "with_modes"),
        ("what is the DSCR of property 5 by plain", "plain"),
        ("if NOI is 90k and debt service 60k, what is the DSCR?", "of_values"),
    ],
)
async def test_the_one_that_fits_answers_whichever_was_asked(tmp_path: Path, said: str, answers: str) -> None:
    async with AsyncExitStack() as stack:
        found = await rivals(
            stack, tmp_path, ("plain", by_row(modes=[]), {**STANDARD, "mode": None}),
            ("with_modes", by_row(), STANDARD), ("of_values", given(), {"dscr": 1.5}),
        )  # fmt: skip
        for asked, _ in found.values():
            told = await asked.ask(said)
            assert told.result.ok, told.text
            assert f"{answers} answered." in told.text
        assert [len(calls.made) for _, calls in found.values()] == [3 * (name == answers) for name in found]


async def test_those_that_fit_alike_are_asked_both(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        found = await rivals(
            stack, tmp_path, ("north", by_row(), STANDARD), ("south", by_row(), {**STANDARD, "dscr": 1.1})
        )
        told = await found["north"][0].ask("what is the DSCR of property 5")
        assert (told.result.ok, told.result.partly) == (False, True)
        assert "Which one is meant?" in told.text
        assert "- north: The DSCR of property 5 in standard mode is 1.3" in told.text
        assert "- south: The DSCR of property 5 in standard mode is 1.1" in told.text
        found["south"][1].answers = {**STANDARD, "mode": None}
        told = await found["north"][0].ask("what is the DSCR of property 5")
        assert told.result.ok
        assert told.text.endswith("north and south say the same.")


def calculating(figure: str) -> dict[str, Any]:
    said = figure.replace("_", " ")
    operation = dict(
        BY_ROW, name=f"calculate_{figure}", formulas=[figure], rules=[], outputs=[{"name": figure, "type": "number"}],
        examples=[f"{said} of property 5"],
    )  # fmt: skip
    return {
        "operations": [operation], "formulas": [{"name": figure, "expression": "noi / debt_service"}], "rules": [],
        "examples": [f"{said} of property 5"], "title": said, "purpose": f"Calculates the {said} of properties.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ("what is the budget variance percentage of property 5", "shares"),
        ("what is the budget variance of property 5", "amounts"),
    ],
)
async def test_of_two_names_that_begin_alike_the_one_that_is_said_counts(
    tmp_path: Path, said: str, answers: str
) -> None:
    async with AsyncExitStack() as stack:
        found = await rivals(
            stack, tmp_path, ("amounts", calculating("budget_variance"), {"budget_variance": 12.0}),
            ("shares", calculating("budget_variance_percentage"), {"budget_variance_percentage": 0.12}),
        )  # fmt: skip
        for asked, _ in found.values():
            told = await asked.ask(said)
            assert told.result.ok, told.text
            assert "Which one is meant" not in told.text
        assert [len(calls.made) for _, calls in found.values()] == [2 * (name == answers) for name in found]


async def test_one_that_answers_counts_before_one_that_refuses(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        refused = AgentError("not_found", "there is no such property")
        found = await rivals(stack, tmp_path, ("north", by_row(), STANDARD), ("south", by_row(), STANDARD))
        found["south"][1].answers = refused
        told = await found["south"][0].ask("what is the DSCR of property 5")
        assert told.result.ok, told.text
        assert told.text.endswith("north answered.")


async def test_an_agent_whose_figures_are_others_is_no_rival(tmp_path: Path) -> None:
    other = {
        "operations": [dict(BY_ROW, name="calculate_cap_rate", formulas=["cap_rate"], rules=[],
                            outputs=[{"name": "cap_rate", "type": "number"}], examples=["cap rate of property 5"])],
        "formulas": [{"name": "cap_rate", "expression": "noi / debt_service"}], "rules": [],
        "examples": ["cap rate of property 5"],
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        found = await rivals(stack, tmp_path, ("dscr", by_row(), STANDARD), ("cap", other, {"cap_rate": 0.06}))
        told = await found["dscr"][0].ask("what is the DSCR of property 5")
        assert "answered" not in told.text
        told = await found["dscr"][0].ask("what is the cap rate of property 5")
        assert told.result.ok
        assert "cap answered." in told.text
