"""Recurring events, exceptions and time zones, against cases computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from roles.calendar.adapters.ics_reading import IcsCalendar
from roles.calendar.adapters.ics_text import BrokenIcs
from roles.calendar.backend import EventReference
from tests.roles.calendar.calendars import OFFICE, ZURICH, entries, ics, starts

NEW_YORK = ZoneInfo("America/New_York")


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, tzinfo=ZURICH)


def test_a_weekly_event_keeps_its_clock_time_over_both_clock_changes() -> None:
    text = ics("""
        UID:1
        DTSTART;TZID=Europe/Zurich:20261018T090000
        DTEND;TZID=Europe/Zurich:20261018T100000
        RRULE:FREQ=WEEKLY;COUNT=3
        SUMMARY:Church
        """)
    assert starts(text, day(2026, 10, 1), day(2026, 12, 1)) == [
        "2026-10-18T07:00",
        "2026-10-25T08:00",
        "2026-11-01T08:00",
    ]
    spring = text.replace("20261018", "20270321")
    assert starts(spring, day(2027, 3, 1), day(2027, 5, 1)) == [
        "2027-03-21T08:00",
        "2027-03-28T07:00",
        "2027-04-04T07:00",
    ]


def test_a_series_of_another_zone_changes_its_hour_here_when_the_zones_change_apart() -> None:
    """Clocks go back in Zurich on 25 October, in New York on 1 November: one week in between differs."""
    text = ics("""
        UID:1
        DTSTART;TZID=America/New_York:20261019T100000
        DURATION:PT45M
        RRULE:FREQ=WEEKLY;COUNT=4
        SUMMARY:Call
        """)
    found = entries(text, day(2026, 10, 1), day(2026, 12, 1))
    assert [f"{entry.start:%d %H:%M}" for entry in found] == ["19 16:00", "26 15:00", "02 16:00", "09 16:00"]
    assert all(entry.end - entry.start == timedelta(minutes=45) for entry in found)


def test_a_series_in_utc_moves_with_the_clocks() -> None:
    text = ics("UID:1\nDTSTART:20261024T220000Z\nDTEND:20261024T230000Z\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:Backup")
    found = entries(text, day(2026, 10, 24), day(2026, 11, 1))
    assert [f"{entry.start:%d %H:%M}" for entry in found] == ["25 00:00", "25 23:00", "26 23:00"]


def test_exdates_and_changed_occurrences() -> None:
    text = ics(
        """
        UID:standup
        DTSTART;TZID=Europe/Zurich:20261116T091500
        DTEND;TZID=Europe/Zurich:20261116T093000
        RRULE:FREQ=WEEKLY;BYDAY=MO,WE
        EXDATE;TZID=Europe/Zurich:20261118T091500
        SUMMARY:Standup
        """,
        """
        UID:standup
        RECURRENCE-ID;TZID=Europe/Zurich:20261123T091500
        DTSTART;TZID=Europe/Zurich:20261124T140000
        DTEND;TZID=Europe/Zurich:20261124T143000
        SUMMARY:Standup (moved)
        """,
        """
        UID:standup
        RECURRENCE-ID;TZID=Europe/Zurich:20261125T091500
        DTSTART;TZID=Europe/Zurich:20261125T091500
        DTEND;TZID=Europe/Zurich:20261125T093000
        STATUS:CANCELLED
        SUMMARY:Standup
        """,
    )
    found = entries(text, day(2026, 11, 16), day(2026, 12, 3))
    assert [(f"{entry.start:%d %H:%M}", entry.name) for entry in found] == [
        ("16 09:15", "Standup"),
        ("24 14:00", "Standup (moved)"),
        ("30 09:15", "Standup"),
        ("02 09:15", "Standup"),
    ]
    assert [entry.reference.occurrence for entry in found][:2] == [
        "2026-11-16T08:15:00+00:00",
        "2026-11-23T08:15:00+00:00",
    ]
    assert all(entry.recurring for entry in found)


def test_an_occurrence_that_was_moved_into_the_range_from_far_away_is_found() -> None:
    text = ics(
        "UID:1\nDTSTART:20260101T090000Z\nDTEND:20260101T100000Z\nRRULE:FREQ=MONTHLY;COUNT=6\nSUMMARY:Board",
        "UID:1\nRECURRENCE-ID:20260601T090000Z\nDTSTART:20261117T090000Z\nDTEND:20261117T100000Z\nSUMMARY:Board",
    )
    assert starts(text, day(2026, 11, 17), day(2026, 11, 18)) == ["2026-11-17T09:00"]


def test_the_last_friday_of_each_month() -> None:
    text = ics("""
        UID:1
        DTSTART;TZID=Europe/Zurich:20261030T170000
        DTEND;TZID=Europe/Zurich:20261030T180000
        RRULE:FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270131T000000Z
        SUMMARY:Drinks
        """)
    found = entries(text, day(2026, 10, 1), day(2027, 6, 1))
    assert [f"{entry.start:%Y-%m-%d}" for entry in found] == ["2026-10-30", "2026-11-27", "2026-12-25", "2027-01-29"]


def test_rdates_and_periods() -> None:
    text = ics("""
        UID:1
        DTSTART;TZID=Europe/Zurich:20261116T100000
        DTEND;TZID=Europe/Zurich:20261116T110000
        RDATE;TZID=Europe/Zurich:20261118T150000,20261119T080000
        SUMMARY:Course
        """)
    found = entries(text, day(2026, 11, 16), day(2026, 11, 30))
    assert [f"{entry.start:%d %H:%M}–{entry.end:%H:%M}" for entry in found] == [
        "16 10:00–11:00",
        "18 15:00–16:00",
        "19 08:00–09:00",
    ]


def test_all_day_events_run_from_midnight_to_midnight_where_they_are_asked_for() -> None:
    text = ics(
        "UID:1\nDTSTART;VALUE=DATE:20261120\nSUMMARY:Birthday\nTRANSP:TRANSPARENT",
        "UID:2\nDTSTART;VALUE=DATE:20261126\nDTEND;VALUE=DATE:20261129\nSUMMARY:Offsite",
    )
    birthday, offsite = entries(text, day(2026, 11, 1), day(2026, 12, 1))
    assert (birthday.start, birthday.end) == (day(2026, 11, 20), day(2026, 11, 21))
    assert birthday.all_day
    assert birthday.free
    assert (offsite.start, offsite.end, offsite.free) == (day(2026, 11, 26), day(2026, 11, 29), False)
    assert entries(text, day(2026, 11, 21), day(2026, 11, 26)) == []
    asked_from_tokyo = datetime(2026, 11, 20, tzinfo=ZoneInfo("Asia/Tokyo"))
    (there,) = entries(text, asked_from_tokyo, asked_from_tokyo + timedelta(days=1))
    assert there.start == asked_from_tokyo


def test_a_yearly_birthday_of_the_29th_of_february_waits_for_leap_years() -> None:
    text = ics("UID:1\nDTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY\nSUMMARY:Leap")
    assert [f"{entry.start:%Y-%m-%d}" for entry in entries(text, day(2026, 1, 1), day(2033, 1, 1))] == [
        "2028-02-29",
        "2032-02-29",
    ]


def test_times_without_zone_are_in_the_zone_of_who_asks() -> None:
    text = ics("UID:1\nDTSTART:20261120T090000\nDTEND:20261120T100000\nSUMMARY:Floating")
    (here,) = entries(text, day(2026, 11, 20), day(2026, 11, 21))
    assert here.start == datetime(2026, 11, 20, 9, tzinfo=ZURICH)
    start = datetime(2026, 11, 20, tzinfo=NEW_YORK)
    (there,) = entries(text, start, start + timedelta(days=1))
    assert there.start == datetime(2026, 11, 20, 9, tzinfo=NEW_YORK)


def test_the_zone_that_a_calendar_names_for_itself() -> None:
    text = ics(
        "UID:1\nDTSTART:20261120T090000\nDTEND:20261120T100000\nSUMMARY:Floating", head="X-WR-TIMEZONE:America/New_York"
    )
    (entry,) = entries(text, day(2026, 11, 20), day(2026, 11, 21))
    assert entry.start.astimezone(UTC) == datetime(2026, 11, 20, 14, tzinfo=UTC)


def test_a_zone_that_only_the_file_defines() -> None:
    text = ics(
        OFFICE,
        "UID:1\nDTSTART;TZID=My Office:20261024T120000\nDTEND;TZID=My Office:20261024T130000\n"
        "RRULE:FREQ=DAILY;COUNT=3\nSUMMARY:Lunch",
    )
    assert starts(text, day(2026, 10, 1), day(2026, 11, 1)) == [
        "2026-10-24T10:00",
        "2026-10-25T11:00",
        "2026-10-26T11:00",
    ]


def test_two_files_may_define_the_same_name_differently() -> None:
    event = "UID:1\nDTSTART;TZID=My Office:20260715T120000\nDURATION:PT1H\nSUMMARY:Lunch"
    other = OFFICE.replace("+0200", "-0400").replace("+0100", "-0500")
    assert starts(ics(OFFICE, event), day(2026, 7, 1), day(2026, 8, 1)) == ["2026-07-15T10:00"]
    assert starts(ics(other, event), day(2026, 7, 1), day(2026, 8, 1)) == ["2026-07-15T16:00"]
    assert starts(ics(OFFICE, event), day(2026, 7, 1), day(2026, 8, 1)) == ["2026-07-15T10:00"]


@pytest.mark.parametrize(
    "name", ["/freeassociation.sourceforge.net/Europe/Berlin", "/x/y/America/Argentina/Ushuaia", '"Europe/Berlin"']
)
def test_zones_with_a_vendors_prefix(name: str) -> None:
    text = ics(f"UID:1\nDTSTART;TZID={name}:20260716T120000\nDURATION:PT1H\nSUMMARY:Lunch")
    expected = "2026-07-16T15:00" if "Argentina" in name else "2026-07-16T10:00"
    assert starts(text, day(2026, 7, 1), day(2026, 8, 1)) == [expected]


def test_zones_by_their_windows_names() -> None:
    text = ics("UID:1\nDTSTART;TZID=W. Europe Standard Time:20260716T120000\nDURATION:PT1H\nSUMMARY:Lunch")
    assert starts(text, day(2026, 7, 1), day(2026, 8, 1)) == ["2026-07-16T10:00"]


def test_an_event_that_takes_no_time_counts_where_it_starts() -> None:
    text = ics("UID:1\nDTSTART:20261120T090000Z\nSUMMARY:Deadline")
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert len(entries(text, at, at + timedelta(minutes=1))) == 1
    assert entries(text, at - timedelta(hours=1), at) == []


def test_names_and_places_are_unfolded_and_unescaped() -> None:
    text = ics("UID:1\nDTSTART:20261120T090000Z\nSUMMARY:Lunch\\, then a\\nwalk\nLOCATION:Bahnhofstr. 1\\; Bern")
    (entry,) = entries(text.replace("then a", "then\r\n  a"), day(2026, 11, 20), day(2026, 11, 21))
    assert (entry.name, entry.place) == ("Lunch, then a walk", "Bahnhofstr. 1; Bern")


def test_an_event_without_name_or_uid_is_shown_and_can_not_be_changed() -> None:
    (entry,) = entries(ics("DTSTART:20261120T090000Z"), day(2026, 11, 20), day(2026, 11, 21))
    assert (entry.name, entry.fixed) == ("(no title)", "it has no UID")


def test_a_series_that_was_changed_from_a_day_onwards_is_read_and_left_alone() -> None:
    text = ics(
        "UID:1\nDTSTART:20261116T090000Z\nDTEND:20261116T100000Z\nRRULE:FREQ=DAILY;COUNT=4\nSUMMARY:Sync",
        "UID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261118T090000Z\nDTSTART:20261118T110000Z\n"
        "DTEND:20261118T120000Z\nSUMMARY:Sync",
    )
    found = entries(text, day(2026, 11, 16), day(2026, 11, 30))
    assert [f"{entry.start.astimezone(UTC):%d %H}" for entry in found] == ["16 09", "17 09", "18 11", "19 11"]
    assert all("from one day onwards" in entry.fixed for entry in found)


def test_one_occurrence_can_be_looked_up_by_its_original_start() -> None:
    text = ics(
        "UID:1\nDTSTART:20261116T090000Z\nDTEND:20261116T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:Sync",
        "UID:1\nRECURRENCE-ID:20261118T090000Z\nDTSTART:20270301T110000Z\nDTEND:20270301T120000Z\nSUMMARY:Sync",
    )
    calendar = IcsCalendar(text)
    moved = calendar.get(EventReference("1", "2026-11-18T09:00:00+00:00"), UTC)
    assert moved is not None
    assert moved.start == datetime(2027, 3, 1, 11, tzinfo=UTC)
    plain = calendar.get(EventReference("1", "2026-11-19T09:00:00+00:00"), UTC)
    assert plain is not None
    assert plain.start == datetime(2026, 11, 19, 9, tzinfo=UTC)
    assert calendar.get(EventReference("1", "2026-11-19T10:00:00+00:00"), UTC) is None
    assert calendar.get(EventReference("2"), UTC) is None


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=2", "FREQ=HOURLY"])
def test_what_repeats_beyond_counting_is_refused_not_counted(rule: str) -> None:
    text = ics(f"UID:1\nDTSTART:19700101T000000Z\nRRULE:{rule}\nSUMMARY:Tick")
    with pytest.raises(BrokenIcs, match="too often") as caught:
        entries(text, day(2026, 11, 16), day(2026, 11, 17))
    assert caught.value.line == 7


def test_what_repeats_often_for_a_while_is_read() -> None:
    text = ics("UID:1\nDTSTART:20261116T080000Z\nRRULE:FREQ=MINUTELY;INTERVAL=20;COUNT=4\nSUMMARY:Pill")
    assert len(entries(text, day(2026, 11, 16), day(2026, 11, 17))) == 4


BROKEN = [
    ("", 1, "no BEGIN:VCALENDAR"),
    ("hello", 1, "no colon"),
    ("BEGIN:VEVENT\r\nEND:VEVENT\r\n", 1, "begins with BEGIN:VCALENDAR"),
    ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VCALENDAR\r\n", 4, "END:VCALENDAR does not end BEGIN:VEVENT"),
    ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", 3, "never ended"),
    ("BEGIN:VCALENDAR\r\nrubbish\r\nEND:VCALENDAR\r\n", 2, "no colon"),
    ("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nUID:1\r\n", 3, "outside"),
    (ics("UID:1\nDTSTART:2026-11-20"), 6, "DTSTART can't be read"),
    (ics("UID:1\nDTSTART:20261120T090000Z\nRRULE:FREQ=SOMETIMES"), 7, "RRULE can't be read"),
    (ics("UID:1\nSUMMARY:when?"), 4, "DTSTART"),
    ("BEGIN:A\r\n" * 30, 1, "begins with"),
    ("BEGIN:VCALENDAR\r\n" + "BEGIN:A\r\n" * 30, 21, "too deeply"),
]


@pytest.mark.parametrize(("text", "line", "reason"), BROKEN)
def test_a_broken_text_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(BrokenIcs, match=reason) as caught:
        IcsCalendar(text)
    assert caught.value.line == line


def test_a_property_nobody_needs_may_be_odd() -> None:
    text = ics("UID:1\nDTSTART:20261120T090000Z\nSUMMARY:Fine\nPRIORITY:very\nGEO:here;there")
    assert len(entries(text, day(2026, 11, 20), day(2026, 11, 21))) == 1
