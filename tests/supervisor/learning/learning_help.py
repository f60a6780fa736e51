"""Traces in which a truth is hidden, in a log, and learning over it."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from common.clock import SystemClock
from common.intents import StreamAppend
from common.learning_settings import LearningSettings
from common.settings import Settings
from events.catalogue import Event
from events.catalogue.collected import CollectedStep, TraceCollected
from events.projection import Views
from events.store import EventStore
from events.views.builtin import builtin_views
from supervisor.commands.guidelines import GuidelineCommands
from supervisor.learning.integration import Learning, LearningHooks, make_learning
from supervisor.learning.trace_collector import collected_stream
from supervisor.store_opening import open_store

BAD = "guess"
"""The tool that does harm in `traces`."""


def trace(
    trace_id: str,
    names: Sequence[str],
    success: bool | None,
    *,
    agent_type: str = "triage",
    task: str = "",
    **more: object,
) -> TraceCollected:
    steps = [CollectedStep(kind="tool", name=name, ok=True, digest=f"d{place}") for place, name in enumerate(names)]
    values: dict[str, object] = {"steps": steps, **more}
    return TraceCollected(
        trace_id=trace_id, user="local", source="test", agent_type=agent_type, task_id=task or trace_id,
        success=success, **values,  # type: ignore[arg-type]
    )  # fmt: skip


def traces(
    count: int, *, seed: int = 1, agent_type: str = "triage", first: int = 0, good: float = 0.8, bad: float = 0.4
) -> list[TraceCollected]:
    """Runs that guess by chance, and succeed less often where they do."""
    chance = random.Random(seed)
    found: list[TraceCollected] = []
    for number in range(first, first + count):
        guesses = chance.random() < 0.5
        names = ["open", *([BAD] if guesses else []), *(["look"] if chance.random() < 0.5 else []), "close"]
        success = chance.random() < (bad if guesses else good)
        found.append(trace(f"{agent_type}-{seed}-{number}", names, success, agent_type=agent_type))
    return found


async def log(store: EventStore, collected: Sequence[TraceCollected], tenant: str = "default") -> None:
    appends = [StreamAppend(collected_stream(tenant, each.trace_id), [each]) for each in collected]
    for start in range(0, len(appends), 200):
        await store.append(appends[start : start + 200], tenant=tenant)


async def told(store: EventStore, *kinds: type[Event]) -> list[Event]:
    """All events of these kinds, in order."""
    recorded = await store.read_all(0, {kind.TOPIC for kind in kinds}, limit=10_000)
    return [entry.event for entry in recorded if isinstance(entry.event, kinds)]


@asynccontextmanager
async def learning_over(
    store: EventStore,
    settings: LearningSettings | None = None,
    *,
    served: Collection[str] = (),
    hooks: LearningHooks = LearningHooks(),  # noqa: B008 - frozen
) -> AsyncGenerator[Learning]:
    """Learning by an owner of its own."""
    ownership = await store.ownership()
    views = Views(store, builtin_views())
    try:
        yield make_learning(
            store, views, SystemClock(), ownership, GuidelineCommands(store), settings or LearningSettings(),
            served=served, hooks=hooks,
        )  # fmt: skip
    finally:
        await views.close()
        ownership.release()


@asynccontextmanager
async def log_in(folder: Path) -> AsyncGenerator[EventStore]:
    """A log in a file, as processes share one."""
    async with await open_store(Settings(data_dir=folder)) as store:
        yield store
