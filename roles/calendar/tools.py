"""The tools of the calendar role."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from common.language.time_words import length_note, read_duration
from common.settings import Settings
from common.tool import Fact, Tool, ToolContext, ToolResult
from roles.calendar.arguments import (
    AddArguments,
    CancelArguments,
    FindFreeArguments,
    ListArguments,
    MoveArguments,
    RenameArguments,
)
from roles.calendar.backend import CalendarBackend, Occurrence
from roles.calendar.changing import ChangingTools
from roles.calendar.free_time import Slot, day_windows, free_slots
from roles.calendar.intents import AddEvent, time_words
from roles.calendar.looking import FAR, Asked, CannotTell, Lookout, data_of, entry_words, fact_of, range_words
from roles.calendar.utterances import ADD, CANCEL, FIND_FREE, LIST, MOVE, RENAME
from roles.calendar.words import is_next, topic_in
from roles.time_in_words import clock_words, day_words, length_words

__all__ = ["CalendarTools"]

_MAX_LISTED = 50
_MAX_MATCHES = 5
_MAX_SLOTS = 12
_DEFAULT_DAYS = 7
_TODAY = re.compile(r"\bmy day\b", re.IGNORECASE)
_GRID = timedelta(minutes=5)


class CalendarTools:
    """Tools over a calendar backend; each sees the calendar of the request's owner alone."""

    def __init__(self, backend: CalendarBackend, settings: Settings) -> None:
        self._lookout = Lookout(backend, settings.language)
        self._changing = ChangingTools(self._lookout, settings)
        self._settings = settings.calendar

    def tools(self) -> tuple[Tool, ...]:
        """The tools to register."""
        return (
            Tool(
                name="calendar.list",
                description="List the events in the user's calendar: on a day, in a range, or those with a name.",
                arguments=ListArguments,
                handler=self.list,
                utterances=LIST,
            ),
            Tool(
                name="calendar.add",
                description="Add an event or appointment to the user's calendar.",
                arguments=AddArguments,
                handler=self._changing.add,
                utterances=ADD,
                effect=True,
            ),
            Tool(
                name="calendar.move",
                description="Move an event of the user's calendar to another day or time.",
                arguments=MoveArguments,
                handler=self._changing.move,
                utterances=MOVE,
                effect=True,
            ),
            Tool(
                name="calendar.rename",
                description="Give an event of the user's calendar another name.",
                arguments=RenameArguments,
                handler=self._changing.rename,
                utterances=RENAME,
                effect=True,
            ),
            Tool(
                name="calendar.cancel",
                description="Cancel an event: take it out of the user's calendar.",
                arguments=CancelArguments,
                handler=self._changing.cancel,
                utterances=CANCEL,
                effect=True,
            ),
            Tool(
                name="calendar.find_free",
                description="Find free time of a given length between the events of the user's calendar.",
                arguments=FindFreeArguments,
                handler=self.find_free,
                utterances=FIND_FREE,
            ),
        )

    async def list(self, arguments: ListArguments, context: ToolContext) -> ToolResult:
        """What is in the calendar, with what this very request is about to add."""
        if context.meant:
            return await self._spoken_of(context)
        topic = topic_in(arguments.about)
        try:
            asked = self._lookout.range_of(arguments.when, context.context, context.facts, _DEFAULT_DAYS)
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        if not asked.said and not _TODAY.search(arguments.about) and (topic or is_next(arguments.about)):
            return await self._coming(arguments.about, asked, context)
        if not asked.said and _TODAY.search(arguments.about):
            asked = Asked(asked.start, asked.start + timedelta(days=1))
        entries = await self._lookout.between(context.context, asked.start, asked.end)
        chosen = topic.choose(entries) if topic else entries
        result = _listed(chosen or entries, _pending(context, asked.start, asked.end), asked)
        if chosen or not entries or not topic.core:
            return result
        return result.model_copy(update={"text": f"I found nothing that is called so. {result.text}"})

    async def _spoken_of(self, context: ToolContext) -> ToolResult:
        """When and where the events are that were spoken of before."""
        try:
            entries = [await self._lookout.again(fact, context.context) for fact in context.meant]
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        lines = [f"{entry_words(entry)}{f', {entry.place}' if entry.place else ''}." for entry in entries]
        return ToolResult(text="\n".join(lines), data=list(map(data_of, entries)), facts=tuple(map(fact_of, entries)))

    async def _coming(self, about: str, asked: Asked, context: ToolContext) -> ToolResult:
        """The next events that words such as “my next dentist appointment” mean."""
        now = context.context.now
        topic = topic_in(about)
        ahead = await self._lookout.between(context.context, now, now + FAR)
        found = topic.choose(ahead) if topic else [entry for entry in ahead if entry.start >= now]
        if not found:
            near = [entry for entry in ahead if entry.overlaps(asked.start, asked.end)]
            result = _listed(near, _pending(context, now, now + FAR), asked)
            return result.model_copy(update={"text": f"I found no such event in the year to come. {result.text}"})
        shown = found[:1] if is_next(about) else found[:_MAX_MATCHES]
        lines = [f"{entry_words(entry)}{f', {entry.place}' if entry.place else ''}" for entry in shown]
        more = f"\n… and {len(found) - len(shown)} later ones." if len(found) > len(shown) > 1 else ""
        text = f"{lines[0]}." if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)
        return ToolResult(
            text=f"{text}{more}", data=[data_of(entry) for entry in shown], facts=tuple(map(fact_of, shown))
        )

    async def find_free(self, arguments: FindFreeArguments, context: ToolContext) -> ToolResult:
        """Free time within the day's hours, or within the hours that were named."""
        now = context.context.now
        length = read_duration(arguments.duration) or timedelta(minutes=self._settings.default_minutes)
        try:
            asked = self._lookout.range_of(arguments.when, context.context, context.facts, _DEFAULT_DAYS)
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        if asked.end <= now:
            return ToolResult(ok=False, text=f"{range_words(asked)} is over.")
        start = max(asked.start, _on_grid(now))
        if start >= asked.end:
            return ToolResult(text=f"Nothing is left of {range_words(asked)}.")
        entries = [entry for entry in await self._lookout.between(context.context, start, asked.end) if not entry.free]
        busy = [Slot(entry.start, entry.end) for entry in entries]
        busy += [Slot(*intent.times) for intent in _pending(context, start, asked.end)]
        windows = (
            [Slot(start, asked.end)]
            if asked.hours
            else [*day_windows(start, asked.end, self._settings.day_start, self._settings.day_end)]
        )
        found = _free(free_slots(windows, busy, length), length, asked, entries)
        named = bool(found.data)  # with no slot the text names the range, its note included
        taken = "; ".join(filter(None, (length_note(arguments.duration), asked.note if named else "")))
        text = found.text.removesuffix(".")
        return found.model_copy(update={"text": f"{text} ({taken})."}) if taken else found


