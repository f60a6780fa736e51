"""Rules of the planner and the router are obeyed without a language model, and their versions are in the trace."""

from __future__ import annotations

from typing import Any

import pytest

from common.context import TaskContext
from common.results import Response
from common.settings import RouterSettings
from events.catalogue.trace import AgentConfigured, RequestRouted, TaskStarted
from supervisor import Supervisor
from supervisor.testing import offline_settings

META = TaskContext(flags={"meta-planning": True})
GRAPH = TaskContext(flags={"meta-planning": False})
DIARY = "is there anything in the diary about the dentist"
"""Of which the classifier finds search and calendar about as likely."""
CALL = "please remember: call mum tomorrow at 9"
"""Which is for memory more likely than for timer or calendar, and these are far behind."""
PHONE = "remember this note: phone the dentist tomorrow at 9"
"""Which is for memory more likely than for timer or calendar, and for these more likely than for nobody."""
SURE = "turn on the kitchen light"
THREE = "turn on the kitchen light and set a timer for 5 minutes and add lunch to my calendar tomorrow at noon"
NOTES = "search my notes for the packing list and set a timer for 5 minutes"


async def serve(supervisor: Supervisor, agent_type: str, *rules: str) -> None:
    proposed = await supervisor.guidelines.propose(agent_type, rules, by="ann")
    await supervisor.guidelines.activate(agent_type, proposed.version, by="ann")


def roles(response: Response) -> list[str]:
    return [task["role"] for task in plan(response)]


def plan(response: Response) -> list[dict[str, Any]]:
    assert isinstance(response.metadata.plan, list)
    return response.metadata.plan


# --- the planner of tasks ---


async def test_prefer_and_avoid_change_who_is_given_a_task(supervisor: Supervisor) -> None:
    assert roles(await supervisor.process_request(DIARY, GRAPH)) == ["search"]
    assert roles(await supervisor.process_request(PHONE, GRAPH)) == ["memory"]
    await serve(supervisor, "planning", "prefer calendar over search", "avoid memory")
    assert roles(await supervisor.process_request(DIARY, GRAPH)) == ["calendar"]
    ruled = await supervisor.process_request(PHONE, GRAPH)
    (role,) = roles(ruled)
    assert role in ("timer", "calendar")
    assert [intent.type.partition(".")[0] for intent in ruled.intents] == [role]


async def test_who_does_not_fit_is_given_nothing(supervisor: Supervisor) -> None:
    await serve(supervisor, "planning", "avoid smart_home", "prefer weather over timer")
    response = await supervisor.process_request(THREE, GRAPH)
    assert roles(response) == ["smart_home", "timer", "calendar"]
    assert response.outcome == "success"


async def test_order_has_a_task_wait_for_a_later_one(supervisor: Supervisor) -> None:
    before = await supervisor.process_request(THREE, GRAPH)
    assert [task["after"] for task in plan(before)] == [[], [], []]
    await serve(supervisor, "planning", "order calendar before smart_home")
    response = await supervisor.process_request(THREE, GRAPH)
    assert [task["after"] for task in plan(response)] == [["t3"], [], []]
    assert response.outcome == "success"
    events = [entry.event for entry in (await supervisor.trace(response.trace_id)).events]
    started = [event.role for event in events if isinstance(event, TaskStarted)]
    assert started.index("calendar") < started.index("smart_home")


async def test_stop_leaves_later_tasks_undone_and_says_so(supervisor: Supervisor) -> None:
    await serve(supervisor, "planning", "stop after timer")
    response = await supervisor.process_request(THREE, GRAPH)
    assert response.outcome == "partial"
    assert sorted(intent.type for intent in response.intents) == ["smart_home.set_device", "timer.set_timer"]
    assert "“add lunch to my calendar tomorrow at noon” was not done: the guideline says to stop" in response.text


async def test_stop_holds_only_once_the_task_succeeded(supervisor: Supervisor) -> None:
    await serve(supervisor, "planning", "stop after smart_home")
    failing = "turn on the disco ball in the sauna and set a timer for 5 minutes"
    response = await supervisor.process_request(failing, GRAPH)
    assert [intent.type for intent in response.intents] == ["timer.set_timer"]


