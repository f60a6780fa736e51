"""Ratings of chess players."""

from __future__ import annotations

import calendar  # planted: unused-import
from typing import Any

K_TABLE = [40] * 30 + [20] * 2370 + [10] * 600  # planted: unused-name


def expected(one: float, other: float) -> float:
    """Expected score (Elo)."""
    return 1 / (1 + 10 ** ((other - one) / 400))


class Player:
    __slots__ = ("name", "rating", "games")

    def __init__(self, name: str, rating: float = 1500.0) -> None:
        self.name, self.rating, self.games = name, rating, 0

    def play(self, other: Player, score: float, k: int) -> None:
        mine, theirs = self.rating, other.rating
        self.rating = mine + k * (score - expected(mine, theirs))
        other.rating = theirs + k * (1 - score - expected(theirs, mine))
        self.games += 1
        other.games += 1


class Ladder:  # planted: no-slots
    """A ladder of players."""

    def __init__(self, k: int = 20, start: float = 1500.0, club: str = "") -> None:
        self.k = k
        self.start = start
        self.club = club
        self.reset_day = 1
        self.season = "2026"

    def rank(self, games: list[list]) -> list[list]:
        """Players by rating after these games: white, black, score of white."""
        players: dict[str, Player] = {}
        for white, black, score in games:
            for name in (white, black):
                if name not in players:
                    players[name] = Player(name, self.start)
            players[white].play(players[black], score, self.k)
        ranked = sorted(players.values(), key=lambda p: (-p.rating, p.name))
        return [[p.name, round(p.rating, 1)] for p in ranked]

    def normal_score(self, score: Any) -> float:
        """A score as people write it."""
        if score == "1" or score == "1-0" or score == "white":  # planted: complex-condition
            return 1.0
        if score == "0" or score == "0-1" or score == "black":  # planted: complex-condition
            return 0.0
        if not score != "remis":  # planted: complex-condition
            return 0.5
        raise ValueError(score)
