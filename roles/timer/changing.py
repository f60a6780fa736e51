"""The tool that has a timer go off at another time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from pydantic import BaseModel, ConfigDict, Field

from common.language.formats import PART, When
from common.language.time_words import Moment, find_spans, is_repeating, length_note, read_duration, read_when
from common.settings import Settings
from common.tool import Fact, ToolContext, ToolResult
from events.projection import Views
from roles.time_in_words import moment_words
from roles.timer.intents import ChangeTimer, describe
from roles.timer.things import timer_data
from roles.timer.view import SetTimerRow, running_timers
from roles.timer.words import select

__all__ = ["GONE", "ChangeArguments", "ChangingTimers", "meant_timers"]

GONE = "It no longer runs: it has gone off or was cancelled."
_MAX_WORDS = 500
_FARTHEST = timedelta(days=10 * 366)
_LESS = re.compile(
    r"\b(?:shorter|shorten|less|earlier|sooner|forward|off|minus|subtract|take|reduce|cut)\b", re.IGNORECASE
)
_MORE = re.compile(
    r"\b(?:longer|more|extra|extend|later|add|give|another|back|postpone|delay|lengthen|plus|increase)\b", re.IGNORECASE
)

_DOING = re.compile(
    r"\b(?:longer|shorter|more|extra|earlier|later|sooner|extend|lengthen|prolong|shorten|reduce|increase|postpone|delay"
    r"|bring|forward|back|by|to|change|move|push|shift|adjust|add|give|make|put|take|off|have|half)\b",
    re.IGNORECASE,
)


class ChangeArguments(BaseModel):
    """Arguments of timer.change."""

    model_config = ConfigDict(extra="forbid")

    which: str = Field(
        min_length=1,
        max_length=_MAX_WORDS,
        description="which one, and what is to change, in the user's words, such as make my tea timer 2 minutes longer",
        json_schema_extra={"format": PART},
    )
    when: When = Field(
        default="", max_length=_MAX_WORDS, description="its new time, or how much earlier or later, in words"
    )


class CannotChange(Exception):
    """Why it can't be changed, as a sentence."""


def meant_timers(meant: Sequence[Fact], timers: Sequence[SetTimerRow]) -> list[SetTimerRow]:
    """Those of the running timers that were spoken of before."""
    wanted = {str(fact.data.get("timer_id")) for fact in meant}
    return [timer for timer in timers if timer.timer_id in wanted]


