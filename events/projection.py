"""Views: tables folded from the log, as new as the log whenever they are read.

A view lives in a table with the position up to which the log is folded into it; rows and position move in one
transaction, by compare-and-set on the position, so that any number of processes may fold the same view and each
event still counts once. What a view can't take is parked and told to the log.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import anyio.to_thread

from common.errors import StoreDamaged, StoreError
from common.logs import get_logger
from events.backend import Selected, ViewDatabase
from events.parking import ParkedEvent, announce_parked, drop_parked_event, read_parked
from events.rebuild import Progress, Rebuilder
from events.recorded import Erased, RecordedEvent, Unknown
from events.shared_reads import SharedReads
from events.store import EventStore
from events.time_travel import PastViews
from events.view_query import build_query
from events.view_runner import Step, ViewRunner, fingerprint, step_together
from events.view_types import Column, ColumnType, Row, View
from events.workers import Workers

__all__ = [
    "Column",
    "ColumnType",
    "Erased",
    "ParkedEvent",
    "PastViews",
    "Progress",
    "Rebuilt",
    "RecordedEvent",
    "Row",
    "Unknown",
    "View",
    "ViewState",
    "Views",
]

_Query = tuple[str, tuple[Any, ...]]
"""SQL over `{table}`, and its parameters."""

_log = get_logger(__name__)
_READERS = 8
_LOOKS = 2
"""Threads that read one view at a time; who comes meanwhile shares the next look."""
_CLOSING = 10.0
"""Seconds that closing waits for reads that are under way."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """Where a view stands: `lag` is how many events, at most, it is behind the log."""

    name: str
    version: int
    position: int
    lag: int
    rows: int
    parked: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A view that was built anew; `changed` tells that the table it took the place of held other rows."""

    name: str
    rows: int
    position: int
    changed: bool
    parked: int


