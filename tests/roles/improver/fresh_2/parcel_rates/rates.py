"""Postage of parcels.

Zones and surcharges come from the carrier's price list of this year. Weights are grams, prices cents.
"""

from __future__ import annotations

from typing import Any


class RateAgent:
    """Tells what a parcel costs."""

    def __init__(self, discount: int = 0, insured: bool = False) -> None:
        self.discount = discount
        self.insured = insured
        # prices by zone, each up to a weight
        self.prices = [  # planted: table-per-instance
            [(1000, 390), (2000, 490), (5000, 690), (10000, 990), (20000, 1490), (31500, 1990)],
            [(1000, 890), (2000, 990), (5000, 1490), (10000, 1990), (20000, 2990), (31500, 3990)],
            [(1000, 1290), (2000, 1590), (5000, 2290), (10000, 3490), (20000, 5490), (31500, 7990)],
        ]
        self.zones = dict(AT=0, DE=1, CH=1, IT=1, CZ=1, HU=1, FR=2, ES=2, GB=2, SE=2, PL=2)  # planted: table-per-instance
        self.holidays = ["12-24", "12-25", "12-26", "12-31", "01-01", "01-06", "05-01", "10-26"]  # planted: table-per-instance
        self.quotes: list[int] = []  # keep: table-per-instance

    def price(self, country: str, grams: int) -> int | None:
        """Cents, or nothing for what can't be sent."""
        zone = self.zones.get(country)
        if zone is None:
            return None
        for limit, cents in self.prices[zone]:
            if grams <= limit:
                cost = cents * (100 - self.discount) // 100
                if self.insured:
                    cost += 150
                return cost
        return None

    def quote(self, country: str, grams: int) -> dict[str, Any]:
        """A price, and how many were asked so far."""
        cents = self.price(country, grams)
        if cents is not None:
            self.quotes.append(cents)
        return {"cents": cents, "asked": len(self.quotes), "sum": sum(self.quotes)}

    def delivers(self, day: str) -> bool:
        """Whether parcels are delivered on a day such as 12-24."""
        if day in self.holidays:  # planted: complex-condition
            return False
        else:
            return True
