"""Evolution as Prometheus gauges, read at scrape time from what this process saw last; reads no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from supervisor.evolution.population import Population
from supervisor.evolution.report import Lifecycle

__all__ = ["EvolutionGauges"]


class EvolutionGauges(Collector):
    """A collector that never raises; what is not known has no value."""

    def __init__(self, population: Callable[[], Population | None], lifecycle: Callable[[], Lifecycle | None]) -> None:
        self._population = population
        self._lifecycle = lifecycle

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The families without values, so that registering costs nothing."""
        return self._families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families with their values now."""
        fitness, figures, automation = families = self._families()
        population, lifecycle = self._population(), self._lifecycle()
        if population is not None:
            for agent in population.agents:
                fitness.add_metric([agent.name], agent.fitness.score)
            if population.within is not None:
                figures.add_metric(["within_constraints"], population.within)
        if lifecycle is not None:
            told = {
                "created_per_day": lifecycle.created_per_day,
                "improvement": lifecycle.improvement,
                "healthy_deployments": lifecycle.healthy,
                "pruned": float(lifecycle.pruned),
            }
            for name, value in told.items():
                if value is not None:
                    figures.add_metric([name], value)
            for kind, share in lifecycle.automation.items():
                automation.add_metric([kind], share)
        return families

    @staticmethod
    def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily("supervisor_agent_fitness", "0 to 1 (docs/evolution.md)", labels=["agent"]),
            GaugeMetricFamily("supervisor_evolution", "What evolution came to in the last 7 days", labels=["figure"]),
            GaugeMetricFamily(
                "supervisor_evolution_automation", "Share of decisions carried out without a person", labels=["kind"]
            ),
        )
