"""Health, score and improvements as Prometheus gauges, read at scrape time from what is known in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from events.catalogue.system import SystemSampled
from supervisor.monitoring.health import ComponentState
from supervisor.monitoring.thresholds import Health

__all__ = ["MonitoringGauges", "Watched"]

_VALUES = {Health.HEALTHY: 1.0, Health.DEGRADED: 0.5, Health.UNHEALTHY: 0.0}


class Watched(Protocol):
    """What the gauges are read from."""

    @property
    def components(self) -> Mapping[str, ComponentState]:
        """The state of each component."""
        ...

    @property
    def latest(self) -> SystemSampled | None:
        """The last sample of this process."""
        ...

    @property
    def improvement_counts(self) -> Mapping[str, int]:
        """How many improvements stand where."""
        ...


class MonitoringGauges(Collector):
    """A collector that reads no database and never raises."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The families without values, so that registering costs nothing."""
        return self._families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families with their values now; what is not known has none."""
        health, score, improvements, figures = self._families()
        for name, state in self._watched.components.items():
            if state.level in _VALUES:
                health.add_metric([name], _VALUES[state.level])
        for status, count in self._watched.improvement_counts.items():
            improvements.add_metric([status], count)
        sample = self._watched.latest
        if sample is not None:
            if sample.score is not None:
                score.add_metric([], sample.score)
            for name, value in sample.figures.items():
                figures.add_metric([name], value)
        return health, score, improvements, figures

    @staticmethod
    def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily(
                "supervisor_health", "1 healthy, 0.5 degraded, 0 unhealthy; system is the whole", labels=["component"]
            ),
            GaugeMetricFamily("supervisor_performance_score", "0 to 100; docs/monitoring.md has the formula"),
            GaugeMetricFamily("supervisor_improvements", "Improvements by where they stand", labels=["status"]),
            GaugeMetricFamily("supervisor_sample", "The figures of this process's last sample", labels=["figure"]),
        )
