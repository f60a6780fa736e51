"""Small views for tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.catalogue.memory import FactForgotten, FactRemembered
from events.projection import Column, RecordedEvent, Row, Views

__all__ = ["CountView", "FactView", "facts_of"]


class FactView:
    """One row a fact. A fact whose text is `poison` can't be taken, one of `unstorable` gives a row that can't be."""

    name = "facts"
    version = 1
    key = (Column("fact", "text"),)
    columns = (
        Column("tenant", "text"),
        Column("user", "text"),
        Column("text", "text"),
        Column("length", "integer"),
        Column("weight", "real"),
        Column("long", "boolean"),
        Column("words", "json"),
        Column("at", "time"),
        Column("odd", "integer"),
        Column("none", "time"),
    )
    indexes: tuple[tuple[str, ...], ...] = (("tenant", "user"), ("length",))
    topics = frozenset({FactRemembered.TOPIC, FactForgotten.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        match event.event:
            case FactRemembered(fact_id=fact, text=text) | FactForgotten(fact_id=fact, user=text):
                if text == "poison key":
                    raise ValueError("no key")
                return ((fact,),)
            case _:
                return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        remembered = event.event
        if not isinstance(remembered, FactRemembered):
            return None
        text = remembered.text
        if text == "poison":
            raise ValueError("poison")
        return {
            "tenant": event.tenant,
            "user": remembered.user,
            "text": 5 if text == "unstorable" else text,
            "length": len(text),
            "weight": len(text) / 2,
            "long": len(text) > 3,
            "words": text.split(),
            "at": event.recorded_at,
            "odd": len(text) if len(text) % 2 else None,
        }


class CountView:
    """Events per user and over all: two rows an event."""

    name = "counts"
    version = 1
    key = (Column("kind", "text"), Column("name", "text"))
    columns = (Column("events", "integer"), Column("last", "text"))
    indexes: tuple[tuple[str, ...], ...] = ()
    topics = frozenset({FactRemembered.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        remembered = event.event
        return (("all", "-"), ("user", remembered.user)) if isinstance(remembered, FactRemembered) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        events = 0 if row is None else row["events"]
        return {"events": events + 1, "last": event.id}


async def facts_of(views: Views, **where: Any) -> list[str]:
    return [row["fact"] for row in await views.query("facts", where, order_by="fact")]
