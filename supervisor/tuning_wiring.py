"""Has tuned settings reach the parts that run by them."""

from __future__ import annotations

from collections.abc import Mapping

from common.settings import Settings
from events.projection import Views
from events.store import EventStore
from llm_provider.tool_policy import ToolPolicy, ToolTuning
from llm_provider.tool_registry import ToolRegistry
from supervisor.admission import Admission
from supervisor.monitoring.service import Monitoring
from supervisor.tunables import request_values, threshold_values, tool_values
from supervisor.tuning import Tuning

__all__ = ["wire_tuning"]


async def wire_tuning(
    settings: Settings,
    store: EventStore,
    views: Views,
    tools: ToolRegistry,
    calls: ToolPolicy,
    admission: Admission,
    monitoring: Monitoring,
) -> Tuning:
    """The tuned settings as the log has them, in force."""
    tuning = Tuning(store, views, settings, tools)
    await tuning.refresh()

    def requests(values: Mapping[str, float]) -> None:
        calls.tune_requests(**request_values(values))
        admission.resize(calls.requests.max_concurrent, calls.requests.queue)

    tuned: set[str] = set()

    def of_tools(values: Mapping[str, float]) -> None:
        named = tool_values(values)
        for name in tuned | set(named):
            calls.tune(name, ToolTuning(**named.get(name, {})))
        tuned.update(named)

    def thresholds(values: Mapping[str, float]) -> None:
        monitoring.tune_thresholds(threshold_values(values))

    for applier in (requests, of_tools, thresholds):
        tuning.apply_to(applier)
    return tuning
