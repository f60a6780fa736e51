"""Group commit: one thread takes what waits and commits it in one transaction; callers are told after the commit."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.errors import StoreError, StoreUnavailable
from common.logs import get_logger
from events.backend import Backend, Transaction
from events.cipher import Cipher
from events.commit import Append, commit_batch
from events.pending import Pending, Wakeup, wake
from events.room import Room

__all__ = ["Job", "Writer"]

_log = get_logger(__name__)
_BATCH_EVENTS = 2_000
_BATCH_BYTES = 16 * 1024 * 1024
_STEP = 0.002
"""Seconds after which the writer looks whether more has come that shares its next commit."""
_PATIENCE = 4.0
"""How many times as long as the commit before it waits for more at most; where commits are cheap it does not wait."""
_LONGEST = 0.01
"""Seconds that it waits at most."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something else to be done in a write transaction of its own, in its turn; returns a position."""

    work: Callable[[Transaction], int]
    pending: Pending


class Writer:
    """Owns the thread that writes. `committed` is called on it with the last position after every commit."""

    def __init__(
        self, backend: Backend, room: Room, committed: Callable[[int], None], cipher: Cipher | None = None
    ) -> None:
        self._backend = backend
        self._cipher = cipher
        self._room = room
        self._committed = committed
        self._queue: queue.SimpleQueue[Append | Job | None] = queue.SimpleQueue()
        self._entry = threading.Lock()
        self._stopping = False
        self._ended = False
        self._afterwards: Callable[[], None] | None = None
        self._shared = 1
        """How many appends the last commit was of."""
        self._took = 0.0
        """The seconds that it took."""
        self._thread = threading.Thread(target=self._run, name="event-store-writer", daemon=True)
        self._thread.start()

    def put(self, item: Append | Job) -> None:
        """Queue something; what is put first is committed first. Raises `StoreUnavailable` once stopping."""
        with self._entry:
            if self._stopping:
                raise StoreUnavailable("the event store is closed", where="append", todo="Open it again.")
            self._queue.put(item)

    def stop(self) -> None:
        """Take nothing more; what is queued is still committed. Does not wait."""
        with self._entry:
            if not self._stopping:
                self._stopping = True
                self._queue.put(None)

    def join(self, timeout: float) -> bool:
        """Wait, blocking, until everything queued is settled; False when `timeout` seconds were not enough."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def afterwards(self, work: Callable[[], None]) -> None:
        """Have something done once everything queued is settled, by the thread that is behind."""
        with self._entry:
            if not self._ended:
                self._afterwards = work
                return
        work()

    def _run(self) -> None:
        last = False
        while not last:
            batch, last = self._take()
            self._work(batch)
        with self._entry:
            self._ended = True
        if self._afterwards is not None:
            self._afterwards()

    def _take(self) -> tuple[list[Append | Job], bool]:
        """What waits, in order and up to a bound; and whether it is the last."""
        batch: list[Append | Job] = []
        events = size = 0
        item = self._queue.get()
        if item is not None:
            self._linger()
        while item is not None:
            batch.append(item)
            if isinstance(item, Append):
                events, size = events + item.events, size + item.size
            if events >= _BATCH_EVENTS or size >= _BATCH_BYTES:
                return batch, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _linger(self) -> None:
        """Wait while more comes that can share the commit, up to as many appends as shared the one before.

        A commit costs the same whatever is in it, and this thread costs those who append the interpreter. Who appends
        alone never waits here.
        """
        left = min(_PATIENCE * self._took, _LONGEST)
        seen = -1
        while left >= _STEP and seen < (waiting := self._queue.qsize()) and waiting + 1 < self._shared:
            seen = waiting
            left -= _STEP
            time.sleep(_STEP)

    def _work(self, batch: Sequence[Append | Job]) -> None:
        appends: list[Append] = []
        for item in batch:
            if isinstance(item, Append):
                if item.pending.take():
                    appends.append(item)
                else:
                    wake(self._room.give(item.events, item.size))
            else:
                self._commit(appends)
                appends = []
                if item.pending.take():
                    self._do(item)
        self._commit(appends)

    def _commit(self, appends: Sequence[Append]) -> None:
        if not appends:
            return
        for append in appends:
            for blob in append.blobs:
                blob.pack()  # which is slow, and keeps nobody from the log here
        if self._cipher is not None:  # the same goes for the key service
            self._cipher.prepare({append.tenant for append in appends if append.is_personal})
        began = time.monotonic()
        try:
            with self._backend.transaction() as transaction:
                outcomes = commit_batch(transaction, appends, self._cipher)
        except StoreUnavailable as error:
            copies = [StoreUnavailable(error.what, where=error.where, todo=error.todo) for _ in appends]
            self._settle(list(zip(appends, copies, strict=True)))
            return
        except Exception as error:
            if len(appends) > 1:  # only the guilty one is to fail
                for append in appends:
                    self._commit([append])
            else:
                self._settle([(appends[0], _told(error))])
            return
        self._shared, self._took = len(appends), time.monotonic() - began
        positions = [outcome for outcome in outcomes.values() if isinstance(outcome, int)]
        if positions:
            self._committed(max(positions))
        self._settle([(append, outcomes[index]) for index, append in enumerate(appends)])

    def _do(self, job: Job) -> None:
        try:
            with self._backend.transaction() as transaction:
                position = job.work(transaction)
        except Exception as error:
            self._settle([(job, _told(error))])
            return
        self._committed(position)
        self._settle([(job, position)])

    def _settle(self, outcomes: Sequence[tuple[Append | Job, int | StoreError]]) -> None:
        wakeups: list[Wakeup] = []
        for item, outcome in outcomes:
            wakeups += item.pending.settle(outcome)
            if isinstance(item, Append):
                wakeups += self._room.give(item.events, item.size)
        wake(wakeups)


def _told(error: Exception) -> StoreError:
    """What the caller is told; a fault of ours is logged, and the thread outlives it."""
    if isinstance(error, StoreError):
        return error
    _log.error("the event store's writer failed", exc_info=error)
    return StoreError(f"the event store failed: {type(error).__name__}: {error}", where="writer")
