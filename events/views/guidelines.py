"""One row a version of a guideline: its rules, where it stands, and who decided what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.catalogue.guideline import (
    GuidelineActivated,
    GuidelineProposed,
    GuidelineRejected,
    GuidelineRolledBack,
    GuidelineTrialStarted,
)
from events.projection import Column, RecordedEvent, Row
from events.state.guideline import GuidelineStatus

__all__ = ["GuidelineView"]

_Decision = GuidelineTrialStarted | GuidelineActivated | GuidelineRejected | GuidelineRolledBack


class GuidelineView:
    """View `guidelines`; shared by all tenants. What may be done is decided on the stream, never here.

    At most one version of an agent type has the status `active`, and at most one `trial` (with its `share` of the
    requests). `decided_…` tell of the last decision that touched the version, one on another version included that
    moved it aside; `evidence` is what it was proposed on. `position` is that of its proposal, which orders versions as
    their numbers do.
    """

    name = "guidelines"
    version = 1
    key = (Column("agent_type", "text"), Column("version", "text"))
    columns = (
        Column("status", "text"),
        Column("base_version", "text"),
        Column("rules", "json"),
        Column("diff", "json"),
        Column("patterns", "json"),
        Column("evidence", "json"),
        Column("proposed_by", "text"),
        Column("proposed_at", "time"),
        Column("proposed_why", "text"),
        Column("share", "real"),
        Column("decided_by", "text"),
        Column("decided_at", "time"),
        Column("decided_why", "text"),
        Column("active_since", "time"),
        Column("position", "integer"),
    )
    indexes = (("status", "agent_type"), ("agent_type", "position"))
    topics = frozenset(
        {
            GuidelineProposed.TOPIC,
            GuidelineTrialStarted.TOPIC,
            GuidelineActivated.TOPIC,
            GuidelineRejected.TOPIC,
            GuidelineRolledBack.TOPIC,
        }
    )

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The version that the event names, and those that it moves aside or brings back."""
        match event.event:
            case GuidelineProposed(agent_type=kind, version=version):
                return ((kind, version),)
            case GuidelineTrialStarted(agent_type=kind, version=version):
                return ((kind, version),)
            case GuidelineRejected(agent_type=kind, version=version):
                return ((kind, version),)
            case GuidelineActivated(agent_type=kind, version=version, replaces=other, ends_trial=trial):
                return _keys(kind, version, other, trial)
            case GuidelineRolledBack(agent_type=kind, version=version, restored=other, ends_trial=trial):
                return _keys(kind, version, other, trial)
            case _:
                return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row after the event."""
        payload = event.event
        if isinstance(payload, GuidelineProposed):
            return _proposed(payload, event)
        if row is None or not isinstance(payload, _Decision):
            return row
        decided = {**row, "decided_by": payload.by, "decided_at": event.recorded_at, "decided_why": payload.reason}
        return {**decided, **_changed(str(key[1]), payload, event)}


def _keys(kind: str, *versions: str | None) -> list[tuple[Any, ...]]:
    return [(kind, version) for version in dict.fromkeys(versions) if version is not None]


def _changed(version: str, payload: _Decision, event: RecordedEvent) -> Row:
    match payload:
        case GuidelineTrialStarted(share=share):
            return {"status": GuidelineStatus.TRIAL, "share": share}
        case GuidelineRejected():
            return {"status": GuidelineStatus.REJECTED, "share": None}
        case GuidelineActivated(version=into) | GuidelineRolledBack(restored=into) if version == into:
            return {"status": GuidelineStatus.ACTIVE, "share": None, "active_since": event.recorded_at}
        case GuidelineActivated(replaces=aside) if version == aside:
            return {"status": GuidelineStatus.RETIRED, "active_since": None}
        case GuidelineRolledBack(version=aside) if version == aside:
            return {"status": GuidelineStatus.ROLLED_BACK, "active_since": None}
        case _:  # its trial is over without a decision
            return {"status": GuidelineStatus.PROPOSED, "share": None}


def _proposed(payload: GuidelineProposed, event: RecordedEvent) -> Row:
    return {
        "status": GuidelineStatus.PROPOSED,
        "base_version": payload.base_version,
        "rules": [rule.model_dump(mode="json") for rule in payload.rules],
        "diff": [change.model_dump(mode="json") for change in payload.diff],
        "patterns": payload.patterns,
        "evidence": payload.evidence,
        "proposed_by": payload.by,
        "proposed_at": event.recorded_at,
        "proposed_why": payload.reason,
        "position": event.position,
    }
