"""Trends: how fast a series grows or falls, how sure that is, and whether it is more than chance.

Slope: the median of the slopes between all pairs of points (Theil 1950, Sen, JASA 63, 1968), its interval by Sen's
ranks. Test: Kendall's tau (Mann 1945, Kendall 1975), with the variance corrected for autocorrelation after Hamed and
Rao, Journal of Hydrology 204, 1998: neighbouring measurements are no independent evidence. Long series are first
made into medians of equal stretches of time, which loses little and bounds the work.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

from common.errors import ValidationFailed

__all__ = ["LEAST_POINTS", "Trend", "finite_points", "stretches", "trend"]

LEAST_POINTS = 8
"""Points below which no trend is told."""
_MOST_POINTS = 160
_LARGEST = 1e140
_LATEST = 1e13
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Trend:
    """A trend with its evidence.

    `slope`, `low`, `high`: units of the value a second, with the bounds of the interval at `confidence`.
    `level`: the line's value at `end`. `tau`: Kendall's, −1 to 1. `p`: of no trend, two-sided, corrected for
    autocorrelation. `independent`: how many independent points the points are worth. `points`: measured;
    `began`, `ended`: seconds, the window looked at.
    """

    slope: float
    low: float
    high: float
    level: float
    tau: float
    p: float
    independent: float
    confidence: float
    points: int
    began: float
    ended: float

    @property
    def certain(self) -> bool:
        """Whether the interval leaves out 0 and chance explains the order of the points less than once in twenty."""
        return self.low * self.high > 0 and self.p < 0.05

    def at(self, timestamp: float) -> float:
        """The line's value at a time."""
        return self.level + self.slope * (timestamp - self.ended)

    def to_json(self) -> dict[str, float | int | bool]:
        """The same for programs."""
        names = ("slope", "low", "high", "level", "tau", "p", "independent", "confidence", "points", "began", "ended")
        return {name: getattr(self, name) for name in names} | {"certain": self.certain}

    def __str__(self) -> str:
        return (
            f"{self.slope * 3600:+.4g} an hour ({self.low * 3600:+.4g} to {self.high * 3600:+.4g}), "
            f"tau {self.tau:.2f}, p {self.p:.2g}, {self.points} points in {(self.ended - self.began) / 3600:.3g} h"
        )


def finite_points(times: Sequence[float], values: Sequence[float], where: str) -> list[tuple[float, float]]:
    """The points in the order of time, values beyond 1e140 taken as that: sums of squares must stay finite.

    Raises ValidationFailed for unequal lengths, what is not finite, and times beyond 1e13 seconds.
    """
    if len(times) != len(values):
        raise ValidationFailed(f"{len(times)} times and {len(values)} values", where=where, todo="Give pairs.")
    points = sorted(zip(times, values, strict=True))
    if not all(abs(at) <= _LATEST and math.isfinite(value) for at, value in points):
        raise ValidationFailed("A point is not finite", where=where, todo="Leave out what could not be measured.")
    return [(at, min(max(value, -_LARGEST), _LARGEST)) for at, value in points]


def stretches(points: Sequence[tuple[float, float]], count: int) -> list[list[tuple[float, float]]]:
    """The points in at most `count` stretches of equal time; empty ones are left out."""
    began, span = points[0][0], points[-1][0] - points[0][0]
    found: list[list[tuple[float, float]]] = [[] for _ in range(count)]
    for point in points:
        found[min(int((point[0] - began) / span * count), count - 1) if span > 0 else 0].append(point)
    return [one for one in found if one]


