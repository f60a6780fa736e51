"""Where healthy ends: for each figure a limit, and a critical value twice as far; with a margin on the way back.

A limit in percent is critical half of the way to 100; one in seconds, events or as a share of errors at twice the
limit; a success rate where twice as many fail. What is out of bounds stays so until it is better by the margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from common.monitoring_settings import ThresholdSettings

__all__ = ["CORE", "Health", "Threshold", "standard_thresholds", "worst"]

CORE = frozenset({"machine", "process", "store", "views", "requests"})
"""Components that everything depends on: an unhealthy one makes the whole unhealthy."""


class Health(StrEnum):
    """How a component does; `unknown` where nothing could be measured."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"

    @property
    def rank(self) -> int:
        """The worse, the higher."""
        return _RANKS[self]


_RANKS = {Health.UNKNOWN: 0, Health.HEALTHY: 1, Health.DEGRADED: 2, Health.UNHEALTHY: 3}


def worst(*levels: Health) -> Health:
    """The worst of them; unknown where there is none."""
    return max(levels, key=lambda level: level.rank, default=Health.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The bounds of one figure. With `is_floor` values below the limit are bad, else values above it."""

    metric: str
    limit: float
    critical: float
    is_floor: bool = False
    unit: str = ""

    def judge(self, value: float, held: Health, margin: float) -> Health:
        """The level of a value, for a component that is held to be at a level."""
        if self._is_beyond(value, self.critical, held is Health.UNHEALTHY, margin):
            return Health.UNHEALTHY
        if self._is_beyond(value, self.limit, held.rank >= Health.DEGRADED.rank, margin):
            return Health.DEGRADED
        return Health.HEALTHY

    def is_crossed(self, value: float) -> bool:
        """Whether a value is beyond the limit."""
        return self._is_beyond(value, self.limit, False, 0.0)

    def told(self, value: float) -> str:
        """The value beside its limit, in words."""
        side = "at the least" if self.is_floor else "at the most"
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.metric} {value:.4g}{unit}, {self.limit:g} {side}"

    def _is_beyond(self, value: float, bound: float, held: bool, margin: float) -> bool:
        if self.is_floor:
            # the way back is a share of what may fail, for a success rate near 1 has little room above it
            return value < (bound + margin * (1 - bound) if held else bound)
        return value > (bound * (1 - margin) if held else bound)


def standard_thresholds(settings: ThresholdSettings) -> Mapping[str, Mapping[str, Threshold]]:
    """By component (``work`` stands for requests, roles, tools and models) the thresholds of its figures."""

    def percent(metric: str, limit: float) -> Threshold:
        return Threshold(metric, limit, (limit + 100) / 2, unit="%")

    def twice(metric: str, limit: float, unit: str) -> Threshold:
        return Threshold(metric, limit, 2 * limit, unit=unit)

    rate = settings.success_rate
    groups = {
        "machine": (
            percent("cpu_usage", settings.cpu_usage),
            percent("memory_usage", settings.memory_usage),
            percent("disk_usage", settings.disk_usage),
        ),
        "process": (
            percent("file_descriptor_usage", settings.file_descriptors),
            twice("loop_lag", settings.loop_lag, "s"),
        ),
        "store": (percent("store_queue_usage", settings.store_queue),),
        "views": (twice("projection_lag", settings.projection_lag, "events"),),
        "work": (
            twice("response_time", settings.response_time, "s"),
            Threshold("success_rate", rate, round(max(0.0, 1 - 2 * (1 - rate)), 9), is_floor=True),
            Threshold("error_rate", settings.error_rate, min(1.0, 2 * settings.error_rate)),
        ),
    }
    return {name: {each.metric: each for each in group} for name, group in groups.items()}
