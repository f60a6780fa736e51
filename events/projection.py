"""Views: tables folded from the log, as new as the log whenever they are read.

A view lives in a table with the position up to which the log is folded into it; rows and position move in one
transaction, by compare-and-set on the position, so that any number of processes may fold the same view and each
event still counts once. What a view can't take is parked and told to the log.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import anyio
import anyio.to_thread

from common.errors import StoreError
from events.backend import ParkedRow, Selected, Slot, ViewDatabase
from events.catalogue.log import EventParked
from events.persistence import scratch_views
from events.recorded import Erased, RecordedEvent, Unknown
from events.store import EventStore
from events.view_fold import PreparedPage
from events.view_query import build_query
from events.view_types import Column, ColumnType, Layout, Row, View
from events.workers import Workers

__all__ = [
    "Column",
    "ColumnType",
    "Erased",
    "ParkedEvent",
    "Progress",
    "RecordedEvent",
    "Row",
    "Unknown",
    "View",
    "Views",
]

_log = logging.getLogger(__name__)
_READERS = 8
_CLOSING = 10.0
"""Seconds that closing waits for reads that are under way."""
_UNSAVED = 1_000
"""A position that moved without touching a row is saved only after so many events."""

Progress = Callable[[int, int], None]
"""Called with the position reached and the position aimed at."""


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that a view could not take, and why."""

    view: str
    position: int
    event_id: str
    topic: str
    error: str
    parked_at: datetime


@dataclass(slots=True)
class _Entry:
    """A view, and what this process knows of its table."""

    view: View
    layout: Layout
    folded: tuple[int, int, int] = (0, 0, 0)
    """Slot, its saved position, and how far the log holds nothing for this view behind that."""
    anchored: bool = False
    """Whether its table was found to be of the course that the log took."""
    lock: anyio.Lock = field(default_factory=anyio.Lock)

    def position(self, slot: Slot) -> int:
        """How far the log is folded into a slot."""
        known_slot, saved, reached = self.folded
        return reached if (known_slot, saved) == (slot.id, slot.position) else slot.position


