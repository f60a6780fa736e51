"""Requests through real model servers, on both engines: what works, and everything a server may do wrong.

Whatever it does, the request ends in an answer or in a named error, within its bounds, with a whole trace, and no
effect happens twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.results import Response
from common.settings import BreakerSettings, ModelSettings, RouterSettings, Settings
from common.updates import Completed, TextDelta, TextDiscarded, Update
from events.catalogue.trace import FallbackTaken, ModelCalled, ToolCalled, TraceEnded, TraceStarted
from llm_provider.guarded_stream import MAX_ANSWER_CHARS
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.services.llmock_server import LLMockProcess, calls, llmock_process, llmock_server, says  # noqa: F401
from tests.services.process import free_port
from tests.services.raw_model_server import Act, drips, hangs, raw_model_server, refuses, speaks_without_end

TEXT = "set a timer for 5 minutes and turn on the kitchen light"
TRIP = (
    "Plan a mountain trip for Saturday: check the weather, search for lodging, add it to my calendar "
    "and remind me an hour before"
)
ENGINES = [pytest.param(False, id="task_graph"), pytest.param(True, id="meta_planning")]
BOUNDS = {"wall_clock": 20, "turns": 30}
GRAPH = {
    "tasks": [
        {"id": "t1", "role": "timer", "request": "set a timer for 5 minutes"},
        {"id": "t2", "role": "smart_home", "request": "turn on the kitchen light"},
    ]
}
PLAN = {
    "plan": "1. set the timer\n2. turn on the light",
    "selected_tools": ["timer.set"],
    "agent_system_prompt": "Do it.",
    "guidance_notes": "",
}


def tier(url: str, **values: Any) -> ModelSettings:
    given = {"retries": 1, "retry_delay": 0.01, "timeout": 10.0, "idle_timeout": 5.0, **values}
    return ModelSettings.model_validate({"provider": "openai", "model": "mock", "base_url": url, **given})


def settings_for(folder: Path, url: str, **values: Any) -> Settings:
    made = tier(url, **values)
    changes = {"models": {"fast": made, "smart": made}, "model_breaker": BreakerSettings(failures=50)}
    return offline_settings(folder).model_copy(update=changes)


async def ask(supervisor: Supervisor, meta_planning: bool, text: str = TEXT, **limits: Any) -> Response:
    return await supervisor.process_request(
        text, {"flags": {"meta-planning": meta_planning}, "limits": {**BOUNDS, **limits}}
    )


async def trace_of(supervisor: Supervisor, response: Response) -> list[Any]:
    """The trace's events, which begin and end as they have to."""
    events: list[Any] = [entry.event for entry in (await supervisor.trace(response.trace_id)).events]
    assert isinstance(events[0], TraceStarted)
    assert isinstance(events[-1], TraceEnded)
    assert sum(isinstance(event, (TraceStarted, TraceEnded)) for event in events) == 2
    assert events[-1].outcome == response.outcome
    called = [event for event in events if isinstance(event, ModelCalled)]
    assert len(called) == response.usage.model_calls
    return events


async def effects(supervisor: Supervisor) -> int:
    return len(await supervisor.store.read_all(0, {"timer.set", "home.device_changed"}))


