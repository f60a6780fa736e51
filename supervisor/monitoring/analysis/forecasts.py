"""Forecasts with intervals that are measured: each way to forecast is tried on the past, the best is taken, and the
interval is what its errors were at that distance (split conformal prediction, Vovk et al. 2005, with rolling origins).

Ways: the last value, the running mean, a straight line (Theil–Sen), and the same hour of past days or weeks, each
with the latest deviation from it fading out. Nothing is assumed of the errors' distribution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from common.errors import ValidationFailed
from supervisor.monitoring.analysis.rhythm import DAY, WEEK
from supervisor.monitoring.analysis.trends import finite_points, stretches

__all__ = ["Forecast", "ForecastPoint", "forecast"]

_STEPS = 24
_MOST_BINS = 2000
_MOST_ORIGINS = 160
_LEAST_ERRORS = 20
_CYCLES = 4
_RECENT = 3


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """The mean of one step of time that ends at `timestamp`, with the bounds of its interval."""

    timestamp: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast with its evidence.

    `way`: `last`, `mean`, `line`, `day` or `week`. `confidence`: of each interval alone. `tried`: forecasts of the past
    that the errors are of. `typical_error`: their mean absolute error. `others`: the same of the ways not taken.
    """

    points: tuple[ForecastPoint, ...]
    way: str
    confidence: float
    tried: int
    typical_error: float
    others: dict[str, float]

    def reaches(self, limit: float) -> float | None:
        """When the forecast is first at or above a limit (seconds since 1970); None: not within it."""
        return next((point.timestamp for point in self.points if point.value >= limit), None)

    def may_reach(self, limit: float) -> float | None:
        """The same of the interval's upper bound."""
        return next((point.timestamp for point in self.points if point.high >= limit), None)

    def to_json(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "points": [[p.timestamp, p.value, p.low, p.high] for p in self.points],
            "way": self.way,
            "confidence": self.confidence,
            "tried": self.tried,
            "typical_error": self.typical_error,
            "others": self.others,
        }

    def __str__(self) -> str:
        last = self.points[-1]
        return (
            f"{last.value:.4g} ({last.low:.4g} to {last.high:.4g}, {self.confidence:.0%}) by the {self.way} of the "
            f"past, which was {self.typical_error:.3g} wrong in the mean of {self.tried} tries"
        )


@dataclass(frozen=True, slots=True)
class _Bins:
    """Means of equal stretches of time, gaps filled with what was before; `period`: bins of a day and of a week."""

    values: list[float]
    width: float
    ended: float
    day: int
    week: int


_Way = Callable[[_Bins, int, int], list[float]]
"""Bins, how many of them are known, and steps ahead, to forecasts."""


def forecast(
    times: Sequence[float], values: Sequence[float], seconds: float, *, confidence: float = 0.9
) -> Forecast | None:
    """Forecast the next `seconds` in 24 steps; None where the past is too short to know the errors.

    The past must be about as long again as the horizon, and have twenty forecasts to try. Raises ValidationFailed for
    what is not finite, a horizon that is not positive, or a confidence outside 0 to 1.
    """
    if not (seconds > 0 and math.isfinite(seconds)) or not 0 < confidence < 1:
        raise ValidationFailed("A horizon and a confidence must be positive, the latter below 1", where="forecast")
    points = finite_points(times, values, "forecast")
    bins = _binned(points, seconds / _STEPS)
    if bins is None:
        return None
    best: tuple[float, str, list[list[float]]] | None = None
    told: dict[str, float] = {}
    for name, (way, needed) in _ways(bins).items():
        errors = _errors(bins, way, needed)
        if len(errors[0]) < max(_LEAST_ERRORS, math.ceil(2 / (1 - confidence))):
            continue
        typical = fmean(abs(error) for row in errors for error in row)
        told[name] = typical
        if best is None or typical < best[0]:
            best = (typical, name, errors)
    if best is None:
        return None
    typical, name, errors = best
    ahead = _ways(bins)[name][0](bins, len(bins.values), _STEPS)
    # Origins overlap: of so many horizons is the past really made, and with few of them errors look too small.
    allowance = 1 + 2 * _STEPS / (len(bins.values) - _STEPS)
    found = tuple(
        _point(bins.ended + (step + 1) * bins.width, value, [allowance * one for one in errors[step]], confidence)
        for step, value in enumerate(ahead)
    )
    others = {way: error for way, error in told.items() if way != name}
    return Forecast(found, name, confidence, len(errors[0]), typical, others)


