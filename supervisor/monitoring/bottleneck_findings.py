"""The analyzer `bottlenecks`: what holds most of the time of requests that are slow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from pydantic import JsonValue

from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from supervisor.monitoring.analysis.bottlenecks import Bottleneck, Span, find_bottlenecks
from supervisor.monitoring.findings import AnalysisContext, Finding
from supervisor.monitoring.thresholds import Health
from supervisor.monitoring.work import WorkSpan

__all__ = ["find_slowest", "spans_of"]

_LEAST_TRACES = 20
_MOST_TRACES = 500
_RECENT = timedelta(hours=1)
_LEAST_SHARE = 0.5
"""Of the time of all requests, the least that something has to hold for sure."""
_SLOW = 0.1
"""Requests are slow from this share of the threshold of response times on."""


def find_slowest(context: AnalysisContext) -> Iterable[Finding]:
    """A finding for the role, tool or model that holds at least half of the time, where requests are slow."""
    began = context.now - _RECENT
    spans = spans_of([span for span in context.spans if span.ended_at >= began])
    whole = [span.seconds for span in spans if span.kind == "request"]
    if len(whole) < _LEAST_TRACES:
        return
    mean = sum(whole) / len(whole)
    limit = context.settings.monitoring.thresholds.response_time
    if mean < _SLOW * limit:
        return
    for found in find_bottlenecks(spans):
        if found.kind != "request" and found.low >= _LEAST_SHARE:
            yield _finding(found, mean, limit)


def spans_of(work: Sequence[WorkSpan]) -> list[Span]:
    """The spans of the latest requests that ended, with who waited for whom."""
    ended = [span.trace for span in work if span.kind == "request"]
    chosen = set(ended[-_MOST_TRACES:])
    tasks = {(span.trace, span.task): number for number, span in enumerate(work) if span.kind == "role"}
    requests = {span.trace: number for number, span in enumerate(work) if span.kind == "request"}
    found: list[Span] = []
    for number, span in enumerate(work):
        if span.trace not in chosen:
            continue
        parent = None if span.kind == "request" else requests[span.trace]
        if span.kind in ("tool", "model"):
            parent = tasks.get((span.trace, span.task), parent)
        start = span.ended_at.timestamp() - span.seconds
        told = None if parent is None else str(parent)
        found.append(Span(span.trace, str(number), span.kind, span.name, start, span.seconds, told))
    return found


def _finding(found: Bottleneck, mean: float, limit: float) -> Finding:
    component = f"{found.kind}:{found.name}"
    arguments: dict[str, JsonValue] = {"component": component, "metric": "response_time", "share": found.share}
    figures: dict[str, JsonValue] = {**found.to_json(), "mean_request": mean}
    return Finding(
        subject=component,
        type="performance",
        title=f"{component} holds {found.share:.0%} of the time of requests",
        description=f"Requests take {mean:.3g} s in the mean. {found}.",
        components=(component, "requests"),
        impact=EstimatedImpact(
            text=f"Twice as fast, it would make requests {found.share / 2:.0%} faster.",
            metric="response_time",
            before=mean,
            after=mean * (1 - found.share / 2),
            low=mean * (1 - found.high / 2),
            high=mean * (1 - found.low / 2),
        ),
        plan=ImprovementPlan(
            action="tune",
            specialist="performance_analyst",
            arguments=arguments,
            steps=["Cache it, shorten it, or run it beside other work.", "Measure response times before and after."],
        ),
        evidence=Evidence(text=str(found), figures=figures),
        confidence=round(min(0.99, found.low), 3),
        level=Health.DEGRADED if mean > limit else Health.UNKNOWN,
    )
