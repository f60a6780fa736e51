"""The tables of samples, agents, health and improvements: rows that hold after a rebuild."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from events.catalogue.improvement import (
    Evidence,
    ImprovementApproved,
    ImprovementAssigned,
    ImprovementCompleted,
    ImprovementEvidenceAdded,
    ImprovementRejected,
    ImprovementUndone,
)
from events.catalogue.system import HealthChanged, SystemSampled
from events.projection import Views
from events.state.improvement import plan_hash
from events.store import EventStore
from events.views.improvements import KEPT_EVIDENCE, ImprovementView
from events.views.system import AgentHistoryView, SystemHealthView, SystemMetricsView
from tests.events.improvement_samples import suggestion

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def views(store: EventStore) -> Views:
    return Views(store, [ImprovementView(), SystemMetricsView(), AgentHistoryView(), SystemHealthView()])


def sample(minutes: int = 0, **figures: float) -> SystemSampled:
    return SystemSampled(
        node="a",
        process="1",
        at=AT + timedelta(minutes=minutes),
        health="healthy",
        score=91.5,
        figures=figures,
        absent={"cpu_usage": "first look"},
        agents={"timer": {"calls": 4, "errors": 1, "response_time": 2.5, "success_rate": 0.75, "insights": 2}},
    )


async def test_a_sample_is_a_row_and_what_is_absent_is_empty(store: EventStore, views: Views) -> None:
    await store.append("system/a", [sample(total_agents=7, total_errors=3, memory_usage=12.5, response_time=1.5)])
    (row,) = await views.query("system_metrics")
    assert (row["timestamp"], row["total_agents"], row["total_errors"], row["performance_score"]) == (AT, 7, 3, 91.5)
    assert (row["avg_response_time"], row["system_memory_usage"], row["system_cpu_usage"]) == (1.5, 12.5, None)
    assert row["absent"] == {"cpu_usage": "first look"}
    (agent,) = await views.query("agent_performance_history")
    told = {name: agent[name] for name in ("agent_name", "response_time", "success_rate", "error_count", "calls")}
    assert told == {"agent_name": "timer", "response_time": 2.5, "success_rate": 0.75, "error_count": 1, "calls": 4}
    assert (agent["insights_generated"], agent["memory_usage"], agent["cpu_usage"]) == (2, None, None)


async def test_health_is_the_last_word_on_each_component(store: EventStore, views: Views) -> None:
    def change(before: str, after: str) -> HealthChanged:
        return HealthChanged(node="a", process="1", component="store", before=before, after=after, reasons=["full"])

    await store.append("system/a", [change("healthy", "degraded"), change("degraded", "unhealthy")])
    (row,) = await views.query("system_health")
    assert (row["health"], row["before"], row["reasons"], row["changes"]) == ("unhealthy", "degraded", ["full"], 2)


async def test_an_improvement_from_suggestion_to_undoing(store: EventStore, views: Views) -> None:
    hashed = plan_hash(suggestion())
    stream = "improvement/imp-1"
    await store.append(stream, [suggestion()])
    row = await views.get("system_improvements", ("imp-1",)) or {}
    assert (row["status"], row["plan_hash"], row["evidence_count"]) == ("pending", hashed, 1)
    assert row["affected_components"] == ["tool:search.web"]
    seen = [
        ImprovementEvidenceAdded(improvement_id="imp-1", evidence=Evidence(text=str(number)), priority="high")
        for number in range(30)
    ]
    await store.append(stream, [*seen, ImprovementApproved(improvement_id="imp-1", plan_hash=hashed, by="ann")])
    row = await views.get("system_improvements", ("imp-1",)) or {}
    assert (row["status"], row["priority"], row["evidence_count"]) == ("approved", "high", 31)
    assert [each["text"] for each in row["evidence"]] == ["40 s", *map(str, range(30 - KEPT_EVIDENCE + 1, 30))]
    assert (row["decided_by"], row["policy"], row["completion_time"]) == ("ann", None, None)
    assigned = ImprovementAssigned(improvement_id="imp-1", plan_hash=hashed, approval=f"{stream}@32", agent="analyst")
    done = ImprovementCompleted(improvement_id="imp-1", agent="analyst", text="faster", after={"mean": 9})
    await store.append(stream, [assigned, done])
    row = await views.get("system_improvements", ("imp-1",)) or {}
    assert (row["status"], row["assigned_agent"], row["result"]) == ("completed", "analyst", "faster")
    assert row["completion_time"] == row["updated_at"]
    await store.append(stream, [ImprovementUndone(improvement_id="imp-1", by="ann", reason="stale")])
    row = await views.get("system_improvements", ("imp-1",)) or {}
    assert (row["status"], row["result"]) == ("undone", "undone by ann: stale")
    assert [await views.compare(name) for name in views.names] == [(True, 1), (True, 0), (True, 0), (True, 0)]


async def test_events_of_what_was_never_suggested_make_no_row(store: EventStore, views: Views) -> None:
    await store.append("improvement/imp-9", [ImprovementRejected(improvement_id="imp-9", by="ann")])
    assert await views.query("system_improvements") == []
    assert await views.parked() == []
