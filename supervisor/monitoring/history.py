"""The samples of late as series of numbers: what analyses look at. Filled from the log, so that it outlives processes.

A series is named by its metric (``cpu_usage``), or by component and metric (``tool:search.web/response_time``). What
belongs to one process is apart by node: ``node/process_memory``.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from events.catalogue.system import SystemSampled
from events.recorded import RecordedEvent
from events.store import EventStore
from events.time_travel import position_at

__all__ = ["FINE_HOURS", "Series", "SeriesHistory"]

FINE_HOURS = 48.0
"""How much of a series is kept as it was sampled; of what is older, one value in five minutes."""
_COARSE = 300.0
_MAX_SERIES = 500
_GROWN = 500
"""Values by which a series has grown when it is thinned out again."""
_SET_BACK = timedelta(minutes=1)
"""A node's sample that is earlier than its last one by more than this tells that its clock was set back."""
_PAGE = 500
_SHARED = frozenset(
    {
        "response_time", "success_rate", "error_rate", "requests", "tokens", "cost", "total_errors", "total_agents",
        "active_agents", "failed_agents", "total_insights",
    }
)  # fmt: skip
"""Figures that concern all processes of the log; one series for all of them."""


@dataclass(slots=True)
class Series:
    """Values by time, oldest first: seconds since 1970, and the figure in its unit."""

    times: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    _thin_at: int = 0

    def __len__(self) -> int:
        return len(self.times)

    def since(self, moment: float) -> tuple[Sequence[float], Sequence[float]]:
        """Times and values from a moment on."""
        start = bisect_left(self.times, moment)
        return self.times[start:], self.values[start:]

    def add(self, at: float, value: float) -> None:
        """Append a value; one that is not later than the last is left out."""
        if not self.times or at > self.times[-1]:
            self.times.append(at)
            self.values.append(value)

    def cut(self, at: float) -> None:
        """Let go what is later than a moment."""
        end = bisect_right(self.times, at)
        del self.times[end:], self.values[end:]

    def forget(self, before: float, fine: float) -> None:
        """Let go what is older than `before`, and most of what is older than `fine`, once there is much of it."""
        if len(self.times) < self._thin_at and self.times[0] >= before - 3_600:
            return
        kept = Series()
        last = float("-inf")
        for at, value in zip(self.times, self.values, strict=True):
            if at >= fine or (at >= before and at - last >= _COARSE):
                kept.add(at, value)
                last = at
        self.times, self.values = kept.times, kept.values
        self._thin_at = len(kept) + _GROWN


class SeriesHistory:
    """Reads the samples of all nodes, each once. `hours` is how far back the first reading goes."""

    def __init__(self, store: EventStore, hours: float) -> None:
        self._store = store
        self._back = timedelta(hours=hours)
        self._position: int | None = None
        self._series: dict[str, Series] = {}
        self.latest: dict[str, SystemSampled] = {}
        """The last sample of each node."""

    @property
    def series(self) -> Mapping[str, Series]:
        """Every series, as far back as is kept."""
        return self._series

    async def refresh(self, now: datetime) -> None:
        """Take in the samples since the last call. Raises `StoreError`."""
        head = await self._store.head()
        position = self._position
        if position is None:
            position = await position_at(self._store, now - self._back)
        while True:
            page = await self._store.read_all(position, {SystemSampled.TOPIC}, limit=_PAGE)
            for recorded in page:
                self._take(recorded)
            if len(page) < _PAGE:
                break
            position = page[-1].position
        self._position = max(head, page[-1].position if page else 0)
        oldest, fine = (now - self._back).timestamp(), (now - timedelta(hours=FINE_HOURS)).timestamp()
        for name, series in list(self._series.items()):
            series.forget(oldest, fine)
            if not series:
                del self._series[name]

    def _take(self, recorded: RecordedEvent) -> None:
        sample = recorded.event
        if not isinstance(sample, SystemSampled):
            return
        last, self.latest[sample.node] = self.latest.get(sample.node), sample
        at = sample.at.timestamp()
        if last is not None and last.at - sample.at > _SET_BACK:
            for series in self._series.values():  # what was told of a time that was not would hide what is now
                series.cut(at)
        for name, value in figures_of(sample):
            series = self._series.get(name)
            if series is None:
                if len(self._series) >= _MAX_SERIES:
                    continue
                series = self._series[name] = Series()
            series.add(at, value)


def figures_of(sample: SystemSampled) -> list[tuple[str, float]]:
    """The figures of a sample by the names of their series."""
    found = [(name if name in _SHARED else f"{sample.node}/{name}", value) for name, value in sample.figures.items()]
    for kind, group in (("role", sample.agents), ("tool", sample.tools), ("model", sample.models)):
        found += [
            (f"{kind}:{name}/{metric}", value) for name, figures in group.items() for metric, value in figures.items()
        ]
    return found
