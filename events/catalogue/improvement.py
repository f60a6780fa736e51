"""improvement/<id>: what would make the system better, who decided on it, and what became of it.

Nothing here is about people but the names of those who decide, so these events stay readable for ever. Whoever writes
an evidence or a description names components and figures, never what a request said.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from events.catalogue.base import Event

__all__ = [
    "ImprovementApproved",
    "ImprovementAssigned",
    "ImprovementClosed",
    "ImprovementCompleted",
    "ImprovementEvidenceAdded",
    "ImprovementFailed",
    "ImprovementRejected",
    "ImprovementSuggested",
    "ImprovementUndone",
]


class ImprovementPlan(BaseModel):
    """What is to be done: `action` with its `arguments` is for the specialist, `steps` say it in words.

    `action` is empty where only a person can do it. `specialist` is who carries it out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    action: str = ""
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    specialist: str = ""
    steps: list[str] = Field(default_factory=list)


class EstimatedImpact(BaseModel):
    """What it is expected to change: `metric` from `before` to `after` (in its unit), which lies in `low` to `high`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    text: str
    metric: str = ""
    before: float | None = None
    after: float | None = None
    low: float | None = None
    high: float | None = None


class Evidence(BaseModel):
    """One look that found the cause: what was seen, in words and in figures."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    text: str
    figures: dict[str, JsonValue] = Field(default_factory=dict)


class ImprovementSuggested(Event):
    """An analysis found something to be better done.

    `fingerprint` names the cause; the same cause that comes back is another improvement, of a higher `generation`,
    which names the one before in `previous`. `analyzer` is what found it.
    """

    TOPIC: ClassVar[str] = "improvement.suggested"
    PERSONAL: ClassVar[bool] = False
    improvement_id: str
    fingerprint: str
    generation: int = 1
    previous: str | None = None
    analyzer: str
    type: str
    priority: str
    title: str
    description: str
    affected_components: list[str]
    estimated_impact: EstimatedImpact
    implementation_plan: ImprovementPlan
    confidence: float
    evidence: Evidence


class ImprovementEvidenceAdded(Event):
    """The cause was seen again; `priority` and `confidence` as they are judged now (None: as before)."""

    TOPIC: ClassVar[str] = "improvement.evidence_added"
    PERSONAL: ClassVar[bool] = False
    improvement_id: str
    evidence: Evidence
    priority: str | None = None
    confidence: float | None = None


class ImprovementApproved(Event):
    """Exactly the plan of `plan_hash` may be carried out.

    `by` is the person, or the software where `policy` names the flag that allows it without one.
    """

    TOPIC: ClassVar[str] = "improvement.approved"
    PERSONAL: ClassVar[bool] = False
    improvement_id: str
    plan_hash: str
    by: str
    comment: str = ""
    policy: str = ""


class ImprovementRejected(Event):
    """It will not be carried out."""

    TOPIC: ClassVar[str] = "improvement.rejected"
    PERSONAL: ClassVar[bool] = False
    improvement_id: str
    by: str
    reason: str = ""


class ImprovementAssigned(Event):
    """`agent` carries out the plan of `plan_hash`, on the approval that the event `approval` is."""

    TOPIC: ClassVar[str] = "improvement.assigned"
    PERSONAL: ClassVar[bool] = False
    improvement_id: str
    plan_hash: str
    approval: str
    agent: str


class ImprovementCompleted(Event):
    """It was carried out: the figures before and after, and what takes it back (None: nothing can).

    `by` is the person who says so in the place of `agent`, which was gone; empty otherwise.
    """

    TOPIC: ClassVar[str] = "improvement.completed"
    PERSONAL: ClassVar[bool] = False
    improvement_id: str
    agent: str
    text: str = ""
    before: dict[str, JsonValue] = Field(default_factory=dict)
    after: dict[str, JsonValue] = Field(default_factory=dict)
    undo: JsonValue = None
    by: str = ""


class ImprovementFailed(Event):
    """It could not be carried out, or was taken back since it did `harm`; `by_hand`: a person says so.

    `by` is that person, where it was assigned to an `agent` that was gone; empty otherwise.
    """

    TOPIC: ClassVar[str] = "improvement.failed"
    PERSONAL: ClassVar[bool] = False
    improvement_id: str
    agent: str
    error: str
    before: dict[str, JsonValue] = Field(default_factory=dict)
    after: dict[str, JsonValue] = Field(default_factory=dict)
    harm: bool = False
    by_hand: bool = False
    by: str = ""


class ImprovementUndone(Event):
    """What had been carried out was taken back."""

    TOPIC: ClassVar[str] = "improvement.undone"
    PERSONAL: ClassVar[bool] = False
    improvement_id: str
    by: str
    reason: str = ""


class ImprovementClosed(Event):
    """Its cause is gone, so that nobody need decide on it."""

    TOPIC: ClassVar[str] = "improvement.closed"
    PERSONAL: ClassVar[bool] = False
    improvement_id: str
    by: str
    reason: str = ""
