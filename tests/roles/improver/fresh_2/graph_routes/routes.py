"""Answers how to get about."""

import logging  # planted: unused-import
import heapq as heap  # planted: unused-import

from network import Network

_HISTORY_LIMIT = 50


class RouteError(ValueError):
    """No way there."""


class RouteAgent:
    """Answers for one network.

    Keeps a history of questions for the operator.
    """

    def __init__(self, links: list[list]) -> None:
        self._network = Network(links)
        self._history: list[str] = []

    def minutes(self, start: str, end: str) -> int:
        """Minutes from start to end."""
        self._history.append(f"{start}-{end}")
        del self._history[:-_HISTORY_LIMIT]
        found = self._network.quickest(start, end)
        if found is None:
            raise RouteError(f"no way from {start} to {end}")
        return found

    def within(self, start: str, stations: list[str]) -> list[str]:
        """Which of the stations can be reached."""
        near = self._network.reachable(start)
        return sorted(s for s in stations if s in near)  # planted: list-membership

    def history(self) -> list[str]:
        """Questions so far, the newest last; a copy."""
        return list(self._history)

    def report(self, start: str) -> str:
        """A line for each station."""
        lines: list[str] = []
        for number, station in enumerate(self._network.reachable(start), 1):
            lines = lines + [f"{number:3} {station}"]  # planted: concatenation
        return "\n".join(lines)
