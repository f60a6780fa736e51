"""What a calendar must offer; the local file and every adapter implement it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from common.context import Owner
from common.errors import SupervisorError

__all__ = [
    "CalendarBackend",
    "CalendarError",
    "CalendarUnclear",
    "EventReference",
    "NewEvent",
    "NotInCalendar",
    "Occurrence",
]


class CalendarError(SupervisorError):
    """Raised when a calendar can't be read or written; this call changed nothing then."""

    code = "calendar"


class CalendarUnclear(SupervisorError):
    """Raised when nobody can tell whether a change happened: the answer to it was lost. Asking again is safe."""

    code = "calendar_unclear"


class NotInCalendar(CalendarError):
    """Raised when the event that is to be changed is not there (any more)."""

    code = "not_in_calendar"


@dataclass(frozen=True, slots=True)
class EventReference:
    """Names one entry: an event by its UID, or one occurrence of a series by its original start too.

    `occurrence` is that start as ISO text: a date for all-day events, without offset for floating times, else in UTC.
    None means the event as a whole, with all its occurrences where it has several.
    """

    uid: str
    occurrence: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One entry at one time. Times are aware and in the zone they were asked for in; `end` is exclusive.

    An all-day entry runs from midnight to midnight. `recurring` tells that it is one of a series, `free` that it
    blocks no time, `fixed` why it can't be changed here (empty where it can).
    """

    reference: EventReference
    name: str
    start: datetime
    end: datetime
    all_day: bool = False
    place: str = ""
    recurring: bool = False
    free: bool = False
    fixed: str = ""

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether it takes any of the time from `start` to `end`; what takes no time counts where it starts."""
        first, last, start, end = (moment.astimezone(UTC) for moment in (self.start, self.end, start, end))
        return start <= first < end if first == last else first < end and last > start


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be added. `uid` is its idempotency key; times are aware, in the zone they were said in."""

    uid: str
    name: str
    start: datetime
    end: datetime
    all_day: bool = False
    place: str = ""


class CalendarBackend(Protocol):
    """The calendars of all owners, each seen by its owner alone.

    Every method raises `CalendarError` for a definite failure, and those that write `CalendarUnclear` where the
    outcome is open. Writing is idempotent: adding a UID that is there, moving to where it is, and removing what is
    gone change nothing.
    """

    async def between(self, owner: Owner, start: datetime, end: datetime) -> list[Occurrence]:
        """All entries that overlap the time from `start` to `end`, by start; cancelled ones are left out.

        The zone of `start` is the zone of the answer, and of all-day entries and times without a zone.
        """
        ...

    async def get(self, owner: Owner, reference: EventReference, like: datetime) -> Occurrence | None:
        """One entry as it is now, in the zone of `like`; of a series without occurrence its first; None if gone."""
        ...

    async def add(self, owner: Owner, event: NewEvent) -> bool:
        """Add an event; False where its UID was there already."""
        ...

    async def move(
        self, owner: Owner, reference: EventReference, start: datetime, end: datetime, *, all_day: bool
    ) -> None:
        """Give an entry this time; of a series only the occurrence. Raises `NotInCalendar` when it is gone."""
        ...

    async def rename(self, owner: Owner, reference: EventReference, name: str) -> None:
        """Give an entry this name; of a series only the occurrence. Raises `NotInCalendar` when it is gone."""
        ...

    async def remove(self, owner: Owner, reference: EventReference) -> bool:
        """Remove an entry; of a series only the occurrence, or all of it without one. False when it was gone."""
        ...
