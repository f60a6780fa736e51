"""Changes of level: in a stream as it comes (drift), and in a series that lies before one (change points).

Drift: ADWIN2 of Bifet and Gavaldà, "Learning from Time-Changing Data with Adaptive Windowing", SDM 2007: a window that
drops its old part when the means of its two parts differ more than chance allows, kept as an exponential histogram, so
memory is logarithmic. Change points: Pettitt's rank test (Applied Statistics 28, 1979), repeated on both sides of what
it finds, with the variance corrected for autocorrelation.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from common.errors import ValidationFailed
from supervisor.monitoring.analysis.trends import finite_points, stretches

__all__ = ["Change", "Drift", "DriftDetector", "change_points"]

_BUCKETS = 5
_EVERY = 32
_LEAST_PART = 5
_LEAST_SIDE = 12
_MOST_POINTS = 1200


@dataclass(frozen=True, slots=True)
class Drift:
    """The mean went from `before` (of `dropped` values) to `after` (of `kept`); `delta`: chance of a false alarm."""

    before: float
    after: float
    dropped: int
    kept: int
    delta: float

    def to_json(self) -> dict[str, float | int]:
        """The same for programs."""
        names = ("before", "after", "dropped", "kept", "delta")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        return f"mean {self.before:.4g} in {self.dropped} values before, {self.after:.4g} in {self.kept} since"


@dataclass(slots=True)
class _Bucket:
    """`count` values: their sum and the sum of squared deviations from their mean."""

    count: int
    total: float
    spread: float


class DriftDetector:
    """ADWIN over a stream of values of any scale; `delta` bounds the chance of a false alarm of one comparison.

    Memory: at most six buckets for each doubling of the window.
    """

    __slots__ = ("_delta", "_rows", "_seen", "_window")

    def __init__(self, delta: float = 0.002) -> None:
        if not 0 < delta < 1:
            raise ValidationFailed(f"A delta of {delta} is not between 0 and 1", where="DriftDetector")
        self._delta = delta
        self._rows: list[list[_Bucket]] = [[]]
        self._window = _Bucket(0, 0.0, 0.0)
        self._seen = 0

    @property
    def width(self) -> int:
        """Values in the window."""
        return self._window.count

    @property
    def mean(self) -> float:
        """Of the window; 0 when it is empty."""
        return self._window.total / self._window.count if self._window.count else 0.0

    @property
    def buckets(self) -> int:
        """Buckets held."""
        return sum(len(row) for row in self._rows)

    def update(self, value: float) -> Drift | None:
        """Take a value; the drift if one is found now. Raises ValidationFailed for what is not finite."""
        if not math.isfinite(value) or abs(value) > 1e140:
            raise ValidationFailed(f"A value of {value} can't be compared", where="DriftDetector.update")
        self._rows[0].insert(0, _Bucket(1, value, 0.0))
        self._window = _joined(self._window, self._rows[0][0])
        self._compress()
        self._seen += 1
        return self._cut() if self._seen % _EVERY == 0 and self.width > 2 * _LEAST_PART else None

    def _compress(self) -> None:
        """At most five buckets of a size: the two oldest become one of the next size."""
        place = 0
        while len(self._rows[place]) > _BUCKETS:
            if place + 1 == len(self._rows):
                self._rows.append([])
            oldest, older = self._rows[place].pop(), self._rows[place].pop()
            self._rows[place + 1].insert(0, _joined(oldest, older))
            place += 1

    def _cut(self) -> Drift | None:
        before, width = self.mean, self.width
        cut = False
        while self._differs():
            self._drop_oldest()
            cut = True
        if not cut:
            return None
        dropped = width - self.width
        lost = (before * width - self._window.total) / dropped
        return Drift(lost, self.mean, dropped, self.width, self._delta)

    def _differs(self) -> bool:
        """Whether some older part's mean differs from the rest's by more than Theorem 3.2's bound."""
        count = self.width
        if count <= 2 * _LEAST_PART:
            return False
        variance = max(self._window.spread / count, 0.0)
        likely = math.log(2 * math.log(count) / self._delta)
        older, total = 0, 0.0
        for row in reversed(self._rows):
            for bucket in reversed(row):
                older += bucket.count
                total += bucket.total
                newer = count - older
                if newer < _LEAST_PART:
                    return False
                if older < _LEAST_PART:
                    continue
                parts = 1 / (1 / (older - _LEAST_PART + 1) + 1 / (newer - _LEAST_PART + 1))
                # The bound is for values between 0 and 1: its second term takes their range, here the deviation's.
                bound = math.sqrt(2 / parts * variance * likely) + 2 / (3 * parts) * likely * math.sqrt(variance)
                if abs(total / older - (self._window.total - total) / newer) > bound:
                    return True
        return False

    def _drop_oldest(self) -> None:
        row = next(row for row in reversed(self._rows) if row)
        gone = row.pop()
        while len(self._rows) > 1 and not self._rows[-1]:
            self._rows.pop()
        window = self._window
        count, total = window.count - gone.count, window.total - gone.total
        apart = gone.total / gone.count - total / count if count else 0.0
        spread = window.spread - gone.spread - apart * apart * gone.count * count / window.count
        self._window = _Bucket(count, total, max(spread, 0.0))