class ChangingTimers:
    """Registers another time for a timer; asks where it is not clear which one or what time is meant."""

    def __init__(self, views: Views, settings: Settings) -> None:
        self._views = views
        self._language = settings.language

    async def change(self, arguments: ChangeArguments, context: ToolContext) -> ToolResult:
        """Register another time for a running timer."""
        now = context.context.now
        try:
            timer = await self._timer(arguments, context)
            due, length, notes = self._due(arguments, timer, now)
        except CannotChange as reason:
            return ToolResult(ok=False, text=str(reason))
        intent = ChangeTimer(
            kind=timer.kind,
            label=timer.label,
            due_at=due.astimezone(UTC),
            timezone=context.context.timezone or "UTC",
            seconds=length.total_seconds() if length is not None else None,
            notes=notes,
            timer_id=timer.timer_id,
            described=describe(timer.kind, timer.label, timer.due_there, timer.length),
        )
        await context.register_intent(intent)
        fact = Fact(kind="time", name=timer.label or timer.kind, start=due.isoformat())
        return ToolResult(text=f"I am going to {intent.summary()}.", data={"due_at": due.isoformat()}, facts=(fact,))

    async def _timer(self, arguments: ChangeArguments, context: ToolContext) -> SetTimerRow:
        timers = await running_timers(self._views, context.context.owner)
        if not timers:
            raise CannotChange("No timers, alarms or reminders are set, so there is nothing to change.")
        if context.meant:
            found = meant_timers(context.meant, timers)
            if not found:
                raise CannotChange(GONE)
        else:
            meant = select(_without_times(arguments.which), timers, context.context.now, self._language)
            found = meant.chosen if len(timers) > 1 or meant.fitting else ()
        if len(found) != 1:
            shown = "; ".join(str(timer_data("", _described(timer))["words"]) for timer in timers[:6])
            raise CannotChange(f"Which one shall I change: {shown}? Say its name or kind.")
        return found[0]

    def _due(
        self, arguments: ChangeArguments, timer: SetTimerRow, now: datetime
    ) -> tuple[datetime, timedelta | None, tuple[str, ...]]:
        """When it goes off from now on, its whole length where it has one, and what was assumed."""
        words = f"{arguments.when} {arguments.which}"
        if is_repeating(words):
            raise CannotChange("I can change a single time, not set a repeating one.")
        due = timer.due_at.astimezone(now.tzinfo)
        by = read_duration(arguments.when) or read_duration(arguments.which)
        clock = read_when(arguments.when or arguments.which, now, language=self._language)
        if by is not None and (_LESS.search(words) or _MORE.search(words)):
            by = -by if _LESS.search(words) and not _more_than_less(words) else by
            note = length_note(words)
            due = _moved(due, by)
            length = None if timer.length is None else timer.length + by
            return self._checked(due, length, (note,) if note else (), now)
        if by is not None and timer.length is not None:
            started = _moved(timer.due_at.astimezone(now.tzinfo), -timer.length)
            return self._checked(_moved(started, by), by, ("counted from when it was set",), now)
        if clock is not None and not clock.has_time:
            at = datetime.combine(clock.start.date(), due.timetz())
            return self._checked(at, None, (f"no time was given, so it stays at {due:%H:%M}",), now)
        if clock is None:
            raise CannotChange(
                "When shall it go off instead? Say, for example, “5 minutes longer” or “at half past 8”."
            )
        words = arguments.when or arguments.which
        at = clock if _names_day(words) else self._on_its_day(words, due, now) or clock
        return self._checked(at.start, None, (at.note,) if at.note else (), now)

    def _on_its_day(self, words: str, due: datetime, now: datetime) -> Moment | None:
        """A clock time on the day on which it is due, in the same half of it, where that is still to come."""
        midnight = datetime.combine(due.date(), time(), tzinfo=due.tzinfo)
        for since in (due.replace(hour=due.hour // 12 * 12, minute=0), midnight):
            found = read_when(words, max(now, since - timedelta(minutes=1)), language=self._language)
            if found is not None and found.start.date() == due.date() and found.start > now:
                return replace(found, note="") if found.start.hour // 12 == due.hour // 12 else found
        return None

    @staticmethod
    def _checked(
        due: datetime, length: timedelta | None, notes: tuple[str, ...], now: datetime
    ) -> tuple[datetime, timedelta | None, tuple[str, ...]]:
        if due <= now:
            raise CannotChange(
                f"It would have gone off {moment_words(due, now)} then. Cancel it, or name a later time."
            )
        if due - now > _FARTHEST:
            raise CannotChange("That is too far ahead: timers, alarms and reminders reach 10 years.")
        return due, length if length is None or length > timedelta(0) else None, notes


def _more_than_less(words: str) -> bool:
    """Whether something is added, though a word such as "off" stands there ("have it go off 5 minutes later")."""
    return _MORE.search(words) is not None and not re.search(
        r"\b(?:shorter|shorten|less|earlier|sooner|forward)\b|\btake\b.*\boff\b", words, re.IGNORECASE
    )


def _names_day(words: str) -> bool:
    moments = [read_when(words, datetime(2000, 1, day, tzinfo=UTC)) for day in (3, 5)]
    starts = [moment.start for moment in moments if moment is not None]
    return len(starts) == 2 and (starts[0].day - 3, starts[0].month) != (starts[1].day - 5, starts[1].month)


def _without_times(text: str) -> str:
    """The words that say which one: without its new time, and without what is to be done."""
    for span in reversed(find_spans(text)):
        text = f"{text[: span.start]} {text[span.end :]}"
    return _DOING.sub(" ", text)


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return (moment.astimezone(UTC) + by).astimezone(moment.tzinfo)
    except OverflowError:
        raise CannotChange("That is too far ahead: timers run for at most 10 years.") from None


def _described(timer: SetTimerRow) -> str:
    return describe(timer.kind, timer.label, timer.due_there, timer.length)
