"""Makes the evolution of one supervisor from its parts."""

from __future__ import annotations

from common.clock import Clock
from common.errors import SupervisorError
from common.logs import get_logger
from common.settings import Settings
from common.telemetry import Telemetry
from events.ownership import Ownership
from events.projection import Views
from events.store import EventStore
from roles.role_registry import RoleRegistry
from roles.router import Router
from supervisor.building import Builds
from supervisor.deployment import DeployedAgents
from supervisor.evolution.acting import Actor, MakeImprover
from supervisor.evolution.cycle_log import CycleLog
from supervisor.evolution.evolution import EvolutionParts, MetaAgentEvolution
from supervisor.evolution.gauges import EvolutionGauges
from supervisor.evolution.suggesting import Suggestions
from supervisor.evolution.trial_view import AgentTrialsView
from supervisor.evolution.understood import Understand, Understanding
from supervisor.evolution.watch import LiveWatch
from supervisor.monitoring.book import ImprovementBook
from supervisor.monitoring.service import Monitoring
from supervisor.monitoring.suggesting import Suggester
from supervisor.scheduler import Loop
from supervisor.specialists.service import Specialists

__all__ = ["evolution_loops", "wire_evolution"]

_WATCH = 60.0
_DELAY = 120.0
_MARGIN = 120.0
_log = get_logger(__name__)


def wire_evolution(
    settings: Settings,
    clock: Clock,
    telemetry: Telemetry,
    store: EventStore,
    views: Views,
    ownership: Ownership,
    router: Router,
    roles: RoleRegistry,
    deployed: DeployedAgents,
    builds: Builds,
    monitoring: Monitoring,
    specialists: Specialists,
    improver: MakeImprover,
) -> MetaAgentEvolution:
    """Evolution over a supervisor's log, with its gauges registered; it does nothing until it is asked to."""
    own = settings.evolution
    views.add(AgentTrialsView(own))

    meant = Understanding()

    async def understanding() -> Understand:
        url = settings.builder.database_url
        if not url:
            return meant.over(())
        try:
            return meant.over(await builds.builder.parts.understanding.read_schema(url))
        except SupervisorError as error:
            _log.warning("needs are looked at without the database: %s", error)
            return meant.over(())

    book = ImprovementBook(store, views)
    suggester = Suggester(monitoring.improvements, book, settings.monitoring, _nothing)
    suggester.draw_up = monitoring.suggester.draw_up
    evolution = MetaAgentEvolution(
        EvolutionParts(
            store=store,
            views=views,
            clock=clock,
            log=CycleLog(store, ownership, own.prune_below),
            settings=own,
            deployments=deployed.deployments,
            roles=roles.enabled,
            probabilities=router.probabilities,
            understand=understanding,
            actor=Actor(store, views, builds.builder, deployed, improver),
            watch=LiveWatch(deployed, clock, own),
            suggestions=Suggestions(suggester, book, settings),
            approved=specialists,
        )
    )
    telemetry.metrics.registry.register(EvolutionGauges(lambda: evolution.latest, lambda: evolution.lifecycle))
    return evolution


async def _nothing(policy: str, kind: str) -> bool:
    """What is suggested here is approved by others, or not at all."""
    return False


def evolution_loops(evolution: MetaAgentEvolution) -> list[Loop]:
    """The loops of a running supervisor: improved versions are always watched, cycles run where they are enabled."""
    watch = Loop("improved agents", _WATCH, evolution.watch, timeout=600.0, delay=_WATCH)
    if not evolution.settings.enabled:
        return [watch]
    longest = evolution.settings.seconds + _MARGIN
    pause = min(_WATCH, evolution.settings.interval)
    return [watch, Loop("evolution", pause, evolution.step, timeout=longest, delay=_DELAY)]
