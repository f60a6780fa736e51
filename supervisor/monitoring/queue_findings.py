"""The analyzer `queues`: requests that wait for their admission longer than they are worked on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from supervisor.monitoring.findings import AnalysisContext, Finding
from supervisor.monitoring.history import Series
from supervisor.monitoring.thresholds import Health

__all__ = ["QUEUE", "find_queues"]

QUEUE = "queue:admission"
_RECENT = 3_600.0
_LEAST = 20
"""Requests from which on something is said of their waiting."""
_LEAST_SHARE = 0.5
_SLOW = 0.1
"""Requests are slow from this share of the threshold of response times on, their waiting included."""


def find_queues(context: AnalysisContext) -> Iterable[Finding]:
    """A finding for each process in whose queue requests spend at least half of their time, where that is long."""
    worked = _mean(context, "response_time")
    limit = context.settings.monitoring.thresholds.response_time
    for key in sorted(context.series):
        node, slash, metric = key.partition("/")
        if not slash or metric != "admission_wait" or ":" in node:
            continue
        waits, counts = _recent(context, key), _recent(context, f"{node}/requests_admitted")
        admitted = sum(counts.get(at, 0.0) for at in waits)
        if admitted < _LEAST or worked is None:
            continue
        wait = sum(seconds * counts.get(at, 0.0) for at, seconds in waits.items()) / admitted
        if wait >= _LEAST_SHARE * (wait + worked) and wait + worked >= _SLOW * limit:
            yield _finding(context, node, wait, worked, int(admitted))


def _finding(context: AnalysisContext, node: str, wait: float, worked: float, admitted: int) -> Finding:
    share, whole = wait / (wait + worked), wait + worked
    thresholds = context.settings.monitoring.thresholds
    busy = _mean(context, f"{node}/cpu_usage")
    has_room = busy is not None and busy < thresholds.cpu_usage
    told = f"{admitted} requests waited {wait:.3g} s in the mean to be admitted, and were worked on for {worked:.3g} s"
    room = f"the processor is used by {busy:.0f} %" if busy is not None else "how busy the processor is, is not known"
    arguments: dict[str, JsonValue] = {"component": QUEUE, "metric": "admission_wait"}
    figures: dict[str, JsonValue] = {
        "mean": round(wait, 6), "worked": round(worked, 6), "admitted": admitted, "share": round(share, 6),
        "cpu_usage": busy,
    }  # fmt: skip
    return Finding(
        subject=f"{node}/{QUEUE}",
        type="scalability",
        title=f"{QUEUE} holds {share:.0%} of the time of requests on {node}",
        description=f"{told}; {room}.",
        components=(QUEUE, "requests"),
        impact=EstimatedImpact(
            text=f"Admitted at once, requests would take {worked:.3g} s instead of {whole:.3g} s.",
            metric=f"{node}/admission_wait",
            before=wait,
            after=0.0,
        ),
        plan=ImprovementPlan(
            action="tune" if has_room else "",
            specialist="performance_analyst" if has_room else "",
            arguments=arguments,
            steps=["Have more requests handled at once, or on more machines.", "Measure the waiting before and after."],
        ),
        evidence=Evidence(text=told, figures=figures),
        confidence=0.9,
        level=Health.DEGRADED if whole > thresholds.response_time else Health.UNKNOWN,
    )


def _recent(context: AnalysisContext, name: str) -> Mapping[float, float]:
    """The values of the last hour, by their time."""
    times, values = context.series.get(name, Series()).since(context.now.timestamp() - _RECENT)
    return dict(zip(times, values, strict=True))


def _mean(context: AnalysisContext, name: str) -> float | None:
    """The mean of the last hour; None where nothing is known."""
    values = _recent(context, name).values()
    return sum(values) / len(values) if values else None
