"""Looks into a calendar: what is there in a range of time, and which entry somebody's words mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from pydantic import JsonValue

from common.context import TaskContext
from common.errors import ToolError
from common.language.time_words import read_extent
from common.settings import LanguageSettings
from common.tool import Fact
from roles.calendar.backend import CalendarBackend, CalendarError, Occurrence
from roles.calendar.intents import time_words
from roles.calendar.things import entry_data, reference_of
from roles.calendar.words import Topic, is_all, is_next, topic_in
from roles.time_in_words import clock_words, day_words

__all__ = ["Asked", "CannotTell", "Lookout", "data_of", "entry_words", "fact_of", "range_words"]

FAR = timedelta(days=366)
_MAX_ASKED = 6
_MAX_RANGE = timedelta(days=10 * 366)


class CannotTell(Exception):
    """Why something can't be answered or done, as a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A range of time; `said` tells that it was named, not taken by default, `note` how its words were taken."""

    start: datetime
    end: datetime
    said: bool = True
    note: str = ""

    @property
    def hours(self) -> bool:
        """Whether it is a part of a day."""
        return self.end.astimezone(UTC) - self.start.astimezone(UTC) < timedelta(hours=23)


def range_words(asked: Asked) -> str:
    """Saturday 28 November 2026, or its first and last day, or hours of it; with how the words were taken."""
    return f"{_range(asked)} ({asked.note})" if asked.note else _range(asked)


def _range(asked: Asked) -> str:
    if asked.hours:
        last = asked.end - timedelta(seconds=1)
        if last.date() == asked.start.date():
            until = "24:00" if asked.end.date() != asked.start.date() else clock_words(asked.end)
            return f"{day_words(asked.start.date())}, {clock_words(asked.start)}–{until}"
    first, last_day = asked.start.date(), (asked.end - timedelta(microseconds=1)).date()
    return day_words(first) if last_day <= first else f"{day_words(first)} to {day_words(last_day)}"


def entry_words(entry: Occurrence) -> str:
    """“Dentist” on Tuesday 17 November 2026, 09:30–10:00."""
    return f"“{entry.name}” on {time_words(entry.start, entry.end, all_day=entry.all_day)}"


def data_of(entry: Occurrence) -> JsonValue:
    """An entry for programs."""
    return {
        "uid": entry.reference.uid,
        "occurrence": entry.reference.occurrence,
        "name": entry.name,
        "start": entry.start.isoformat(),
        "end": entry.end.isoformat(),
        "all_day": entry.all_day,
        "place": entry.place,
        "recurring": entry.recurring,
    }


def fact_of(entry: Occurrence) -> Fact:
    """An entry for later steps, which may count from its time."""
    data = entry_data(entry)
    if entry.place:
        data["place"] = entry.place
    return Fact(kind="event", name=entry.name, start=entry.start.isoformat(), end=entry.end.isoformat(), data=data)


class Lookout:
    """Reads a calendar for the tools; raises `ToolError` when it can't be read."""

    def __init__(self, backend: CalendarBackend, language: LanguageSettings) -> None:
        self._backend = backend
        self._language = language

    async def between(self, context: TaskContext, start: datetime, end: datetime) -> list[Occurrence]:
        """The owner's entries in a range."""
        try:
            return await self._backend.between(context.owner, start, end)
        except CalendarError as error:
            raise ToolError(error.what, where=error.where, todo=error.todo) from error

    def range_of(self, when: str, context: TaskContext, facts: Sequence[Fact], days: int) -> Asked:
        """The range that words name; without any the `days` from today. Raises `CannotTell`."""
        now = context.now
        today = datetime.combine(now.date(), time(), tzinfo=now.tzinfo)
        if not when.strip():
            return Asked(today, today + timedelta(days=days), said=False)
        found = read_extent(when, now, facts=facts, language=self._language)
        if found is None:
            raise CannotTell(f"I can't tell which time “{when}” is. Say, for example, “tomorrow” or “next week”.")
        start, end = found.start.astimezone(now.tzinfo), found.end.astimezone(now.tzinfo)
        return Asked(start, min(end, start + _MAX_RANGE), note=found.note)

    async def chosen(self, said: str, asked: Asked | None, context: TaskContext) -> list[Occurrence]:
        """The entries that words mean, at least one.

        Without a range those to come are looked at, of a series the next occurrence. Raises `CannotTell` when there
        is none, or when it is not clear which one of several is meant.
        """
        topic = topic_in(said)
        now = context.now
        found = await self.between(context, *((asked.start, asked.end) if asked else (now, now + FAR)))
        if asked is None and not topic and not is_next(said):
            raise CannotTell("Which event do you mean? Say its name, its day, or both.")
        fitting = self._fitting(topic, found, asked)
        if asked is None:
            fitting = _first_of_each(fitting)
        if not fitting:
            raise CannotTell(await self._missing(topic, asked, context, found))
        if len(fitting) == 1 or (is_all(said) and (asked is not None or topic)):
            return fitting
        if is_next(said):
            return fitting[:1]
        raise CannotTell(_which(fitting))

    async def again(self, fact: Fact, context: TaskContext) -> Occurrence:
        """The entry that was spoken of before, as it is now. Raises `CannotTell` when it is gone."""
        reference = reference_of(fact)
        entry: Occurrence | None = None
        if reference is not None:
            try:
                entry = await self._backend.get(context.owner, reference, context.now)
            except CalendarError as error:
                raise ToolError(error.what, where=error.where, todo=error.todo) from error
        if entry is None:
            raise CannotTell(f"“{fact.name}” is no longer in your calendar.")
        return entry

    @staticmethod
    def _fitting(topic: Topic, found: list[Occurrence], asked: Asked | None) -> list[Occurrence]:
        fitting = topic.choose(found) if topic else found
        if asked is not None and asked.hours:
            at_once = [entry for entry in fitting if entry.start == asked.start]
            return at_once or fitting
        return fitting

    async def _missing(
        self, topic: Topic, asked: Asked | None, context: TaskContext, found: Sequence[Occurrence]
    ) -> str:
        where = f" on {range_words(asked)}" if asked else ""
        text = f"I found no such event in your calendar{where}."
        if asked is not None and topic:
            elsewhere = topic.choose(await self.between(context, context.now, context.now + FAR))
            if elsewhere:
                return f"{text} There is {entry_words(elsewhere[0])}."
        if found:
            shown = "; ".join(entry_words(entry) for entry in found[:_MAX_ASKED])
            return f"{text} There is {shown}." if asked else f"{text} Coming up: {shown}."
        return text


def _first_of_each(entries: Sequence[Occurrence]) -> list[Occurrence]:
    """Of every series the first entry, and every single event."""
    seen: set[str] = set()
    kept: list[Occurrence] = []
    for entry in entries:
        if not entry.recurring or entry.reference.uid not in seen:
            kept.append(entry)
            seen.add(entry.reference.uid)
    return kept


def _which(entries: Sequence[Occurrence]) -> str:
    shown = "; ".join(entry_words(entry) for entry in entries[:_MAX_ASKED])
    more = f"; and {len(entries) - _MAX_ASKED} more" if len(entries) > _MAX_ASKED else ""
    return f"Which one do you mean: {shown}{more}? Say its day and time too."
