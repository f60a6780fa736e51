"""Guidelines in a running supervisor: what is in service reaches the agents, and the trace names the version."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.context import TaskContext
from common.errors import GuidelineError, NotFound, StoreUnavailable
from common.hints import PlanningHints
from common.results import Response, RoleResult
from common.run_context import RunContext
from common.settings import RouterSettings, Settings, StoreSettings
from events import GuidelineView
from events.catalogue.trace import AgentConfigured, RequestRouted, TaskGraphPlanned, TaskStarted
from events.state.guideline import NONE
from llm_provider.offline_model import OfflineModel
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.events.newer import append_newer
from tests.supervisor.scripted_role import ScriptedRole, settings_that_know_the_role

BOTH = "search my notes for the packing list and set a timer for 5 minutes"
META = TaskContext(flags={"meta-planning": True})
GRAPH = TaskContext(flags={"meta-planning": False})


async def serve(supervisor: Supervisor, agent_type: str, *rules: str) -> str:
    proposed = await supervisor.guidelines.propose(agent_type, rules, by="ann")
    await supervisor.guidelines.activate(agent_type, proposed.version, by="ann")
    return proposed.version


async def events_of(supervisor: Supervisor, response: Response) -> list[Any]:
    return [entry.event for entry in (await supervisor.trace(response.trace_id)).events]


async def versions_of(supervisor: Supervisor, response: Response) -> dict[str, str | None]:
    """By role of the tasks that were started: the version that the trace names."""
    events = await events_of(supervisor, response)
    return {event.role: event.guideline_version for event in events if isinstance(event, TaskStarted)}


async def test_a_rule_in_service_changes_what_is_done_and_a_rollback_takes_it_back(supervisor: Supervisor) -> None:
    before = await supervisor.process_request(BOTH, META)
    assert [intent.type for intent in before.intents] == ["timer.set_timer"]
    assert await versions_of(supervisor, before) == {"agent": None}

    await serve(supervisor, "agent", "stop after search.documents", "Be brief.")
    ruled = await supervisor.process_request(BOTH, META)
    assert ruled.intents == ()
    assert "the guideline says to stop before it" in ruled.text
    assert await versions_of(supervisor, ruled) == {"agent": "1.0.0"}

    assert (await supervisor.guidelines.roll_back("agent", by="ann")).restored is None
    after = await supervisor.process_request(BOTH, META)
    assert [intent.type for intent in after.intents] == ["timer.set_timer"]
    assert await versions_of(supervisor, after) == {"agent": None}


async def test_a_role_without_any_model_obeys_its_rules(supervisor: Supervisor) -> None:
    text = "set a timer for 5 minutes and 9 minutes"
    before = await supervisor.process_request(text)
    assert (before.metadata.approach, len(before.intents)) == ("direct", 2)
    await serve(supervisor, "timer", "stop after timer.set")
    ruled = await supervisor.process_request(text)
    assert (ruled.metadata.approach, len(ruled.intents), ruled.outcome) == ("direct", 1, "partial")
    assert "the guideline says to stop before it" in ruled.text
    assert await versions_of(supervisor, ruled) == {"timer": "1.0.0"}
    elsewhere = await supervisor.process_request("turn on the kitchen light")
    assert await versions_of(supervisor, elsewhere) == {"smart_home": None}


async def test_a_version_that_is_only_proposed_changes_nothing(supervisor: Supervisor) -> None:
    await supervisor.guidelines.propose("agent", ["stop after search.documents"], by="ann")
    response = await supervisor.process_request(BOTH, META)
    assert len(response.intents) == 1
    await supervisor.guidelines.start_trial("agent", "1.0.0", share=0.5, by="ann")
    await supervisor.guidelines.reject("agent", "1.0.0", by="ann")
    with pytest.raises(GuidelineError, match="it is rejected"):
        await supervisor.guidelines.activate("agent", "1.0.0", by="ann")
    assert supervisor.guidelines.current == {}


class Listening(OfflineModel):
    """Remembers the system prompts that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.prompts: list[str] = []

    async def stream(self, messages: Any, tool_specs: Any = None, system_prompt: Any = None, **kwargs: Any) -> Any:  # pyright: ignore
        self.prompts.append(str(system_prompt))
        async for event in super().stream(messages, tool_specs, system_prompt, **kwargs):
            yield event


def blocks(prompts: list[str], *rules: str) -> list[list[str]]:
    """Which of the rules stand in each prompt."""
    return [[rule for rule in rules if f"\n- {rule}\n" in prompt] for prompt in prompts]


