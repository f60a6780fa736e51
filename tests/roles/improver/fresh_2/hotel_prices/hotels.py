"""Compares hotel prices."""

from sources import book, site_a, site_b, site_c


class HotelAgent:
    """Finds the cheapest."""

    def __init__(self, margin: float = 0.0) -> None:
        self.margin = margin

    async def cheapest(self, city: str, nights: int) -> dict:
        """Site and price."""
        if nights < 1:
            return {"site": None, "price": 0}
        a = await site_a(city, nights)  # planted: sequential-awaits
        b = await site_b(city, nights)
        c = await site_c(city, nights)
        name, price = min((("a", a), ("b", b), ("c", c)), key=lambda pair: pair[1])
        return {"site": name, "price": round(price * (1 + self.margin), 2)}

    async def compare(self, cities: list[str], nights: int) -> dict:
        """Prices of the first and second site by city."""
        table = {}
        for city in cities:
            first = await site_a(city, nights)  # planted: sequential-awaits
            second = await site_b(city, nights)
            table[city] = [first, second, first - second]
        return table

    async def book_both(self, city: str, nights: int) -> list:
        """Books at two sites: the order counts."""
        log: list = []
        one = await book("a", city, nights, log)  # keep: sequential-awaits
        two = await book("b", city, nights, log)
        return [one, two, log]