class Views:
    """All views over one log. Safe to use from any number of tasks; every read catches up first."""

    def __init__(self, store: EventStore, views: Iterable[View] = (), *, page_size: int = 500) -> None:
        """`page_size` is how many events are folded in one transaction. Raises `StoreError` for a bad view."""
        self._store = store
        self._page_size = page_size
        self._entries: dict[str, _Entry] = {}
        self._database: ViewDatabase | None = None
        self._opening = threading.Lock()
        self._workers = Workers("the view database", _READERS)
        self._unannounced = True
        for view in views:
            self.add(view)

    def add(self, view: View) -> None:
        """Add a view. Raises `StoreError` when its name is taken or it can't be used."""
        if view.name in self._entries:
            raise StoreError("two views have the same name", where=view.name)
        schema_versions = {topic: self._store.codec.schema_version(topic) for topic in view.topics}
        self._entries[view.name] = _Entry(view, Layout(view, schema_versions))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all views."""
        return tuple(self._entries)

    async def get(self, name: str, key: tuple[Any, ...]) -> Row | None:
        """The row of a key, with its key columns; None when there is none. Sees every durable append of before."""
        entry = self._entry(name)
        if len(key) != len(entry.layout.key):
            raise StoreError(f"the key {key!r} does not have {len(entry.layout.key)} values", where=name)
        where = {column.name: value for column, value in zip(entry.layout.key, key, strict=True)}
        rows = await self.query(name, where, limit=1)
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
        """At most `limit` rows, with their key columns. Sees every durable append of before.

        Keys of `where` are a column (equal; None: has no value) or a column with ``<``, ``<=``, ``>``, ``>=`` or
        ``in``. `order_by` is a column, with ``-`` in front for descending; the key settles ties. `after` is the last
        row of the page before. Raises `StoreError` for conditions that do not fit the view.
        """
        entry = self._entry(name)
        sql, parameters = build_query(entry.layout, where, order_by, limit, after)
        wanted: list[int] = []
        selected = await self._workers.run(lambda: self._select(entry, sql, parameters, wanted))
        while selected is None:
            await self._catch_up(entry)
            selected = await self._workers.run(lambda: self._select(entry, sql, parameters, wanted))
        return [entry.layout.decode(row, with_key=True) for row in selected.rows]

    async def query_at(
        self, name: str, position: int, where: Mapping[str, Any] | None = None, *, order_by: str | None = None
    ) -> list[Row]:
        """All rows of a view as it stood when the log ended at `position`; folds the log anew up to there."""
        entry = self._entry(name)
        sql, parameters = build_query(entry.layout, where, order_by, 2**62, None)
        database, slot = await self._build(entry, position)
        try:
            selected = await self._workers.run(lambda: database.select(entry.layout.shape, sql, parameters, slot.id))
        finally:
            database.close()
        return [entry.layout.decode(row, with_key=True) for row in selected.rows] if selected else []

    async def catch_up(self) -> None:
        """Bring all views up to the end of the log; for a loop, so that reads find little left to do."""
        for entry in list(self._entries.values()):
            await self._catch_up(entry)

    def lag(self, name: str) -> int:
        """How many events, at most, a view has not folded yet, as far as this process knows; costs nothing."""
        return max(0, self._store.known_head - self._entry(name).folded[2])

    async def parked(self) -> list[ParkedEvent]:
        """The events that views could not take, oldest first."""
        await self.catch_up()
        rows = await self._workers.run(lambda: self._open().parked())
        return [
            ParkedEvent(
                row.view, row.position, row.event_id, row.topic, row.error, datetime.fromisoformat(row.parked_at)
            )
            for row in rows
            if row.view in self._entries
        ]

    async def rebuild(self, name: str, progress: Progress | None = None) -> int:
        """Build a view anew beside the live one and switch; parked events are tried again. Returns its rows.

        Reads go on from the old table meanwhile; whatever ends a rebuild early leaves the old table as it is.
        """
        entry = self._entry(name)
        shape = entry.layout.shape
        database = await self._workers.run(self._open)
        slot = await self._workers.run(lambda: database.new_slot(shape))
        try:
            slot = await self._fill(entry, database, slot, None, progress)
            await self._workers.run(lambda: database.switch(shape, slot))
        except BaseException:
            with anyio.CancelScope(shield=True), contextlib.suppress(StoreError):
                await self._workers.run(lambda: database.drop(slot))
            raise
        self._unannounced = True
        await self._announce()
        counted = await self._workers.run(lambda: database.select(shape, "SELECT COUNT(*) FROM {table}", ()))
        return int(counted.rows[0][0]) if counted else 0

    async def compare(self, name: str, progress: Progress | None = None) -> tuple[bool, int]:
        """Whether a view equals one that is built anew from the log, and how many rows it has."""
        entry = self._entry(name)
        await self._catch_up(entry)
        live = await self._workers.run(lambda: _fingerprint(self._open(), entry.layout, None))
        database, slot = await self._build(entry, live.position, progress)
        try:
            built = await self._workers.run(lambda: _fingerprint(database, entry.layout, slot.id))
        finally:
            database.close()
        return (live.rows, live.digest) == (built.rows, built.digest), live.rows

    async def close(self) -> None:
        """Let the database go; later calls of other methods raise `StoreUnavailable`."""
        if self._workers.closed:
            return
        with anyio.CancelScope(shield=True):
            await self._workers.close(_CLOSING)
            if self._database is not None:
                await anyio.to_thread.run_sync(self._database.close)

    def _entry(self, name: str) -> _Entry:
        entry = self._entries.get(name)
        if entry is None:
            raise StoreError(
                f"there is no view {name!r}", where="views", todo=f"There are {', '.join(sorted(self._entries))}."
            )
        return entry

    def _open(self) -> ViewDatabase:
        with self._opening:
            if self._database is None:
                self._database = self._store.open_views()
            return self._database

    def _select(self, entry: _Entry, sql: str, parameters: list[Any], wanted: list[int]) -> Selected | None:
        """The rows, or None when the view must catch up first.

        `wanted` keeps the end of the log at the first try: what is appended meanwhile need not be seen, but a table
        that a rebuild has just switched to must have come as far, too.
        """
        if not wanted:
            wanted.append(self._store.head_now())
        selected = self._open().select(entry.layout.shape, sql, parameters)
        if selected is None or not entry.anchored or entry.position(selected.slot) < wanted[0]:
            return None
        return selected

    def _anchor(self, position: int) -> str:
        """What names the event at a position; empty where there is none."""
        events, _ = self._store.read_page(position - 1, None, 1, position)
        return "".join(f"{event.id} {event.recorded_at.isoformat()}" for event in events)

    async def _catch_up(self, entry: _Entry) -> None:
        async with entry.lock:
            while not await self._workers.run(lambda: self._step(entry)):
                pass
        await self._announce()

    def _step(self, entry: _Entry) -> bool:
        """Fold one page into the live table; True when nothing is left."""
        database, shape = self._open(), entry.layout.shape
        slot = database.slot(shape)
        if not entry.anchored and slot.position and self._anchor(slot.position) != slot.anchor:
            database.drop(slot)  # the log took another course since: it was restored from a backup
            return False
        entry.anchored = True
        page, reached, last = self._page(entry, entry.position(slot), None)
        if page.is_empty and reached - slot.position < _UNSAVED:
            entry.folded = (slot.id, slot.position, reached)
            return last
        if not database.apply(shape, slot, Slot(slot.id, reached, self._anchor(reached)), page.keys, page.fold):
            return False
        self._unannounced = self._unannounced or page.has_parked
        entry.folded = (slot.id, reached, reached)
        return last

    def _page(self, entry: _Entry, after: int, until: int | None) -> tuple[PreparedPage, int, bool]:
        """The next page, the position behind it, and whether it is the last."""
        events, reached = self._store.read_page(after, entry.view.topics, self._page_size, until)
        return PreparedPage(entry.view, entry.layout, events), reached, len(events) < self._page_size

    def _fill_page(self, entry: _Entry, database: ViewDatabase, slot: Slot, until: int | None) -> tuple[Slot, bool]:
        """Fold one page into a table that nobody else fills; the slot behind it, and whether it was the last."""
        page, reached, last = self._page(entry, slot.position, until)
        if reached == slot.position:
            return slot, last
        moved = Slot(slot.id, reached, self._anchor(reached))
        if not database.apply(entry.layout.shape, slot, moved, page.keys, page.fold):
            raise StoreError("the table of the rebuild is gone", where=entry.view.name, todo="Try again.")
        return moved, last

    async def _fill(
        self, entry: _Entry, database: ViewDatabase, slot: Slot, until: int | None, progress: Progress | None
    ) -> Slot:
        """Fold the log into a table that nobody else fills, up to its end or `until`."""
        last = False
        while not last:
            slot, last = await self._workers.run(
                lambda: self._fill_page(entry, database, slot, until)  # noqa: B023
            )
            if progress is not None:
                progress(slot.position, max(slot.position, until or self._store.known_head))
        return slot

    async def _build(self, entry: _Entry, until: int, progress: Progress | None = None) -> tuple[ViewDatabase, Slot]:
        """The view as of a position, in a database of its own that the caller closes."""
        database = await self._workers.run(scratch_views)
        try:
            slot = await self._workers.run(lambda: database.slot(entry.layout.shape))
            return database, await self._fill(entry, database, slot, until, progress)
        except BaseException:
            database.close()
            raise

    async def _announce(self) -> None:
        """Tell the log of parked events that it was not told of; once each, short of a crash in between."""
        if not self._unannounced:
            return
        self._unannounced = False
        database = await self._workers.run(self._open)
        for row in await self._workers.run(database.parked):
            # of what is itself such a message nothing is said, or one bad event would never end
            if not row.announced and row.topic != EventParked.TOPIC:
                await self._tell(database, row)

    async def _tell(self, database: ViewDatabase, row: ParkedRow) -> None:
        _log.error("view %s can't take the event %s, which is parked: %s", row.view, row.event_id, row.error)
        parked = EventParked(projection=row.view, position=row.position, event_id=row.event_id, error=row.error)
        try:
            await self._store.append("log", [parked], causation=row.event_id)
        except StoreError:
            self._unannounced = True
            _log.exception("the log could not be told of it")
            return
        await self._workers.run(lambda: database.announced(row))


@dataclass(frozen=True, slots=True)
class _Fingerprint:
    position: int
    rows: int
    digest: int


def _fingerprint(database: ViewDatabase, layout: Layout, slot: int | None) -> _Fingerprint:
    """A view's rows in one number, whatever their order."""
    rows = digest = 0
    walk = database.walk(layout.shape, slot)
    while True:
        try:
            row = next(walk)
        except StopIteration as end:
            return _Fingerprint(int(end.value or 0), rows, digest)
        rows += 1
        digest = (digest + int.from_bytes(hashlib.sha256(repr(row).encode()).digest())) % 2**256
