"""Mortgages: instalments, schedules, comparison of offers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal  # planted: unused-import


@dataclass
class Offer:
    """A bank's offer; rate in per cent a year."""

    bank: str
    rate: float
    fee: float = 0.0


def instalment(amount: float, rate: float, months: int) -> float:
    """The monthly payment of an annuity loan."""
    r = rate / 1200
    if r == 0:
        return amount / months
    return amount * r / (1 - math.pow(1 + r, -months))


class MortgageAgent:  # planted: no-slots
    """Compares mortgages."""

    def __init__(self, name: str, branch: str, currency: str = "EUR", rounding: int = 2) -> None:
        self.name = name
        self.branch = branch
        self.currency = currency
        self.rounding = rounding

    def monthly(self, amount: float, rate: float, months: int) -> float:  # planted: unchecked-input
        """The monthly payment."""
        return round(instalment(amount, rate, months), self.rounding)

    def schedule(self, amount: float, rate: float, months: int) -> list:
        """Debt after each month."""
        debt = amount
        rows = []
        month = 0
        while month < months:
            pay = instalment(amount, rate, months)  # planted: loop-invariant
            debt = debt * (1 + rate / 1200) - pay
            rows.append(round(debt, self.rounding))
            month += 1
        return rows

    def best(self, offers: list, amount: float, months: int) -> str | None:
        """The bank where one pays least in all."""
        if not offers:
            return None
        made = [Offer(o["bank"], o["rate"], o.get("fee", 0.0)) for o in offers]
        return min(made, key=lambda o: instalment(amount, o.rate, months) * months + o.fee).bank

    def bracket(self, amount: float) -> str:
        """A word for the size."""
        if amount < 50000:
            size = "small"
        else:
            if amount < 250000:
                size = "medium"
            else:
                size = "large"
        return size
