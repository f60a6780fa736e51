"""Asks three price sources, and takes the median."""

import asyncio


class PriceAgent:
    """Prices from three sources."""

    __slots__ = ("_delay",)

    def __init__(self) -> None:
        self._delay = 0.003

    async def _ask(self, factor: int, article: int) -> int:
        await asyncio.sleep(self._delay)
        return article * factor % 97

    async def price(self, article: int) -> int:
        """The median of three prices."""
        first = await self._ask(3, article)  # planted: sequential-awaits
        second = await self._ask(5, article)
        third = await self._ask(7, article)
        return sorted([first, second, third])[1]
