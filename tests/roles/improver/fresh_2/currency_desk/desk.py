"""A currency desk."""

from __future__ import annotations

from feed import Feed


def to_cents(amount: float) -> int:
    return int(round(amount * 100))


class Desk:
    """Buys and sells."""

    SPREAD = 0.01

    def __init__(self) -> None:
        self.feed = Feed()
        self.codes = ["USD", "GBP", "CHF"]

    def buy(self, code: str, euros: float) -> dict:
        """What somebody gets for euros."""
        if code not in self.codes:
            raise Exception("we don't deal in %s" % code)  # planted: untyped-error
        rate = self.feed.fetch(code)  # planted: no-retry
        got = euros * rate * (1 - self.SPREAD)
        return {"code": code, "cents": to_cents(got), "rate": rate}

    def sell(self, code: str, amount: float) -> int:
        """Euro cents for foreign money."""
        if code not in self.codes:
            raise Exception(f"we don't take {code}")  # planted: untyped-error
        return to_cents(amount / self.feed.fetch(code) * (1 - self.SPREAD))  # planted: no-retry

    def watch(self, code: str) -> int:
        """Subscribes to a code."""
        return self.feed.subscribe(code)  # keep: no-retry
