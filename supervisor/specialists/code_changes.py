"""Built agents whose code an approved improvement has improved, by measurement, through `roles.improver`."""

from __future__ import annotations

from pydantic import JsonValue

from common.clock import Clock
from common.errors import ImprovementError
from common.evolution_settings import EvolutionSettings
from events.projection import Views
from events.state.improvement import ApprovedImprovement
from roles.builder.service_builder import improvement_build_id
from roles.role_registry import RoleRegistry
from roles.specialists.specialist import Applied, component_of, text_of
from supervisor.deployment import DeployedAgents
from supervisor.evolution.acting import Actor
from supervisor.evolution.planning import Decision
from supervisor.evolution.population import Agent, read_population

__all__ = ["AgentCodeImprover"]

_ROLE = "role"


class AgentCodeImprover:
    """Implements `roles.specialists.specialist.CodeImprover` for agents that were built here.

    A version that is measurably better is given a share of the requests first, as evolution does it; one that does
    worse live is taken back by the same watch. Where none is better, the original stays, and the improvement fails.
    """

    def __init__(
        self,
        views: Views,
        clock: Clock,
        settings: EvolutionSettings,
        deployed: DeployedAgents,
        roles: RoleRegistry,
        actor: Actor,
    ) -> None:
        self._views = views
        self._clock = clock
        self._settings = settings
        self._deployed = deployed
        self._roles = roles
        self._actor = actor

    def can_change(self, component: str) -> bool:
        """Whether it is a built agent in service, named as a role."""
        kind, _, name = component.partition(":")
        return kind == _ROLE and name in self._deployed.known

    async def change(self, leave: ApprovedImprovement) -> Applied:
        """Have the agent measured and improved, and the better version serve a share.

        Raises `ImprovementError` where nothing better was found, with the verdicts.
        """
        build = improvement_build_id(leave.improvement_id)
        agent = await self._agent(leave)
        why = f"improvement {leave.improvement_id}, approved by {leave.approved_by}"
        decision = Decision("improve", agent.name, why, {}, by_itself=False, agent=agent)
        outcome = await self._actor.carry_out(decision, build)
        if not outcome.changed:
            raise ImprovementError(outcome.text, where=leave.improvement_id)
        return Applied(outcome.text, _undo(agent.name, outcome.version))

    async def changed(self, improvement_id: str) -> Applied | None:
        """The version that was made for an improvement, whether it serves a share or all requests.

        Raises `ImprovementError` where it was taken back for what it did.
        """
        build = improvement_build_id(improvement_id)
        for name in self._deployed.known:
            placed = await self._deployed.deployments.history(name)
            gone = next((one for one in placed.trials if one.build == build and one.result == "rolled_back"), None)
            if gone is not None:
                raise ImprovementError(f"{name} {gone.version} was taken back: {gone.reason}", where=improvement_id)
            versions = [one.version for one in (*placed.deployments, *placed.trials) if one.build == build]
            if versions:
                return Applied(f"{name} {versions[-1]} was made", _undo(name, versions[-1]))
        return None

    async def take_back(self, improvement_id: str, undo: JsonValue) -> None:
        """Have the version before serve all requests again; nothing where another one was put into service since."""
        name = text_of(undo, "agent") if isinstance(undo, dict) else ""
        version = text_of(undo, "version") if isinstance(undo, dict) else ""
        if not name or not version:
            raise ImprovementError("nothing can take that back", where=improvement_id)
        reason = f"improvement {improvement_id} was undone"
        trial = await self._deployed.trials.running(name)
        if trial is not None and trial.version == version:
            await self._deployed.trials.end(name, by="code_editor", reason=reason, version=version)
            return
        placed = await self._deployed.in_service(name)
        if placed is not None and placed.version == version:
            await self._deployed.rollback(name, by="code_editor", reason=reason)

    async def _agent(self, leave: ApprovedImprovement) -> Agent:
        name = component_of(leave.plan).partition(":")[2]
        now = self._clock.now()
        population = await read_population(
            self._views, self._deployed.deployments, self._settings, now, self._roles.enabled
        )
        agent = next((one for one in population.agents if one.name == name), None)
        if agent is None:
            raise ImprovementError(f"no built agent called {name!r} serves here", where=leave.improvement_id)
        if agent.on_trial:
            raise ImprovementError(f"another version of {name} is on trial", where=leave.improvement_id)
        return agent


def _undo(name: str, version: str) -> dict[str, JsonValue]:
    return {"agent": name, "version": version}
