"""Writes the definition of a time zone (RFC 5545, VTIMEZONE) as yearly rules.

Rules rather than lists of dates: some servers keep only the first date of a list, and every client reads rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = ["FIRST_YEAR", "LAST_YEAR", "zone_lines"]

FIRST_YEAR, LAST_YEAR = 1970, 2037
"""The years that a definition written here covers."""
_STEP = timedelta(days=3)
"""Closer together no zone changes twice."""
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class _Change:
    """One change of a zone's offset: at `local`, as clocks showed it before."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str
    summer: bool

    def same_kind(self, other: _Change) -> bool:
        """Whether both go from one offset to the other at the same hour of a day in the same month."""
        return (self.before, self.after, self.name, self.summer, self.local.month, self.local.time()) == (
            other.before,
            other.after,
            other.name,
            other.summer,
            other.local.month,
            other.local.time(),
        )

    def days(self) -> Iterator[str]:
        """How a rule may name its day: the last Sunday of the month, or its second one."""
        weekday = _WEEKDAYS[self.local.weekday()]
        if (self.local + timedelta(days=7)).month != self.local.month:
            yield f"-1{weekday}"
        yield f"{(self.local.day - 1) // 7 + 1}{weekday}"


@lru_cache(64)
def zone_lines(name: str) -> tuple[str, ...]:
    """The VTIMEZONE of an IANA zone, as content lines that are right for the years covered."""
    zone = ZoneInfo(name)
    start = datetime(FIRST_YEAR, 1, 1, tzinfo=zone)
    offset = start.utcoffset() or timedelta(0)
    first = _Change(start.replace(tzinfo=None), offset, offset, start.tzname() or name, bool(start.dst()))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}", *_part([first], "")]
    left: list[_Change] = list(_changes(zone))
    while left:
        run, day = max((_run(left, day) for day in left[0].days()), key=lambda found: len(found[0]))
        lines += _part(run, day)
        taken = {change.local for change in run}
        left = [change for change in left if change.local not in taken]
    return (*lines, "END:VTIMEZONE")


def _changes(zone: ZoneInfo) -> Iterator[_Change]:
    moment = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) + timedelta(days=1)
    before = moment.astimezone(zone).utcoffset() or timedelta(0)
    while moment.year <= LAST_YEAR:
        ahead = moment + _STEP
        after = ahead.astimezone(zone).utcoffset() or timedelta(0)
        if after != before:
            at = _instant(zone, moment, ahead, after).astimezone(zone)
            local = (at.astimezone(UTC) + before).replace(tzinfo=None)
            yield _Change(local, before, after, at.tzname() or "", bool(at.dst()))
            before = after
        moment = ahead


def _instant(zone: ZoneInfo, low: datetime, high: datetime, after: timedelta) -> datetime:
    """The first second at which the new offset holds."""
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (low, middle) if middle.astimezone(zone).utcoffset() == after else (middle, high)
    return high


def _run(changes: Sequence[_Change], day: str) -> tuple[list[_Change], str]:
    """The changes of consecutive years, from the first one on, whose day one rule names."""
    run = [changes[0]]
    for change in changes[1:]:
        years = change.local.year - run[-1].local.year
        if years > 1:
            break
        if years == 1 and change.same_kind(run[0]) and day in change.days():
            run.append(change)
    return run, day


def _part(run: Sequence[_Change], day: str) -> list[str]:
    first, last = run[0], run[-1]
    kind = "DAYLIGHT" if first.summer else "STANDARD"
    rule: list[str] = []
    if len(run) > 1:
        # a day later than the last one, because some readers take UNTIL, which is in UTC, for local time
        end = "" if last.local.year == LAST_YEAR else f";UNTIL={last.local + timedelta(days=1):%Y%m%dT%H%M%SZ}"
        rule = [f"RRULE:FREQ=YEARLY;BYMONTH={first.local.month};BYDAY={day}{end}"]
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{first.local:%Y%m%dT%H%M%S}",
        *rule,
        f"TZOFFSETFROM:{_offset(first.before)}",
        f"TZOFFSETTO:{_offset(first.after)}",
        f"TZNAME:{first.name}",
        f"END:{kind}",
    ]


def _offset(offset: timedelta) -> str:
    """+0530; with seconds where there are any."""
    seconds = int(abs(offset).total_seconds())
    sign = "-" if offset < timedelta(0) else "+"
    tail = f"{seconds % 60:02}" if seconds % 60 else ""
    return f"{sign}{seconds // 3600:02}{seconds // 60 % 60:02}{tail}"
