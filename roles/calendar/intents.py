"""What the calendar role wants changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, field_validator, model_validator

from common.intents import Intent
from roles.calendar.backend import EventReference
from roles.time_in_words import day_words, span_words

__all__ = ["MAX_NAME", "AddEvent", "CancelEvent", "MoveEvent", "RenameEvent", "time_words"]

MAX_NAME = 500


def time_words(start: datetime, end: datetime, *, all_day: bool) -> str:
    """Saturday 28 November 2026, 09:00–10:00, or “all day”."""
    if not all_day:
        return span_words(start, end)
    last = end.date() - timedelta(days=1)
    if last <= start.date():
        return f"{day_words(start.date())}, all day"
    return f"{day_words(start.date())} – {day_words(last)}, all day"


class _Timed(Intent):
    """Base of those: a name and a time, in the zone it was said in; `end` is exclusive."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    start: AwareDatetime
    end: AwareDatetime
    all_day: bool = False
    timezone: str = Field(max_length=100)
    notes: tuple[str, ...] = Field(default=(), max_length=8, description="what was assumed, as clauses for people")

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown timezone {value!r}") from None
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise ValueError("the end is before the start")
        return self

    @property
    def times(self) -> tuple[datetime, datetime]:
        """Start and end in the intent's zone."""
        zone = ZoneInfo(self.timezone)
        return self.start.astimezone(zone), self.end.astimezone(zone)

    @property
    def words(self) -> str:
        """The time in words."""
        start, end = self.times
        return time_words(start, end, all_day=self.all_day)


class AddEvent(_Timed):
    """Put an event into the calendar."""

    TYPE: ClassVar[str] = "calendar.add_event"
    place: str = Field(default="", max_length=MAX_NAME)

    def summary(self) -> str:
        """See `Intent.summary`."""
        return f"add “{self.name}” to the calendar: {self.words}"


class MoveEvent(_Timed):
    """Give an event, or one occurrence of a series, another time."""

    TYPE: ClassVar[str] = "calendar.move_event"
    uid: str = Field(min_length=1, max_length=2_000)
    occurrence: str | None = Field(default=None, max_length=100)
    before: str = Field(default="", max_length=300, description="its time until now, in words")

    @property
    def reference(self) -> EventReference:
        """What is to be moved."""
        return EventReference(self.uid, self.occurrence)

    def summary(self) -> str:
        """See `Intent.summary`."""
        one = "this occurrence of " if self.occurrence is not None else ""
        return f"move {one}“{self.name}” from {self.before} to {self.words}"


class RenameEvent(_Timed):
    """Give an event, or one occurrence of a series, another name; `name` is the new one."""

    TYPE: ClassVar[str] = "calendar.rename_event"
    uid: str = Field(min_length=1, max_length=2_000)
    occurrence: str | None = Field(default=None, max_length=100)
    before: str = Field(default="", max_length=MAX_NAME, description="its name until now")

    @property
    def reference(self) -> EventReference:
        """What is to be renamed."""
        return EventReference(self.uid, self.occurrence)

    def summary(self) -> str:
        """See `Intent.summary`."""
        one = "this occurrence of " if self.occurrence is not None else ""
        return f"rename {one}“{self.before}” ({self.words}) to “{self.name}”"


class CancelEvent(_Timed):
    """Take an event, one occurrence of a series, or (`series`) all of it out of the calendar."""

    TYPE: ClassVar[str] = "calendar.cancel_event"
    uid: str = Field(min_length=1, max_length=2_000)
    occurrence: str | None = Field(default=None, max_length=100)
    series: bool = False

    @property
    def reference(self) -> EventReference:
        """What is to be removed."""
        return EventReference(self.uid, None if self.series else self.occurrence)

    def summary(self) -> str:
        """See `Intent.summary`."""
        if self.series:
            return f"remove all occurrences of “{self.name}” from the calendar"
        one = "one occurrence of " if self.occurrence is not None else ""
        return f"remove {one}“{self.name}” from the calendar: {self.words}"
