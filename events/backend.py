"""What a database must offer to carry the log and its views; everything above is the same for all of them.

All methods block and may be called from any thread. Every one raises `StoreUnavailable` when the database can't be
reached, is locked for longer than its time-out, or is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from events.codec import StoredRow
from events.ownership import Ownership

__all__ = [
    "Backend",
    "BlobRow",
    "Changes",
    "DatabaseRow",
    "Fold",
    "Head",
    "Key",
    "NewRow",
    "Page",
    "ParkedRow",
    "Segment",
    "Selected",
    "Slot",
    "Transaction",
    "ViewDatabase",
    "ViewShape",
    "Watch",
]

NewRow = tuple[str, int, str, bytes]
"""A row to be inserted: stream, version, topic, stored bytes."""

BlobRow = tuple[str, bytes]
"""A blob: its name, and its stored bytes."""

Key = tuple[Any, ...]
"""The values of a view row's key columns, as the database stores them."""

DatabaseRow = tuple[Any, ...]
"""A view row as the database stores it: the key columns, then the others."""


class Head(NamedTuple):
    """The last event of a stream: its version (0: there is none) and its digest."""

    version: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the log: matching rows in order, and the position up to which the log was looked through."""

    rows: list[StoredRow]
    scanned_to: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of rows that were moved out of the table, as the log knows it.

    `position` is that of the event that told of it (0 until then); `first` and `last` are the positions of its first
    and last row, between which other rows may have stayed; `events` is how many rows it has, `topics` are theirs;
    `size` is that of the file, in bytes, `digest` its SHA-256 (hex).
    """

    position: int
    name: str
    first: int
    last: int
    events: int
    size: int
    digest: str
    topics: tuple[str, ...]


class Transaction(Protocol):
    """One transaction of the log's only writer at this moment: no other process can append before it ends."""

    def heads(self, streams: Collection[str]) -> dict[str, Head]:
        """The heads of all these streams, as they are now."""
        ...

    def insert(self, rows: Sequence[NewRow], heads: Mapping[str, Head]) -> int:
        """Insert rows (at least one); `heads` are those of their streams afterwards.

        Returns the position of the first; the others follow it without gaps.
        """
        ...

    def insert_blobs(self, blobs: Sequence[BlobRow]) -> None:
        """Insert blobs; one whose name is there already stays as it is."""
        ...

    def move(self, positions: Sequence[int], segment: Segment) -> int:
        """Remove the rows at these positions and register the segment that holds them; returns how many there were."""
        ...

    def last_position(self) -> int:
        """The position of the log's last event; 0 when it is empty."""
        ...


