"""The log in memory, on the library's plain-object recorder: for tests and for hosts that keep nothing."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from events.backend import BlobRow, Head, NewRow, Page, Segment, Transaction, ViewDatabase, Watch
from events.codec import StoredRow
from events.ownership import FileOwnership, Ownership
from events.persistence.pages import read_page
from events.persistence.polling import Polling
from events.persistence.sqlite_views import SQLiteViews

__all__ = ["MemoryBackend"]


_GONE = StoredEvent("", 0, "", b"")
"""Stands in the list of events where one was moved away, so that the others keep their places."""


class _Recorder(POPOApplicationRecorder):
    """Events can be removed."""

    def remove(self, positions: Collection[int]) -> None:
        """Remove the events at these positions."""
        with self._database_lock:
            for position in positions:
                gone = self._stored_events[position - 1]
                self._stored_events[position - 1] = _GONE
                del self._stored_events_index[str(gone.originator_id)][gone.originator_version]

    def count(self, positions: Collection[int]) -> int:
        """How many of the events at these positions are there."""
        with self._database_lock:
            return sum(self._stored_events[position - 1] is not _GONE for position in positions)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Like the base class, which knows no removed events."""
        with self._database_lock:
            first = 0 if start is None else max(start - inclusive_of_start, 0)
            last = len(self._stored_events) if stop is None else min(stop, len(self._stored_events))
            among = ((place + 1, self._stored_events[place]) for place in range(first, last))
            found = (
                Notification(
                    id=position,
                    originator_id=event.originator_id,
                    originator_version=event.originator_version,
                    topic=event.topic,
                    state=event.state,
                )
                for position, event in among
                if event is not _GONE and (not topics or event.topic in topics)
            )
            return list(islice(found, limit))


class _Writing:
    """One write transaction; implements `events.backend.Transaction`."""

    def __init__(self, heads: Mapping[str, Head], last: int, count: Callable[[Sequence[int]], int]) -> None:
        self._heads = heads
        self._last = last
        self._count = count
        self.rows: list[NewRow] = []
        self.blobs: list[BlobRow] = []
        self.moved: list[tuple[Sequence[int], Segment]] = []
        self.staged: dict[str, Head] = {}

    def heads(self, streams: Collection[str]) -> dict[str, Head]:
        return {stream: self._heads.get(stream, Head(0, None)) for stream in streams}

    def insert(self, rows: Sequence[NewRow], heads: Mapping[str, Head]) -> int:
        first = self.last_position() + 1
        self.rows.extend(rows)
        self.staged.update(heads)
        return first

    def insert_blobs(self, blobs: Sequence[BlobRow]) -> None:
        self.blobs.extend(blobs)

    def move(self, positions: Sequence[int], segment: Segment) -> int:
        self.moved.append((positions, segment))
        return self._count(positions)

    def last_position(self) -> int:
        return self._last + len(self.rows)


class MemoryBackend:
    """Implements `events.backend.Backend`; gone with the process."""

    gapless = True

    def __init__(self) -> None:
        self.product = "memory"
        self.identity = uuid.uuid4().hex
        self._recorder = _Recorder()
        self._heads: dict[str, Head] = {}
        self._blobs: dict[str, bytes] = {}
        self._segments: list[Segment] = []
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Begin to write."""
        with self._lock:
            writing = _Writing(self._heads, self.head(), self._recorder.count)
            yield writing
            if writing.rows:
                self._recorder.insert_events(
                    [StoredEvent(stream, version, topic, stored) for stream, version, topic, stored in writing.rows]
                )
                self._heads.update(writing.staged)
            for name, stored in writing.blobs:
                self._blobs.setdefault(name, stored)
            for positions, segment in writing.moved:
                self._segments.append(segment)
                self._recorder.remove(positions)

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
        return read_page(self.head(), self._select, after, topics, limit, until)

    def _select(self, after: int, stop: int, topics: Sequence[str], limit: int) -> list[StoredRow]:
        found = self._recorder.select_notifications(after, limit, stop, topics, inclusive_of_start=False)
        return [
            (event.id, str(event.originator_id), event.originator_version, event.topic, event.state) for event in found
        ]

    def version(self, stream: str) -> int:
        """The version of a stream."""
        head = self._heads.get(stream)
        return head.version if head else 0

    def blob(self, name: str) -> bytes | None:
        """The stored bytes of a blob."""
        return self._blobs.get(name)

    def head(self) -> int:
        """The last position."""
        return self._recorder.max_notification_id() or 0

    def faults(self) -> list[str]:
        """Nothing: there are no files."""
        return []

    def issued(self) -> int:
        """The highest position that was ever given out."""
        return self.head()

    def segments(self, after: int) -> list[Segment]:
        """The segments that were told of behind a position."""
        with self._lock:
            return [segment for segment in self._segments if segment.position > after]

    def compact(self) -> int:
        """There is no file."""
        return 0

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
