"""How fit an agent is, from 0 to 1: a weighted mean of five parts, each stated here.

success      share of its calls without a fault; what the caller asked wrongly is no fault
speed        1 where a call takes `fast` seconds or less in the mean, else that over the mean
cost         1 where a request costs `cheap` dollars or less in the mean, else that over the mean
constraints  share of its specification's limits that its signed figures keep
usage        calls, as a share of `enough_calls`, at most 1

A part of which nothing is known (speed without a call) does not count: the weights of the others are scaled up to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from pydantic import JsonValue

from common.evolution_settings import EvolutionSettings
from events.projection import Row

__all__ = ["Fitness", "Use", "fitness_score", "healthy_median", "kept_constraints", "use_of"]

_LEAST_COVERAGE = 0.8


@dataclass(frozen=True, slots=True)
class Use:
    """What an agent did in the window; the names are those of the view `agent_days`. `cost` in dollars."""

    calls: int = 0
    failed: int = 0
    refused: int = 0
    seconds: float = 0.0
    requests: int = 0
    unanswered: int = 0
    cost: float = 0.0

    @property
    def mean(self) -> float | None:
        """Seconds of a call; None without one."""
        return self.seconds / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class Fitness:
    """The score and its parts, each 0 to 1 and None where nothing is known."""

    score: float
    success: float | None
    speed: float | None
    cost: float | None
    constraints: float | None
    usage: float

    def figures(self) -> dict[str, JsonValue]:
        """The parts for the log, rounded."""
        parts = {
            "fitness": self.score, "success": self.success, "speed": self.speed, "cost": self.cost,
            "constraints": self.constraints, "usage": self.usage,
        }  # fmt: skip
        return {name: None if value is None else round(value, 4) for name, value in parts.items()}


def use_of(rows: Sequence[Row]) -> Use:
    """The days of one agent, summed."""
    return Use(
        **{name: sum(row[name] for row in rows) for name in ("calls", "failed", "refused", "requests", "unanswered")},
        seconds=float(sum(row["seconds"] for row in rows)),
        cost=float(sum(row["cost"] for row in rows)),
    )


def fitness_score(use: Use, constraints: float | None, settings: EvolutionSettings) -> Fitness:
    """The fitness of an agent by what it did, and by the share of its constraints that it keeps (None: not known)."""
    success = 1 - use.failed / use.calls if use.calls else None
    speed = None if use.mean is None else _enough(settings.fast, use.mean)
    cost = _enough(settings.cheap, use.cost / use.requests) if use.requests else None
    usage = min(1.0, use.calls / settings.enough_calls)
    weights = settings.weights
    parts = [
        (success, weights.success), (speed, weights.speed), (cost, weights.cost), (constraints, weights.constraints),
        (usage, weights.usage),
    ]  # fmt: skip
    known = [(value, weight) for value, weight in parts if value is not None]
    whole = sum(weight for _, weight in known)
    score = sum(value * weight for value, weight in known) / whole if whole else 0.0
    return Fitness(score, success, speed, cost, constraints, usage)


def kept_constraints(figures: Mapping[str, JsonValue], instantiation_us: float, memory_kib: float) -> float | None:
    """The share of its limits (microseconds, KiB, covered lines) that an agent's figures keep; None without figures."""
    limits = {"instantiation_us": instantiation_us, "memory_kib": memory_kib}
    kept = [_number(figures.get(name)) <= limit for name, limit in limits.items() if name in figures]
    if "coverage" in figures:
        kept.append(_number(figures["coverage"]) >= _LEAST_COVERAGE)
    return sum(kept) / len(kept) if kept else None


def healthy_median(scores: Sequence[float]) -> float | None:
    """The median of a population; above 0.9 where it is healthy. None for nobody."""
    return median(scores) if scores else None


def _enough(limit: float, value: float) -> float:
    return 1.0 if value <= limit else limit / value


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
