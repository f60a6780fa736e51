"""How intents take effect: policies, approvals, and every kind of effect through failures and crashes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import anyio
import pytest

from common.context import Owner, TaskContext
from common.errors import IntentError, NotFound
from common.intents import Effect, Intent, IntentExecution, IntentResult, Policy, StreamAppend
from common.settings import IntentSettings, Settings
from common.telemetry import Telemetry
from events.catalogue.intent import IntentClaimed, IntentProcessed
from events.catalogue.memory import FactRemembered
from events.ownership import FileOwnership
from events.store import EventStore, stream_name
from supervisor.intent_processor import IntentProcessor
from supervisor.runs import Run, Runs
from supervisor.testing import MovableClock

OWNER = Owner("acme", "maria")


class Ring(Intent):
    TYPE: ClassVar[str] = "test.ring"
    EXPIRES_AFTER: ClassVar[timedelta | None] = timedelta(minutes=5)
    times: int = 1

    def summary(self) -> str:
        return f"ring {self.times} times"


@dataclass
class Bell:
    """A handler whose attempts follow a script: "ok", "lost" (done, no answer), "down" (not done), "no" (refused)."""

    effect: Effect
    script: list[str] = field(default_factory=list[str])
    rung: set[str] = field(default_factory=set[str])
    rings: int = 0
    attempts: int = 0
    intent_type: type[Intent] = Ring

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        self.attempts += 1
        step = self.script.pop(0) if self.script else "ok"
        if step == "no":
            raise IntentError("the bell is broken")
        if step == "hang":
            await anyio.sleep(60)
        if step != "down" and not (self.effect is Effect.IDEMPOTENT and execution.key in self.rung):
            self.rung.add(execution.key)
            self.rings += 1
        if step in ("lost", "down"):
            raise ConnectionError("no answer")
        return IntentResult("It rang.")

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        return IntentResult("It had rung.") if execution.key in self.rung else None


@dataclass
class Bench:
    store: EventStore
    clock: MovableClock
    processor: IntentProcessor
    runs: Runs

    async def settle(self, *intents: Intent, request_id: str = "r1") -> list[tuple[str, str]]:
        reports = await self.processor.settle(self.run(*intents, request_id=request_id))
        return [(report.status.value, report.detail) for report in reports]

    def run(self, *intents: Intent, request_id: str = "r1") -> Run:
        context = TaskContext(tenant=OWNER.tenant, user=OWNER.user, request_id=request_id)
        run = self.runs.open(
            "ring", context.resolved(self.clock.now(), "UTC", None), f"trace-{request_id}", lambda _: None
        )
        for intent in intents:
            run.context.collector.register(intent)
        return run

    async def ids(self) -> list[str]:
        recorded = await self.store.read_all(0, {"intent.registered"})
        return [entry.stream.partition("/")[2] for entry in recorded]

    async def events(self) -> list[str]:
        return [entry.topic for entry in await self.store.read_all() if entry.topic.startswith("intent.")]


MakeBench = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def make(movable_clock: MovableClock) -> AsyncGenerator[MakeBench]:
    stores: list[EventStore] = []

    async def build(handler: Any = None, store: EventStore | None = None, **values: Any) -> Bench:
        if store is None:
            store = await EventStore.open("memory://")
            stores.append(store)
        settings = IntentSettings.model_validate({"timeout": 0.2, **values})
        telemetry = Telemetry()
        processor = IntentProcessor(store, settings, movable_clock, telemetry, FileOwnership.acquire(None))
        if handler is not None:
            processor.add_handler(handler)
        return Bench(store, movable_clock, processor, Runs(Settings(intents=settings), store, telemetry))

    yield build
    for store in stores:
        await store.close()


@pytest.mark.parametrize("effect", [Effect.IDEMPOTENT, Effect.QUERYABLE, Effect.AT_MOST_ONCE])
async def test_an_effect_outside_is_claimed_before_it_is_tried(make: MakeBench, effect: Effect) -> None:
    bench = await make(Bell(effect))
    assert await bench.settle(Ring()) == [("processed", "It rang.")]
    assert await bench.events() == ["intent.registered", "intent.claimed", "intent.processed"]


@pytest.mark.parametrize(
    ("effect", "script", "status", "rings"),
    [
        (Effect.IDEMPOTENT, ["lost", "ok"], "processed", 1),
        (Effect.IDEMPOTENT, ["down", "down", "ok"], "processed", 1),
        (Effect.IDEMPOTENT, ["down", "down", "down"], "uncertain", 0),
        (Effect.IDEMPOTENT, ["hang", "ok"], "processed", 1),
        (Effect.QUERYABLE, ["lost"], "processed", 1),
        (Effect.QUERYABLE, ["down", "ok"], "processed", 1),
        (Effect.AT_MOST_ONCE, ["lost"], "uncertain", 1),
        (Effect.AT_MOST_ONCE, ["down"], "uncertain", 0),
        (Effect.IDEMPOTENT, ["no"], "failed", 0),
        (Effect.QUERYABLE, ["no"], "failed", 0),
        (Effect.AT_MOST_ONCE, ["no"], "failed", 0),
    ],
)
async def test_what_a_failed_attempt_may_lead_to(
    make: MakeBench, effect: Effect, script: list[str], status: str, rings: int
) -> None:
    bell = Bell(effect, list(script))
    bench = await make(bell)
    ((reported, detail),) = await bench.settle(Ring())
    assert (reported, bell.rings) == (status, rings), detail
    assert (status == "processed") == ("rang" in detail or "rung" in detail)


class Remember:
    """A LOG handler: its effect is an event."""

    intent_type = Ring
    effect = Effect.LOG

    def __init__(self, expected_version: int | None = None) -> None:
        self.expected_version = expected_version

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        event = FactRemembered(fact_id=execution.key, text="rang", user=execution.context.user)
        stream = stream_name("memory", execution.context.tenant, execution.context.user)
        return IntentResult("Noted.", appends=[StreamAppend(stream, [event], self.expected_version)])

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        raise AssertionError("a LOG effect is never asked about")


async def test_a_log_effect_and_its_record_are_one_append(make: MakeBench) -> None:
    bench = await make(Remember())
    assert await bench.settle(Ring()) == [("processed", "Noted.")]
    recorded = await bench.store.read_all()
    assert [entry.topic for entry in recorded] == ["intent.registered", "intent.processed", "memory.remembered"]


async def test_a_log_effect_that_keeps_conflicting_fails_and_leaves_nothing(make: MakeBench) -> None:
    bench = await make(Remember(expected_version=5))
    ((status, detail),) = await bench.settle(Ring())
    assert status == "failed"
    assert "kept coming first" in detail
    assert await bench.store.read(stream_name("memory", *OWNER)) == []


async def test_the_policies(make: MakeBench) -> None:
    denied = await make(Bell(Effect.IDEMPOTENT), policies={"test.ring": Policy.DENY})
    ((status, detail),) = await denied.settle(Ring())
    assert status == "denied"
    assert "policy" in detail

    bell = Bell(Effect.IDEMPOTENT)
    asking = await make(bell, default_policy=Policy.ASK)
    ((status, _),) = await asking.settle(Ring(times=3))
    assert (status, bell.rings) == ("awaiting_approval", 0)
    (intent_id,) = await asking.ids()
    assert (await asking.processor.process(intent_id)).status.value == "awaiting_approval"
    with pytest.raises(NotFound):
        await asking.processor.approve(intent_id, Owner("acme", "eve"), by="eve")
    report = await asking.processor.approve(intent_id, OWNER, by="maria")
    assert (report.status.value, bell.rings) == ("processed", 1)
    with pytest.raises(IntentError, match="does not wait"):
        await asking.processor.approve(intent_id, OWNER, by="maria")
    assert bell.rings == 1


async def test_a_denied_intent_is_never_carried_out(make: MakeBench) -> None:
    bell = Bell(Effect.IDEMPOTENT)
    bench = await make(bell, default_policy=Policy.ASK)
    await bench.settle(Ring())
    (intent_id,) = await bench.ids()
    assert (await bench.processor.deny(intent_id, OWNER, by="maria", reason="too loud")).status.value == "denied"
    assert (await bench.processor.process(intent_id)).status.value == "denied"
    with pytest.raises(IntentError):
        await bench.processor.approve(intent_id, OWNER, by="maria")
    assert bell.rings == 0


async def test_an_approval_that_came_too_late_fails_as_expired(make: MakeBench) -> None:
    bell = Bell(Effect.IDEMPOTENT)
    bench = await make(bell, default_policy=Policy.ASK)
    await bench.settle(Ring())
    (intent_id,) = await bench.ids()
    bench.clock.move(timedelta(minutes=6))
    report = await bench.processor.approve(intent_id, OWNER, by="maria")
    assert report.status.value == "failed"
    assert "expired" in report.detail
    assert bell.rings == 0


async def test_the_same_request_registers_its_intents_once(make: MakeBench) -> None:
    bell = Bell(Effect.IDEMPOTENT)
    bench = await make(bell)
    await bench.settle(Ring(), request_id="same")
    with pytest.raises(Exception, match="version"):
        await bench.settle(Ring(), request_id="same")
    await bench.settle(Ring(), request_id="other")
    assert bell.rings == 2


async def test_two_processors_carry_out_one_intent_once(make: MakeBench) -> None:
    bell = Bell(Effect.AT_MOST_ONCE)
    bench = await make(bell, default_policy=Policy.ASK)
    await bench.settle(Ring())
    (intent_id,) = await bench.ids()
    other = await make(bell, store=bench.store)
    results: list[str] = []

    async def approve(processor: IntentProcessor) -> None:
        try:
            results.append((await processor.approve(intent_id, OWNER, by="maria")).status.value)
        except IntentError as error:
            results.append(type(error).__name__)

    async with anyio.create_task_group() as group:
        group.start_soon(approve, bench.processor)
        group.start_soon(approve, other.processor)
    assert bell.rings == 1
    assert "processed" in results
    topics = await bench.events()
    assert topics.count("intent.processed") == 1


@pytest.mark.parametrize(
    ("effect", "rang", "status", "rings"),
    [
        (Effect.IDEMPOTENT, True, "processed", 1),
        (Effect.IDEMPOTENT, False, "processed", 1),
        (Effect.QUERYABLE, True, "processed", 1),
        (Effect.QUERYABLE, False, "processed", 1),
        (Effect.AT_MOST_ONCE, True, "uncertain", 1),
        (Effect.AT_MOST_ONCE, False, "uncertain", 0),
    ],
)
async def test_a_claim_of_a_dead_process_is_settled(
    make: MakeBench, effect: Effect, rang: bool, status: str, rings: int
) -> None:
    bell = Bell(effect)
    bench = await make(bell, default_policy=Policy.ASK)
    await bench.settle(Ring())
    (intent_id,) = await bench.ids()
    stream = stream_name("intent", intent_id)
    not_after = datetime.now(UTC)
    from events.catalogue.intent import IntentApproved
    from events.state.intent import arguments_hash

    digest = arguments_hash("test.ring", {"times": 1})
    await bench.store.append(
        stream,
        [
            IntentApproved(intent_id=intent_id, by="maria", arguments_hash=digest),
            IntentClaimed(intent_id=intent_id, attempt=1, key=intent_id, owner="dead", not_after=not_after),
        ],
        tenant=OWNER.tenant,
    )
    if rang:
        bell.rung.add(intent_id)
        bell.rings = 1
    report = await bench.processor.process(intent_id)
    assert (report.status.value, bell.rings) == (status, rings)


async def test_an_intent_without_a_handler_fails(make: MakeBench) -> None:
    bench = await make()
    ((status, detail),) = await bench.settle(Ring())
    assert status == "failed"
    assert "no handler" in detail


async def test_what_the_time_limit_cut_off_is_failed_not_forgotten(make: MakeBench) -> None:
    bell = Bell(Effect.IDEMPOTENT)
    bench = await make(bell)
    run = bench.run(Ring())
    run.context.budget.limits = run.context.budget.limits.model_copy(update={"wall_clock": 1e-9})
    (report,) = await bench.processor.settle(run)
    assert report.status.value == "failed"
    assert "time was up" in report.detail
    assert bell.rings == 0


async def test_a_second_handler_for_a_type_is_refused(make: MakeBench) -> None:
    bench = await make(Bell(Effect.LOG))
    with pytest.raises(IntentError, match="already"):
        bench.processor.add_handler(Bell(Effect.LOG))


async def test_nothing_is_told_as_done_after_a_processed_event_of_somebody_else(make: MakeBench) -> None:
    bell = Bell(Effect.IDEMPOTENT)
    bench = await make(bell, default_policy=Policy.ASK)
    await bench.settle(Ring())
    (intent_id,) = await bench.ids()
    version = await bench.store.version(stream_name("intent", intent_id))
    await bench.store.append(
        stream_name("intent", intent_id),
        [IntentProcessed(intent_id=intent_id, detail="done elsewhere")],
        version,
        tenant=OWNER.tenant,
    )
    with pytest.raises(IntentError):
        await bench.processor.approve(intent_id, OWNER, by="maria")
    assert bell.rings == 0
