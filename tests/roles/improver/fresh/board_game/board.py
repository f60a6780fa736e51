"""A small board game on a grid: captures, territories, a simple bot."""

from __future__ import annotations

import textwrap  # planted: unused-import
from functools import reduce
from typing import NamedTuple


class Point(NamedTuple):
    x: int
    y: int


class Board:
    """A square board of size n; stones by point.

    The neighbours are prepared once per board because they are asked for all the time.
    """

    def __init__(self, size: int = 9) -> None:
        self.size = size
        self.stones: dict[Point, str] = {}
        self._star = [Point(2, 2), Point(2, 6), Point(6, 2), Point(6, 6), Point(4, 4)]
        self._neighbours = {  # planted: eager-attribute
            Point(x, y): [
                Point(x + dx, y + dy)
                for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
                if 0 <= x + dx < size and 0 <= y + dy < size
            ]
            for x in range(size)
            for y in range(size)
        }

    def put(self, x: int, y: int, colour: str) -> bool:
        """Whether the stone could be put there."""
        point = Point(x, y)
        if point in self.stones or not (0 <= x < self.size and 0 <= y < self.size):
            return False
        self.stones[point] = colour
        return True

    def group(self, start: Point) -> set[Point]:
        """Stones connected with one."""
        colour = self.stones[start]
        found, todo = {start}, [start]
        while todo:
            for other in self._neighbours[todo.pop()]:
                if other not in found and self.stones.get(other) == colour:
                    found.add(other)
                    todo.append(other)
        return found

    def liberties(self, start: Point) -> int:
        """Free points next to a group."""
        free: set[Point] = set()
        for stone in self.group(start):
            free |= {p for p in self._neighbours[stone] if p not in self.stones}
        return len(free)


def ways_home(dx: int, dy: int) -> int:  # planted: repeated-computation
    """In how many ways a runner gets home over dx and dy steps."""
    if dx == 0 or dy == 0:
        return 1
    return ways_home(dx - 1, dy) + ways_home(dx, dy - 1)


class GameAgent:  # planted: no-slots
    """Plays from a list of moves."""

    def __init__(self, size: int = 9) -> None:
        self.size = size

    def play(self, moves: list[list]) -> list:
        """Which moves were possible."""
        board = Board(self.size)
        return [board.put(m[0], m[1], "bw"[i % 2]) for i, m in enumerate(moves)]

    def paths(self, runners: list[list[int]]) -> int:
        """The product of the ways of all runners."""
        return reduce(lambda a, b: a * b, (ways_home(r[0], r[1]) for r in runners), 1)

    def chains(self, moves: list[list]) -> list[int]:
        """The liberties of each stone's group at the end."""
        board = Board(self.size)
        for i, m in enumerate(moves):
            board.put(m[0], m[1], "bw"[i % 2])
        return [board.liberties(p) for p in board.stones]
