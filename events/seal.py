"""Seals: events that say what the whole log before them was.

The hash chain of a stream finds what was changed inside it; a seal finds what is gone altogether: a whole stream, or
the end of one. It covers every event between the seal before and itself, so that making one costs no more than what
was appended since, and a walk through the log checks each as it comes by.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from common.clock import Clock, SystemClock
from common.errors import StoreError
from events.backend import Transaction
from events.catalogue.log import LogSealed
from events.codec import StoredRow, digest
from events.commit import append_within
from events.recorded import RecordedEvent, Unknown
from events.store import EventStore

__all__ = ["STREAM", "SealCheck", "Sealer", "seal_log"]

STREAM = "log"
"""The stream that seals stand in; nowhere else are they taken for one."""
_PAGE = 1_000
_NEAR = 20
"""How many events of the stream are looked at first for the last seal."""
_SECONDS = 60.0


class SealCheck:
    """Walks along the log, event by event, and knows what a seal at any place has to say."""

    def __init__(self, last: LogSealed | None = None, last_id: str | None = None) -> None:
        """Begin behind the seal `last`, which is the event `last_id`, or at the beginning of the log."""
        self.events = last.events if last is not None else 0
        self.streams = last.streams if last is not None else 0
        self._previous = last_id
        self._hash = hashlib.sha256((last.digest if last is not None else "").encode())
        self._lost = False

    def expected(self, position: int) -> LogSealed:
        """The seal that belongs here, behind the event at `position`."""
        return LogSealed(
            position=position,
            events=self.events,
            streams=self.streams,
            previous=self._previous,
            digest=self._hash.hexdigest(),
        )

    def skip(self) -> None:
        """Go past events that can't be read: the next seal says anew where the log stands."""
        self._lost = True

    def add(self, stream: str, version: int, name: str, event: object = None) -> str:
        """Go past an event of digest `name`; returns what is wrong with it if it is a seal, else nothing.

        `event` is looked at in the stream of seals only.
        """
        seal = event if stream == STREAM else None
        problem = self._check(seal) if isinstance(seal, LogSealed) else ""
        if isinstance(seal, LogSealed) and self._lost:
            self.events, self.streams = seal.events, seal.streams
        self.events += 1
        self.streams += version == 1
        if isinstance(seal, LogSealed):
            self._lost = False
            self._previous = f"{stream}@{version}"
            self._hash = hashlib.sha256(seal.digest.encode())
        elif isinstance(seal, Unknown) and seal.topic == LogSealed.TOPIC:
            self._lost = True  # a seal that can't be read: what comes next begins behind it
        self._hash.update(name.encode())
        return problem

    def _check(self, seal: LogSealed) -> str:
        if self._lost or seal.digest == self._hash.hexdigest():
            return ""
        since = f"between {self._previous} and here" if self._previous is not None else "before it"
        counted = [
            f"{abs(was - now)} {noun}{'' if abs(was - now) == 1 else 's'} {'fewer' if now < was else 'more'}"
            for was, now, noun in ((seal.events, self.events, "event"), (seal.streams, self.streams, "stream"))
            if was != now
        ]
        found = (
            f"the log has {' and '.join(counted)} than when it was sealed"
            if counted
            else "an event was replaced or moved"
        )
        return f"the log {since} is not what was sealed: {found}"


async def seal_log(store: EventStore, clock: Clock | None = None) -> RecordedEvent | None:
    """Append a seal over the whole log; None (and nothing appended) when the log is empty or ends with a seal.

    No event can come between what the seal covers and the seal itself, whoever else appends. Raises `StoreError` for a
    log that was sealed by a newer version of this software, or whose last seal can't be read.
    """
    walk = _Sealing(store, clock or SystemClock(), await _last_seal(store))
    while await store.run(walk.page):
        pass
    position = await store.execute(walk.append, timeout=_SECONDS)
    if not walk.appended:
        return None
    return (await store.read_all(position - 1, limit=1))[0]


