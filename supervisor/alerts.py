"""Tells people of alerts that are in the log, at least once, whoever was killed in between.

An alert is an event first, appended together with what was decided. What follows is a notification and `AlertTold`. An
alert of the last day without that event was raised by a process that ended before it could tell: some supervisor tells
instead, once the alert is `GRACE` seconds old. Killed between the two, it is told twice.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Collection
from datetime import timedelta

import anyio

from common.clock import Clock
from common.errors import StoreError, StreamConflict
from common.logs import get_logger
from common.owner_keys import DEFAULT_OWNER
from events.catalogue.system import AlertRaised, AlertTold
from events.recorded import RecordedEvent
from events.store import EventStore, stream_name
from events.time_travel import position_at
from supervisor.notifications import Notification, Notifications

__all__ = ["GRACE", "Alerts"]

GRACE = 60.0
"""Seconds in which whoever raised an alert tells of it."""
_BACK = timedelta(days=1)
_PAGE = 500
_log = get_logger(__name__)


class Alerts:
    """The alerts of one log, of these kinds."""

    def __init__(
        self, store: EventStore, notifications: Notifications | None, clock: Clock, kinds: Collection[str] = ()
    ) -> None:
        self._store = store
        self._notifications = notifications
        self._clock = clock
        self._kinds = frozenset(kinds)
        self._position: int | None = None
        self._waiting: list[RecordedEvent] = []
        self._lock = anyio.Lock()

    async def tell(self, alert: AlertRaised) -> None:
        """Notify of an alert that is in the log, and keep that it was done. Never raises."""
        _log.warning("%s. %s", alert.title, alert.text)
        if self._notifications is None:
            return
        await self._notifications.send(Notification("alert", alert.title, alert.text, self._clock.now(), DEFAULT_OWNER))
        told = AlertTold(node=socket.gethostname() or "localhost", kind=alert.kind, subject=alert.subject)
        try:
            await self._store.append(_stream_of(alert), [told], 0)
        except StreamConflict:  # another process was as fast
            pass
        except StoreError as error:
            _log.warning("that an alert was told is not in the log, it may be told again: %s", error)

    async def step(self) -> int:
        """Tell of what others could not; how many alerts that were. Raises `StoreError`."""
        async with self._lock:
            await self._read()
            due = self._clock.now() - timedelta(seconds=GRACE)
            ripe = [entry for entry in self._waiting if entry.recorded_at <= due]
            self._waiting = [entry for entry in self._waiting if entry.recorded_at > due]
            done = 0
            for entry in ripe:
                alert = entry.event
                if isinstance(alert, AlertRaised) and not await self._store.version(_stream_of(alert)):
                    await self.tell(alert)
                    done += 1
            return done

    async def _read(self) -> None:
        if self._position is None:
            self._position = await position_at(self._store, self._clock.now() - _BACK)
        while True:
            page = await self._store.read_all(self._position, {AlertRaised.TOPIC}, limit=_PAGE)
            if page:
                self._position = page[-1].position
            self._waiting += [
                entry for entry in page if isinstance(entry.event, AlertRaised) and entry.event.kind in self._kinds
            ]
            if len(page) < _PAGE:
                return


def _stream_of(alert: AlertRaised) -> str:
    """Named after all that the alert says, its figures included, so that two alerts have two of them."""
    said = json.dumps(alert.model_dump(mode="json"), sort_keys=True)
    digest = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
    return stream_name("told", digest)
