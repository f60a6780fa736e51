"""Figures before and after a change, with 95 % intervals, and whether the change did harm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from supervisor.learning.reliability import wilson

__all__ = ["Figure", "Rate", "is_harm", "is_help", "mean_of"]

_Z = 1.959964
_EXACT = (12.706205, 4.302653, 3.182446)
"""The quantile for one to three degrees of freedom, where the expansion is not good enough."""
_HIGHER_IS_BETTER = frozenset({"success_rate"})


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of so many failed, with Wilson's interval."""

    failed: int
    calls: int

    @property
    def interval(self) -> tuple[float, float]:
        """From and to."""
        return wilson(self.failed, self.calls)

    def to_json(self) -> dict[str, JsonValue]:
        """As the log keeps it."""
        low, high = self.interval
        share = self.failed / self.calls if self.calls else None
        return {"failed": self.failed, "calls": self.calls, "rate": share, "low": _short(low), "high": _short(high)}


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of `count` values of a metric, with its interval (None where fewer than two are known).

    `errors` are of the same calls, where the values are of calls.
    """

    metric: str
    count: int
    mean: float | None
    low: float | None
    high: float | None
    errors: Rate | None = None

    def to_json(self) -> dict[str, JsonValue]:
        """As the log keeps it."""
        told: dict[str, JsonValue] = {
            "metric": self.metric, "count": self.count, "mean": _short(self.mean), "low": _short(self.low),
            "high": _short(self.high),
        }  # fmt: skip
        if self.errors is not None:
            told["errors"] = self.errors.to_json()
        return told


def mean_of(metric: str, values: Sequence[float], errors: Rate | None = None) -> Figure:
    """The mean with Student's interval; the quantile is expanded after Cornish and Fisher (1937).

    Up to four values it is exact, from five on within three thousandths.
    """
    count = len(values)
    if not count:
        return Figure(metric, 0, None, None, None, errors)
    mean = math.fsum(values) / count
    if count == 1:
        return Figure(metric, 1, mean, None, None, errors)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    reach = _student(count - 1) * deviation / math.sqrt(count)
    return Figure(metric, count, mean, mean - reach, mean + reach, errors)


def is_harm(before: Figure, after: Figure) -> bool:
    """Whether it is clearly worse than before: the intervals of the metric, or of the failures, are apart.

    A metric that is worse does not count where clearly fewer calls fail: what fails at once is not fast.
    """
    worse = _apart(before, after, better=False) and not _fail_more(after, before)
    return worse or _fail_more(before, after)


def is_help(before: Figure, after: Figure) -> bool:
    """Whether the metric is clearly better than before."""
    return _apart(before, after, better=True)


def _apart(before: Figure, after: Figure, *, better: bool) -> bool:
    if before.metric == "error_rate" and before.errors is not None and after.errors is not None:
        was, now = before.errors.interval, after.errors.interval
        known = bool(before.errors.calls and after.errors.calls)
        return known and (now[1] < was[0] if better else now[0] > was[1])
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return False
    lower = after.high < before.low
    higher = after.low > before.high
    return lower if better is (before.metric not in _HIGHER_IS_BETTER) else higher


def _fail_more(before: Figure, after: Figure) -> bool:
    if before.errors is None or after.errors is None or not before.errors.calls or not after.errors.calls:
        return False
    return after.errors.interval[0] > before.errors.interval[1]


def _student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t."""
    if freedom <= len(_EXACT):
        return _EXACT[freedom - 1]
    z, n = _Z, float(freedom)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
