"""Which of the processes on one log analyses it: the one that says so in the log, for as long as it lives."""

from __future__ import annotations

import contextlib

import anyio.to_thread

from common.errors import StoreUnavailable, StreamConflict
from common.intents import StreamAppend
from events.catalogue.system import MonitoringLed
from events.ownership import Ownership
from events.store import EventStore, stream_name

__all__ = ["LEAD_STREAM", "Lead"]

LEAD_STREAM = stream_name("monitoring", "lead")


class Lead:
    """The claim is compare-and-set on a stream; it ends with the life of its owner, never by time alone."""

    def __init__(self, store: EventStore, ownership: Ownership, node: str) -> None:
        self._store = store
        self._ownership = ownership
        self._node = node
        self._version = 0
        self._owner: str | None = None

    async def take(self) -> bool:
        """Whether this process leads, which it does from now on if nobody does. Raises `StoreError`."""
        me = self._ownership.owner_id
        await self._look()
        if self._owner == me:
            return True
        if self._owner and await anyio.to_thread.run_sync(self._ownership.is_alive, self._owner):
            return False
        claim = MonitoringLed(node=self._node, owner=me)
        try:
            await self._store.append([StreamAppend(LEAD_STREAM, [claim], self._version)])
        except StreamConflict:
            return False
        return True

    async def give_up(self) -> None:
        """Lead no more, so that another process may; does nothing where this one does not, or the log can't be told."""
        with contextlib.suppress(StreamConflict, StoreUnavailable):
            await self._look()
            if self._owner == self._ownership.owner_id:
                await self._store.append(LEAD_STREAM, [MonitoringLed(node=self._node, owner="")], self._version)

    async def _look(self) -> None:
        for recorded in await self._store.read(LEAD_STREAM, self._version):
            self._version = recorded.version
            # what can't be read was written by a newer version: it is asked who lives, and nobody answers to this
            self._owner = recorded.event.owner if isinstance(recorded.event, MonitoringLed) else None

    async def leads(self) -> bool:
        """Like `take`, but False where the log or the ownership can't be asked now."""
        try:
            return await self.take()
        except StoreUnavailable:
            return False
