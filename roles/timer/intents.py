"""What the timer role wants changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from common.intents import Intent
from roles.time_in_words import clock_words, day_words, length_adjective

__all__ = ["MAX_CANCELLED", "CancelTimer", "ChangeTimer", "SetTimer", "TimerReference", "describe"]

MAX_CANCELLED = 500
_MAX_LABEL = 500


def describe(kind: str, label: str, due: datetime, length: timedelta | None) -> str:
    """A timer in words without article: “10 minute tea timer”, “alarm at 07:00”, “reminder “call mum” at 17:00”."""
    if kind == "timer":
        name = f"{label} timer" if label else "timer"
        return f"{length_adjective(length)} {name}" if length is not None else f"{name} for {clock_words(due)}"
    name = f"{kind} “{label}”" if label else kind
    return f"{name} for {day_words(due.date())} at {clock_words(due)}"


class SetTimer(Intent):
    """Let a timer, an alarm or a reminder go off at `due_at`; `seconds` is its length where it was set by one.

    `notes` say what was assumed, as clauses for people.
    """

    TYPE: ClassVar[str] = "timer.set_timer"
    kind: Literal["timer", "alarm", "reminder"]
    label: str = Field(default="", max_length=_MAX_LABEL)
    due_at: AwareDatetime
    timezone: str = Field(max_length=100)
    seconds: float | None = Field(default=None, gt=0)
    notes: tuple[str, ...] = Field(default=(), max_length=5)

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown timezone {value!r}") from None
        return value

    @property
    def due_there(self) -> datetime:
        """When it is due, in its zone."""
        return self.due_at.astimezone(ZoneInfo(self.timezone))

    @property
    def length(self) -> timedelta | None:
        """How long it was set for, where it was set by length."""
        return None if self.seconds is None else timedelta(seconds=self.seconds)

    def summary(self) -> str:
        """See `Intent.summary`."""
        described = describe(self.kind, self.label, self.due_there, self.length)
        return f"set {'an' if self.kind == 'alarm' else 'a'} {described}"


class ChangeTimer(SetTimer):
    """Have a running timer go off at another time: `due_at` and `seconds` are the new ones."""

    TYPE: ClassVar[str] = "timer.change_timer"
    timer_id: str = Field(min_length=1, max_length=200)
    described: str = Field(max_length=_MAX_LABEL + 100)

    def summary(self) -> str:
        """See `Intent.summary`."""
        due = self.due_there
        return f"change the {self.described}: it goes off {day_words(due.date())} at {clock_words(due)}"


class TimerReference(BaseModel):
    """A running timer, described so that a person who approves sees what goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timer_id: str = Field(min_length=1, max_length=200)
    described: str = Field(max_length=_MAX_LABEL + 100)


class CancelTimer(Intent):
    """Call these timers off."""

    TYPE: ClassVar[str] = "timer.cancel_timer"
    timers: tuple[TimerReference, ...] = Field(min_length=1, max_length=MAX_CANCELLED)

    def summary(self) -> str:
        """See `Intent.summary`."""
        if len(self.timers) == 1:
            return f"cancel the {self.timers[0].described}"
        return f"cancel {len(self.timers)} timers, alarms and reminders, such as the {self.timers[0].described}"
