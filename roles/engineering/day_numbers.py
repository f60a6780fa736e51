"""Dates as numbers of days in statements, so that databases of any kind subtract them alike."""

from __future__ import annotations

from datetime import date
from typing import Any

__all__ = ["day_number", "number_of"]

_BEFORE = 306
"""The days of the first March year before the first day that Python counts."""


def number_of(day: date) -> int:
    """The number of a day, as `day_number` counts."""
    return day.toordinal() + _BEFORE


def day_number(moment: Any, sqlalchemy: Any) -> Any:
    """The number of the day of a date or a time, counted from the first of March of the year 0; of NULL NULL.

    Years begin in March here, so that the day that some have more is their last one (E. G. Richards, 2013).
    """
    text, whole = sqlalchemy.cast(moment, sqlalchemy.String), sqlalchemy.Integer
    year, month, day = (
        sqlalchemy.cast(
            sqlalchemy.func.substr(
                text, sqlalchemy.literal_column(str(first)), sqlalchemy.literal_column(str(letters))
            ),
            whole,
        )
        for first, letters in ((1, 4), (6, 2), (9, 2))
    )
    early = sqlalchemy.case(
        (month <= sqlalchemy.literal_column("2"), sqlalchemy.literal_column("1")), else_=sqlalchemy.literal_column("0")
    )
    early = sqlalchemy.cast(early, whole)
    years, months = year - early, month + early * 12 - 3
    leap = years // 4 - years // 100 + years // 400
    return years * 365 + leap + (months * 153 + 2) // 5 + day
