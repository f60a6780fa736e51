"""The tools of the timer role."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from common.language.formats import PART, Duration, Subject, When
from common.language.time_words import is_relative_to_fact, is_repeating, length_note, read_duration, read_when
from common.language.time_words.facts import fact_for
from common.settings import Settings
from common.tool import Fact, Tool, ToolContext, ToolResult
from events.projection import Views
from roles.time_in_words import length_words, moment_words
from roles.timer.changing import GONE, ChangeArguments, ChangingTimers, meant_timers
from roles.timer.intents import MAX_CANCELLED, CancelTimer, SetTimer, TimerReference, describe
from roles.timer.things import timer_data
from roles.timer.utterances import ALARM, CANCEL, CHANGE, LIST, REMIND, SET
from roles.timer.view import SetTimerRow, running_timers
from roles.timer.words import Meant, label_in, select, subject_in

__all__ = ["TimerTools"]

_MAX_WORDS = 500
_FARTHEST = timedelta(days=10 * 366)
_NAP = timedelta(hours=4)
_MAX_SHOWN = 20

_COUNTED_FROM = re.compile(
    r"^.*\b(?:before|after|ahead(?: of)?|prior to|earlier|later|following|beforehand)\b", re.IGNORECASE
)

Kind = Literal["timer", "alarm", "reminder"]


class SetArguments(BaseModel):
    """Arguments of timer.set."""

    model_config = ConfigDict(extra="forbid")

    duration: Duration = Field(default="", max_length=_MAX_WORDS, description="how long it runs, such as 10 minutes")
    when: When = Field(
        default="", max_length=_MAX_WORDS, description="when it ends, in words; only where no length was said"
    )
    label: Subject = Field(default="", max_length=_MAX_WORDS, description="what it is for, such as tea; may be empty")


class AlarmArguments(BaseModel):
    """Arguments of timer.set_alarm."""

    model_config = ConfigDict(extra="forbid")

    when: When = Field(max_length=_MAX_WORDS, description="the time at which it rings, such as 7 tomorrow morning")
    label: Subject = Field(default="", max_length=_MAX_WORDS, description="what it is for; may be empty")


class RemindArguments(BaseModel):
    """Arguments of timer.remind."""

    model_config = ConfigDict(extra="forbid")

    subject: Subject = Field(default="", max_length=_MAX_WORDS, description="what to be reminded of, such as call mum")
    when: When = Field(max_length=_MAX_WORDS, description="when, such as tomorrow at 9, or an hour before")


class WhichArguments(BaseModel):
    """Arguments of timer.list and timer.cancel."""

    model_config = ConfigDict(extra="forbid")

    which: str = Field(
        default="",
        max_length=_MAX_WORDS,
        description="which ones, in the user's words, such as my tea timer, the 7 o'clock alarm, all reminders",
        json_schema_extra={"format": PART},
    )


@dataclass(frozen=True, slots=True)
class _Due:
    """When a timer is to go off, its length where one was said, and what was assumed."""

    at: datetime
    length: timedelta | None = None
    notes: tuple[str, ...] = ()


class _CannotSet(Exception):
    """Why it can't be set, as a sentence."""


