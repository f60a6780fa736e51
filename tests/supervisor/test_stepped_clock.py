"""A machine's clock that is set back or forward: claims, timers and effects outlive it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import anyio
import pytest

from common.context import TaskContext
from common.intents import Effect, StreamAppend
from common.settings import IntentSettings, Settings
from common.telemetry import Telemetry
from events.catalogue.intent import IntentClaimed
from events.catalogue.timer import TimerFired
from events.ownership import FileOwnership
from events.store import EventStore
from supervisor.intent_processor import IntentProcessor
from supervisor.runs import Run, Runs
from supervisor.testing import MovableClock
from tests.roles.timer.timers import NOW, timers
from tests.supervisor.test_intent_processor import Bell, Ring

BOUND = 10.0
STEPS = [timedelta(hours=-5), timedelta(days=-400), timedelta(hours=5), timedelta(days=400)]


class SteppingStore:
    """A store beside which somebody sets the clock, right behind the first claim."""

    def __init__(self, store: EventStore, clock: MovableClock, step: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._step: timedelta | None = step

    async def append(self, appends: list[StreamAppend], **keywords: Any) -> int:
        position = await self._store.append(appends, **keywords)
        if self._step and any(isinstance(event, IntentClaimed) for part in appends for event in part.events):
            self._clock.move(self._step)
            self._step = None
        return position

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


def processor_on(store: Any, clock: MovableClock, bell: Bell) -> IntentProcessor:
    processor = IntentProcessor(store, IntentSettings(timeout=0.2), clock, Telemetry(), FileOwnership.acquire(None))
    processor.add_handler(bell)
    return processor


def run_on(store: Any, clock: MovableClock) -> Run:
    context = TaskContext(request_id="r").resolved(clock.now(), "UTC", None)
    run = Runs(Settings(intents=IntentSettings(timeout=0.2)), store, Telemetry()).open(
        "ring", context, "t", lambda _: None
    )
    run.context.collector.register(Ring())
    return run


@pytest.mark.parametrize("effect", [Effect.IDEMPOTENT, Effect.QUERYABLE, Effect.AT_MOST_ONCE])
@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_a_clock_that_is_set_behind_a_claim(
    store: EventStore, movable_clock: MovableClock, effect: Effect, step: timedelta
) -> None:
    """Set forward, the claim has run out before it was used: nothing is begun under it, and it is claimed anew."""
    bell = Bell(effect)
    stepping: Any = SteppingStore(store, movable_clock, step)
    processor = processor_on(stepping, movable_clock, bell)
    with anyio.fail_after(BOUND):
        (report,) = await processor.settle(run_on(stepping, movable_clock))
    assert (report.status.value, bell.rings, bell.attempts) == ("processed", 1, 1)
    claims = await store.read_all(0, {IntentClaimed.TOPIC})
    assert len(claims) == (2 if step > timedelta(0) else 1)


@pytest.mark.parametrize("step", STEPS, ids=str)
async def test_a_clock_that_is_set_before_an_attempt_without_an_answer(
    store: EventStore, movable_clock: MovableClock, step: timedelta
) -> None:
    """No answer came, and the claim may seem to last for ever: it is waited for within bounds, and then asked for."""
    bell = Bell(Effect.QUERYABLE, ["lost"])
    stepping: Any = SteppingStore(store, movable_clock, step)
    processor = processor_on(stepping, movable_clock, bell)
    with anyio.fail_after(BOUND):
        (report,) = await processor.settle(run_on(stepping, movable_clock))
    assert (report.status.value, bell.rings) == ("processed", 1)


async def test_timers_go_off_once_whatever_the_clock_does() -> None:
    async with timers() as desk:
        await desk.done("set", duration="10 minutes", label="tea")
        await desk.done("set", duration="3 hours", label="roast")
        desk.clock.time = NOW - timedelta(days=1)
        assert await desk.firer.fire_due() == 0
        desk.clock.time = NOW + timedelta(hours=1)
        assert await desk.firer.fire_due() == 1
        desk.clock.time = NOW
        assert await desk.firer.fire_due() == 0
        desk.clock.time = NOW + timedelta(days=400)
        assert await desk.firer.fire_due() == 1
        desk.clock.time = NOW + timedelta(minutes=10)
        assert await desk.firer.fire_due() == 0
        assert len(await desk.store.read_all(0, {TimerFired.TOPIC})) == 2
