"""All timers, alarms and reminders, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from common.context import Owner
from events.catalogue.timer import TimerCancelled, TimerFired, TimerSet
from events.projection import Column, RecordedEvent, Row, Views
from events.store import stream_name

__all__ = [
    "VIEW",
    "SetTimerRow",
    "TimersView",
    "due_timers",
    "next_timer",
    "running_timer",
    "running_timers",
    "stream_of",
]

VIEW = "timers"
MAX_LISTED = 500
Kind = Literal["timer", "alarm", "reminder"]


def stream_of(timer_id: str) -> str:
    """The stream of one timer; its first event is TimerSet, its second and last says how it ended."""
    return stream_name("timer", timer_id)


@dataclass(frozen=True, slots=True)
class SetTimerRow:
    """A timer that has neither fired nor been cancelled; `length` is what it was set for, if it was set by length."""

    timer_id: str
    owner: Owner
    label: str
    kind: Kind
    due_at: datetime
    zone: ZoneInfo
    session: str | None
    length: timedelta | None

    @property
    def due_there(self) -> datetime:
        """When it is due, in the zone it was set in."""
        return self.due_at.astimezone(self.zone)


class TimersView:
    """Implements `events.projection.View`: one row a timer."""

    name = VIEW
    version = 1
    key = (Column("timer_id", "text"),)
    columns = (
        Column("tenant", "text"),
        Column("user", "text"),
        Column("label", "text"),
        Column("kind", "text"),
        Column("due_at", "time"),
        Column("timezone", "text"),
        Column("status", "text"),
        Column("session", "text"),
        Column("seconds", "real"),
        Column("ended_at", "time"),
    )
    indexes = (("status", "due_at"), ("tenant", "user", "status", "due_at"))
    topics = frozenset({TimerSet.TOPIC, TimerFired.TOPIC, TimerCancelled.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The timer's row."""
        payload = event.event
        if isinstance(payload, (TimerSet, TimerFired, TimerCancelled)):
            return ((payload.timer_id,),)
        return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row after the event; the first end of a timer counts."""
        payload = event.event
        if isinstance(payload, TimerSet) and row is None:
            return {
                "tenant": event.tenant,
                "user": payload.user,
                "label": payload.label,
                "kind": payload.kind,
                "due_at": payload.due_at,
                "timezone": payload.timezone,
                "status": "set",
                "session": payload.session,
                "seconds": payload.seconds,
                "ended_at": None,
            }
        if row is None or row["status"] != "set" or row["tenant"] != event.tenant:
            return row
        if isinstance(payload, TimerFired):
            return {**row, "status": "fired", "ended_at": event.recorded_at}
        if isinstance(payload, TimerCancelled):
            return {**row, "status": "cancelled", "ended_at": event.recorded_at}
        return row


def _read(row: Row) -> SetTimerRow:
    return SetTimerRow(
        timer_id=row["timer_id"],
        owner=Owner(row["tenant"], row["user"]),
        label=row["label"],
        kind=row["kind"],
        due_at=row["due_at"],
        zone=ZoneInfo(row["timezone"]),
        session=row["session"],
        length=None if row["seconds"] is None else timedelta(seconds=row["seconds"]),
    )


async def running_timers(views: Views, owner: Owner) -> list[SetTimerRow]:
    """The owner's timers that still run, the next one first, at most 500."""
    where = {"tenant": owner.tenant, "user": owner.user, "status": "set"}
    return [_read(row) for row in await views.query(VIEW, where, order_by="due_at", limit=MAX_LISTED)]


async def running_timer(views: Views, owner: Owner, timer_id: str) -> SetTimerRow | None:
    """One timer that still runs, if it is the owner's."""
    row = await views.get(VIEW, (timer_id,))
    if row is None or row["status"] != "set" or (row["tenant"], row["user"]) != owner:
        return None
    return _read(row)


async def due_timers(views: Views, now: datetime, limit: int) -> list[SetTimerRow]:
    """Timers of everybody whose time has come, the longest due first."""
    where = {"status": "set", "due_at <=": now}
    return [_read(row) for row in await views.query(VIEW, where, order_by="due_at", limit=limit)]


async def next_timer(views: Views) -> SetTimerRow | None:
    """Of everybody's timers the one that is due next."""
    rows = await views.query(VIEW, {"status": "set"}, order_by="due_at", limit=1)
    return _read(rows[0]) if rows else None
