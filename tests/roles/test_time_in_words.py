"""Times in words are read again as the same times, in every zone and on the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.language.time_words import read_duration, read_when
from roles.time_in_words import (
    clock_words,
    day_words,
    length_adjective,
    length_words,
    moment_words,
    rough_length_words,
    span_words,
)

ZONES = [
    "Europe/Zurich", "Europe/London", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe",
    "Pacific/Auckland", "America/Sao_Paulo", "UTC",
]  # fmt: skip
zones = st.sampled_from(ZONES).map(ZoneInfo)
CHANGES = [
    datetime(2026, 3, 29, 1, 0), datetime(2026, 10, 25, 1, 0), datetime(2026, 3, 8, 7, 0), datetime(2026, 11, 1, 6, 0),
    datetime(2026, 4, 4, 15, 0), datetime(2026, 9, 26, 14, 0), datetime(2026, 10, 3, 15, 30),
]  # fmt: skip
"""Instants (UTC) at which clocks change somewhere."""


@st.composite
def any_instant(draw: st.DrawFn) -> datetime:
    """Any second, or one near a change of clocks."""
    if draw(st.booleans()):
        moment = draw(st.sampled_from(CHANGES)) + draw(st.timedeltas(timedelta(hours=-5), timedelta(hours=5)))
    else:
        moment = draw(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))
    return moment.replace(microsecond=0, tzinfo=UTC)


instants = any_instant()


@given(instants, instants | st.none(), zones)
def test_a_moment_in_words_is_that_moment(instant: datetime, clock: datetime | None, zone: ZoneInfo) -> None:
    moment, now = instant.astimezone(zone), (clock or instant + timedelta(hours=3)).astimezone(zone)
    found = read_when(moment_words(moment, now), now)
    assert found is not None
    assert (found.start.astimezone(UTC), found.has_time) == (instant, True)


@given(instants, st.timedeltas(timedelta(days=-2), timedelta(days=2)), zones)
def test_a_moment_near_the_clock_is_that_moment(instant: datetime, away: timedelta, zone: ZoneInfo) -> None:
    moment, now = instant.astimezone(zone), (instant + away).astimezone(zone)
    found = read_when(moment_words(moment, now), now)
    assert found is not None
    assert found.start.astimezone(UTC) == instant


@given(instants, st.integers(0, 200_000), instants, zones)
def test_a_span_in_words_is_that_span(instant: datetime, minutes: int, clock: datetime, zone: ZoneInfo) -> None:
    first, length = instant.replace(second=0), timedelta(minutes=minutes)
    start, end = first.astimezone(zone), (first + length).astimezone(zone)
    found = read_when(span_words(start, end), clock.astimezone(zone))
    assert found is not None
    assert found.start.astimezone(UTC) == first
    assert (found.end or found.start).astimezone(UTC) == first + length


@given(instants, instants, zones)
def test_a_day_in_words_is_that_day(instant: datetime, clock: datetime, zone: ZoneInfo) -> None:
    day = instant.astimezone(zone).date()
    found = read_when(day_words(day), clock.astimezone(zone), default_time=time(12))
    assert found is not None
    assert (found.start.date(), found.has_time) == (day, False)


@given(st.integers(1, 40 * 86_400))
def test_a_length_in_words_is_that_length(count: int) -> None:
    length = timedelta(seconds=count)
    said = length_words(length)
    read = read_duration(said)
    assert read is not None
    assert length_words(read) == said
    assert length - read < timedelta(minutes=1)
    rough = read_duration(rough_length_words(length))
    assert rough is not None
    assert timedelta(0) <= length - rough < max(timedelta(hours=1), timedelta(seconds=count / 2))
    assert read_duration(f"{length_adjective(length)} timer") == read


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "02:30"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "02:30 (second time)"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=UTC), "03:30"),
    ],
)
def test_the_second_of_two_equal_clock_times_is_marked(instant: datetime, words: str) -> None:
    assert clock_words(instant.astimezone(ZoneInfo("Europe/Zurich"))) == words


def test_what_has_passed_today_says_so() -> None:
    now = datetime(2026, 11, 25, 15, 0, tzinfo=ZoneInfo("Europe/Zurich"))
    assert moment_words(now.replace(hour=10, minute=14), now) == "earlier today at 10:14"
    assert moment_words(now.replace(hour=22, minute=14), now) == "today at 22:14"