class Views:
    """All views over one log. Safe to use from any number of tasks; every read catches up first."""

    def __init__(self, store: EventStore, views: Iterable[View] = (), *, page_size: int = 500) -> None:
        """`page_size` is how many events are folded in one transaction. Raises `StoreError` for a bad view."""
        self._store = store
        self._page_size = page_size
        self._entries: dict[str, ViewRunner] = {}
        self._reads: dict[str, SharedReads[_Query, Selected]] = {}
        self._database: ViewDatabase | None = None
        self._opening = threading.Lock()
        self._workers = Workers("the view database", _READERS)
        self._rebuilder = Rebuilder(store, self._workers, self._catch_up)
        self._mending = anyio.Lock()
        self._unannounced = True
        for view in views:
            self.add(view)

    def add(self, view: View) -> None:
        """Add a view. Raises `StoreError` when its name is taken or it can't be used."""
        if view.name in self._entries:
            raise StoreError("two views have the same name", where=view.name)
        entry = self._entries[view.name] = ViewRunner(self._store, view, self._page_size)
        self._reads[view.name] = SharedReads(partial(self._look, entry), at_once=_LOOKS)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all views."""
        return tuple(self._entries)

    async def get(self, name: str, key: tuple[Any, ...]) -> Row | None:
        """The row of a key, with its key columns; None when there is none. Sees every durable append of before."""
        rows = await self.query(name, self._entry(name).layout.where(key), limit=1)
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
        query = (sql, tuple(parameters))
        try:
            selected = await self._reads[name].ask(query)
        except StoreDamaged:
            selected = await self._mended(entry, query)
        return [entry.layout.decode(row, with_key=True) for row in selected.rows]

    async def _look(self, entry: ViewRunner, queries: Sequence[_Query]) -> Mapping[_Query, Selected]:
        """What queries over one view give, all of them behind every append that was durable before."""
        wanted: list[int] = []
        selected: Mapping[_Query, Selected] | None = None
        if entry.lock.locked():  # whoever folds it may have come far enough already
            selected = await self._workers.run(lambda: self._select(entry, queries, wanted))
        while selected is None:
            async with entry.lock:
                selected = await self._workers.run(lambda: self._select_or_step(entry, queries, wanted))
        await self._announce()
        return selected

    async def _mended(self, entry: ViewRunner, query: _Query) -> Selected:
        """What is selected from a view whose table is damaged, once it was built anew. Raises where the log is."""
        async with self._mending:
            try:
                return (await self._look(entry, [query]))[query]  # somebody else was first
            except StoreDamaged as error:
                _log.error("view %s is built anew: %s", entry.view.name, error)
            await self.rebuild(entry.view.name, check=False)
            return (await self._look(entry, [query]))[query]

    @asynccontextmanager
    async def as_of(self, position: int, progress: Progress | None = None) -> AsyncGenerator[PastViews]:
        """All views as they stood when the log ended at `position`, for as long as the context is open.

        Each is folded from the log when it is first read there, into a database of its own that needs little memory.
        `events.time_travel.position_at` gives the position for a time. Raises `StoreError` for a position that the log
        does not have.
        """
        head = await self._store.head()
        if not 0 <= position <= head:
            raise StoreError(
                f"the log has no position {position}", where="as_of", todo=f"It goes from 0 (empty) to {head}."
            )
        past = PastViews(self._entries, self._workers, position, progress)
        try:
            yield past
        finally:
            with anyio.CancelScope(shield=True):
                await past.close()

    async def query_at(
        self,
        name: str,
        position: int,
        where: Mapping[str, Any] | None = None,
        *,
        order_by: str | None = None,
        limit: int = 100,
    ) -> list[Row]:
        """Like `query`, of a view as it stood when the log ended at `position`; for more than one read: `as_of`."""
        self._entry(name)
        async with self.as_of(position) as past:
            return await past.query(name, where, order_by=order_by, limit=limit)

    async def catch_up(self) -> None:
        """Bring all views up to the end of the log; for a loop, so that reads find little left to do.

        Views that are behind go on together, over pages that are read once for all of them; one whose table is damaged
        is built anew.
        """
        try:
            await self._catch_up_together()
        except StoreDamaged:
            for name in self.names:
                await self.query(name, limit=1)

    async def _catch_up_together(self) -> None:
        entries = list(self._entries.values())
        step = Step(last=not entries)
        while not step.last:
            async with AsyncExitStack() as held:
                for entry in entries:  # each for one page, so that nobody who waits for one view waits for all
                    await held.enter_async_context(entry.lock)
                step = await self._workers.run(
                    lambda: step_together(self._store, entries, self._open(), self._page_size)
                )
            self._unannounced = self._unannounced or step.has_parked
        await self._announce()

    def lag(self, name: str) -> int:
        """How many events, at most, a view has not folded yet, as far as this process knows; costs nothing."""
        return max(0, self._store.known_head - self._entry(name).reached)

    async def states(self) -> list[ViewState]:
        """Where each view stands, as it is: nothing is folded for it."""
        parked = await self._parked()
        head = await self._store.head()
        return [
            await self._workers.run(lambda: self._state(entry, head, parked))  # noqa: B023 - run before the next
            for entry in list(self._entries.values())
        ]

    async def parked(self, *, dropped: bool = False) -> list[ParkedEvent]:
        """The events that views could not take, oldest first; with `dropped`, those too that a person has dropped."""
        await self.catch_up()
        return [entry for entry in await self._parked() if dropped or not entry.dropped]

    async def drop_parked(self, entry: ParkedEvent, *, by: str = "", reason: str = "") -> None:
        """Have a parked event listed no more; it stays out of the view, whatever is built anew."""
        await drop_parked_event(self._store, entry, by=by, reason=reason)

    async def rebuild(
        self, name: str, progress: Progress | None = None, checking: Progress | None = None, *, check: bool = True
    ) -> Rebuilt:
        """Build a view anew beside the live one, check it and switch; parked events are tried again.

        The new table is checked against the live one; where they differ, against a third that is built for it, so that
        a view that does not fold the same events to the same rows is found: `StoreError`. Reads go on from the old
        table meanwhile, and whatever ends a rebuild early leaves it as it is. `progress` follows the build, `checking`
        that of the third table. With ``check=False`` it switches whatever the new table holds.
        """
        entry = self._entry(name)
        database = await self._workers.run(self._open)
        built = await self._rebuilder.rebuild(entry, database, progress, checking, check=check)
        self._unannounced = True
        await self._announce()
        parked = await self._parked()
        state = await self._workers.run(lambda: self._state(entry, built.slot.position, parked))
        return Rebuilt(name, state.rows, built.slot.position, built.changed, state.parked)

    async def purge(self, progress: Callable[[str], Progress | None] = lambda _: None) -> list[Rebuilt]:
        """Build every view anew, from what can be read now, and leave nothing of what any table held before.

        Tables of views that are not known here go, too: whoever has such a view builds it anew. `progress` gives, by
        name, what follows each build. Raises `StoreError`; what was done until then stays done.
        """
        database = await self._workers.run(self._open)
        entries = list(self._entries.values())
        if not entries:
            return []
        mark = await self._workers.run(lambda: database.new_slot(entries[0].layout.shape))
        await self._workers.run(lambda: database.drop(mark))
        rebuilt = [await self.rebuild(entry.view.name, progress(entry.view.name), check=False) for entry in entries]
        await self._workers.run(lambda: database.scrub(mark.id))
        return rebuilt

    async def compare(self, name: str, progress: Progress | None = None) -> tuple[bool, int]:
        """Whether a view equals one that is built anew from the log, and how many rows it has."""
        entry = self._entry(name)
        await self._catch_up(entry)
        live = await self._workers.run(lambda: fingerprint(self._open(), entry.layout))
        built = await self._rebuilder.build(entry, live.position, progress)
        return live.is_equal(built), live.rows

    async def close(self) -> None:
        """Let the database go; later calls of other methods raise `StoreUnavailable`."""
        if self._workers.closed:
            return
        with anyio.CancelScope(shield=True):
            await self._workers.close(_CLOSING)
            if self._database is not None:
                await anyio.to_thread.run_sync(self._database.close)

    def _entry(self, name: str) -> ViewRunner:
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

    def _select(
        self, entry: ViewRunner, queries: Sequence[_Query], wanted: list[int]
    ) -> Mapping[_Query, Selected] | None:
        """The rows of each query, or None when the view must catch up first.

        `wanted` keeps the end of the log at the first try: what is appended meanwhile need not be seen, but a table
        that a rebuild has just switched to must have come as far, too.
        """
        if not wanted:
            wanted.append(self._store.head_now())
        if entry.reached < wanted[0]:
            return None
        found: dict[_Query, Selected] = {}
        for sql, parameters in queries:
            selected = self._open().select(entry.layout.shape, sql, parameters)
            if selected is None or not entry.anchored or entry.position(selected.slot) < wanted[0]:
                return None
            found[sql, parameters] = selected
        return found

    def _select_or_step(
        self, entry: ViewRunner, queries: Sequence[_Query], wanted: list[int]
    ) -> Mapping[_Query, Selected] | None:
        """Like `_select`, with a page folded before it where the view is behind."""
        selected = self._select(entry, queries, wanted)
        if selected is not None:
            return selected
        self._unannounced |= entry.step(self._open()).has_parked
        return self._select(entry, queries, wanted)

    def _state(self, entry: ViewRunner, head: int, parked: Iterable[ParkedEvent]) -> ViewState:
        counted = self._open().select(entry.layout.shape, "SELECT COUNT(*) FROM {table}", ())
        position = entry.position(counted.slot) if counted is not None else 0
        name = entry.view.name
        return ViewState(
            name=name,
            version=entry.view.version,
            position=position,
            lag=max(0, head - position),
            rows=int(counted.rows[0][0]) if counted is not None else 0,
            parked=sum(row.view == name and not row.dropped for row in parked),
        )

    async def _parked(self) -> list[ParkedEvent]:
        return await read_parked(self._store, self._workers, await self._workers.run(self._open), self._entries)

    async def _catch_up(self, entry: ViewRunner) -> None:
        async with entry.lock:
            step = Step(last=False)
            while not step.last:
                step = await self._workers.run(lambda: entry.step(self._open()))
                self._unannounced = self._unannounced or step.has_parked
        await self._announce()

    async def _announce(self) -> None:
        """Tell the log of parked events that it was not told of."""
        if not self._unannounced:
            return
        self._unannounced = False
        try:
            await announce_parked(self._store, self._workers, await self._workers.run(self._open))
        except StoreError:
            self._unannounced = True
            _log.exception("the log could not be told of parked events")
