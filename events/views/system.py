"""How the system did: one row a sample, one row an agent and sample, one row a component of a node's health."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from events.catalogue.system import HealthChanged, SamplesRetired, SystemSampled
from events.projection import Column, RecordedEvent, Row

__all__ = ["AgentHistoryView", "SystemHealthView", "SystemMetricsView"]

_AGENTS = ("total_agents", "active_agents", "failed_agents")
_COUNTS = (*_AGENTS, "total_errors", "total_insights", "process_memory", "store_queue", "projection_lag")
_REALS: Mapping[str, str] = {
    "avg_response_time": "response_time",
    "avg_success_rate": "success_rate",
    "system_cpu_usage": "cpu_usage",
    "system_memory_usage": "memory_usage",
    "process_cpu_usage": "process_cpu",
    "disk_usage": "disk_usage",
    "loop_lag": "loop_lag",
}
_TOPICS = frozenset({SystemSampled.TOPIC, SamplesRetired.TOPIC})
_SHARED = "it has no process of its own in the supervisor that took the sample, or that one did not run"
_ABSENT: Mapping[str, str] = {
    "response_time": "it had no task in the window",
    "success_rate": "it had no task in the window",
    "memory_usage": _SHARED,
    "cpu_usage": _SHARED,
}
"""Why columns of `AgentHistoryView` are empty."""


class SystemMetricsView:
    """View `system_metrics`: a sample of a process, by its time, with what most is asked for in columns of its own.

    `figures` has all figures by name, `absent` why others could not be read, `tools` and `models` those that worked
    lately. A column is empty where its figure could not be read. Old samples go when `SamplesRetired` says so.
    """

    name = "system_metrics"
    version = 1
    key = (Column("timestamp", "time"), Column("node", "text"), Column("process", "text"))
    columns = (
        *(Column(name, "integer") for name in _AGENTS),
        Column("avg_response_time", "real"),
        Column("avg_success_rate", "real"),
        Column("system_cpu_usage", "real"),
        Column("system_memory_usage", "real"),
        Column("total_errors", "integer"),
        Column("total_insights", "integer"),
        Column("performance_score", "real"),
        Column("health", "text"),
        Column("process_cpu_usage", "real"),
        Column("process_memory", "integer"),
        Column("disk_usage", "real"),
        Column("loop_lag", "real"),
        Column("store_queue", "integer"),
        Column("projection_lag", "integer"),
        Column("figures", "json"),
        Column("absent", "json"),
        Column("tools", "json"),
        Column("models", "json"),
        Column("position", "integer"),
    )
    indexes = (("position",),)
    topics = _TOPICS

    def retires(self, event: RecordedEvent) -> tuple[str, Any] | None:
        """Samples of before a moment."""
        return _retired(event)

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The sample's row."""
        sample = event.event
        return ((sample.at, sample.node, sample.process),) if isinstance(sample, SystemSampled) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row of the sample."""
        sample = event.event
        if not isinstance(sample, SystemSampled):
            return row
        figures = sample.figures
        return {
            **{name: _whole(figures.get(name)) for name in _COUNTS},
            **{column: figures.get(name) for column, name in _REALS.items()},
            "performance_score": sample.score,
            "health": sample.health,
            "figures": figures,
            "absent": sample.absent,
            "tools": sample.tools,
            "models": sample.models,
            "position": event.position,
        }


class AgentHistoryView:
    """View `agent_performance_history`: how an agent did in the window that ended with a sample it worked in.

    `response_time` in seconds, `error_count` and `calls` in the window, `insights_generated` improvements that name it,
    so far. `memory_usage` (bytes) and `cpu_usage` (percent of one processor since the sample before) are those of a
    process of its own, which built agents have; `absent` has the reasons for what is empty, by column. Old rows go when
    `SamplesRetired` says so.
    """

    name = "agent_performance_history"
    version = 2
    key = (Column("agent_name", "text"), Column("timestamp", "time"))
    columns = (
        Column("response_time", "real"),
        Column("success_rate", "real"),
        Column("error_count", "integer"),
        Column("insights_generated", "integer"),
        Column("memory_usage", "real"),
        Column("cpu_usage", "real"),
        Column("calls", "integer"),
        Column("tokens", "integer"),
        Column("node", "text"),
        Column("position", "integer"),
        Column("absent", "json"),
    )
    indexes = (("position",), ("timestamp",))
    topics = _TOPICS

    def retires(self, event: RecordedEvent) -> tuple[str, Any] | None:
        """Rows of before a moment."""
        return _retired(event)

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The rows of the agents that the sample tells of."""
        sample = event.event
        return [(name, sample.at) for name in sample.agents] if isinstance(sample, SystemSampled) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row of the agent."""
        sample = event.event
        if not isinstance(sample, SystemSampled):
            return row
        figures = sample.agents[key[0]]
        return {
            "response_time": figures.get("response_time"),
            "success_rate": figures.get("success_rate"),
            "error_count": _whole(figures.get("errors")),
            "insights_generated": _whole(figures.get("insights")),
            "memory_usage": figures.get("memory_usage"),
            "cpu_usage": figures.get("cpu_usage"),
            "calls": _whole(figures.get("calls")),
            "tokens": _whole(figures.get("tokens")),
            "node": sample.node,
            "position": event.position,
            "absent": {name: why for name, why in _ABSENT.items() if figures.get(name) is None},
        }


class SystemHealthView:
    """View `system_health`: the state of each component of a node, since when, and why; ``system`` is the whole."""

    name = "system_health"
    version = 1
    key = (Column("node", "text"), Column("component", "text"))
    columns = (
        Column("health", "text"),
        Column("before", "text"),
        Column("since", "time"),
        Column("reasons", "json"),
        Column("process", "text"),
        Column("changes", "integer"),
    )
    indexes = ()
    topics = frozenset({HealthChanged.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The component that changed."""
        change = event.event
        return ((change.node, change.component),) if isinstance(change, HealthChanged) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The component after the change."""
        change = event.event
        if not isinstance(change, HealthChanged):
            return row
        return {
            "health": change.after,
            "before": change.before,
            "since": event.recorded_at,
            "reasons": change.reasons,
            "process": change.process,
            "changes": (row["changes"] if row is not None else 0) + 1,
        }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _retired(event: RecordedEvent) -> tuple[str, Any] | None:
    return ("timestamp", event.event.before) if isinstance(event.event, SamplesRetired) else None
