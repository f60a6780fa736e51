"""Finds the rate of a country."""

_RATES = {"AT": 20, "DE": 19, "CH": 8}


class TaxAgent:
    """Knows rates of tax."""

    __slots__ = ()

    def rate(self, country: str) -> int:
        """The rate in per cent."""
        if country not in _RATES:
            raise Exception("no rate for " + country)  # planted: untyped-error
        return _RATES[country]

    def net(self, gross: int, country: str) -> float:
        """What is left without tax."""
        if gross < 0:
            raise Exception("negative amount")  # planted: untyped-error
        return round(gross / (1 + self.rate(country) / 100), 2)
