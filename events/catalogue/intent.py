"""intent/<id>: the life of one intent; claim and approval are compare-and-set on its stream."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field, JsonValue

from events.catalogue.base import Event

__all__ = [
    "IntentApprovalRequested",
    "IntentApproved",
    "IntentClaimed",
    "IntentDenied",
    "IntentFailed",
    "IntentProcessed",
    "IntentRegistered",
    "IntentUncertain",
]


class IntentRegistered(Event):
    """An agent wants something changed. `key` is the idempotency key, stable over attempts.

    `waits_for` are intents of the same request that it builds on and that a person or policy decides about, or that
    wait themselves: it is carried out once all of them were. `needed_by` are those that wait for it.
    """

    TOPIC: ClassVar[str] = "intent.registered"
    intent_id: str
    type: str
    arguments: dict[str, JsonValue]
    summary: str
    key: str
    trace_id: str
    task: str = ""
    call_id: str = ""
    ordinal: int = 0
    user: str
    expires_at: datetime | None = None
    context: dict[str, JsonValue] = Field(default_factory=dict, description="the resolved TaskContext")
    waits_for: list[str] = Field(default_factory=list)
    needed_by: list[str] = Field(default_factory=list)


class IntentApprovalRequested(Event):
    """Policy asks a person."""

    TOPIC: ClassVar[str] = "intent.approval_requested"
    intent_id: str
    arguments_hash: str


class IntentApproved(Event):
    """A person said yes to exactly these arguments."""

    TOPIC: ClassVar[str] = "intent.approved"
    intent_id: str
    by: str
    arguments_hash: str
    comment: str = ""


class IntentDenied(Event):
    """A person or a policy said no."""

    TOPIC: ClassVar[str] = "intent.denied"
    intent_id: str
    by: str
    reason: str = ""


class IntentClaimed(Event):
    """An attempt is about to be made by `owner`; it can't reach the other side after `not_after`."""

    TOPIC: ClassVar[str] = "intent.claimed"
    intent_id: str
    attempt: int
    key: str
    owner: str
    not_after: datetime


class IntentProcessed(Event):
    """It took effect."""

    TOPIC: ClassVar[str] = "intent.processed"
    intent_id: str
    detail: str
    data: JsonValue = None


class IntentFailed(Event):
    """It definitely did not take effect."""

    TOPIC: ClassVar[str] = "intent.failed"
    intent_id: str
    error: str


class IntentUncertain(Event):
    """Nobody can tell whether it took effect; it waits for a person."""

    TOPIC: ClassVar[str] = "intent.uncertain"
    intent_id: str
    reason: str
