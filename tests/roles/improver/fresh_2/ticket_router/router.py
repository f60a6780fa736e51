"""Routes support tickets to teams.

Rules are simple on purpose: the first team with enough of its key words in the text gets the ticket, and tickets of
customers with a contract go before the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


def tokenize(text: str) -> list[str]:
    """Lower-case words of a text, punctuation left out."""
    out = ""
    for ch in text.lower():
        out = out + (ch if ch.isalnum() else " ")  # planted: concatenation
    return out.split()


@dataclass
class Team:
    """A team and what it is good at."""

    name: str
    words: list[str]
    needed: int = 2
    load: int = field(default=0)

    def matches(self, words: Iterable[str]) -> bool:
        """Whether enough of the words are this team's."""
        hits = 0
        for word in words:
            if word in self.words:  # planted: list-membership
                hits += 1
                if hits == self.needed:
                    return True
        return False


class Router:
    """Knows the teams."""

    FALLBACK = "front desk"

    def __init__(self, teams: list[dict]) -> None:
        self.teams = [Team(t["name"], t["words"], t.get("needed", 2)) for t in teams]

    def route(self, ticket: dict) -> str:
        """The name of the team."""
        words = tokenize(ticket["text"])
        for team in self.teams:
            if team.matches(words):
                return team.name
        return self.FALLBACK

    def route_all(self, tickets: list[dict], contracts: list[str]) -> list[list[str]]:
        """Customer and team of each ticket, those with a contract first."""
        urgent = [t for t in tickets if t["customer"] in contracts]  # planted: list-membership
        others = [t for t in tickets if t["customer"] not in contracts]  # planted: list-membership
        return [[t["customer"], self.route(t)] for t in urgent + others]

    def priority(self, ticket: dict, hour: int) -> int:
        """1 is most urgent."""
        if ticket.get("outage") == True or ticket.get("safety") == True:
            return 1
        if not (hour >= 8 and hour < 18):  # planted: complex-condition
            return 3
        return 2
