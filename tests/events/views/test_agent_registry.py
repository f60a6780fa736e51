"""The registry of roles and agents."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import pytest

from common.errors import NotFound
from events.projection import Views
from events.store import EventStore
from events.views.agent_registry import AgentRegistry, AgentRegistryView


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


@pytest.fixture
async def registry(store: EventStore) -> AsyncGenerator[AgentRegistry]:
    views = Views(store, [AgentRegistryView()])
    yield AgentRegistry(store, views)
    await views.close()


async def test_an_agent_is_registered_once_a_definition(store: EventStore, registry: AgentRegistry) -> None:
    first = await registry.register("timer", "sets timers", ["timer.set", "timer.list"], examples=12)
    again = await registry.register("timer", "sets timers", ["timer.set", "timer.list"], examples=12)
    assert first == again
    assert (first.name, first.kind, first.description, first.tools, first.examples, first.enabled) == (
        "timer",
        "role",
        "sets timers",
        ("timer.set", "timer.list"),
        12,
        True,
    )
    assert await store.version("agent/timer") == 1
    changed = await registry.register("timer", "sets timers and alarms", ["timer.set"])
    assert changed.definition_hash != first.definition_hash
    assert await store.version("agent/timer") == 2


async def test_registering_at_once_appends_once(store: EventStore, registry: AgentRegistry) -> None:
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(registry.register, "timer", "sets timers")
    assert await store.version("agent/timer") == 1


async def test_a_given_hash_decides(store: EventStore, registry: AgentRegistry) -> None:
    await registry.register("timer", "one", definition_hash="same")
    assert (await registry.register("timer", "two", definition_hash="same")).description == "one"
    assert await store.version("agent/timer") == 1


async def test_updating_changes_what_is_named(registry: AgentRegistry) -> None:
    await registry.register("timer", "sets timers", ["timer.set"], kind="agent", examples=3)
    changed = await registry.update("timer", description="sets alarms")
    assert (changed.description, changed.tools, changed.kind, changed.examples) == (
        "sets alarms",
        ("timer.set",),
        "agent",
        3,
    )
    with pytest.raises(NotFound):
        await registry.update("nobody", description="x")


async def test_disabling_outlasts_a_new_definition(store: EventStore, registry: AgentRegistry) -> None:
    await registry.register("timer", "one")
    assert (await registry.disable("timer", reason="noisy", by="ann")).reason == "noisy"
    await registry.disable("timer")
    assert not (await registry.register("timer", "two")).enabled
    restored = await registry.restore("timer")
    assert (restored.enabled, restored.reason) == (True, None)
    assert await store.version("agent/timer") == 4
    with pytest.raises(NotFound):
        await registry.disable("nobody")


async def test_all_agents_and_those_of_before(store: EventStore, registry: AgentRegistry) -> None:
    await registry.register("weather", "tells the weather")
    before = await store.head()
    await registry.register("calendar", "keeps dates")
    await registry.disable("weather")
    assert [(agent.name, agent.enabled) for agent in await registry.get_all_agents()] == [
        ("calendar", True),
        ("weather", False),
    ]
    assert [(agent.name, agent.enabled) for agent in await registry.at(before)] == [("weather", True)]
    with pytest.raises(NotFound):
        await registry.get("timer")
