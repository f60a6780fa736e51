"""Records from the log: what counts as a success, what comes again, and what can't be read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from common.context import Owner
from common.errors import ConfigurationError, NotFound
from events.catalogue.base import Event
from events.catalogue.collected import TraceCollected
from events.catalogue.intent import IntentDenied, IntentProcessed, IntentRegistered, IntentUncertain
from events.catalogue.request import OutcomeReported
from events.catalogue.trace import (
    ModelCalled,
    RequestRouted,
    TaskFinished,
    TaskGraphPlanned,
    TaskStarted,
    ToolCalled,
    TraceEnded,
    TraceStarted,
)
from events.forget import forget_tenant
from events.keys import MemoryKeys
from events.projection import Views
from events.store import EventStore, stream_name
from supervisor.facade import Supervisor
from supervisor.learning.records import Record
from supervisor.learning.trace_collector import TraceCollector, collected_stream, outcome_stream
from tests.events.newer import append_newer


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


def started(request: str = "Wake me") -> TraceStarted:
    return TraceStarted(request=request, user="local", request_id="r", owner="o", context={})


def ended(outcome: str = "success") -> TraceEnded:
    return TraceEnded(outcome=outcome, response={"duration_ms": 1500.0})


def task(role: str, name: str = "main", *, ok: bool = True, partly: bool = False) -> list[Event]:
    return [
        TaskStarted(task=name, role=role, request=f"for {role}", guideline_version="0.3.0"),
        ToolCalled(
            task=name, call_id="c", tool=f"{role}.do", arguments={"a": 1}, ok=ok, text="no" if not ok else "yes"
        ),
        ModelCalled(task=name, provider="p", model="m", input_tokens=7, output_tokens=3, cost=0.5),
        TaskFinished(task=name, role=role, ok=ok, partly=partly, seconds=0.5),
    ]


def intent(identity: str = "i1", name: str = "main") -> IntentRegistered:
    return IntentRegistered(
        intent_id=identity, type="x", arguments={}, summary="", key="k", trace_id="t1", task=name, user="local"
    )


async def log(store: EventStore, *events: Event, trace: str = "t1", tenant: str = "default") -> None:
    for event in events:
        stream = stream_name("trace", trace)
        if isinstance(event, IntentRegistered | IntentProcessed | IntentDenied | IntentUncertain):
            stream = stream_name("intent", event.intent_id)
        await store.append(stream, [event], tenant=tenant, correlation=trace)


async def read(collector: TraceCollector, after: int = 0) -> list[Record]:
    return [record async for page in collector.read(after) for record in page.records]


@pytest.mark.parametrize(("events", "success"), [
    ([*task("timer"), ended()], True),
    ([*task("timer", ok=False), ended("failure")], False),
    ([*task("timer", partly=True), ended("partial")], False),
    ([*task("timer")[:2], ended("limit:tokens")], False),
    ([*task("timer")[:2], ended("cancelled")], None),
    ([*task("timer")[:2], ended("interrupted")], None),
    ([*task("timer"), intent(), ended("awaiting_approval")], None),
    ([*task("timer"), intent(), IntentProcessed(intent_id="i1", detail="done"), ended()], True),
    ([*task("timer"), intent(), IntentDenied(intent_id="i1", by="policy"), ended("partial")], False),
    ([*task("timer"), intent(), IntentUncertain(intent_id="i1", reason="?"), ended("partial")], None),
])  # fmt: skip
async def test_a_success_is_finished_tasks_and_settled_intents(
    store: EventStore, events: Sequence[Event], success: bool | None
) -> None:
    await log(store, started(), RequestRouted(approach="direct", route="timer", confidence=1.0), *events)
    (record,) = await read(TraceCollector(store))
    assert (record.trace_id, record.agent_type, record.success) == ("t1", "timer", success)
    assert (record.version, record.tokens, record.domain) == ("0.3.0", 10 if len(events) > 3 else None, "supervisor")
    assert [step.name for step in record.steps] == ["timer.do"]
    assert record.position == await store.head()


async def test_each_agent_type_of_a_request_has_a_record_and_so_has_the_planner(store: EventStore) -> None:
    planned = TaskGraphPlanned(tasks=[], guideline_version="1.0.0")
    await log(store, started(), planned, *task("weather", "t1"), *task("timer", "t2", ok=False), ended("partial"))
    records = {record.agent_type: record for record in await read(TraceCollector(store))}
    assert {name: record.success for name, record in records.items()} == {
        "weather": True,
        "timer": False,
        "planning": False,
    }
    assert [step.name for step in records["planning"].steps] == ["weather", "timer"]
    assert [step.name for step in records["timer"].steps] == ["timer.do"]
    assert records["planning"].version == "1.0.0"
    assert records["timer"].trace_id == "t1#timer"


async def test_what_is_settled_or_reported_later_comes_again_by_reading_only_what_is_new(store: EventStore) -> None:
    await log(store, started(), *task("timer"), intent(), ended("awaiting_approval"))
    collector = TraceCollector(store)
    (waiting,) = await read(collector)
    await log(store, IntentProcessed(intent_id="i1", detail="done"))
    (settled,) = await read(TraceCollector(store), waiting.position)
    assert (waiting.success, settled.success) == (None, True)
    reported = OutcomeReported(trace_id="t1", score=0.25, comment="late", by="me")
    await store.append(outcome_stream("t1"), [reported])
    (judged,) = await read(collector, settled.position)
    assert (judged.success, judged.score, judged.position) == (False, 0.25, await store.head())
    assert collector.counts.events == 7 + 1
    assert await read(collector, judged.position) == []


async def test_a_trace_that_began_before_the_position_is_read_whole(store: EventStore) -> None:
    await log(store, started(), *task("timer"))
    half = await store.head()
    pages = [page async for page in TraceCollector(store).read()]
    assert (pages[-1].records, pages[-1].open) == ((), 1)
    await log(store, ended())
    (record,) = await read(TraceCollector(store), half)
    assert (record.success, len(record.steps)) == (True, 1)


async def test_small_pages_and_little_room_give_the_same_records(store: EventStore) -> None:
    for number in range(12):
        await log(store, started(), *task("timer"), trace=f"t{number}")
    for number in range(12):
        await log(store, ended(), trace=f"t{number}")
    plenty = await read(TraceCollector(store))
    assert len(plenty) == 12
    assert await read(TraceCollector(store, page_size=5, max_open=2)) == plenty


async def test_a_trace_that_ends_twice_keeps_its_first_end(store: EventStore) -> None:
    await log(store, started(), *task("timer"), ended(), ended("failure"))
    collector = TraceCollector(store)
    (record,) = await read(collector)
    assert (record.success, collector.counts.ended_twice) == (True, 1)


def collected(trace_id: str, **more: object) -> TraceCollected:
    given = {"user": "local", "source": "traces", "agent_type": "a", "task_id": "x", "success": True, **more}
    return TraceCollected.model_validate({"trace_id": trace_id, **given})


async def test_what_was_erased_or_is_unknown_is_counted_and_passed_over() -> None:
    async with await EventStore.open("memory://", keys=MemoryKeys()) as store:
        for tenant in ("acme", "globex"):
            await store.append(collected_stream(tenant, "one"), [collected("one")], tenant=tenant)
        await append_newer(store, collected_stream("globex", "two"), TraceCollected.TOPIC, tenant="globex")
        assert len(await read(TraceCollector(store))) == 2
        assert len(await read(TraceCollector(store, tenant="acme"))) == 1
        await _forget(store, "acme")
        collector = TraceCollector(store)
        assert [record.trace_id for record in await read(collector)] == ["one"]
        assert (collector.counts.erased, collector.counts.unknown) == (1, 1)


async def _forget(store: EventStore, tenant: str) -> None:
    await forget_tenant(store, Views(store), tenant, by="test")


async def test_another_tenants_outcome_says_nothing(store: EventStore) -> None:
    await store.append(collected_stream("acme", "one"), [collected("one")], tenant="acme")
    other = OutcomeReported(trace_id="one", score=0.0, by="them")
    await store.append(outcome_stream("one"), [other], tenant="globex")
    collector = TraceCollector(store)
    assert [record.success for record in await read(collector)] == [True]
    assert collector.counts.no_trace == 1
    final = TraceCollector(store, final=True)
    assert [record.success for record in await read(final)] == [True]


async def test_outcomes_of_requests_and_collected_runs_are_reported_by_their_owner(supervisor: Supervisor) -> None:
    response = await supervisor.process_request("set a timer for 5 minutes")
    assert await supervisor.report_outcome(response.trace_id[:10], False, "too late") == response.trace_id
    await supervisor.store.append(collected_stream("default", "run/1 ü"), [collected("run/1 ü")])
    assert await supervisor.report_outcome("run/1 ü", 0.75, by="bob") == "run/1 ü"
    records = {record.trace_id: record for record in await read(TraceCollector(supervisor.store))}
    mine = [record for name, record in records.items() if name.startswith(response.trace_id)]
    assert [record.success for record in mine] == [False]
    assert (records["run/1 ü"].score, records["run/1 ü"].success) == (0.75, True)
    for wrong in (1.5, -0.1, float("nan")):
        with pytest.raises(ConfigurationError):
            await supervisor.report_outcome(response.trace_id, wrong)
    for trace_id, owner in (
        ("none", Owner("default", "local")),
        ("run/1 ü", Owner("default", "eve")),
        ("", Owner("a", "b")),
    ):
        with pytest.raises(NotFound):
            await supervisor.report_outcome(trace_id, True, owner=owner)


async def test_a_real_request_is_a_record_of_its_role(supervisor: Supervisor) -> None:
    await supervisor.process_request("set a timer for 5 minutes")
    (record,) = await read(TraceCollector(supervisor.store))
    assert (record.agent_type, record.success, record.finished) == ("timer", True, True)
    assert [step.kind for step in record.steps] == ["tool"]


def test_names_that_are_too_long_for_a_stream_get_a_short_one_of_their_own() -> None:
    names = {collected_stream("t", letter * 200) for letter in "ü€x"} | {outcome_stream("ü" * 200)}
    assert len(names) == 4
    assert all(len(name) < 1_000 for name in names)


async def test_runs_of_thousands_of_steps_are_read_in_small_pages(store: EventStore) -> None:
    steps = [{"kind": "thinking", "name": "think", "text": str(number)} for number in range(2_000)]
    for number in range(160):
        event = collected(str(number), steps=steps)
        await store.append(collected_stream("default", str(number)), [event])
    sizes = [len(page.records) async for page in TraceCollector(store).read()]
    assert (sum(sizes), sizes[0]) == (160, 100)
    assert max(sizes[1:]) <= 25
