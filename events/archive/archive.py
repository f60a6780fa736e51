"""The segments of a log: which there are, and the rows in them."""

from __future__ import annotations

import hashlib
import os
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Collection
from operator import itemgetter
from pathlib import Path

from common.errors import StoreUnavailable
from events.archive.layout import FOOTER_SIZE, DamagedSegment, Index, decode_block, read_footer
from events.archive.lru import Recent
from events.backend import Backend, Segment
from events.codec import StoredRow

__all__ = ["Archive", "SegmentUnreadable"]

_INDEXES = 32 * 1024 * 1024
_BLOCKS = 16 * 1024 * 1024
_CHUNK = 1024 * 1024
_position = itemgetter(0)
_TODO = "Put the file back, whole, from a copy of the archive folder; events verify names all that is missing."


class SegmentUnreadable(StoreUnavailable):
    """Raised when a segment file is missing, can't be read, or is not what was written.

    `segment` is what the log knows of it; `where` names the file.
    """

    def __init__(self, what: str, *, segment: Segment, where: str, todo: str = _TODO) -> None:
        super().__init__(what, where=where, todo=todo)
        self.segment = segment


class Archive:
    """Reads what was moved out of a log's table. All methods block and may be called from any thread.

    Files are opened for each read and not kept open, so that none can be closed under a reader's hands; what was read
    is kept: the last indexes (at most 32 MiB) and blocks (at most 16 MiB, as they are stored).
    """

    def __init__(self, backend: Backend, folder: Path | None) -> None:
        """`backend` knows the segments; `folder` is where the files are, None where none was named."""
        self.folder = folder
        self._backend = backend
        self._segments: tuple[Segment, ...] = ()
        self._lock = threading.Lock()
        self._indexes: Recent[str, Index] = Recent(_INDEXES)
        self._blocks: Recent[tuple[str, int], list[StoredRow]] = Recent(_BLOCKS)

    def segments(self) -> tuple[Segment, ...]:
        """All segments at this moment, in the order they were archived in."""
        known = self._segments
        added = self._backend.segments(known[-1].position if known else 0)
        if added:
            with self._lock:
                last = self._segments[-1].position if self._segments else 0
                self._segments += tuple(segment for segment in added if segment.position > last)
        return self._segments

    def between(self, after: int, until: int, topics: Collection[str] | None) -> list[Segment]:
        """The segments that may hold rows behind `after`, up to `until`, of these topics (None: all), in order."""
        among = [
            segment
            for segment in self.segments()
            if segment.last > after
            and segment.first <= until
            and (topics is None or not segment.topics or not set(segment.topics).isdisjoint(topics))
        ]
        return sorted(among, key=lambda segment: segment.first)

    def nearest(self, position: int) -> list[Segment]:
        """The segments that may hold rows before a position, those first that are likely to."""
        before = [segment for segment in self.segments() if segment.first < position]
        return sorted(before, key=lambda segment: (max(0, position - 1 - segment.last), segment.first))

    def page(
        self, segment: Segment, after: int, until: int, topics: Collection[str] | None, limit: int
    ) -> list[StoredRow]:
        """The first `limit` rows of a segment behind `after`, up to `until`, in order. Raises `SegmentUnreadable`."""
        index = self._index(segment)
        first = bisect_left(index.blocks, after + 1, key=lambda block: block.last)
        found: list[StoredRow] = []
        for number in range(first, len(index.blocks)):
            if len(found) >= limit or index.blocks[number].first > until:
                break
            rows = self._block(segment, index, number)
            rows = rows[bisect_right(rows, after, key=_position) : bisect_right(rows, until, key=_position)]
            found += rows if topics is None else [row for row in rows if row[3] in topics]
        return found[:limit]

    def stream(self, segment: Segment, stream: str, after_version: int) -> list[StoredRow]:
        """The rows of a stream in a segment, behind a version. Raises `SegmentUnreadable`."""
        index = self._index(segment)
        return [
            row
            for number in index.blocks_of(stream)
            for row in self._block(segment, index, number)
            if row[1] == stream and row[2] > after_version
        ]

    def check(self, segment: Segment) -> None:
        """Read the whole file and compare it with what was written. Raises `SegmentUnreadable`."""
        hashed = hashlib.sha256()
        try:
            with self._path(segment).open("rb") as file:
                if os.fstat(file.fileno()).st_size != segment.size:
                    raise self._wrong_size(segment, os.fstat(file.fileno()).st_size)
                while chunk := file.read(_CHUNK):
                    hashed.update(chunk)
        except OSError as error:
            raise self._failed(segment, error) from error
        if hashed.hexdigest() != segment.digest:
            raise self._unreadable(segment, "the segment file was changed: its digest is another")

    def _index(self, segment: Segment) -> Index:
        return self._indexes.get(segment.name, lambda: self._read_index(segment))

    def _read_index(self, segment: Segment) -> tuple[Index, int]:
        try:
            with self._path(segment).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size != segment.size:
                    raise self._wrong_size(segment, size)
                footer = read_footer(os.pread(file.fileno(), FOOTER_SIZE, max(0, size - FOOTER_SIZE)))
                index = Index.decode(footer, os.pread(file.fileno(), footer.size, footer.offset))
        except OSError as error:
            raise self._failed(segment, error) from error
        except DamagedSegment as error:
            raise self._unreadable(segment, f"the segment file was changed: {error}") from None
        if index.identity != self._backend.identity:
            raise self._unreadable(segment, "the segment file is of another log")
        return index, 1_000 + 200 * len(index.blocks) + 8 * len(index.places)

    def _block(self, segment: Segment, index: Index, number: int) -> list[StoredRow]:
        return self._blocks.get((segment.name, number), lambda: self._read_block(segment, index, number))

    def _read_block(self, segment: Segment, index: Index, number: int) -> tuple[list[StoredRow], int]:
        block = index.blocks[number]
        try:
            with self._path(segment).open("rb") as file:
                rows = decode_block(block, os.pread(file.fileno(), block.size, block.offset))
        except OSError as error:
            raise self._failed(segment, error) from error
        except DamagedSegment as error:
            raise self._unreadable(segment, f"the segment file was changed: {error}") from None
        return rows, block.raw_size

    def _path(self, segment: Segment) -> Path:
        if self.folder is None:
            what = "events of this log are in an archive, and no archive folder is named"
            raise SegmentUnreadable(what, segment=segment, where=segment.name, todo="Name it (store.archive).")
        return self.folder / segment.name

    def _failed(self, segment: Segment, error: OSError) -> SegmentUnreadable:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return self._unreadable(segment, "the segment file is missing")
        return self._unreadable(segment, f"the segment file can't be read: {error.strerror or error}")

    def _wrong_size(self, segment: Segment, size: int) -> SegmentUnreadable:
        told = "was cut short" if size < segment.size else "was changed"
        return self._unreadable(segment, f"the segment file {told}: it has {size:,} bytes of {segment.size:,}")

    def _unreadable(self, segment: Segment, what: str) -> SegmentUnreadable:
        return SegmentUnreadable(what, segment=segment, where=str(self._path(segment)))
