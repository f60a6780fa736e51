"""Tells whether positions lie within fenced areas."""

import math
from typing import Sequence
import colorsys  # planted: unused-import

EARTH = 6371000.0


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """Metres between two positions (haversine)."""
    la1, lo1, la2, lo2 = map(math.radians, (one[0], one[1], other[0], other[1]))
    h = math.sin((la2 - la1) / 2) ** 2 + math.cos(la1) * math.cos(la2) * math.sin((lo2 - lo1) / 2) ** 2
    return 2 * EARTH * math.asin(min(1.0, math.sqrt(h)))


class Polygon:
    """An area by its corners."""

    def __init__(self, corners: list[list[float]]) -> None:
        self.corners = corners

    def contains(self, p: list[float]) -> bool:
        """Ray casting."""
        inside = False
        j = len(self.corners) - 1
        for i in range(len(self.corners)):
            (ax, ay), (bx, by) = self.corners[i], self.corners[j]
            if (ay > p[1]) != (by > p[1]) and p[0] < (bx - ax) * (p[1] - ay) / (by - ay) + ax:
                inside = not inside
            j = i
        return inside


class FenceAgent:
    """Watches a fence."""

    def __init__(self, corners: list[list[float]], home: list[float], name: str = "fence", version: int = 1) -> None:
        self.polygon = Polygon(corners)
        self.home = home
        self.name = name
        self.version = version
        # cosines of whole degrees, for maps
        self._cosines = [math.cos(math.radians(d)) for d in range(0, 361)]  # planted: eager-attribute

    def inside(self, positions: list[list[float]]) -> list[bool]:
        """For each position."""
        return [self.polygon.contains(p) for p in positions]

    def leaves(self, track: list[list[float]]) -> list[int]:
        """Where a track leaves the area."""
        out = []
        for i in range(1, len(track)):
            if self.polygon.contains(track[i - 1]) and not self.polygon.contains(track[i]):
                out.append(i)
        return out

    def farthest(self, track: list[list[float]]) -> float:
        """Metres to the farthest position from home."""
        return round(max((distance(self.home, p) for p in track), default=0.0), 1)

    def far_places(self, track: list[list[float]], share: float) -> list[int]:
        """Positions farther than a share of the farthest."""
        places = []
        for i, p in enumerate(track):
            limit = share * self.farthest(track)  # planted: loop-invariant
            if distance(self.home, p) > limit:
                places.append(i)
        return places

    def scale(self, degree: int) -> float:
        """The cosine that maps are scaled by."""
        return self._cosines[abs(degree) % 361]
