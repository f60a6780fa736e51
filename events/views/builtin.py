"""All views of this package."""

from __future__ import annotations

from events.projection import View
from events.views.agent_days import AgentDays
from events.views.agent_registry import AgentRegistryView
from events.views.builds import BuildView
from events.views.evolution import EvolutionView
from events.views.guidelines import GuidelineView
from events.views.improvements import ImprovementView
from events.views.intents import IntentView
from events.views.performance import PerformanceView
from events.views.system import AgentHistoryView, SystemHealthView, SystemMetricsView
from events.views.tokens import TokenView
from events.views.tools_served import ToolsServed
from events.views.trace_index import TraceIndex
from events.views.tuning import TuningView

__all__ = ["builtin_views"]


def builtin_views() -> tuple[View, ...]:
    """Traces, intents, performance, agents, guidelines, improvements, how the system did, tokens, tuning, builds,
    which tools served what, what agents did by day, and what evolution decided."""
    return (
        TraceIndex(), IntentView(), PerformanceView(), AgentRegistryView(), GuidelineView(), ImprovementView(),
        SystemMetricsView(), AgentHistoryView(), SystemHealthView(), TokenView(), TuningView(),
        BuildView(), ToolsServed(), AgentDays(), EvolutionView(),
    )  # fmt: skip