def of(events: list[Any], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


# --- what works ---


async def test_a_task_graph_through_a_server(tmp_path: Path, llmock_server: LLMockProcess) -> None:  # noqa: F811
    llmock_server.script(calls(("TaskGraphOutput", GRAPH)))
    async with Supervisor(settings_for(tmp_path, llmock_server.openai), background=False) as supervisor:
        response = await ask(supervisor, False)
        assert response.outcome == "success", response.text
        events = await trace_of(supervisor, response)
        (called,) = of(events, ModelCalled)
        assert (called.provider, called.model, called.tier, called.error) == ("openai", "mock", "smart", None)
        assert called.prompt_version.startswith("task_graph@") or called.prompt_version == ""
        assert of(events, FallbackTaken) == []
        assert await effects(supervisor) == 2
    (request,) = [entry["body"] for entry in llmock_server.requests()]
    assert request["tool_choice"] == "required"
    assert request["stream_options"] == {"include_usage": True}


async def test_an_agent_calls_several_tools_at_once(tmp_path: Path, llmock_server: LLMockProcess) -> None:  # noqa: F811
    async with Supervisor(settings_for(tmp_path, llmock_server.openai), background=False) as supervisor:
        llmock_server.script(
            calls(("PlannerOutput", PLAN)),
            calls(("timer__set", {"duration": "5 minutes"}), ("timer__set", {"duration": "9 minutes"})),
            says("Both timers are on their way."),
        )
        response = await ask(supervisor, True)
        assert response.outcome == "success", response.text
        events = await trace_of(supervisor, response)
        assert [event.tool_calls for event in of(events, ModelCalled)] == [
            ["PlannerOutput"],
            ["timer.set", "timer.set"],
            [],
        ]
        assert len(await supervisor.store.read_all(0, {"timer.set"})) == 2
    assert llmock_server.pending() == 0
    results = [one for one in llmock_server.requests()[-1]["body"]["messages"] if one["role"] == "tool"]
    assert len(results) == 2


async def test_a_role_s_agent_talks_to_the_model(tmp_path: Path, llmock_server: LLMockProcess) -> None:  # noqa: F811
    llmock_server.script(says("Two chemists walk into a bar."))
    async with Supervisor(settings_for(tmp_path, llmock_server.openai), background=False) as supervisor:
        seen: list[Update] = []
        async for update in supervisor.stream_request("tell me a joke"):
            seen.append(update)
        completed = seen[-1]
        assert isinstance(completed, Completed)
        assert completed.response.text == "Two chemists walk into a bar."
        assert "".join(update.text for update in seen if isinstance(update, TextDelta)) == completed.response.text


async def test_the_router_asks_a_model(tmp_path: Path, llmock_server: LLMockProcess) -> None:  # noqa: F811
    settings = settings_for(tmp_path, llmock_server.openai).model_copy(
        update={"router": RouterSettings(model_tier="fast", precision=0.999)}
    )
    llmock_server.script({"type": "fail", "status": 500, "times": None})
    async with Supervisor(settings, background=False) as supervisor:
        response = await ask(supervisor, False, "saturday")
        events = await trace_of(supervisor, response)
        routing = [event for event in of(events, ModelCalled) if event.purpose == "route"]
        assert [event.provider for event in routing] == ["openai", "openai", "offline"]


# --- what a server may do wrong ---

SHORT = {"idle_timeout": 0.4, "timeout": 0.6, "retries": 0}
"""For servers that have to be waited for."""


def scripted(*behaviours: dict[str, Any], **values: Any) -> Any:
    return behaviours, values


def forever(behaviour: str, **values: Any) -> dict[str, Any]:
    """A fault of llmock's that every request has."""
    return {"type": behaviour, "times": None, **values}


FAULTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "unauthorized": scripted(forever("fail", status=401)),
    "busy": scripted(forever("fail", status=429, retry_after=0.05)),
    "busy for long": scripted(forever("fail", status=429, retry_after=3600)),
    "broken": scripted(forever("fail", status=500)),
    "overloaded": scripted(forever("fail", status=529, retry_after=0.05)),
    "too long": scripted(forever("fail", status=400, message="maximum context length is 8")),
    "truncated": scripted(forever("stream_fault", kind="truncate", after_chunks=2)),
    "gone in the middle": scripted(forever("stream_fault", kind="disconnect", after_chunks=2)),
    "malformed chunks": scripted(forever("stream_fault", kind="malformed", after_chunks=1)),
    "silent in the middle": scripted(forever("stream_fault", kind="stall", after_chunks=2), **SHORT),
    "hangs": ([hangs()], SHORT),
    "speaks for ever": ([drips()], SHORT),
    "sends megabytes": ([speaks_without_end()], {}),
    "html instead of json": ([refuses(200, "<html>")], {}),
}

NONSENSE: dict[str, Any] = {
    "words instead of a plan": scripted(says("I would rather not.", times=None)),
    "wrong tool names": scripted({"type": "tool_fault", "kind": "unknown_tool", "times": None}),
    "malformed arguments": scripted({"type": "tool_fault", "kind": "malformed_arguments", "times": None}),
    "made-up arguments": scripted(),
    "cut off at its limit": scripted(says("So,", finish_reason="length", times=None)),
    "nothing at all": scripted(says("", times=None)),
}


async def with_fault(fault: Any, llmock: LLMockProcess, work: Callable[[str, Any], Awaitable[None]]) -> None:
    """Run `work` against the address of a server that has this fault, with the tier's values that go with it."""
    behaviours, values = fault
    if isinstance(behaviours, list):
        acts: list[Act] = behaviours
        async with raw_model_server(*acts) as server:
            await work(server.url, values)
        return
    llmock.script(*behaviours)
    await work(llmock.openai, values)


