"""The append-only log and its views."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from events.catalogue import Event
    from events.ownership import Ownership
    from events.pending import Pending
    from events.projection import Column, ParkedEvent, Row, View, Views
    from events.recorded import Erased, RecordedEvent, Unknown
    from events.store import EventStore, stream_name
    from events.trace_writer import TraceWriter
    from events.views.agent_registry import AgentRegistry
    from events.views.guidelines import GuidelineView
    from events.views.improvements import ImprovementView
    from events.views.intents import IntentView
    from events.views.performance import PerformanceView
    from events.views.trace_index import TraceIndex

__all__ = [
    "AgentRegistry",
    "Column",
    "Erased",
    "Event",
    "EventStore",
    "GuidelineView",
    "ImprovementView",
    "IntentView",
    "Ownership",
    "ParkedEvent",
    "Pending",
    "PerformanceView",
    "RecordedEvent",
    "Row",
    "TraceIndex",
    "TraceWriter",
    "Unknown",
    "View",
    "Views",
    "stream_name",
]

_HOMES = {
    "events.catalogue": ("Event",),
    "events.ownership": ("Ownership",),
    "events.pending": ("Pending",),
    "events.projection": ("Column", "ParkedEvent", "Row", "View", "Views"),
    "events.recorded": ("Erased", "RecordedEvent", "Unknown"),
    "events.store": ("EventStore", "stream_name"),
    "events.trace_writer": ("TraceWriter",),
    "events.views.agent_registry": ("AgentRegistry",),
    "events.views.guidelines": ("GuidelineView",),
    "events.views.improvements": ("ImprovementView",),
    "events.views.intents": ("IntentView",),
    "events.views.performance": ("PerformanceView",),
    "events.views.trace_index": ("TraceIndex",),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for, so that `import events` costs next to nothing."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'events' has no attribute {name!r}")
