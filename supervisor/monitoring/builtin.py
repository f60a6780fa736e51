"""The analyzers and predictors that every supervisor has."""

from __future__ import annotations

from collections.abc import Mapping

from supervisor.monitoring.anomaly_findings import AnomalyFinder
from supervisor.monitoring.bottleneck_findings import find_slowest
from supervisor.monitoring.drift_findings import DriftFinder
from supervisor.monitoring.findings import Analyzer
from supervisor.monitoring.forecast_findings import LimitPredictor
from supervisor.monitoring.leak_findings import find_leaks
from supervisor.monitoring.models import Forecast
from supervisor.monitoring.queue_findings import find_queues
from supervisor.monitoring.threshold_findings import find_crossed

__all__ = ["builtin_analyzers", "builtin_predictors"]


def builtin_analyzers() -> Mapping[str, Analyzer]:
    """What is run every `monitoring.analyze_every` seconds, by name; some remember what they have seen."""
    return {
        "thresholds": find_crossed,
        "bottlenecks": find_slowest,
        "queues": find_queues,
        "drift": DriftFinder(),
        "leaks": find_leaks,
        "anomalies": AnomalyFinder(),
    }


def builtin_predictors(forecasts: list[Forecast]) -> Mapping[str, Analyzer]:
    """What is run every `monitoring.predict_every` seconds, by name; `forecasts` is filled with what is foreseen."""
    return {"limits": LimitPredictor(forecasts)}
