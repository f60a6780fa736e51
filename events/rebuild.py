"""Builds views anew from the log, beside the live tables; used by `events.projection.Views`."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from common.errors import StoreError
from common.logs import get_logger
from events.backend import Slot, ViewDatabase
from events.persistence import scratch_views
from events.store import EventStore
from events.view_runner import Fingerprint, ViewRunner, fingerprint
from events.workers import Workers

__all__ = ["Built", "Progress", "Rebuilder"]

_log = get_logger(__name__)
_TRIES = 5
"""How often a build is begun again because something was forgotten meanwhile."""

Progress = Callable[[int, int], None]
"""Called with the position reached and the position aimed at."""


@dataclass(frozen=True, slots=True)
class Built:
    """The table that was switched to; `changed` tells that the one before held other rows."""

    slot: Slot
    changed: bool


class Rebuilder:
    """Builds the views of one `Views`, whose `catch_up` brings a live table to the end of the log."""

    def __init__(self, store: EventStore, workers: Workers, catch_up: Callable[[ViewRunner], Awaitable[None]]) -> None:
        self._store = store
        self._workers = workers
        self._catch_up = catch_up

    async def rebuild(
        self,
        entry: ViewRunner,
        database: ViewDatabase,
        progress: Progress | None,
        checking: Progress | None,
        *,
        check: bool = True,
    ) -> Built:
        """Build a view anew, check it and switch; with ``check=False`` switch whatever the new table holds.

        Begins again where a tenant is forgotten meanwhile. Raises `StoreError`; the old table stays then.
        """
        for _ in range(_TRIES):
            built = await self._rebuild(entry, database, progress, checking, check=check)
            if built is not None:
                return built
        raise StoreError("the log keeps changing under the build", where=entry.view.name, todo="Try again later.")

    async def _rebuild(
        self,
        entry: ViewRunner,
        database: ViewDatabase,
        progress: Progress | None,
        checking: Progress | None,
        *,
        check: bool,
    ) -> Built | None:
        shape = entry.layout.shape
        forgotten = await self._forgotten()
        live = await self._live_fingerprint(entry, database)
        until = live.position if live is not None else await self._store.head()
        slot = await self._workers.run(lambda: database.new_slot(shape))
        try:
            slot = await self._fill(entry, database, slot, until, progress)
            built = await self._workers.run(lambda: fingerprint(database, entry.layout, slot.id))
            changed = live is None or not live.is_equal(built)
            if changed and check:
                await self._check_build(entry, until, built, checking)
            slot = await self._fill(entry, database, slot, None, None)
            await self._workers.run(lambda: database.switch(shape, slot))
        except BaseException as error:
            with anyio.CancelScope(shield=True), contextlib.suppress(StoreError):
                await self._workers.run(lambda: database.drop(slot))
            if isinstance(error, StoreError) and await self._forgotten() != forgotten:
                return None  # the log says less than it did
            raise
        return Built(slot, changed)

    async def _forgotten(self) -> int:
        """How many keys were forgotten by now: what they encrypted is folded as erased."""
        cipher = self._store.cipher
        if cipher is None:
            return 0
        await self._workers.run(cipher.look)
        return len(cipher.keyring.forgotten)

    async def build(self, entry: ViewRunner, until: int, progress: Progress | None) -> Fingerprint:
        """The fingerprint of the view as of a position, built in a database of its own."""
        database = await self._workers.run(scratch_views)
        try:
            slot = await self._workers.run(lambda: database.slot(entry.layout.shape))
            slot = await self._fill(entry, database, slot, until, progress)
            return await self._workers.run(lambda: fingerprint(database, entry.layout, slot.id))
        finally:
            database.close()

    async def _live_fingerprint(self, entry: ViewRunner, database: ViewDatabase) -> Fingerprint | None:
        """The live table's fingerprint at the end of the log; None where it can't be brought there or read."""
        try:
            await self._catch_up(entry)
            return await self._workers.run(lambda: fingerprint(database, entry.layout))
        except StoreError:
            _log.warning("the live table of view %s can't be read, so it is not compared", entry.view.name)
            return None

    async def _check_build(self, entry: ViewRunner, until: int, built: Fingerprint, progress: Progress | None) -> None:
        again = await self.build(entry, until, progress)
        if not again.is_equal(built):
            raise StoreError(
                "two builds of the view differ, so the old table stays",
                where=entry.view.name,
                todo="Its evolve must depend on nothing but what it is given.",
            )

    async def _fill(
        self, entry: ViewRunner, database: ViewDatabase, slot: Slot, until: int | None, progress: Progress | None
    ) -> Slot:
        """Fold the log into a table that nobody else fills, up to its end or `until`."""
        last = False
        while not last:
            slot, last = await self._workers.run(lambda: entry.fill(database, slot, until))  # noqa: B023
            if progress is not None:
                aim = self._store.known_head if until is None else until
                progress(slot.position, max(slot.position, aim))
        return slot
