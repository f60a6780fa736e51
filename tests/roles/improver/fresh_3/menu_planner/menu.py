"""Plans menus."""

from __future__ import annotations

import typing


class Dish(typing.NamedTuple):
    name: str
    allergens: list
    calories: int


class Planner:  # planted: no-slots
    """Plans for one house."""

    def __init__(self, house: str = "", portions: int = 4, seats: int = 20) -> None:
        self.house = house
        self.portions = portions
        self.seats = seats

    def week(self, rows: list[list], served: list[str]) -> list[str]:
        """Dishes that were not served lately."""
        dishes = [Dish(*row) for row in rows]
        return [dish.name for dish in dishes if dish.name not in served]  # planted: list-membership

    def light(self, rows: list[list]) -> list[str]:
        """Dishes below the average."""
        calories = [row[2] for row in rows]
        chosen = []
        for row in rows:
            if row[2] * len(calories) < sum(calories):  # planted: loop-invariant
                chosen.append(row[0])
        return chosen

    def tag(self, row: dict) -> str:
        """A word for the card."""
        match row:
            case {"kind": "soup", "hot": True}:
                return "warm"
            case {"kind": str(kind)}:
                return kind
        return "?"

    def in_season(self, month: int) -> bool:
        """Whether the garden gives something."""
        if month >= 4 and month <= 10:  # planted: complex-condition
            return True
        else:
            return False
