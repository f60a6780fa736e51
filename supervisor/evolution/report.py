"""What evolution came to, in figures: all of them are read from the views of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from common.evolution_settings import EvolutionSettings
from events.projection import Row, Views
from events.views.evolution import EvolutionView
from supervisor.evolution.cycle_log import Cycles
from supervisor.evolution.fitness import healthy_median
from supervisor.evolution.population import Population
from supervisor.evolution.trial_judgement import Standing, is_watched, read_standings

__all__ = ["EvolutionReport", "Lifecycle", "evolution_report", "lifecycle_of"]

_MANY = 100_000
_LATEST = 20


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The decisions of some days. Shares are 0 to 1, and None where nothing was decided or deployed.

    created_per_day: agents put into service, a day. improvement: the mean gain over all attempts to improve, those
    without one counted as 0. deployments, healthy: versions put into service, and the share of them that were well.
    automation: the share of decisions that were carried out without a person, by kind and of all.
    """

    days: float
    created: int
    created_per_day: float
    improvements: int
    improvement: float | None
    deployments: int
    healthy: float | None
    pruned: int
    automation: dict[str, float]
    decisions: dict[str, int]


@dataclass(frozen=True, slots=True)
class EvolutionReport:
    """How evolution stands. `fitness` by agent, `median` of it; `within`: the share of agents within constraints.

    `shares` are the improved versions that serve a share of the requests, or are watched after that.
    """

    enabled: bool
    allowed: tuple[str, ...]
    running: bool
    cycles: int
    failed_cycles: int
    last_cycle: str
    last_at: datetime | None
    lifecycle: Lifecycle
    fitness: dict[str, float]
    median: float | None
    within: float | None
    shares: tuple[Standing, ...]
    latest: tuple[dict[str, Any], ...]


def lifecycle_of(rows: Sequence[Row], days: float) -> Lifecycle:
    """The figures of decisions, as rows of the view `evolution`."""
    created = sum(row["kind"] == "create" and bool(row["changed"]) for row in rows)
    attempts = [row for row in rows if row["kind"] == "improve" and row["by_itself"] and row["ended"]]
    gains = [float(row["gain"] or 0.0) for row in attempts]
    placed = [row for row in rows if row["healthy"] is not None]
    kinds = sorted({str(row["kind"]) for row in rows})
    automation = {
        kind: fmean(bool(row["by_itself"]) for row in rows if kind in ("all", row["kind"]))
        for kind in (*kinds, *(["all"] if rows else []))
    }
    return Lifecycle(
        days=days,
        created=created,
        created_per_day=created / days,
        improvements=len(gains),
        improvement=fmean(gains) if gains else None,
        deployments=len(placed),
        healthy=fmean(bool(row["healthy"]) for row in placed) if placed else None,
        pruned=sum(row["kind"] == "prune" and bool(row["changed"]) for row in rows),
        automation=automation,
        decisions={kind: sum(row["kind"] == kind for row in rows) for kind in kinds},
    )


async def evolution_report(
    views: Views,
    cycles: Cycles,
    population: Population,
    now: datetime,
    period: timedelta,
    *,
    running: bool,
    settings: EvolutionSettings,
) -> EvolutionReport:
    """How evolution stands, and what it did in the period until now. Raises `StoreError`."""
    rows = await views.query(EvolutionView.name, {"taken_at >=": now - period}, order_by="-position", limit=_MANY)
    fitness = {agent.name: round(agent.fitness.score, 4) for agent in population.agents}
    return EvolutionReport(
        enabled=settings.enabled,
        allowed=settings.allowed,
        running=running,
        cycles=cycles.finished,
        failed_cycles=cycles.failed,
        last_cycle=cycles.last.cycle if cycles.last else "",
        last_at=cycles.ended_at,
        lifecycle=lifecycle_of(rows, period.total_seconds() / 86_400),
        fitness=fitness,
        median=healthy_median(list(fitness.values())),
        within=population.within,
        shares=tuple(one for one in await read_standings(views, settings) if is_watched(one, settings, now)),
        latest=tuple(rows[:_LATEST]),
    )
