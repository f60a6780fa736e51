"""Events that views could not take: read with what people decided about them, and told to the log, once each."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.errors import StreamConflict
from common.logs import get_logger
from events.backend import ParkedRow, ViewDatabase
from events.catalogue.log import EventParked, ParkedEventDropped
from events.pending import Pending
from events.store import EventStore, stream_name
from events.workers import Workers

__all__ = ["ParkedEvent", "announce_parked", "drop_parked_event", "read_parked"]

_log = get_logger(__name__)
_TOLD = "log"
_DROPPED = stream_name("log", "parked")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that a view could not take, and why. `dropped` says that a person wants no more of it."""

    view: str
    position: int
    event_id: str
    topic: str
    error: str
    parked_at: datetime
    dropped: bool = False


async def read_parked(
    store: EventStore, workers: Workers, database: ViewDatabase, views: Container[str]
) -> list[ParkedEvent]:
    """The parked events of these views, oldest first."""
    rows = [row for row in await workers.run(database.parked) if row.view in views]
    if not rows:
        return []
    decisions = [entry.event for entry in await store.read(_DROPPED)]
    dropped = {(told.projection, told.event_id) for told in decisions if isinstance(told, ParkedEventDropped)}
    return [
        ParkedEvent(
            view=row.view,
            position=row.position,
            event_id=row.event_id,
            topic=row.topic,
            error=row.error,
            parked_at=datetime.fromisoformat(row.parked_at),
            dropped=(row.view, row.event_id) in dropped,
        )
        for row in rows
    ]


async def drop_parked_event(store: EventStore, entry: ParkedEvent, *, by: str, reason: str) -> None:
    """Have a parked event listed no more."""
    dropped = ParkedEventDropped(projection=entry.view, event_id=entry.event_id, by=by, reason=reason)
    await store.append(_DROPPED, [dropped], causation=entry.event_id)


async def announce_parked(store: EventStore, workers: Workers, database: ViewDatabase) -> None:
    """Tell the log of parked events that it does not know of, however often their views were built anew.

    Raises `StoreError` when the log can't be told; what was told until then stays told.
    """
    # of what is itself such a message nothing is said, or one bad event would never end
    rows: Sequence[ParkedRow] = [
        row for row in await workers.run(database.parked) if not row.announced and row.topic != EventParked.TOPIC
    ]
    while rows:
        rows = await _tell(store, workers, database, rows)


async def _tell(
    store: EventStore, workers: Workers, database: ViewDatabase, rows: Sequence[ParkedRow]
) -> Sequence[ParkedRow]:
    """Tell the log of the first of the events, unless it knows them; what is left to tell."""
    log = await store.read(_TOLD)
    known = {(event.projection, event.event_id) for entry in log if isinstance(event := entry.event, EventParked)}
    version = log[-1].version if log else 0
    posted: list[tuple[ParkedRow, Pending | None]] = []
    for row in rows[:_AT_ONCE]:
        pending = None
        if (row.view, row.event_id) not in known:
            # an error may quote the event, which somebody may want to be forgotten; the log keeps its kind
            error = row.error.partition(":")[0]
            parked = EventParked(projection=row.view, position=row.position, event_id=row.event_id, error=error)
            pending = store.post(_TOLD, [parked], expected_version=version, causation=row.event_id)
            version += 1
        posted.append((row, pending))
    told: set[str] = set()
    for done, (row, pending) in enumerate(posted):
        try:
            if pending is not None:
                await pending.durable()
                if row.view not in told:  # one line for as many as come together: the log and the list have all
                    told.add(row.view)
                    text = "view %s can't take events, which are parked; the first of them %s: %s"
                    _log.error(text, row.view, row.event_id, row.error)
        except StreamConflict:  # somebody else told the log something, perhaps this
            return rows[done:]
        await workers.run(lambda: database.announced(row))  # noqa: B023 - run before the next
    return rows[_AT_ONCE:]
