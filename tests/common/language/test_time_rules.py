"""Rules of reading time that hold for every clock, every zone and every day on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.language.time_words import (
    is_repeating,
    length_note,
    read_duration,
    read_extent,
    read_range,
    read_when,
)
from common.settings import LanguageSettings
from tests.common.language.time_cases import ZURICH
from tests.common.language.time_phrases import PHRASE_LENGTHS, PHRASE_RANGES, PHRASES, REPEATING

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ZONES = [
    "Europe/Zurich", "Europe/London", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe",
    "Pacific/Auckland", "America/Asuncion", "America/Sao_Paulo", "UTC",
]  # fmt: skip
CHANGES = [
    datetime(2026, 3, 29, 1, 0), datetime(2026, 10, 25, 1, 0), datetime(2026, 3, 8, 7, 0), datetime(2026, 11, 1, 6, 0),
    datetime(2026, 4, 4, 15, 0), datetime(2026, 9, 26, 14, 0), datetime(2026, 10, 3, 15, 30),
    datetime(2018, 11, 4, 3, 0),
]  # fmt: skip
"""Instants (UTC) at which clocks change somewhere, a midnight that never came included."""

zones = st.sampled_from(ZONES).map(ZoneInfo)


@st.composite
def clocks(draw: st.DrawFn) -> datetime:
    """Any moment, or one near a change of clocks, in any zone."""
    anywhere = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1))
    if draw(st.booleans()):
        moment = draw(st.sampled_from(CHANGES)) + draw(st.timedeltas(timedelta(days=-3), timedelta(days=3)))
    else:
        moment = draw(anywhere)
    return moment.replace(tzinfo=UTC).astimezone(draw(zones))


nows = clocks()
hours, minutes = st.integers(0, 23), st.integers(0, 59)

TIMED = [
    "at {h}:{m:02}", "at {h12}", "at {h12} pm", "at {h12}:{m:02} am", "in {n} minutes", "in {n} hours",
    "in an hour and a half", "tomorrow at {h}:{m:02}", "tomorrow morning",
    "tomorrow evening at {h12}", "tonight", "in the morning", "at noon",
    "at midnight", "midnight tonight", "half past {h12}", "half seven", "quarter to {h12}", "at quarter past",
    "on the hour", "first thing tomorrow", "on {day} at {h}:{m:02}", "next {day} at {h12}", "{day} at midnight",
    "{day} morning", "{day} week at noon", "in the early hours", "end of business tomorrow", "overnight",
    "this time tomorrow", "in {n} days at {h}:{m:02}", "tonight at 12", "tomorrow night at 1", "wake me at {h12}",
]  # fmt: skip
DATED = [
    "tomorrow", "on {day}", "next {day}", "this coming {day}", "a week on {day}", "the {day} after next", "in {n} days",
    "in a fortnight", "next week", "next month", "the weekend after next", "next weekend", "this weekend",
    "at the weekend", "on the {d}th", "the first {day} of next month", "christmas day", "easter monday", "on 3/4",
    "the end of the month", "mid december", "a week today", "today week", "the {day} before christmas",
    "the last {day} of the month", "in {n} months",
]  # fmt: skip
fillings = st.fixed_dictionaries(
    {
        "h": hours, "m": minutes, "h12": st.integers(1, 12), "n": st.integers(1, 90), "d": st.integers(4, 20),
        "day": st.sampled_from(DAYS),
    }
)  # fmt: skip
both_weeks: st.SearchStrategy[Literal["monday", "sunday"]] = st.sampled_from(["monday", "sunday"])


def local(text: str, now: datetime) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=now.tzinfo)


# ---- what people say -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "words", "start", "timed", "note"), PHRASES, ids=[f"{row[0].tzinfo}: {row[1]}" for row in PHRASES]
)
def test_phrases_mean_what_people_mean(now: datetime, words: str, start: str, timed: bool, note: str) -> None:
    moment = read_when(words, now)
    assert moment is not None
    assert (moment.start, moment.has_time) == (local(start, now), timed)
    assert note in moment.note
    assert bool(note) == bool(moment.note), moment.note


@pytest.mark.parametrize(("now", "words", "start", "end"), PHRASE_RANGES, ids=[row[1] for row in PHRASE_RANGES])
def test_phrases_name_their_range(now: datetime, words: str, start: str, end: str) -> None:
    assert read_range(words, now) == (local(start, now), local(end, now))


@pytest.mark.parametrize(("words", "seconds"), PHRASE_LENGTHS)
def test_phrases_name_their_length(words: str, seconds: float) -> None:
    assert read_duration(words) == timedelta(seconds=seconds)


@pytest.mark.parametrize("words", REPEATING)
def test_what_repeats_is_told_from_what_happens_once(words: str) -> None:
    assert is_repeating(words)


@pytest.mark.parametrize("words", ["on Monday at 9", "in two weeks", "tomorrow", "the day after tomorrow", "at 7"])
def test_what_happens_once_does_not_repeat(words: str) -> None:
    assert not is_repeating("", words)


@pytest.mark.parametrize(
    ("words", "note"),
    [("a couple of minutes", "took a couple as 2"), ("a few hours", "took a few as 3"), ("10 minutes", "")],
)
def test_a_vague_length_says_how_it_was_taken(words: str, note: str) -> None:
    assert length_note(words) == note


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("next friday", "took next Friday as Friday 4 December 2026, not Friday 27 November 2026"),
        ("on 3/4", "took 3/4 as Saturday 3 April 2027"),
        ("next friday afternoon", "took next Friday as Friday 4 December 2026, not Friday 27 November 2026"),
        ("tomorrow afternoon", ""),
        ("friday at 7", "took 7 as 07:00"),
    ],
)
def test_a_range_says_which_reading_was_taken(words: str, note: str) -> None:
    found = read_extent(words, ZURICH)
    assert found is not None
    assert found.note == note


@pytest.mark.parametrize("words", ["two weekends from now", "in 3 business days", "31 November", "24:30", "at 25:00"])
def test_what_is_not_understood_is_not_half_read(words: str) -> None:
    assert read_when(words, ZURICH) is None


# ---- every clock, every zone -----------------------------------------------------------------------------------------


@given(nows, st.sampled_from(TIMED), fillings, both_weeks)
def test_a_time_to_come_is_aware_in_the_zone_and_ahead(
    now: datetime, said: str, filling: dict[str, object], week: Literal["monday", "sunday"]
) -> None:
    words = said.format(**filling)
    moment = read_when(words, now, language=LanguageSettings(week_starts=week))
    assert moment is not None
    assert moment.start.tzinfo is now.tzinfo
    assert moment.start.astimezone(UTC) > now.astimezone(UTC), (words, moment)
    assert moment.has_time


@given(nows, st.sampled_from(DATED), fillings, both_weeks)
def test_a_day_to_come_is_today_or_later(
    now: datetime, said: str, filling: dict[str, object], week: Literal["monday", "sunday"]
) -> None:
    words = said.format(**filling)
    moment = read_when(words, now, language=LanguageSettings(week_starts=week))
    assert moment is not None
    assert moment.start.tzinfo is now.tzinfo
    day = moment.start.date()
    assert day >= now.date() or (words in ("this weekend", "at the weekend") and now.weekday() >= 5), (words, moment)
    assert not moment.has_time


@given(nows, st.sampled_from(TIMED + DATED), fillings)
def test_a_range_ends_after_it_starts(now: datetime, said: str, filling: dict[str, object]) -> None:
    extent = read_extent(said.format(**filling), now)
    assert extent is not None
    assert extent.start.tzinfo is extent.end.tzinfo is now.tzinfo
    assert extent.start.astimezone(UTC) < extent.end.astimezone(UTC)


@given(nows, st.integers(1, 100))
def test_hours_are_elapsed_time(now: datetime, count: int) -> None:
    for words in (f"in {count} hours", f"{count} hours from now"):
        moment = read_when(words, now)
        assert moment is not None
        assert moment.start.astimezone(UTC) - now.astimezone(UTC) == timedelta(hours=count)


@given(nows, st.sampled_from(["tomorrow at this time", "this time tomorrow", "same time tomorrow"]))
def test_this_time_tomorrow_is_by_the_clock_on_the_wall(now: datetime, words: str) -> None:
    moment = read_when(words, now)
    assert moment is not None
    check_wall(moment.start, moment.note, now.date() + timedelta(days=1), now.time().replace(second=0, microsecond=0))


days_of_change = st.sampled_from([instant.date() for instant in CHANGES])


@given(nows, st.dates(date(2026, 1, 1), date(2030, 1, 1)) | days_of_change, hours, minutes)
def test_a_date_and_time_is_by_the_clock_on_the_wall(now: datetime, day: date, hour: int, minute: int) -> None:
    moment = read_when(f"on {day.isoformat()} at {hour:02}:{minute:02}", now)
    assert moment is not None
    check_wall(moment.start, moment.note, day, time(hour, minute))


def check_wall(start: datetime, note: str, day: date, clock: time) -> None:
    """The clock shows what was said; or later, with a note, where clocks skip that; of two such times the first."""
    wanted = datetime.combine(day, clock)
    shown = start.replace(tzinfo=None, fold=0)
    if shown != wanted:
        assert shown > wanted
        assert f"clocks skip {clock:%H:%M} that day, took {start:%H:%M}" in note
        return
    assert start.fold == 0
    twice = start.utcoffset() != start.replace(fold=1).utcoffset()
    assert twice == (f"clocks show {clock:%H:%M} twice that day, took the first" in note)


@given(nows, st.sampled_from(DAYS), st.sampled_from(["{} at midnight", "midnight on {}", "{} midnight"]))
def test_midnight_is_the_end_of_the_day_and_says_so(now: datetime, day: str, said: str) -> None:
    moment, named = read_when(said.format(day), now), read_when(f"on {day}", now)
    assert moment is not None
    assert named is not None
    assert moment.start.date() == named.start.date() + timedelta(days=1)
    assert f"took midnight as the end of {day} " in moment.note


@given(nows, both_weeks)
def test_weeks_start_as_configured(now: datetime, week: Literal["monday", "sunday"]) -> None:
    language = LanguageSettings(week_starts=week)
    this, following = (read_extent(words, now, language=language) for words in ("this week", "next week"))
    assert this is not None
    assert following is not None
    assert this.start.weekday() == (0 if week == "monday" else 6)
    assert this.start.date() <= now.date() < this.end.date()
    assert this.end.date() - this.start.date() == timedelta(days=7)
    assert following.start == this.end


@given(nows, st.sampled_from(DAYS), both_weeks)
def test_next_friday_says_which_where_two_are_likely(
    now: datetime, day: str, week: Literal["monday", "sunday"]
) -> None:
    language = LanguageSettings(week_starts=week)
    coming = read_when(f"this coming {day}", now, language=language)
    following = read_when(f"next {day}", now, language=language)
    assert coming is not None
    assert following is not None
    away = (following.start.date() - coming.start.date()).days
    assert away in (0, 7)
    assert (away == 7) == following.note.startswith(f"took next {day} as {day} ")
