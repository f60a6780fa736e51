"""What one process knows of the traces in the log: read once, and from then on only what is new.

It is kept in memory and built anew at the start of a process: the log is the truth.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import aclosing

import anyio
import anyio.to_thread

from events.catalogue.log import TenantForgotten
from events.store import EventStore
from supervisor.learning.pattern_analyzer import PatternAnalyzer
from supervisor.learning.patterns import Analysis, AnalysisSettings, Counts
from supervisor.learning.sharing import Shared, share
from supervisor.learning.trace_collector import CollectedPage, CollectionCounts, TraceCollector

__all__ = ["Knowledge"]

_FORGOTTEN = frozenset({TenantForgotten.TOPIC})


class Knowledge:
    """Reads the log and analyses it, one task at a time; what takes long is done in threads.

    Where reading was cancelled it goes on behind the last page that was taken whole.
    """

    def __init__(self, store: EventStore, settings: AnalysisSettings) -> None:
        self._store = store
        self._settings = settings
        self._collector = TraceCollector(store)
        self._analyzer = PatternAnalyzer(settings)
        self._lock = threading.Lock()
        self._since: int = 0
        self._looked = 0
        self.position = 0
        """Up to where the log was read."""
        self.open = 0
        """Traces that had begun and not ended by then."""
        self.new_traces = 0
        """Traces with a known outcome that were taken behind the position that `catch_up` was last given."""

    @property
    def collected(self) -> CollectionCounts:
        """What was read, and what of it could not be used."""
        return self._collector.counts

    @property
    def agent_types(self) -> tuple[str, ...]:
        """The agent types that have traces."""
        return self._analyzer.agent_types

    def counts(self, agent_type: str) -> Counts:
        """The traces of an agent type: those that can be used, and the others by reason."""
        return self._analyzer.counts(agent_type)

    @property
    def traces(self) -> int:
        """All traces with a known outcome."""
        return sum(self._analyzer.traces(agent_type) for agent_type in self._analyzer.agent_types)

    async def catch_up(
        self, *, since: int = 0, progress: Callable[[int, int], None] | None = None, pause: float = 0.0
    ) -> None:
        """Read what is new; traces behind `since` count as new ones.

        `progress` is called with the position reached and the last one. After each page `pause` times its duration is
        waited, so that requests come first. Raises `StoreError`.
        """
        await self._forget()
        if since != self._since:
            self._since, self.new_traces = since, 0
        async with aclosing(self._collector.read(self.position)) as pages:
            started = anyio.current_time()
            async for page in pages:
                await anyio.to_thread.run_sync(self._take, page)
                if progress is not None:
                    progress(page.position, page.head)
                if pause:
                    await anyio.sleep(pause * (anyio.current_time() - started))
                started = anyio.current_time()

    async def _forget(self) -> None:
        """Begin anew where a tenant was forgotten: what is left in the log is all that counts."""
        head = await self._store.head()
        after, self._looked = self._looked, head
        if self.position and await self._store.run(lambda: self._is_forgotten(after, head)):
            await anyio.to_thread.run_sync(self._begin_anew)

    def _is_forgotten(self, after: int, head: int) -> bool:
        """Blocks."""
        return bool(self._store.read_page(after, _FORGOTTEN, 1, head)[0])

    def _begin_anew(self) -> None:
        """Blocks."""
        with self._lock:
            self._collector, self._analyzer = TraceCollector(self._store), PatternAnalyzer(self._settings)
            self.position = self._since = self.new_traces = 0

    def _take(self, page: CollectedPage) -> None:
        """Blocks; not interrupted by cancellation, so that a page is taken whole."""
        records = page.records
        with self._lock:
            old = [record for record in records if record.position <= self._since]
            self._analyzer.add(old)
            self.new_traces += self._analyzer.add(records[len(old) :])
            self.position, self.open = page.position, page.open

    async def analyze(self, agent_type: str, *, fresh: bool = False) -> Analysis:
        """The patterns of an agent type; see `PatternAnalyzer.analyze`. Cancellation ends it between two stages."""
        stop = threading.Event()

        def work() -> Analysis:
            with self._lock:
                return self._analyzer.analyze(agent_type, fresh=fresh, cancelled=stop.is_set)

        try:
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
        finally:
            stop.set()

    async def share(self, analyses: dict[str, Analysis]) -> dict[str, list[Shared]]:
        """What agent types take over from each other."""

        def work() -> dict[str, list[Shared]]:
            with self._lock:
                return share(analyses, self._analyzer.weigh, self._settings)

        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
