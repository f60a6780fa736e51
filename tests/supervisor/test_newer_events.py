"""Beside a newer version of this software, nothing is decided on top of what only that version can read."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from common.context import TaskContext
from common.errors import IntentError, StoreError
from common.intents import IntentStatus
from common.settings import StoreSettings
from events.catalogue.agent import AgentRegistered
from events.catalogue.intent import IntentProcessed, IntentRegistered
from events.catalogue.request import RequestAccepted
from events.catalogue.trace import TraceEnded, TraceStarted
from events.store import EventStore, stream_name
from events.views.agent_registry import AgentRegistry
from supervisor.facade import Supervisor
from supervisor.testing import offline_settings
from tests.events.newer import append_newer


async def test_a_request_id_that_a_newer_version_claimed_is_left_to_it(supervisor: Supervisor) -> None:
    stream = stream_name("request", "default", "local", "r1")
    await append_newer(supervisor.store, stream, RequestAccepted.TOPIC)
    head = await supervisor.store.head()
    with pytest.raises(StoreError, match=r"newer version can not be read, so who handles this request is not decided"):
        await supervisor.process_request("what time is it?", TaskContext(request_id="r1"))
    assert await supervisor.store.head() == head


async def test_a_request_id_with_newer_events_behind_its_claim_is_left_too(supervisor: Supervisor) -> None:
    context = TaskContext(request_id="r2")
    first = await supervisor.process_request("thanks", context)
    assert (await supervisor.process_request("thanks", context)).trace_id == first.trace_id
    await append_newer(supervisor.store, stream_name("request", "default", "local", "r2"), "request.reassigned")
    with pytest.raises(StoreError, match="who handles this request is not decided"):
        await supervisor.process_request("thanks", context)


async def abandoned(store: EventStore, trace_id: str) -> None:
    """A trace whose owner died."""
    started = TraceStarted(
        request="thanks", user="local", request_id=trace_id, owner="nobody-that-lives", context={"user": "local"}
    )
    await store.append(stream_name("trace", trace_id), [started])


async def test_an_abandoned_trace_with_newer_events_is_not_settled(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    store = supervisor.store
    await abandoned(store, "t1")
    await abandoned(store, "t2")
    await append_newer(store, "trace/t1", TraceEnded.TOPIC)
    with caplog.at_level(logging.ERROR):
        await supervisor.process_request("thanks")
    assert [entry.topic for entry in await store.read("trace/t1")] == [TraceStarted.TOPIC, TraceEnded.TOPIC]
    settled = (await store.read("trace/t2"))[-1].event
    assert isinstance(settled, TraceEnded)
    assert settled.outcome == "interrupted"
    assert "this trace is not settled" in caplog.text


async def test_an_intent_with_newer_events_is_not_carried_out(supervisor: Supervisor) -> None:
    store = supervisor.store
    await store.append(
        "intent/i1",
        [
            IntentRegistered(
                intent_id="i1", type="timer.set", arguments={}, summary="s", key="i1", trace_id="t", user="local"
            )
        ],
    )
    await append_newer(store, "intent/i1", "intent.postponed")
    with pytest.raises(IntentError, match="can't be read, so nothing is decided about it"):
        await supervisor.approve("i1", by="ann")
    assert not any(isinstance(entry.event, IntentProcessed) for entry in await store.read("intent/i1"))
    (row,) = await supervisor.views.query("intents", {"intent_id": "i1"})
    assert row["status"] == IntentStatus.REGISTERED


async def test_a_start_beside_newer_definitions_leaves_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    settings = offline_settings(tmp_path).model_copy(update={"store": StoreSettings(url=url)})
    async with await EventStore.open(url) as store:
        await append_newer(store, "agent/timer", AgentRegistered.TOPIC)
    with caplog.at_level(logging.WARNING):
        async with Supervisor(settings, background=False) as supervisor:
            assert [entry.topic for entry in await supervisor.store.read("agent/timer")] == [AgentRegistered.TOPIC]
            registry = AgentRegistry(supervisor.store, supervisor.views)
            assert "weather" in {agent.name for agent in await registry.get_all_agents()}
            await append_newer(supervisor.store, "agent/weather", "agent.improved")
            with pytest.raises(StoreError, match="this agent is not changed"):
                await registry.disable("weather")
    assert "the log keeps its own definition of timer" in caplog.text
