"""Reads of what monitoring left in the views: samples, agents, improvements and their histories."""

from __future__ import annotations

from datetime import datetime, timedelta

import anyio.lowlevel
from pydantic import JsonValue

from common.errors import ConfigurationError, NotFound
from events.catalogue.base import Event
from events.projection import Row, Views
from events.recorded import RecordedEvent
from events.store import EventStore
from events.views.agent_registry import AgentRegistry
from events.views.improvements import ImprovementView
from events.views.performance import PerformanceView
from events.views.system import AgentHistoryView, SystemHealthView, SystemMetricsView
from supervisor.commands.improvements import improvement_stream
from supervisor.monitoring.book import ImprovementBook
from supervisor.monitoring.models import (
    AgentPerformance,
    AgentPoint,
    ImprovementPage,
    ImprovementRecord,
    ImprovementStep,
    MetricsReport,
    MetricsSample,
)

__all__ = [
    "MAX_HOURS",
    "agent_performance",
    "find_improvement",
    "improvement_page",
    "improvement_steps",
    "metrics_of",
]

MAX_HOURS = 24 * 366.0
_MAX_PAGE = 500
_PAGE = 500
_MANY = 200_000
_HEADER = ("improvement_id", "by", "agent", "comment", "reason", "error", "text", "description")


async def metrics_of(views: Views, now: datetime, hours: float, node: str | None, most: int) -> MetricsReport:
    """The samples of the last hours, at most `most` of them. Raises `ConfigurationError` for bounds that can't be."""
    if not 0 < hours <= MAX_HOURS or not 0 < most <= 10_000:
        raise ConfigurationError(
            f"{hours:g} hours in {most} samples can't be told",
            where="metrics",
            todo=f"Ask for up to {MAX_HOURS:g} hours, and up to 10000 samples.",
        )
    since = now - timedelta(hours=hours)
    where: dict[str, object] = {"timestamp >=": since}
    if node is not None:
        where["node"] = node
    rows: list[Row] = []
    page: list[Row] = []
    while len(rows) < _MANY and (not rows or len(page) == _PAGE):  # in pages, so that nobody else waits for long
        page = await views.query(
            SystemMetricsView.name, where, order_by="timestamp", limit=_PAGE, after=rows[-1] if rows else None
        )
        rows += page
        if not page:
            break
        await anyio.lowlevel.checkpoint()
    total = len(rows)
    if total > most:  # the last one is always among them
        rows = [rows[total - 1 - (number * total) // most] for number in reversed(range(most))]
    samples = tuple(MetricsSample.model_validate(row) for row in rows)
    return MetricsReport(hours=hours, since=since, until=now, total=total, samples=samples)


async def agent_performance(
    views: Views,
    agents: AgentRegistry,
    book: ImprovementBook,
    name: str | None,
    now: datetime,
    hours: float,
    most: int = 500,
) -> list[AgentPerformance]:
    """One agent, or all of them, by name. Raises `NotFound` for one that the log does not know."""
    if not 0 < hours <= MAX_HOURS:
        raise ConfigurationError(f"{hours:g} hours can't be told", where="agents", todo=f"Up to {MAX_HOURS:g}.")
    await book.refresh()
    known = [agent for agent in await agents.get_all_agents() if name is None or agent.name == name]
    if name is not None and not known:
        raise NotFound(f"there is no agent {name[:80]!r}", where="agents", todo="List them with agents list.")
    counters = {row["name"]: row for row in await views.query(PerformanceView.name, {"kind": "role"}, limit=_MANY)}
    health = {row["component"]: row["health"] for row in await views.query(SystemHealthView.name, limit=10_000)}
    found: list[AgentPerformance] = []
    for agent in known:
        where = {"agent_name": agent.name, "timestamp >=": now - timedelta(hours=hours)}
        rows = await views.query(AgentHistoryView.name, where, order_by="-timestamp", limit=most)
        row = counters.get(agent.name)
        calls, errors = (row["calls"], row["errors"]) if row is not None else (0, 0)
        component = f"role:{agent.name}"
        found.append(
            AgentPerformance(
                agent_name=agent.name,
                description=agent.description,
                enabled=agent.enabled,
                health=health.get(component, "healthy" if rows else "unknown"),
                calls=calls,
                errors=errors,
                success_rate=1 - min(1.0, errors / calls) if calls else None,
                response_time=row["seconds"] / calls if row is not None and calls else None,
                last_active_at=row["last_at"] if row is not None else None,
                history=tuple(AgentPoint.model_validate(point) for point in reversed(rows)),
                improvements=tuple(book.naming(component)),
            )
        )
    return found


async def improvement_page(
    views: Views, status: str | None, page: int, page_size: int, counts: dict[str, int]
) -> ImprovementPage:
    """A page of improvements, newest first; `counts` by status. Raises `ConfigurationError` for what can't be asked."""
    if status is not None and status not in counts:
        raise ConfigurationError(
            f"there is no status {status[:40]!r}", where="status", todo=f"One of {', '.join(counts)}."
        )
    if page < 1 or not 1 <= page_size <= _MAX_PAGE or page * page_size > _MANY:
        raise ConfigurationError(
            f"there is no page {page} of {page_size}", where="page", todo=f"From 1, of 1 to {_MAX_PAGE} each."
        )
    total = sum(counts.values()) if status is None else counts[status]
    where = {} if status is None else {"status": status}
    start = (page - 1) * page_size
    rows = await views.query(ImprovementView.name, where, order_by="-position", limit=start + page_size)
    items = tuple(ImprovementRecord.of(row) for row in rows[start:])
    return ImprovementPage(items=items, total=total, page=page, page_size=page_size, pages=-(-total // page_size))


async def find_improvement(views: Views, name: str) -> ImprovementRecord:
    """One improvement, by its id. Raises `NotFound`."""
    row = await views.get(ImprovementView.name, (name,))
    if row is None:
        raise _unknown(name)
    return ImprovementRecord.of(row)


async def improvement_steps(store: EventStore, name: str) -> list[ImprovementStep]:
    """How an improvement came to be what it is, oldest first. Raises `NotFound`."""
    steps = [_step(recorded) for recorded in await store.read(improvement_stream(name))]
    if not steps:
        raise _unknown(name)
    return steps


def _step(recorded: RecordedEvent) -> ImprovementStep:
    event = recorded.event
    what = recorded.topic.rpartition(".")[2].replace("_", " ")
    if not isinstance(event, Event):
        return ImprovementStep(
            position=recorded.position, at=recorded.recorded_at, what=what, by="", text="it can't be read"
        )
    detail: dict[str, JsonValue] = event.model_dump(mode="json")
    by = detail.get("by") or detail.get("agent") or detail.get("analyzer") or "monitoring"
    evidence = detail.get("evidence")
    said = [detail.get(name) for name in ("title", "comment", "reason", "error", "text")]
    if isinstance(evidence, dict):
        said.append(evidence.get("text"))
    text = next((str(each) for each in said if each), "")
    told = {key: value for key, value in detail.items() if key not in _HEADER}
    return ImprovementStep(
        position=recorded.position, at=recorded.recorded_at, what=what, by=str(by), text=text, detail=told
    )


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"there is no improvement {name[:80]!r}", where="improvements", todo="List them with improvements list."
    )
