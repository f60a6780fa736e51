"""Events as things that a later request of the session may mean by “it”."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from common.tool import Fact
from roles.calendar.backend import EventReference, Occurrence
from roles.calendar.intents import time_words

__all__ = ["entry_data", "event_thing", "reference_of", "thing_data"]


class _Timed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def times(self) -> tuple[datetime, datetime]: ...
    @property
    def words(self) -> str: ...


def thing_data(reference: EventReference, name: str, words: str) -> dict[str, JsonValue]:
    """What identifies an event, and how it is called where one of several must be chosen."""
    identity = reference.uid if reference.occurrence is None else f"{reference.uid} {reference.occurrence}"
    return {
        "id": identity,
        "role": "calendar",
        "uid": reference.uid,
        "occurrence": reference.occurrence,
        "words": f"“{name}” on {words}",
    }


def event_thing(event: _Timed, reference: EventReference, *, gone: bool = False) -> Fact:
    """The event that an intent was about; `gone` where it is there no longer."""
    start, end = event.times
    data = thing_data(reference, event.name, event.words)
    if gone:
        data["gone"] = True
    return Fact(kind="event", name=event.name, start=start.isoformat(), end=end.isoformat(), data=data)


def entry_data(entry: Occurrence) -> dict[str, JsonValue]:
    """What identifies an entry that was looked up."""
    return thing_data(entry.reference, entry.name, time_words(entry.start, entry.end, all_day=entry.all_day))


def reference_of(fact: Fact) -> EventReference | None:
    """The entry that a fact is about, where it says so."""
    uid, occurrence = fact.data.get("uid"), fact.data.get("occurrence")
    if fact.kind != "event" or not isinstance(uid, str):
        return None
    return EventReference(uid, occurrence if isinstance(occurrence, str) else None)
