"""The log as lines of JSON, out of one store and into another, without loss.

A line is ``{position, stream, version, topic, header, payload}``; an encrypted event has ``ciphertext`` (base64) for
its payload. Bytes that those would not give back exactly (a damaged row, a payload that somebody else wrote in another
form of JSON) travel whole, as ``stored`` (base64) instead of header and payload. What was exported is put back byte for
byte, so the chains of hashes and the seals hold on; positions are given out anew, in the same order.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import from_json, to_json

from common.errors import StoreError
from events.backend import Head, NewRow, Transaction
from events.codec import DamagedFrame, StoredRow, digest, dump_header, frame, unframe
from events.persistence.scratch_heads import ScratchHeads
from events.projection import Progress
from events.store import EventStore

__all__ = ["Imported", "Lines", "export_lines", "import_lines"]

_PAGE = 500
_SECONDS = 60.0
_DAMAGED = "damaged "

Lines = Callable[[], Iterable[str]]
"""Gives the lines of an export from the first one on, every time it is called; blocks."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found: `events` in the lines, `added` of which were not in the log before."""

    events: int
    added: int


async def export_lines(store: EventStore, after: int = 0, progress: Progress | None = None) -> AsyncGenerator[str]:
    """Every event behind a position as one line of JSON (without line end), in order, up to the end of the log.

    Nothing is redacted: an export is as secret as the log. Only one from the beginning can be imported.
    """
    last = False
    while not last:
        lines, reached, last = await store.run(lambda: _page(store, after))  # noqa: B023 - run before the next
        for line in lines:
            yield line
        after = reached
        if progress is not None:
            progress(after, max(after, store.known_head))


def _page(store: EventStore, after: int) -> tuple[list[str], int, bool]:
    page = store.backend.page(after, None, _PAGE)
    return [_line(row) for row in page.rows], page.scanned_to, len(page.rows) < _PAGE


def _line(row: StoredRow) -> str:
    position, stream, version, topic, stored = row
    place = json.dumps({"position": position, "stream": stream, "version": version, "topic": topic})
    try:
        content = _content(row)
    except ValueError:  # `DamagedFrame` is one, too
        content = f'"stored": "{base64.b64encode(stored).decode()}"'
    return f"{place[:-1]}, {content}}}"


def _content(row: StoredRow) -> str:
    """Header and payload of a row. Raises `ValueError` where they would not give its bytes back."""
    _, stream, version, topic, stored = row
    read = unframe(stream, version, topic, stored)
    encrypted = read.key is not None
    header, payload = (
        dump_header(read.header),
        read.payload if encrypted else to_json(from_json(read.payload, allow_inf_nan=False)),
    )
    if frame(stream, version, topic, header, payload) != stored:
        raise ValueError("it was written in another form of JSON")
    told = f'"ciphertext": "{base64.b64encode(payload).decode()}"' if encrypted else f'"payload": {payload.decode()}'
    return f'"header": {header.decode()}, {told}'


class _Line(BaseModel):
    """A line as it is read; header and payload are kept as they are."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    position: int = Field(gt=0)
    stream: str = Field(min_length=1)
    version: int = Field(gt=0)
    topic: str
    header: dict[str, JsonValue] | None = None
    payload: JsonValue = None
    ciphertext: str | None = None
    stored: str | None = None

    def bytes(self) -> bytes:
        """The bytes that were stored. Raises `ValueError`."""
        if self.stored is not None:
            return base64.b64decode(self.stored, validate=True)
        if self.header is None:
            raise ValueError("it has neither header and payload nor stored bytes")
        if self.header.get("redacted"):
            raise ValueError("it is of a redacted export, which is for showing only: import one made with --unredacted")
        for name, kind in (("schema_version", int), ("recorded_at", str), ("tenant", str)):
            if not isinstance(self.header.get(name), kind):
                raise ValueError(f"its header has no {name}")
        encrypted = self.header.get("key") is not None
        if encrypted != (self.ciphertext is not None):
            raise ValueError("its header and its ciphertext do not belong together")
        payload = base64.b64decode(self.ciphertext, validate=True) if self.ciphertext else to_json(self.payload)
        return frame(self.stream, self.version, self.topic, dump_header(self.header), payload)


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A row of an export and the line it stands in."""

    number: int
    position: int
    row: NewRow


def _pages(lines: Iterable[str]) -> Iterator[list[_Numbered]]:
    """The rows of the lines, page by page; empty lines are passed over. Raises `StoreError`."""
    numbered = enumerate(lines, 1)
    while page := list(islice(numbered, _PAGE)):
        yield [_read(number, text) for number, text in page if text.strip()]


