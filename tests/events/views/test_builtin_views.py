"""The views that come with the store: traces, intents, performance."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from common.intents import IntentStatus
from events.catalogue import Event
from events.catalogue.intent import IntentApprovalRequested, IntentRegistered
from events.catalogue.trace import (
    ModelCalled,
    RequestRouted,
    TaskFinished,
    TaskStarted,
    ToolCalled,
    TraceEnded,
    TraceStarted,
)
from events.projection import Row, Views
from events.state.intent import approve, arguments_hash, claim, deny, fail, fold_intent, leave_uncertain, process
from events.store import EventStore, stream_name
from events.verify import verify
from events.views.builtin import builtin_views
from tests.events.samples import MOMENT, fact


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


@pytest.fixture
async def views(store: EventStore) -> AsyncGenerator[Views]:
    opened = Views(store, builtin_views())
    yield opened
    await opened.close()


STARTED = TraceStarted(request="ring", user="ann", session="s1", request_id="r1", owner="p1", context={})


async def trace(store: EventStore, name: str, *events: Event, tenant: str = "acme") -> None:
    await store.append(stream_name("trace", name), [STARTED, *events], tenant=tenant, correlation=name)


async def test_a_running_trace_has_no_outcome(store: EventStore, views: Views) -> None:
    await trace(store, "t1")
    await trace(store, "t2", TraceEnded(outcome="success", response={"text": "done"}))
    running = await views.query("trace_index", {"outcome": None})
    assert [(row["trace_id"], row["tenant"], row["user"], row["owner"]) for row in running] == [
        ("t1", "acme", "ann", "p1")
    ]
    assert (running[0]["position"], running[0]["request"], running[0]["session"]) == (1, "ring", "s1")


async def test_a_whole_trace(store: EventStore, views: Views) -> None:
    await trace(
        store,
        "t/1",
        RequestRouted(approach="direct", route="timer", confidence=0.9),
        ToolCalled(call_id="1", tool="timer.set", ok=True),
        ToolCalled(call_id="2", tool="timer.set", ok=False),
        ModelCalled(provider="p", model="m", input_tokens=10, output_tokens=5, cost=0.5),
        ModelCalled(provider="p", model="m", input_tokens=1, output_tokens=1),
        TraceEnded(outcome="failure", response={"text": "sorry"}, error="broken"),
    )
    (row,) = await views.query("trace_index")
    expected: Row = {
        "trace_id": "t/1",
        "approach": "direct",
        "route": "timer",
        "confidence": 0.9,
        "tool_calls": 2,
        "model_calls": 2,
        "input_tokens": 11,
        "output_tokens": 6,
        "cost": 0.5,
        "outcome": "failure",
        "error": "broken",
        "answer": "sorry",
    }
    assert {name: row[name] for name in expected} == expected
    assert row["started_at"] <= row["ended_at"]


async def test_events_without_a_start_make_no_trace(store: EventStore, views: Views) -> None:
    await store.append("trace/t1", [TraceEnded(outcome="success", response={})])
    await store.append("else/t2", [STARTED])
    assert await views.query("trace_index") == []


def registered(number: int) -> IntentRegistered:
    return IntentRegistered(
        intent_id=f"i{number}",
        type="test.ring",
        arguments={"times": number},
        summary=f"ring {number}",
        key=f"k{number}",
        trace_id="t1",
        task="main",
        ordinal=number,
        user="ann",
        expires_at=MOMENT,
    )


async def test_an_intent_goes_through_its_states(store: EventStore, views: Views) -> None:
    stream = stream_name("intent", "i1")

    async def then(event: Event) -> Row:
        await store.append(stream, [event], tenant="acme")
        row = await views.get("intents", ("i1",))
        assert row is not None
        state = fold_intent(await store.read(stream))
        assert (row["status"], row["attempt"], row["owner"]) == (state.status, state.attempt, state.owner)
        return row

    row = await then(registered(1))
    assert (row["tenant"], row["user"], row["trace_id"], row["task"]) == ("acme", "ann", "t1", "main")
    assert (row["type"], row["arguments"], row["summary"], row["ordinal"]) == ("test.ring", {"times": 1}, "ring 1", 1)
    assert (row["expires_at"], row["arguments_hash"]) == (MOMENT, arguments_hash("test.ring", {"times": 1}))
    await then(IntentApprovalRequested(intent_id="i1", arguments_hash=row["arguments_hash"]))
    row = await then(approve(fold_intent(await store.read(stream)), "bob", row["arguments_hash"]))
    assert row["decided_by"] == "bob"
    row = await then(claim(fold_intent(await store.read(stream)), "p1", MOMENT))
    assert (row["attempt"], row["owner"], row["not_after"]) == (1, "p1", MOMENT)
    row = await then(leave_uncertain(fold_intent(await store.read(stream)), "no answer"))
    assert row["detail"] == "no answer"
    row = await then(process(fold_intent(await store.read(stream)), "rang"))
    assert (row["status"], row["detail"]) == (IntentStatus.PROCESSED, "rang")
    assert row["updated_at"] >= row["registered_at"]


async def test_intents_are_found_by_trace_and_status(store: EventStore, views: Views) -> None:
    for number in (2, 1, 3):
        await store.append(stream_name("intent", f"i{number}"), [registered(number)], tenant="acme")
    await store.append("intent/i2", [deny(fold_intent(await store.read("intent/i2")), "policy", "never")])
    await store.append("intent/i3", [fail(fold_intent(await store.read("intent/i3")), "no bell")])
    rows = await views.query("intents", {"trace_id": "t1", "tenant": "acme"}, order_by="ordinal")
    assert [(row["intent_id"], row["status"], row["detail"]) for row in rows] == [
        ("i1", "registered", ""),
        ("i2", "denied", "never"),
        ("i3", "failed", "no bell"),
    ]
    assert await views.query("intents", {"status": "registered", "tenant": "other"}) == []


async def test_performance_counts_calls_errors_and_tokens(store: EventStore, views: Views) -> None:
    response: dict[str, Any] = {"metadata": {"approach": "direct"}, "duration_ms": 500.0}
    for ok in (True, False):
        await trace(
            store,
            f"t{ok}",
            TaskStarted(task="main", role="timer", request="ring"),
            TaskFinished(task="main", role="timer", ok=ok, seconds=2.0),
            ToolCalled(call_id="1", tool="timer.set", ok=ok, seconds=0.25),
            ModelCalled(provider="p", model="m", input_tokens=3, output_tokens=2, cost=0.5, seconds=1.0),
            ModelCalled(provider="p", model="m", error="down"),
            TraceEnded(outcome="success" if ok else "failure", response=response),
        )
    await trace(store, "odd", TraceEnded(outcome="cancelled", response={"metadata": 5, "duration_ms": "x"}))
    rows = {
        (row["kind"], row["name"]): (row["calls"], row["errors"], row["seconds"], row["input_tokens"], row["cost"])
        for row in await views.query("performance")
    }
    assert rows == {
        ("role", "timer"): (2, 1, 4.0, 0, 0.0),
        ("tool", "timer.set"): (2, 1, 0.5, 0, 0.0),
        ("model", "p/m"): (4, 2, 2.0, 6, 1.0),
        ("request", "direct"): (2, 1, 1.0, 0, 0.0),
        ("request", "unknown"): (1, 1, 0.0, 0, 0.0),
    }


async def test_nothing_of_this_is_parked_and_a_rebuild_is_equal(store: EventStore, views: Views) -> None:
    await trace(store, "t1", ToolCalled(call_id="1", tool="x.y", ok=True), TraceEnded(outcome="success", response={}))
    await store.append("intent/i1", [registered(1)])
    await store.append("memory/a", [fact(1)])
    assert await views.parked() == []
    report = await verify(store, views)
    assert (report.ok, set(report.views)) == (True, {view.name for view in builtin_views()})
