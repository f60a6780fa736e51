"""The analyzer `leaks`: what a process holds more and more of, and when that meets its limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from supervisor.monitoring.analysis.leaks import LEAST_GROWTH, Leak, find_leak
from supervisor.monitoring.findings import AnalysisContext, Finding
from supervisor.monitoring.history import Series

__all__ = ["find_leaks"]

_WATCHED = {
    "process_memory": ("memory", "rss"),
    "file_descriptors": ("open files", "descriptors"),
    "threads": ("threads", "tasks"),
    "tasks": ("tasks of the event loop", "tasks"),
    "store_queue": ("events that wait for their commit", "queue"),
    "requests_waiting": ("requests that wait for admission", "queue"),
}
_FRESH = 900.0
"""Seconds after which a series that does not go on is of a process that is gone."""
_YEAR = 365.0 * 86_400


def find_leaks(context: AnalysisContext) -> Iterable[Finding]:
    """A finding for each figure of a process whose floor rises without coming back."""
    for key, series in sorted(context.series.items()):
        node, slash, metric = key.partition("/")
        if not slash or ":" in node or metric not in _WATCHED:
            continue
        if context.now.timestamp() - series.times[-1] > _FRESH:
            continue
        what, kind = _WATCHED[metric]
        limit = _limit(context.series, node, metric)
        times, values = series.since(_began(context.series, node))
        leak = find_leak(times, values, limit=limit, least_growth=LEAST_GROWTH[kind])
        if leak.flagged:
            yield _finding(node, metric, what, leak)


def _began(series: Mapping[str, Series], node: str) -> float:
    """When the node's latest process was started: an earlier one may have stood at another level without any leak."""
    uptime = series.get(f"{node}/process_uptime")
    return uptime.times[-1] - uptime.values[-1] if uptime is not None else 0.0


def _limit(series: Mapping[str, Series], node: str, metric: str) -> float | None:
    """Where the figure can't go on: all memory of the machine, or as many files as the process may open."""

    def last(name: str) -> float | None:
        found = series.get(f"{node}/{name}")
        return found.values[-1] if found is not None else None

    now = last(metric)
    if metric == "process_memory":
        free = last("memory_available")
        return None if now is None or free is None else now + free
    if metric == "file_descriptors":
        usage = last("file_descriptor_usage")
        return now * 100 / usage if now and usage else None
    return None


def _finding(node: str, metric: str, what: str, leak: Leak) -> Finding:
    due = leak.reached_in
    return Finding(
        subject=f"{node}/{metric}",
        type="resource",
        title=f"process on {node}: {what} grow without coming back"
        if what.endswith("s")
        else f"process on {node}: {what} grows without coming back",
        description=f"The floor of {metric} on {node} rises: {leak}.",
        components=("process",),
        impact=EstimatedImpact(
            text="Mended, the figure would stay at its level.",
            metric=metric,
            before=leak.level,
            after=leak.level - leak.growth,
        ),
        plan=ImprovementPlan(
            action="find_leak",
            specialist="code_editor",
            arguments={"node": node, "metric": metric},
            steps=[
                "Find what is kept: look at what was changed when the growth began.",
                "Mend it, and look whether the floor stays level.",
                "Until then, restart the process before the limit is reached.",
            ],
        ),
        evidence=Evidence(text=str(leak), figures=dict(leak.to_json())),
        confidence=0.95 if leak.verdict.value == "leak" else 0.7,
        due_in=timedelta(seconds=due) if due is not None and due < _YEAR else None,
    )
