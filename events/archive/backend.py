"""A log whose closed traces may be in segment files; whoever reads it need not know.

Always the rows of the table first, then the segments, merged by position: what is moved in between is then in both,
and in neither at no moment. Positions and versions have no gaps, so where the table gives none nothing else is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from events.archive.archive import Archive, SegmentUnreadable
from events.backend import Backend, Page, Segment, Transaction, ViewDatabase, Watch
from events.codec import StoredRow
from events.ownership import Ownership

__all__ = ["ArchivedBackend"]


class ArchivedBackend:
    """Implements `events.backend.Backend` over another one and the segments that it knows of.

    Reads raise `SegmentUnreadable` where they need a file that is missing or not what was written.
    """

    def __init__(
        self, backend: Backend, folder: Path | None, *, unreadable: dict[str, SegmentUnreadable] | None = None
    ):
        """`folder` is where the files are. With `unreadable`, files that can't be read are noted there and left out."""
        self.table = backend
        self.archive = Archive(backend, folder)
        self.product = backend.product
        self.identity = backend.identity
        self.gapless = backend.gapless
        self.unreadable = unreadable

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin to write."""
        return self.table.transaction()

    def read(self, stream: str, after_version: int) -> list[StoredRow]:
        """The rows of a stream in order."""
        rows = self.table.read(stream, after_version)
        # the last row of a stream is always in the table, so nothing is missing behind the rows
        if not rows or rows[-1][2] - after_version == len(rows):
            return rows
        found = {row[2]: row for row in rows}
        missing = rows[-1][2] - after_version - len(rows)
        for segment in self.archive.nearest(rows[-1][0]):
            for row in self._of(segment, partial(self.archive.stream, segment, stream, after_version)):
                if row[2] not in found:
                    found[row[2]] = row
                    missing -= 1
            if not missing:
                break
        return [found[version] for version in sorted(found)]

    def page(self, after: int, topics: Collection[str] | None, limit: int, until: int | None = None) -> Page:
        """At most `limit` rows behind a position, of these topics (None: all), up to `until`."""
        page = self.table.page(after, topics, limit, until)
        reached = page.scanned_to
        if reached <= after or (topics is None and len(page.rows) == reached - after):
            return page
        rows = page.rows
        for segment in self.archive.between(after, reached, topics):
            if segment.first > reached:
                break
            rows = _merged(rows, self._of(segment, partial(self.archive.page, segment, after, reached, topics, limit)))
            del rows[limit:]
            if len(rows) == limit:
                reached = rows[-1][0]  # what is behind is on the next page, whatever holds it
        return Page(rows, reached)

    def _of(self, segment: Segment, rows: Callable[[], list[StoredRow]]) -> list[StoredRow]:
        """Rows of a segment; none where it can't be read and that is only to be noted."""
        if self.unreadable is None:
            return rows()
        if segment.name not in self.unreadable:
            try:
                return rows()
            except SegmentUnreadable as error:
                self.unreadable[segment.name] = error
        return []

    def version(self, stream: str) -> int:
        """The version of a stream."""
        return self.table.version(stream)

    def blob(self, name: str) -> bytes | None:
        """The stored bytes of a blob."""
        return self.table.blob(name)

    def head(self) -> int:
        """The last position; that row is in the table, for what archives others appends an event."""
        return self.table.head()

    def faults(self) -> list[str]:
        """What the database itself finds wrong with its files."""
        return self.table.faults()

    def issued(self) -> int:
        """The highest position that was ever given out."""
        return self.table.issued()

    def segments(self, after: int) -> list[Segment]:
        """The segments that were told of behind a position."""
        return self.table.segments(after)

    def compact(self) -> int:
        """Give room that removed rows left back to the file system."""
        return self.table.compact()

    def views(self) -> ViewDatabase:
        """Open the database of the views."""
        return self.table.views()

    def watch(self, told: Callable[[int], None]) -> Watch:
        """Listen for appends."""
        return self.table.watch(told)

    def ownership(self) -> Ownership:
        """Become an owner among the processes that share the log."""
        return self.table.ownership()

    def close(self) -> None:
        """Let the database go."""
        self.table.close()


def _merged(rows: list[StoredRow], others: list[StoredRow]) -> list[StoredRow]:
    """Rows in the order of positions, those that are in both once."""
    by_position = {row[0]: row for row in others}
    by_position.update((row[0], row) for row in rows)
    return [by_position[position] for position in sorted(by_position)]
