"""Agents, needs and settings for tests of evolution; and evolution over a log with a builder that does little."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.clock import Clock
from common.evolution_settings import EvolutionSettings
from common.settings import StoreSettings
from roles.deployed.deployments import DeployedAgent
from supervisor import Supervisor
from supervisor.evolution.fitness import Use, fitness_score
from supervisor.evolution.needs import Need
from supervisor.evolution.population import Agent
from supervisor.evolution.understood import Understood
from supervisor.testing import offline_settings
from tests.roles.builder.made_parts import MadeParts

__all__ = ["NOW", "RATIOS", "agent", "ask", "evolving", "need"]

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RATIOS = (
    "calculate the current ratio for current assets 200 and current liabilities 100",
    "what's the current ratio with current assets of 50 and current liabilities of 20?",
    "current ratio for assets 5 and liabilities 2 please",
)


def agent(name: str = "one", *, use: Use | None = None, constraints: float | None = 1.0, **more: Any) -> Agent:
    """An agent in service."""
    settings = EvolutionSettings()
    deployed = DeployedAgent(
        name, str(more.pop("version", "1.0.0")), f"agents/{name}", "", "", "", "", "build", None, "", "ann", None,
        more.pop("at", datetime(2026, 1, 1, tzinfo=UTC)),
    )  # fmt: skip
    use = use or Use(calls=50, seconds=5.0, requests=40)
    values: dict[str, Any] = {"stand_ins": (), "position": 1, "pinned": False, **more}
    return Agent(deployed, fitness_score(use, constraints, settings), use, **values)


def need(name: str = "ratio", *, support: int = 9, users: int = 3, days: int = 1, understood: bool = True) -> Need:
    """What several requests ask for."""
    meant = Understood(f"{name}_agent", name, f"Build an agent that calculates the {name}") if understood else None
    return Need(f"need-{name}", meant, support, users, days, ("t1", "t2"))


async def ask(supervisor: Supervisor, texts: tuple[str, ...] = RATIOS) -> None:
    """Have several people ask."""
    from common.context import TaskContext

    for number, text in enumerate(texts):
        await supervisor.process_request(text, TaskContext(user=f"user-{number}"))


@asynccontextmanager
async def evolving(
    folder: Path, *, url: str = "memory://", clock: Clock | None = None, parts: MadeParts | None = None, **own: Any
) -> AsyncGenerator[tuple[Supervisor, MadeParts]]:
    """A supervisor without loops, whose builder does little, quickly."""
    settings = offline_settings(folder).model_copy(
        update={
            "store": StoreSettings(url=url),
            "evolution": EvolutionSettings(**{"need_support": 3, "builds": 1, **own}),
        }
    )
    made = parts or MadeParts(folder)
    async with Supervisor(settings, clock=clock, background=False) as supervisor:
        supervisor.builds.builder.parts = made.parts()
        yield supervisor, made
