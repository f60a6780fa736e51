"""guideline/<agent type>: the rules that agents of a type work by, proposed, tried, put into service and taken back.

Nothing here is about people, so these events stay readable for ever. `by` names who or what decided: a person's name,
or the part of this software.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from events.catalogue.base import Event

__all__ = [
    "GuidelineActivated",
    "GuidelineProposed",
    "GuidelineRejected",
    "GuidelineRolledBack",
    "GuidelineTrialStarted",
]


class GuidelineRule(BaseModel):
    """One rule. `id` names it over versions; `origin` is who or what made it, `evidence` what it was made from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    text: str
    origin: str = ""
    evidence: str = ""


class RuleChange(BaseModel):
    """One difference from the base: `before` is empty for a rule that was added, `after` for one that was removed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["added", "removed", "changed"]
    rule: str
    before: str = ""
    after: str = ""


class GuidelineProposed(Event):
    """A version is there to be decided on; `diff` is what differs from `base_version` (None: from no guideline)."""

    TOPIC: ClassVar[str] = "guideline.proposed"
    PERSONAL: ClassVar[bool] = False
    agent_type: str
    version: str
    base_version: str | None = None
    rules: list[GuidelineRule]
    diff: list[RuleChange] = Field(default_factory=list[RuleChange])
    patterns: list[str] = Field(default_factory=list, description="the patterns that were applied")
    evidence: JsonValue = None
    by: str
    reason: str = ""


class TrialTerms(BaseModel):
    """What a trial is decided by, fixed before its first outcome.

    alpha: the chance that a candidate which is no better is promoted. harm_alpha: the chance that one which is no worse
    is stopped as harmful. most: outcomes of the candidate after which it is rejected without evidence; None: never.
    patience: seconds after its beginning in which a request's outcome must be known to be counted. report_wait: seconds
    after its end in which what is reported of a request still counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: float = Field(default=0.05, gt=0, lt=1)
    harm_alpha: float = Field(default=0.1, gt=0, lt=1)
    most: int | None = Field(default=1_000, ge=1)
    patience: float = Field(default=600.0, gt=0)
    report_wait: float = Field(default=0.0, ge=0)


class GuidelineTrialStarted(Event):
    """A version serves a share of the requests, beside `against` (None: beside no guideline)."""

    TOPIC: ClassVar[str] = "guideline.trial_started"
    PERSONAL: ClassVar[bool] = False
    agent_type: str
    version: str
    against: str | None = None
    share: float
    terms: TrialTerms = Field(default_factory=TrialTerms)
    by: str
    reason: str = ""


class GuidelineActivated(Event):
    """A version is in service, in the place of `replaces`; the trial of `ends_trial`, another version, is over."""

    TOPIC: ClassVar[str] = "guideline.activated"
    PERSONAL: ClassVar[bool] = False
    agent_type: str
    version: str
    replaces: str | None = None
    ends_trial: str | None = None
    evidence: JsonValue = None
    by: str
    reason: str = ""


class GuidelineRejected(Event):
    """A version will not be put into service; if it was on trial, the trial is over."""

    TOPIC: ClassVar[str] = "guideline.rejected"
    PERSONAL: ClassVar[bool] = False
    agent_type: str
    version: str
    evidence: JsonValue = None
    by: str
    reason: str = ""


class GuidelineRolledBack(Event):
    """`version` was taken out of service and `restored` (None: no guideline) is back; any trial is over."""

    TOPIC: ClassVar[str] = "guideline.rolled_back"
    PERSONAL: ClassVar[bool] = False
    agent_type: str
    version: str
    restored: str | None = None
    ends_trial: str | None = None
    evidence: JsonValue = None
    by: str
    reason: str = ""
