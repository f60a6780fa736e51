"""A bounded queue in front of the log, emptied by a thread of its own, so that whoever records waits for nothing."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio

from common.context import Owner
from common.errors import StoreError
from common.intents import StreamAppend
from common.logs import get_logger
from events.catalogue.request import OutcomeReported
from events.store import EventStore
from supervisor.learning.trace_building import build_trace
from supervisor.learning.trace_collector import collected_stream, outcome_stream

__all__ = ["Finished", "LogQueue", "QueueCounts"]

_log = get_logger(__name__)
_BATCH = 200
_AT_EXIT = 5.0
"""Seconds that the end of the interpreter is held up, at most, for what was not closed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A trace that ended: what `supervisor.learning.trace_building.build_trace` takes."""

    fields: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """What became of what was put."""

    waiting: int
    written: int
    dropped: int
    failed: int


_Item = Finished | OutcomeReported


class _State:
    """What the thread and its owner share."""

    def __init__(self, size: int) -> None:
        self.queue: queue.Queue[_Item | None] = queue.Queue(size)
        self.changed = threading.Condition()
        self.waiting = self.written = self.dropped = self.failed = 0
        self.closed = False


class LogQueue:
    """Writes traces and outcomes of one owner; the thread begins with the first of them."""

    def __init__(self, store: EventStore, owner: Owner, size: int) -> None:
        self._state = _State(size)
        self._run = partial(_run, self._state, store, owner)
        self._thread: threading.Thread | None = None
        self._finalizer = weakref.finalize(self, _stop, self._state)  # does not hold the queue, nor does the thread

    def counts(self) -> QueueCounts:
        """What became of what was put so far."""
        state = self._state
        with state.changed:
            return QueueCounts(state.waiting, state.written, state.dropped, state.failed)

    def put(self, item: _Item) -> None:
        """Have it written; dropped, and counted, when too much waits, and once closed."""
        state = self._state
        with state.changed:
            if state.closed:
                state.dropped += 1
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="trace-recorder", daemon=True)
                self._thread.start()
            try:
                state.queue.put_nowait(item)
            except queue.Full:
                state.dropped += 1
            else:
                state.waiting += 1

    def flush(self, timeout: float) -> bool:
        """Wait until nothing waits; False after `timeout` seconds."""
        end = time.monotonic() + timeout
        with self._state.changed:
            return self._state.changed.wait_for(lambda: not self._state.waiting, max(0.0, end - time.monotonic()))

    def close(self, timeout: float) -> bool:
        """Take nothing more and write what waits; False after `timeout` seconds."""
        with self._state.changed:
            self._state.closed = True
        done = self.flush(timeout)
        self._finalizer()
        if self._thread is not None:
            self._thread.join(timeout)
        return done


def _stop(state: _State) -> None:
    """End the thread once what waits is written; called when nobody holds the queue any more, too."""
    with state.changed:
        state.closed = True
        with contextlib.suppress(queue.Full):  # then the thread ends behind the last item
            state.queue.put_nowait(None)
        if not threading.main_thread().is_alive():  # the interpreter ends, and its threads with it
            state.changed.wait_for(lambda: not state.waiting, _AT_EXIT)


def _run(state: _State, store: EventStore, owner: Owner) -> None:
    last = False
    while not last:
        batch: list[_Item] = []
        item = state.queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) >= _BATCH or state.queue.empty():
                break
            item = state.queue.get()
        last = item is None
        written = 0
        try:
            written = anyio.run(_write, store, owner, batch)
        except Exception as error:  # the thread outlives whatever one batch does
            _log.error("traces could not be written: %s", error)
        with state.changed:
            state.waiting -= len(batch)
            state.written += written
            state.failed += len(batch) - written
            last = last or (state.closed and state.queue.empty())
            state.changed.notify_all()


async def _write(store: EventStore, owner: Owner, batch: Sequence[_Item]) -> int:
    """Append the items together; one by one where that fails. Returns how many are in the log."""
    appends: list[StreamAppend] = []
    for item in batch:
        try:
            appends.append(_append_of(item, owner))
        except Exception as error:
            _log.error("a trace can't be stored: %s", error)
    if not appends:
        return 0
    try:
        await store.append(appends, tenant=owner.tenant)
    except StoreError:
        if len(appends) == 1:
            raise
    else:
        return len(appends)
    written = 0
    for append in appends:
        try:
            await store.append([append], tenant=owner.tenant)
            written += 1
        except StoreError as error:
            _log.error("a trace could not be written: %s", error)
    return written


def _append_of(item: _Item, owner: Owner) -> StreamAppend:
    if isinstance(item, OutcomeReported):
        return StreamAppend(outcome_stream(item.trace_id), [item])
    trace = build_trace(item.fields, item.steps)
    return StreamAppend(collected_stream(owner.tenant, trace.trace_id), [trace], 0)