@dataclass(frozen=True, slots=True)
class Slot:
    """One table of a view: its id, and the position up to which the log is folded into it.

    `anchor` names the event at that position, so that a log which took another course since is noticed.
    """

    id: int
    position: int
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ViewShape:
    """A view as the database sees it: columns are names with `text`, `integer` or `real`.

    `signature` changes with everything that makes old rows useless, so that code of two versions can stand side by
    side on one database, each with its own table.
    """

    name: str
    signature: str
    key: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    indexes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """An event that a view could not take."""

    view: str
    position: int
    event_id: str
    topic: str
    error: str
    parked_at: str
    announced: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a folded page does to a view: rows to write (key, then columns), keys to delete, events parked.

    Before anything is written, rows go that lie in a column below a value (`below`, as the database stores it).
    """

    upserts: list[DatabaseRow]
    deletes: list[Key]
    parked: list[ParkedRow]
    below: Sequence[tuple[str, Any]] = ()


Fold = Callable[[Mapping[Key, DatabaseRow]], Changes]
"""Given the stored rows of all touched keys (key, then columns), what changes."""


@dataclass(frozen=True, slots=True)
class Selected:
    """Rows of a query and the slot they were read from, as of one moment."""

    slot: Slot
    rows: list[DatabaseRow]


class ViewDatabase(Protocol):
    """The tables of all views over one log, each with the position up to which it is folded."""

    def slot(self, shape: ViewShape) -> Slot:
        """The view's live table; made, empty, where there is none."""
        ...

    def new_slot(self, shape: ViewShape) -> Slot:
        """An empty table beside the live one."""
        ...

    def apply(self, shape: ViewShape, slot: Slot, moved: Slot, keys: Sequence[Key], fold: Fold) -> bool:
        """Fold a page and move the slot, in one transaction; False when somebody else moved it before."""
        ...

    def switch(self, shape: ViewShape, slot: Slot) -> None:
        """Make a table the live one and drop the other. Raises `StoreError` when it is gone."""
        ...

    def drop(self, slot: Slot) -> None:
        """Throw a table away."""
        ...

    def scrub(self, before: int) -> None:
        """Drop every table with a smaller id than this, and leave nothing of what was dropped or deleted in files.

        Raises `StoreUnavailable` when that can't be finished now.
        """
        ...

    def select(self, shape: ViewShape, sql: str, parameters: Sequence[Any], slot: int | None = None) -> Selected | None:
        """A query over the live table, or the one of `slot`; the query says `{table}`. None where there is none."""
        ...

    def walk(self, shape: ViewShape, slot: int | None = None) -> Generator[DatabaseRow, None, int]:
        """All rows of a table in the order of their keys; returns the position they stand for."""
        ...

    def parked(self) -> list[ParkedRow]:
        """The events that live views could not take, oldest first."""
        ...

    def announced(self, parked: ParkedRow) -> None:
        """Remember that the log was told of a parked event."""
        ...

    def close(self) -> None:
        """Let the database go."""
        ...


class Watch(Protocol):
    """Listens for what other processes append."""

    @property
    def poll(self) -> float:
        """Seconds after which those who follow the log must look by themselves, at this moment."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


class Backend(Protocol):
    """A database that carries the log."""

    @property
    def product(self) -> str:
        """The database system and its version, for people."""
        ...

    @property
    def identity(self) -> str:
        """Tells this log from every other one, so that views of another are never taken for its own."""
        ...

    @property
    def gapless(self) -> bool:
        """Whether positions are given out without gaps, so that a gap means a removed row."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin to write; commits (durably) at the end, rolls back on an exception."""
        ...

    def read(self, stream: str, after_version: int) -> list[StoredRow]:
        """The rows of a stream in order."""
        ...

    def page(self, after: int, topics: Collection[str] | None, limit: int, until: int | None = None) -> Page:
        """At most `limit` rows behind a position, of these topics (None: all), up to `until`."""
        ...

    def version(self, stream: str) -> int:
        """The version of a stream; 0 when there is none."""
        ...

    def blob(self, name: str) -> bytes | None:
        """The stored bytes of a blob; None when there is none of that name."""
        ...

    def head(self) -> int:
        """The last position; 0 when the log is empty."""
        ...

    def faults(self) -> list[str]:
        """What the database itself finds wrong with its files; looks at all of them."""
        ...

    def issued(self) -> int:
        """The highest position that was ever given out; above `head` when the last rows were removed."""
        ...

    def segments(self, after: int) -> list[Segment]:
        """The segments that were told of behind a position, in order."""
        ...

    def compact(self) -> int:
        """Give room that removed rows left back to the file system; returns the bytes. Writers wait meanwhile.

        0 where the database has no file, or reuses the room by itself.
        """
        ...

    def views(self) -> ViewDatabase:
        """Open the database of the views."""
        ...

    def watch(self, told: Callable[[int], None]) -> Watch:
        """Listen for appends; `told` is called, on any thread, with a last position (0: it may be any)."""
        ...

    def ownership(self) -> Ownership:
        """Become an owner among the processes that share the log."""
        ...

    def close(self) -> None:
        """Let the database go."""
        ...
