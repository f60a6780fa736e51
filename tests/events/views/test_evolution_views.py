"""The views that evolution goes by: what agents did by day, and what was decided."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.catalogue.evolution import EvolutionDecisionEnded, EvolutionDecisionTaken
from events.catalogue.trace import ToolCalled, TraceEnded
from events.projection import Views
from events.store import EventStore, stream_name
from events.views.agent_days import AgentDays
from events.views.evolution import EvolutionView
from supervisor.testing import MovableClock


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime(2026, 11, 20, 23, 0, tzinfo=UTC))


@pytest.fixture
async def store(clock: MovableClock) -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://", clock=clock) as opened:
        yield opened


@pytest.fixture
async def views(store: EventStore) -> AsyncGenerator[Views]:
    opened = Views(store, [AgentDays(), EvolutionView()])
    yield opened
    await opened.close()


def call(tool: str, *, ok: bool = True, data: Any = None) -> ToolCalled:
    return ToolCalled(call_id="c", tool=tool, ok=ok, data=data, seconds=0.25)


def ended(outcome: str, route: str, approach: str = "direct", cost: Any = 0.5) -> TraceEnded:
    metadata = {"approach": approach, "route": route}
    return TraceEnded(outcome=outcome, response={"metadata": metadata, "usage": {"cost": cost}})


async def test_days_count_calls_faults_and_what_was_asked_wrongly(
    store: EventStore, views: Views, clock: MovableClock
) -> None:
    trace = stream_name("trace", "1")
    await store.append(
        trace,
        [
            call("ratio.current"),
            call("ratio.current", ok=False, data={"error": "not_found"}),
            call("ratio.other", ok=False, data={"error": "worker"}),
            call("ratio.other", ok=False),
            ended("success", "ratio"),
            ended("failure", "ratio"),
            ended("failure", "planning", "task_graph"),
        ],
    )
    clock.move(timedelta(hours=2))
    await store.append(trace, [call("weather.forecast"), TraceEnded(outcome="success", response={})])
    rows = await views.query("agent_days", order_by="day")
    assert rows == [
        {
            "agent": "ratio", "day": "2026-11-20", "calls": 4, "failed": 2, "refused": 1, "seconds": 1.0, "requests": 2,
            "unanswered": 1, "cost": 1.0,
        },
        {
            "agent": "weather", "day": "2026-11-21", "calls": 1, "failed": 0, "refused": 0, "seconds": 0.25,
            "requests": 0, "unanswered": 0, "cost": 0.0,
        },
    ]  # fmt: skip


async def test_a_decision_is_a_row_from_why_to_what_came_of_it(store: EventStore, views: Views) -> None:
    stream = stream_name("evolution", "c1")
    taken = EvolutionDecisionTaken(
        cycle="c1", number=1, kind="improve", subject="ratio", why="slow", figures={"calls": 9}, causes=["t1"],
        by_itself=True, build="b1",
    )  # fmt: skip
    await store.append(stream, [EvolutionDecisionEnded(cycle="c1", number=2, ok=True, text="of nothing"), taken])
    (row,) = await views.query("evolution", {"ended": False})
    assert (row["cycle"], row["number"], row["why"], row["figures"], row["ok"]) == ("c1", 1, "slow", {"calls": 9}, None)
    done = EvolutionDecisionEnded(
        cycle="c1", number=1, ok=True, changed=True, text="better", agent="ratio", version="1.0.1", healthy=True,
        gain=0.2,
    )  # fmt: skip
    await store.append(stream, [done])
    (row,) = await views.query("evolution", {"kind": "improve", "subject": "ratio"})
    assert (row["ended"], row["result"], row["agent_version"], row["gain"]) == (True, "better", "1.0.1", 0.2)
    assert row["within"] is None
