"""Moves closed traces, and the samples of monitoring, out of the table into segment files.

A file is written, forced to the disk and read back first. Then one transaction of the log's writer appends the event
that tells of it, registers it and removes the rows. Whatever ends a run in between leaves a file that nobody knows,
which the next run removes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import anyio

from common.clock import Clock, SystemClock
from common.errors import StoreError, StoreUnavailable
from events.archive.archive import Archive
from events.archive.backend import ArchivedBackend
from events.archive.segment_writer import NewSegment, orphans, remove_orphan, write_segment
from events.backend import Transaction
from events.catalogue.log import SegmentArchived
from events.catalogue.system import SystemSampled
from events.catalogue.trace import TraceEnded, TraceStarted
from events.codec import Codec, DamagedFrame, StoredRow, digest, unframe
from events.commit import append_within
from events.damage import is_whole
from events.projection import Progress
from events.recorded import Unknown
from events.store import EventStore

__all__ = ["STREAM", "Archived", "archive_log"]

STREAM = "log/archive"
"""The stream that tells of segments."""
_ROWS = 20_000
"""How many rows a segment has, give or take a trace: removing them holds up other writers for a tenth of a second."""
_BYTES = 32 * 1024 * 1024
_PAGE = 500
_SECONDS = 60.0
_PREFIX = "trace/"


@dataclass(frozen=True, slots=True)
class Archived:
    """What a run did: `events` of `streams` traces, and `samples`, are in `segments` new files now.

    `stored` are the bytes that the events had in the table, `size` those of the files. `kept` counts closed traces that
    stayed, for they hold events that are damaged or of a kind or version that only a newer program knows. By `freed`
    bytes the database's file is smaller.
    """

    before: int
    segments: int = 0
    events: int = 0
    streams: int = 0
    stored: int = 0
    size: int = 0
    kept: int = 0
    freed: int = 0
    samples: int = 0


async def archive_log(
    store: EventStore, before: int, progress: Progress | None = None, *, clock: Clock | None = None, rows: int = _ROWS
) -> Archived:
    """Move every event but the last of the traces that ended at position `before` or earlier, and samples till then.

    Reads, appends and other runs may go on meanwhile; a run that was ended early is finished by the next one. A file
    holds about `rows` rows. `progress` is called with the position that was reached and with `before`. Raises
    `StoreError` where the store has no archive folder, and `StoreUnavailable` where a file or the database can't be
    written; what was moved until then is moved.
    """
    run = _Run(store, before, clock or SystemClock(), rows)
    await run.remove_orphans()
    while await run.step():
        if progress is not None:
            progress(run.reached, before)
    return run.done


class Overtaken(StoreError):
    """Raised when rows that were to be moved are no longer in the table: another run has moved them."""


class _Run:
    def __init__(self, store: EventStore, before: int, clock: Clock, rows: int) -> None:
        backend = store.backend
        folder = backend.archive.folder if isinstance(backend, ArchivedBackend) else None
        if not isinstance(backend, ArchivedBackend) or folder is None:
            raise StoreError(
                "no folder is named to archive to", where="store.archive", todo="Name one that all processes share."
            )
        self._store = store
        self._table = backend.table
        self._folder = folder
        self._clock = clock
        self._collector = _Collector(backend, store.codec, before, rows)
        self.done = Archived(before)

    @property
    def reached(self) -> int:
        """How far the log was looked through."""
        return self._collector.reached

    async def step(self) -> bool:
        """Move one segment; False when there is nothing left to move."""
        batch = await self._store.run(self._collector.collect)
        self.done = replace(self.done, kept=self._collector.kept)
        if not batch.rows:
            return False
        new = await self._store.run(lambda: self._write(batch.rows))
        try:
            with anyio.CancelScope(shield=True):  # who is told of the end removes the file or keeps it
                await self._register(new, batch)
        except Overtaken:
            self._collector.again(batch)
            return True
        done, segment = self.done, new.segment
        self.done = replace(
            done,
            segments=done.segments + 1,
            events=done.events + (0 if batch.of_samples else segment.events),
            streams=done.streams + (0 if batch.of_samples else batch.streams),
            samples=done.samples + (segment.events if batch.of_samples else 0),
            stored=done.stored + sum(len(row[4]) for row in batch.rows),
            size=done.size + segment.size,
        )
        return True

    def _write(self, rows: list[StoredRow]) -> NewSegment:
        new = write_segment(self._folder, self._table.identity, rows)
        try:
            archive = Archive(self._table, self._folder)
            archive.check(new.segment)
            if archive.page(new.segment, 0, new.segment.last, None, len(rows) + 1) != rows:
                raise StoreUnavailable("a segment file is not what was written", where=new.segment.name)
        except BaseException:
            new.discard()
            raise
        return new

    async def _register(self, new: NewSegment, batch: _Batch) -> None:
        def move(transaction: Transaction) -> int:
            return _move(transaction, self._store.codec, new, batch, self._clock)

        try:
            await self._store.execute(move, timeout=_SECONDS)
        except Overtaken:
            new.discard()
            raise
        except StoreError:
            await self._settle(new)
            raise
        new.release()

    async def _settle(self, new: NewSegment) -> None:
        """Remove the file unless the log has taken note of it after all; in the writer's turn, when that is decided."""

        def look(transaction: Transaction) -> int:
            if new.segment.name not in self._names():
                new.discard()
            return transaction.last_position()

        try:
            await self._store.execute(look, timeout=_SECONDS)
        except StoreError:
            return  # the next run looks again
        finally:
            new.release()

    async def remove_orphans(self) -> None:
        """Remove the files of runs that were ended before the log took note of them."""

        def find() -> bool:
            names = self._names()
            return bool(orphans(self._folder, self._table.identity, names.__contains__))

        def remove(transaction: Transaction) -> int:
            for path in orphans(self._folder, self._table.identity, self._names().__contains__):
                remove_orphan(path)
            return transaction.last_position()

        if await self._store.run(find):
            await self._store.execute(remove, timeout=_SECONDS)

    def _names(self) -> set[str]:
        return {segment.name for segment in self._table.segments(0)}