# --- the planner of one agent ---


async def test_rules_change_the_tools_that_are_selected(supervisor: Supervisor) -> None:
    before = await supervisor.process_request(NOTES, META)
    assert before.metadata.tools_selected == ("search.documents", "timer.set")
    await serve(supervisor, "planning", "order timer.set before search.documents")
    ordered = await supervisor.process_request(NOTES, META)
    assert ordered.metadata.tools_selected == ("timer.set", "search.documents")
    await serve(supervisor, "planning", "stop after search.documents")
    stopped = await supervisor.process_request(NOTES, META)
    assert stopped.metadata.tools_selected == ("search.documents",)
    assert (stopped.outcome, stopped.intents) == ("partial", ())
    assert "set a timer for 5 minutes" in stopped.text


async def test_prefer_and_avoid_change_which_tool_is_selected_where_two_fit(supervisor: Supervisor) -> None:
    request = "find the packing list and move the meeting to friday"
    before = await supervisor.process_request(request, META)
    assert before.metadata.tools_selected == ("search.documents", "calendar.move")
    for rule in ("avoid search.documents", "prefer search.read over search.documents"):
        await serve(supervisor, "planning", rule, "avoid calendar.move")
        after = await supervisor.process_request(request, META)
        assert after.metadata.tools_selected == ("search.read", "calendar.move"), "nothing else moves a meeting"


async def test_what_the_agent_avoids_is_not_selected_for_it(supervisor: Supervisor) -> None:
    request = "find the packing list and move the meeting to friday"
    await serve(supervisor, "agent", "avoid search.documents", "stop after search.read", "avoid calendar.move")
    after = await supervisor.process_request(request, META)
    assert after.metadata.tools_selected == ("search.read", "calendar.move"), (
        "what ends a run ends it when it was called"
    )
    events = [entry.event for entry in (await supervisor.trace(after.trace_id)).events]
    assert [event.guideline_version for event in events if isinstance(event, AgentConfigured)] == [None]
    assert [event.guideline_version for event in events if isinstance(event, TaskStarted)] == ["1.0.0"]


# --- the router ---


@pytest.mark.parametrize("rule", ["prefer calendar over search", "avoid search", "prefer “calendar” over “search”"])
async def test_a_rule_decides_where_the_router_is_unsure(supervisor: Supervisor, rule: str) -> None:
    assert (await supervisor.process_request(DIARY)).metadata.approach != "direct"
    await serve(supervisor, "router", rule)
    response = await supervisor.process_request(DIARY)
    assert (response.metadata.approach, response.metadata.route) == ("direct", "calendar")
    events = [entry.event for entry in (await supervisor.trace(response.trace_id)).events]
    (routed,) = [event for event in events if isinstance(event, RequestRouted)]
    assert routed.guideline_version == "1.0.0"


async def test_no_rule_overrides_a_sure_router_or_brings_in_who_is_far_behind(supervisor: Supervisor) -> None:
    await serve(
        supervisor, "router", "avoid smart_home", "prefer weather over smart_home", "prefer timer over memory",
        "prefer weather over search",
    )  # fmt: skip
    sure = await supervisor.process_request(SURE)
    assert (sure.metadata.approach, sure.metadata.route) == ("direct", "smart_home")
    for unsure in (CALL, DIARY):
        assert (await supervisor.process_request(unsure)).metadata.route == "planning"
    assert (await supervisor.process_request(THREE)).metadata.route == "planning"


async def test_the_offline_model_that_routes_obeys_them_too(tmp_path: Any) -> None:
    router = RouterSettings(precision=0.9999999, model_tier="fast")
    settings = offline_settings(tmp_path).model_copy(update={"router": router})
    async with Supervisor(settings, background=False) as supervisor:
        request = "schedule the heating for 7 tomorrow morning"
        assert (await supervisor.process_request(request)).metadata.route == "smart_home"
        await serve(supervisor, "router", "avoid smart_home", "prefer calendar over smart_home")
        assert (await supervisor.process_request(request)).metadata.route == "calendar"
        sure = await supervisor.process_request("hmm is it rainy or what")
        assert sure.metadata.route == "weather"
