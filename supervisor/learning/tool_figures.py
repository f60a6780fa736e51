"""How well and how fast each tool worked, in counts that can be added to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from supervisor.learning.records import MAX_NAME, MAX_STEPS, Record

__all__ = ["ToolFigures", "ToolTally"]

_MAX_TOOLS = 5_000
_STEPS_OF_TEN = 20


@dataclass(frozen=True, slots=True)
class ToolFigures:
    """calls: all; judged: those whose success is known; success_rate of these with Wilson's 95 % interval.

    median, p95: seconds of a call, to about 6 %; None where never measured. success_with: share of traces that used
    it and succeeded (a circumstance, not an effect: see the patterns for effects).
    """

    tool: str
    calls: int
    judged: int
    success_rate: float | None
    low: float | None
    high: float | None
    median: float | None
    p95: float | None
    traces: int
    success_with: float | None


@dataclass(slots=True)
class _Tally:
    calls: int = 0
    judged: int = 0
    good: int = 0
    traces: int = 0
    succeeded: int = 0
    times: dict[int, int] = field(default_factory=dict[int, int])


class ToolTally:
    """Counts by tool; durations in bins of a twentieth of a decade."""

    def __init__(self) -> None:
        self._tools: dict[str, _Tally] = {}

    def add(self, record: Record) -> None:
        """Count the calls of a record whose outcome is known."""
        seen: set[str] = set()
        for step in record.steps[:MAX_STEPS]:
            if step.kind != "tool":
                continue
            name = step.name[:MAX_NAME]
            tally = self._tools.get(name)
            if tally is None:
                if len(self._tools) >= _MAX_TOOLS:
                    continue
                tally = self._tools[name] = _Tally()
            tally.calls += 1
            tally.judged += step.ok is not None
            tally.good += step.ok is True
            if step.seconds is not None and 0 <= step.seconds < math.inf:
                place = round(_STEPS_OF_TEN * math.log10(max(step.seconds, 1e-6)))
                tally.times[place] = tally.times.get(place, 0) + 1
            if name not in seen:
                seen.add(name)
                tally.traces += 1
                tally.succeeded += record.success is True

    def figures(self) -> tuple[ToolFigures, ...]:
        """All tools, the most called first."""
        found = [_figures(name, tally) for name, tally in self._tools.items()]
        return tuple(sorted(found, key=lambda tool: (-tool.calls, tool.tool)))


def _figures(name: str, tally: _Tally) -> ToolFigures:
    rate = low = high = None
    if tally.judged:
        rate, (low, high) = tally.good / tally.judged, _wilson(tally.good, tally.judged)
    return ToolFigures(
        tool=name,
        calls=tally.calls,
        judged=tally.judged,
        success_rate=rate,
        low=low,
        high=high,
        median=_quantile(tally.times, 0.5),
        p95=_quantile(tally.times, 0.95),
        traces=tally.traces,
        success_with=tally.succeeded / tally.traces if tally.traces else None,
    )


def _quantile(times: dict[int, int], share: float) -> float | None:
    wanted, seen = share * sum(times.values()), 0
    for place in sorted(times):
        seen += times[place]
        if seen >= wanted:
            return 10 ** (place / _STEPS_OF_TEN)
    return None


def _wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    rate, square = hits / of, z * z
    middle = (rate + square / (2 * of)) / (1 + square / of)
    half = z * math.sqrt(rate * (1 - rate) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)
