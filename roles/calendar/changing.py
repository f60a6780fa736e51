"""The calendar tools that propose changes: add, move, cancel."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from common.language.time_words import find_spans, is_repeating, length_note, read_duration, read_when
from common.settings import Settings
from common.tool import Fact, ToolContext, ToolResult
from roles.calendar.arguments import AddArguments, CancelArguments, MoveArguments, RenameArguments
from roles.calendar.backend import Occurrence
from roles.calendar.handlers import overlap_words
from roles.calendar.intents import MAX_NAME, AddEvent, CancelEvent, MoveEvent, RenameEvent, time_words
from roles.calendar.looking import Asked, CannotTell, Lookout
from roles.calendar.words import (
    Target,
    is_all,
    is_all_day,
    is_series,
    later,
    name_in,
    place_in,
    read_target,
    split_move,
    without_spans,
)

__all__ = ["ChangingTools"]

_NOW = re.compile(r"\b(?:right )?now\b", re.IGNORECASE)
_RENAME = re.compile(
    r"(?:.*?\b)?(?:rename|retitle|call|(?:change|set) the (?:title|name) of|give) (.+?)"
    r" (?:to|into|as|(?:the|a) (?:new )?(?:title|name)) (.+)",
    re.IGNORECASE,
)
_LONGEST = timedelta(days=366)
_MAX_CANCELLED = 20
_FIRST, _LAST = 1900, 2200


@dataclass(frozen=True, slots=True)
class _Span:
    """When a new event is, and what was assumed."""

    start: datetime
    end: datetime
    all_day: bool
    notes: tuple[str, ...]


class ChangingTools:
    """Tools that register what is to be changed in the calendar of the request's owner."""

    def __init__(self, lookout: Lookout, settings: Settings) -> None:
        self._lookout = lookout
        self._settings = settings.calendar
        self._language = settings.language

    async def add(self, arguments: AddArguments, context: ToolContext) -> ToolResult:
        """Register a new event."""
        name = name_in(arguments.subject, arguments.person)
        try:
            if not name:
                raise CannotTell("What shall the event be called? Say, for example, “add dentist tomorrow at 3 pm”.")
            span = self._new_span(arguments, context)
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        intent = AddEvent(
            name=name[:MAX_NAME],
            start=span.start,
            end=span.end,
            all_day=span.all_day,
            timezone=context.context.timezone or "UTC",
            notes=span.notes,
            place=place_in(arguments.place, name),
        )
        there = await self._lookout.between(context.context, span.start, span.end)
        await context.register_intent(intent)
        overlaps = overlap_words(there, span.start, span.end)
        fact = Fact(kind="event", name=intent.name, start=span.start.isoformat(), end=span.end.isoformat())
        assumed = f" ({'; '.join(span.notes)})" if span.notes else ""
        return ToolResult(
            text=f"I am going to {intent.summary()}{assumed}. {overlaps}".strip(),
            data={"name": intent.name, "start": span.start.isoformat(), "end": span.end.isoformat()},
            facts=(fact,),
        )

    async def move(self, arguments: MoveArguments, context: ToolContext) -> ToolResult:
        """Register another time for an event; of a series for the one occurrence."""
        now = context.context.now
        source, words = ("", arguments.when) if context.meant else _source_and_target(arguments)
        try:
            if is_repeating(words):
                raise CannotTell("I can move one occurrence of a series, not the whole series.")
            entry, *others = await self._meant(source, "", context)
            if others:
                raise CannotTell("I move one event at a time. Say which one, with its day and time.")
            target = read_target(words, entry, now, self._language) if words else None
            if target is None:
                raise CannotTell(f"When shall “{entry.name}” be instead? Say, for example, “to Thursday at 3 pm”.")
            intent = _move(entry, target, context.context.timezone or "UTC")
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        there = await self._lookout.between(context.context, target.start, target.end)
        overlaps = overlap_words([other for other in there if other.reference != entry.reference], *intent.times)
        await context.register_intent(intent)
        assumed = f" ({'; '.join(target.notes)})" if target.notes else ""
        fact = Fact(kind="event", name=entry.name, start=target.start.isoformat(), end=target.end.isoformat())
        return ToolResult(
            text=f"I am going to {intent.summary()}{assumed}. {overlaps}".strip(),
            data={"name": entry.name, "start": target.start.isoformat(), "end": target.end.isoformat()},
            facts=(fact,),
        )

    async def rename(self, arguments: RenameArguments, context: ToolContext) -> ToolResult:
        """Register another name for an event; of a series for the one occurrence."""
        which, said = (arguments.which, "") if context.meant else _source_and_name(arguments.which)
        name = name_in(said or arguments.name, "")
        try:
            if not name:
                raise CannotTell("What shall it be called? Say, for example, “call it lunch with Ben”.")
            entry, *others = await self._meant(which, "", context)
            if others:
                raise CannotTell("I rename one event at a time. Say which one, with its day and time.")
            _check_changeable(entry)
            if entry.name == name:
                raise CannotTell(f"It is called “{name}” already.")
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        intent = RenameEvent(
            name=name[:MAX_NAME],
            start=entry.start,
            end=entry.end,
            all_day=entry.all_day,
            timezone=context.context.timezone or "UTC",
            uid=entry.reference.uid,
            occurrence=entry.reference.occurrence,
            before=entry.name[:MAX_NAME],
        )
        await context.register_intent(intent)
        fact = Fact(kind="event", name=intent.name, start=entry.start.isoformat(), end=entry.end.isoformat())
        return ToolResult(text=f"I am going to {intent.summary()}.", data={"name": intent.name}, facts=(fact,))

    async def cancel(self, arguments: CancelArguments, context: ToolContext) -> ToolResult:
        """Register what is to be taken out; asks where it is not clear which one is meant."""
        timed = bool(arguments.when.strip()) or any(span.kind == "when" for span in find_spans(arguments.which))
        series = is_series(arguments.which) or (is_all(arguments.which) and not timed)
        try:
            entries = await self._meant(arguments.which, arguments.when, context)
            if len(entries) > _MAX_CANCELLED:
                raise CannotTell(
                    f"That would cancel {len(entries)} events. I cancel at most {_MAX_CANCELLED} at once; name a "
                    "shorter time."
                )
            for entry in entries:
                _check_changeable(entry)
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        lines: list[str] = []
        whole: set[str] = set()
        for entry in entries:
            all_of_it = series and entry.recurring
            if all_of_it and entry.reference.uid in whole:
                continue
            whole.add(entry.reference.uid)
            intent = CancelEvent(
                name=entry.name[:MAX_NAME],
                start=entry.start,
                end=entry.end,
                all_day=entry.all_day,
                timezone=context.context.timezone or "UTC",
                uid=entry.reference.uid,
                occurrence=entry.reference.occurrence,
                series=all_of_it,
            )
            await context.register_intent(intent)
            lines.append(f"I am going to {intent.summary()}.")
        return ToolResult(text="\n".join(lines))

    async def _meant(self, said: str, when: str, context: ToolContext) -> list[Occurrence]:
        """The entries that words mean, with the time they name themselves or `when`; or those spoken of before."""
        if context.meant:
            found = [await self._lookout.again(fact, context.context) for fact in context.meant]
            return [_as_it_will_be(entry, context) for entry in found]
        timed = " ".join(span.text for span in find_spans(said) if span.kind == "when") or when
        asked: Asked | None = None
        if timed.strip():
            asked = self._lookout.range_of(timed, context.context, context.facts, 1)
        return await self._lookout.chosen(said, asked, context.context)

    def _new_span(self, arguments: AddArguments, context: ToolContext) -> _Span:
        """When the new event is; raises `CannotTell`."""
        if is_repeating(arguments.when):
            raise CannotTell("I can add single events, not repeating ones. Name one day for it.")
        found = read_when(
            arguments.when,
            context.context.now,
            default_time=self._settings.default_start,
            facts=context.facts,
            language=self._language,
        )
        if found is None:
            raise CannotTell(
                f"I can't tell which time “{arguments.when}” is. Say, for example, “on Saturday at 9” or “tomorrow”."
            )
        if not _FIRST <= found.start.year <= _LAST:
            raise CannotTell(f"The year {found.start.year} is too far away.")
        length = read_duration(arguments.duration) if arguments.duration.strip() else None
        if length is not None and length > _LONGEST:
            raise CannotTell("That is too long for one event: a year is the most.")
        notes = tuple(filter(None, (found.note, length_note(arguments.duration))))
        midnight = datetime.combine(found.start.date(), time(), tzinfo=found.start.tzinfo)
        if not found.has_time:
            days = _whole_days(midnight, found.end, length, is_all_day(arguments.when, arguments.subject))
            if days:
                return _Span(midnight, midnight + timedelta(days=days), all_day=True, notes=notes)
            notes = (*notes, f"no time was given, so {found.start:%H:%M} was taken")
        end = found.end if found.has_time else None
        if length is not None or end is None or end <= found.start:
            end = later(found.start, length or timedelta(minutes=self._settings.default_minutes))
        if end <= context.context.now:
            notes = (*notes, "that is in the past")
        return _Span(found.start, end, all_day=False, notes=notes)