async def test_a_plan_that_can_not_be_run_is_asked_for_again_and_then_made_by_another(
    tmp_path: Path,
    llmock_server: LLMockProcess,  # noqa: F811
) -> None:
    wrong = {"tasks": [{**GRAPH["tasks"][0], "depends_on": ["nobody"]}]}
    async with Supervisor(settings_for(tmp_path, llmock_server.openai), background=False) as supervisor:
        llmock_server.script(calls(("TaskGraphOutput", wrong)), calls(("TaskGraphOutput", GRAPH)))
        response = await ask(supervisor, False)
        assert response.outcome == "success", response.text
        assert not of(await trace_of(supervisor, response), FallbackTaken)
        llmock_server.script(calls(("TaskGraphOutput", wrong)), calls(("TaskGraphOutput", wrong)))
        response = await ask(supervisor, False)
        assert response.outcome == "success", response.text
        (fallback,) = of(await trace_of(supervisor, response), FallbackTaken)
        assert "nobody" in fallback.reason
    assert len(llmock_server.requests()) == 4


@pytest.mark.parametrize("meta_planning", ENGINES)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_the_offline_model_stands_in(
    tmp_path: Path,
    llmock_server: LLMockProcess,  # noqa: F811
    fault: Any,
    meta_planning: bool,
) -> None:
    async def work(url: str, values: Any) -> None:
        async with Supervisor(settings_for(tmp_path, url, **values), background=False) as supervisor:
            response = await ask(supervisor, meta_planning)
            events = await trace_of(supervisor, response)
            taken = of(events, FallbackTaken)
            assert taken[0].source == "model smart"
            assert taken[0].target == "model offline"
            if response.outcome != "success":  # what was sent in megabytes counts, so the tokens may run out
                assert response.outcome == "limit:tokens", response.text
                assert response.usage.output_tokens > MAX_ANSWER_CHARS // 4
                return
            assert await effects(supervisor) == 2

    await with_fault(fault, llmock_server, work)


