"""Free time between what is in a calendar; pure, and counted in UTC so that hours that clocks skip are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

__all__ = ["Slot", "day_windows", "free_slots"]


class Slot(NamedTuple):
    """A stretch of time, end exclusive."""

    start: datetime
    end: datetime


def day_windows(start: datetime, end: datetime, first: time, last: time) -> Iterator[Slot]:
    """The hours from `first` to `last` of every day from `start` to `end`, cut to these, in the zone of `start`.

    A `last` that is not after `first` is on the day after it.
    """
    zone = start.tzinfo
    day = start.date() - timedelta(days=1)
    while day <= end.date():
        opens = datetime.combine(day, first, tzinfo=zone)
        closes = datetime.combine(day if last > first else day + timedelta(days=1), last, tzinfo=zone)
        window = _cut(Slot(opens, closes), start, end)
        if window is not None:
            yield window
        day += timedelta(days=1)


def free_slots(windows: Iterable[Slot], busy: Sequence[Slot], length: timedelta) -> list[Slot]:
    """The stretches of the windows, at least `length` long, that nothing busy touches; in the zone of the windows."""
    taken = sorted(Slot(_utc(slot.start), _utc(slot.end)) for slot in busy if _utc(slot.start) < _utc(slot.end))
    found: list[Slot] = []
    for window in windows:
        zone = window.start.tzinfo
        at, end = window.start.astimezone(UTC), window.end.astimezone(UTC)
        for slot in [*taken, Slot(end, end)]:
            until = min(slot.start, end)
            if until - at >= length:
                found.append(Slot(at.astimezone(zone), until.astimezone(zone)))
            at = max(at, slot.end)
            if at >= end:
                break
    return found


def _cut(slot: Slot, start: datetime, end: datetime) -> Slot | None:
    first = max(slot.start, start, key=_utc)
    last = min(slot.end, end, key=_utc)
    return Slot(first, last) if _utc(first) < _utc(last) else None


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
