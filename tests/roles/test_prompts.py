"""What models really read: every prompt of router, planner and roles, as it is sent, with everything in its place."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from common.context import TaskContext
from common.hints import PlanningHints
from common.settings import RouterSettings
from events.catalogue.trace import ModelCalled
from roles.prompts import load_prompt, situation
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.llm_provider.scripted_model import ScriptedModel, calls, says

LONGEST = 2_500
"""Characters that a prompt of this size may have, tools or roles not counted: models read it with every request."""
CONTEXT = {
    "flags": {"meta-planning": True},
    "recent_log_summary": "The user likes tea.",
    "location": "Bern",
    "timezone": "Europe/Zurich",
}
BOTH = "find a hut in my notes and set a timer for 5 minutes"


@asynccontextmanager
async def with_model(folder: Path, model: ScriptedModel) -> AsyncGenerator[Supervisor]:
    settings = offline_settings(folder).model_copy(update={"router": RouterSettings(model_tier="fast")})
    async with Supervisor(settings, model=model, background=False) as supervisor:
        yield supervisor


async def versions(supervisor: Supervisor) -> list[tuple[str, str]]:
    recorded = await supervisor.store.read_all(0, {ModelCalled.TOPIC})
    return [
        (entry.event.purpose, entry.event.prompt_version) for entry in recorded if isinstance(entry.event, ModelCalled)
    ]


def in_order(text: str, *parts: str) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


PLAN: dict[str, Any] = {"plan": "1. search", "selected_tools": ["search.documents"]}
GRAPH: dict[str, Any] = {"tasks": [{"id": "t1", "role": "timer", "request": "set a timer for 5 minutes"}]}


async def test_the_planner_of_one_agent_and_the_agent(tmp_path: Path) -> None:
    model = ScriptedModel(calls(("PlannerOutput", PLAN)), says("Nothing was found."))
    async with with_model(tmp_path, model) as supervisor:
        await supervisor.process_request(BOTH, CONTEXT)
        found = await versions(supervisor)
    planner, agent = (seen.system_prompt or "" for seen in model.calls)
    assert in_order(planner, "You configure one agent", "Tools:\n", "Earlier in this session:\nThe user likes tea.")
    assert in_order(planner, "Earlier in this session:", "Time: ", "Place: Bern.")
    assert "search.documents" in planner
    assert in_order(agent, "You are an assistant's agent", "Plan:\n1. search", "Earlier in this session:", "Time: ")
    assert in_order(agent, "Location: Bern", "Model calls you may make: 10")
    assert len(agent) < LONGEST
    assert [purpose for purpose, _ in found] == ["plan", "agent"]
    assert found[0][1] == load_prompt("meta_planning").version
    assert found[1][1].startswith("agent_frame@")


async def test_the_planner_of_tasks(tmp_path: Path) -> None:
    model = ScriptedModel(calls(("TaskGraphOutput", GRAPH)))
    async with with_model(tmp_path, model) as supervisor:
        await supervisor.process_request(BOTH, {**CONTEXT, "flags": {}})
        found = await versions(supervisor)
    text = model.calls[0].system_prompt or ""
    assert in_order(text, "You plan how", "Roles:\n- weather:", "Earlier in this session:", "Time: ", "Place: Bern.")
    assert found[0] == ("plan", load_prompt("task_graph").version)


async def test_the_router_and_a_role(tmp_path: Path) -> None:
    model = ScriptedModel(calls(("RouteOutput", {"route": "conversation"})), says("A haiku."))
    async with with_model(tmp_path, model) as supervisor:
        await supervisor.process_request("compose me something nice about the thing there", CONTEXT)
        found = await versions(supervisor)
    route, role = (seen.system_prompt or "" for seen in model.calls)
    assert in_order(route, "You decide which role", "Roles:\n- weather:", "Earlier in this session:", "Time: ")
    assert in_order(role, "You are the conversation role", "Earlier in this session:", "Time: ", "Location: Bern")
    assert found[0] == ("route", load_prompt("route").version)


def test_every_template_reads_well_with_and_without_its_parts() -> None:
    given = {
        "tools": "- a.b: does it", "roles": "- timer: sets timers", "guideline": "- prefer a.b", "role": "timer",
        "description": "Sets timers.", **situation(TaskContext.model_validate({"recent_log_summary": "Tea."})),
    }  # fmt: skip
    for name in ("route", "task_graph", "meta_planning", "role", "agent", "conversation"):
        prompt = load_prompt(name)
        full = prompt.render(**given)
        assert "$" not in full.text
        assert "<!--" not in full.text
        assert full.version == f"{name}@{full.version.partition('@')[2]}"
        assert len(full.text) < LONGEST
        bare = prompt.render(**{**given, "guideline": "", "earlier": ""})
        assert "Guideline:" not in bare.text
        assert "Earlier" not in bare.text
        if "$guideline" in prompt.template:
            assert in_order(full.text, "Guideline:\n- prefer a.b", "Earlier in this session:\nTea.", "Time: ")
            stable = full.text[: full.stable]
            assert stable
            assert "Time:" not in stable
            assert "Tea." not in stable


def test_the_active_guideline_reaches_the_planner_in_its_place() -> None:
    hints = PlanningHints(guideline=("prefer a.b over c.d",))
    text = load_prompt("meta_planning").render(
        tools="- a.b: does it", guideline=f"- {hints.guideline[0]}", **situation(TaskContext())
    )
    assert "Guideline:\n- prefer a.b over c.d\n\nTime:" in text.text
