"""What verification has to know of the archive: which files are not what was written, and what that explains."""

from __future__ import annotations

from collections.abc import Iterator

from events.archive.archive import SegmentUnreadable
from events.archive.backend import ArchivedBackend
from events.archive.run import STREAM
from events.backend import Backend, Segment
from events.catalogue.log import SegmentArchived

__all__ = ["ArchiveCheck"]


class ArchiveCheck:
    """Goes along with a walk through the log. A file that can't be read is one problem, not one for each event in it.

    Its methods block.
    """

    def __init__(self, backend: Backend) -> None:
        self._unreadable: dict[str, SegmentUnreadable] = {}
        self.backend = backend
        """The log, without what is in files that can't be read."""
        self._files: Iterator[Segment] = iter(())
        if isinstance(backend, ArchivedBackend):
            archived = ArchivedBackend(backend.table, backend.archive.folder, unreadable=self._unreadable)
            self.backend = archived
            self._archive = archived.archive
            self._files = iter(archived.archive.segments())
        self._told: dict[str, SegmentArchived] = {}
        self._passed = 0
        self._missing = False

    def next_file(self) -> bool:
        """Compare one file with its digest; False when there is none left."""
        segment = next(self._files, None)
        if segment is None:
            return False
        try:
            self._archive.check(segment)
        except SegmentUnreadable as error:
            self._unreadable[segment.name] = error
        return True

    def explains(self, first: int, last: int) -> bool:
        """Whether these positions may be missing because a file can't be read."""
        place = first
        for segment in sorted((error.segment for error in self._unreadable.values()), key=lambda each: each.first):
            if segment.first <= place <= segment.last:
                place = segment.last + 1
        if place <= last:
            self._missing = True
            return False
        self._passed += last - first + 1
        return True

    def explains_versions(self, position: int) -> bool:
        """Whether versions of a stream before the event at a position may be missing because a file can't be read."""
        return any(error.segment.first < position for error in self._unreadable.values())

    def add(self, stream: str, event: object) -> None:
        """Go past an event that could be read."""
        if stream == STREAM and isinstance(event, SegmentArchived):
            self._told[event.segment] = event

    def problems(self, until: int) -> list[str]:
        """What is wrong with the archive, as far as the log was walked through: up to a position."""
        held = 0
        found: list[str] = []
        for error in self._unreadable.values():
            segment = error.segment
            held += segment.events
            found.append(
                f"{segment.events} events at positions from {segment.first} to {segment.last} can't be read: {error}"
            )
        if self._passed > held:
            more = self._passed - held
            found.append(f"{more} more events are missing there than those files held: they were removed")
        registered = [segment for segment in self.backend.segments(0) if segment.position <= until]
        for segment in registered:
            told = self._told.pop(segment.name, None)
            if told is None:
                found.append(f"the segment {segment.name} is registered, but the log does not tell of it")
            elif (told.digest, told.first, told.last, told.events, told.size) != (
                segment.digest,
                segment.first,
                segment.last,
                segment.events,
                segment.size,
            ):
                found.append(f"the segment {segment.name} is registered with other numbers or another digest than told")
        if self._missing:  # without a gap the log was imported, and has them all in the table
            found += [f"the segment {name} is told of, but it is not registered" for name in sorted(self._told)]
        return found
