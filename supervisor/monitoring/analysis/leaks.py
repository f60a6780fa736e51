"""Leaks: does memory, a number of descriptors, tasks or a queue grow without coming back, and when is it full?

What is judged is the floor: the tenth percentile of each twelfth of the window, so that garbage collection's saw teeth,
bursts and single dips do not count. Growth is a leak when the floor rises in nearly every twelfth (Kendall's tau), goes
on rising in the second half and the last third of the window (warm-up ends), ends above everything seen before, and
is faster than what a day's rhythm could do; with two days or more it is compared hour by hour of the day instead
(Hirsch and Slack's seasonal Kendall test, Water Resources Research 20, 1984). Allocators grow in steps, so a quiet
series that takes one large step and keeps it is flagged too, as `held_step`, as long as that growth, spread over the
time seen, would matter: it fades when no further step comes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist, median

from supervisor.monitoring.analysis.trends import Trend, finite_points, stretches, trend

__all__ = ["LEAST_GROWTH", "Leak", "LeakVerdict", "find_leak"]

LEAST_GROWTH = {"rss": 8 * 1024 * 1024, "descriptors": 16, "tasks": 16, "queue": 16}
"""The least growth in a window that matters, by what is measured (bytes; numbers)."""

_LEAST_POINTS = 100
_TWELFTHS = 12
_LEAST_TAU = 0.8
_SHARE_AFTER = 0.35
_SHARE_OF_LEVEL = 0.01
_FASTER_THAN_A_DAY = 0.10
"""Share of the level an hour. A level that swings by 60 % between night and day moves by 8 % in its steepest hour."""
_FASTER_THAN_A_WEEK = 0.10
"""Share of the level a day, likewise for a working week."""
_SHARE_A_DAY = 0.02
_DAY = 86_400.0
_HOUR = 3600.0
_WEEKS = 8 * _DAY
_WARM_UP = 0.15
_PLATEAU = 0.2
_FLAT = 0.03
_SLOWER = 0.97
_RESTART = 0.25
_REGAINED = 8
_P = 0.01


class LeakVerdict(StrEnum):
    """What is said of a series."""

    TOO_SHORT = "too_short"
    STEADY = "steady"
    WARMED_UP = "warmed_up"
    """It grew and then stopped."""
    GROWING = "growing"
    """It grows, but slower and slower, or no faster than a daily rhythm may and too few days were seen to tell."""
    HELD_STEP = "held_step"
    LEAK = "leak"


@dataclass(frozen=True, slots=True)
class Leak:
    """A verdict with its evidence.

    `slope`, `low`, `high`: units a second of the floor with its 95 % interval (a held step: the step over the time
    seen, with the interval of a rate of which one event was seen). `level`: now. `growth`: of the floor in the window.
    `seconds`, `points`: the window judged. `tau`: Kendall's of the floors. `reached_in`: seconds until `limit` at
    this slope, `reached_soonest`, `reached_latest` at the interval's ends; None: not at all, or no limit given.
    """

    verdict: LeakVerdict
    slope: float
    low: float
    high: float
    level: float
    growth: float
    tau: float
    seconds: float
    points: int
    limit: float | None = None
    reached_in: float | None = None
    reached_soonest: float | None = None
    reached_latest: float | None = None

    @property
    def flagged(self) -> bool:
        """Whether somebody should look: a leak or a held step."""
        return self.verdict in (LeakVerdict.LEAK, LeakVerdict.HELD_STEP)

    def to_json(self) -> dict[str, float | int | bool | str | None]:
        """The same for programs."""
        names = ("slope", "low", "high", "level", "growth", "tau", "seconds", "points", "limit")
        names += ("reached_in", "reached_soonest", "reached_latest")
        told = {name: getattr(self, name) for name in names}
        return told | {"verdict": self.verdict.value, "flagged": self.flagged}

    def __str__(self) -> str:
        text = (
            f"{self.verdict.value.replace('_', ' ')}: {self.growth:+.4g} in {self.seconds / _HOUR:.3g} h "
            f"to {self.level:.4g}, {self.slope * _HOUR:+.4g} an hour "
            f"({self.low * _HOUR:+.4g} to {self.high * _HOUR:+.4g})"
        )
        if self.reached_in is not None and self.limit is not None:
            text += f"; {self.limit:.4g} is reached in {self.reached_in / _HOUR:.3g} h"
        return text


def find_leak(
    times: Sequence[float], values: Sequence[float], *, limit: float | None = None, least_growth: float = 0.0
) -> Leak:
    """Judge a series (seconds; any unit) of a process's life so far or a good part of it.

    `least_growth`: smaller growth is of no interest (see LEAST_GROWTH). The whole series and its last half and quarter
    are judged, since a leak may begin late. Raises ValidationFailed for what is not finite.
    """
    points = _since_restart(finite_points(times, values, "find_leak"))
    if len(points) < _LEAST_POINTS or points[-1][0] <= points[0][0]:
        level = points[-1][1] if points else 0.0
        span = points[-1][0] - points[0][0] if points else 0.0
        return Leak(LeakVerdict.TOO_SHORT, 0.0, 0.0, 0.0, level, 0.0, 0.0, span, len(points), limit)
    whole = _judge(points, (), least_growth)
    found = whole
    for part in (2, 4):
        cut = len(points) - len(points) // part
        if found.flagged or len(points) - cut < _LEAST_POINTS:
            break
        late = _judge(points[cut:], points[:cut], least_growth)
        # The end of a slow warm-up grows too, but slower than the whole of it.
        if late.verdict is LeakVerdict.LEAK and late.slope > whole.slope:
            found = late
    if not found.flagged:
        found = _held_step(points, least_growth) or found
    return _with_forecast(found, limit)


def _since_restart(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points after the last restart: a fall by a quarter that is not regained soon.

    Three falls or more are the saw teeth of a collector, which the floor takes care of. An end at 0 is a process that
    is gone, and is left out.
    """
    while points and points[-1][1] <= 0 and any(value > 0 for _, value in points):
        points = points[:-1]
    falls = [
        place
        for place in range(1, len(points))
        if points[place][1] < (1 - _RESTART) * points[place - 1][1]
        and max(value for _, value in points[place : place + _REGAINED]) < 0.9 * points[place - 1][1]
    ]
    return points[falls[-1] :] if 0 < len(falls) < 3 else points


