"""The analyzer `anomalies`: figures that are unusual for the hour, by all that is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from supervisor.monitoring.analysis.anomalies import AnomalyDetector, AnomalyEvidence
from supervisor.monitoring.findings import AnalysisContext, Finding

__all__ = ["AnomalyFinder"]

_SHARED = {
    "response_time": ("requests", "performance"),
    "error_rate": ("requests", "reliability"),
    "requests": ("requests", "scalability"),
    "cost": ("requests", "cost"),
}
_OF_NODES = {"cpu_usage": ("machine", "resource"), "process_memory": ("process", "resource")}
_STANDS = 3_600.0
"""Seconds for which an anomaly is told."""
_MOST = 50


@dataclass(slots=True)
class _Followed:
    detector: AnomalyDetector = field(default_factory=AnomalyDetector)
    taken: float = float("-inf")
    found: AnomalyEvidence | None = None


class AnomalyFinder:
    """Gives each point to a detector of its series once; the first time, all that is kept."""

    def __init__(self) -> None:
        self._followed: dict[str, _Followed] = {}

    def __call__(self, context: AnalysisContext) -> Iterable[Finding]:
        """What was unusual within the last hour."""
        now = context.now.timestamp()
        for name, series in sorted(context.series.items()):
            node, slash, metric = name.partition("/")
            known = _OF_NODES.get(metric) if slash and ":" not in node else _SHARED.get(name)
            if known is None or (name not in self._followed and len(self._followed) >= _MOST):
                continue
            followed = self._followed.setdefault(name, _Followed())
            for at, value in zip(*series.since(followed.taken), strict=True):
                if at <= followed.taken:
                    continue
                followed.taken = at
                followed.detector.update(at, value)
                evidence = followed.detector.last
                if evidence is not None and evidence.anomalous and not evidence.resting:
                    followed.found = evidence
            if followed.found is not None and now - followed.found.timestamp <= _STANDS:
                yield _finding(name, *known, followed.found)


def _finding(name: str, component: str, type_: str, found: AnomalyEvidence) -> Finding:
    at = datetime.fromtimestamp(found.timestamp, UTC)
    return Finding(
        subject=name,
        type=type_,
        title=f"{name} is unusual",
        description=f"At {at:%Y-%m-%d %H:%M} UTC {name} was unusual: {found}",
        components=(component,),
        impact=EstimatedImpact(
            text="Unknown: somebody has to look what happened.", metric=name, before=found.value, after=found.usual
        ),
        plan=ImprovementPlan(
            steps=["Look at what happened then: requests, releases, other load.", "Reject this if it was expected."]
        ),
        evidence=Evidence(text=str(found), figures=dict(found.to_json())),
        confidence=round(found.score, 3),
    )
