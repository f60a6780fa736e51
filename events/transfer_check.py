"""The first way through the lines of an import: against each other, and against what the log has."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from events.backend import Head
from events.blobs import MAX_BLOBS_BYTES, DamagedBlob, check_blob, open_blob
from events.codec import StoredRow
from events.keyring import KeyErased, KeyMissing
from events.persistence.scratch_heads import ScratchHeads
from events.persistence.scratch_names import ScratchNames
from events.store import EventStore
from events.transfer_lines import BlobRead, EventRead, LineRefused, read_line

__all__ = ["ImportCheck", "read_pages"]

_PAGE = 500
_PAGE_CHARACTERS = 8 * 1024 * 1024
_MOST_BLOBS = MAX_BLOBS_BYTES + MAX_BLOBS_BYTES // 8
"""What the blobs of one event may have together as they are stored."""
_DAMAGED = "damaged "

Read = EventRead | BlobRead


def read_pages(lines: Iterable[str]) -> Iterator[list[Read]]:
    """What the lines hold, in pages of bounded size that end with an event; empty lines are passed over.

    Raises `LineRefused`.
    """
    page: list[Read] = []
    size = taken = waiting = 0
    for number, text in enumerate(lines, 1):
        taken += 1
        if text.strip():
            page.append(entry := read_line(number, text))
            size += len(text)
            waiting = waiting + 1 + len(entry.stored or b"") if isinstance(entry, BlobRead) else 0
            if waiting > _MOST_BLOBS:
                raise LineRefused(number, "there are more blobs before it than an event names")
        if (taken >= _PAGE or size >= _PAGE_CHARACTERS) and not waiting:
            yield page
            page, size, taken = [], 0, 0
    yield page


class ImportCheck:
    """Its methods block."""

    def __init__(self, store: EventStore, lines: Callable[[], Iterable[str]]) -> None:
        self._store = store
        self._pages = read_pages(lines())
        self._position = 0
        self._there: Iterator[StoredRow] = self._log()
        self._heads = ScratchHeads()
        self._blobs = ScratchNames()
        self._waiting: dict[str, BlobRead] = {}
        """Blobs that the next event has to name."""
        self.keys: Counter[str] = Counter()
        """The keys that events are encrypted under, and how many of them."""
        self.events = 0
        self.blobs = 0
        self.known = 0
        """How many of the events the log has already."""
        self.last = 0
        """The position of the last of those."""

    def close(self) -> None:
        """Let go what it needed."""
        self._heads.close()
        self._blobs.close()

    def page(self) -> bool:
        """Check one page; False when there is none left. Raises `LineRefused`."""
        page = next(self._pages, None)
        if page is None:
            for blob in self._waiting.values():
                raise LineRefused(blob.number, "no event behind it names its blob")
            return False
        heads = self._heads.load({entry.row[0] for entry in page if isinstance(entry, EventRead)})
        for entry in page:
            if isinstance(entry, EventRead):
                self._check_event(entry, heads)
            else:
                self._check_blob(entry)
        self._heads.store(heads)
        return True

    def _check_event(self, entry: EventRead, heads: dict[str, Head]) -> None:
        stream, version, *_ = entry.row
        if entry.position <= self._position:
            raise LineRefused(entry.number, "its position is not behind that of the line before")
        head = heads.get(stream, Head(0, None))
        if version != head.version + 1:
            raise LineRefused(entry.number, f"{stream} has version {head.version} before version {version}")
        follows = entry.previous == head.digest or (head.digest or "").startswith(_DAMAGED)
        if not entry.damaged and not follows:
            why = "it does not follow on the stream's event before it: one of the two was changed"
            raise LineRefused(entry.number, why)
        self._check_names(entry)
        self._compare(entry)
        heads[stream] = Head(version, f"{_DAMAGED if entry.damaged else ''}{entry.digest}")
        self._position = entry.position
        self.events += 1
        if entry.key is not None:
            self.keys[entry.key] += 1

    def _check_blob(self, entry: BlobRead) -> None:
        """Whether it is what it was before, where it comes again; and what its key tells, where that is there."""
        stored = entry.stored
        content = "" if stored is None else hashlib.sha256(stored).hexdigest()
        if self._blobs.add(entry.name, content):
            self.blobs += 1
        elif self._blobs.get(entry.name) != content:
            raise LineRefused(entry.number, "a line before it has another content for its blob")
        if stored is not None and not entry.damaged:
            try:
                open_blob(entry.name, stored, self._store.keyring)
            except (KeyErased, KeyMissing):
                pass
            except DamagedBlob as error:
                raise LineRefused(entry.number, f"its blob was changed: {error.problem}") from None
        self._waiting[entry.name] = entry

    def _check_names(self, entry: EventRead) -> None:
        for name in entry.blobs:
            if self._blobs.get(name) is None:
                raise LineRefused(entry.number, f"no line before it has the blob {name}, which it names")
        for name, blob in self._waiting.items():
            if name not in entry.blobs:
                raise LineRefused(blob.number, "the event behind it does not name its blob")

    def _compare(self, entry: EventRead) -> None:
        """Against the event that the log has at this place, if it goes so far."""
        blobs, self._waiting = self._waiting, {}
        if self.known < self.events:
            return
        there = next(self._there, None)
        if there is None:
            return
        stream, version, *_ = entry.row
        if there[1:] != entry.row:
            same = (there[1], there[2]) == (stream, version)
            found = "another event of that name" if same else f"{there[1]}@{there[2]}"
            raise LineRefused(entry.number, f"it is {stream}@{version}, but the log has {found} at this place")
        for blob in blobs.values():
            self._compare_blob(blob)
        self.known += 1
        self.last = there[0]

    def _compare_blob(self, blob: BlobRead) -> None:
        there = self._store.backend.blob(blob.name)
        if there == blob.stored:
            return
        why = "the log has its event, but not its blob"
        if there is not None:
            try:
                check_blob(blob.name, there)
            except DamagedBlob as error:
                why = f"{why}: {error.problem}"
            else:
                if blob.stored is not None and not blob.damaged:
                    return
                why = "its blob is damaged or missing, but the log has it"
        raise LineRefused(blob.number, why)

    def _log(self) -> Iterator[StoredRow]:
        after, more = 0, True
        while more:
            page = self._store.backend.page(after, None, _PAGE)
            yield from page.rows
            after, more = page.scanned_to, len(page.rows) == _PAGE
