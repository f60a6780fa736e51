"""One row an intent: what is wanted, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.intents import IntentStatus
from events.catalogue.intent import (
    IntentApprovalRequested,
    IntentApproved,
    IntentClaimed,
    IntentDenied,
    IntentFailed,
    IntentProcessed,
    IntentRegistered,
    IntentUncertain,
)
from events.projection import Column, RecordedEvent, Row
from events.state.intent import arguments_hash

__all__ = ["IntentView"]

_IntentEvent = (
    IntentRegistered
    | IntentApprovalRequested
    | IntentApproved
    | IntentDenied
    | IntentClaimed
    | IntentProcessed
    | IntentFailed
    | IntentUncertain
)


class IntentView:
    """View `intents`. For listings: what may be done to an intent is decided on its stream, never here."""

    name = "intents"
    version = 1
    key = (Column("intent_id", "text"),)
    columns = (
        Column("tenant", "text"),
        Column("user", "text"),
        Column("trace_id", "text"),
        Column("task", "text"),
        Column("type", "text"),
        Column("status", "text"),
        Column("detail", "text"),
        Column("summary", "text"),
        Column("ordinal", "integer"),
        Column("arguments", "json"),
        Column("arguments_hash", "text"),
        Column("attempt", "integer"),
        Column("owner", "text"),
        Column("not_after", "time"),
        Column("registered_at", "time"),
        Column("updated_at", "time"),
        Column("expires_at", "time"),
        Column("decided_by", "text"),
        Column("position", "integer"),
    )
    indexes = (("trace_id", "ordinal"), ("tenant", "user", "status", "registered_at"), ("status", "registered_at"))
    topics = frozenset(
        {
            IntentRegistered.TOPIC,
            IntentApprovalRequested.TOPIC,
            IntentApproved.TOPIC,
            IntentDenied.TOPIC,
            IntentClaimed.TOPIC,
            IntentProcessed.TOPIC,
            IntentFailed.TOPIC,
            IntentUncertain.TOPIC,
        }
    )

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The intent that the event names."""
        return ((event.event.intent_id,),) if isinstance(event.event, _IntentEvent) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row after the event."""
        payload = event.event
        if isinstance(payload, IntentRegistered):
            return _registered(payload, event)
        return None if row is None else {**row, "updated_at": event.recorded_at, **_changed(payload)}


def _registered(payload: IntentRegistered, event: RecordedEvent) -> Row:
    return {
        "tenant": event.tenant,
        "user": payload.user,
        "trace_id": payload.trace_id,
        "task": payload.task,
        "type": payload.type,
        "status": IntentStatus.REGISTERED,
        "detail": "",
        "summary": payload.summary,
        "ordinal": payload.ordinal,
        "arguments": payload.arguments,
        "arguments_hash": arguments_hash(payload.type, payload.arguments),
        "attempt": 0,
        "registered_at": event.recorded_at,
        "updated_at": event.recorded_at,
        "expires_at": payload.expires_at,
        "position": event.position,
    }


def _changed(payload: object) -> Row:
    match payload:
        case IntentApprovalRequested():
            return {"status": IntentStatus.AWAITING_APPROVAL}
        case IntentApproved():
            return {"status": IntentStatus.REGISTERED, "decided_by": payload.by}
        case IntentDenied():
            return {"status": IntentStatus.DENIED, "detail": payload.reason, "decided_by": payload.by}
        case IntentClaimed():
            return {
                "status": IntentStatus.CLAIMED,
                "attempt": payload.attempt,
                "owner": payload.owner,
                "not_after": payload.not_after,
            }
        case IntentProcessed():
            return {"status": IntentStatus.PROCESSED, "detail": payload.detail}
        case IntentFailed():
            return {"status": IntentStatus.FAILED, "detail": payload.error}
        case IntentUncertain():
            return {"status": IntentStatus.UNCERTAIN, "detail": payload.reason}
        case _:
            return {}
