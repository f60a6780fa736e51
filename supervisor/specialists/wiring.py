"""Makes the specialists of one supervisor from its parts."""

from __future__ import annotations

from dataclasses import asdict

from common.clock import Clock
from common.settings import Settings
from events.ownership import Ownership
from events.projection import Views
from events.store import EventStore
from events.views.agent_registry import AgentRegistry
from roles.role_registry import RoleRegistry
from roles.specialists.code_editor import CodeEditor
from roles.specialists.guideline_proposer import GuidelineProposer
from roles.specialists.performance_analyst import PerformanceAnalyst
from roles.specialists.specialist import AgentBuilder, CodeImprover
from roles.specialists.system_architect import SystemArchitect
from supervisor.agent_switches import AgentSwitches
from supervisor.guidelines import Guidelines
from supervisor.learning.integration import Learning
from supervisor.monitoring.book import ImprovementBook
from supervisor.monitoring.lead import Lead
from supervisor.monitoring.service import Monitoring
from supervisor.specialists.agent_changes import AgentChanges
from supervisor.specialists.architecture import ArchitectureFinder
from supervisor.specialists.call_log import CallLog
from supervisor.specialists.learned_proposals import LearnedProposals
from supervisor.specialists.service import Specialists
from supervisor.tuning import Tuning

__all__ = ["wire_specialists"]


def wire_specialists(
    settings: Settings,
    clock: Clock,
    store: EventStore,
    views: Views,
    ownership: Ownership,
    tuning: Tuning,
    monitoring: Monitoring,
    registry: AgentRegistry,
    roles: RoleRegistry,
    switches: AgentSwitches,
    learning: Learning,
    guidelines: Guidelines,
    builder: AgentBuilder | None = None,
    improver: CodeImprover | None = None,
) -> Specialists:
    """The four specialists; plans are drawn up by them from now on, and roles are looked at, too."""
    seen, permits = CallLog(store), monitoring.improvements.permitted
    specialists = [
        PerformanceAnalyst(tuning, seen, lambda: _housekeep(monitoring), permits),
        GuidelineProposer(LearnedProposals(learning, guidelines), permits),
        CodeEditor(tuning, seen, permits, improver),
        SystemArchitect(AgentChanges(store, registry, roles), permits, builder),
    ]
    made = Specialists(
        store, clock, settings.monitoring, monitoring.improvements, ImprovementBook(store, views),
        Lead(store, ownership, monitoring.node), specialists, [tuning.refresh, switches.refresh],
    )  # fmt: skip
    monitoring.register_analyzer("architecture", ArchitectureFinder(views, registry).find)
    monitoring.suggester.draw_up = made.draw_up
    monitoring.present = lambda: {specialist.name for specialist in made.known}
    return made


async def _housekeep(monitoring: Monitoring) -> str:
    if monitoring.housekeeping.maintain is None:
        return "there is nothing to keep house for"
    done = await monitoring.housekeeping.maintain()
    told = asdict(done)  # pyright: ignore[reportArgumentType, reportUnknownVariableType, reportUnknownArgumentType]
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items() if value) or "nothing was left"
