"""What concerns the log itself.

log: seals, parked events; log/parked: what people decided about those; log/forgotten: tenants whose keys are destroyed;
log/archive: what was moved to segment files.
"""

from __future__ import annotations

from typing import ClassVar

from events.catalogue.base import Event

__all__ = ["EventParked", "LogSealed", "ParkedEventDropped", "SegmentArchived", "TenantForgotten"]


class EventParked(Event):
    """A projection could not take an event; it goes on without it and names it here.

    `error` is the kind of error; the list of parked events has all of it.
    """

    TOPIC: ClassVar[str] = "log.event_parked"
    PERSONAL: ClassVar[bool] = False
    projection: str
    position: int
    event_id: str
    error: str


class ParkedEventDropped(Event):
    """A person knows of a parked event and wants no more of it: it is left out of lists, and stays out of the view."""

    TOPIC: ClassVar[str] = "log.parked_event_dropped"
    PERSONAL: ClassVar[bool] = False
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
    PERSONAL: ClassVar[bool] = False
    position: int
    events: int
    streams: int
    previous: str | None = None
    digest: str


class SegmentArchived(Event):
    """Closed traces were moved out of the table, all but their last events, into a file that is part of the log.

    `segment` is the file's name, `size` its bytes, `digest` its SHA-256. It holds `events` events of `streams` streams;
    `first` and `last` are the positions of the first and the last of them, in the database that was archived (an import
    puts all of them back into a table, and gives out others).
    """

    TOPIC: ClassVar[str] = "log.segment_archived"
    PERSONAL: ClassVar[bool] = False
    segment: str
    digest: str
    size: int
    first: int
    last: int
    events: int
    streams: int


class TenantForgotten(Event):
    """What was encrypted under these keys is not to be read any more; they are destroyed as soon as this is durable.

    Whoever writes to the log looks at its stream first, so no payload behind this event is encrypted under one of them:
    a tenant that comes back gets a new key.
    """

    TOPIC: ClassVar[str] = "log.tenant_forgotten"
    PERSONAL: ClassVar[bool] = False
    tenant: str
    keys: list[str]
    by: str = ""
    reason: str = ""
