"""How a node stands now: by its own last sample, by what another process of the node told the log, or by a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio

from common.clock import Clock
from common.monitoring_settings import MonitoringSettings
from events.projection import Row, Views
from events.views.system import SystemHealthView, SystemMetricsView
from supervisor.monitoring.health import SYSTEM, ComponentState
from supervisor.monitoring.models import ComponentHealth, HealthReport
from supervisor.monitoring.sampler import Sampler
from supervisor.monitoring.thresholds import CORE, Health

__all__ = ["Standing", "StandingReader"]

_FRESH = 3.0
"""A sample counts as current for so many intervals."""
_LOOK = timedelta(seconds=2)
"""Looks that are taken for an answer serve other answers for so long."""
_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A sample's figures and score, when it was taken, whether it is in the log, and the components' health."""

    at: datetime
    recorded: bool
    score: float | None
    figures: Mapping[str, float]
    absent: Mapping[str, str]
    components: Mapping[str, ComponentState]

    @property
    def health(self) -> Health:
        """The level of the whole."""
        return self.components.get(SYSTEM, ComponentState()).level

    @property
    def levels(self) -> list[Health]:
        """The levels of all components but the whole."""
        return [state.level for name, state in self.components.items() if name != SYSTEM]


class StandingReader:
    """Finds the best that is known of a node; takes a look of its own only where the log knows nothing fresh."""

    def __init__(self, sampler: Sampler, views: Views, clock: Clock, settings: MonitoringSettings, node: str) -> None:
        self._sampler = sampler
        self._views = views
        self._clock = clock
        self._fresh = timedelta(seconds=_FRESH * settings.sample_every)
        self._node = node
        self._looking = anyio.Lock()

    async def read(self, *, runs: bool) -> Standing:
        """How the node stands; `runs` tells that this process samples by itself. Raises `StoreError`."""
        if runs and (own := self._own(recorded=True)) is not None:
            return own
        rows = await self._views.query(SystemMetricsView.name, {"node": self._node}, order_by="-timestamp", limit=1)
        # a sample of a time to come was taken before the clock was set back
        if rows and -self._fresh <= self._clock.now() - rows[0]["timestamp"] <= self._fresh:
            return await self._told(rows[0])
        async with self._looking:
            known = self._own(recorded=False)
            if known is not None and timedelta() <= self._clock.now() - known.at <= _LOOK:
                return known
            sample = await self._sampler.take(leads=False, record=False)
            return Standing(
                self._clock.now(), False, sample.score, sample.figures, sample.absent, dict(self._sampler.components)
            )

    async def report(self, *, runs: bool) -> HealthReport:
        """The same for people and programs, the worst components first."""
        standing = await self.read(runs=runs)
        nodes: dict[str, str] = {}
        for row in await self._views.query(SystemHealthView.name, {"component": SYSTEM}, limit=_MANY):
            nodes[row["node"]] = row["health"]
        nodes[self._node] = standing.health
        parts = sorted(
            (item for item in standing.components.items() if item[0] != SYSTEM),
            key=lambda item: (-item[1].level.rank, item[0]),
        )
        return HealthReport(
            health=standing.health,
            node=self._node,
            at=standing.at,
            recorded=standing.recorded,
            components=tuple(
                ComponentHealth(component=name, health=state.level, since=state.since, reasons=state.reasons)
                for name, state in parts
            ),
            figures=dict(standing.figures),
            absent=dict(standing.absent),
            nodes=nodes,
        )

    def _own(self, *, recorded: bool) -> Standing | None:
        sample, at = self._sampler.latest, self._sampler.latest_at
        if sample is None or at is None:
            return None
        return Standing(at, recorded, sample.score, sample.figures, sample.absent, dict(self._sampler.components))

    async def _told(self, row: Row) -> Standing:
        known = await self._views.query(SystemHealthView.name, {"node": self._node}, limit=_MANY)
        named = {f"tool:{name}" for name in row["tools"]} | {f"model:{name}" for name in row["models"]}
        if row["avg_success_rate"] is None:
            named |= CORE - {"requests"}
        else:
            named |= CORE
        components = {name: ComponentState(Health.HEALTHY) for name in named}
        components[SYSTEM] = ComponentState(Health(row["health"]))
        for state in known:
            components[state["component"]] = ComponentState(
                Health(state["health"]), state["since"], tuple(state["reasons"])
            )
        return Standing(row["timestamp"], True, row["performance_score"], row["figures"], row["absent"], components)