def _as_it_will_be(entry: Occurrence, context: ToolContext) -> Occurrence:
    """The entry with what this request changes about it already: “make it an hour later and call it brunch”."""
    for intent in context.pending(MoveEvent, RenameEvent):
        if isinstance(intent, MoveEvent) and intent.reference == entry.reference:
            start, end = intent.times
            entry = replace(entry, start=start, end=end, all_day=intent.all_day)
        elif isinstance(intent, RenameEvent) and intent.reference == entry.reference:
            entry = replace(entry, name=intent.name)
    return entry


def _whole_days(midnight: datetime, end: datetime | None, length: timedelta | None, all_day: bool) -> int:
    """How many whole days are meant; 0 where a time of day is to be taken."""
    if end is not None and end.date() > midnight.date() + timedelta(days=1):
        return min((end.date() - midnight.date()).days, _LONGEST.days)
    if length is not None and length >= timedelta(days=1):
        return length.days
    return 1 if all_day else 0


def _source_and_target(arguments: MoveArguments) -> tuple[str, str]:
    """The words that say which event, and those that say its new time."""
    source, target = split_move(_plain(arguments.which))
    when = _plain(arguments.when)
    if target:
        return source, target
    if when and when.casefold() in source.casefold():
        at = source.casefold().index(when.casefold())
        return f"{source[:at]} {source[at + len(when) :]}", _with_direction(when, arguments.which)
    if when:
        return source, when
    spans = find_spans(source)
    if not spans:
        return source, ""
    last = spans[-1]
    return f"{source[: last.start]} {source[last.end :]}", _with_direction(last.text, arguments.which)


