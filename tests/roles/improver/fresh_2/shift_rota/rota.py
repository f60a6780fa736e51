"""Plans shifts of nurses for a week.

Errors are told by exceptions with the text that the head nurse reads.
"""

from __future__ import annotations

import calendar
import decimal  # planted: unused-import
from dataclasses import dataclass


@dataclass(frozen=True)
class Shift:
    """A shift on a day (0 is Monday)."""

    day: int
    name: str
    hours: float

    @property
    def night(self) -> bool:
        return self.name == "night"

    def label(self) -> str:
        return f"{calendar.day_abbr[self.day]} {self.name}"


class Nurse:
    def __init__(self, name: str, hours: float, nights: bool = True) -> None:
        self.name = name
        self.hours = hours
        self.nights = nights
        self.assigned: list[Shift] = []

    @property
    def worked(self) -> float:
        return sum(s.hours for s in self.assigned)

    def may(self, shift: Shift) -> bool:
        """Whether the shift can be given to this nurse."""
        if self.worked + shift.hours <= self.hours:  # planted: nested-conditions
            if not shift.night or self.nights:
                if not any(s.day == shift.day for s in self.assigned):
                    return True
        return False


def week(shifts: list[dict]) -> list[Shift]:
    made = []
    for day in range(7):
        for s in shifts:
            made.append(Shift(day, s["name"], s["hours"]))
    return made


class Rota:
    """Plans."""

    def __init__(self, staff: list[dict]) -> None:
        self.staff = staff

    def plan(self, shifts: list[dict]) -> dict[str, str]:
        """Who does what, fairest first."""
        nurses = [Nurse(p["name"], p["hours"], p.get("nights", True)) for p in self.staff]
        plan: dict[str, str] = {}
        for shift in week(shifts):
            free = [n for n in nurses if n.may(shift)]
            if not free:
                raise Exception("nobody for " + shift.label())  # planted: untyped-error
            chosen = min(free, key=lambda n: (n.worked, n.name))
            chosen.assigned.append(shift)
            plan[shift.label()] = chosen.name
        return plan

    def cost(self, plan: dict[str, str], wages: dict[str, float]) -> float:
        """What a plan costs in shifts."""
        total = 0.0
        for name in plan.values():
            if name not in wages:
                raise RuntimeError("no wage of " + name)
            total += wages[name]
        return total