async def test_planner_and_agent_get_their_own_and_nobody_elses(tmp_path: Path) -> None:
    model = Listening()
    async with Supervisor(offline_settings(tmp_path), model=model, background=False) as supervisor:
        for agent_type in ("planning", "agent", "timer", "router"):
            await serve(supervisor, agent_type, f"Rule of {agent_type}.")
        response = await supervisor.process_request(BOTH, META)
        rules = [f"Rule of {name}." for name in ("planning", "agent", "timer", "router")]
        found = blocks(model.prompts, *rules)
        assert found[0] == ["Rule of planning."]
        assert {tuple(each) for each in found[1:]} == {("Rule of agent.",)}
        configured = [event for event in await events_of(supervisor, response) if isinstance(event, AgentConfigured)]
        assert [event.guideline_version for event in configured] == ["1.0.0"]


async def test_every_role_of_a_task_graph_gets_its_own(tmp_path: Path) -> None:
    model = Listening()
    async with Supervisor(offline_settings(tmp_path), model=model, background=False) as supervisor:
        await serve(supervisor, "planning", "Few tasks.")
        await serve(supervisor, "search", "Be brief.")
        await serve(supervisor, "search", "Be brief.", "Be kind.")
        response = await supervisor.process_request(BOTH, GRAPH)
        assert await versions_of(supervisor, response) == {"search": "1.1.0", "timer": None}
        assert blocks(model.prompts, "Few tasks.", "Be brief.")[0] == ["Few tasks."]
        planned = [event for event in await events_of(supervisor, response) if isinstance(event, TaskGraphPlanned)]
        assert [event.guideline_version for event in planned] == ["1.0.0"]


async def test_the_model_that_routes_gets_its_own(tmp_path: Path) -> None:
    router = RouterSettings(precision=0.9999999, model_tier="fast")
    model = Listening()
    settings = offline_settings(tmp_path).model_copy(update={"router": router})
    async with Supervisor(settings, model=model, background=False) as supervisor:
        await serve(supervisor, "router", "Weather is weather.")
        response = await supervisor.process_request("hmm is it rainy or what")
        assert blocks(model.prompts, "Weather is weather.")[0]
        routed = [event for event in await events_of(supervisor, response) if isinstance(event, RequestRouted)]
        assert [event.guideline_version for event in routed] == ["1.0.0"]


async def test_a_router_without_a_model_names_its_version_too(supervisor: Supervisor) -> None:
    await serve(supervisor, "router", "Weather is weather.")
    response = await supervisor.process_request("turn on the kitchen light")
    routed = [event for event in await events_of(supervisor, response) if isinstance(event, RequestRouted)]
    assert [event.guideline_version for event in routed] == ["1.0.0"]


@pytest.fixture
async def host(tmp_path: Path) -> AsyncGenerator[tuple[Supervisor, list[PlanningHints]]]:
    """A supervisor whose own role tells what it was given, and proposes another version while it works."""
    seen: list[PlanningHints] = []
    supervisor = Supervisor(settings_that_know_the_role(tmp_path), background=False)

    async def script(request: str, run: RunContext) -> RoleResult:
        seen.append(run.hints)
        await serve(supervisor, "scripted", f"Rule {len(seen)}.")
        return RoleResult("done")

    supervisor.add_role(ScriptedRole(script))
    async with supervisor:
        yield supervisor, seen


async def test_a_hosts_role_is_given_its_guideline_as_it_was_when_the_request_began(
    host: tuple[Supervisor, list[PlanningHints]],
) -> None:
    supervisor, seen = host
    first = await supervisor.process_request("play the script")
    second = await supervisor.process_request("play the script")
    assert [(hints.guideline, hints.guideline_version) for hints in seen] == [((), None), (("Rule 1.",), "1.0.0")]
    assert await versions_of(supervisor, first) == {"scripted": None}
    assert await versions_of(supervisor, second) == {"scripted": "1.0.0"}
    assert supervisor.guidelines.current["scripted"].guideline_version == "2.0.0"
    assert set(supervisor.guidelines.agent_types) >= {"scripted", "timer", "planning", "router", "agent"}


async def test_a_task_of_a_graph_is_given_the_guideline_of_its_role(
    host: tuple[Supervisor, list[PlanningHints]],
) -> None:
    supervisor, seen = host
    await serve(supervisor, "scripted", "Play well.")
    await serve(supervisor, "planning", "Few tasks.")
    response = await supervisor.process_request("play the script and set a timer for 5 minutes", GRAPH)
    assert await versions_of(supervisor, response) == {"scripted": "1.0.0", "timer": None}
    assert [hints.guideline for hints in seen] == [("Play well.",)]


def on_disk(folder: Path) -> Settings:
    store = StoreSettings(url=f"sqlite:///{folder / 'events.db'}")
    return offline_settings(folder).model_copy(update={"store": store})


