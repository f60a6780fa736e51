"""Evaluates sensors of greenhouses."""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass, field


@dataclass
class Reading:
    """One reading; what is measured by its unit."""

    sensor: str
    value: float
    tags: list[str] = field(default_factory=list)


async def read_gateway(name: str) -> list[dict]:
    """Readings that a gateway holds."""
    await asyncio.sleep(0.003)
    return [{"sensor": f"{name}{i}", "value": 20.0 + i} for i in range(3)]


async def read_weather(place: str) -> float:
    """Temperature outside."""
    await asyncio.sleep(0.003)
    return 11.5 if place else 0.0


async def read_plan(place: str) -> dict:
    """What the gardener wants."""
    await asyncio.sleep(0.003)
    return {"target": 22.0, "place": place}


class Greenhouse:
    """One greenhouse."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._log: list[str] = []

    async def advice(self, gateway: str) -> dict:
        """Whether to heat, cool or leave it."""
        rows = await read_gateway(gateway)  # planted: sequential-awaits
        outside = await read_weather(self.place)
        plan = await read_plan(self.place)
        inside = statistics.fmean(r["value"] for r in rows)
        word = "leave"
        if inside < plan["target"] - 1:
            word = "heat"
        elif inside > plan["target"] + 1 and outside < inside:
            word = "air"
        return {"advice": word, "inside": inside, "outside": outside}

    async def chained(self, gateway: str) -> list[dict]:
        """The second question needs the first's answer."""
        rows = await read_gateway(gateway)  # keep: sequential-awaits
        more = await read_gateway(rows[0]["sensor"])
        return more

    def outliers(self, values: list[float]) -> list[int]:
        """Places of values more than two deviations from the mean."""
        found = []
        for i, v in enumerate(values):
            mean = statistics.fmean(values)  # planted: loop-invariant
            dev = statistics.pstdev(values)  # planted: loop-invariant
            if dev and abs(v - mean) > 2 * dev:
                found.append(i)
        return found
