"""log: what concerns the log itself."""

from __future__ import annotations

from typing import ClassVar

from events.catalogue.base import Event

__all__ = ["EventParked", "LogSealed"]


class EventParked(Event):
    """A projection could not take an event; it goes on without it and names it here."""

    TOPIC: ClassVar[str] = "log.event_parked"
    projection: str
    position: int
    event_id: str
    error: str


class LogSealed(Event):
    """Up to `position` the log was whole: a digest over the heads of all streams."""

    TOPIC: ClassVar[str] = "log.sealed"
    position: int
    streams: int
    digest: str