def _floors(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The tenth percentile of each twelfth of the time, at the middle of it."""
    return [
        ((one[0][0] + one[-1][0]) / 2, _percentile([value for _, value in one], 0.1))
        for one in stretches(points, _TWELFTHS)
    ]


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def _judge(points: list[tuple[float, float]], before: list[tuple[float, float]] | tuple[()], least: float) -> Leak:
    """The verdict on one window; `before`: what was seen earlier."""
    floors = _floors(points)
    found = trend([at for at, _ in floors], [value for _, value in floors])
    span = points[-1][0] - points[0][0]
    if found is None:
        return Leak(LeakVerdict.TOO_SHORT, 0.0, 0.0, 0.0, points[-1][1], 0.0, 0.0, span, len(points))
    growth = floors[-1][1] - floors[0][1]
    level = max(abs(floors[-1][1]), 1e-12)
    verdict = LeakVerdict.STEADY
    if growth > max(least, _SHARE_OF_LEVEL * level) and found.slope >= 0:
        verdict = _verdict(points, before, floors, found, level)
    return Leak(verdict, found.slope, found.low, found.high, floors[-1][1], growth, found.tau, span, len(points))


def _verdict(
    points: list[tuple[float, float]],
    before: Sequence[tuple[float, float]],
    floors: list[tuple[float, float]],
    found: Trend,
    level: float,
) -> LeakVerdict:
    span = points[-1][0] - points[0][0]
    if span >= 2 * _DAY:
        return _verdict_by_the_day(points, span, level)
    if not _goes_on(floors, found):
        return LeakVerdict.WARMED_UP if found.slope > 0 else LeakVerdict.STEADY
    if found.tau < _LEAST_TAU or found.low <= 0 or floors[-1][1] <= _highest(points, before):
        return LeakVerdict.STEADY
    fast = found.slope * _HOUR >= _FASTER_THAN_A_DAY * level
    return LeakVerdict.LEAK if fast and not _slows_down(points) else LeakVerdict.GROWING


def _goes_on(floors: Sequence[tuple[float, float]], found: Trend) -> bool:
    """Whether the second half and the last third still grow, at a third of the whole's slope or more."""
    for begins in (len(floors) // 2, len(floors) * 2 // 3):
        late = floors[begins:]
        if len(late) < 2 or late[-1][0] <= late[0][0]:
            return False
        if (late[-1][1] - late[0][1]) / (late[-1][0] - late[0][0]) < _SHARE_AFTER * found.slope:
            return False
    return True


def _slows_down(points: Sequence[tuple[float, float]]) -> bool:
    """Whether growth gets less, as in warm-up: the slope at the end of a parabola through the medians of 24 stretches
    against its mean slope, the first points left out."""
    kept = [median(v for _, v in one) for one in stretches(points[int(_WARM_UP * len(points)) :], 2 * _TWELFTHS)]
    count = len(kept)
    at = [2 * place / (count - 1) - 1 for place in range(count)]
    # On these symmetric places 1, x and x² − mean are orthogonal: each coefficient is a quotient of sums.
    square = math.fsum(x * x for x in at) / count
    linear = math.fsum(x * v for x, v in zip(at, kept, strict=True)) / (square * count)
    bent = math.fsum((x * x - square) * v for x, v in zip(at, kept, strict=True))
    bent /= math.fsum((x * x - square) ** 2 for x in at)
    return linear <= 0 or (linear + 2 * bent) / linear < _SLOWER


def _highest(points: Sequence[tuple[float, float]], before: Sequence[tuple[float, float]]) -> float:
    """What the floor must end above: nearly everything seen in the first half and before the window."""
    earlier = [value for _, value in points[: len(points) // 2]]
    bound = _percentile(earlier, 0.98)
    return max(bound, _percentile([value for _, value in before], 0.98)) if before else bound


def _verdict_by_the_day(points: Sequence[tuple[float, float]], span: float, level: float) -> LeakVerdict:
    """The verdict by the growth between the same hours of different days."""
    days, growth, agreeing, p = _growth_by_the_day(points)
    if days < 3 or agreeing < _LEAST_TAU or growth < _SHARE_A_DAY * level:
        return LeakVerdict.STEADY
    if span >= _WEEKS:
        return LeakVerdict.LEAK if p < _P else LeakVerdict.GROWING
    # In less than a week the way from a Sunday to a Wednesday looks the same.
    return LeakVerdict.LEAK if growth >= _FASTER_THAN_A_WEEK * level else LeakVerdict.GROWING


def _growth_by_the_day(points: Sequence[tuple[float, float]]) -> tuple[int, float, float, float]:
    """Days, the median growth a day between equal hours, how far its signs agree (−1 to 1), and p of no growth."""
    hours: dict[tuple[int, int], list[float]] = {}
    for at, value in points:
        hours.setdefault((int(at // _DAY), int(at % _DAY // _HOUR)), []).append(value)
    floors = {place: _percentile(values, 0.1) for place, values in hours.items()}
    days = sorted({day for day, _ in floors})
    slopes: list[float] = []
    score, spread = 0, 0.0
    for hour in range(24):
        series = [(day, floors[day, hour]) for day in days if (day, hour) in floors]
        for place, (later, higher) in enumerate(series):
            for day, value in series[:place]:
                slopes.append((higher - value) / (later - day))
                score += (higher > value) - (higher < value)
        count = len(series)
        # The hours of a day rise and fall together: taken as wholly dependent, their deviations add up.
        spread += math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    if not slopes or spread <= 0:
        return len(days), 0.0, 0.0, 1.0
    return len(days), median(slopes), score / len(slopes), 1 - NormalDist().cdf((score - 1) / spread)


def _held_step(points: list[tuple[float, float]], least: float) -> Leak | None:
    """A step that a quiet series took and kept, large enough over the time seen; None without one."""
    settled = points[int(_WARM_UP * len(points)) :]
    edge = int(_PLATEAU * len(points))
    values = [value for _, value in settled]
    best: tuple[float, float] | None = None
    for place in _jumps(values, edge):
        before, after = sorted(values[:place]), sorted(values[place:])
        step = _at(after, 0.05) - _at(before, 0.95)
        flat = max(_at(before, 0.95) - _at(before, 0.05), _at(after, 0.95) - _at(after, 0.05))
        if step > 0 and flat <= _FLAT * step and (best is None or step > best[0]):
            best = (step, _at(after, 0.5))
    span = points[-1][0] - points[0][0]
    if best is None or best[0] < max(least, _SHARE_OF_LEVEL * abs(best[1])):
        return None
    step, level = best
    slope = step / span
    if slope * _HOUR < _FASTER_THAN_A_DAY * max(abs(level), 1e-12):
        return None
    # 95 % interval of a Poisson rate of which one event was seen (Garwood 1936): 0.025 to 5.57 events.
    return Leak(LeakVerdict.HELD_STEP, slope, 0.0253 * slope, 5.572 * slope, level, step, 0.0, span, len(points))


def _jumps(values: Sequence[float], edge: int) -> list[int]:
    """Where the eight largest rises between neighbours are, with a plateau's length on both sides."""
    inner = range(max(edge, 1), len(values) - edge)
    return sorted(inner, key=lambda place: values[place - 1] - values[place])[:8]


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))]


def _with_forecast(found: Leak, limit: float | None) -> Leak:
    """The same with the time until the limit."""
    if limit is None:
        return found
    left = limit - found.level
    soonest, at_slope, latest = (_until(left, slope) for slope in (found.high, found.slope, found.low))
    return Leak(
        found.verdict,
        found.slope,
        found.low,
        found.high,
        found.level,
        found.growth,
        found.tau,
        found.seconds,
        found.points,
        limit,
        at_slope,
        soonest,
        latest,
    )


def _until(left: float, slope: float) -> float | None:
    if left <= 0:
        return 0.0
    return left / slope if slope > 0 and math.isfinite(left / slope) else None
