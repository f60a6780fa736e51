"""A handler that promises to be done sooner than the settings allow: its attempts and its claims are as short."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import anyio

from common.context import TaskContext
from common.intents import Effect, Intent, IntentExecution, IntentResult
from common.settings import IntentSettings, Settings
from common.telemetry import Telemetry
from events.catalogue.intent import IntentClaimed
from events.ownership import FileOwnership
from events.store import EventStore
from supervisor.intent_processor import IntentProcessor
from supervisor.runs import Runs
from supervisor.testing import MovableClock
from tests.supervisor.test_intent_processor import Ring


@dataclass
class Short:
    """It hangs, and has happened all the same."""

    lasts: float | None
    effect: Effect = Effect.QUERYABLE
    intent_type: type[Intent] = Ring
    given: list[timedelta] = field(default_factory=list[timedelta])
    clock: MovableClock | None = None

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        assert self.clock is not None
        self.given.append(execution.not_after - self.clock.now())
        await anyio.sleep(60)
        return IntentResult("never")

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        return IntentResult("It had rung.")


async def test_an_attempt_takes_no_longer_than_its_handler_promises(movable_clock: MovableClock) -> None:
    async with await EventStore.open("memory://") as store:
        settings = IntentSettings(timeout=30.0)
        processor = IntentProcessor(store, settings, movable_clock, Telemetry(), FileOwnership.acquire(None))
        handler = Short(0.2, clock=movable_clock)
        processor.add_handler(handler)
        context = TaskContext(request_id="r").resolved(movable_clock.now(), "UTC", None)
        runs = Runs(Settings(intents=settings), store, Telemetry())
        run = runs.open("ring", context, "trace", lambda _: None)
        run.context.collector.register(Ring())
        with anyio.fail_after(10):
            (report,) = await processor.settle(run)
        assert report.detail == "It had rung."
        assert handler.given == [timedelta(seconds=0.2)]
        (claimed,) = await store.read_all(0, {IntentClaimed.TOPIC})
        assert isinstance(claimed.event, IntentClaimed)
        assert claimed.event.not_after - movable_clock.now() == timedelta(seconds=0.2)