def _read(number: int, text: str) -> _Numbered:
    try:
        line = _Line.model_validate_json(text)
        return _Numbered(number, line.position, (line.stream, line.version, line.topic, line.bytes()))
    except ValidationError as error:
        raise _refused(number, error.errors(include_url=False)[0]["msg"]) from None
    except ValueError as error:
        raise _refused(number, str(error)) from None


def _refused(number: int, why: str) -> StoreError:
    return StoreError(
        f"the line can't be imported: {why}", where=f"line {number}", todo="Nothing of this file was imported."
    )


class _Check:
    """The first way through the lines: against each other, and against what the log has. Its methods block."""

    def __init__(self, store: EventStore, lines: Lines) -> None:
        self._store = store
        self._pages = _pages(lines())
        self._position = 0
        self._there: Iterator[StoredRow] = self._log()
        self._heads = ScratchHeads()
        self.events = 0
        self.known = 0
        """How many of the events the log has already."""
        self.last = 0
        """The position of the last of those."""

    def close(self) -> None:
        """Let go what it needed."""
        self._heads.close()

    def page(self) -> bool:
        """Check one page; False when there is none left. Raises `StoreError`."""
        rows = next(self._pages, None)
        if rows is None:
            return False
        heads = self._heads.load({entry.row[0] for entry in rows})
        for entry in rows:
            self._check(entry, heads)
        self._heads.store(heads)
        return True

    def _check(self, entry: _Numbered, heads: dict[str, Head]) -> None:
        stream, version, topic, stored = entry.row
        if entry.position <= self._position:
            raise _refused(entry.number, "its position is not behind that of the line before")
        head = heads.get(stream, Head(0, None))
        if version != head.version + 1:
            raise _refused(entry.number, f"{stream} has version {head.version} before version {version}")
        name = digest(stream, version, topic, stored)
        try:
            previous = unframe(stream, version, topic, stored).previous
        except DamagedFrame:  # it was damaged when it was exported: it goes on as it is
            name = _DAMAGED + name
        else:
            if previous != head.digest and not (head.digest or "").startswith(_DAMAGED):
                why = "it does not follow on the stream's event before it: one of the two was changed"
                raise _refused(entry.number, why)
        self._compare(entry)
        heads[stream] = Head(version, name)
        self._position = entry.position
        self.events += 1

    def _compare(self, entry: _Numbered) -> None:
        """Against the event that the log has at this place, if it goes so far."""
        if self.known < self.events:
            return
        there = next(self._there, None)
        if there is None:
            return
        stream, version, *_ = entry.row
        if there[1:] != entry.row:
            same = (there[1], there[2]) == (stream, version)
            found = "another event of that name" if same else f"{there[1]}@{there[2]}"
            raise _refused(entry.number, f"it is {stream}@{version}, but the log has {found} at this place")
        self.known += 1
        self.last = there[0]

    def _log(self) -> Iterator[StoredRow]:
        after, more = 0, True
        while more:
            page = self._store.backend.page(after, None, _PAGE)
            yield from page.rows
            after, more = page.scanned_to, len(page.rows) == _PAGE


class _Write:
    """The second way through the lines: what the log does not have is appended. Its methods block."""

    def __init__(self, lines: Lines, check: _Check) -> None:
        self._pages = _pages(lines())
        self._skip = check.known
        self._last = check.last
        self._rows: list[NewRow] = []
        self.added = 0

    def read(self) -> bool:
        """Take in the next page of rows that the log does not have; False when there is none left."""
        for page in self._pages:
            passed = min(self._skip, len(page))
            self._skip -= passed
            self._rows = [entry.row for entry in page[passed:]]
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
        heads = {row[0]: Head(row[1], digest(*row)) for row in self._rows}
        self._last = transaction.insert(self._rows, heads) + len(self._rows) - 1
        self.added += len(self._rows)
        return self._last


async def import_lines(store: EventStore, lines: Lines, progress: Progress | None = None) -> Imported:
    """Put the lines of an unredacted export into a store, in their order; empty lines are passed over.

    The lines are gone through twice. First all are checked, against each other and against the log: `StoreError` names
    the line that can't be read, does not follow on those before it, or is not what the log has at its place, and
    nothing is written. Then what the log lacks is appended: an empty store takes all, one that an earlier import filled
    in part takes the rest, and one that has all of it stays as it is. `progress` follows the writing.
    """
    check = await store.run(lambda: _Check(store, lines))
    try:
        while await store.run(check.page):
            pass
    finally:
        check.close()
    if check.known == check.events:
        return Imported(check.events, 0)
    writing = await store.run(lambda: _Write(lines, check))
    while await store.run(writing.read):
        await store.execute(writing.write, timeout=_SECONDS)
        if progress is not None:
            progress(check.known + writing.added, check.events)
    return Imported(check.events, writing.added)
