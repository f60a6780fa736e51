"""Changes to an .ics text touch what they are about and nothing else."""

from __future__ import annotations

import difflib
import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from roles.calendar.adapters.ics_editing import EMPTY, NoSuchEntry, with_event, with_moved, without_entry
from roles.calendar.adapters.ics_reading import IcsCalendar
from roles.calendar.backend import EventReference, NewEvent
from tests.roles.calendar.calendars import NOW, ZURICH, entries, ics

DAY = timedelta(days=1)
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NINE = datetime(2026, 11, 21, 9, tzinfo=ZURICH)
ZONES = [ZoneInfo(name) for name in ("Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")]


def added(text: str, event: NewEvent) -> str:
    changed = with_event(IcsCalendar(text), event, NOW)
    assert changed is not None
    return changed


def moved(text: str, reference: EventReference, start: datetime, end: datetime, *, all_day: bool = False) -> str:
    changed = with_moved(IcsCalendar(text), reference, start, end, NOW, all_day=all_day)
    assert changed is not None
    return changed


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines removed and lines added."""
    difference = list(difflib.ndiff(before.split("\n"), after.split("\n")))
    return (
        [line[2:].rstrip("\r") for line in difference if line.startswith("- ")],
        [line[2:].rstrip("\r") for line in difference if line.startswith("+ ")],
    )


def test_an_event_is_added_with_the_definition_of_its_zone() -> None:
    text = added(EMPTY, NewEvent("u1", "Mountain trip", NINE, NINE + timedelta(hours=1), place="Zermatt"))
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    assert event["DTSTART"].dt == NINE
    assert event["DTSTART"].params["TZID"] == "Europe/Zurich"
    assert (str(event["SUMMARY"]), str(event["LOCATION"]), str(event["UID"])) == ("Mountain trip", "Zermatt", "u1")
    assert [str(zone["TZID"]) for zone in Calendar.from_ical(text).walk("VTIMEZONE")] == ["Europe/Zurich"]
    twice = added(text, NewEvent("u2", "Dinner", NINE + DAY, NINE + DAY))
    assert twice.count("BEGIN:VTIMEZONE") == 1
    assert with_event(IcsCalendar(twice), NewEvent("u1", "Other", NINE, NINE), NOW) is None


moments = st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


@settings(max_examples=60, deadline=None)
@given(moments, st.sampled_from(ZONES), st.integers(0, 3 * 86_400), st.booleans(), st.text(min_size=1, max_size=60))
def test_what_is_added_is_read_back(
    clock: datetime, zone: ZoneInfo, seconds: int, second_pass: bool, name: str
) -> None:
    start = clock.replace(tzinfo=UTC).astimezone(zone)
    start = start.replace(fold=int(second_pass)) if start.fold else start
    end = (start.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(zone)
    text = added(EMPTY, NewEvent("u", name, start, end, place=name))
    (entry,) = entries(text, start - DAY, end + DAY)
    assert (entry.start.astimezone(UTC), entry.end.astimezone(UTC)) == (start.astimezone(UTC), end.astimezone(UTC))
    written = "".join(char for char in name if (char >= " " and char != "\x7f") or char in "\n\r\t")
    shown = "".join(
        " " if unicodedata.category(char) in ("Cc", "Zl", "Zp") or char in TURNING else char for char in written
    )
    assert entry.name == (" ".join(shown.split()) or "(no title)")


def test_the_second_pass_of_an_hour_that_clocks_go_back_over_is_not_the_first() -> None:
    """02:30 comes twice on 25 October 2026: as 00:30 and as 01:30 UTC."""
    for fold, utc in ((0, "00:30"), (1, "01:30")):
        start = datetime(2026, 10, 25, 2, 30, tzinfo=ZURICH, fold=fold)
        text = added(EMPTY, NewEvent("u", "Night", start, start.astimezone(UTC) + timedelta(minutes=10)))
        (entry,) = entries(text, start - DAY, start + DAY)
        assert f"{entry.start.astimezone(UTC):%H:%M}" == utc


STRANGE = ics(
    """
    BEGIN:VTODO
    UID:todo
    SUMMARY:Taxes
    END:VTODO
    """,
    """
    BEGIN:X-PARTY
    X-GUESTS;ROLE="a:b;c":seven
    END:X-PARTY
    """,
    """
    UID:one
    DTSTART:20261117T083000Z
    DURATION:PT30M
    SUMMARY:Dentist
    X-APPLE-TRAVEL;VALUE=DURATION:PT15M
    ATTENDEE;CN="Dr. Lam, DDS":mailto:lam@example.org
    BEGIN:VALARM
    TRIGGER:-PT10M
    ACTION:DISPLAY
    DTSTART:20200101T000000Z
    DESCRIPTION:x
    END:VALARM
    """,
    """
    UID:two
    DTSTART;TZID=Europe/Zurich:20261116T091500
    DTEND;TZID=Europe/Zurich:20261116T093000
    RRULE:FREQ=WEEKLY;BYDAY=MO,WE
    SEQUENCE:4
    SUMMARY:Standup
    X-COLOUR:tomato
    """,
    head="X-FOO:keep METHOD:PUBLISH",
)


def test_adding_inserts_and_changes_nothing() -> None:
    removed, new = lines_changed(STRANGE, added(STRANGE, NewEvent("new", "Dinner", NINE, NINE)))
    assert removed == []
    assert new[0] == "BEGIN:VTIMEZONE"
    assert new[-1] == "END:VEVENT"


def test_moving_an_event_changes_its_times_alone() -> None:
    text = moved(STRANGE, EventReference("one"), NINE, NINE + timedelta(minutes=30))
    removed, new = lines_changed(STRANGE, text)
    assert removed == ["DTSTART:20261117T083000Z", "DURATION:PT30M"]
    assert sorted(new) == [
        "DTEND:20261121T083000Z",
        "DTSTAMP:20261116T090000Z",
        "DTSTART:20261121T080000Z",
        "LAST-MODIFIED:20261116T090000Z",
        "SEQUENCE:1",
    ]
    assert (
        with_moved(IcsCalendar(text), EventReference("one"), NINE, NINE + timedelta(minutes=30), NOW, all_day=False)
        is None
    )


def occurrence(day: int) -> EventReference:
    return EventReference("two", f"2026-11-{day}T08:15:00+00:00")


def clock_times(text: str) -> list[str]:
    found = entries(text, NINE - timedelta(days=10), NINE + timedelta(days=10))
    return [f"{entry.start:%d %H:%M}" for entry in found if entry.name == "Standup"]


def test_moving_one_occurrence_leaves_the_series() -> None:
    start = datetime(2026, 11, 19, 14, tzinfo=ZURICH)
    text = moved(STRANGE, occurrence(18), start, start + timedelta(minutes=15))
    assert clock_times(text) == ["16 09:15", "19 14:00", "23 09:15", "25 09:15", "30 09:15"]
    removed, new = lines_changed(STRANGE, text)
    assert removed == []
    assert "RECURRENCE-ID;TZID=Europe/Zurich:20261118T091500" in new
    assert "X-COLOUR:tomato" in new
    assert "SEQUENCE:5" in new
    assert text.count("RRULE:FREQ=WEEKLY") == 1
    again = moved(text, occurrence(18), start + DAY, start + DAY + timedelta(minutes=15))
    assert clock_times(again) == ["16 09:15", "20 14:00", "23 09:15", "25 09:15", "30 09:15"]
    assert again.count("RECURRENCE-ID") == 1


def test_cancelling_one_occurrence_leaves_the_series() -> None:
    text = without_entry(IcsCalendar(STRANGE), occurrence(18))
    assert text is not None
    assert clock_times(text) == ["16 09:15", "23 09:15", "25 09:15", "30 09:15"]
    removed, new = lines_changed(STRANGE, text)
    assert (removed, new) == ([], ["EXDATE;TZID=Europe/Zurich:20261118T091500"])
    assert without_entry(IcsCalendar(text), occurrence(18)) is None
    more = without_entry(IcsCalendar(text), occurrence(25))
    assert more is not None
    assert clock_times(more) == ["16 09:15", "23 09:15", "30 09:15"]


def test_cancelling_an_occurrence_that_was_moved_before() -> None:
    start = datetime(2026, 11, 19, 14, tzinfo=ZURICH)
    text = without_entry(IcsCalendar(moved(STRANGE, occurrence(18), start, start)), occurrence(18))
    assert text is not None
    assert clock_times(text) == ["16 09:15", "23 09:15", "25 09:15", "30 09:15"]
    assert "RECURRENCE-ID" not in text


def test_cancelling_an_event_or_a_whole_series_removes_its_components() -> None:
    alone = without_entry(IcsCalendar(STRANGE), EventReference("one"))
    assert alone is not None
    removed, new = lines_changed(STRANGE, alone)
    assert new == []
    assert 'ATTENDEE;CN="Dr. Lam, DDS":mailto:lam@example.org' in removed
    start = datetime(2026, 11, 19, 14, tzinfo=ZURICH)
    series = without_entry(IcsCalendar(moved(STRANGE, occurrence(18), start, start)), EventReference("two"))
    assert series is not None
    assert clock_times(series) == []
    assert "UID:two" not in series
    assert without_entry(IcsCalendar(series), EventReference("two")) is None


def test_times_are_written_the_way_the_event_writes_them() -> None:
    floating = ics("UID:1\nDTSTART:20261117T090000\nDTEND:20261117T100000\nSUMMARY:x")
    assert "DTSTART:20261121T090000\r\n" in moved(floating, EventReference("1"), NINE, NINE + timedelta(hours=1))
    elsewhere = ics("UID:1\nDTSTART;X-A=b;TZID=America/New_York:20261117T090000\nDURATION:PT1H\nSUMMARY:x")
    text = moved(elsewhere, EventReference("1"), NINE, NINE + timedelta(hours=1))
    assert "DTSTART;X-A=b;TZID=America/New_York:20261121T030000" in text
    assert "DTEND;X-A=b;TZID=America/New_York:20261121T040000" in text
    days = ics("UID:1\nDTSTART;VALUE=DATE:20261117\nDTEND;VALUE=DATE:20261119\nSUMMARY:x")
    midnight = datetime(2026, 11, 24, tzinfo=ZURICH)
    text = moved(days, EventReference("1"), midnight, midnight + 2 * DAY, all_day=True)
    assert "DTSTART;VALUE=DATE:20261124" in text
    assert "DTEND;VALUE=DATE:20261126" in text


def test_an_all_day_event_that_gets_a_time_brings_its_zone() -> None:
    days = ics("UID:1\nDTSTART;VALUE=DATE:20261117\nSUMMARY:x")
    text = moved(days, EventReference("1"), NINE, NINE + timedelta(hours=1))
    (entry,) = entries(text, NINE - DAY, NINE + DAY)
    assert (entry.start, entry.all_day) == (NINE, False)
    assert "BEGIN:VTIMEZONE" in text


def test_one_day_of_an_all_day_series() -> None:
    text = ics("UID:1\nDTSTART;VALUE=DATE:20261116\nRRULE:FREQ=DAILY;COUNT=4\nSUMMARY:Camp")
    without = without_entry(IcsCalendar(text), EventReference("1", "2026-11-18"))
    assert without is not None
    assert "EXDATE;VALUE=DATE:20261118" in without
    left = entries(without, NINE - timedelta(days=10), NINE)
    assert [entry.start.day for entry in left] == [16, 17, 19]


def test_a_floating_series_in_a_calendar_with_a_zone_of_its_own() -> None:
    text = ics(
        "UID:1\nDTSTART:20261116T090000\nDTEND:20261116T100000\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:Call",
        head="X-WR-TIMEZONE:America/New_York",
    )
    second = entries(text, NINE - timedelta(days=10), NINE)[1]
    start = datetime(2026, 11, 18, 8, tzinfo=ZURICH)
    changed = moved(text, second.reference, start, start + timedelta(hours=1))
    found = entries(changed, NINE - timedelta(days=10), NINE)
    assert [f"{entry.start.astimezone(UTC):%d %H}" for entry in found] == ["16 14", "18 07", "18 14"]
    cancelled = without_entry(IcsCalendar(changed), found[2].reference)
    assert cancelled is not None
    assert len(entries(cancelled, NINE - timedelta(days=10), NINE)) == 2


def test_what_is_gone_can_not_be_moved() -> None:
    for reference in (EventReference("gone"), occurrence(17), EventReference("gone", "2026-11-17")):
        with pytest.raises(NoSuchEntry):
            with_moved(IcsCalendar(STRANGE), reference, NINE, NINE, NOW, all_day=False)


@pytest.mark.parametrize(("newline", "mark"), [("\r\n", ""), ("\n", ""), ("\r\n", "\ufeff")])
def test_line_ends_and_byte_order_marks_stay_as_they_are(newline: str, mark: str) -> None:
    before = mark + STRANGE.replace("\r\n", newline)
    for after in (
        added(before, NewEvent("new", "Dinner", NINE, NINE)),
        moved(before, occurrence(18), NINE, NINE),
        moved(before, EventReference("one"), NINE, NINE),
    ):
        assert after.startswith(f"{mark}BEGIN:VCALENDAR{newline}")
        assert (after.replace("\r\n", "").count("\r"), "\r" in after) == (0, newline == "\r\n")
        assert after.count("\n") == after.count(newline)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"X-[A-Z]{1,8}", fullmatch=True),
            st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=90),
        ),
        max_size=5,
    )
)
def test_properties_of_others_survive_any_change(properties: list[tuple[str, str]]) -> None:
    lines = [f"{name}:{value}" for name, value in properties]
    text = STRANGE.replace("SUMMARY:Dentist", "\r\n".join(["SUMMARY:Dentist", *lines]))
    for changed in (
        added(text, NewEvent("new", "Dinner", NINE, NINE)),
        moved(text, EventReference("one"), NINE, NINE),
        moved(text, occurrence(18), NINE, NINE),
    ):
        kept = changed.split("\r\n")
        assert all(line in kept for line in lines)
        assert IcsCalendar(changed).of("one")