class TimerTools:
    """Tools over the timers view; each sees the timers of the request's owner alone."""

    def __init__(self, views: Views, settings: Settings) -> None:
        self._views = views
        self._language = settings.language
        self._usual_time = settings.calendar.default_start
        self._changing = ChangingTimers(views, settings)

    def tools(self) -> tuple[Tool, ...]:
        """The tools to register."""
        return (
            Tool(
                name="timer.set",
                description="Set a timer (countdown) for a length of time or until a time.",
                arguments=SetArguments,
                handler=self.set,
                utterances=SET,
                effect=True,
            ),
            Tool(
                name="timer.set_alarm",
                description="Set an alarm that rings once at a time of day, for example to wake somebody up.",
                arguments=AlarmArguments,
                handler=self.set_alarm,
                utterances=ALARM,
                effect=True,
            ),
            Tool(
                name="timer.remind",
                description="Remind the user of something at a time, or some time before an event.",
                arguments=RemindArguments,
                handler=self.remind,
                utterances=REMIND,
                effect=True,
            ),
            Tool(
                name="timer.list",
                description="Tell which timers, alarms and reminders are set and how much time is left.",
                arguments=WhichArguments,
                handler=self.list,
                utterances=LIST,
            ),
            Tool(
                name="timer.change",
                description="Have a timer, alarm or reminder that is set go off earlier or later.",
                arguments=ChangeArguments,
                handler=self._changing.change,
                utterances=CHANGE,
                effect=True,
            ),
            Tool(
                name="timer.cancel",
                description="Cancel timers, alarms or reminders: one, those of a kind, or all.",
                arguments=WhichArguments,
                handler=self.cancel,
                utterances=CANCEL,
                effect=True,
            ),
        )

    async def set(self, arguments: SetArguments, context: ToolContext) -> ToolResult:
        """Register a timer."""
        try:
            due = self._timer_due(arguments, context)
        except _CannotSet as reason:
            return ToolResult(ok=False, text=str(reason))
        return await self._register("timer", label_in(arguments.label), due, context)

    async def set_alarm(self, arguments: AlarmArguments, context: ToolContext) -> ToolResult:
        """Register an alarm."""
        now = context.context.now
        try:
            if is_repeating(arguments.when, arguments.label):
                raise _CannotSet(
                    "I can set single alarms, not repeating ones. Say, for example, “set an alarm for tomorrow at 7”."
                )
            due = self._alarm_due(arguments.when, now, context.facts)
        except _CannotSet as reason:
            return ToolResult(ok=False, text=str(reason))
        return await self._register("alarm", label_in(arguments.label), due, context)

    async def remind(self, arguments: RemindArguments, context: ToolContext) -> ToolResult:
        """Register a reminder."""
        subject = subject_in(arguments.subject)
        anchor = _anchor(arguments.when, context.facts)
        if not subject and anchor is not None:
            subject = anchor.name
        about = f" of “{subject}”" if subject else ""
        try:
            if is_repeating(arguments.when):
                raise _CannotSet("I can remind you once, not again and again. Name one day and time for it.")
            if is_relative_to_fact(arguments.when) and anchor is None:
                raise _CannotSet(
                    f"Before or after what shall I remind you{about}? Name a time, for example “tomorrow at 9”, or an "
                    "event together with its time."
                )
            if not arguments.when.strip():
                raise _CannotSet(f"When shall I remind you{about}? Say, for example, “tomorrow at 9” or “in an hour”.")
            due = self._moment(arguments.when, context.context.now, context.facts)
        except _CannotSet as reason:
            return ToolResult(ok=False, text=str(reason))
        return await self._register("reminder", subject, due, context)

    async def list(self, arguments: WhichArguments, context: ToolContext) -> ToolResult:
        """What is set, the next one first, with what this very request is about to set."""
        timers = await running_timers(self._views, context.context.owner)
        now = context.context.now
        if context.meant:
            return _left(meant_timers(context.meant, timers), now)
        shown: Sequence[SetTimerRow] = timers
        lead = ""
        if arguments.which.strip():
            meant = select(arguments.which, timers, now, self._language)
            if meant.named:
                shown = meant.chosen or meant.candidates
                lead = "" if meant.fitting or not timers else "I found none that fits exactly. "
        pending = [intent for intent in context.pending(SetTimer) if isinstance(intent, SetTimer)]
        if not timers and not pending:
            return ToolResult(text="No timers, alarms or reminders are set.", data=[])
        lines = [_line(timer, now) for timer in shown[:_MAX_SHOWN]]
        lines += [f"{_called(intent)}: about to be set" for intent in pending]
        if len(shown) > _MAX_SHOWN:
            lines.append(f"and {len(shown) - _MAX_SHOWN} later ones")
        data: JsonValue = [_data(timer) for timer in shown]
        if len(lines) == 1:
            return ToolResult(text=f"{lead}{lines[0][:1].upper()}{lines[0][1:]}.", data=data, facts=_facts(shown))
        listed = "\n".join(f"- {line}" for line in lines)
        return ToolResult(text=f"{lead}{len(shown) + len(pending)} are set:\n{listed}", data=data, facts=_facts(shown))

    async def cancel(self, arguments: WhichArguments, context: ToolContext) -> ToolResult:
        """Register which ones are to be called off; asks where it is not clear which one is meant."""
        timers = await running_timers(self._views, context.context.owner)
        now = context.context.now
        if not timers:
            return ToolResult(ok=False, text="No timers, alarms or reminders are set, so there is nothing to cancel.")
        if context.meant:
            found = tuple(meant_timers(context.meant, timers))
            if not found:
                return ToolResult(ok=False, text=GONE)
            meant = Meant(found)
        else:
            meant = select(arguments.which, timers, now, self._language)
        if not meant.chosen:
            shown = "; ".join(_line(timer, now) for timer in meant.candidates[:_MAX_SHOWN])
            if not meant.fitting:
                return ToolResult(ok=False, text=f"I found none like that. What is set: {shown}.")
            return ToolResult(ok=False, text=f"Which one: {shown}? Say its name or time, or “cancel all”.")
        chosen = meant.chosen[:MAX_CANCELLED]
        references = tuple(TimerReference(timer_id=timer.timer_id, described=_described(timer)) for timer in chosen)
        intent = CancelTimer(timers=references)
        await context.register_intent(intent)
        return ToolResult(text=f"I am going to {intent.summary()}.", data=[_data(timer) for timer in chosen])

    def _timer_due(self, arguments: SetArguments, context: ToolContext) -> _Due:
        now = context.context.now
        if is_repeating(arguments.when, arguments.duration):
            raise _CannotSet("I can set single timers, not repeating ones. Say, for example, “10 minute timer”.")
        length = read_duration(arguments.duration)
        if length is None and not arguments.when.strip():
            raise _CannotSet("For how long shall the timer run? Say, for example, “set a timer for 10 minutes”.")
        if length is None:
            moment = read_when(arguments.when, now, facts=context.facts, language=self._language)
            length = read_duration(arguments.when) if moment is None else None
        if length is None:
            return self._moment(arguments.when, now, context.facts)
        said = arguments.duration if read_duration(arguments.duration) is not None else arguments.when
        note = length_note(said)
        return _checked(_Due(_later(now, length), length, (note,) if note else ()), now, said)

    def _alarm_due(self, when: str, now: datetime, facts: Sequence[Fact]) -> _Due:
        """An hour that may be meant in the morning or in the evening is a morning's, unless it is near ahead."""
        found = read_when(when, now, facts=facts, language=self._language)
        if found is not None and not found.has_time:
            raise _CannotSet("At what time shall the alarm ring? Say, for example, “set an alarm for tomorrow at 7”.")
        plain = self._moment(when, now, facts)
        if plain.at - now <= _NAP:
            return plain
        try:
            morning = self._moment(f"wake me, {when}", now, facts)
        except _CannotSet:
            return plain
        if morning.at == plain.at:
            return plain
        return replace(morning, notes=(f"took it as {morning.at:%H:%M}, not {plain.at:%H:%M}",))

    def _moment(self, when: str, now: datetime, facts: Sequence[Fact]) -> _Due:
        found = read_when(when, now, default_time=self._usual_time, facts=facts, language=self._language)
        if found is None:
            raise _CannotSet(
                f"I can't tell which time “{when}” is. Say, for example, “tomorrow at 9” or “in 20 minutes”."
            )
        notes = (found.note,) if found.note else ()
        if not found.has_time:
            notes = (*notes, f"no time was given, so {found.start:%H:%M} was taken")
        return _checked(_Due(found.start, None, notes), now, when)

    async def _register(self, kind: Kind, label: str, due: _Due, context: ToolContext) -> ToolResult:
        zone = context.context.timezone or "UTC"
        intent = SetTimer(
            kind=kind,
            label=label[:_MAX_WORDS],
            due_at=due.at.astimezone(UTC),
            timezone=zone,
            seconds=due.length.total_seconds() if due.length is not None else None,
            notes=due.notes,
        )
        await context.register_intent(intent)
        assumed = f" ({'; '.join(due.notes)})" if due.notes else ""
        fact = Fact(kind="time", name=label or kind, start=due.at.isoformat())
        return ToolResult(
            text=f"I am going to {intent.summary()}{assumed}.",
            data={"kind": kind, "label": label, "due_at": intent.due_there.isoformat()},
            facts=(fact,),
        )


