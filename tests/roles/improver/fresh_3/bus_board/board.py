"""A departure board."""

import statistics  # planted: eager-import
import textwrap  # planted: eager-import

from feeds import live, timetable


class Board:
    """Shows what leaves next."""

    def __init__(self, lines: int = 5) -> None:
        self.lines = lines

    async def departures(self, stop: str) -> list[list]:
        """Line and minutes."""
        planned = await timetable(stop)  # planted: sequential-awaits
        delays = await live(stop)
        return [[line, minutes + delays.get(line, 0)] for line, minutes in planned][: self.lines]

    async def both_ways(self, one: str, other: str) -> dict:
        """What leaves at two stops."""
        here = await timetable(one)  # planted: sequential-awaits
        there = await timetable(other)
        return {one: len(here), other: len(there)}

    def late(self, delays: list[int]) -> float:
        """The usual delay."""
        return statistics.median(delays) if delays else 0.0

    def poster(self, stop: str) -> str:
        """What is printed for the stop."""
        return textwrap.fill(f"All buses from {stop} leave from the other side of the street this week.", 30)
