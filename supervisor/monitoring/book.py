"""What is known of all improvements, kept up with the log: how many stand where, and the latest of each cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from events.catalogue.improvement import (
    ImprovementApproved,
    ImprovementAssigned,
    ImprovementClosed,
    ImprovementCompleted,
    ImprovementEvidenceAdded,
    ImprovementFailed,
    ImprovementRejected,
    ImprovementSuggested,
    ImprovementUndone,
)
from events.projection import Row, Views
from events.recorded import RecordedEvent
from events.state.improvement import ImprovementStatus
from events.store import EventStore
from events.streams import stream_parts
from events.views.improvements import ImprovementView

__all__ = ["BookEntry", "ImprovementBook"]

_PAGE = 1_000
_MANY = 100_000
_TAKEN_BACK = 500
_AFTER: Mapping[str, ImprovementStatus] = {
    ImprovementApproved.TOPIC: ImprovementStatus.APPROVED,
    ImprovementRejected.TOPIC: ImprovementStatus.REJECTED,
    ImprovementAssigned.TOPIC: ImprovementStatus.ASSIGNED,
    ImprovementCompleted.TOPIC: ImprovementStatus.COMPLETED,
    ImprovementFailed.TOPIC: ImprovementStatus.FAILED,
    ImprovementUndone.TOPIC: ImprovementStatus.UNDONE,
    ImprovementClosed.TOPIC: ImprovementStatus.CLOSED,
}
_TOPICS = frozenset({ImprovementSuggested.TOPIC, ImprovementEvidenceAdded.TOPIC, *_AFTER})


@dataclass(frozen=True, slots=True)
class BookEntry:
    """The short form of one improvement; `seen_at` is when it was suggested or last got evidence.

    `by_hand`: it failed, as a person says.
    """

    id: str
    fingerprint: str
    generation: int
    analyzer: str
    type: str
    priority: str
    components: tuple[str, ...]
    status: ImprovementStatus
    changed_at: datetime
    seen_at: datetime
    by_hand: bool = False


class ImprovementBook:
    """In memory, and only as right as the last `refresh`; decisions are made on the streams, never here."""

    def __init__(self, store: EventStore, views: Views) -> None:
        self._store = store
        self._views = views
        self._position: int | None = None
        self._entries: dict[str, BookEntry] = {}
        self._latest: dict[str, str] = {}
        self._named: dict[str, list[str]] = {}

    async def refresh(self) -> None:
        """Take in what happened since the last call: at first from the view, then from the log. Raises `StoreError`."""
        head = await self._store.head()
        position = self._position
        if position is None:
            for row in await self._views.query(ImprovementView.name, order_by="position", limit=_MANY):
                self._add(_entry(row))
            position = head
        while True:
            page = await self._store.read_all(position, _TOPICS, limit=_PAGE)
            for recorded in page:
                self._take(recorded)
            position = max(head, page[-1].position if page else 0)
            if len(page) < _PAGE:
                break
        self._position = position

    async def taken_back(self) -> list[Row]:
        """Of what was carried out, the improvements that were undone, and those that did harm, newest first."""
        found: list[Row] = []
        for status in (ImprovementStatus.UNDONE, ImprovementStatus.FAILED):
            where = {"status": status, **({"harm": True} if status is ImprovementStatus.FAILED else {})}
            found += await self._views.query(ImprovementView.name, where, order_by="-position", limit=_TAKEN_BACK)
        return found

    @property
    def total(self) -> int:
        """How many were ever suggested."""
        return len(self._entries)

    def counts(self) -> dict[str, int]:
        """How many stand where, every status included."""
        counted = Counter(entry.status for entry in self._entries.values())
        return {status.value: counted[status] for status in ImprovementStatus}

    def insights(self, component: str) -> int:
        """How many suggestions named a component."""
        return len(self._named.get(component, ()))

    def naming(self, component: str) -> list[str]:
        """The ids of those that name a component, newest first."""
        return self._named.get(component, [])[::-1]

    def latest(self, fingerprint: str) -> BookEntry | None:
        """The last improvement of a cause."""
        found = self._latest.get(fingerprint)
        return None if found is None else self._entries[found]

    def standing(self, *statuses: ImprovementStatus) -> list[str]:
        """The ids of those that stand at one of these, in the order in which they were suggested."""
        return [entry.id for entry in self._entries.values() if entry.status in statuses]

    def pending(self) -> Iterable[BookEntry]:
        """Those that wait for a decision."""
        return [entry for entry in self._entries.values() if entry.status is ImprovementStatus.PENDING]

    def _add(self, entry: BookEntry) -> None:
        if entry.id not in self._entries:
            self._entries[entry.id] = entry
            self._latest[entry.fingerprint] = entry.id
            for component in set(entry.components):
                self._named.setdefault(component, []).append(entry.id)

    def _take(self, recorded: RecordedEvent) -> None:
        event, at = recorded.event, recorded.recorded_at
        if stream_parts(recorded.stream) != ("improvement", getattr(event, "improvement_id", None)):
            return
        match event:
            case ImprovementSuggested():
                self._add(
                    BookEntry(
                        event.improvement_id, event.fingerprint, event.generation, event.analyzer, event.type,
                        event.priority, tuple(event.affected_components), ImprovementStatus.PENDING, at, at,
                    )
                )  # fmt: skip
            case ImprovementEvidenceAdded(improvement_id=name, priority=priority) if name in self._entries:
                entry = self._entries[name]
                self._entries[name] = replace(entry, seen_at=at, priority=priority or entry.priority)
            case _:
                name = getattr(event, "improvement_id", None)
                if name in self._entries and recorded.topic in _AFTER:
                    by_hand = isinstance(event, ImprovementFailed) and event.by_hand
                    self._entries[name] = replace(
                        self._entries[name], status=_AFTER[recorded.topic], changed_at=at, by_hand=by_hand
                    )


def _entry(row: Row) -> BookEntry:
    return BookEntry(
        row["id"], row["fingerprint"], row["generation"], row["analyzer"], row["type"], row["priority"],
        tuple(row["affected_components"]), ImprovementStatus(row["status"]), row["updated_at"], row["last_seen_at"],
        bool(row["by_hand"]),
    )  # fmt: skip
