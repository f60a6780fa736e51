"""Lets due timers go off, each once, in whichever supervisor is first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from common.clock import Clock
from common.context import Owner
from common.errors import StreamConflict
from common.logs import get_logger
from common.settings import TimerSettings
from events.catalogue.timer import TimerFired
from events.projection import Views
from events.recorded import is_erased
from events.store import EventStore
from roles.time_in_words import clock_words, length_adjective, rough_length_words
from roles.timer.view import SetTimerRow, due_timers, next_timer, stream_of

__all__ = ["FiredTimer", "Notify", "TimerFirer"]

_log = get_logger(__name__)
_PAGE = 100


@dataclass(frozen=True, slots=True)
class FiredTimer:
    """What people are told when a timer goes off: `at` is the moment it did, `late_seconds` after its time."""

    timer_id: str
    kind: Literal["timer", "alarm", "reminder"]
    title: str
    text: str
    at: datetime
    owner: Owner
    session: str | None
    late_seconds: float


Notify = Callable[[FiredTimer], Awaitable[None]]
"""Told of every timer that this process let go off."""


class TimerFirer:
    """Fires due timers of all owners over one log.

    A timer goes off at most once: the append of TimerFired is the claim, by compare-and-set on the timer's stream,
    and only who wins it notifies. A process that dies between the two leaves a timer that went off in the log alone.
    """

    def __init__(self, store: EventStore, views: Views, clock: Clock, notify: Notify, settings: TimerSettings) -> None:
        self._store = store
        self._views = views
        self._clock = clock
        self._notify = notify
        self._late_after = settings.late_after

    async def fire_due(self) -> int:
        """Fire every timer whose time has come; returns how many this process fired."""
        fired = 0
        while True:
            due = await due_timers(self._views, self._clock.now(), _PAGE)
            for timer in due:
                fired += await self._fire(timer)
            if len(due) < _PAGE:
                return fired

    async def next_due(self) -> datetime | None:
        """When the next timer is due, in UTC; None where none is set."""
        timer = await next_timer(self._views)
        return None if timer is None else timer.due_at

    async def _fire(self, timer: SetTimerRow) -> bool:
        now = self._clock.now()
        late = max(0.0, (now - timer.due_at).total_seconds())
        stream = stream_of(timer.timer_id)
        event = TimerFired(timer_id=timer.timer_id, late_seconds=late)
        try:
            await self._store.append(stream, [event], 1, tenant=timer.owner.tenant, causation=f"{stream}@1")
        except StreamConflict:
            return False  # another supervisor fired it, or its owner cancelled it
        if is_erased(await self._store.read(stream)):
            return False  # its tenant was forgotten, and the view did not know it yet: nobody is to hear of it
        fired = FiredTimer(
            timer_id=timer.timer_id,
            kind=timer.kind,
            title=_title(timer),
            text=_text(timer, late if late > self._late_after else 0.0),
            at=now,
            owner=timer.owner,
            session=timer.session,
            late_seconds=late,
        )
        try:
            await self._notify(fired)
        except Exception:  # it did go off; a listener's fault must not stop the others
            _log.exception("telling about timer %s failed", timer.timer_id)
        return True


def _title(timer: SetTimerRow) -> str:
    return _sentence(timer.label) or timer.kind.capitalize()


def _text(timer: SetTimerRow, late: float) -> str:
    if timer.kind == "reminder":
        text = f"Reminder: {timer.label}" if timer.label else "Reminder"
    elif timer.kind == "timer" and timer.length is not None:
        text = f"{'your' if timer.label else 'Your'} {length_adjective(timer.length)} timer is done"
        text = f"{_sentence(timer.label)}: {text}" if timer.label else text
    else:
        text = f"{_title(timer)}: {clock_words(timer.due_there)}"
    if late:
        text += f" ({rough_length_words(timedelta(seconds=late))} late: no supervisor was running)"
    return f"⏰ {text}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
