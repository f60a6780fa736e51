"""Folds the log into the tables of views, page by page; rows and position move in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import anyio

from common.errors import StoreError
from events.backend import Slot, ViewDatabase
from events.recorded import RecordedEvent
from events.store import EventStore
from events.view_fold import PreparedPage
from events.view_types import Layout, View

__all__ = ["Fingerprint", "Step", "ViewRunner", "fingerprint", "step_together"]

_UNSAVED = 1_000
"""A position that moved without touching a row is saved only after so many events."""


class Step(NamedTuple):
    """What became of a page: whether it was the last, and whether events were parked."""

    last: bool
    has_parked: bool = False


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

    def step(self, database: ViewDatabase) -> Step:
        """Fold one page into the live table."""
        slot = self.standing(database)
        if slot is None:
            return Step(last=False)
        after = self.position(slot)
        events, reached = self._store.read_page(after, self.view.topics, self._page_size)
        taken = self.take(database, slot, events, reached)
        return Step(taken.last and len(events) < self._page_size, taken.has_parked)

    def standing(self, database: ViewDatabase) -> Slot | None:
        """The live table; None where it was of another course of the log, and had to go."""
        slot = database.slot(self.layout.shape)
        if not self.anchored and slot.position and self._anchor(slot.position) != slot.anchor:
            database.drop(slot)  # the log took another course since: it was restored from a backup
            return None
        self.anchored = True
        return slot

    def take(self, database: ViewDatabase, slot: Slot, events: Sequence[RecordedEvent], reached: int) -> Step:
        """Fold what lies between the live table's position and `reached`: `events`, which are all of its topics.

        The step is not the last one where another process folded the same before.
        """
        page = PreparedPage(self.view, self.layout, events)
        if page.is_empty and reached - slot.position < _UNSAVED:
            self._folded = (slot.id, slot.position, reached)
            return Step(last=True)
        moved = Slot(slot.id, reached, self._anchor_of(events, reached))
        if not database.apply(self.layout.shape, slot, moved, page.keys, page.fold):
            return Step(last=False)
        self._folded = (slot.id, reached, reached)
        return Step(last=True, has_parked=page.has_parked)

    def fill(self, database: ViewDatabase, slot: Slot, until: int | None) -> tuple[Slot, bool]:
        """Fold one page into a table that nobody else fills; the slot behind it, and whether it was the last."""
        events, reached = self._store.read_page(slot.position, self.view.topics, self._page_size, until)
        last = len(events) < self._page_size
        if reached == slot.position:
            return slot, last
        page = PreparedPage(self.view, self.layout, events)
        moved = Slot(slot.id, reached, self._anchor_of(events, reached))
        if not database.apply(self.layout.shape, slot, moved, page.keys, page.fold):
            raise StoreError("the table of the rebuild is gone", where=self.view.name, todo="Try again.")
        return moved, last

    def _anchor_of(self, events: Sequence[RecordedEvent], position: int) -> str:
        """What names the event at a position, which may be the last of these."""
        if events and events[-1].position == position:
            return _name(events[-1])
        return self._anchor(position)

    def _anchor(self, position: int) -> str:
        """What names the event at a position; empty where there is none."""
        events, _ = self._store.read_page(position - 1, None, 1, position)
        return _name(events[0]) if events else ""


def step_together(store: EventStore, runners: Sequence[ViewRunner], database: ViewDatabase, page_size: int) -> Step:
    """Fold one page of the log, read and decoded once, into those of the views that are furthest behind; blocks.

    Views that stand further on are waited for at the place where they stand, and go on together with the others.
    """
    places: list[tuple[int, ViewRunner, Slot]] = []
    for runner in runners:
        slot = runner.standing(database)
        if slot is None:
            return Step(last=False)
        places.append((runner.position(slot), runner, slot))
    behind = min(position for position, _, _ in places)
    until = min([position for position, _, _ in places if position > behind], default=None)
    group = [(runner, slot) for position, runner, slot in places if position == behind]
    topics = {topic for runner, _ in group for topic in runner.view.topics}
    events, reached = store.read_page(behind, topics, page_size, until)
    last, has_parked = until is None and len(events) < page_size, False
    for runner, slot in group:
        wanted = [event for event in events if event.topic in runner.view.topics]
        taken = runner.take(database, slot, wanted, reached)
        last, has_parked = last and taken.last, has_parked or taken.has_parked
    return Step(last, has_parked)


def _name(event: RecordedEvent) -> str:
    return f"{event.id} {event.recorded_at.isoformat()}"


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