def _move(transaction: Transaction, codec: Codec, new: NewSegment, batch: _Batch, clock: Clock) -> int:
    """The transaction: event, registration and removal, all or nothing."""
    segment = new.segment
    if not new.exists:
        raise StoreUnavailable("the new segment file is gone", where=segment.name, todo="Nothing was moved.")
    event = SegmentArchived(
        segment=segment.name,
        digest=segment.digest,
        size=segment.size,
        first=segment.first,
        last=segment.last,
        events=segment.events,
        streams=batch.streams,
    )
    draft = codec.draft(event)
    outcome = append_within(transaction, STREAM, draft, clock.now())
    positions = [row[0] for row in batch.rows]
    if transaction.move(positions, replace(segment, position=outcome)) != len(positions):
        raise Overtaken("the events were archived by another run", where=STREAM)
    return outcome


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows for one segment, in the order of positions, and how many streams they are of.

    `after` is the position behind which they were looked for.
    """

    rows: list[StoredRow]
    streams: int
    after: int
    of_samples: bool = False


class _Collector:
    """Finds closed traces in the table, whose first events are still there, then samples; its methods block."""

    def __init__(self, backend: ArchivedBackend, codec: Codec, before: int, rows: int) -> None:
        self._table = backend.table
        self._codec = codec
        self._before = before
        self._rows = rows
        self._kept: set[str] = set()
        self._sampled = 0
        self.reached = 0

    @property
    def kept(self) -> int:
        """How many closed traces can't be moved."""
        return len(self._kept)

    def again(self, batch: _Batch) -> None:
        """Look once more from where a batch began."""
        if batch.of_samples:
            self._sampled = batch.after
        else:
            self.reached = batch.after

    def collect(self) -> _Batch:
        """The rows of the next segment; none when there is nothing left."""
        batch = self._traces()
        return batch if batch.rows else self._samples()

    def _samples(self) -> _Batch:
        """Samples that are not the last of their stream: who appends to it needs that one."""
        after, rows, size = self._sampled, list[StoredRow](), 0
        lasts: dict[str, int] = {}
        last = False
        while not last and len(rows) < self._rows and size < _BYTES:
            page = self._table.page(self._sampled, {SystemSampled.TOPIC}, _PAGE, self._before)
            last = len(page.rows) < _PAGE
            self._sampled = page.rows[-1][0] if page.rows and not last else page.scanned_to
            for row in page.rows:
                if row[1] not in lasts:
                    lasts[row[1]] = self._table.version(row[1])
                if row[2] < lasts[row[1]] and self._is_sound(row):
                    rows.append(row)
                    size += len(row[4])
        return _Batch(rows, len({row[1] for row in rows}), after, of_samples=True)

    def _is_sound(self, row: StoredRow) -> bool:
        """Whether an event can be read."""
        return is_whole(row) and not isinstance(self._codec.decode(row).event, Unknown)

    def _traces(self) -> _Batch:
        """The rows of closed traces."""
        after, rows, streams, size = self.reached, list[StoredRow](), 0, 0
        last = False
        while not last:
            page = self._table.page(self.reached, {TraceStarted.TOPIC}, _PAGE, self._before)
            last = len(page.rows) < _PAGE
            for first in page.rows:
                movable = self._movable(first[1])
                rows += movable
                streams += bool(movable)
                size += sum(len(row[4]) for row in movable)
                self.reached = first[0]
                if len(rows) >= self._rows or size >= _BYTES:
                    return _Batch(sorted(rows), streams, after)
            self.reached = page.scanned_to
        return _Batch(sorted(rows), streams, after)

    def _movable(self, stream: str) -> list[StoredRow]:
        """What of a stream is moved: all but the last event, where it is a closed trace and whole."""
        if not stream.startswith(_PREFIX):
            return []
        rows = self._table.read(stream, 0)
        if len(rows) < 2 or rows[-1][3] != TraceEnded.TOPIC or rows[-1][0] > self._before:
            return []
        if not self._is_whole(rows):
            self._kept.add(stream)
            return []
        return rows[:-1]

    def _is_whole(self, rows: Sequence[StoredRow]) -> bool:
        """Whether the versions and the chain of hashes hold, and every event can be read."""
        previous: str | None = None
        for number, row in enumerate(rows, 1):
            if not is_whole(row):
                return False
            _, stream, version, topic, stored = row
            try:
                if version != number or unframe(stream, version, topic, stored).previous != previous:
                    return False
            except DamagedFrame:
                return False
            if isinstance(self._codec.decode(row).event, Unknown):
                return False
            previous = digest(stream, version, topic, stored)
        return True
