"""Moments of the log: a position, or a time that stands for one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from common.clock import Clock
from common.errors import ConfigurationError, NotFound
from events.store import EventStore
from events.time_travel import position_at

__all__ = ["Moment", "position_of", "read_before", "read_moment"]

Moment = int | datetime
"""A position of the log, or a time; one without a zone is meant in the zone of this machine."""

_AGE = re.compile(r"([0-9]{1,5})([wdh])")
_UNITS = {"w": "weeks", "d": "days", "h": "hours"}


def read_moment(text: str, where: str = "--at") -> Moment:
    """A position (digits alone) or an ISO 8601 time. Raises `ConfigurationError`."""
    told = text.strip()
    if told.isascii() and told.isdigit() and len(told) < 19:
        return int(told)
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        raise ConfigurationError(
            f"{text[:100]!r} is neither a position of the log nor an ISO 8601 time",
            where=where,
            todo=f"For example {where} 1200, {where} 2026-11-28T09:00 or {where} 2026-11-28T08:00:00Z.",
        ) from None


def read_before(text: str, where: str = "--before") -> Moment | timedelta:
    """What `read_moment` reads, or an age: weeks, days or hours, such as ``90d``. Raises `ConfigurationError`."""
    age = _AGE.fullmatch(text.strip())
    return timedelta(**{_UNITS[age[2]]: int(age[1])}) if age else read_moment(text, where)


async def position_of(store: EventStore, moment: Moment, clock: Clock) -> int:
    """The position of the last event at a moment: the position itself, or that of the last event recorded by then.

    Raises `NotFound` for a position that the log does not have, and for a time that is still to come.
    """
    if isinstance(moment, datetime):
        try:
            moment = moment.astimezone(UTC)
        except (OverflowError, OSError):
            raise NotFound(f"no log goes back or ahead to {moment.isoformat()}", where="at") from None
        if moment > clock.now():
            raise NotFound(f"{moment.isoformat()} is still to come", where="at", todo="Name a time that is past.")
        return await position_at(store, moment)
    head = await store.head()
    if not 0 <= moment <= head:
        raise NotFound(f"the log has no position {moment}", where="at", todo=f"It goes from 0 (empty) to {head}.")
    return moment
