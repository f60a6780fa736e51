"""What monitoring answers: frozen models with a JSON form (``model_dump(mode="json")``), the same for CLI and HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from events.catalogue.improvement import EstimatedImpact, ImprovementPlan
from events.projection import Row
from events.state.improvement import ImprovementStatus

__all__ = [
    "AgentPerformance",
    "AgentPoint",
    "AnalysisReport",
    "ComponentHealth",
    "Forecast",
    "HealthReport",
    "ImprovementPage",
    "ImprovementRecord",
    "ImprovementStep",
    "MetricsReport",
    "MetricsSample",
    "ReportInfo",
    "SeenEvidence",
    "SystemStatus",
]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class SystemStatus(_Model):
    """The whole in a few numbers. `meta_agent_active`: monitoring runs in this process, or ran lately in another.

    `performance_score` is 0 to 100 (None: nothing is known yet), `score_parts` what it is made of, each 0 to 1;
    `improvements` how many stand where; `sampled_at` and `analyzed_at` when that was last looked at.
    """

    meta_agent_active: bool
    total_improvements: int
    pending_improvements: int
    completed_improvements: int
    performance_score: float | None
    health: str
    node: str
    at: datetime
    sampled_at: datetime | None
    analyzed_at: datetime | None
    leads: bool
    improvements: dict[str, int]
    score_parts: dict[str, float]
    figures: dict[str, float]


class ComponentHealth(_Model):
    """One component: healthy, degraded, unhealthy or unknown, since when, and why."""

    component: str
    health: str
    since: datetime | None
    reasons: tuple[str, ...] = ()


class HealthReport(_Model):
    """The whole and its components, the worst first; the figures they were judged by, and why others are absent.

    `recorded` tells that it is from samples in the log; else it was measured for this answer, once, which can't tell
    what takes two looks. `nodes` are all nodes of the log with their last known health.
    """

    health: str
    node: str
    at: datetime
    recorded: bool
    components: tuple[ComponentHealth, ...]
    figures: dict[str, float]
    absent: dict[str, str]
    nodes: dict[str, str]


class MetricsSample(_Model):
    """One row of the view `system_metrics`."""

    timestamp: datetime
    node: str
    process: str
    total_agents: int | None
    active_agents: int | None
    failed_agents: int | None
    avg_response_time: float | None
    avg_success_rate: float | None
    system_cpu_usage: float | None
    system_memory_usage: float | None
    total_errors: int | None
    total_insights: int | None
    performance_score: float | None
    health: str
    figures: dict[str, float]
    absent: dict[str, str]
    tools: dict[str, dict[str, float]] = Field(default_factory=dict)
    models: dict[str, dict[str, float]] = Field(default_factory=dict)


class MetricsReport(_Model):
    """The samples of the last `hours`, oldest first; `total` there are, of which `samples` are evenly chosen."""

    hours: float
    since: datetime
    until: datetime
    total: int
    samples: tuple[MetricsSample, ...]


class AgentPoint(_Model):
    """One row of the view `agent_performance_history`; `absent` tells by name why figures could not be read."""

    agent_name: str
    timestamp: datetime
    response_time: float | None
    success_rate: float | None
    error_count: int | None
    insights_generated: int | None
    memory_usage: float | None
    cpu_usage: float | None
    calls: int | None
    tokens: int | None
    absent: dict[str, str] = Field(default_factory=dict)


class AgentPerformance(_Model):
    """An agent: since the log began (`calls`, `errors`, mean `response_time` in seconds), and by the window over time.

    `history` is oldest first; `improvements` are the ids of those that name it.
    """

    agent_name: str
    description: str
    enabled: bool
    health: str
    calls: int
    errors: int
    success_rate: float | None
    response_time: float | None
    last_active_at: datetime | None
    history: tuple[AgentPoint, ...]
    improvements: tuple[str, ...]


class SeenEvidence(_Model):
    """What was seen of an improvement's cause, and when."""

    text: str
    figures: dict[str, JsonValue] = Field(default_factory=dict)
    at: datetime


class ImprovementRecord(_Model):
    """One improvement; see `events.views.improvements.ImprovementView` for what its fields say."""

    id: str
    type: str
    priority: str
    title: str
    description: str
    affected_components: tuple[str, ...]
    estimated_impact: EstimatedImpact
    implementation_plan: ImprovementPlan
    confidence: float
    created_at: datetime
    status: ImprovementStatus
    assigned_agent: str | None
    completion_time: datetime | None
    fingerprint: str
    generation: int
    previous: str | None
    analyzer: str
    evidence: tuple[SeenEvidence, ...]
    evidence_count: int
    last_seen_at: datetime
    plan_hash: str
    decided_by: str | None
    decided_at: datetime | None
    decided_why: str | None
    policy: str | None
    assigned_at: datetime | None
    ended_at: datetime | None
    result: str | None
    before: dict[str, JsonValue] | None
    after: dict[str, JsonValue] | None
    undo: JsonValue
    harm: bool | None = None
    by_hand: bool | None = None
    updated_at: datetime
    position: int

    @classmethod
    def of(cls, row: Row) -> ImprovementRecord:
        """The record of a row of the view."""
        values: dict[str, Any] = row
        return cls.model_validate(values)


class ImprovementPage(_Model):
    """Some of the improvements, newest first: page `page` (from 1) of `pages`, `page_size` each, `total` in all."""

    items: tuple[ImprovementRecord, ...]
    total: int
    page: int
    page_size: int
    pages: int


class ImprovementStep(_Model):
    """One event of an improvement's history; `what` is its kind in words, `detail` what it says."""

    position: int
    at: datetime
    what: str
    by: str
    text: str
    detail: dict[str, JsonValue] = Field(default_factory=dict)


class Forecast(_Model):
    """When a figure reaches its limit if it goes on like this: `at`, in between `earliest` and `latest` (None: never).

    `now` and `limit` in the figure's unit, `per_hour` how fast it grows.
    """

    series: str
    now: float
    limit: float
    per_hour: float
    at: datetime | None
    earliest: datetime | None
    latest: datetime | None


class AnalysisReport(_Model):
    """What one analysis did: findings by analyzer, why some failed, and the ids of the improvements it touched."""

    at: datetime
    seconds: float
    findings: dict[str, int]
    failed: dict[str, str]
    suggested: tuple[str, ...]
    seen: tuple[str, ...]
    closed: tuple[str, ...]
    approved: tuple[str, ...]


class ReportInfo(_Model):
    """A report in the folder `system_reports`: its file name, when it was made, its bytes, and its HTML beside it."""

    name: str
    at: datetime
    size: int
    html: str | None
