"""The predictor `limits`: which figures will reach their limits, and when, by how well the past could be foreseen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from supervisor.monitoring.analysis import forecasts
from supervisor.monitoring.analysis.trends import trend
from supervisor.monitoring.findings import AnalysisContext, Finding
from supervisor.monitoring.history import Series
from supervisor.monitoring.models import Forecast
from supervisor.monitoring.thresholds import Threshold

__all__ = ["LimitPredictor"]

_WATCHED = {
    "disk_usage": "machine",
    "memory_usage": "machine",
    "cpu_usage": "machine",
    "file_descriptor_usage": "process",
    "store_queue_usage": "store",
}
_HORIZONS = (7 * 86_400.0, 86_400.0, 6 * 3_600.0)
"""Seconds ahead, the longest that the past allows."""
_FRESH = 900.0
_POINTS = 2_000
"""Values of a series that a forecast is made from, the latest of them, evenly chosen."""


class LimitPredictor:
    """Fills `told` anew with every run."""

    def __init__(self, told: list[Forecast]) -> None:
        self._told = told

    def __call__(self, context: AnalysisContext) -> Iterable[Finding]:
        """A finding for each limit that is reached in the foreseeable time."""
        told: list[Forecast] = []
        findings: list[Finding] = []
        for name, series in sorted(context.series.items()):
            node, slash, metric = name.partition("/")
            component = _WATCHED.get(metric)
            if not slash or ":" in node or component is None or len(series) < 2:
                continue
            if context.now.timestamp() - series.times[-1] > _FRESH:
                continue
            threshold = context.thresholds[component][metric]
            made = _foresee(name, series, threshold)
            if made is None:
                continue
            forecast, words = made
            told.append(forecast)
            if forecast.at is not None and not threshold.is_crossed(forecast.now):
                findings.append(_finding(name, component, threshold, forecast, words, context.now))
        self._told[:] = told
        return findings


def _foresee(name: str, series: Series, threshold: Threshold) -> tuple[Forecast, str] | None:
    step = max(1, len(series) // _POINTS)
    times, values = list(series.times[::-step][::-1]), list(series.values[::-step][::-1])
    for horizon in _HORIZONS:
        made = forecasts.forecast(times, values, horizon)
        if made is None:
            continue
        slope = trend(times, values)
        return (
            Forecast(
                series=name,
                now=values[-1],
                limit=threshold.limit,
                per_hour=0.0 if slope is None else slope.slope * 3_600,
                at=_moment(made.reaches(threshold.limit)),
                earliest=_moment(made.may_reach(threshold.limit)),
                latest=_moment(next((point.timestamp for point in made.points if point.low >= threshold.limit), None)),
            ),
            str(made),
        )
    return None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _finding(name: str, component: str, threshold: Threshold, forecast: Forecast, words: str, now: datetime) -> Finding:
    at = forecast.at or now
    unit = f" {threshold.unit}" if threshold.unit else ""
    figures: dict[str, JsonValue] = forecast.model_dump(mode="json")
    return Finding(
        subject=f"{name}/limit",
        type="resource",
        title=f"{name} reaches its limit on {at:%Y-%m-%d %H:%M} UTC",
        description=(
            f"{name} is {forecast.now:.4g}{unit} now and reaches {threshold.limit:g}{unit} by {at:%Y-%m-%d %H:%M} UTC "
            f"if it goes on like this. The forecast: {words}."
        ),
        components=(component,),
        impact=EstimatedImpact(
            text="Acted on in time, the limit is not reached.",
            metric=name,
            before=forecast.now,
            after=threshold.limit,
        ),
        plan=ImprovementPlan(
            action="maintain" if threshold.metric == "disk_usage" else "tune",
            specialist="performance_analyst",
            arguments={"component": component, "metric": threshold.metric, "limit": threshold.limit},
            steps=["Make room, or give it more, before then.", "Look at the forecast again."],
        ),
        evidence=Evidence(text=words, figures=figures),
        confidence=0.9 if forecast.latest is not None else 0.6,
        due_in=max(timedelta(), at - now),
    )
