"""The log and its views as they stood at an earlier position or time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.to_thread

from common.errors import StoreError
from events.backend import Slot, ViewDatabase
from events.persistence import scratch_views
from events.recorded import RecordedEvent, Unknown
from events.store import EventStore
from events.view_query import build_query
from events.view_runner import ViewRunner
from events.view_types import Row
from events.workers import Workers

__all__ = ["PastViews", "position_at"]

_NEAR = 1_000
"""How many events behind the boundary are looked through for ones that were stamped before it."""


class PastViews:
    """Views as they stood when the log ended at `position`; made by `Views.as_of`."""

    def __init__(
        self,
        runners: Mapping[str, ViewRunner],
        workers: Workers,
        position: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.position = position
        self._runners = runners
        self._workers = workers
        self._progress = progress
        self._database: ViewDatabase | None = None
        self._slots: dict[str, Slot] = {}
        self._lock = anyio.Lock()

    async def get(self, name: str, key: tuple[Any, ...]) -> Row | None:
        """The row of a key; None where there was none."""
        rows = await self.query(name, self._runner(name).layout.where(key), limit=1)
        return rows[0] if rows else None

    async def query(
        self,
        name: str,
        where: Mapping[str, Any] | None = None,
        *,
        order_by: str | None = None,
        limit: int = 100,
        after: Row | None = None,
    ) -> list[Row]:
        """Like `Views.query`."""
        runner = self._runner(name)
        sql, parameters = build_query(runner.layout, where, order_by, limit, after)
        async with self._lock:
            database = await self._open()
            slot = self._slots.get(name)
            if slot is None:
                slot = self._slots[name] = await self._fold(runner, database)
            selected = await self._workers.run(lambda: database.select(runner.layout.shape, sql, parameters, slot.id))
        rows = selected.rows if selected is not None else []
        return [runner.layout.decode(row, with_key=True) for row in rows]

    async def close(self) -> None:
        """Throw away what was folded."""
        async with self._lock:
            if self._database is not None:
                await anyio.to_thread.run_sync(self._database.close)

    def _runner(self, name: str) -> ViewRunner:
        runner = self._runners.get(name)
        if runner is None:
            raise StoreError(
                f"there is no view {name!r}", where="views", todo=f"There are {', '.join(sorted(self._runners))}."
            )
        return runner

    async def _open(self) -> ViewDatabase:
        if self._database is None:
            self._database = await self._workers.run(scratch_views)
        return self._database

    async def _fold(self, runner: ViewRunner, database: ViewDatabase) -> Slot:
        slot = await self._workers.run(lambda: database.slot(runner.layout.shape))
        last = False
        while not last:
            slot, last = await self._workers.run(
                lambda: runner.fill(database, slot, self.position)  # noqa: B023 - run before the next
            )
            if self._progress is not None:
                self._progress(slot.position, self.position)
        return slot


async def position_at(store: EventStore, moment: datetime) -> int:
    """The position of the last event recorded at `moment` (aware) or before it; 0 where there is none.

    Found by bisection, for the log is in the order of time; a few thousand events are read, however long it is. Where
    clocks disagreed, so that later events carry earlier times, it is a place where the recorded time passes `moment`,
    and events up to 1,000 places behind it that were recorded in time count as well.
    """
    if moment.tzinfo is None:
        raise ValueError("the moment has no zone")
    return await store.run(lambda: _position_at(store, moment.astimezone(UTC)))


def _position_at(store: EventStore, moment: datetime) -> int:
    low, high = 0, store.head_now()  # what is at `low` counts, what is behind `high` does not
    while low < high:
        middle = (low + high + 1) // 2
        found = _readable(store, middle, high)
        if found is None:
            high = middle - 1
        elif found.recorded_at <= moment:
            low = found.position
        else:
            high = middle - 1
    last = low
    events, _ = store.read_page(low, None, _NEAR)
    for event in events:
        if not _is_damaged(event) and event.recorded_at <= moment:
            last = event.position
    return last


def _readable(store: EventStore, position: int, until: int) -> RecordedEvent | None:
    """The first event from `position` up to `until` whose time can be read."""
    after, size = position - 1, 1
    while after < until:
        events, reached = store.read_page(after, None, size, until)
        for event in events:
            if not _is_damaged(event):
                return event
        if reached <= after:
            return None
        after, size = reached, _NEAR
    return None


def _is_damaged(event: RecordedEvent) -> bool:
    """Whether the stored bytes tell no time."""
    return isinstance(event.event, Unknown) and bool(event.event.problem) and not event.tenant
