"""Folds the log into the tables of one view, page by page; rows and position move in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import anyio

from common.errors import StoreError
from events.backend import Slot, ViewDatabase
from events.store import EventStore
from events.view_fold import PreparedPage
from events.view_types import Layout, View

__all__ = ["Fingerprint", "ViewRunner", "fingerprint"]

_UNSAVED = 1_000
"""A position that moved without touching a row is saved only after so many events."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The rows of a table in one number, and the position that they stand for."""

    position: int
    rows: int
    digest: int

    def is_equal(self, other: Fingerprint) -> bool:
        """Whether both tables hold the same rows."""
        return (self.rows, self.digest) == (other.rows, other.digest)


class ViewRunner:
    """A view, and what this process knows of its table. All methods block: they are for worker threads."""

    def __init__(self, store: EventStore, view: View, page_size: int) -> None:
        """Raises `StoreError` for a view that can't be used."""
        schema_versions = {topic: store.codec.schema_version(topic) for topic in view.topics}
        self.view = view
        self.layout = Layout(view, schema_versions)
        self.anchored = False
        """Whether its table was found to be of the course that the log took."""
        self.lock = anyio.Lock()
        """Held by the one task that folds the live table."""
        self._store = store
        self._page_size = page_size
        self._folded = (0, 0, 0)

    @property
    def reached(self) -> int:
        """How far the live table was folded when this process last looked."""
        return self._folded[2]

    def position(self, slot: Slot) -> int:
        """How far the log is folded into a slot: its saved position, or, further, what holds nothing for the view."""
        known_slot, saved, reached = self._folded
        return reached if (known_slot, saved) == (slot.id, slot.position) else slot.position

    def step(self, database: ViewDatabase) -> tuple[bool, bool]:
        """Fold one page into the live table; whether it was the last, and whether events were parked."""
        shape = self.layout.shape
        slot = database.slot(shape)
        if not self.anchored and slot.position and self._anchor(slot.position) != slot.anchor:
            database.drop(slot)  # the log took another course since: it was restored from a backup
            return False, False
        self.anchored = True
        page, reached, last = self._page(self.position(slot), None)
        if page.is_empty and reached - slot.position < _UNSAVED:
            self._folded = (slot.id, slot.position, reached)
            return last, False
        if not database.apply(shape, slot, Slot(slot.id, reached, self._anchor(reached)), page.keys, page.fold):
            return False, False
        self._folded = (slot.id, reached, reached)
        return last, page.has_parked

    def fill(self, database: ViewDatabase, slot: Slot, until: int | None) -> tuple[Slot, bool]:
        """Fold one page into a table that nobody else fills; the slot behind it, and whether it was the last."""
        page, reached, last = self._page(slot.position, until)
        if reached == slot.position:
            return slot, last
        moved = Slot(slot.id, reached, self._anchor(reached))
        if not database.apply(self.layout.shape, slot, moved, page.keys, page.fold):
            raise StoreError("the table of the rebuild is gone", where=self.view.name, todo="Try again.")
        return moved, last

    def _anchor(self, position: int) -> str:
        """What names the event at a position; empty where there is none."""
        events, _ = self._store.read_page(position - 1, None, 1, position)
        return "".join(f"{event.id} {event.recorded_at.isoformat()}" for event in events)

    def _page(self, after: int, until: int | None) -> tuple[PreparedPage, int, bool]:
        """The next page, the position behind it, and whether it is the last."""
        events, reached = self._store.read_page(after, self.view.topics, self._page_size, until)
        return PreparedPage(self.view, self.layout, events), reached, len(events) < self._page_size


def fingerprint(database: ViewDatabase, layout: Layout, slot: int | None = None) -> Fingerprint:
    """The fingerprint of a view's live table, or of the one of `slot`, whatever the order of rows; blocks."""
    rows = digest = 0
    walk = database.walk(layout.shape, slot)
    while True:
        try:
            row = next(walk)
        except StopIteration as end:
            return Fingerprint(int(end.value or 0), rows, digest)
        rows += 1
        digest = (digest + int.from_bytes(hashlib.sha256(repr(row).encode()).digest())) % 2**256
