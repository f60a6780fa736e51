"""One row an improvement: what was suggested on which evidence, where it stands, who decided, what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import JsonValue

from events.catalogue.improvement import (
    ImprovementApproved,
    ImprovementAssigned,
    ImprovementClosed,
    ImprovementCompleted,
    ImprovementEvidenceAdded,
    ImprovementFailed,
    ImprovementRejected,
    ImprovementSuggested,
    ImprovementUndone,
)
from events.projection import Column, RecordedEvent, Row
from events.state.improvement import ImprovementStatus, plan_hash
from events.streams import stream_parts

__all__ = ["KEPT_EVIDENCE", "ImprovementView"]

KEPT_EVIDENCE = 20
"""Of an improvement's evidence, what the view holds: the first, and the latest ones."""

_Event = (
    ImprovementSuggested
    | ImprovementEvidenceAdded
    | ImprovementApproved
    | ImprovementRejected
    | ImprovementAssigned
    | ImprovementCompleted
    | ImprovementFailed
    | ImprovementUndone
    | ImprovementClosed
)


class ImprovementView:
    """View `system_improvements`; shared by all tenants. What may be done is decided on the stream, never here.

    `plan_hash` is what an approval names. `completion_time` is when it was completed; `decided_…` tell of the approval,
    rejection or closing, `result` what became of it in words, `harm` that it did some and was taken back,
    `by_hand` that a person says that it failed. `position` is that of its suggestion.
    """

    name = "system_improvements"
    version = 2
    key = (Column("id", "text"),)
    columns = (
        Column("type", "text"),
        Column("priority", "text"),
        Column("title", "text"),
        Column("description", "text"),
        Column("affected_components", "json"),
        Column("estimated_impact", "json"),
        Column("implementation_plan", "json"),
        Column("confidence", "real"),
        Column("created_at", "time"),
        Column("status", "text"),
        Column("assigned_agent", "text"),
        Column("completion_time", "time"),
        Column("fingerprint", "text"),
        Column("generation", "integer"),
        Column("previous", "text"),
        Column("analyzer", "text"),
        Column("evidence", "json"),
        Column("evidence_count", "integer"),
        Column("last_seen_at", "time"),
        Column("plan_hash", "text"),
        Column("decided_by", "text"),
        Column("decided_at", "time"),
        Column("decided_why", "text"),
        Column("policy", "text"),
        Column("assigned_at", "time"),
        Column("ended_at", "time"),
        Column("result", "text"),
        Column("before", "json"),
        Column("after", "json"),
        Column("undo", "json"),
        Column("harm", "boolean"),
        Column("by_hand", "boolean"),
        Column("updated_at", "time"),
        Column("position", "integer"),
    )
    indexes = (("status", "position"), ("fingerprint", "generation"))
    topics = frozenset(event.TOPIC for event in _Event.__args__)

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The improvement that the event is about; what stands in any other stream than its own says nothing of it."""
        if not isinstance(event.event, _Event):
            return ()
        name = event.event.improvement_id
        return ((name,),) if stream_parts(event.stream) == ("improvement", name) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row after the event."""
        if isinstance(event.event, ImprovementSuggested):
            return _suggested(event.event, event) if row is None else row
        if row is None:
            return None
        return {**row, **_changed(row, event), "updated_at": event.recorded_at}


def _suggested(payload: ImprovementSuggested, event: RecordedEvent) -> Row:
    return {
        "type": payload.type,
        "priority": payload.priority,
        "title": payload.title,
        "description": payload.description,
        "affected_components": payload.affected_components,
        "estimated_impact": payload.estimated_impact.model_dump(mode="json"),
        "implementation_plan": payload.implementation_plan.model_dump(mode="json"),
        "confidence": payload.confidence,
        "created_at": event.recorded_at,
        "status": ImprovementStatus.PENDING,
        "fingerprint": payload.fingerprint,
        "generation": payload.generation,
        "previous": payload.previous,
        "analyzer": payload.analyzer,
        "evidence": [{**payload.evidence.model_dump(mode="json"), "at": event.recorded_at.isoformat()}],
        "evidence_count": 1,
        "last_seen_at": event.recorded_at,
        "plan_hash": plan_hash(payload),
        "updated_at": event.recorded_at,
        "position": event.position,
    }


def _changed(row: Row, event: RecordedEvent) -> Row:
    at = event.recorded_at
    match event.event:
        case ImprovementEvidenceAdded() as added:
            seen: list[JsonValue] = [
                *row["evidence"], {**added.evidence.model_dump(mode="json"), "at": at.isoformat()},
            ]  # fmt: skip
            if len(seen) > KEPT_EVIDENCE:
                seen = [seen[0], *seen[-(KEPT_EVIDENCE - 1) :]]
            return {
                "evidence": seen,
                "evidence_count": row["evidence_count"] + 1,
                "last_seen_at": at,
                "priority": added.priority or row["priority"],
                "confidence": row["confidence"] if added.confidence is None else added.confidence,
            }
        case ImprovementApproved(by=by, comment=comment, policy=policy):
            return {**_decision(ImprovementStatus.APPROVED, by, comment, event), "policy": policy or None}
        case ImprovementRejected(by=by, reason=reason):
            return {**_decision(ImprovementStatus.REJECTED, by, reason, event), "ended_at": at}
        case ImprovementClosed(by=by, reason=reason):
            return {**_decision(ImprovementStatus.CLOSED, by, reason, event), "ended_at": at}
        case ImprovementAssigned(agent=agent):
            return {"status": ImprovementStatus.ASSIGNED, "assigned_agent": agent, "assigned_at": at}
        case _:
            return _ended(event)


def _decision(status: ImprovementStatus, by: str, why: str, event: RecordedEvent) -> Row:
    return {"status": status, "decided_by": by, "decided_at": event.recorded_at, "decided_why": why}


def _ended(event: RecordedEvent) -> Row:
    at = event.recorded_at
    match event.event:
        case ImprovementCompleted() as done:
            return {
                "status": ImprovementStatus.COMPLETED,
                "completion_time": at,
                "ended_at": at,
                "result": done.text,
                "before": done.before,
                "after": done.after,
                "undo": done.undo,
            }
        case ImprovementFailed() as failed:
            return {
                "status": ImprovementStatus.FAILED,
                "ended_at": at,
                "result": failed.error,
                "before": failed.before,
                "after": failed.after,
                "harm": failed.harm,
                "by_hand": failed.by_hand,
            }
        case ImprovementUndone(by=by, reason=reason):
            text = f"undone by {by}" + (f": {reason}" if reason else "")
            return {"status": ImprovementStatus.UNDONE, "ended_at": at, "result": text}
        case _:
            return {}
