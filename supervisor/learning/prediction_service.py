"""Keeps the predictions of a running supervisor current: reads the log in the background, learns, replaces."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import anyio
import anyio.to_thread

from common.logs import get_logger
from events.catalogue.log import TenantForgotten
from events.store import EventStore
from supervisor.learning.forecast import Forecast
from supervisor.learning.prediction import Example, SuccessPredictor
from supervisor.learning.prediction_files import PredictionFiles
from supervisor.learning.trace_collector import TraceCollector

__all__ = ["Predictions"]

_log = get_logger(__name__)
_SETTLE = 20.0
"""Seconds that a supervisor runs before it reads for predictions: a command that answers and ends never does."""
_SLICE = 2.0
"""Seconds of reading in one step."""
_KEEP = 60.0
"""Seconds between two writings of what was counted; what was learned is written at once."""
_FORGOTTEN = frozenset({TenantForgotten.TOPIC})


class Predictions:
    """What requests are predicted by: `current` is replaced, never changed, and asking it waits for nothing.

    `folder` is where it is kept between runs; what is there was checked and is only a cache of the log. When a tenant
    was forgotten, all is learned anew from what is left.
    """

    def __init__(self, store: EventStore, folder: Path | None, *, monotonic: Callable[[], float] = time.monotonic):
        self._store = store
        self._files = None if folder is None else PredictionFiles(folder, store.backend.identity)
        self._predictor: SuccessPredictor | None = None
        self._collector = TraceCollector(store)
        self._position = 0
        self._written = 0
        self._monotonic = monotonic
        self._since = monotonic()
        self._kept_at = 0.0
        self._lock = anyio.Lock()
        self.current = Forecast()

    async def load(self) -> None:
        """Take what an earlier process kept, for requests; nothing where there is none."""
        if self._files is not None:
            self.current = await anyio.to_thread.run_sync(self._files.forecast)

    async def step(self) -> None:
        """One step of the loop: some of what is new in the log. Raises `StoreError`."""
        if self._monotonic() - self._since >= _SETTLE:
            await self._refresh(_SLICE, at_once=False)

    async def refresh(self, seconds: float | None = None) -> int:
        """Take in what is new in the log, and keep it; the number of judged runs that are known.

        What words and steps add is learned where enough runs are new. After so many `seconds` of reading the rest is
        left for the next time. Raises `StoreError`.
        """
        return await self._refresh(seconds, at_once=True)

    def examples(self) -> Mapping[str, Example]:
        """The judged runs that are learned from, as they are now."""
        return {} if self._predictor is None else dict(self._predictor.examples())

    async def _refresh(self, seconds: float | None, *, at_once: bool) -> int:
        async with self._lock:
            predictor = await self._opened()
            predictor, whole = await self._read(predictor, seconds)
            learned = whole and predictor.due and await anyio.to_thread.run_sync(predictor.learn)
            self.current = predictor.forecast
            if self._files is not None and self._worth_keeping(at_once or learned):
                await self._keep(self._files, predictor)
            return len(predictor)

    def _worth_keeping(self, at_once: bool) -> bool:
        if self._written == self._position or self.current.empty:
            return False
        return at_once or self._monotonic() - self._kept_at >= _KEEP

    async def _opened(self) -> SuccessPredictor:
        if self._predictor is None:
            kept = None if self._files is None else await anyio.to_thread.run_sync(self._files.window)
            if kept is not None and kept.position <= await self._store.head():
                self._predictor, self._position = kept.predictor, kept.position
                self._written = kept.position
            else:
                self._predictor = SuccessPredictor()
        return self._predictor

    async def _read(self, predictor: SuccessPredictor, seconds: float | None) -> tuple[SuccessPredictor, bool]:
        """The predictor with what is new, and whether that is all; one made anew where a tenant was forgotten."""
        head = await self._store.head()
        if self._position and await self._store.run(lambda: self._forgotten(head)):
            predictor = self._predictor = SuccessPredictor()
            self._collector, self._position, self._written = TraceCollector(self._store), 0, 0
            self.current = Forecast()
            if self._files is not None:
                await anyio.to_thread.run_sync(self._files.remove)
        until = None if seconds is None else self._monotonic() + seconds
        pages = self._collector.read(self._position, head)
        try:
            async for page in pages:
                await anyio.to_thread.run_sync(predictor.update, page.records)
                self._position = page.position
                if until is not None and self._monotonic() >= until:
                    break
        finally:
            await pages.aclose()
        return predictor, self._position >= head

    def _forgotten(self, head: int) -> bool:
        """Blocks."""
        events, _ = self._store.read_page(self._position, _FORGOTTEN, 1, head)
        return bool(events)

    async def _keep(self, files: PredictionFiles, predictor: SuccessPredictor) -> None:
        try:
            await anyio.to_thread.run_sync(files.write, predictor, self._position)
        except OSError as error:
            _log.warning("what was learned for predictions could not be kept: %s", error)
        self._written, self._kept_at = self._position, self._monotonic()
