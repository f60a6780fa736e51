"""log: what concerns the log itself; log/parked: what people decided about parked events."""

from __future__ import annotations

from typing import ClassVar

from events.catalogue.base import Event

__all__ = ["EventParked", "LogSealed", "ParkedEventDropped"]


class EventParked(Event):
    """A projection could not take an event; it goes on without it and names it here."""

    TOPIC: ClassVar[str] = "log.event_parked"
    projection: str
    position: int
    event_id: str
    error: str


class ParkedEventDropped(Event):
    """A person knows of a parked event and wants no more of it: it is left out of lists, and stays out of the view."""

    TOPIC: ClassVar[str] = "log.parked_event_dropped"
    projection: str
    event_id: str
    by: str = ""
    reason: str = ""


class LogSealed(Event):
    """Everything before this event, in this order, was the log.

    `digest` is a SHA-256 over the digests of all events behind the seal before (over its own digest first) up to this
    one; `previous` is the event id of that seal. `events` and `streams` count the whole log before this event;
    `position` is that of the last event before it, in the database that was sealed (an import gives out others).
    """

    TOPIC: ClassVar[str] = "log.sealed"
    position: int
    events: int
    streams: int
    previous: str | None = None
    digest: str
