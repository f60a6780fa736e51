"""Words of time as people mean them, against fixed clocks in three time zones."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.language.time_words import find_spans, is_relative_to_fact, read_duration, read_range, read_when
from common.language.words import word_set
from common.settings import LanguageSettings
from common.tool import Fact
from tests.common.language.time_cases import LENGTHS, NEW_YORK, NO_TIME, RANGES, WHEN, ZURICH


def local(text: str, now: datetime) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=now.tzinfo)


@pytest.mark.parametrize(("now", "words", "start", "timed"), WHEN, ids=[f"{c[0].tzinfo}: {c[1]}" for c in WHEN])
def test_reads_the_moment_that_is_meant(now: datetime, words: str, start: str, timed: bool) -> None:
    moment = read_when(words, now)
    assert moment is not None
    assert (moment.start, moment.has_time) == (local(start, now), timed)
    assert moment.start.tzinfo is now.tzinfo


@pytest.mark.parametrize(("words", "seconds"), LENGTHS)
def test_reads_lengths(words: str, seconds: float) -> None:
    assert read_duration(words) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("now", "words", "start", "end"), RANGES, ids=[c[1] for c in RANGES])
def test_reads_ranges(now: datetime, words: str, start: str, end: str) -> None:
    assert read_range(words, now) == (local(start, now), local(end, now))


@pytest.mark.parametrize("words", NO_TIME)
def test_other_words_are_no_time(words: str) -> None:
    assert read_when(words, ZURICH) is None
    assert find_spans(words) == []


# ---- spans -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("set a timer for 20 minutes please", [("for 20 minutes", "duration")]),
        ("lunch on Saturday with Anna at noon", [("on Saturday", "when"), ("at noon", "when")]),
        ("remind me an hour before the dentist and turn off the light", [("an hour before the dentist", "offset")]),
        ("add yoga tomorrow at 7 for an hour", [("tomorrow at 7", "when"), ("for an hour", "duration")]),
        ("what’s on this weekend?", [("this weekend", "when")]),
        ("move it from Friday to Monday at 3", [("from Friday", "when"), ("to Monday at 3", "when")]),
    ],
)
def test_finds_where_a_text_speaks_of_time(text: str, spans: list[tuple[str, str]]) -> None:
    found = find_spans(text)
    assert [(span.text, span.kind) for span in found] == spans
    assert all(text[span.start : span.end].replace("’", "'") == span.text for span in found)


# ---- ends, defaults, notes -------------------------------------------------------------------------------------------


def test_a_range_or_a_length_gives_the_end() -> None:
    nine_to_eleven = read_when("tomorrow from 9 to 11", ZURICH)
    two_hours = read_when("tomorrow at 9 for two hours", ZURICH)
    week = read_when("next week", ZURICH)
    assert nine_to_eleven is not None
    assert two_hours is not None
    assert week is not None
    assert nine_to_eleven.end == two_hours.end == local("2026-11-26 11:00", ZURICH)
    assert week.end == local("2026-12-07 00:00", ZURICH)


def test_the_default_time_stands_in_where_none_was_said() -> None:
    without = read_when("on Saturday", ZURICH, default_time=time(9))
    with_time = read_when("on Saturday at noon", ZURICH, default_time=time(9))
    assert without is not None
    assert with_time is not None
    assert (without.start, without.has_time) == (local("2026-11-28 09:00", ZURICH), False)
    assert with_time.start == local("2026-11-28 12:00", ZURICH)


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("at 7", "took 7 as 19:00"),
        ("next friday", "took next Friday as Friday 4 December 2026, not Friday 27 November 2026"),
        ("on wednesday", "took Wednesday as Wednesday 2 December 2026, not today"),
        ("at 14:00", "14:00 has passed today, took Thursday 26 November 2026"),
        ("tomorrow evening", "took the evening as 18:00"),
        ("monday 28 november 2026", "28 November 2026 is a Saturday"),
        ("every friday at 18:00", "took only the next one of these"),
        ("saturday at midnight", "took midnight as the end of Saturday 28 November 2026"),
    ],
)
def test_says_which_of_two_readings_was_taken(words: str, note: str) -> None:
    moment = read_when(words, ZURICH)
    assert moment is not None
    assert moment.note == note


@pytest.mark.parametrize(
    "words", ["tomorrow at 15:30", "on 3 December 2026", "in 20 minutes", "at 7pm tomorrow", "friday"]
)
def test_plain_words_need_no_note(words: str) -> None:
    moment = read_when(words, ZURICH)
    assert moment is not None
    assert moment.note == ""


def test_settings_decide_date_order_and_week_start() -> None:
    american = LanguageSettings(date_order="MDY", week_starts="sunday")
    date = read_when("on 03/12", ZURICH, language=american)
    assert date is not None
    assert date.start == local("2027-03-12 00:00", ZURICH)
    assert read_range("this week", ZURICH, language=american) == (
        local("2026-11-22 00:00", ZURICH),
        local("2026-11-29 00:00", ZURICH),
    )


def test_a_clock_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        read_when("tomorrow", datetime(2026, 1, 1))


# ---- facts -----------------------------------------------------------------------------------------------------------

TRIP = Fact(kind="event", name="Mountain trip", start="2026-11-28T09:00:00+01:00", end="2026-11-28T17:00:00+01:00")
DENTIST = Fact(kind="event", name="Dentist", start="2026-11-27T14:00:00+00:00")
PLACE = Fact(kind="place", name="Bern")


@pytest.mark.parametrize(
    ("words", "start"),
    [
        ("an hour before", "2026-11-27 14:00"),
        ("an hour before it", "2026-11-27 14:00"),
        ("half an hour before the dentist", "2026-11-27 14:30"),
        ("two hours before my mountain trip", "2026-11-28 07:00"),
        ("the day before the trip to the mountains", "2026-11-27 09:00"),
        ("the evening before the mountain trip", "2026-11-27 18:00"),
        ("ten minutes after the mountain trip", "2026-11-28 17:10"),
        ("an hour in advance", "2026-11-27 14:00"),
        ("15 minutes earlier", "2026-11-27 14:45"),
        ("the day before at 6pm", "2026-11-26 18:00"),
        ("the day before the mountain trip at 6pm", "2026-11-27 18:00"),
    ],
)
def test_offsets_count_from_facts(words: str, start: str) -> None:
    moment = read_when(words, ZURICH, facts=[TRIP, PLACE, DENTIST])
    assert moment is not None
    assert moment.start == local(start, ZURICH)


def test_an_offset_from_something_unknown_is_not_guessed() -> None:
    assert read_when("an hour before my flight", ZURICH, facts=[TRIP, DENTIST]) is None
    assert read_when("an hour before", ZURICH, facts=[PLACE]) is None
    broken = Fact(kind="event", name="Trip", start="soon")
    assert read_when("an hour before", ZURICH, facts=[broken]) is None


@pytest.mark.parametrize(
    ("words", "relative"),
    [
        ("an hour before", True),
        ("the day before it", True),
        ("30 minutes before the meeting", True),
        ("an hour before noon", False),
        ("an hour before 2026-11-28T09:00:00+01:00", False),
        ("an hour before the dentist on Friday at 9", False),
        ("in an hour", False),
        ("tomorrow", False),
        ("before Friday", False),
    ],
)
def test_knows_what_counts_from_a_fact(words: str, relative: bool) -> None:
    assert is_relative_to_fact(words) is relative


# ---- clock changes ---------------------------------------------------------------------------------------------------


def test_a_time_that_clocks_skip_moves_behind_the_gap() -> None:
    now = datetime(2026, 3, 28, 12, 0, tzinfo=ZoneInfo("Europe/Zurich"))
    moment = read_when("tomorrow at 2:30 am", now)
    assert moment is not None
    assert moment.start.isoformat() == "2026-03-29T03:30:00+02:00"
    assert "clocks skip 02:30" in moment.note


def test_a_time_that_comes_twice_is_the_first() -> None:
    now = datetime(2026, 10, 24, 12, 0, tzinfo=ZoneInfo("Europe/Zurich"))
    moment = read_when("tomorrow at 02:30", now)
    assert moment is not None
    assert moment.start.isoformat() == "2026-10-25T02:30:00+02:00"
    assert "twice" in moment.note


def test_hours_are_elapsed_time_and_days_are_calendar_days() -> None:
    now = datetime(2026, 3, 28, 12, 0, tzinfo=ZoneInfo("Europe/Zurich"))
    in_a_day = read_when("24 hours before 2026-03-29T12:00:00+02:00", now)
    the_day_before = read_when("the day before 2026-03-29T12:00:00+02:00", now)
    assert in_a_day is not None
    assert the_day_before is not None
    assert in_a_day.start.isoformat() == "2026-03-28T11:00:00+01:00"
    assert the_day_before.start.isoformat() == "2026-03-28T12:00:00+01:00"
    later = read_when("in 24 hours", now)
    assert later is not None
    assert later.start - now.astimezone(UTC) == timedelta(hours=24)


def test_a_fixed_offset_will_do_as_zone() -> None:
    now = datetime(2026, 5, 5, 5, 5, tzinfo=timezone(timedelta(hours=-3)))
    moment = read_when("tomorrow at 10am", now)
    assert moment is not None
    assert moment.start.isoformat() == "2026-05-06T10:00:00-03:00"


# ---- other languages, hostile text -----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["3. Dezember 2026", "le 3 décembre 2026", "3 de diciembre de 2026"])
def test_dates_in_other_writings_are_read(words: str) -> None:
    moment = read_when(words, ZURICH)
    assert moment is not None
    assert moment.start == local("2026-12-03 00:00", ZURICH)


def test_dateparser_is_not_imported_for_english() -> None:
    code = (
        "import sys, datetime as d; from common.language.time_words import read_when;"
        "read_when('next friday at half past seven', d.datetime.now(d.UTC));"
        "sys.exit('dateparser' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        "in 10**20 years",
        "in 99999999999 years",
        "in 999999999 days",
        "in 9999 years",
        "on 31 February",
        "on 30/02/2027",
        "25:61",
        "the 32nd",
        "9" * 5000,
        "in " + "9" * 5000 + " minutes",
        "\ud800 tomorrow?".replace("tomorrow", ""),
        "１２３",
        "٣ ٣",
    ],
)
def test_impossible_times_read_as_none(words: str) -> None:
    assert read_when(words, ZURICH) is None


_WORDS = st.sampled_from(
    sorted(
        word_set(
            "tomorrow at 7 half past in an hour before after the 3rd of december next friday week from to 9 11 am "
            "pm : 30 noon and a quarter end - / . 2026 first million one hundred until by every T +01:00 this "
            "time mid"
        )
    )
)


@given(st.text(max_size=300) | st.lists(_WORDS, max_size=60).map(" ".join) | st.lists(_WORDS, max_size=30).map("".join))
def test_any_text_is_survived(text: str) -> None:
    spans = find_spans(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))
    for now in (ZURICH, NEW_YORK):
        moment = read_when(text, now, facts=[TRIP])
        assert moment is None or moment.start.tzinfo is not None
        assert moment is None or moment.end is None or moment.end > moment.start
        extent = read_range(text, now)
        assert extent is None or extent[0] < extent[1]
    length = read_duration(text)
    assert length is None or length > timedelta(0)
    is_relative_to_fact(text)


@pytest.mark.parametrize(
    "pattern",
    [
        "one million ",
        "an hour before ",
        "a quarter past ",
        "at 7 ",
        "from 9 to ",
        "the first of ",
        "3/4/",
        "2026-",
        "1.",
        "- ",
    ],
)
def test_long_texts_take_time_in_proportion(pattern: str) -> None:
    spans = find_spans(pattern * 2_000)
    assert len(spans) <= 100