async def test_what_another_supervisor_decides_is_seen(tmp_path: Path) -> None:
    async with Supervisor(on_disk(tmp_path)) as mine, Supervisor(on_disk(tmp_path), background=False) as other:
        await serve(other, "timer", "Be kind.")
        with anyio.fail_after(20):
            while "timer" not in mine.guidelines.current:
                await anyio.sleep(0.01)
        await other.guidelines.roll_back("timer", by="bob")
        with anyio.fail_after(20):
            while "timer" in mine.guidelines.current:
                await anyio.sleep(0.01)


async def test_a_snapshot_is_read_anew_only_for_guidelines(supervisor: Supervisor) -> None:
    await serve(supervisor, "timer", "Be kind.")
    before = supervisor.guidelines.current
    await supervisor.process_request("turn on the kitchen light")
    await supervisor.guidelines.refresh()
    assert supervisor.guidelines.current is before
    await serve(supervisor, "weather", "Be kind.")
    assert before.keys() == {"timer"}
    assert supervisor.guidelines.current.keys() == {"timer", "weather"}


async def test_a_restart_finds_what_was_in_service(tmp_path: Path) -> None:
    async with Supervisor(on_disk(tmp_path), background=False) as supervisor:
        await serve(supervisor, "timer", "Be kind.")
    async with Supervisor(on_disk(tmp_path), background=False) as supervisor:
        response = await supervisor.process_request("set a timer for 5 minutes")
        assert await versions_of(supervisor, response) == {"timer": "1.0.0"}


async def test_guidelines_as_they_stood(supervisor: Supervisor) -> None:
    guidelines = supervisor.guidelines
    await serve(supervisor, "timer", "one")
    then = await supervisor.store.head()
    await serve(supervisor, "timer", "one", "two")
    await serve(supervisor, "agent", "three")
    assert [(each.agent_type, each.version, each.status.value) for each in await guidelines.versions()] == [
        ("agent", "1.0.0", "active"),
        ("timer", "1.0.0", "retired"),
        ("timer", "1.1.0", "active"),
    ]
    assert [(each.agent_type, each.version, each.status.value) for each in await guidelines.versions(at=then)] == [
        ("timer", "1.0.0", "active")
    ]
    assert await guidelines.versions(at=0) == []
    assert (await guidelines.get("timer", at=then)).version == "1.0.0"
    now = await guidelines.get("timer")
    assert (now.version, now.base_version, [rule.text for rule in now.rules]) == ("1.1.0", "1.0.0", ["one", "two"])
    assert [step.what for step in await guidelines.history("timer", at=then)] == ["proposed", "activated"]
    assert len(await guidelines.history("timer")) == 4
    with pytest.raises(NotFound, match=r"no version in service at position 0.* Its versions: none"):
        await guidelines.get("timer", at=0)
    with pytest.raises(NotFound, match="there is no guideline of 'weather'"):
        await guidelines.history("weather")
    async with supervisor.views.as_of(then) as past:
        (row,) = await past.query(GuidelineView.name)
    assert (row["version"], row["status"]) == ("1.0.0", "active")


async def test_what_differs(supervisor: Supervisor) -> None:
    guidelines = supervisor.guidelines
    await serve(supervisor, "timer", "one", "two")
    await serve(supervisor, "timer", "two", "three")
    told = [(change.kind, change.before, change.after) for change in await guidelines.diff("timer", "1.0.0", "active")]
    assert told == [("removed", "one", ""), ("added", "", "three")]
    assert len(await guidelines.diff("timer", NONE, "2.0.0")) == 2
    assert await guidelines.diff("timer", "2.0.0", "2.0.0") == []
    with pytest.raises(NotFound, match=r"no version '7\.0\.0'.*1\.0\.0 \(retired\), 2\.0\.0 \(active\)"):
        await guidelines.diff("timer", "1.0.0", "7.0.0")


async def test_what_a_newer_version_decided_is_told_and_stands_in_nobodys_way(supervisor: Supervisor) -> None:
    await serve(supervisor, "timer", "Be kind.")
    await append_newer(supervisor.store, "guideline/timer", "guideline.merged")
    await supervisor.guidelines.refresh()
    assert [step.what for step in await supervisor.guidelines.history("timer")] == [
        "proposed",
        "activated",
        "unreadable",
    ]
    response = await supervisor.process_request("set a timer for 5 minutes")
    assert await versions_of(supervisor, response) == {"timer": "1.0.0"}


async def test_a_change_that_is_durable_is_no_failure(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patched:

        async def broken(*_: object, **__: object) -> None:
            raise StoreUnavailable("the views are gone")

        patched.setattr(supervisor.views, "query", broken)
        await serve(supervisor, "timer", "Be kind.")
    assert supervisor.guidelines.current == {}
    assert "goes by it later" in caplog.text
    await supervisor.guidelines.refresh()
    assert supervisor.guidelines.current["timer"].guideline_version == "1.0.0"
