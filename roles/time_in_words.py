"""Days, clock times and lengths as people say them; the same everywhere, whatever the machine's locale is.

`common.language.time_words` reads all of them again as the same days, times and lengths.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

__all__ = [
    "clock_words",
    "day_words",
    "length_adjective",
    "length_words",
    "moment_words",
    "rough_length_words",
    "span_words",
]

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def day_words(day: date) -> str:
    """Saturday 28 November 2026."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def clock_words(moment: datetime) -> str:
    """09:00, or 09:00:20 where the seconds matter; marked where clocks have shown that time of the day before."""
    clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    again = moment.fold and moment.utcoffset() != moment.replace(fold=0).utcoffset()
    return f"{clock} (second time)" if again else clock


def moment_words(moment: datetime, now: datetime) -> str:
    """today at 10:14, tomorrow at 07:00, Saturday 28 November 2026 at 09:00; both in the same zone.

    What has passed today is "earlier today at 10:14", which can't be taken for the evening.
    """
    days = (moment.date() - now.date()).days
    if days == 0 and moment.astimezone(UTC) < now.astimezone(UTC).replace(microsecond=0):
        return f"earlier today at {clock_words(moment)}"
    day = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(days) or day_words(moment.date())
    return f"{day} at {clock_words(moment)}"


def span_words(start: datetime, end: datetime) -> str:
    """Saturday 28 November 2026, 09:00–10:00; over midnight the last day is named too."""
    first = f"{day_words(start.date())}, {clock_words(start)}"
    if start == end:
        return first
    last = clock_words(end) if end.date() == start.date() else f"{day_words(end.date())}, {clock_words(end)}"
    return f"{first}–{last}" if end.date() == start.date() else f"{first} – {last}"


def _parts(length: timedelta, most: int) -> list[tuple[int, str]]:
    left = max(0, round(length.total_seconds()))
    parts: list[tuple[int, str]] = []
    for unit, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append((count, unit))
    return parts[:most] or [(0, "second")]


def length_words(length: timedelta) -> str:
    """1 hour 30 minutes: whole seconds, the three largest units."""
    return _joined(_parts(length, 3))


def rough_length_words(length: timedelta) -> str:
    """12 minutes, 3 hours 20 minutes: what matters of a length, smaller units left out."""
    parts = _parts(length, 2)
    return _joined(parts if parts[0][1] in ("day", "hour") else parts[:1])


def _joined(parts: list[tuple[int, str]]) -> str:
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts)


def length_adjective(length: timedelta) -> str:
    """10 minute, as in “your 10 minute timer”."""
    return " ".join(f"{count} {unit}" for count, unit in _parts(length, 3))
