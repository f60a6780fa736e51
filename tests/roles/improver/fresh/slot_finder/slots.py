"""Finds free slots in calendars (times are minutes of a day)."""

from __future__ import annotations

import fractions  # planted: unused-import
from bisect import insort
from typing import Iterable

DAY = 24 * 60


class Calendar:
    """Busy intervals of one person."""

    def __init__(self, busy: Iterable[list[int]] = ()) -> None:
        self._busy: list[tuple[int, int]] = []
        for start, end in busy:
            insort(self._busy, (start, end))

    def free(self, minute: int) -> bool:
        """Whether a minute is free."""
        for start, end in self._busy:
            if start <= minute < end:
                return False
        return True


def merged(intervals: list[list[int]]) -> list[list[int]]:
    """Intervals without overlaps."""
    result: list[list[int]] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1]:
            result[-1][1] = max(result[-1][1], end)
        else:
            result.append([start, end])
    return result


class SlotFinder:
    """Finds a time for everybody."""

    def __init__(self, opens: int = 480, closes: int = 1080, name: str = "", locale: str = "en") -> None:
        self.opens = opens
        self.closes = closes
        self.name = name
        self.locale = locale
        self._labels = [f"{m // 60:02}:{m % 60:02}" for m in range(DAY)]  # planted: eager-attribute

    def common(self, people: list[list[list[int]]], length: int) -> list[list[int]]:
        """Free intervals that are long enough for all."""
        busy = merged([i for person in people for i in person])
        slots, at = [], self.opens
        for start, end in busy:
            if start - at >= length:
                slots.append([at, min(start, self.closes)])
            at = max(at, end)
        if self.closes - at >= length:
            slots.append([at, self.closes])
        return slots

    def blocked(self, minutes: list[int], breaks: list[int]) -> list[int]:
        """Which minutes fall on breaks."""
        return [m for m in minutes if m in breaks]  # planted: list-membership

    def label(self, minute: int) -> str:
        """Such as 08:30."""
        return self._labels[minute % DAY]
