"""Which hours or days of a forecast somebody's words of time ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from common.language.time_words import read_extent
from common.settings import LanguageSettings
from common.tool import Fact
from roles.time_in_words import day_words

__all__ = ["CannotTell", "ForecastSpan", "span_of"]

_DEFAULT_DAYS = 3
_DAY = timedelta(days=1)
_NEARLY_A_DAY = timedelta(hours=23)


class CannotTell(Exception):
    """Why a question can't be answered, as a sentence."""


@dataclass(frozen=True, slots=True)
class ForecastSpan:
    """What a forecast is asked for, in local time without offset; `hourly` for a part of a day.

    `taken` tells which of two readings of the words was taken, `missing` what lies beyond the horizon.
    """

    first: datetime
    last: datetime
    hourly: bool
    taken: str = ""
    missing: str = ""

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day it touches."""
        return self.first.date(), (self.last - timedelta(microseconds=1)).date()

    @property
    def note(self) -> str:
        """What an answer says of the span, in sentences; may be empty."""
        taken = f"{self.taken[:1].upper()}{self.taken[1:]}." if self.taken else ""
        return " ".join(filter(None, (taken, self.missing)))

    def within(self, today: date, horizon: int) -> ForecastSpan:
        """The span as far as `horizon` days from `today` reach, and what is missing; raises `CannotTell` for none."""
        end = datetime.combine(today, time()) + horizon * _DAY
        if self.last <= end:
            return self
        reach = f"Forecasts reach {horizon} days, to {day_words((end - _DAY).date())}"
        if self.first >= end:
            raise CannotTell(f"{reach}; {day_words(self.first.date())} is too far ahead.")
        first, last = end.date(), self.days[1]
        beyond = day_words(first) if first >= last else f"{day_words(first)} to {day_words(last)}"
        return replace(self, last=end, missing=f"{reach}; there is none yet for {beyond}.")


def span_of(when: str, now: datetime, facts: Sequence[Fact], language: LanguageSettings) -> ForecastSpan:
    """The wall-clock time that is meant, without what is over; some days from now where nothing is said.

    Raises `CannotTell` for words that are no time, and for the past.
    """
    today = datetime.combine(now.date(), time())
    if not when.strip():
        return ForecastSpan(today, today + _DEFAULT_DAYS * _DAY, hourly=False)
    span = _read(when, now, facts, language)
    earliest = now.replace(tzinfo=None, minute=0, second=0, microsecond=0) if span.hourly else today
    if span.last <= earliest:
        raise CannotTell(f"“{when}” is over; I know the current weather and forecasts, not past weather.")
    return replace(span, first=max(span.first, earliest))


def _read(when: str, now: datetime, facts: Sequence[Fact], language: LanguageSettings) -> ForecastSpan:
    found = read_extent(when, now, facts=facts, language=language)
    if found is None:
        raise CannotTell(f"I can't tell which day “{when}” is. Say, for example, “on Saturday” or “tomorrow”.")
    first, last = (moment.astimezone(now.tzinfo).replace(tzinfo=None) for moment in (found.start, found.end))
    if last - first < _NEARLY_A_DAY:
        return ForecastSpan(first.replace(minute=0, second=0, microsecond=0), last, hourly=True, taken=found.note)
    midnight = datetime.combine(first.date(), time())
    days = ((last - timedelta(microseconds=1)).date() - first.date()).days + 1
    return ForecastSpan(midnight, midnight + days * _DAY, hourly=False, taken=found.note)