def _on_grid(moment: datetime) -> datetime:
    """The next whole five minutes."""
    utc = moment.astimezone(UTC)
    over = timedelta(minutes=utc.minute % 5, seconds=utc.second, microseconds=utc.microsecond)
    return (utc - over + (_GRID if over else timedelta(0))).astimezone(moment.tzinfo)


def _pending(context: ToolContext, start: datetime, end: datetime) -> Sequence[AddEvent]:
    """Events that this very request is about to add in a range."""
    return [
        intent
        for intent in context.pending(AddEvent)
        if isinstance(intent, AddEvent) and intent.start < end and (intent.end > start or intent.start >= start)
    ]


def _listed(entries: Sequence[Occurrence], pending: Sequence[AddEvent], asked: Asked) -> ToolResult:
    where = f"for {range_words(asked)}"
    data = [data_of(entry) for entry in entries[:_MAX_LISTED]]
    facts = tuple(fact_of(entry) for entry in entries[:_MAX_LISTED])
    about_to = [f"“{intent.name}” is about to be added: {intent.words}." for intent in pending]
    if not entries:
        nothing = "" if about_to else f"Nothing is in your calendar {where}."
        return ToolResult(text="\n".join([*about_to, nothing]).strip(), data=data)
    lines = [f"In your calendar {where}:"]
    day = None
    for entry in entries[:_MAX_LISTED]:
        shown = max(entry.start.date(), asked.start.date())
        if shown != day and not (asked.hours or (asked.end - asked.start) <= timedelta(days=1)):
            lines.append(f"{day_words(shown)}")
        day = shown
        lines.append(f"- {_line(entry)}")
    if len(entries) > _MAX_LISTED:
        lines.append(f"… and {len(entries) - _MAX_LISTED} more; ask about a shorter time.")
    return ToolResult(text="\n".join([*lines, *about_to]), data=data, facts=facts)


def _line(entry: Occurrence) -> str:
    place = f" ({entry.place})" if entry.place and entry.place.casefold() not in entry.name.casefold() else ""
    if entry.end.date() > entry.start.date() and (entry.end - entry.start) > timedelta(days=1):
        return f"{entry.name}{place}: {time_words(entry.start, entry.end, all_day=entry.all_day)}"
    if entry.all_day:
        return f"all day: {entry.name}{place}"
    until = f"–{clock_words(entry.end)}" if entry.end > entry.start else ""
    return f"{clock_words(entry.start)}{until} {entry.name}{place}"


def _free(slots: Sequence[Slot], length: timedelta, asked: Asked, entries: Sequence[Occurrence]) -> ToolResult:
    wanted = length_words(length)
    if not slots:
        names = ", ".join(f"“{entry.name}”" for entry in entries[:_MAX_MATCHES])
        why = f" In the way: {names}." if names else ""
        return ToolResult(text=f"There is no free time of {wanted} on {range_words(asked)}.{why}", data=[])
    lines: dict[str, list[str]] = {}
    for slot in slots[:_MAX_SLOTS]:
        until = "24:00" if slot.end.date() > slot.start.date() else clock_words(slot.end)
        lines.setdefault(day_words(slot.start.date()), []).append(f"{clock_words(slot.start)}–{until}")
    days = [f"{day}: {', '.join(spans)}" for day, spans in lines.items()]
    more = f"\n… and {len(slots) - _MAX_SLOTS} later ones." if len(slots) > _MAX_SLOTS else ""
    text = (
        f"Free for {wanted}: {days[0]}."
        if len(days) == 1
        else f"Free for {wanted}:\n" + "\n".join(f"- {day}" for day in days)
    )
    first = slots[0]
    fact = Fact(kind="time", name="free time", start=first.start.isoformat(), end=first.end.isoformat())
    data: list[JsonValue] = [{"start": slot.start.isoformat(), "end": slot.end.isoformat()} for slot in slots]
    return ToolResult(text=f"{text}{more}", data=data, facts=(fact,))
