"""Events as they come back from the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from events.catalogue.base import Event

__all__ = ["Erased", "RecordedEvent", "Unknown"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event that this version can't read: carried on as it is, and nothing is decided on top of it.

    `payload` is the stored payload, untouched. `problem` is empty for a kind or schema version that is newer than
    this catalogue, and says what is wrong where the stored bytes are damaged.
    """

    topic: str
    schema_version: int
    payload: bytes
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Erased:
    """An event whose payload was made unreadable on purpose; that it happened is all that is left."""

    topic: str
    schema_version: int


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One event of the log with its header.

    `position` orders the whole log (from 1, the database's own), `version` the stream (from 1, without gaps);
    `recorded_at` is UTC; `correlation` is the trace it belongs to, `causation` what led to it.
    """

    position: int
    stream: str
    version: int
    topic: str
    recorded_at: datetime
    tenant: str
    correlation: str | None
    causation: str | None
    event: Event | Unknown | Erased

    @property
    def id(self) -> str:
        """The event's name for ever: it outlives exports and imports, which positions do not."""
        return f"{self.stream}@{self.version}"
