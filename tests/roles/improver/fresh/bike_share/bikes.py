"""Bike sharing: where to take and leave bikes."""
from __future__ import annotations

import uuid  # planted: unused-import
import math
from dataclasses import dataclass, asdict


class NoBike(Exception):
    pass


@dataclass
class Station:
    name: str
    x: float
    y: float
    bikes: int
    docks: int

    @property
    def free(self) -> int:
        return self.docks - self.bikes


class BikeAgent:
    """Knows the stations of a city, given when it is made."""

    def __init__(self, stations: list[dict], closed: list[str] | None = None) -> None:
        self.stations = [Station(**s) for s in stations]
        self.closed = closed or []

    def _near(self, x: float, y: float) -> list[Station]:
        return sorted(self.stations, key=lambda s: math.hypot(s.x - x, s.y - y))

    def take(self, x: float, y: float) -> str:
        """The nearest station with a bike."""
        for s in self._near(x, y):
            if s.name not in self.closed:  # planted: nested-conditions
                if s.bikes > 0:
                    return s.name
        raise NoBike("no bike")

    def trip(self, start: list[float], end: list[float]) -> dict:
        """Where to take a bike and where to leave it."""
        taken = self.take(start[0], start[1])
        for s in self._near(end[0], end[1]):
            if s.free > 0 and s.name not in self.closed:
                return {"from": taken, "to": s.name}
        raise Exception("no dock")  # planted: untyped-error

    def rank(self, people: list[list[float]]) -> list[int]:
        """Rank of each person by the distance to the middle of all stations."""
        ranks = []
        for p in people:
            cx = sum(s.x for s in self.stations) / len(self.stations)  # planted: loop-invariant
            cy = sum(s.y for s in self.stations) / len(self.stations)  # planted: loop-invariant
            distances = sorted(math.hypot(q[0] - cx, q[1] - cy) for q in people)
            ranks.append(distances.index(math.hypot(p[0] - cx, p[1] - cy)) + 1)
        return ranks

    def dump(self) -> list[dict]:
        """All stations."""
        return [asdict(s) for s in self.stations]
