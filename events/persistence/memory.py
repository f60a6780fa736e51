"""The log in memory, on the library's plain-object recorder: for tests and for hosts that keep nothing."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager

from eventsourcing.persistence import StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from events.backend import Head, NewRow, Page, Transaction, ViewDatabase, Watch
from events.codec import StoredRow
from events.ownership import FileOwnership, Ownership
from events.persistence.pages import read_page
from events.persistence.polling import Polling
from events.persistence.sqlite_views import SQLiteViews

__all__ = ["MemoryBackend"]


class _Writing:
    """One write transaction; implements `events.backend.Transaction`."""

    def __init__(self, heads: Mapping[str, Head], last: int) -> None:
        self._heads = heads
        self._last = last
        self.rows: list[NewRow] = []
        self.staged: dict[str, Head] = {}

    def heads(self, streams: Collection[str]) -> dict[str, Head]:
        return {stream: self._heads.get(stream, Head(0, None)) for stream in streams}

    def insert(self, rows: Sequence[NewRow], heads: Mapping[str, Head]) -> int:
        first = self.last_position() + 1
        self.rows.extend(rows)
        self.staged.update(heads)
        return first

    def last_position(self) -> int:
        return self._last + len(self.rows)


class MemoryBackend:
    """Implements `events.backend.Backend`; gone with the process."""

    gapless = True

    def __init__(self) -> None:
        self.product = "memory"
        self.identity = uuid.uuid4().hex
        self._recorder = POPOApplicationRecorder()
        self._heads: dict[str, Head] = {}
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Begin to write."""
        with self._lock:
            writing = _Writing(self._heads, self.head())
            yield writing
            if writing.rows:
                self._recorder.insert_events(
                    [StoredEvent(stream, version, topic, stored) for stream, version, topic, stored in writing.rows]
                )
                self._heads.update(writing.staged)

    def read(self, stream: str, after_version: int) -> list[StoredRow]:
        """The rows of a stream in order; their positions are looked up in the log."""
        with self._lock:
            if stream not in self._heads:
                return []
            found = self._recorder.select_events(stream, gt=after_version)
            positions = self._recorder._stored_events_index[stream]  # pyright: ignore[reportPrivateUsage]
            return [
                (positions[event.originator_version] + 1, stream, event.originator_version, event.topic, event.state)
                for event in found
            ]

    def page(self, after: int, topics: Collection[str] | None, limit: int, until: int | None = None) -> Page:
        """At most `limit` rows behind a position."""
        return read_page(self._recorder, after, topics, limit, until)

    def version(self, stream: str) -> int:
        """The version of a stream."""
        head = self._heads.get(stream)
        return head.version if head else 0

    def head(self) -> int:
        """The last position."""
        return self._recorder.max_notification_id() or 0

    def issued(self) -> int:
        """The highest position that was ever given out."""
        return self.head()

    def views(self) -> ViewDatabase:
        """Open the views' database, in memory too."""
        return SQLiteViews(None, 5.0, self.identity)

    def watch(self, told: Callable[[int], None]) -> Watch:
        """Those who follow look by themselves; `told` is never called."""
        return Polling()

    def ownership(self) -> Ownership:
        """Become an owner, which nobody else can see."""
        return FileOwnership.acquire(None)

    def close(self) -> None:
        """Nothing is held."""
