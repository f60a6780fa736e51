"""Converts between currencies."""


class Converter:
    """Converts by a table of fixed rates."""

    __slots__ = ("_rates", "_digits")

    def __init__(self, digits: int = 2) -> None:
        self._digits = digits
        self._rates = {  # planted: table-per-instance
            "EUR": 1.0, "USD": 1.09, "GBP": 0.86, "CHF": 0.95, "JPY": 161.0, "SEK": 11.3, "NOK": 11.5, "DKK": 7.46,
            "PLN": 4.32, "CZK": 24.9, "HUF": 389.0, "RON": 4.97, "BGN": 1.96, "TRY": 34.9,
        }

    def convert(self, amount: float, source: str, target: str) -> float:
        """The amount in the other currency."""
        if source not in self._rates or target not in self._rates:
            raise ValueError("unknown currency")
        return round(amount / self._rates[source] * self._rates[target], self._digits)
