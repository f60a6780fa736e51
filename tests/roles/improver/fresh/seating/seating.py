"""Seats guests at tables so that people who know one another sit together.

The heuristic is greedy: parties are placed from the largest to the smallest, each at the table with the most
acquaintances that still has room.
"""
from typing import Dict, List, Optional, Tuple


class SeatingError(Exception):
    """No place left."""


class Table(object):
    def __init__(self, number: int, places: int):
        self.number = number
        self.places = places
        self.guests: List[str] = []

    def room(self) -> int:
        return self.places - len(self.guests)


def acquaintances(guest: str, others: List[str], pairs: List[List[str]]) -> int:
    """How many of the others somebody knows."""
    n = 0
    for other in others:
        if [guest, other] in pairs or [other, guest] in pairs:  # keep: list-membership
            n += 1
    return n


def parties(guests: List[Dict]) -> List[Tuple[str, List[str]]]:
    """Guests by the name of their party, the largest first; the order of the list breaks ties."""
    names: List[str] = []
    for g in guests:
        if g["party"] not in names:  # planted: list-membership
            names.append(g["party"])
    result = []
    for name in names:
        result.append((name, [g["name"] for g in guests if g["party"] == name]))
    result.sort(key=lambda p: -len(p[1]))
    return result


class Planner:
    """Makes plans."""

    def __init__(self, tables: List[int], vip: Optional[List[str]] = None):
        self.sizes = tables
        self.vip = vip or []

    def plan(self, guests: List[Dict], pairs: List[List[str]]) -> Dict[str, List[str]]:
        """Names by table; raises when the room is too small."""
        tables = [Table(i + 1, size) for i, size in enumerate(self.sizes)]
        for party, members in parties(guests):
            best = None
            for t in tables:
                if t.room() >= len(members):
                    score = sum(acquaintances(m, t.guests, pairs) for m in members)
                    if best is None or score > best[0]:
                        best = (score, t)
            if best is None:
                raise SeatingError("no table for " + party)
            for member in members:
                best[1].guests.append(member)
        return {"table " + str(t.number): t.guests for t in tables}

    def check(self, guests: List[Dict]) -> bool:
        """Whether the guests can be seated at all."""
        if len(guests) == 0:  # planted: complex-condition
            return True
        else:
            if sum(self.sizes) >= len(guests):
                return True
            else:
                return False
