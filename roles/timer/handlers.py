"""How the timer role's intents take effect: as events, appended together with `IntentProcessed`."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import cast

from pydantic import JsonValue

from common.clock import Clock
from common.context import Owner, TaskContext
from common.errors import IntentError
from common.intents import Effect, Intent, IntentExecution, IntentResult, StreamAppend
from common.tool import Fact
from events.catalogue.timer import TimerCancelled, TimerSet
from events.projection import Views
from roles.time_in_words import clock_words, day_words, length_adjective, moment_words
from roles.timer.intents import CancelTimer, ChangeTimer, SetTimer
from roles.timer.things import set_things, timer_thing
from roles.timer.view import running_timer, stream_of

__all__ = ["CancelTimerHandler", "ChangeTimerHandler", "SetTimerHandler", "timer_id_for"]

_NAMESPACE = uuid.UUID("3d2c6a55-3f0e-4f0b-8f5a-9f6a2f0d1c77")


def timer_id_for(owner: Owner, key: str) -> str:
    """The id of the timer that an intent makes; the same for every attempt, so that it can't be set twice."""
    return uuid.uuid5(_NAMESPACE, json.dumps([owner.tenant, owner.user, key])).hex


class SetTimerHandler:
    """Sets a timer: a stream of its own, which must not exist before."""

    intent_type: type[Intent] = SetTimer
    effect = Effect.LOG

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`."""
        wanted = cast(SetTimer, intent)
        owner = execution.context.owner
        timer_id = timer_id_for(owner, execution.key)
        event = TimerSet(
            timer_id=timer_id,
            kind=wanted.kind,
            label=wanted.label,
            due_at=wanted.due_at,
            timezone=wanted.timezone,
            user=owner.user,
            session=execution.context.session,
            seconds=wanted.seconds,
        )
        return IntentResult(
            self._detail(wanted, execution.context),
            data={"timer_id": timer_id, "due_at": wanted.due_at.isoformat()},
            appends=[StreamAppend(stream_of(timer_id), [event], 0)],
        )

    def things(self, intent: Intent, data: JsonValue) -> list[Fact]:
        """See `IntentHandler`."""
        return set_things(cast(SetTimer, intent), data)

    def _detail(self, wanted: SetTimer, context: TaskContext) -> str:
        due = wanted.due_there
        now = self._clock.now().astimezone(due.tzinfo)
        passed = due < now - timedelta(seconds=1)
        # "tomorrow" is said only while it is the day on which it was asked; else the date tells which day is meant.
        asked_today = context.current_time is None or context.now.astimezone(due.tzinfo).date() == now.date()
        relative = asked_today and not passed
        at = moment_words(due, now) if relative else f"{day_words(due.date())} at {clock_words(due)}"
        if wanted.kind == "timer":
            length = f"{length_adjective(wanted.length)} " if wanted.length is not None else ""
            said = f"Your {length}{f'{wanted.label} ' if wanted.label else ''}timer is set and goes off {at}"
        elif wanted.kind == "alarm":
            said = f"Your alarm{f' “{wanted.label}”' if wanted.label else ''} is set for {at}"
        else:
            said = f"I will remind you {at}{f': “{wanted.label}”' if wanted.label else ''}"
        notes = list(wanted.notes)
        if passed:
            notes.append("that time has passed, so it goes off at once")
        return f"{said} ({'; '.join(notes)})." if notes else f"{said}."

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """Never asked: the effect is in the log or it is not."""
        return None


class ChangeTimerHandler:
    """Has a timer of the owner's go off at another time: it is called off, and another one set, in one append."""

    intent_type: type[Intent] = ChangeTimer
    effect = Effect.LOG

    def __init__(self, clock: Clock, views: Views) -> None:
        self._clock = clock
        self._views = views

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`. A timer that goes off at the same moment makes the append conflict."""
        wanted = cast(ChangeTimer, intent)
        if await running_timer(self._views, execution.context.owner, wanted.timer_id) is None:
            raise IntentError(
                "it no longer runs: it has gone off or was cancelled before", where=wanted.summary(), todo=""
            )
        timer_id, event = _set_event(wanted, execution)
        gone = TimerCancelled(timer_id=wanted.timer_id, reason="changed by the user")
        due = wanted.due_there
        now = self._clock.now().astimezone(due.tzinfo)
        at = moment_words(due, now) if due > now else f"{day_words(due.date())} at {clock_words(due)}"
        assumed = f" ({'; '.join(wanted.notes)})" if wanted.notes else ""
        return IntentResult(
            f"The {wanted.described} now goes off {at}{assumed}.",
            data={"timer_id": timer_id, "due_at": wanted.due_at.isoformat(), "replaced": wanted.timer_id},
            appends=[
                StreamAppend(stream_of(wanted.timer_id), [gone], 1),
                StreamAppend(stream_of(timer_id), [event], 0),
            ],
        )

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """Never asked: the effect is in the log or it is not."""
        return None

    def things(self, intent: Intent, data: JsonValue) -> list[Fact]:
        """See `IntentHandler`."""
        wanted = cast(ChangeTimer, intent)
        return [timer_thing(wanted.timer_id, wanted.described, gone=True), *set_things(wanted, data)]


class CancelTimerHandler:
    """Calls off timers of the owner that still run; others it does not know of, whatever the intent says."""

    intent_type: type[Intent] = CancelTimer
    effect = Effect.LOG

    def __init__(self, views: Views) -> None:
        self._views = views

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        """See `IntentHandler`. A timer that goes off at the same moment makes the append conflict."""
        wanted = cast(CancelTimer, intent)
        owner = execution.context.owner
        running = [
            reference
            for reference in wanted.timers
            if await running_timer(self._views, owner, reference.timer_id) is not None
        ]
        if not running:
            raise IntentError(
                "it no longer runs: it has gone off or was cancelled before", where=wanted.summary(), todo=""
            )
        appends = [
            StreamAppend(
                stream_of(reference.timer_id),
                [TimerCancelled(timer_id=reference.timer_id, reason="asked for by the user")],
                1,
            )
            for reference in running
        ]
        return IntentResult(
            _cancelled(wanted, [reference.described for reference in running]),
            data={"cancelled": [reference.timer_id for reference in running]},
            appends=appends,
        )

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        """Never asked: the effect is in the log or it is not."""
        return None

    def things(self, intent: Intent, data: JsonValue) -> list[Fact]:
        """See `IntentHandler`."""
        wanted = cast(CancelTimer, intent)
        return [timer_thing(reference.timer_id, reference.described, gone=True) for reference in wanted.timers]


def _set_event(wanted: SetTimer, execution: IntentExecution) -> tuple[str, TimerSet]:
    """The timer that an intent makes: its id, and the event that sets it."""
    owner = execution.context.owner
    timer_id = timer_id_for(owner, execution.key)
    return timer_id, TimerSet(
        timer_id=timer_id,
        kind=wanted.kind,
        label=wanted.label,
        due_at=wanted.due_at,
        timezone=wanted.timezone,
        user=owner.user,
        session=execution.context.session,
        seconds=wanted.seconds,
    )


def _cancelled(wanted: CancelTimer, described: list[str]) -> str:
    gone = len(wanted.timers) - len(described)
    after = f" {gone} had gone off or been cancelled before." if gone else ""
    if len(described) == 1:
        return f"The {described[0]} is cancelled.{after}"
    listed = "; ".join(described)
    return f"Cancelled {len(described)}: {listed}.{after}"