def _joined(one: _Bucket, other: _Bucket) -> _Bucket:
    if one.count == 0:
        return _Bucket(other.count, other.total, other.spread)
    count = one.count + other.count
    apart = one.total / one.count - other.total / other.count
    return _Bucket(
        count, one.total + other.total, one.spread + other.spread + apart * apart * one.count * other.count / count
    )


@dataclass(frozen=True, slots=True)
class Change:
    """The level changed between two points.

    `timestamp`: of the first point after. `before`, `after`: medians of the parts that the neighbouring changes bound.
    `p`: of no change, corrected for autocorrelation. `points_before`, `points_after`: of those parts.
    """

    timestamp: float
    before: float
    after: float
    p: float
    points_before: int
    points_after: int

    def to_json(self) -> dict[str, float | int]:
        """The same for programs."""
        names = ("timestamp", "before", "after", "p", "points_before", "points_after")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        return (
            f"{self.before:.4g} ({self.points_before} points) to {self.after:.4g} ({self.points_after}), p {self.p:.2g}"
        )


def change_points(
    times: Sequence[float], values: Sequence[float], *, p: float = 0.001, most: int = 8
) -> tuple[Change, ...]:
    """The changes of level of a series, in the order of time, the `most` surest of them.

    A trend or a daily rhythm is a change of level too: take them out first where they are expected. Raises
    ValidationFailed for what is not finite.
    """
    points = finite_points(times, values, "change_points")
    if len(points) > _MOST_POINTS:
        points = [(one[0][0], median(v for _, v in one)) for one in stretches(points, _MOST_POINTS)]
    found: dict[int, float] = {}
    waiting = [(0, len(points))]
    while waiting:
        first, last = waiting.pop()
        place = _pettitt([value for _, value in points[first:last]])
        if place is None or place[1] >= p:
            continue
        found[first + place[0]] = place[1]
        waiting += [(first, first + place[0]), (first + place[0], last)]
    surest = sorted(sorted(found, key=lambda at: found[at])[:most])
    bounds = [0, *surest, len(points)]
    return tuple(
        Change(
            points[at][0],
            median(v for _, v in points[bounds[place] : at]),
            median(v for _, v in points[at : bounds[place + 2]]),
            found[at],
            at - bounds[place],
            bounds[place + 2] - at,
        )
        for place, at in enumerate(surest)
    )


def _pettitt(values: Sequence[float]) -> tuple[int, float] | None:
    """The likeliest place of a change and its p; None for too few values."""
    count = len(values)
    if count < 2 * _LEAST_SIDE:
        return None
    order = sorted(values)
    score, best, place = 0.0, -1.0, 0
    for at, value in enumerate(values[:-1], 1):
        score += bisect_left(order, value) + bisect_right(order, value) - count
        if abs(score) > best and _LEAST_SIDE <= at <= count - _LEAST_SIDE:
            best, place = abs(score), at
    worth = count / _dependence(values, place)
    share = best / count**2
    return place, min(1.0, 2 * math.exp(-6 * share * share * worth * worth / (worth + 1))) if worth > 1 else 1.0


def _dependence(values: Sequence[float], place: int) -> float:
    """How many points are worth one, from the first autocorrelation of the ranks within both parts (Bayley 1946)."""
    above = below = 0.0
    for part in (values[:place], values[place:]):
        order = sorted(part)
        ranks = [bisect_left(order, value) - len(part) / 2 for value in part]
        mean = math.fsum(ranks) / len(ranks)
        above += math.fsum((a - mean) * (b - mean) for a, b in pairwise(ranks))
        below += math.fsum((rank - mean) ** 2 for rank in ranks)
    related = min(max(above / below, 0.0), 0.99) if below > 0 else 0.0
    return (1 + related) / (1 - related)
