"""All views of this package."""

from __future__ import annotations

from events.projection import View
from events.views.agent_registry import AgentRegistryView
from events.views.guidelines import GuidelineView
from events.views.intents import IntentView
from events.views.performance import PerformanceView
from events.views.trace_index import TraceIndex

__all__ = ["builtin_views"]


def builtin_views() -> tuple[View, ...]:
    """The trace index, the intents, the performance counters, the agent registry and the guidelines."""
    return (TraceIndex(), IntentView(), PerformanceView(), AgentRegistryView(), GuidelineView())
