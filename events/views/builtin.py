"""All views of this package."""

from __future__ import annotations

from events.projection import View
from events.views.agent_registry import AgentRegistryView
from events.views.guidelines import GuidelineView
from events.views.improvements import ImprovementView
from events.views.intents import IntentView
from events.views.performance import PerformanceView
from events.views.system import AgentHistoryView, SystemHealthView, SystemMetricsView
from events.views.tokens import TokenView
from events.views.trace_index import TraceIndex
from events.views.tuning import TuningView

__all__ = ["builtin_views"]


def builtin_views() -> tuple[View, ...]:
    """Traces, intents, performance, agents, guidelines, improvements, how the system did, tokens, tuned settings."""
    return (
        TraceIndex(), IntentView(), PerformanceView(), AgentRegistryView(), GuidelineView(), ImprovementView(),
        SystemMetricsView(), AgentHistoryView(), SystemHealthView(), TokenView(), TuningView(),
    )  # fmt: skip
