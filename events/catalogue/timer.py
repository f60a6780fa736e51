"""timer/<id>: timers, alarms and reminders."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from events.catalogue.base import Event

__all__ = ["TimerCancelled", "TimerFired", "TimerSet"]


class TimerSet(Event):
    """A timer runs until `due_at` (UTC); `seconds` is the length it was set for, where it was set by one."""

    TOPIC: ClassVar[str] = "timer.set"
    timer_id: str
    kind: Literal["timer", "alarm", "reminder"]
    label: str
    due_at: datetime
    timezone: str
    user: str
    session: str | None = None
    seconds: float | None = None


class TimerFired(Event):
    """It fired, in whichever supervisor was first; `late_seconds` after its time."""

    TOPIC: ClassVar[str] = "timer.fired"
    timer_id: str
    late_seconds: float = 0.0


class TimerCancelled(Event):
    """It was called off."""

    TOPIC: ClassVar[str] = "timer.cancelled"
    timer_id: str
    reason: str = ""
