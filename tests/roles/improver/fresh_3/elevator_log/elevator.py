"""Reads logs of elevators with generators."""

from __future__ import annotations

import re
from collections.abc import Iterator

SQUARES = [n * n for n in range(2000)]  # planted: unused-name


def entries(lines: list[str]) -> Iterator[dict]:
    """What each line tells."""
    for line in lines:
        found = re.match(r"(?P<at>\d+) (?P<car>\w+) floor (?P<floor>\d+) (?P<what>\w+)", line)  # planted: regex-recompiled
        if found:
            yield {**found.groupdict(), "floor": int(found["floor"])}


class LogAgent:
    """Answers from logs."""

    def floors(self, lines: list[str]) -> list[int]:
        """Floors in the order of their first stop."""
        seen: list[int] = []
        for entry in entries(lines):
            if entry["floor"] not in seen:
                seen.append(entry["floor"])
        return seen

    def alarms(self, lines: list[str], cars: list[str]) -> int:
        """Alarms of these cars."""
        return sum(1 for entry in entries(lines) if entry["what"] == "alarm" and entry["car"] in cars)

    def busiest(self, lines: list[str]) -> str:
        """The car with most lines."""
        counts: dict[str, int] = {}
        for entry in entries(lines):
            counts[entry["car"]] = counts.get(entry["car"], 0) + 1
        return max(counts, key=lambda car: (counts[car], car)) if counts else ""

    def advice(self, row: dict) -> str:
        """What to do with a car."""
        if "car" in row:  # planted: nested-conditions
            if row.get("stops", 0) > 30:
                for word in ("oil", "brake"):
                    if word in row:
                        return word
                return "look at it"
            else:
                return "fine"
        else:
            raise Exception("no car")  # planted: untyped-error
