"""What the tests of every calendar share: a stage to play on, times, and events of other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from common.context import Owner
from roles.calendar.backend import CalendarBackend, EventReference, NewEvent
from tests.roles.calendar.calendars import LOCAL, NOW, ZURICH

__all__ = [
    "ANNA",
    "DAY",
    "DENTIST",
    "HOUR",
    "NEW_YORK",
    "STANDUP",
    "STANDUP_MOVED",
    "TOKYO",
    "Stage",
    "at",
    "day",
    "event",
    "grouped",
    "occurrence",
]

ANNA = Owner("acme", "anna")
TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Stage(Protocol):
    """A backend with empty calendars of `LOCAL` and `ANNA`, and a hand of another program in them."""

    backend: CalendarBackend

    def store(self, *components: str, owner: Owner = LOCAL) -> None:
        """Put events there the way another program does; components as `calendars.ics` takes them."""
        ...

    def stored(self, owner: Owner = LOCAL) -> Mapping[str, str]:
        """All texts there, by name."""
        ...


def grouped(components: Sequence[str]) -> dict[str, list[str]]:
    """Components by their UID, each group with all those that have none (definitions of zones)."""
    uids = {_uid(each): each for each in components}
    shared = [each for each in components if not _uid(each)]
    return {uid: [*shared, *(each for each in components if _uid(each) == uid)] for uid in uids if uid}


def _uid(component: str) -> str:
    found = (line.strip().removeprefix("UID:") for line in component.splitlines() if line.strip().startswith("UID:"))
    return next(found, "")


def event(uid: str, start: datetime = NOW + DAY, length: timedelta = HOUR, name: str = "", place: str = "") -> NewEvent:
    return NewEvent(uid, name or uid, start, start + length, place=place)


def day(number: int, month: int = 11, year: int = 2026, zone: ZoneInfo = ZURICH) -> datetime:
    return datetime(year, month, number, tzinfo=zone)


def at(number: int, hour: int, minute: int = 0, month: int = 11, fold: int = 0) -> datetime:
    return datetime(2026, month, number, hour, minute, tzinfo=ZURICH, fold=fold)


DENTIST = """
    UID:dentist
    DTSTART;TZID=Europe/Zurich:20261117T093000
    DTEND;TZID=Europe/Zurich:20261117T100000
    SUMMARY:Dentist
    LOCATION:Main Street 5
    """
STANDUP = """
    UID:standup
    DTSTART;TZID=Europe/Zurich:20261116T091500
    DTEND;TZID=Europe/Zurich:20261116T093000
    RRULE:FREQ=WEEKLY;BYDAY=MO,WE
    EXDATE;TZID=Europe/Zurich:20261125T091500
    SUMMARY:Standup
    """
STANDUP_MOVED = """
    UID:standup
    RECURRENCE-ID;TZID=Europe/Zurich:20261123T091500
    DTSTART;TZID=Europe/Zurich:20261124T140000
    DTEND;TZID=Europe/Zurich:20261124T143000
    SUMMARY:Standup (moved)
    """


def occurrence(number: int) -> EventReference:
    """The standup of a day in November."""
    return EventReference("standup", at(number, 9, 15).astimezone(UTC).isoformat())
