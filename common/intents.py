"""Intents: what an agent wants to change in the world, and how a handler carries it out.

Tools read, intents write. A tool with an effect registers an `Intent`; after the run the intent processor validates
it, applies the policy of its type, claims it and has the handler registered for its type carry it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, JsonValue

from common.blob import Blob
from common.context import TaskContext

__all__ = [
    "Effect",
    "Intent",
    "IntentExecution",
    "IntentHandler",
    "IntentResult",
    "IntentStatus",
    "Policy",
    "StreamAppend",
]


class IntentStatus(StrEnum):
    """Where an intent stands; the names are part of the JSON output."""

    REGISTERED = "registered"
    AWAITING_APPROVAL = "awaiting_approval"
    DENIED = "denied"
    CLAIMED = "claimed"
    PROCESSED = "processed"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class Policy(StrEnum):
    """What happens to an intent of a type before it is carried out."""

    AUTO = "auto"
    ASK = "ask"
    DENY = "deny"


class Effect(StrEnum):
    """What a handler's effect is, which decides how it may be tried again.

    LOG: the effect is events; they are appended together with IntentProcessed: exactly once.
    IDEMPOTENT: the other side honours a key, or the effect is an absolute state: tried until done, takes effect once.
    QUERYABLE: after a crash the handler is asked whether it happened; tried again only when it did not.
    AT_MOST_ONCE: never tried twice; without an answer it is uncertain and waits for a person.
    """

    LOG = "log"
    IDEMPOTENT = "idempotent"
    QUERYABLE = "queryable"
    AT_MOST_ONCE = "at_most_once"


class Intent(BaseModel):
    """Base of all intents: frozen, JSON-serialisable, with a stable TYPE such as ``calendar.add_event``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    TYPE: ClassVar[str]
    EXPIRES_AFTER: ClassVar[timedelta | None] = None
    """How long after registration it may still be carried out; None for ever (nobody wants last night's light)."""

    def summary(self) -> str:
        """One plain clause that tells a person what will be done, such as ``turn on the kitchen light``."""
        return self.TYPE


@dataclass(frozen=True, slots=True)
class StreamAppend:
    """Events for one stream, appended atomically with whatever travels in the same append.

    `blobs` is content that the events name and that is stored with them.
    """

    stream: str
    events: Sequence[BaseModel]
    expected_version: int | None = None
    blobs: Sequence[Blob] = ()


@dataclass(frozen=True, slots=True)
class IntentExecution:
    """What a handler is told about the attempt.

    `key` is the idempotency key (stable over attempts); `not_after` is the moment after which this attempt can no
    longer reach the other side, so every call outward must time out before it.
    """

    intent_id: str
    key: str
    attempt: int
    context: TaskContext
    not_after: datetime


@dataclass(frozen=True, slots=True)
class IntentResult:
    """What became of an intent: a sentence for people, data for programs, and for LOG effects the events."""

    detail: str
    data: JsonValue = None
    appends: Sequence[StreamAppend] = field(default=())


class IntentHandler(Protocol):
    """Carries out intents of one type. Raise `IntentError` for a definite failure (nothing happened).

    Any other exception or a time-out leaves the outcome open; it is then settled by what `effect` allows. A handler
    may have an attribute `lasts`: the seconds after which an attempt of it can no longer reach the other side, where
    that is sooner than the settings allow (`intents.timeout`); None where it is not. And a method
    ``things(intent, data) -> Sequence[Fact]``: what an intent that was carried out (with this data of its result) was
    about, so that a later request of the session can mean it by “it”. Such a fact has ``data`` with ``id``, ``role``
    and ``words`` (as it is named in a question), and ``gone`` where it is there no longer.
    """

    @property
    def intent_type(self) -> type[Intent]:
        """The class of intents this handler takes."""
        ...

    @property
    def effect(self) -> Effect:
        """How the effect may be tried again."""
        ...

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """Do it, or (for LOG effects) return the events that are it."""
        ...

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """QUERYABLE only: the result if the effect did happen, None if it certainly did not; else raise."""
        ...