def trend(times: Sequence[float], values: Sequence[float], *, confidence: float = 0.95) -> Trend | None:
    """The trend of a series (times in seconds, any order); None for fewer than eight points or one moment.

    Raises ValidationFailed for unequal lengths, what is not finite, or a confidence outside 0 to 1.
    """
    if not 0 < confidence < 1:
        raise ValidationFailed(f"A confidence of {confidence} is not between 0 and 1", where="trend")
    points = finite_points(times, values, "trend")
    if len(points) < LEAST_POINTS or points[-1][0] <= points[0][0]:
        return None
    kept = points
    if len(points) > _MOST_POINTS:
        kept = [(median(t for t, _ in one), median(v for _, v in one)) for one in stretches(points, _MOST_POINTS)]
        if len(kept) < LEAST_POINTS:
            kept = points[:: max(1, len(points) // _MOST_POINTS)]
    slopes, score = _pairs(kept)
    if not slopes:
        return None
    slope = median(slopes)
    level = median(value - slope * (at - points[-1][0]) for at, value in kept)
    variance, correction = _variance(kept, slope)
    count = len(kept)
    if variance <= 0:
        z, half = 0.0, 0.0
    else:
        spread = math.sqrt(variance)
        z = (abs(score) - 1) / spread if score else 0.0
        half = _NORMAL.inv_cdf(0.5 + confidence / 2) * spread
    total = len(slopes)
    low = slopes[max(0, math.floor((total - half) / 2))]
    high = slopes[min(total - 1, math.ceil((total + half) / 2))]
    return Trend(
        slope=slope,
        low=min(low, slope),
        high=max(high, slope),
        level=level,
        tau=score / (count * (count - 1) / 2),
        p=min(1.0, 2 * (1 - _NORMAL.cdf(max(z, 0.0)))),
        independent=count / correction,
        confidence=confidence,
        points=len(points),
        began=points[0][0],
        ended=points[-1][0],
    )


def _pairs(points: Sequence[tuple[float, float]]) -> tuple[list[float], int]:
    """Slopes between all pairs of points, ordered, and Kendall's score."""
    slopes: list[float] = []
    score = 0
    for place, (later, higher) in enumerate(points):
        for at, value in points[:place]:
            grown = higher - value
            score += (grown > 0) - (grown < 0)
            if later > at:
                slope = grown / (later - at)
                if math.isfinite(slope):
                    slopes.append(slope)
    slopes.sort()
    return slopes, score


def _variance(points: Sequence[tuple[float, float]], slope: float) -> tuple[float, float]:
    """Variance of Kendall's score with ties and autocorrelation, and the factor of the latter (1 or more)."""
    count = len(points)
    values = sorted(value for _, value in points)
    ties: dict[float, int] = {}
    for value in values:
        ties[value] = ties.get(value, 0) + 1
    plain = count * (count - 1) * (2 * count + 5) - sum(n * (n - 1) * (2 * n + 5) for n in ties.values())
    ranks = _ranks([value - slope * at for at, value in points])
    bound = _NORMAL.inv_cdf(0.975) / math.sqrt(count)
    total = 0.0
    for lag in range(1, count - 2):
        related = _autocorrelation(ranks, lag)
        # Hamed and Rao take significant lags only; past the first that is not, the rest is noise of the estimate.
        if related <= bound:
            break
        total += (count - lag) * (count - lag - 1) * (count - lag - 2) * related
    correction = 1 + 2 * total / (count * (count - 1) * (count - 2))
    first = _autocorrelation(ranks, 1)
    if first > bound:
        # The line takes some of the dependence along: the estimate is too small (Kendall, Biometrika 41, 1954).
        first = min(first + (1 + 4 * first) / count, 0.99)
        correction = max(correction, (1 + first) / (1 - first))
    return plain / 18 * correction, correction


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(values)
    return [float(bisect_left(order, value)) for value in values]


def _autocorrelation(values: Sequence[float], lag: int) -> float:
    mean = math.fsum(values) / len(values)
    spread = math.fsum((value - mean) ** 2 for value in values)
    if spread <= 0:
        return 0.0
    return math.fsum((a - mean) * (b - mean) for a, b in zip(values, values[lag:], strict=False)) / spread
