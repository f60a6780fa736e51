"""Events as they come back from the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from common.errors import StoreError
from events.catalogue.base import Event

__all__ = ["Erased", "RecordedEvent", "Unknown", "is_erased", "refuse_unreadable"]


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


class RecordedEvent(NamedTuple):
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


def is_erased(recorded: Iterable[RecordedEvent]) -> bool:
    """Whether any of the events was erased on purpose: what they are about is over, and nobody is to hear of it."""
    return any(isinstance(entry.event, Erased) for entry in recorded)


def refuse_unreadable(recorded: Iterable[RecordedEvent], so: str) -> None:
    """Raise `StoreError` when one of the events can't be read, for nothing is decided on top of it.

    `so` says what is not done. Events that were erased on purpose count as unreadable, too.
    """
    for entry in recorded:
        if isinstance(entry.event, Unknown):
            problem = entry.event.problem
            raise StoreError(
                f"an event {'is damaged' if problem else 'of a newer version can not be read'}, so {so}",
                where=entry.id,
                todo="Run agent-supervisor events verify."
                if problem
                else "Use the version of this software that wrote it.",
            )
        if isinstance(entry.event, Erased):
            raise StoreError(f"an event was erased, so {so}", where=entry.id)
