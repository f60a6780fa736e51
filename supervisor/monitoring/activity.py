"""What roles, tools, models and requests did lately: the counters of the log, now and a window ago."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from events.projection import Views
from events.views.performance import PerformanceView

__all__ = ["Activity", "ActivityWindow", "Work"]

_MANY = 5_000
_LOOKS = 60
"""Looks that are remembered of a window, at the most."""
_FIELDS = ("calls", "errors", "seconds", "input_tokens", "output_tokens", "cost")


@dataclass(frozen=True, slots=True)
class Work:
    """What was done in a window: calls that began or ended, how many failed, seconds in all, tokens, US dollars."""

    calls: int = 0
    errors: int = 0
    seconds: float = 0.0
    tokens: int = 0
    cost: float = 0.0

    @property
    def response_time(self) -> float | None:
        """Seconds a call took in the mean; None without calls."""
        return self.seconds / self.calls if self.calls else None

    @property
    def error_rate(self) -> float | None:
        """The share that failed, 0 to 1; None without calls."""
        return min(1.0, self.errors / self.calls) if self.calls else None

    @property
    def success_rate(self) -> float | None:
        """The share that did not fail, 0 to 1; None without calls."""
        return None if self.error_rate is None else 1 - self.error_rate

    def figures(self) -> dict[str, float]:
        """Its figures by name, those that are known."""
        told: dict[str, float | None] = {
            "calls": self.calls,
            "errors": self.errors,
            "response_time": self.response_time,
            "success_rate": self.success_rate,
            "error_rate": self.error_rate,
            "tokens": self.tokens,
            "cost": self.cost,
        }
        return {name: round(value, 6) for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done in the `seconds` until now, by name; `total_errors` of requests is since the log began."""

    seconds: float
    roles: Mapping[str, Work] = field(default_factory=dict[str, Work])
    tools: Mapping[str, Work] = field(default_factory=dict[str, Work])
    models: Mapping[str, Work] = field(default_factory=dict[str, Work])
    requests: Work = field(default_factory=Work)
    total_errors: int = 0

    def components(self) -> dict[str, Work]:
        """Everything that worked, by the name of its component, such as ``tool:search.web``."""
        kinds = (("role", self.roles), ("tool", self.tools), ("model", self.models))
        named = {f"{kind}:{name}": work for kind, works in kinds for name, work in works.items()}
        return {"requests": self.requests, **named} if self.requests.calls else named


_Counters = dict[tuple[str, str], tuple[float, ...]]


class ActivityWindow:
    """Remembers the counters of the view `performance`, to tell how they grew. One query a look, whatever was done."""

    def __init__(self, views: Views, seconds: float) -> None:
        self._views = views
        self._length = timedelta(seconds=seconds)
        self._looks: deque[tuple[datetime, _Counters]] = deque()

    async def look(self, now: datetime) -> Activity:
        """What was done since the look that is a window ago, or since the first look; nothing at the first one."""
        rows = await self._views.query(PerformanceView.name, limit=_MANY)
        counters: _Counters = {
            (row["kind"], row["name"]): tuple(float(row[name] or 0) for name in _FIELDS) for row in rows
        }
        while len(self._looks) > 1 and self._looks[1][0] <= now - self._length:
            self._looks.popleft()
        if len(self._looks) > 1 and now - self._looks[-2][0] < self._length / _LOOKS:
            self._looks[-1] = (now, counters)
        else:
            self._looks.append((now, counters))
        began, before = self._looks[0]
        kinds: dict[str, dict[str, Work]] = {"role": {}, "tool": {}, "model": {}, "request": {}}
        for key, values in counters.items():
            grown = [max(0.0, value - was) for value, was in zip(values, before.get(key, (0.0,) * 6), strict=True)]
            if grown[0] or grown[1]:
                kinds[key[0]][key[1]] = _work(grown)
        return Activity(
            seconds=(now - began).total_seconds(),
            roles=kinds["role"],
            tools=kinds["tool"],
            models=kinds["model"],
            requests=_sum(kinds["request"]),
            total_errors=int(sum(values[1] for key, values in counters.items() if key[0] == "request")),
        )


def _work(grown: list[float]) -> Work:
    calls, errors, seconds, given, made, cost = grown
    return Work(max(int(calls), int(errors)), int(errors), seconds, int(given + made), cost)


def _sum(works: Mapping[str, Work]) -> Work:
    return Work(
        sum(work.calls for work in works.values()),
        sum(work.errors for work in works.values()),
        sum(work.seconds for work in works.values()),
        sum(work.tokens for work in works.values()),
        sum(work.cost for work in works.values()),
    )
