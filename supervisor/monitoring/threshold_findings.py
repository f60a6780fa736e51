"""The analyzer `thresholds`: components that are out of bounds, as health says, become findings with a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from supervisor.monitoring.findings import AnalysisContext, Finding
from supervisor.monitoring.health import SYSTEM
from supervisor.monitoring.history import Series
from supervisor.monitoring.thresholds import Health, Threshold

__all__ = ["find_crossed"]

_RECENT = 1_800.0
"""Seconds of a series that its evidence is about."""
_ERRORS = ("error_rate", "success_rate")


@dataclass(frozen=True, slots=True)
class _Remedy:
    """What helps against a figure that is out of bounds."""

    type: str
    action: str
    specialist: str
    settings: tuple[str, ...]
    steps: tuple[str, ...]


_REMEDIES: Mapping[str, _Remedy] = {
    "cpu_usage": _Remedy(
        "resource", "tune", "performance_analyst", ("requests.max_concurrent", "comparison.concurrency"),
        ("Lower how many requests are handled at once.", "Measure CPU use and response times before and after."),
    ),
    "memory_usage": _Remedy(
        "resource", "tune", "performance_analyst", ("requests.max_concurrent", "requests.queue"),
        ("Lower how many requests are handled at once.", "Look for what grows: see the leaks among the improvements."),
    ),
    "disk_usage": _Remedy(
        "resource", "maintain", "performance_analyst", (),
        ("Archive ended traces and give room back: agent-supervisor maintain.", "Move data_dir to a larger disk."),
    ),
    "file_descriptor_usage": _Remedy(
        "resource", "tune", "performance_analyst", ("requests.max_concurrent",),
        ("Raise the limit of open files of the service.", "Look for connections that are not closed."),
    ),
    "loop_lag": _Remedy(
        "performance", "tune", "performance_analyst", ("requests.max_concurrent",),
        ("Look for tools or hooks that block the event loop.", "Lower how many requests are handled at once."),
    ),
    "store_queue_usage": _Remedy(
        "scalability", "tune", "performance_analyst", ("store.queue_size", "requests.max_concurrent"),
        ("Look whether the disk or the database is slow.", "Lower how many requests are handled at once."),
    ),
    "projection_lag": _Remedy(
        "scalability", "tune", "performance_analyst", ("requests.max_concurrent",),
        ("Look for views that are slow to fold: agent-supervisor events views.", "Run fewer requests at once."),
    ),
    "response_time": _Remedy(
        "performance", "tune", "performance_analyst",
        ("requests.tool_timeout", "requests.task_timeout", "requests.max_concurrent"),
        ("Find what holds the time.", "Cache, shorten or run it side by side.", "Measure before and after."),
    ),
    "error_rate": _Remedy(
        "reliability", "reduce_errors", "performance_analyst", ("requests.task_retries", "requests.tool_timeout"),
        ("Look at the latest errors: agent-supervisor traces list.", "Mend what fails most.", "Measure again."),
    ),
}  # fmt: skip
_BY_KIND = {
    ("role", "error_rate"): ("prompt", "propose_guideline", "prompt_engineer"),
    ("tool", "error_rate"): ("reliability", "mend_tool", "code_editor"),
    ("role", "response_time"): ("performance", "tune", "performance_analyst"),
}
_CUSTOM = _Remedy(
    "performance", "", "", (), ("Look at what this metric measures, and at what changed when it left its bounds.",)
)


def find_crossed(context: AnalysisContext) -> Iterable[Finding]:
    """A finding for each figure of a degraded or unhealthy component that is out of bounds."""
    for component, state in sorted(context.components.items()):
        if component == SYSTEM or state.level.rank < Health.DEGRADED.rank:
            continue
        kind = component.partition(":")[0]
        group = "work" if kind in ("requests", "role", "tool", "model") else component
        done: set[str] = set()
        for metric, threshold in context.thresholds.get(group, {}).items():
            name = "error_rate" if metric in _ERRORS else metric
            found = _series(context, component, metric)
            if found is None or name in done or not _is_out(threshold, found, state.level):
                continue
            done.add(name)
            yield _finding(context, component, name, threshold, found)


def _is_out(threshold: Threshold, series: Series, level: Health) -> bool:
    """Whether the last value is out of bounds, for a component that is held to be."""
    return threshold.judge(series.values[-1], level, 0.0).rank >= Health.DEGRADED.rank


def _series(context: AnalysisContext, component: str, metric: str) -> Series | None:
    kind, _, name = component.partition(":")
    if kind == "requests":
        return context.series.get(metric)
    if kind in ("role", "tool", "model"):
        return context.series.get(f"{component}/{metric}")
    wanted = f"custom.{name}" if kind == "metric" else metric
    mine = [series for key, series in context.series.items() if key.partition("/")[2] == wanted]
    return max(mine, key=lambda series: series.times[-1], default=None)


def _finding(context: AnalysisContext, component: str, metric: str, threshold: Threshold, series: Series) -> Finding:
    times, values = series.since(series.times[-1] - _RECENT)
    last, mean = values[-1], sum(values) / len(values)
    beyond = sum(threshold.is_crossed(value) for value in values)
    state = context.components[component]
    kind = component.partition(":")[0]
    remedy = _REMEDIES.get(metric, _CUSTOM)
    type_, action, specialist = _BY_KIND.get((kind, metric), (remedy.type, remedy.action, remedy.specialist))
    told = threshold.metric.replace("_", " ")
    figures: dict[str, JsonValue] = {
        "metric": threshold.metric,
        "last": round(last, 6),
        "mean": round(mean, 6),
        "limit": threshold.limit,
        "samples": len(values),
        "beyond": beyond,
        "seconds": round(times[-1] - times[0], 1),
    }
    unit = f" {threshold.unit}" if threshold.unit else ""
    arguments: dict[str, JsonValue] = {
        "component": component, "metric": threshold.metric, "limit": threshold.limit, "settings": list(remedy.settings),
    }  # fmt: skip
    return Finding(
        subject=f"{component}/{metric}",
        type=type_,
        title=f"{component}: {told} is {'too low' if threshold.is_floor else 'too high'}",
        description=(
            f"{component} is {state.level}: {threshold.told(last)}. Over the last {len(values)} samples the mean was "
            f"{mean:.4g}{unit}; {beyond} of them were beyond the limit."
        ),
        components=(component,),
        impact=EstimatedImpact(
            text=f"Within its limit, {told} would be {threshold.limit:g}{unit} or better instead of {mean:.4g}{unit}.",
            metric=f"{component}/{threshold.metric}",
            before=mean,
            after=threshold.limit,
        ),
        plan=ImprovementPlan(action=action, arguments=arguments, specialist=specialist, steps=list(remedy.steps)),
        evidence=Evidence(
            text=f"{threshold.told(last)}; mean {mean:.4g}{unit} of {len(values)} samples", figures=figures
        ),
        confidence=round(0.5 + 0.45 * beyond / len(values), 3),
        level=state.level,
    )
