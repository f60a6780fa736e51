"""What an analysis finds: the cause, what it touches, what would help, how sure that is; and how urgent by rule."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.settings import Settings
from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from supervisor.monitoring.activity import Activity
from supervisor.monitoring.health import ComponentState
from supervisor.monitoring.history import Series
from supervisor.monitoring.thresholds import CORE, Health, Threshold
from supervisor.monitoring.work import WorkSpan

__all__ = ["AnalysisContext", "Analyzer", "Finding", "fingerprint", "priority_of"]

_SOON = timedelta(hours=24)
_THIS_WEEK = timedelta(days=7)


def priority_of(level: Health, components: Iterable[str], due_in: timedelta | None = None) -> str:
    """How urgent something is, by rule.

    critical: a core component (machine, process, store, views, requests) is unhealthy, or a limit is reached within 24
    hours. high: another component is unhealthy, or a limit is reached within 7 days. medium: a threshold is crossed,
    or a limit is reached later. low: everything else, such as drift within the limits.
    """
    core = any(component.rsplit("/", 1)[-1] in CORE for component in components)
    if (core and level is Health.UNHEALTHY) or (due_in is not None and due_in <= _SOON):
        return "critical"
    if level is Health.UNHEALTHY or (due_in is not None and due_in <= _THIS_WEEK):
        return "high"
    return "medium" if level is Health.DEGRADED or due_in is not None else "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that could be better.

    `subject` names the cause for ever, such as ``tool:search.web/response_time``: what is found under the same subject
    by the same analyzer is the same improvement. `components` are what it affects; `level` and `due_in` (until a limit
    is reached) settle the priority, unless `priority` is given. Texts and figures go into the log in the clear: they
    name components and numbers, never what a request said. `confidence` is 0 to 1.
    """

    subject: str
    type: str
    title: str
    description: str
    components: Sequence[str]
    impact: EstimatedImpact
    plan: ImprovementPlan
    evidence: Evidence
    confidence: float = 0.8
    level: Health = Health.UNKNOWN
    due_in: timedelta | None = None
    priority: str | None = None

    @property
    def urgency(self) -> str:
        """The priority, as given or by rule."""
        return self.priority or priority_of(self.level, self.components, self.due_in)


@dataclass(frozen=True, slots=True)
class AnalysisContext:
    """What analyzers may look at; all of it is read from the log, and the same for each of them.

    `series` are the samples by name (see `supervisor.monitoring.history`); `activity` what worked in the window;
    `spans` the latest tasks, tool calls and model calls, the last of `spans_read` in all; `components` the health of
    this process's components; `thresholds` by component (``work`` stands for requests, roles, tools and models).
    """

    now: datetime
    settings: Settings
    series: Mapping[str, Series]
    activity: Activity
    spans: Sequence[WorkSpan]
    spans_read: int
    components: Mapping[str, ComponentState]
    thresholds: Mapping[str, Mapping[str, Threshold]]

    def observed(self, component: str) -> bool:
        """Whether enough is known of a component to say that something is no longer wrong with it.

        A role, tool, model or the requests: that it worked in the window, at least `monitoring.min_calls` times.
        """
        kind = component.partition(":")[0]
        if kind in ("role", "tool", "model", "requests"):
            work = self.activity.components().get(component)
            return work is not None and work.calls >= self.settings.monitoring.min_calls
        return True


Analyzer = Callable[[AnalysisContext], Iterable[Finding]] | Callable[[AnalysisContext], Awaitable[Iterable[Finding]]]
"""Looks at the system and tells what it finds; called anew with every analysis, on a worker thread if not async."""


def fingerprint(analyzer: str, subject: str) -> str:
    """The name of a cause: 12 hexadecimal digits."""
    return hashlib.sha256(f"{analyzer}\0{subject}".encode()).hexdigest()[:12]
