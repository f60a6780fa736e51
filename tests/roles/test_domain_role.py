"""What the roles' fast path makes of the machine-readable rules of a guideline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from common.context import TaskContext
from common.hints import PlanningHints
from common.intent_collector import IntentCollector
from common.limits import Budget, Limits
from common.results import RoleResult
from common.run_context import RunContext
from common.telemetry import Telemetry
from common.tool import Tool, ToolContext, ToolResult
from roles.domain_role import DomainRole
from roles.resources import RoleResources
from tests.roles.asking import NOW, Trace, asking


class Wanted(BaseModel):
    text: str = Field(description="What to look for", default="")


def tool(name: str, said: str, fails: int = 0) -> Tool:
    """A tool that fails so often before it answers."""
    left = [fails]

    async def handler(arguments: Any, context: ToolContext) -> ToolResult:
        left[0] -= 1
        return ToolResult(ok=left[0] < 0, text=f"{name} answered")

    return Tool(name, f"Will {said}.", Wanted, handler, utterances=(said, f"please {said}"))


async def ask(folder: Path, request: str, *rules: str, fails: int = 0) -> tuple[RoleResult, Trace]:
    def build(resources: RoleResources) -> DomainRole:
        tools = [
            tool("yard.water", "water the plants", fails),
            tool("yard.mow", "mow the lawn"),
            tool("yard.sprinkle", "water the plants slowly"),
        ]
        return DomainRole(resources, name="yard", description="The yard.", examples=["mow the lawn"], tools=tools)

    trace = Trace()
    run = RunContext(
        TaskContext(timezone="Europe/Zurich", current_time=NOW), trace, Budget(Limits()), IntentCollector(),
        Telemetry(), hints=PlanningHints(guideline=rules),
    )  # fmt: skip
    async with asking(build, folder) as here:
        return await here.role.execute(request, run), trace


@pytest.mark.parametrize(
    ("rules", "attempts", "ok"),
    [
        ((), 1, False),
        (("retry yard.water 1",), 2, False),
        (("retry yard.water 2",), 3, True),
        (("Try hard.",), 1, False),
    ],
)
async def test_a_failed_call_is_tried_again_where_a_rule_says_so(
    tmp_path: Path, rules: tuple[str, ...], attempts: int, ok: bool
) -> None:
    result, trace = await ask(tmp_path, "water the plants", *rules, fails=2)
    assert (len(trace.events), result.ok, result.tools_called) == (attempts, ok, ("yard.water",))
    assert len({event.model_dump()["call_id"] for event in trace.events}) == attempts


async def test_a_call_that_answers_is_not_tried_again(tmp_path: Path) -> None:
    result, trace = await ask(tmp_path, "water the plants", "retry yard.water 5")
    assert (len(trace.events), result.ok) == (1, True)


async def test_nothing_is_called_after_a_tool_that_is_to_be_the_last(tmp_path: Path) -> None:
    text = "water the plants and mow the lawn"
    both, _ = await ask(tmp_path, text)
    assert both.tools_called == ("yard.water", "yard.mow")
    one, _ = await ask(tmp_path, text, "stop after yard.water")
    assert (one.tools_called, one.ok, one.partly) == (("yard.water",), False, True)
    assert one.text.splitlines()[-1] == "“mow the lawn” was not done: the guideline says to stop before it."
    failed, _ = await ask(tmp_path, text, "stop after yard.water", fails=1)
    assert failed.tools_called == ("yard.water", "yard.mow"), "a call that failed stops nothing"


async def test_the_other_rules_choose_and_order_the_calls(tmp_path: Path) -> None:
    preferred, _ = await ask(tmp_path, "water the plants", "prefer yard.sprinkle over yard.water")
    assert preferred.tools_called == ("yard.sprinkle",)
    ordered, _ = await ask(tmp_path, "water the plants and mow the lawn", "order yard.mow before yard.water")
    assert ordered.tools_called == ("yard.mow", "yard.water")
