"""How the calendar role's intents take effect: through the calendar's backend, idempotently."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import anyio
from pydantic import JsonValue

from common.context import Owner
from common.errors import IntentError, SupervisorError
from common.intents import Effect, Intent, IntentExecution, IntentResult
from common.tool import Fact
from roles.calendar.backend import (
    CalendarBackend,
    CalendarError,
    CalendarUnclear,
    EventReference,
    NewEvent,
    NotInCalendar,
    Occurrence,
)
from roles.calendar.intents import AddEvent, CancelEvent, MoveEvent, RenameEvent
from roles.calendar.things import event_thing
from roles.time_in_words import clock_words

__all__ = [
    "AddEventHandler",
    "CancelEventHandler",
    "MoveEventHandler",
    "RenameEventHandler",
    "overlap_words",
    "uid_for",
]

_NAMESPACE = uuid.UUID("b1a3e3a0-5c1f-4a8e-9e63-0f6f1d7b6f02")
_MAX_OVERLAPS = 3
_OVERLAP_SECONDS = 5.0


def uid_for(owner: Owner, key: str) -> str:
    """The UID of the event that an intent makes; the same for every attempt, so that it is added once."""
    return uuid.uuid5(_NAMESPACE, json.dumps([owner.tenant, owner.user, key])).hex


def overlap_words(entries: Sequence[Occurrence], start: datetime, end: datetime) -> str:
    """A sentence on what else is at that time, such as “It overlaps with “Dentist” 09:30–10:00.”; or nothing."""
    others = [entry for entry in entries if not entry.free and entry.overlaps(start, end)]
    if not others:
        return ""
    shown = [f"“{entry.name}” {_short(entry)}" for entry in others[:_MAX_OVERLAPS]]
    if len(others) > _MAX_OVERLAPS:
        shown.append(f"{len(others) - _MAX_OVERLAPS} more")
    listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"It overlaps with {listed}."


def _short(entry: Occurrence) -> str:
    if entry.all_day:
        return "(all day)"
    if entry.start == entry.end:
        return clock_words(entry.start)
    return f"{clock_words(entry.start)}–{clock_words(entry.end)}"


class _Handler:
    """What all of them share: effects that may be tried again, and failures that are definite."""

    effect = Effect.IDEMPOTENT

    def __init__(self, backend: CalendarBackend) -> None:
        self._backend = backend

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """Never asked: trying again does no harm."""
        return None

    async def _overlaps(self, owner: Owner, own: EventReference, start: datetime, end: datetime) -> str:
        """What else is at that time; an answer that can't be had in time is no failure of what was done."""
        entries: list[Occurrence] = []
        with anyio.move_on_after(_OVERLAP_SECONDS):
            try:
                entries = await self._backend.between(owner, start, end)
            except CalendarError:
                return ""
        words = overlap_words([entry for entry in entries if entry.reference != own], start, end)
        return f" {words}" if words else ""


def _failed(error: CalendarError, execution: IntentExecution) -> SupervisorError:
    """How a failure is told to the processor: as definite only where no earlier attempt may have succeeded."""
    if execution.attempt > 1 and not isinstance(error, NotInCalendar):
        what = f"an earlier attempt had no clear outcome, and then {error.what}"
        return CalendarUnclear(what, where=error.where, todo=error.todo)
    return IntentError(error.what, where=error.where, todo=error.todo)


def _assumed(notes: Sequence[str]) -> str:
    return f" ({'; '.join(notes)})" if notes else ""


class AddEventHandler(_Handler):
    """Adds an event under a UID of its intent's key."""

    intent_type: type[Intent] = AddEvent

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(AddEvent, intent)
        owner = execution.context.owner
        start, end = wanted.times
        uid = uid_for(owner, execution.key)
        event = NewEvent(uid, wanted.name, start, end, all_day=wanted.all_day, place=wanted.place)
        try:
            await self._backend.add(owner, event)
        except CalendarError as error:
            raise _failed(error, execution) from error
        place = f", {wanted.place}" if wanted.place and wanted.place.casefold() not in wanted.name.casefold() else ""
        overlaps = await self._overlaps(owner, EventReference(uid), start, end)
        return IntentResult(
            f"“{wanted.name}” is in your calendar: {wanted.words}{place}{_assumed(wanted.notes)}.{overlaps}",
            data={"uid": uid, "start": start.isoformat(), "end": end.isoformat()},
        )

    def things(self, intent: Intent, data: JsonValue) -> list[Fact]:
        """See `IntentHandler`."""
        uid = data.get("uid") if isinstance(data, dict) else None
        return [event_thing(cast(AddEvent, intent), EventReference(uid))] if isinstance(uid, str) else []


class MoveEventHandler(_Handler):
    """Moves an event to an absolute time."""

    intent_type: type[Intent] = MoveEvent

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(MoveEvent, intent)
        owner = execution.context.owner
        start, end = wanted.times
        try:
            await self._backend.move(owner, wanted.reference, start, end, all_day=wanted.all_day)
        except CalendarError as error:
            raise _failed(error, execution) from error
        one = " Only this occurrence of the series is moved." if wanted.occurrence is not None else ""
        before = f", before it was {wanted.before}" if wanted.before else ""
        overlaps = await self._overlaps(owner, wanted.reference, start, end)
        return IntentResult(
            f"“{wanted.name}” is now on {wanted.words}{before}{_assumed(wanted.notes)}.{one}{overlaps}",
            data={"uid": wanted.uid, "start": start.isoformat(), "end": end.isoformat()},
        )

    def things(self, intent: Intent, data: JsonValue) -> list[Fact]:
        """See `IntentHandler`."""
        wanted = cast(MoveEvent, intent)
        return [event_thing(wanted, wanted.reference)]


class RenameEventHandler(_Handler):
    """Gives an event another name."""

    intent_type: type[Intent] = RenameEvent

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(RenameEvent, intent)
        try:
            await self._backend.rename(execution.context.owner, wanted.reference, wanted.name)
        except CalendarError as error:
            raise _failed(error, execution) from error
        one = " Only this occurrence of the series is renamed." if wanted.occurrence is not None else ""
        return IntentResult(
            f"“{wanted.before}” ({wanted.words}) is now called “{wanted.name}”.{one}",
            data={"uid": wanted.uid, "name": wanted.name},
        )

    def things(self, intent: Intent, data: JsonValue) -> list[Fact]:
        """See `IntentHandler`."""
        wanted = cast(RenameEvent, intent)
        return [event_thing(wanted, wanted.reference)]


class CancelEventHandler(_Handler):
    """Takes an event out; one that is gone already is as it should be."""

    intent_type: type[Intent] = CancelEvent

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(CancelEvent, intent)
        try:
            await self._backend.remove(execution.context.owner, wanted.reference)
        except CalendarError as error:
            raise _failed(error, execution) from error
        data: JsonValue = {"uid": wanted.uid, "occurrence": wanted.reference.occurrence}
        if wanted.series:
            return IntentResult(f"“{wanted.name}” and all its occurrences are no longer in your calendar.", data=data)
        rest = " The other occurrences of the series stay." if wanted.occurrence is not None else ""
        return IntentResult(f"“{wanted.name}” ({wanted.words}) is no longer in your calendar.{rest}", data=data)

    def things(self, intent: Intent, data: JsonValue) -> list[Fact]:
        """See `IntentHandler`."""
        wanted = cast(CancelEvent, intent)
        return [event_thing(wanted, wanted.reference, gone=True)]