async def _last_seal(store: EventStore) -> RecordedEvent | None:
    """The last seal, looked for from the end: other events stand in its stream, too, and there may be many of all."""
    version = await store.version(STREAM)
    count = _NEAR
    while version > 0:
        entries = await store.read(STREAM, max(0, version - count))
        seals = [entry for entry in entries if entry.topic == LogSealed.TOPIC]
        if seals:
            return seals[-1]
        if count >= version:
            break
        count *= 8
    return None


class _Sealing:
    """The way from the last seal to the end of the log; its methods block."""

    def __init__(self, store: EventStore, clock: Clock, last: RecordedEvent | None) -> None:
        self._store = store
        self._clock = clock
        seal = last.event if last is not None else None
        if seal is not None and not isinstance(seal, LogSealed):
            raise StoreError(
                "the log's last seal can't be read, so none is put behind it",
                where=last.id if last is not None else "",
                todo="Run events verify; a log sealed by a newer version of this software needs that version.",
            )
        self._check = SealCheck()
        self._position = 0
        if last is not None and isinstance(seal, LogSealed):
            self._check = SealCheck(seal, last.id)
            self._position = last.position - 1  # it counts itself as the first event behind it
        self._ends_with_seal = False
        self.appended = False

    def page(self) -> bool:
        """Take in one page; whether there is more."""
        page = self._store.backend.page(self._position, None, _PAGE)
        for row in page.rows:
            self._add(row)
        self._position = page.scanned_to
        return len(page.rows) == _PAGE

    def append(self, transaction: Transaction) -> int:
        """Take in what came since, which nobody adds to any more, and append the seal."""
        while self.page():
            pass
        if self._ends_with_seal or not self._check.events:
            return self._position
        draft = self._store.codec.draft(self._check.expected(self._position))
        outcome = append_within(transaction, STREAM, draft, self._clock.now())
        self.appended = True
        return outcome

    def _add(self, row: StoredRow) -> None:
        _, stream, version, topic, stored = row
        event, name = None, digest(stream, version, topic, stored)
        self._ends_with_seal = stream == STREAM and topic == LogSealed.TOPIC
        if self._ends_with_seal:
            event = self._store.codec.decode(row).event
            if not isinstance(event, LogSealed):
                raise StoreError("the log has a seal that can't be read", where=f"{stream}@{version}")
        self._check.add(stream, version, name, event)


class Sealer:
    """Seals the log of a running supervisor when it is time to; several processes may do so over one log.

    It is time when `seconds` have gone by or `events` have been appended since the last seal, whoever made it; never
    without a new event.
    """

    def __init__(self, store: EventStore, *, seconds: float, events: int, clock: Clock | None = None) -> None:
        self._store = store
        self._seconds = timedelta(seconds=seconds)
        self._events = events
        self._clock = clock or SystemClock()
        self._last: tuple[int, datetime] | None = None

    async def seal_if_due(self) -> bool:
        """Seal the log if it is time to; whether it was. Raises like `seal_log`."""
        if self._last is None:
            self._last = await self._look() or (0, self._clock.now())
        if not self._is_due(self._last, await self._store.head()):
            return False
        self._last = await self._look() or self._last  # another process may have sealed it meanwhile
        if not self._is_due(self._last, await self._store.head()):
            return False
        sealed = await seal_log(self._store, self._clock)
        if sealed is not None:
            self._last = sealed.position, sealed.recorded_at
        return sealed is not None

    def _is_due(self, last: tuple[int, datetime], head: int) -> bool:
        position, at = last
        if head <= position:
            return False
        gone_by = self._clock.now() - at
        # a seal from a time to come was made before the clock was set back
        return head - position >= self._events or not timedelta(0) <= gone_by < self._seconds

    async def _look(self) -> tuple[int, datetime] | None:
        """Position and time of the last seal; a log without one counts as sealed, empty, at the first look."""
        last = await _last_seal(self._store)
        return None if last is None else (last.position, last.recorded_at)