def _source_and_name(which: str) -> tuple[str, str]:
    """The words that say which event, and those that say its new name, where both were said."""
    found = _RENAME.fullmatch(which.strip(" .?!"))
    return (found[1], found[2]) if found is not None else (which, "")


def _plain(text: str) -> str:
    """The text without "now", which is no time to look for in "the dentist is now on Friday"."""
    return " ".join(_NOW.sub(" ", text).split())


def _with_direction(target: str, said: str) -> str:
    """A length with the words that tell whether it is meant forwards or back."""
    return f"{target} {without_spans(said)}" if not any(s.kind == "when" for s in find_spans(target)) else target


def _check_changeable(entry: Occurrence) -> None:
    if entry.fixed:
        raise CannotTell(f"I can't change “{entry.name}”: {entry.fixed}.")


def _move(entry: Occurrence, target: Target, timezone: str) -> MoveEvent:
    _check_changeable(entry)
    if not _FIRST <= target.start.year <= _LAST:
        raise CannotTell(f"The year {target.start.year} is too far away.")
    if (target.start, target.end, target.all_day) == (entry.start, entry.end, entry.all_day):
        at = time_words(entry.start, entry.end, all_day=entry.all_day)
        raise CannotTell(f"“{entry.name}” is there already: {at}.")
    return MoveEvent(
        name=entry.name[:MAX_NAME],
        start=target.start,
        end=target.end,
        all_day=target.all_day,
        timezone=timezone,
        notes=target.notes,
        uid=entry.reference.uid,
        occurrence=entry.reference.occurrence,
        before=time_words(entry.start, entry.end, all_day=entry.all_day),
    )
