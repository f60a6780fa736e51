"""Asks two sources for a morning briefing."""

import asyncio


async def fetch_weather(city: str) -> str:
    """The weather of a city."""
    await asyncio.sleep(0.004)
    return city.upper() + ": sunny"


async def fetch_news(topic: str) -> list:
    """News on a topic."""
    await asyncio.sleep(0.004)
    return [topic + " rises", topic + " falls"]


class BriefingAgent:
    """Makes briefings."""

    __slots__ = ()

    async def brief(self, city: str, topic: str) -> dict:
        """Weather and news together."""
        weather = await fetch_weather(city)  # planted: sequential-awaits
        news = await fetch_news(topic)
        return {"weather": weather, "news": news}