@pytest.mark.parametrize("fallback", [(), ("offline",)], ids=["alone", "with the offline model"])
@pytest.mark.parametrize("meta_planning", ENGINES)
@pytest.mark.parametrize("script", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_ends_in_an_answer_or_a_named_fault(
    tmp_path: Path,
    llmock_server: LLMockProcess,  # noqa: F811
    script: Any,
    meta_planning: bool,
    fallback: tuple[str, ...],
) -> None:
    if script[0]:
        llmock_server.script(*script[0])
    settings = settings_for(tmp_path, llmock_server.openai, fallback=fallback)
    async with Supervisor(settings, background=False) as supervisor:
        response = await ask(supervisor, meta_planning)
        await trace_of(supervisor, response)
        assert response.outcome in {"success", "partial", "failure", "limit:turns"}
        assert response.text
        assert await effects(supervisor) <= 2
        if not fallback and script[0]:
            assert response.outcome == "failure"
            assert await effects(supervisor) == 0
        elif fallback and not meta_planning:
            assert response.outcome == "success" or not script[0], response.text


@pytest.mark.parametrize("meta_planning", ENGINES)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_without_a_fallback_it_is_a_clear_failure(
    tmp_path: Path,
    llmock_server: LLMockProcess,  # noqa: F811
    fault: Any,
    meta_planning: bool,
) -> None:
    async def work(url: str, values: Any) -> None:
        async with Supervisor(settings_for(tmp_path, url, fallback=(), **values), background=False) as supervisor:
            response = await ask(supervisor, meta_planning)
            if response.outcome.startswith("limit:"):
                assert response.outcome == "limit:tokens"
            else:
                assert response.outcome == "failure", response
                assert "the model" in response.text
            assert response.intents == ()
            events = await trace_of(supervisor, response)
            assert all(event.target != "model offline" for event in of(events, FallbackTaken))
            assert await effects(supervisor) == 0

    await with_fault(fault, llmock_server, work)


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_the_trip_is_planned_when_nobody_is_there(tmp_path: Path, meta_planning: bool) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    async with Supervisor(settings_for(tmp_path, url), background=False) as supervisor:
        response = await ask(supervisor, meta_planning, TRIP)
        events = await trace_of(supervisor, response)
        assert {event.target for event in of(events, FallbackTaken)} == {"model offline"}
        assert [intent.type for intent in response.intents] == ["calendar.add_event", "timer.set_timer"]
        assert {intent.status.value for intent in response.intents} == {"processed"}
        assert response.outcome == "partial"  # the weather can't be reached


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_a_server_that_dies_in_the_middle(tmp_path: Path, meta_planning: bool) -> None:
    server = LLMockProcess(tmp_path)
    server.start()
    server.script({"type": "stream_fault", "kind": "stall", "after_chunks": 2, "stall_seconds": 60, "times": None})
    try:
        settings = settings_for(tmp_path, server.openai, idle_timeout=10.0, timeout=15.0)
        async with Supervisor(settings, background=False) as supervisor:
            found: list[Response] = []

            async def work() -> None:
                found.append(await ask(supervisor, meta_planning))

            async with anyio.create_task_group() as group:
                group.start_soon(work)
                await anyio.sleep(1.0)
                await anyio.to_thread.run_sync(server.kill)
            (response,) = found
            assert response.outcome == "success", response.text
            events = await trace_of(supervisor, response)
            assert of(events, ModelCalled)[0].error
            assert await effects(supervisor) == 2
    finally:
        server.kill()


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_a_server_that_is_stopped_like_a_process(tmp_path: Path, meta_planning: bool) -> None:
    """It takes connections and never reads them."""
    server = LLMockProcess(tmp_path)
    server.start()
    try:
        server.pause()
        async with Supervisor(settings_for(tmp_path, server.openai, **SHORT), background=False) as supervisor:
            response = await ask(supervisor, meta_planning)
            assert response.outcome == "success", response.text
            assert "imed out" in str(of(await trace_of(supervisor, response), ModelCalled)[0].error)
    finally:
        server.kill()


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_a_short_request_is_never_outlived(tmp_path: Path, meta_planning: bool) -> None:
    async with raw_model_server(hangs()) as server:
        settings = settings_for(tmp_path, server.url, idle_timeout=10.0, timeout=10.0, fallback=())
        async with Supervisor(settings, background=False) as supervisor:
            response = await ask(supervisor, meta_planning, wall_clock=0.5)
            assert response.outcome == "limit:wall_clock"
            await trace_of(supervisor, response)


async def test_an_answer_that_breaks_off_is_taken_back(tmp_path: Path, llmock_server: LLMockProcess) -> None:  # noqa: F811
    llmock_server.script(
        says("Two chemists walk into"),
        says("Two chemists walk into a bar."),
        {"type": "stream_fault", "kind": "disconnect", "after_chunks": 4},
    )
    async with Supervisor(settings_for(tmp_path, llmock_server.openai), background=False) as supervisor:
        shown = ""
        async for update in supervisor.stream_request("tell me a joke"):
            if isinstance(update, TextDelta):
                shown += update.text
            elif isinstance(update, TextDiscarded):
                assert shown
                shown = shown[: -update.characters]
            elif isinstance(update, Completed):
                assert shown == update.response.text == "Two chemists walk into a bar."


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_wrong_names_and_arguments_are_put_right(
    tmp_path: Path,
    llmock_server: LLMockProcess,  # noqa: F811
    meta_planning: bool,
) -> None:
    plan = ("PlannerOutput", PLAN)
    llmock_server.script(
        calls(plan if meta_planning else ("TaskGraphOutput", GRAPH)),
        {"type": "tool_fault", "kind": "unknown_tool"},
        calls(plan if meta_planning else ("TaskGraphOutput", GRAPH)),
        {"type": "tool_fault", "kind": "malformed_arguments"},
        calls(plan if meta_planning else ("TaskGraphOutput", GRAPH)),
        calls(("timer__set", {"minutes": "?"}), ("timer_set", {"duration": "5 minutes"})),
        calls(("timer__set", {"duration": "5 minutes"})),
        says("The timer is on its way."),
    )
    async with Supervisor(settings_for(tmp_path, llmock_server.openai), background=False) as supervisor:
        response = await ask(supervisor, meta_planning)
        assert response.outcome == "success", response.text
        events = await trace_of(supervisor, response)
        assert of(events, FallbackTaken) == []
        if meta_planning:
            assert [event.ok for event in of(events, ToolCalled)] == [False, False, False, True]
            assert llmock_server.pending() == 0
        assert len(await supervisor.store.read_all(0, {"timer.set"})) == 1


async def test_the_cost_and_tokens_of_attempts_are_bounded(tmp_path: Path, llmock_server: LLMockProcess) -> None:  # noqa: F811
    llmock_server.script({"type": "stream_fault", "kind": "truncate", "after_chunks": 2, "times": None})
    async with Supervisor(settings_for(tmp_path, llmock_server.openai, retries=9), background=False) as supervisor:
        response = await ask(supervisor, False, turns=3)
        assert response.outcome == "limit:turns"
        assert len(llmock_server.requests()) == 3
