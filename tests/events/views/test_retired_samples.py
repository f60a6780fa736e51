"""Samples leave their tables as the log says: whichever way the table was folded, it holds the same rows."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.catalogue.base import Event
from events.catalogue.system import SamplesRetired, SystemSampled
from events.projection import Column, RecordedEvent, Row, Views
from events.store import EventStore
from events.views.system import AgentHistoryView, SystemMetricsView

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def sample(minute: float, score: float = 90.0) -> SystemSampled:
    at = AT + timedelta(minutes=minute)
    agents = {"timer": {"calls": 1.0, "errors": 0.0, "response_time": 1.0, "success_rate": 1.0}}
    return SystemSampled(node="a", process="1", at=at, health="healthy", score=score, agents=agents)


def retired(minute: float) -> SamplesRetired:
    return SamplesRetired(node="a", before=AT + timedelta(minutes=minute))


def made(seed: int) -> list[Event]:
    """Samples whose clock jumps now and then, and moments before which they go."""
    chance, events, minute = random.Random(seed), list[Event](), 0
    for number in range(60):
        minute += chance.choice((1, 1, 1, 1, -7))
        events.append(retired(minute - chance.choice((3, 3, 9, -2))) if chance.random() < 0.2 else sample(minute))
        if chance.random() < 0.1:
            events.append(sample(minute, score=float(number)))
    return events


def kept(events: Iterable[Event]) -> dict[datetime, float | None]:
    rows: dict[datetime, float | None] = {}
    for event in events:
        match event:
            case SystemSampled(at=at, score=score):
                rows[at] = score
            case SamplesRetired(before=before):
                rows = {at: score for at, score in rows.items() if at >= before}
            case _:
                pass
    return rows


@pytest.mark.parametrize("page_size", [1, 2, 7, 500])
async def test_tables_hold_what_the_log_says_however_they_were_folded(store: EventStore, page_size: int) -> None:
    views = Views(store, [SystemMetricsView(), AgentHistoryView()], page_size=page_size)
    events = made(page_size)
    for start in range(0, len(events), 5):
        await store.append("system/a", events[start : start + 5])
        if start % 3 == 0:
            await views.query("system_metrics")
    rows = await views.query("system_metrics", limit=1_000)
    assert {row["timestamp"]: row["performance_score"] for row in rows} == kept(events)
    agents = await views.query("agent_performance_history", limit=1_000)
    assert {row["timestamp"] for row in agents} == kept(events).keys()
    for name in ("system_metrics", "agent_performance_history"):
        assert await views.compare(name) == (True, len(kept(events)))
        assert not (await views.rebuild(name)).changed
    half = len(events) // 2
    before = await views.query_at("system_metrics", half, limit=1_000)
    assert {row["timestamp"] for row in before} == kept(events[:half]).keys()
    await views.close()


class Odd(SystemMetricsView):
    """Says of retired samples what no table can do."""

    name = "odd"

    def __init__(self, bound: tuple[str, Any]) -> None:
        self._bound = bound

    def retires(self, event: RecordedEvent) -> tuple[str, Any] | None:
        return self._bound if isinstance(event.event, SamplesRetired) else None


@pytest.mark.parametrize("bound", [("none", 1), ("node", "b"), ("figures", {}), ("timestamp", None), ("position", "x")])
async def test_a_bound_that_can_not_be_is_parked_and_nothing_goes(store: EventStore, bound: tuple[str, Any]) -> None:
    views = Views(store, [Odd(bound)])
    await store.append("system/a", [sample(1), retired(5), sample(2)])
    assert len(await views.query("odd")) == 2
    (parked,) = await views.parked()
    assert parked.topic == SamplesRetired.TOPIC
    await views.close()


class Numbers:
    """Rows by their number, of which the small ones go; one has none."""

    name = "numbers"
    version = 1
    key = (Column("name", "text"),)
    columns = (Column("number", "integer"),)
    indexes: tuple[tuple[str, ...], ...] = ()
    topics = frozenset({SystemSampled.TOPIC, SamplesRetired.TOPIC})

    def retires(self, event: RecordedEvent) -> tuple[str, Any] | None:
        return ("number", 3) if isinstance(event.event, SamplesRetired) else None

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        return ((event.event.node,),) if isinstance(event.event, SystemSampled) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        score = event.event.score if isinstance(event.event, SystemSampled) else None
        return {"number": None if score is None else round(score) + (row["number"] if row else 0)}


async def test_what_has_no_value_stays_and_what_went_begins_anew(store: EventStore) -> None:
    views = Views(store, [Numbers()])
    told = [sample(0, score=number).model_copy(update={"node": name}) for name, number in (("a", 1), ("b", 5))]
    empty = sample(0).model_copy(update={"node": "c", "score": None})
    await store.append("system/a", [*told, empty])
    await views.query("numbers")
    await store.append("system/a", [retired(0), told[0]])
    rows = {row["name"]: row["number"] for row in await views.query("numbers")}
    assert rows == {"a": 1, "b": 5, "c": None}
    await views.close()


async def test_an_agent_s_row_says_why_its_figures_are_absent(store: EventStore) -> None:
    views = Views(store, [AgentHistoryView()])
    own = sample(1).model_copy(update={"agents": {"built": {"calls": 1.0, "memory_usage": 5.0, "cpu_usage": 1.5}}})
    await store.append("system/a", [sample(0), own])
    rows = {row["agent_name"]: row for row in await views.query("agent_performance_history")}
    assert rows["timer"]["absent"].keys() == {"memory_usage", "cpu_usage"}
    assert "no process of its own" in rows["timer"]["absent"]["memory_usage"]
    assert (rows["built"]["memory_usage"], rows["built"]["cpu_usage"]) == (5.0, 1.5)
    assert rows["built"]["absent"].keys() == {"response_time", "success_rate"}
    await views.close()
