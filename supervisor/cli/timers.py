"""What to know about timers when the command that set them ends."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from events.catalogue.timer import TimerCancelled, TimerFired, TimerSet

if TYPE_CHECKING:
    from supervisor.facade import Supervisor

__all__ = ["timer_note", "timer_notes"]

_TOPICS = frozenset({TimerSet.TOPIC, TimerCancelled.TOPIC, TimerFired.TOPIC})


async def timer_notes(supervisor: Supervisor, traces: Collection[str], head: int) -> list[str]:
    """A note about each timer that one of these traces has set after position `head` and that still runs."""
    left: dict[str, TimerSet] = {}
    for recorded in await supervisor.store.read_all(after=head, topics=_TOPICS):
        match recorded.event:
            case TimerSet() as timer if recorded.correlation in traces:
                left[timer.timer_id] = timer
            case TimerCancelled(timer_id=timer_id) | TimerFired(timer_id=timer_id):
                left.pop(timer_id, None)
            case _:
                pass
    return [timer_note(timer) for timer in left.values()]


def timer_note(timer: TimerSet) -> str:
    """When a timer fires, and that a supervisor must be running then."""
    due = timer.due_at.astimezone(ZoneInfo(timer.timezone))
    label = f" “{timer.label}”" if timer.label else ""
    return (
        f"note: the {timer.kind}{label} is in the log and fires on {due:%A %d %B %Y at %H:%M:%S} ({timer.timezone}) "
        "in a supervisor that runs then: agent-supervisor chat, or a program that embeds one."
    )
