"""The log as lines of JSON, out of one store and into another, without loss.

What was exported is put back as it was: stored bytes of events byte for byte, so that the chains of hashes and the
seals hold on, and blobs under their names. Positions are given out anew, in the same order. What is encrypted travels
so, and needs its keys to be read, not to be carried.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from common.errors import StoreError
from events.backend import Head, NewRow, Transaction
from events.blobs import key_of
from events.cipher import Cipher
from events.codec import DamagedFrame, StoredRow, digest, unframe
from events.keyring import KeyErased, KeyMissing
from events.persistence.scratch_names import ScratchNames
from events.projection import Progress
from events.recorded import RecordedEvent
from events.store import EventStore
from events.transfer_check import ImportCheck, read_pages
from events.transfer_lines import BlobRead, blob_line, event_line

__all__ = ["Exported", "Imported", "Lines", "export_entries", "export_lines", "import_lines"]

_PAGE = 500
_CHUNK_BYTES = 8 * 1024 * 1024
_SECONDS = 60.0

Read = Literal["nothing", "plain", "all"]

Lines = Callable[[], Iterable[str]]
"""Gives the lines of an export from the first one on, every time it is called; blocks."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found: `events` in the lines, `added` of which were not in the log before, and `blobs`.

    `unreadable` of the events are encrypted under keys that this store does not have: `keys` are their ids.
    """

    events: int
    added: int
    blobs: int = 0
    unreadable: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """A line of an export, whole and exact (without line end), and what it stands for.

    `encrypted` says that what it holds can't be read without a key. `blob` is the name, where the line is a blob's.
    `recorded` is the event, or for a blob the first event that names it; None where it was not to be read.
    """

    line: str
    encrypted: bool
    blob: str = ""
    recorded: RecordedEvent | None = None


async def export_lines(store: EventStore, after: int = 0, progress: Progress | None = None) -> AsyncGenerator[str]:
    """Every event behind a position and every blob that they name, as one line of JSON each, up to the end of the log.

    Nothing is redacted, and nothing decrypted: an export is as secret as the log. Only one from the beginning, or one
    that is put behind what it is the rest of, can be imported.
    """
    async with aclosing(export_entries(store, after, progress=progress)) as entries:
        async for entry in entries:
            yield entry.line


async def export_entries(
    store: EventStore,
    after: int = 0,
    topics: Collection[str] | None = None,
    progress: Progress | None = None,
    *,
    read: Read = "nothing",
) -> AsyncGenerator[Exported]:
    """Like `export_lines`, with what each line stands for.

    With `topics`, events of these only and the blobs that they name, each marked as a part. `read` says whose events
    are decoded, too.
    """
    walk = _Walk(store, after, topics, read)
    try:
        last = False
        while not last:
            chunk, last = await store.run(walk.chunk)
            for entry in chunk:
                yield entry
            if progress is not None:
                progress(walk.position, max(walk.position, store.known_head))
    finally:
        walk.close()


class _Walk:
    """The way through a log that is exported; its methods block."""

    def __init__(self, store: EventStore, after: int, topics: Collection[str] | None, read: Read) -> None:
        self._store = store
        self._topics = topics
        self._part = topics is not None
        self._read = read
        self._rows: Iterator[StoredRow] = iter(())
        self._last_page = False
        self._told = ScratchNames()
        self.position = after
        self._reached = after

    def close(self) -> None:
        """Let go what it needed."""
        self._told.close()

    def chunk(self) -> tuple[list[Exported], bool]:
        """What comes next, of bounded size; and whether it is the end."""
        found: list[Exported] = []
        size = 0
        while size < _CHUNK_BYTES:
            row = next(self._rows, None)
            if row is None:
                self.position = self._reached
                if found or self._last_page:
                    return found, self._last_page
                self._turn()
                continue
            for entry in self._of(row):
                found.append(entry)
                size += len(entry.line)
            self.position = row[0]
        return found, False

    def _turn(self) -> None:
        page = self._store.backend.page(self.position, self._topics, _PAGE)
        self._rows, self._reached = iter(page.rows), page.scanned_to
        self._last_page = len(page.rows) < _PAGE

    def _of(self, row: StoredRow) -> Iterator[Exported]:
        """The blobs that were not told before, and the event."""
        _, stream, version, topic, stored = row
        try:
            read = unframe(stream, version, topic, stored)
        except DamagedFrame:
            encrypted, blobs = False, ()
        else:
            encrypted, blobs = read.key is not None, read.blobs
        wanted = self._read == "all" or (self._read == "plain" and not encrypted)
        recorded = self._store.codec.decode(row) if wanted else None
        for name in blobs:
            if self._told.add(name):
                line = blob_line(name, self._store.backend.blob(name), part=self._part)
                yield Exported(line, key_of(name) is not None, name, recorded)
        yield Exported(event_line(row, part=self._part), encrypted, "", recorded)


class _Write:
    """The second way through the lines: what the log does not have is appended. Its methods block."""

    def __init__(self, lines: Lines, check: ImportCheck) -> None:
        self._pages = read_pages(lines())
        self._skip = check.known
        self._last = check.last
        self._rows: list[NewRow] = []
        self._blobs: dict[str, bytes] = {}
        self.added = 0

    def read(self) -> bool:
        """Take in the next page of rows that the log does not have; False when there is none left."""
        self._rows.clear()
        self._blobs.clear()
        for page in self._pages:
            for entry in page:
                if isinstance(entry, BlobRead):
                    if entry.stored is not None:
                        self._blobs[entry.name] = entry.stored
                elif self._skip:
                    self._skip -= 1
                    self._blobs.clear()
                else:
                    self._rows.append(entry.row)
            if self._rows:
                return True
        return False

    def write(self, transaction: Transaction) -> int:
        """Insert what was read."""
        if transaction.last_position() != self._last:
            raise StoreError(
                "somebody else appended to the log during the import",
                where="import",
                todo="Stop what uses this store, and begin with an empty one.",
            )
        if self._blobs:
            transaction.insert_blobs(list(self._blobs.items()))
        heads = {row[0]: Head(row[1], digest(*row)) for row in self._rows}
        self._last = transaction.insert(self._rows, heads) + len(self._rows) - 1
        self.added += len(self._rows)
        return self._last


async def import_lines(store: EventStore, lines: Lines, progress: Progress | None = None) -> Imported:
    """Put the lines of an exact export into a store, in their order; empty lines are passed over.

    The lines are gone through twice. First all are checked, against each other and against the log: `LineRefused` names
    the line that can't be read, does not follow on those before it, or is not what the log has at its place, and
    nothing is written. Then what the log lacks is appended: an empty store takes all, one that an earlier import filled
    in part takes the rest, and one that has all of it stays as it is. `progress` follows the writing.

    Keys are not needed: what is encrypted under one that is not there is taken as it is, and counted.
    """
    check = await store.run(lambda: ImportCheck(store, lines))
    try:
        while await store.run(check.page):
            pass
    finally:
        check.close()
    added = 0
    if check.known < check.events:
        writing = await store.run(lambda: _Write(lines, check))
        while await store.run(writing.read):
            await store.execute(writing.write, timeout=_SECONDS)
            if progress is not None:
                progress(check.known + writing.added, check.events)
        added = writing.added
    missing = await store.run(lambda: _missing(store.cipher, check.keys))
    return Imported(check.events, added, check.blobs, sum(missing.values()), tuple(sorted(missing)))


def _missing(cipher: Cipher | None, counts: Mapping[str, int]) -> dict[str, int]:
    """Of keys and how many events need them, those that are not there and were not forgotten on purpose; blocks."""
    if cipher is None:
        return dict(counts)
    cipher.look()  # some may have been forgotten by what was imported
    missing: dict[str, int] = {}
    for key_id, count in counts.items():
        try:
            cipher.keyring.find(key_id)
        except KeyMissing:
            missing[key_id] = count
        except KeyErased:
            continue
    return missing
