"""Recording a trace: in order, never in the way, and only by its owner."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from common.context import TaskContext
from common.errors import StoreError, StreamConflict
from common.intents import IntentStatus, StreamAppend
from common.results import IntentReport, Response
from common.run_context import TraceSink
from events.catalogue import Event
from events.catalogue.trace import ThinkingRecorded, ToolCalled, TraceEnded, TraceStarted
from events.store import EventStore
from events.trace_writer import TraceWriter
from tests.events.store_contract import blocked_writer

STARTED = TraceStarted(request="ring", user="ann", request_id="r1", owner="p1", context={})


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://", timeout=5) as opened:
        yield opened


def thought(text: str) -> ThinkingRecorded:
    return ThinkingRecorded(text=text)


async def thoughts(store: EventStore) -> list[str]:
    return [entry.event.text for entry in await store.read("trace/t1") if isinstance(entry.event, ThinkingRecorded)]


async def test_events_are_recorded_in_order_with_their_header(store: EventStore) -> None:
    writer: TraceSink = TraceWriter(store, "t1", "acme")
    assert writer.trace_id == "t1"
    for number in range(100):
        writer.record(thought(str(number)))
    assert isinstance(writer, TraceWriter)
    await writer.flush()
    assert await thoughts(store) == [str(number) for number in range(100)]
    first = (await store.read("trace/t1"))[0]
    assert (first.tenant, first.correlation) == ("acme", "t1")


async def test_recording_does_not_wait(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    async with blocked_writer(store) as release:
        writer.record(thought("a"))
        assert await store.version("trace/t1") == 0
        release.set()
        await writer.flush()
    await writer.flush()
    assert await thoughts(store) == ["a"]


async def test_it_is_in_the_log_once_the_task_waits(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    writer.record(thought("a"))
    with anyio.fail_after(5):
        while await thoughts(store) != ["a"]:
            await anyio.lowlevel.checkpoint()


async def test_what_is_recorded_in_one_step_stands_together(store: EventStore) -> None:
    one, other = TraceWriter(store, "t1", "acme"), TraceWriter(store, "t2", "acme")
    for number in range(2):
        one.record(thought(f"one {number}"))
        other.record(thought(f"other {number}"))
    await other.flush()
    await one.flush()
    recorded = [entry.event for entry in await store.read_all()]
    assert [event.text.split()[0] for event in recorded if isinstance(event, ThinkingRecorded)] in (
        ["one", "one", "other", "other"],
        ["other", "other", "one", "one"],
    )


async def test_what_was_sent_is_before_what_is_appended_then(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    writer.record(thought("a"))
    writer.send()
    await store.append("intent/i1", [thought("b")])
    assert [entry.stream for entry in await store.read_all()] == ["trace/t1", "intent/i1"]


async def test_from_a_thread_without_a_loop_it_is_sent_at_once(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    await anyio.to_thread.run_sync(writer.record, thought("a"))
    assert await store.append("floor", [thought("b")]) == 2


async def test_an_opening_goes_with_the_first_append(store: EventStore) -> None:
    claim = StreamAppend("request/r1", [thought("claim")], 0)
    opening = [store.encoded(claim), store.encoded(StreamAppend("trace/t1", [STARTED], 0))]
    writer = TraceWriter(store, "t1", "acme", version=0, opening=opening)
    writer.record(thought("a"))
    assert store.known_head == 0
    await writer.flush()
    assert [entry.id for entry in await store.read_all()] == ["request/r1@1", "trace/t1@1", "trace/t1@2"]


async def test_an_opening_that_comes_second_leaves_nothing(store: EventStore) -> None:
    claim = StreamAppend("request/r1", [thought("claim")], 0)
    await store.append([claim])
    opening = [store.encoded(claim), store.encoded(StreamAppend("trace/t1", [STARTED], 0))]
    writer = TraceWriter(store, "t1", "acme", version=0, opening=opening)
    writer.record(thought("a"))
    with pytest.raises(StoreError, match="could not be recorded"):
        await writer.flush()
    assert await store.head() == 1


async def test_an_end_that_comes_second_keeps_what_was_recorded_before(store: EventStore) -> None:
    await store.append("timer/1", [thought("mine")])
    opening = [store.encoded(StreamAppend("trace/t1", [STARTED], 0))]
    writer = TraceWriter(store, "t1", "acme", version=0, opening=opening)
    writer.record(thought("a"))
    with pytest.raises(StreamConflict):
        await writer.end(TraceEnded(outcome="success", response={}), [StreamAppend("timer/1", [thought("late")], 0)])
    assert await store.version("trace/t1") == 0
    writer.record(thought("b"))
    await writer.end(TraceEnded(outcome="failure", response={}))
    events = [entry.event for entry in await store.read("trace/t1")]
    assert [type(event).__name__ for event in events] == [
        "TraceStarted",
        "ThinkingRecorded",
        "ThinkingRecorded",
        "TraceEnded",
    ]
    assert await thoughts(store) == ["a", "b"]


async def test_nothing_is_added_once_somebody_else_closed_the_trace(store: EventStore) -> None:
    await store.append("trace/t1", [STARTED])
    writer = TraceWriter(store, "t1", "acme", version=1)
    writer.record(thought("mine"))
    await writer.flush()
    await store.append("trace/t1", [TraceEnded(outcome="interrupted", response={})], 2)
    writer.record(thought("late"))
    writer.record(thought("later"))
    with pytest.raises(StoreError, match="could not be recorded"):
        await writer.flush()
    with pytest.raises(StoreError):
        await writer.flush()
    assert await thoughts(store) == ["mine"]


async def test_a_known_version_guards_the_first_event_too(store: EventStore) -> None:
    await store.append("trace/t1", [STARTED, TraceEnded(outcome="interrupted", response={})])
    writer = TraceWriter(store, "t1", "acme", version=1)
    writer.record(thought("late"))
    with pytest.raises(StoreError):
        await writer.flush()
    assert await thoughts(store) == []


async def test_texts_are_bounded_and_say_so(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    writer.record(thought("x" * 600_000))
    writer.record(ToolCalled(call_id="1", tool="x.y", ok=True, data=[*["y" * 5_000] * 500], text="short"))
    await writer.flush()
    long, many = [entry.event for entry in await store.read("trace/t1")]
    assert isinstance(long, ThinkingRecorded)
    assert long.text == f"{'x' * 20_000}… (580000 characters more)"
    assert isinstance(many, ToolCalled)
    assert many.text == "short"
    assert isinstance(many.data, list)
    assert set(map(str, many.data)) == {f"{'y' * 500}… (4500 characters more)"}


async def test_an_answer_that_is_too_long_is_cut_as_well(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    report = IntentReport(id="i", type="timer.set", status=IntentStatus.PROCESSED)
    response = Response(trace_id="t1", text="x" * 600_000, outcome="success", intents=(report,))
    await writer.end(TraceEnded.of(response, outcome="success"))
    [ended] = [entry.event for entry in await store.read("trace/t1")]
    assert isinstance(ended, TraceEnded)
    read = Response.model_validate(ended.response)
    assert read.text == f"{'x' * 20_000}… (580000 characters more)"
    assert read.intents == response.intents


async def test_a_context_with_times_is_cut_as_well(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    context = TaskContext(user="ann", current_time=now, attributes={"text": "x" * 600_000})
    writer.record(TraceStarted.of(context, request="r", user="ann", request_id="1", owner="p"))
    await writer.flush()
    [started] = [entry.event for entry in await store.read("trace/t1")]
    assert isinstance(started, TraceStarted)
    read = TaskContext.model_validate(started.context)
    assert (read.user, read.current_time) == ("ann", now)
    assert read.attributes == {"text": f"{'x' * 20_000}… (580000 characters more)"}


async def test_what_json_has_not_is_replaced(store: EventStore) -> None:
    writer = TraceWriter(store, "t1", "acme")
    writer.record(ThinkingRecorded.model_construct(text="lone \ud800 surrogate", task=""))
    writer.record(
        ToolCalled.model_construct(call_id="1", tool="x.y", ok=True, data={"a": [float("nan"), 1.5]}, arguments={})
    )
    await writer.flush()
    text, numbers = [entry.event for entry in await store.read("trace/t1")]
    assert isinstance(text, ThinkingRecorded)
    assert text.text == "lone ? surrogate"
    assert isinstance(numbers, ToolCalled)
    assert numbers.data == {"a": [None, 1.5]}


class Stranger(Event):
    TOPIC = "test.stranger"


async def test_it_never_raises_but_flushing_tells(store: EventStore, caplog: pytest.LogCaptureFixture) -> None:
    writer = TraceWriter(store, "t1", "acme")
    with caplog.at_level(logging.ERROR, "events"):
        writer.record(Stranger())
    assert "could not be recorded: Stranger" in caplog.text
    with pytest.raises(StoreError, match="not an event of the catalogue"):
        await writer.flush()


async def test_a_closed_store_is_told_by_flushing() -> None:
    store = await EventStore.open("memory://")
    writer = TraceWriter(store, "t1", "acme")
    await store.close()
    writer.record(thought("a"))
    with pytest.raises(StoreError, match="closed"):
        await writer.flush()
