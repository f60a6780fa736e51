"""A real model may do anything: each request ends in an answer or a named fault, on both engines, trace and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.catalogue.trace import FallbackTaken, TraceEnded
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.llm_provider.scripted_model import ScriptedModel, Turn, calls, fails, hangs, says, truncated

TEXT = "set a timer for 5 minutes and turn on the kitchen light"

TURNS: list[tuple[str, Turn]] = [
    ("free text instead of a plan", says("I would rather not.")),
    ("nothing at all", says("")),
    ("a tool that does not exist", calls(("rm_rf", {"path": "/"}))),
    ("broken arguments", calls(("TaskGraphOutput", "{not json"), ("PlannerOutput", "{not json"))),
    ("a provider that raises", fails(ConnectionError("connection reset"))),
    ("a truncated stream", truncated("Well,")),
]


@pytest.mark.parametrize("meta_planning", [False, True], ids=["task_graph", "meta_planning"])
@pytest.mark.parametrize("turn", [turn for _, turn in TURNS], ids=[name for name, _ in TURNS])
async def test_nonsense_ends_in_a_named_fault(tmp_path: Path, turn: Turn, meta_planning: bool) -> None:
    model = ScriptedModel(turn, endless=True)
    async with Supervisor(offline_settings(tmp_path), model=model, background=False) as supervisor:
        response = await supervisor.process_request(
            TEXT, {"flags": {"meta-planning": meta_planning}, "limits": {"wall_clock": 20, "turns": 12}}
        )
        assert response.outcome in {"failure", "limit:turns"}, response
        assert response.text
        assert response.intents == ()
        detail = await supervisor.trace(response.trace_id)
        kinds = [type(entry.event) for entry in detail.events]
        assert kinds[-1] is TraceEnded
        assert (FallbackTaken in kinds) == (meta_planning and response.outcome == "failure")
        assert await supervisor.store.read_all(0, {"timer.set", "home.device_changed"}) == []


@pytest.mark.parametrize("meta_planning", [False, True], ids=["task_graph", "meta_planning"])
async def test_a_model_that_hangs_costs_no_more_than_the_wall_clock(tmp_path: Path, meta_planning: bool) -> None:
    async with Supervisor(
        offline_settings(tmp_path), model=ScriptedModel(hangs(), endless=True), background=False
    ) as supervisor:
        response = await supervisor.process_request(
            TEXT, {"flags": {"meta-planning": meta_planning}, "limits": {"wall_clock": 0.5}}
        )
        assert response.outcome == "limit:wall_clock"
        (row,) = await supervisor.traces()
        assert row["outcome"] == "limit:wall_clock"


async def test_a_plan_in_a_circle_is_refused_and_unknown_tools_are_dropped(tmp_path: Path) -> None:
    circle = {
        "tasks": [
            {"id": "a", "role": "timer", "request": "set a timer for 5 minutes", "depends_on": ["b"]},
            {"id": "b", "role": "smart_home", "request": "turn on the kitchen light", "depends_on": ["a"]},
        ]
    }
    model = ScriptedModel(calls(("TaskGraphOutput", circle)), endless=True)
    async with Supervisor(offline_settings(tmp_path), model=model, background=False) as supervisor:
        response = await supervisor.process_request(TEXT)
        assert response.outcome == "failure"
        assert "circle" in response.text


async def test_a_selection_with_a_misspelled_tool_goes_on_without_it(tmp_path: Path) -> None:
    plan = {
        "plan": "1. set the timer",
        "selected_tools": ["timer.set", "timer.sett"],
        "agent_system_prompt": "Do it.",
        "guidance_notes": "",
    }
    model = ScriptedModel(
        calls(("PlannerOutput", plan)),
        calls(("timer__set", {"duration": "5 minutes"}), first_id=7),
        says("The timer is on its way."),
    )
    async with Supervisor(offline_settings(tmp_path), model=model, background=False) as supervisor:
        response = await supervisor.process_request(TEXT, {"flags": {"meta-planning": True}})
        assert response.outcome == "success", response.text
        assert response.metadata.tools_selected == ("timer.set",)
        (configured,) = [
            entry.event
            for entry in (await supervisor.trace(response.trace_id)).events
            if entry.topic == "trace.agent_configured"
        ]
        assert configured.dropped_tools == {"timer.sett": "timer.set"}  # type: ignore[union-attr]
        assert len(await supervisor.store.read_all(0, {"timer.set"})) == 1
