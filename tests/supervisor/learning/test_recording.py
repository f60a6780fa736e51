"""The recorder: plain calls that never raise, bounded, and in the log at the end."""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.context import Owner
from common.settings import Settings, StoreSettings
from events.catalogue.collected import TraceCollected
from events.store import EventStore
from supervisor.learning.own_recorder import open_recorder
from supervisor.learning.problems import AgentType, ProblemContext
from supervisor.learning.recording import TraceRecorder
from supervisor.learning.records import MAX_STEPS, Record
from supervisor.learning.trace_collector import TraceCollector

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


async def records(store: EventStore) -> list[Record]:
    return [record async for page in TraceCollector(store).read() for record in page.records]


async def test_a_trace_is_told_call_by_call(store: EventStore) -> None:
    recorder = TraceRecorder(store, Owner("acme", "ann"))
    problem = ProblemContext("p7", "shop", "prod", "Orders are slow", {"severity": 2})
    trace_id = recorder.collect_agent_trace(AgentType.LOCALIZATION, problem, agent="m1", version="1.2.0")
    assert recorder.add_thinking_step(trace_id, "Look at the database")
    assert recorder.add_tool_call(trace_id, "sql", {"query": "select 1"}, {"rows": 1}, seconds=0.25)
    assert recorder.add_tool_call(trace_id, "sql", {"query": "select 2"}, ok=False, error="locked")
    assert recorder.end_agent_trace(trace_id, True, score=0.9, tokens=120, cost=0.01)
    assert await recorder.close_async()
    (event,) = [entry.event for entry in await store.read_all(topics={TraceCollected.TOPIC})]
    assert isinstance(event, TraceCollected)
    assert event.problem == {"problem_id": "p7", "app_name": "shop", "app_namespace": "prod",
                             "app_description": "Orders are slow", "details": {"severity": 2}}  # fmt: skip
    (record,) = await records(store)
    assert (record.agent_type, record.task_id, record.domain, record.agent) == ("localization", "p7", "shop", "m1")
    assert (record.success, record.score, record.tokens, record.cost, record.version) == (True, 0.9, 120, 0.01, "1.2.0")
    assert [(step.kind, step.name, step.ok, step.seconds) for step in record.steps] == [
        ("thinking", "think", None, None), ("tool", "sql", True, 0.25), ("tool", "sql", False, None),
    ]  # fmt: skip
    assert record.steps[1].arguments != record.steps[2].arguments


async def test_what_does_not_fit_is_counted_and_never_raised(store: EventStore) -> None:
    recorder = TraceRecorder(store, max_open=2)
    assert not recorder.add_tool_call("none", "x")
    assert not recorder.end_agent_trace("none", True)
    first, second, third = (recorder.collect_agent_trace(name) for name in "abc")
    assert not recorder.end_agent_trace(first, True)  # it had to make room
    assert recorder.end_agent_trace(second, True)
    assert not recorder.end_agent_trace(second, False)  # twice
    assert not recorder.report_outcome(third, 7.0)
    for number in range(MAX_STEPS + 3):
        recorder.add_thinking_step(third, str(number))
    recorder.collect_agent_trace("d", 5)  # type: ignore[arg-type]
    assert await recorder.close_async()
    assert recorder.end_agent_trace(third, True) is False
    counts = recorder.counts
    assert (counts.written, counts.unfinished, counts.dropped, counts.failed) == (3, 2, 0, 0)
    assert (counts.orphans, counts.faults, counts.open) == (5, 2, 0)
    found = {record.agent_type: record for record in await records(store)}
    assert (found["a"].finished, found["b"].success, len(found["c"].steps)) == (False, True, MAX_STEPS)


async def test_an_outcome_reported_later_counts(store: EventStore) -> None:
    recorder = TraceRecorder(store)
    trace_id = recorder.collect_agent_trace("mitigation", "p1")
    recorder.end_agent_trace(trace_id)
    assert await recorder.flush_async()
    recorder.report_outcome(trace_id, 1.0, "it held")
    assert await recorder.close_async()
    assert [record.success for record in await records(store)] == [True]


async def test_an_id_that_was_used_before_fails_alone(store: EventStore) -> None:
    recorder = TraceRecorder(store)
    for trace_id in ("one", "one", "two"):
        recorder.end_agent_trace(recorder.collect_agent_trace("a", trace_id=trace_id), True)
    assert await recorder.close_async()
    assert (recorder.counts.written, recorder.counts.failed) == (2, 1)
    assert {record.trace_id for record in await records(store)} == {"one", "two"}


class Stuck:
    """A store whose disk does not answer until it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    async def append(self, *_: Any, **__: Any) -> int:
        self.go_on.wait(10)
        raise OSError("the disk is gone")


def test_a_full_queue_drops_and_a_dead_store_fails_without_anybody_noticing() -> None:
    stuck = Stuck()
    recorder = TraceRecorder(stuck, queue_size=3)  # type: ignore[arg-type]
    for _ in range(10):
        assert recorder.end_agent_trace(recorder.collect_agent_trace("a"), True)
    assert not recorder.flush(0.01)
    assert recorder.counts.dropped >= 6
    stuck.go_on.set()
    assert recorder.close()
    assert recorder.counts.failed + recorder.counts.dropped == 10
    recorder.end_agent_trace(recorder.collect_agent_trace("late"), True)
    assert recorder.counts.waiting == 0


async def test_many_threads_lose_nothing(store: EventStore) -> None:
    recorder = TraceRecorder(store)

    def work() -> None:
        for _ in range(20):
            trace_id = recorder.collect_agent_trace("a")
            recorder.add_tool_call(trace_id, "t", {"n": 1})
            recorder.end_agent_trace(trace_id, True)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert await recorder.close_async()
    found = await records(store)
    assert len(found) == 160
    assert all(len(record.steps) == 1 for record in found)


async def test_a_recorder_with_a_store_of_its_own(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", store=StoreSettings())
    recorder = open_recorder(settings)
    recorder.end_agent_trace(recorder.collect_agent_trace("a"), True)
    assert recorder.close()
    again = open_recorder(settings)
    again.end_agent_trace(again.collect_agent_trace("b"), True)
    assert again.close()
    from supervisor.store_opening import open_store

    async with await open_store(settings) as store:
        assert [record.agent_type for record in await records(store)] == ["a", "b"]


async def test_a_program_that_ends_without_closing_loses_nothing(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from common.settings import Settings\n"
        "from supervisor.learning.own_recorder import open_recorder\n"
        f"recorder = open_recorder(Settings(data_dir=Path({str(tmp_path)!r})))\n"
        "for _ in range(2_000):\n"
        "    recorder.end_agent_trace(recorder.collect_agent_trace('a'), True)\n"
    )
    with anyio.fail_after(60):
        done = await anyio.run_process([sys.executable, "-c", program], cwd=ROOT)
    assert done.stderr == b""
    from supervisor.store_opening import open_store

    async with await open_store(Settings(data_dir=tmp_path)) as store:
        assert len(await records(store)) == 2_000


def test_agent_types_are_open() -> None:
    assert AgentType("triage") == "triage"
    assert AgentType.DIAGNOSIS.value == "diagnosis"
    assert f"{AgentType.MITIGATION}" == "mitigation"


def test_the_public_names_are_found_in_the_package() -> None:
    import supervisor.learning as learning

    assert [name for name in learning.__all__ if not callable(getattr(learning, name))] == []
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = learning.nothing