def _later(now: datetime, length: timedelta) -> datetime:
    """So much real time later, in the zone of `now`."""
    try:
        return (now.astimezone(UTC) + length).astimezone(now.tzinfo)
    except OverflowError:
        raise _CannotSet("That is too far ahead: timers run for at most 10 years.") from None


def _checked(due: _Due, now: datetime, said: str) -> _Due:
    if due.at - now > _FARTHEST:
        raise _CannotSet("That is too far ahead: timers, alarms and reminders reach 10 years.")
    if due.at <= now:
        raise _CannotSet(f"“{said}” is in the past: it was {moment_words(due.at.astimezone(now.tzinfo), now)}.")
    return due


def _anchor(when: str, facts: Sequence[Fact]) -> Fact | None:
    """The event that “an hour before” counts from."""
    for fact in facts:
        if fact.start and fact.start in when:
            return fact
    if not is_relative_to_fact(when):
        return None
    return fact_for(_COUNTED_FROM.sub("", when), facts)


def _left(timers: Sequence[SetTimerRow], now: datetime) -> ToolResult:
    """How much time is left on timers that were spoken of before."""
    if not timers:
        return ToolResult(ok=False, text=GONE)
    lines = [_line(timer, now) for timer in timers]
    text = "\n".join(f"{line[:1].upper()}{line[1:]}." for line in lines)
    return ToolResult(text=text, data=[_data(timer) for timer in timers], facts=_facts(timers))


