"""Wires what looks after a supervisor: learning, monitoring, tuning, the builder, specialists, evolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.errors import StoreError, StoreUnavailable
from common.hints import AGENT_TYPES
from common.logs import get_logger
from common.role import Role
from events.views.agent_registry import AgentRegistry
from llm_provider.tools_served import ServedTools
from supervisor.agent_switches import AgentSwitches
from supervisor.building import Builds, ImprovementBuilder, wire_building
from supervisor.evolution.acting import Actor
from supervisor.evolution.evolution import MetaAgentEvolution
from supervisor.evolution.wiring import wire_evolution
from supervisor.guidelines import Guidelines
from supervisor.improving import improver_maker
from supervisor.learning.integration import Learning
from supervisor.learning.wiring import wire_learning
from supervisor.monitoring.lead import Lead
from supervisor.monitoring.news import ImprovementNews
from supervisor.monitoring.service import Monitoring
from supervisor.monitoring.wiring import wire_monitoring
from supervisor.scheduler import Loop
from supervisor.specialists.code_changes import AgentCodeImprover
from supervisor.specialists.service import Specialists
from supervisor.specialists.wiring import wire_specialists
from supervisor.tuning import Tuning
from supervisor.tuning_wiring import wire_tuning
from supervisor.wiring.opened import Opened
from supervisor.wiring.requests import RequestParts
from supervisor.wiring.roles import RoleParts

__all__ = ["UpkeepParts", "wire_upkeep"]

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UpkeepParts:
    """What learns from the log, watches it, and changes the supervisor in service."""

    agents: AgentRegistry
    switches: AgentSwitches
    guidelines: Guidelines
    learning: Learning
    monitoring: Monitoring
    tuning: Tuning
    builds: Builds
    specialists: Specialists
    evolution: MetaAgentEvolution
    telling: ImprovementNews


async def wire_upkeep(opened: Opened, acting: RoleParts, handling: RequestParts) -> UpkeepParts:
    """Wire the upkeep. Raises `ConfigurationError` and `StoreError`."""
    settings, clock, telemetry, store, views, ownership, flags = (
        opened.settings, opened.clock, opened.telemetry, opened.store, opened.views, opened.ownership, opened.flags,
    )  # fmt: skip
    roles, tools, deployed, guidelines = acting.roles, acting.tools, acting.deployed, handling.guidelines
    registry = AgentRegistry(store, views)
    await _register_agents(registry, [role for role in roles.all() if role.name not in deployed.known])
    switches = AgentSwitches(store, views, roles)
    await switches.refresh()
    offered = Guidelines(store, views, clock, guidelines, [*roles.names, *AGENT_TYPES])
    learning = wire_learning(
        handling.services, handling.planner, acting.agents, acting.models, guidelines, offered, flags, views,
        handling.predictions,
    )  # fmt: skip
    monitoring = wire_monitoring(
        settings, clock, telemetry, store, views, ownership, flags, registry, handling.admission,
        handling.notifications, acting.custom, deployed.workers,
    )  # fmt: skip
    tuning = await wire_tuning(settings, store, views, tools, handling.calls, handling.admission, monitoring)
    builds = wire_building(settings, store, views, ownership, acting.models, telemetry, deployed)
    for tool in builds.tools(settings.folder_of):
        tools.register(tool)
    improver = improver_maker(settings, acting.models, telemetry)
    specialists = wire_specialists(
        settings, clock, store, views, ownership, tuning, monitoring, registry, roles, switches, learning, offered,
        ImprovementBuilder(builds.builder),
        AgentCodeImprover(
            views, clock, settings.evolution, deployed, roles,
            Actor(store, views, builds.builder, deployed, improver, by="code_editor"),
        ),
    )  # fmt: skip
    evolution = wire_evolution(
        settings, clock, telemetry, store, views, ownership, acting.router, roles, deployed, builds, monitoring,
        specialists, improver,
    )  # fmt: skip
    telling = ImprovementNews(
        store, views, clock, handling.notifications, Lead(store, ownership, monitoring.node), monitoring.node,
        settings.monitoring.notify_every,
    )  # fmt: skip
    monitoring.run_beside(Loop("specialists", 2.0, specialists.step, timeout=3_600.0))
    monitoring.run_beside(Loop("improvements told", 5.0, telling.step))
    monitoring.run_beside(Loop("tools served", 5.0, ServedTools(store, views, tools).keep_up, timeout=600.0))
    return UpkeepParts(
        registry, switches, offered, learning, monitoring, tuning, builds, specialists, evolution, telling
    )


async def _register_agents(registry: AgentRegistry, roles: Sequence[Role]) -> None:
    """Have the log know each role with its current definition."""
    for role in roles:
        try:
            await registry.register(
                role.name, role.description, [tool.name for tool in role.tools], examples=len(role.examples)
            )
        except StoreUnavailable:
            raise
        except StoreError as error:  # a newer version changed it: requests are handled all the same
            _log.warning("the log keeps its own definition of %s: %s", role.name, error)
