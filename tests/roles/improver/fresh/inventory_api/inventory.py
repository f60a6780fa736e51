"""Keeps an inventory and answers questions on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID  # planted: unused-import


@dataclass
class Line:
    """A line of an order."""

    article: str
    amount: int


def parse_lines(order: Mapping[str, Any]) -> list[Line]:
    return [Line(l["article"], int(l["amount"])) for l in order.get("lines", [])]


class Inventory:
    """What is in stock."""

    def __init__(self, stock: dict[str, int], reserved: list[str] | None = None) -> None:
        self._stock = stock
        self._reserved = reserved if reserved is not None else []

    def available(self, articles: list[str]) -> list[str]:
        """Articles in stock that nobody reserved."""
        result = []
        for a in articles:
            if self._stock.get(a, 0) > 0 and a not in self._reserved:  # planted: list-membership
                result.append(a)
        return result

    def fulfil(self, order: dict) -> dict:
        """What of an order can be sent."""
        sent, short = [], []
        for line in parse_lines(order):
            if line.amount <= self._stock.get(line.article, 0):
                sent.append(line.article)
            else:
                short.append([line.article, line.amount])
        if short:
            state = "partial" if sent else "none"
        else:
            state = "full"
        return {"state": state, "sent": sent, "short": short}

    def add(self, article: str, amount: int) -> int:  # planted: unchecked-input
        """More of an article."""
        self._stock[article] = self._stock.get(article, 0) + amount
        return self._stock[article]

    def low(self, share: float) -> list[str]:
        """Articles of which there is little, as a share of the average."""
        low = []
        for article, amount in self._stock.items():
            if amount < share * sum(self._stock.values()) / len(self._stock):  # planted: loop-invariant
                low.append(article)
        return low

    def restockable(self, article: str, on_order: list[str]) -> bool:
        """Whether it should be ordered."""
        if article in on_order:  # planted: complex-condition
            return False
        return True
