"""The log as it grows, for any number of readers: each event is read, redacted and written as JSON once for all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from contextvars import Context
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

import anyio
from anyio.lowlevel import checkpoint

from common.errors import SupervisorError
from events.catalogue.token import TokenCreated
from supervisor.http.streams import ServerEvent
from supervisor.queries.shown_events import TraceSecrets, event_data

if TYPE_CHECKING:
    from common.redaction import Redactor
    from events.recorded import RecordedEvent
    from events.store import EventStore

__all__ = ["Feed", "Shown"]

_NEVER_SHOWN = {TokenCreated.TOPIC: ("digest",)}
_KEPT = 2_000
_KEPT_BYTES = 8_000_000
_PAGE = 200
_GATHER = 0.03
"""Seconds that readers are told of news later, so that what comes together is sent together."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An event as it is sent, and whose it is."""

    position: int
    topic: str
    stream: str
    tenant: str
    correlation: str | None
    encoded: bytes


class Feed:
    """The latest events, kept for those who read along; who is behind them reads the log until it has caught up.

    One of the readers' tasks leads: it follows the log for all. When its reader goes, another one takes over.
    """

    def __init__(self, store: EventStore, redactor: Redactor) -> None:
        self._store = store
        self._secrets = TraceSecrets(store, lambda: redactor)
        self._kept: deque[Shown] = deque()
        self._bytes = 0
        self._begin: int | None = None
        """Behind this position, and up to `_end`, all events are kept; None while nobody leads."""
        self._end = 0
        self._over = False
        self._fault: SupervisorError | None = None
        self._changed = anyio.Event()
        self._telling: asyncio.TimerHandle | None = None
        self._leading = anyio.Lock()

    async def lead(self) -> None:
        """Follow the log for all readers, once nobody else does; every reader has a task for this."""
        async with self._leading:
            if self._over:
                return
            try:
                await self._follow()
            except SupervisorError as error:
                self._fault = error
                self._tell()
                await anyio.sleep(_GATHER)  # until the readers know
                self._fault = None
            finally:
                self._begin = None
                self._kept.clear()
                self._bytes = 0

    async def _follow(self) -> None:
        self._begin = self._end = await self._store.head()
        self._tell()
        async with aclosing(self._store.follow(self._end)) as recorded:
            async for entry in recorded:
                shown = await self._shown(entry)
                self._kept.append(shown)
                self._end = shown.position
                self._bytes += len(shown.encoded)
                while len(self._kept) > _KEPT or self._bytes > _KEPT_BYTES:
                    dropped = self._kept.popleft()
                    self._begin, self._bytes = dropped.position, self._bytes - len(dropped.encoded)
                self._tell_soon()
        self._over = True
        self._tell()

    def _tell_soon(self) -> None:
        """Tell all readers in a moment: one timer for all of them, and one turn of each for all that came meanwhile."""
        if self._telling is None:
            later = asyncio.get_running_loop().call_later  # anyio has no timers without a task
            self._telling = later(_GATHER, self._tell, context=Context())

    def _tell(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def follow(self, after: int, wanted: Callable[[Shown], bool]) -> AsyncGenerator[list[Shown]]:
        """Every wanted event behind a position, without gap or duplicate, until the log is closed.

        Raises `StoreError` where the log can't be read.
        """
        while True:
            changed = self._changed
            if self._fault is not None:
                raise self._fault
            if self._begin is not None and after >= self._end:
                if self._over:
                    return
                await changed.wait()
                continue
            if self._begin is None:
                if self._over:
                    return
                await changed.wait()
                continue
            if after < self._begin:
                page, after = await self._behind(after, self._begin)
            else:
                page = self._since(after)
                after = page[-1].position
            found = [shown for shown in page if wanted(shown)]
            if found:
                yield found

    def _since(self, after: int) -> list[Shown]:
        """What is kept behind a position, a page at most; sought from the end, where most readers are."""
        found = list(takewhile(lambda shown: shown.position > after, reversed(self._kept)))
        return found[: -_PAGE - 1 : -1]

    async def _behind(self, after: int, end: int) -> tuple[list[Shown], int]:
        """A page of what is not kept any more, and up to where that was all."""
        entries, reached = await self._store.run(lambda: self._store.read_page(after, None, _PAGE, end))
        return [await self._shown(entry) for entry in entries], reached

    async def _shown(self, entry: RecordedEvent) -> Shown:
        await checkpoint()  # taking secrets out takes a while: calls get their turns between two events
        data = event_data(entry, await self._secrets.redactor_for(entry))
        for name in _NEVER_SHOWN.get(entry.topic, ()):
            data["payload"].pop(name, None)
        encoded = ServerEvent(entry.topic, data, str(entry.position)).encode()
        return Shown(entry.position, entry.topic, entry.stream, entry.tenant, entry.correlation, encoded)
