"""Prices of three booking sites (each takes a moment to answer)."""

import asyncio

_BASE = {"Graz": 92, "Wien": 131, "Linz": 88}


async def site_a(city: str, nights: int) -> int:
    """What the first site asks."""
    await asyncio.sleep(0.003)
    return _BASE.get(city, 100) * nights


async def site_b(city: str, nights: int) -> int:
    """What the second asks; it has a discount."""
    await asyncio.sleep(0.003)
    return round(_BASE.get(city, 104) * nights * (0.93 if nights > 3 else 1.04))


async def site_c(city: str, nights: int) -> int:
    """What the third asks."""
    await asyncio.sleep(0.003)
    return _BASE.get(city, 97) * nights + 12


async def book(site: str, city: str, nights: int, log: list) -> str:
    """Book it; the log tells the order."""
    await asyncio.sleep(0.001)
    log.append(site)
    return f"{site}:{city}:{nights}:{len(log)}"
