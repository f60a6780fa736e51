"""Writes amounts of money."""


class MoneyFormat:
    """Knows how amounts are written."""

    __slots__ = ("_symbol", "_names")

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._names = [symbol + str(number) for number in range(200)]

    def write(self, cents: int) -> str:
        """An amount in words for small ones, else in figures."""
        if 0 <= cents < len(self._names):
            return self._names[cents]
        return self._symbol + str(cents // 100) + "." + str(cents % 100)


def price_tag(cents: int) -> str:
    """The tag of one price."""
    money = MoneyFormat("EUR ")  # planted: object-per-call
    return money.write(cents)