def _point(at: float, value: float, errors: list[float], confidence: float) -> ForecastPoint:
    """The interval: the errors' quantiles, one further out than in the sample (conformal)."""
    ordered = sorted(errors)
    count = len(ordered)
    outside = (1 - confidence) / 2
    place = max(0, math.floor(outside * (count + 1)) - 1)
    low, high = ordered[place], ordered[count - 1 - place]
    return ForecastPoint(at, value, value + min(low, 0.0), value + max(high, 0.0))


def _binned(points: Sequence[tuple[float, float]], width: float) -> _Bins | None:
    if not points:
        return None
    span = points[-1][0] - points[0][0]
    count = min(int(span / width), _MOST_BINS)
    if count < _STEPS + _LEAST_ERRORS:
        return None
    ended = points[-1][0]
    began = ended - count * width
    sums, counts = [0.0] * count, [0] * count
    for at, value in points:
        place = min(int((at - began) / width), count - 1)
        if at >= began:
            sums[place] += value
            counts[place] += 1
    values: list[float] = []
    known = next(total / number for total, number in zip(sums, counts, strict=True) if number)
    for total, number in zip(sums, counts, strict=True):
        known = total / number if number else known
        values.append(known)
    return _Bins(values, width, ended, round(DAY / width), round(WEEK / width))


def _ways(bins: _Bins) -> dict[str, tuple[_Way, int]]:
    """The ways by name, with the bins that each needs to know."""
    ways: dict[str, tuple[_Way, int]] = {
        "last": (_last, _RECENT),
        "mean": (_mean, _STEPS // 2),
        "line": (_line, _STEPS),
    }
    for name, period in (("day", bins.day), ("week", bins.week)):
        if period >= 4:
            ways[name] = (_cycle(period), 2 * period)
    return ways


def _last(bins: _Bins, known: int, steps: int) -> list[float]:
    return [bins.values[known - 1]] * steps


def _mean(bins: _Bins, known: int, steps: int) -> list[float]:
    return [fmean(bins.values[max(0, known - 4 * steps) : known])] * steps


def _line(bins: _Bins, known: int, steps: int) -> list[float]:
    """Theil–Sen's line through the last bins, sixteen stretches of them."""
    past = [(float(at), bins.values[at]) for at in range(max(0, known - 3 * steps), known)]
    kept = [(median(t for t, _ in one), median(v for _, v in one)) for one in stretches(past, 16)]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for place, b in enumerate(kept) for a in kept[:place] if b[0] > a[0]]
    slope = median(slopes)
    level = median(value - slope * at for at, value in kept)
    return [level + slope * (known + step) for step in range(steps)]


def _cycle(period: int) -> _Way:
    def way(bins: _Bins, known: int, steps: int) -> list[float]:
        values = bins.values

        def usual(place: int) -> float:
            back = place - period * max(1, math.ceil((place - known + 1) / period))
            same = [values[at] for at in range(back, max(-1, back - _CYCLES * period), -period) if at >= 0]
            return fmean(same)

        # The latest deviations say how far this day is off; half of it is believed to last a sixth of the period.
        first = max(period, known - _RECENT)
        off = fmean(values[place] - _usual_before(values, place, period) for place in range(first, known))
        fades = 0.5 ** (6 / period)
        return [usual(known + step) + off * fades ** (step + 1) for step in range(steps)]

    return way


def _usual_before(values: list[float], place: int, period: int) -> float:
    return fmean(values[at] for at in range(place - period, max(-1, place - (_CYCLES + 1) * period), -period))


def _errors(bins: _Bins, way: _Way, needed: int) -> list[list[float]]:
    """What was measured less what was forecast, by steps ahead, from origins spread over the past."""
    last = len(bins.values) - _STEPS
    origins = range(max(needed, 2), last + 1)
    every = max(1, math.ceil(len(origins) / _MOST_ORIGINS))
    errors: list[list[float]] = [[] for _ in range(_STEPS)]
    for origin in origins[::every]:
        for step, value in enumerate(way(bins, origin, _STEPS)):
            errors[step].append(bins.values[origin + step] - value)
    return errors
