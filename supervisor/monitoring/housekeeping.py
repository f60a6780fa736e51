"""When housekeeping is due, and how long samples stay in the tables: both go by the log, so restarts change nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from common.clock import Clock
from common.monitoring_settings import MaintenanceSettings
from events.catalogue.system import SamplesRetired, SystemMaintained
from events.projection import Views
from events.store import EventStore, stream_name
from events.views.system import SystemMetricsView
from supervisor.commands.maintain import MAINTENANCE_STREAM

__all__ = ["Housekeeping"]

_SLACK = timedelta(days=1)
"""What is let go by itself is let go a day at a time, so that the log tells of it once a day."""


class Housekeeping:
    """The schedule of one log's housekeeping."""

    def __init__(self, store: EventStore, views: Views, clock: Clock, settings: MaintenanceSettings, node: str) -> None:
        self._store = store
        self._views = views
        self._clock = clock
        self._settings = settings
        self._node = node
        self.maintain: Callable[[], Awaitable[object]] | None = None
        """What does it; set by who wires the supervisor."""

    async def retire_samples(self, *, slack: timedelta = timedelta()) -> datetime | None:
        """Have the tables of samples let go what is older than `keep_samples` days, if anything is older by `slack`.

        The moment before which nothing is left; None where nothing was to be done. Raises `StoreError`.
        """
        if not self._settings.keep_samples:
            return None
        before = self._clock.now() - timedelta(days=self._settings.keep_samples)
        old = {"timestamp <": before - slack}
        if not await self._views.query(SystemMetricsView.name, old, limit=1):
            return None
        await self._store.append(stream_name("system", self._node), [SamplesRetired(node=self._node, before=before)])
        return before

    async def retire_by_itself(self) -> datetime | None:
        """The same, once there is a day of samples to let go."""
        return await self.retire_samples(slack=_SLACK)

    async def maintain_if_due(self) -> bool:
        """Do all housekeeping where the last one, by whomever, is `every` hours ago, or the log tells of none.

        Whether it was done. Raises `StoreError`.
        """
        if self.maintain is None or not self._settings.every:
            return False
        last, now = await self._last(), self._clock.now()
        if last is not None and timedelta() <= now - last < timedelta(hours=self._settings.every):
            return False
        await self.maintain()
        return True

    async def _last(self) -> datetime | None:
        version = await self._store.version(MAINTENANCE_STREAM)
        for recorded in await self._store.read(MAINTENANCE_STREAM, version - 1) if version else ():
            return recorded.event.at if isinstance(recorded.event, SystemMaintained) else recorded.recorded_at
        return None
