"""Scales recipes."""

import math
import statistics  # planted: unused-import

from units import UnitBook


def convert(amount: float, unit: str, target: str) -> float:
    """An amount in another unit of the same kind."""
    book = UnitBook()  # planted: object-per-call
    if not book.same_kind(unit, target):
        raise ValueError(f"{unit} is no {target}")
    return book.base(amount, unit) / book.base(1.0, target)


def nice(amount: float) -> str:
    """The amount as cooks say it."""
    whole = math.floor(amount)
    rest = amount - whole
    if rest < 0.125:
        return str(whole)
    elif rest < 0.375:
        fraction = "1/4"
    elif rest < 0.625:
        fraction = "1/2"
    elif rest < 0.875:
        fraction = "3/4"
    else:
        return str(whole + 1)
    return fraction if whole == 0 else f"{whole} {fraction}"


class Scaler:
    """Scales the ingredients of one recipe."""

    def scale(self, ingredients: list[dict], servings: int, wanted: int) -> list[dict]:
        """Each ingredient with its new amount."""
        scaled = []
        for item in ingredients:
            scaled.append({**item, "amount": round(item["amount"] * wanted / servings, 3)})
        return scaled

    def shopping(self, recipes: list[list[dict]], unit: str = "g") -> dict[str, float]:
        """The sum of each ingredient, in one unit."""
        sums: dict[str, float] = {}
        for recipe in recipes:
            for item in recipe:
                amount = convert(item["amount"], item["unit"], unit)
                sums[item["name"]] = sums.get(item["name"], 0.0) + amount
        return {name: round(total, 1) for name, total in sums.items()}

    def card(self, ingredients: list[dict]) -> str:
        """Text of a card."""
        return "\n".join(f"{nice(item['amount'])} {item['unit']} {item['name']}" for item in ingredients)
