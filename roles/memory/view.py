"""What each user asked to remember and did not ask to forget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.context import Owner
from events.catalogue.memory import FactForgotten, FactRemembered
from events.projection import Column, RecordedEvent, Row, Views

__all__ = ["VIEW", "MemoryView", "RememberedFact", "facts_of", "is_remembered"]

VIEW = "memory"
_MAX_FACTS = 2_000


@dataclass(frozen=True, slots=True)
class RememberedFact:
    """A fact, word for word, and when it was told."""

    fact_id: str
    text: str
    remembered_at: datetime


class MemoryView:
    """Implements `events.projection.View`: one row a fact; a forgotten one has none."""

    name = VIEW
    version = 1
    key = (Column("tenant", "text"), Column("user", "text"), Column("fact", "text"))
    columns = (Column("text", "text"), Column("remembered_at", "time"))
    indexes = (("tenant", "user", "remembered_at"),)
    topics = frozenset({FactRemembered.TOPIC, FactForgotten.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The fact's row."""
        payload = event.event
        if isinstance(payload, (FactRemembered, FactForgotten)):
            return ((event.tenant, payload.user, payload.fact_id),)
        return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The row after the event."""
        payload = event.event
        if isinstance(payload, FactRemembered):
            return {"text": payload.text, "remembered_at": event.recorded_at}
        return None


async def facts_of(views: Views, owner: Owner) -> list[RememberedFact]:
    """The owner's facts, newest first, at most 2,000."""
    where = {"tenant": owner.tenant, "user": owner.user}
    rows = await views.query(VIEW, where, order_by="-remembered_at", limit=_MAX_FACTS)
    return [RememberedFact(row["fact"], row["text"], row["remembered_at"]) for row in rows]


async def is_remembered(views: Views, owner: Owner, fact_id: str) -> bool:
    """Whether the owner has this fact."""
    return await views.get(VIEW, (owner.tenant, owner.user, fact_id)) is not None
