"""The built agents in service, with what they did and how fit they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio.to_thread

from common.errors import SupervisorError
from common.evolution_settings import EvolutionSettings
from common.language.relevance import similarity
from common.role import Role
from events.projection import Views
from events.views.agent_days import AgentDays
from events.views.agent_registry import AgentRegistryView
from roles.deployed.deployments import DeployedAgent, Deployments
from supervisor.evolution.fitness import Fitness, Use, fitness_score, kept_constraints, use_of

__all__ = ["Agent", "Population", "read_population"]

_MANY = 100_000
_EXAMPLES = 5
_SAME = 0.7
"""How alike the examples of two agents are, in the mean, where one could take over the requests of the other."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A built agent in service. `stand_ins` are others that could take its requests, looked for where it is weak.

    `position` is that of its registration, see the view `agents`. `on_trial`: an improved version of it serves a share.
    """

    deployed: DeployedAgent
    fitness: Fitness
    use: Use
    stand_ins: tuple[str, ...]
    position: int
    pinned: bool
    on_trial: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.deployed.name


@dataclass(frozen=True, slots=True)
class Population:
    """All of them, by name. `requests` are those of the window that one role alone was given, whichever."""

    agents: tuple[Agent, ...]
    requests: int
    notes: tuple[str, ...] = ()

    @property
    def within(self) -> float | None:
        """The share of agents that keep all their constraints; None where nothing is known."""
        known = [agent.fitness.constraints for agent in self.agents if agent.fitness.constraints is not None]
        return sum(value >= 1 for value in known) / len(known) if known else None


async def read_population(
    views: Views,
    deployments: Deployments,
    settings: EvolutionSettings,
    now: datetime,
    roles: Callable[[], Sequence[Role]],
) -> Population:
    """Every built agent that requests are routed to. Raises `StoreError`; files that can't be used are noted."""
    since = (now - timedelta(days=settings.window)).date().isoformat()
    days = await views.query(AgentDays.name, {"day >=": since}, limit=_MANY)
    rows = await views.query(
        AgentRegistryView.name, {"state": "deployed", "enabled": True}, order_by="name", limit=_MANY
    )
    agents: list[Agent] = []
    notes: list[str] = []
    for row in rows:
        name = str(row["name"])
        placed = await deployments.history(name)
        if placed.current is None:
            continue
        constraints: float | None = None
        try:
            loaded = await deployments.load(placed.current)
            limits = loaded.specification.constraints
            figures = loaded.version.manifest.figures
            constraints = kept_constraints(figures, limits.instantiation_us, limits.memory_kib)
        except SupervisorError as error:
            notes.append(f"{name}: {error.what}")
        use = use_of([day for day in days if day["agent"] == name])
        fitness = fitness_score(use, constraints, settings)
        weak = fitness.score < settings.prune_below  # of nobody else it matters who could take over
        stand_ins = await anyio.to_thread.run_sync(_stand_ins, name, roles()) if weak else ()
        agents.append(
            Agent(
                deployed=placed.current,
                fitness=fitness,
                use=use,
                stand_ins=stand_ins,
                position=int(row["position"]),
                pinned=name in settings.pinned,
                on_trial=placed.trial is not None,
            )
        )
    return Population(tuple(agents), sum(day["requests"] for day in days), tuple(notes))


def _stand_ins(name: str, roles: Sequence[Role]) -> tuple[str, ...]:
    """Other roles whose examples resemble those of an agent, so that its requests would be answered by them."""
    own = next((role for role in roles if role.name == name), None)
    if own is None or not own.examples:
        return ()
    wanted = own.examples[:_EXAMPLES]
    found: list[str] = []
    for role in roles:
        if role.name == name or not getattr(role, "specification", None):
            continue
        best = [max((similarity(text, said) for said in role.examples[:_EXAMPLES]), default=0.0) for text in wanted]
        if sum(best) / len(best) >= _SAME:
            found.append(role.name)
    return tuple(found)
