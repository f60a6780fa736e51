"""The definitions of zones that are written say what the zones say, whoever reads them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st

from roles.calendar.adapters.ics_zone_writing import zone_lines
from tests.roles.calendar.calendars import entries, ics

NAMES = [
    "Europe/Zurich",
    "Europe/Dublin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Antarctica/Troll",
]


def read_by_another_reader(name: str, clock: datetime) -> timedelta | None:
    """What the reader of python-dateutil, which many servers use, makes of the definition."""
    text = "\r\n".join(["BEGIN:VCALENDAR", *zone_lines(name), "END:VCALENDAR", ""])
    zone = tzical(io.StringIO(text)).get()
    assert zone is not None
    return clock.replace(tzinfo=zone).utcoffset()


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(NAMES), st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 1)))
def test_another_reader_finds_the_offsets_of_the_zone(name: str, clock: datetime) -> None:
    clock = clock.replace(minute=30, second=0, microsecond=0)
    utc = clock.replace(tzinfo=ZoneInfo(name))
    if utc.astimezone(UTC).astimezone(utc.tzinfo) != utc or utc.utcoffset() != utc.replace(fold=1).utcoffset():
        return  # a clock time that comes twice or not at all: readers differ
    assert read_by_another_reader(name, clock) == utc.utcoffset()


CHANGES = [
    ("Europe/Zurich", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Zurich", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 3, 22, 2, tzinfo=UTC)),
]


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_the_hours_around_a_change_are_read_right_from_the_definition_alone(name: str, change: datetime) -> None:
    """Read under a name that nobody knows, so that only the definition can be used."""
    zone = ZoneInfo(name)
    renamed = "\n".join(zone_lines(name)).replace(name, "Nowhere/Else")
    for minutes in (-180, -61, 61, 180, 1_440):
        moment = change + timedelta(minutes=minutes)
        local = moment.astimezone(zone)
        assert local.fold == 0
        text = ics(renamed, f"UID:1\nDTSTART;TZID=Nowhere/Else:{local:%Y%m%dT%H%M%S}\nSUMMARY:x")
        (entry,) = entries(text, moment - timedelta(days=2), moment + timedelta(days=2))
        assert entry.start == moment


def test_a_regular_zone_is_a_few_rules() -> None:
    lines = zone_lines("Europe/Zurich")
    assert len(lines) < 40
    assert "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" in lines
    assert not any(line.startswith("RDATE") for line in lines)
