"""Times that depend on the day: "day-30" is thirty days ago, "month-1" the first day of last month.

The text of this module goes into packages that use it, so it needs the standard library only.
"""

from __future__ import annotations

from datetime import date, timedelta

__all__ = ["moment"]


def moment(said: str, today: date | None = None, *, times: int = 1) -> date:
    """The day that is meant: a unit and how many of them away.

    ``day``, ``week``, ``month``, ``quarter`` and ``year`` are first days of these; ``months`` counts from today on.
    `times` is what the number is multiplied by.
    Raises `ValueError` for another unit.
    """
    at = today or date.today()
    sign = "-" if "-" in said else "+"
    unit, _, number = said.partition(sign)
    many = int(sign + number) * times
    if unit == "day":
        return at + timedelta(days=many)
    if unit == "week":
        return at - timedelta(days=at.weekday()) + timedelta(weeks=many)
    if unit == "months":
        return _months(at, many)
    if unit == "month":
        return _months(at.replace(day=1), many)
    if unit == "quarter":
        return _months(at.replace(month=at.month - (at.month - 1) % 3, day=1), 3 * many)
    if unit == "year":
        return _months(at.replace(month=1, day=1), 12 * many)
    raise ValueError(unit)


def _months(at: date, many: int) -> date:
    whole = at.year * 12 + at.month - 1 + many
    year, month = whole // 12, whole % 12 + 1
    for day in (at.day, 30, 29, 28):
        try:
            return date(year, month, min(day, at.day))
        except ValueError:
            continue
    return date(year, month, 28)