def _called(intent: SetTimer) -> str:
    return describe(intent.kind, intent.label, intent.due_there, intent.length)


def _described(timer: SetTimerRow) -> str:
    return describe(timer.kind, timer.label, timer.due_there, timer.length)


def _line(timer: SetTimerRow, now: datetime) -> str:
    due = timer.due_at.astimezone(now.tzinfo)
    left = timer.due_at - now
    name = {"timer": f"{timer.label} timer" if timer.label else "timer"}.get(timer.kind) or (
        f"{timer.kind} “{timer.label}”" if timer.label else timer.kind
    )
    if timer.kind == "timer" and timer.length is not None and not timer.label:
        name = describe(timer.kind, "", due, timer.length)
    if left <= timedelta(0):
        return f"{name}: has been due since {moment_words(due, now)}"
    return f"{name}: {length_words(left)} left ({moment_words(due, now)})"


def _data(timer: SetTimerRow) -> JsonValue:
    return {
        "id": timer.timer_id,
        "kind": timer.kind,
        "label": timer.label,
        "due_at": timer.due_there.isoformat(),
    }


def _facts(timers: Sequence[SetTimerRow]) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            kind="time",
            name=timer.label or timer.kind,
            start=timer.due_there.isoformat(),
            data=timer_data(timer.timer_id, _described(timer)),
        )
        for timer in timers[:_MAX_SHOWN]
    )
