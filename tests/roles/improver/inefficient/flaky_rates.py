"""Reads rates from a source that fails at times."""

_calls = {"count": 0}


def read_rate(currency: str) -> float:
    """A rate from far away; every third try fails."""
    _calls["count"] += 1
    if _calls["count"] % 3 == 0:
        raise ConnectionError("the source is out of reach")
    return {"USD": 1.09, "GBP": 0.86}.get(currency, 1.0)


class RateAgent:
    """Answers about rates."""

    __slots__ = ()

    def convert(self, amount: int, currency: str) -> float:
        """The amount in another currency."""
        return round(amount * read_rate(currency), 2)  # planted: no-retry
