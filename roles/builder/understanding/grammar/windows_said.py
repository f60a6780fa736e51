"""Windows of time by what they are called, and the window before one."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Literal

from roles.builder.understanding.grammar.forms import Window
from roles.builder.understanding.windows import moment_of, moment_text

__all__ = ["unit_of_window", "window_before", "window_name"]

Unit = Literal["day", "month", "quarter", "year"]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_NAMES = {0: "this", -1: "last", -2: "second_last", 1: "next"}


def window_name(window: Window) -> str:
    """What a window is called in names: ``2025``, ``2025_q1``, ``2025_03``, ``last_month``; empty for others."""
    unit = unit_of_window(window)
    if not unit:
        return ""
    if moment := moment_of(window.start):
        away = int(moment.removeprefix(unit))
        return f"{_NAMES[away]}_{unit}" if away in _NAMES else ""
    first = date.fromisoformat(window.start)
    return {
        "year": f"{first.year}", "quarter": f"{first.year}_q{(first.month + 2) // 3}",
        "month": f"{first.year}_{first.month:02}", "day": f"{first.year}_{first.month:02}_{first.day:02}",
    }[unit]  # fmt: skip


def unit_of_window(window: Window) -> Unit | Literal[""]:
    """The unit of time that a window is exactly one of; empty where it is none."""
    if window.outside or window.asked or not (window.start and window.end):
        return ""
    start, end = moment_of(window.start), moment_of(window.end)
    units: tuple[Unit, ...] = ("day", "month", "quarter", "year")
    for unit in units:
        if start or end:
            if _away(start, unit) is not None and _away(end, unit) == (_away(start, unit) or 0) + 1:
                return unit
        elif (window.start, window.end) == _ends(date.fromisoformat(window.start), unit):
            return unit
    return ""


def window_before(window: Window, unit: Unit) -> Window:
    """The window one unit earlier: of March 2025 February 2025, or March 2024 where the unit is a year."""
    start, end = moment_of(window.start), moment_of(window.end)
    if start:
        own = unit_of_window(window)
        away = 12 // _MONTHS[own] if unit == "year" and own in ("month", "quarter", "year") else 1
        return Window(
            moment_text(own, (_away(start, own) or 0) - away), moment_text(own, (_away(end, own) or 0) - away)
        )
    first, last = date.fromisoformat(window.start), date.fromisoformat(window.end)
    if unit == "day":
        return Window((first - timedelta(days=1)).isoformat(), (last - timedelta(days=1)).isoformat())
    return Window(_earlier(first, _MONTHS[unit]).isoformat(), _earlier_end(last, _MONTHS[unit]).isoformat())


def _away(moment: str, unit: str) -> int | None:
    rest = moment.removeprefix(unit)
    return int(rest) if rest != moment and rest[:1] in "+-" else None


def _ends(first: date, unit: Unit) -> tuple[str, str]:
    """The first and the last day of the unit that begins with a day; of another day no window."""
    if unit == "day":
        return first.isoformat(), first.isoformat()
    if first.day != 1 or (first.month - 1) % _MONTHS[unit]:
        return "", ""
    month = first.month + _MONTHS[unit] - 1
    return first.isoformat(), date(first.year, month, calendar.monthrange(first.year, month)[1]).isoformat()


def _earlier(day: date, months: int) -> date:
    at = day.year * 12 + day.month - 1 - months
    year, month = at // 12, at % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _earlier_end(day: date, months: int) -> date:
    """The last day of an earlier month for the last day of a month."""
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    found = _earlier(day, months)
    return found.replace(day=calendar.monthrange(found.year, found.month)[1]) if is_last else found
