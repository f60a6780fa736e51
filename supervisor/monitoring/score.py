"""The performance score: one number from 0 to 100, by a formula that is stated here and in docs/monitoring.md.

``100 · Σ weight · part / Σ weight`` over the parts that are known:

- success (0.40): the share of requests that succeeded in the window;
- speed (0.25): 1 − mean response time / (2 · threshold), at least 0;
- health (0.20): the mean over components of 1 (healthy), 0.5 (degraded), 0 (unhealthy);
- room (0.15): the least of what CPU and memory leave: 1 up to the threshold, then straight down to 0 at 100 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from common.monitoring_settings import ThresholdSettings
from supervisor.monitoring.thresholds import Health

__all__ = ["WEIGHTS", "performance_score", "score_parts"]

WEIGHTS: Mapping[str, float] = {"success": 0.40, "speed": 0.25, "health": 0.20, "room": 0.15}
_WORTH = {Health.HEALTHY: 1.0, Health.DEGRADED: 0.5, Health.UNHEALTHY: 0.0}


def score_parts(
    figures: Mapping[str, float], components: Iterable[Health], thresholds: ThresholdSettings
) -> dict[str, float]:
    """The parts that are known, each from 0 to 1, by name."""
    parts: dict[str, float] = {}
    if (rate := figures.get("success_rate")) is not None:
        parts["success"] = rate
    if (seconds := figures.get("response_time")) is not None:
        parts["speed"] = max(0.0, 1 - seconds / (2 * thresholds.response_time))
    if worth := [_WORTH[level] for level in components if level in _WORTH]:
        parts["health"] = sum(worth) / len(worth)
    limits = (("cpu_usage", thresholds.cpu_usage), ("memory_usage", thresholds.memory_usage))
    room = [_room(figures[name], limit) for name, limit in limits if name in figures]
    if room:
        parts["room"] = min(room)
    return parts


def performance_score(parts: Mapping[str, float]) -> float | None:
    """The score of parts; None where nothing is known."""
    weight = sum(WEIGHTS[name] for name in parts)
    if not weight:
        return None
    return round(100 * sum(WEIGHTS[name] * value for name, value in parts.items()) / weight, 1)


def _room(usage: float, limit: float) -> float:
    if usage <= limit:
        return 1.0
    return max(0.0, (100 - usage) / (100 - limit)) if limit < 100 else 0.0
