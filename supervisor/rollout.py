"""What accompanies the rollout of an engine: comparisons, shadows beside live traffic, the guard of variants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from common.flags import Flags
from common.results import Response
from events.projection import Views
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from roles.core_planning import PlanningRole
from supervisor.active_guidelines import ActiveGuidelines
from supervisor.comparison.comparer import Comparer
from supervisor.comparison.dry import dry_services, forced_services
from supervisor.comparison.shadow import ShadowMetrics, Shadows
from supervisor.guard.guard import VariantGuard
from supervisor.guard.watch import VariantWatch
from supervisor.requests import RequestServices
from supervisor.runs import Run

__all__ = ["Rollout", "wire_rollout"]


@dataclass(frozen=True, slots=True)
class Rollout:
    """The parts that look at requests from beside."""

    comparer: Comparer
    shadows: Shadows
    guard: VariantGuard

    def watched(self, services: RequestServices) -> RequestServices:
        """The services of live requests, with what is told of every answer."""
        return replace(services, afterwards=self._answered)

    def loops(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """What is kept going for as long as the supervisor runs."""
        return (self.shadows.run, self.guard.run)

    def _answered(self, run: Run, response: Response) -> None:
        self.shadows.offer(run, response)
        if run.context.flags is not None:
            self.guard.saw(run.context.flags.served)


def wire_rollout(
    services: RequestServices,
    planner: PlanningRole,
    agents: RuntimeAgentFactory,
    guidelines: ActiveGuidelines,
    flags: Flags,
    views: Views,
) -> Rollout:
    """Make the parts from those of live requests. Raises `ConfigurationError` for settings that can't be used."""
    settings = services.settings
    views.add(VariantWatch(settings.guard))
    comparer = Comparer(
        dry=dry_services(services, planner, agents, guidelines, flags, views),
        real=forced_services(services),
        views=views,
    )
    metrics = ShadowMetrics(services.telemetry.metrics.registry)
    return Rollout(
        comparer,
        Shadows(comparer, settings.comparison, services.admission, metrics),
        VariantGuard(settings.guard, flags, services.store, views, services.clock, services.notifications),
    )
