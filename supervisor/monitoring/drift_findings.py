"""The analyzer `drift`: what fails more often, takes longer or costs more than it used to, call by call."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import JsonValue

from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from supervisor.monitoring.analysis.changes import Drift, DriftDetector
from supervisor.monitoring.findings import AnalysisContext, Finding
from supervisor.monitoring.work import WorkSpan

__all__ = ["DriftFinder"]

_MOST = 300
"""Components that are followed; beyond them, none is added."""
_DELTA = 0.0005
_LEAST = {"errors": 0.05, "seconds": math.log10(1.5), "cost": math.log10(1.5)}
"""What a mean has to change by to matter: 5 % of calls that fail, half as much again of time or cost."""
_LEAST_SECONDS = 0.05
"""Means below this are not worth a finding, whatever they were before."""
_FLOOR = 1e-6
_TOLD = {
    "errors": ("reliability", "fails more often", "error rate"),
    "seconds": ("performance", "takes longer", "response time"),
    "cost": ("cost", "costs more", "cost of a call"),
}
_REMEDY = {
    ("role", "errors"): ("prompt", "propose_guideline", "prompt_engineer"),
    ("tool", "errors"): ("reliability", "mend_tool", "code_editor"),
    ("role", "seconds"): ("performance", "tune", "performance_analyst"),
    ("tool", "seconds"): ("performance", "tune", "performance_analyst"),
}


@dataclass(slots=True)
class _Followed:
    detector: DriftDetector = field(default_factory=lambda: DriftDetector(_DELTA))
    drift: Drift | None = None


class DriftFinder:
    """Takes each call once; a drift is told for as long as the mean stays nearer to what it became."""

    def __init__(self) -> None:
        self._read = 0
        self._followed: dict[tuple[str, str, str], _Followed] = {}

    def __call__(self, context: AnalysisContext) -> Iterable[Finding]:
        """What is worse than it was."""
        new = context.spans_read - self._read
        self._read = context.spans_read
        for span in context.spans[-new:] if new > 0 else ():
            self._take(span)
        for (kind, name, about), followed in sorted(self._followed.items()):
            drift = followed.drift
            if drift is None:
                continue
            if followed.detector.mean < (drift.before + drift.after) / 2:
                followed.drift = None
            elif about != "seconds" or 10**drift.after >= _LEAST_SECONDS:
                yield _finding(kind, name, about, drift)

    def _take(self, span: WorkSpan) -> None:
        self._update(span, "errors", 0.0 if span.ok else 1.0)
        if span.ok:  # a call that fails at once is not a fast one
            self._update(span, "seconds", math.log10(max(span.seconds, _FLOOR)))
        if span.kind == "model" and span.cost:
            self._update(span, "cost", math.log10(max(span.cost, _FLOOR)))

    def _update(self, span: WorkSpan, about: str, value: float) -> None:
        key = (span.kind, span.name, about)
        followed = self._followed.get(key)
        if followed is None:
            if len(self._followed) >= _MOST:
                return
            followed = self._followed[key] = _Followed()
        drift = followed.detector.update(value)
        if drift is None:
            return
        if drift.after - drift.before >= _LEAST[about]:
            before = followed.drift.before if followed.drift is not None else drift.before
            followed.drift = Drift(min(before, drift.before), drift.after, drift.dropped, drift.kept, drift.delta)
        elif drift.after < drift.before:
            followed.drift = None


def _finding(kind: str, name: str, about: str, drift: Drift) -> Finding:
    type_, worse, metric = _TOLD[about]
    component = "requests" if kind == "request" else f"{kind}:{name}"
    before, after = (drift.before, drift.after) if about == "errors" else (10**drift.before, 10**drift.after)
    unit = {"errors": "of calls", "seconds": "s", "cost": "US dollars"}[about]
    told = f"{before:.3g} {unit} before, {after:.3g} {unit} in the last {drift.kept} calls"
    type_, action, specialist = _REMEDY.get((kind, about), (type_, "", ""))
    arguments: dict[str, JsonValue] = {"component": component, "metric": metric.replace(" ", "_")} if action else {}
    return Finding(
        subject=f"{component}/{about}",
        type=type_,
        title=f"{component} {worse} than it used to",
        description=f"The {metric} of {component} changed: {told}.",
        components=(component,),
        impact=EstimatedImpact(
            text=f"As before, the {metric} would be {before:.3g} {unit}.",
            metric=f"{component}/{metric.replace(' ', '_')}",
            before=after,
            after=before,
        ),
        plan=ImprovementPlan(
            action=action,
            specialist=specialist,
            arguments=arguments,
            steps=["Find what was changed then: a release, a model, a service, the requests.", "Mend it or go back."],
        ),
        evidence=Evidence(
            text=told,
            figures={"before": before, "after": after, "calls_before": drift.dropped, "calls": drift.kept},
        ),
        confidence=0.9,
    )
