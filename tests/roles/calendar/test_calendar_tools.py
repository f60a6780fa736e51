"""What the calendar tools make of their arguments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.intent_collector import IntentCollector
from common.tool import Fact
from roles.calendar.intents import AddEvent, CancelEvent, MoveEvent
from tests.roles.calendar.calendars import NOW, ZURICH, Desk, ics

WEEK = ics(
    """
    UID:standup
    DTSTART;TZID=Europe/Zurich:20261019T091500
    DTEND;TZID=Europe/Zurich:20261019T093000
    RRULE:FREQ=WEEKLY;BYDAY=MO,WE
    SUMMARY:Standup
    """,
    """
    UID:dentist
    DTSTART:20261117T083000Z
    DTEND:20261117T090000Z
    SUMMARY:Dentist
    LOCATION:Main Street 5
    """,
    """
    UID:birthday
    DTSTART;VALUE=DATE:20261120
    SUMMARY:Anna's birthday
    TRANSP:TRANSPARENT
    """,
    """
    UID:offsite
    DTSTART;VALUE=DATE:20261126
    DTEND;VALUE=DATE:20261128
    SUMMARY:Offsite
    """,
    """
    UID:lunch
    DTSTART;TZID=Europe/Zurich:20261119T120000
    DTEND;TZID=Europe/Zurich:20261119T130000
    SUMMARY:Lunch with Tom
    """,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def busy(desk: Desk) -> Desk:
    desk.write(WEEK)
    return desk


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZURICH)


ADDED = [
    ({"subject": "dentist", "when": "tomorrow at 3pm"}, "Dentist", at(17, 15), 60),
    ({"subject": "yoga", "when": "Tuesday from 6 to 7:30 pm"}, "Yoga", at(17, 18), 90),
    ({"subject": "call", "when": "Thursday at 14:30", "duration": "45 minutes"}, "Call", at(19, 14, 30), 45),
    ({"subject": "lunch", "person": "Anna", "when": "Friday at noon"}, "Lunch with Anna", at(20, 12), 60),
    ({"subject": "coffee with Sara", "person": "Sara", "when": "Friday at 4 pm"}, "Coffee with Sara", at(20, 16), 60),
    ({"person": "Dr. Lam", "when": "Friday at 4 pm"}, "Meeting with Dr. Lam", at(20, 16), 60),
    ({"subject": "the car inspection", "when": "2026-12-02T08:00:00+01:00"}, "Car inspection", at(2, 8, month=12), 60),
    ({"subject": "mountain trip to my calendar", "when": "on Saturday"}, "Mountain trip", at(21, 9), 60),
]


@pytest.mark.parametrize(("arguments", "name", "start", "minutes"), ADDED)
async def test_adding(desk: Desk, arguments: dict[str, str], name: str, start: datetime, minutes: int) -> None:
    detail = await desk.done("add", **arguments)
    (entry,) = await desk.all()
    assert (entry.name, entry.start, entry.end - entry.start) == (name, start, timedelta(minutes=minutes))
    assert not entry.all_day
    assert detail.startswith(f"“{name}” is in your calendar: ")


ALL_DAY = [
    ({"subject": "Lena's wedding", "when": "on 12 June, all day"}, datetime(2027, 6, 12, tzinfo=ZURICH), 1),
    ({"subject": "holiday all day", "when": "on Friday"}, at(20, 0), 1),
    ({"subject": "camp", "when": "next Monday", "duration": "3 days"}, at(23, 0), 3),
    ({"subject": "vacation", "when": "next week"}, at(23, 0), 7),
]


@pytest.mark.parametrize(("arguments", "start", "days"), ALL_DAY)
async def test_whole_days(desk: Desk, arguments: dict[str, str], start: datetime, days: int) -> None:
    detail = await desk.done("add", **arguments)
    (entry,) = await desk.all()
    assert entry.all_day
    assert (entry.start, (entry.end - entry.start).days) == (start, days)
    assert "all day" in detail


async def test_a_day_without_time_takes_the_configured_one_and_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, calendar={"default_start": "10:30", "default_minutes": 90})
    detail = await desk.done("add", subject="mountain trip", when="on Saturday")
    assert detail == (
        "“Mountain trip” is in your calendar: Saturday 21 November 2026, 10:30–12:00 "
        "(no time was given, so 10:30 was taken)."
    )


async def test_an_event_is_stored_in_the_zone_it_was_said_in(desk: Desk) -> None:
    _, (intent,) = await desk.call("add", subject="call", when="tomorrow at 9", timezone="America/New_York")
    detail = await desk.carry_out(intent)
    assert "DTSTART;TZID=America/New_York:20261117T090000" in desk.text()
    assert "17 November 2026, 09:00–10:00" in detail
    (entry,) = await desk.all()
    assert entry.start == at(17, 15)


async def test_events_can_be_added_relative_to_earlier_ones_of_the_request(desk: Desk) -> None:
    concert = Fact(kind="event", name="Concert", start=at(20, 20).isoformat(), end=at(20, 22).isoformat())
    await desk.done("add", subject="dinner", when="two hours before the concert", facts=[concert])
    (entry,) = await desk.all()
    assert entry.start == at(20, 18)


async def test_what_overlaps_is_mentioned(busy: Desk) -> None:
    result, (intent,) = await busy.call("add", subject="lunch", when="tomorrow at 9:45", duration="1 hour")
    assert "It overlaps with “Dentist” 09:30–10:00." in result.text
    detail = await busy.carry_out(intent)
    assert detail.endswith("It overlaps with “Dentist” 09:30–10:00.")
    assert "overlaps" not in await busy.done("add", subject="cake", when="Friday at 9"), "a birthday takes no time"
    again = await busy.done("add", subject="walk", when="26 November at 10")
    assert again.endswith("It overlaps with “Offsite” (all day).")


async def test_the_place_is_kept(desk: Desk) -> None:
    detail = await desk.done("add", subject="dinner", when="tomorrow at 7 pm", place="Casa Lupo; Bern")
    (entry,) = await desk.all()
    assert entry.place == "Casa Lupo; Bern"
    assert detail == "“Dinner” is in your calendar: Tuesday 17 November 2026, 19:00–20:00, Casa Lupo; Bern."


async def test_an_event_in_the_past_is_added_and_said_to_be_past(desk: Desk) -> None:
    assert "that is in the past" in await desk.done("add", subject="dentist", when="yesterday at 3 pm")


MOVED = [
    ({"which": "move my dentist appointment to Thursday at 3"}, "Dentist", at(19, 15), 30),
    ({"which": "dentist", "when": "Thursday at 3"}, "Dentist", at(19, 15), 30),
    ({"which": "move the dentist to 4 pm"}, "Dentist", at(17, 16), 30),
    ({"which": "move the dentist to Friday"}, "Dentist", at(20, 9, 30), 30),
    ({"which": "push the dentist back by an hour"}, "Dentist", at(17, 10, 30), 30),
    ({"which": "bring the dentist forward by 30 minutes"}, "Dentist", at(17, 9), 30),
    ({"which": "the dentist is now on Friday at 9", "when": "on Friday at 9"}, "Dentist", at(20, 9), 30),
    ({"which": "move the dentist to tomorrow from 14:00 to 15:00"}, "Dentist", at(17, 14), 60),
    ({"which": "postpone lunch with Tom until next week"}, "Lunch with Tom", at(26, 12), 60),
    ({"which": "move Thursday's lunch to Friday at 1 pm"}, "Lunch with Tom", at(20, 13), 60),
    ({"which": "move my 12 o'clock lunch on Thursday to 1"}, "Lunch with Tom", at(19, 13), 60),
]


@pytest.mark.parametrize(("arguments", "name", "start", "minutes"), MOVED)
async def test_moving(busy: Desk, arguments: dict[str, str], name: str, start: datetime, minutes: int) -> None:
    detail = await busy.done("move", **arguments)
    (entry,) = [entry for entry in await busy.all() if entry.name == name]
    assert (entry.start, entry.end - entry.start) == (start, timedelta(minutes=minutes))
    assert detail.startswith(f"“{name}” is now on ")


async def test_moving_an_all_day_event_keeps_its_length(busy: Desk) -> None:
    await busy.done("move", which="shift the offsite to 1 December")
    (entry,) = [entry for entry in await busy.all() if entry.name == "Offsite"]
    assert (entry.all_day, entry.start, entry.end) == (True, at(1, 0, month=12), at(3, 0, month=12))


async def test_moving_one_of_a_series_moves_that_one_and_says_so(busy: Desk) -> None:
    detail = await busy.done("move", which="move the standup on Wednesday to 11")
    assert "Only this occurrence of the series is moved." in detail
    days = [f"{entry.start:%d %H:%M}" for entry in await busy.all() if entry.name == "Standup" and entry.start > NOW]
    assert days[:3] == ["18 11:00", "23 09:15", "25 09:15"]


async def test_cancelling_one_of_a_series_cancels_that_one_and_says_so(busy: Desk) -> None:
    detail = await busy.done("cancel", which="cancel the standup", when="on Wednesday")
    assert detail.endswith("The other occurrences of the series stay.")
    days = [f"{entry.start:%d}" for entry in await busy.all() if entry.name == "Standup" and entry.start > NOW]
    assert days[:2] == ["23", "25"]


async def test_without_a_day_the_next_of_a_series_is_meant(busy: Desk) -> None:
    await busy.done("cancel", which="cancel my standup")
    days = [f"{entry.start:%d}" for entry in await busy.all() if entry.name == "Standup" and entry.start > NOW]
    assert days[:2] == ["23", "25"]


@pytest.mark.parametrize(
    "which", ["cancel the whole standup series", "cancel all standups", "drop all occurrences of standup"]
)
async def test_cancelling_a_whole_series_is_said_in_so_many_words(busy: Desk, which: str) -> None:
    detail = await busy.done("cancel", which=which)
    assert detail == "“Standup” and all its occurrences are no longer in your calendar."
    assert not [entry for entry in await busy.all() if entry.name == "Standup"]


async def test_clearing_a_day(busy: Desk) -> None:
    await busy.done("cancel", which="clear my calendar from Wednesday to Friday")
    left = {entry.name for entry in await busy.all() if at(18, 0) <= entry.start < at(21, 0)}
    assert left == set()


REFUSED = [
    ("add", {"subject": "", "when": "tomorrow"}, "What shall the event be called"),
    ("add", {"subject": "call", "when": "when pigs fly"}, "can't tell which time"),
    ("add", {"subject": "gym", "when": "every Monday at 7"}, "not repeating"),
    ("add", {"subject": "sleep", "when": "tomorrow at 9", "duration": "5 years"}, "too long"),
    ("add", {"subject": "party", "when": "in 500 years"}, "too far away"),
    ("list", {"when": "banana"}, "can't tell which time"),
    ("find_free", {"when": "yesterday"}, "is over"),
    ("move", {"which": "the opera", "when": "Friday"}, "no such event"),
    ("move", {"which": "the dentist"}, "When shall “Dentist” be instead"),
    ("move", {"which": "the dentist to tomorrow at 9:30"}, "is there already"),
    ("move", {"which": "everything this week", "when": "Friday at 3"}, "one event at a time"),
    ("move", {"which": "the standup", "when": "every Friday at 9"}, "not the whole series"),
    ("cancel", {"which": "the opera"}, "no such event"),
    ("cancel", {"which": "it"}, "Which event do you mean"),
    ("cancel", {"which": "the dentist on Friday"}, "There is “Dentist” on Tuesday 17 November 2026, 09:30–10:00"),
    ("cancel", {"which": "cancel all standups", "when": "next year"}, "I cancel at most 20 at once"),
]


@pytest.mark.parametrize(("tool", "arguments", "why"), REFUSED)
async def test_what_can_not_be_done_is_said_and_nothing_registered(
    busy: Desk, tool: str, arguments: dict[str, str], why: str
) -> None:
    result, intents = await busy.call(tool, **arguments)
    assert not result.ok
    assert why in result.text
    assert intents == []


async def test_several_that_fit_are_asked_about(busy: Desk) -> None:
    await busy.done("add", subject="dentist", when="2 December at 10")
    for tool, arguments in (("cancel", {"which": "my dentist appointment"}), ("move", {"which": "dentist to 4 pm"})):
        result, intents = await busy.call(tool, **arguments)
        assert not result.ok
        assert "Tuesday 17 November 2026, 09:30–10:00" in result.text
        assert "Wednesday 2 December 2026, 10:00–11:00" in result.text
        assert intents == []
    await busy.done("cancel", which="my dentist appointment on 2 December")
    assert [entry.start for entry in await busy.all() if entry.name == "Dentist"] == [at(17, 9, 30)]


async def test_listing_a_day_and_a_week(busy: Desk) -> None:
    day, _ = await busy.call("list", when="tomorrow")
    assert day.text == "In your calendar for Tuesday 17 November 2026:\n- 09:30–10:00 Dentist (Main Street 5)"
    week, _ = await busy.call("list", when="next week")
    assert week.text.splitlines() == [
        "In your calendar for Monday 23 November 2026 to Sunday 29 November 2026:",
        "Monday 23 November 2026",
        "- 09:15–09:30 Standup",
        "Wednesday 25 November 2026",
        "- 09:15–09:30 Standup",
        "Thursday 26 November 2026",
        "- Offsite: Thursday 26 November 2026 – Friday 27 November 2026, all day",
    ]
    assert [fact.name for fact in week.facts] == ["Standup", "Standup", "Offsite"]
    assert week.facts[0].start == "2026-11-23T09:15:00+01:00"
    empty, _ = await busy.call("list", when="on Sunday")
    assert empty.text == "Nothing is in your calendar for Sunday 22 November 2026."


async def test_listing_what_has_a_name(busy: Desk) -> None:
    result, _ = await busy.call("list", about="when is my dentist appointment?")
    assert result.text == "“Dentist” on Tuesday 17 November 2026, 09:30–10:00, Main Street 5."
    following, _ = await busy.call("list", about="when is the next standup?")
    assert following.text == "“Standup” on Wednesday 18 November 2026, 09:15–09:30."
    soon, _ = await busy.call("list", about="what's next on my calendar?")
    assert soon.text.startswith("“Dentist” on Tuesday")
    nothing, _ = await busy.call("list", about="when is the opera?")
    assert nothing.text.startswith("I found no such event in the year to come.")


async def test_what_this_request_is_about_to_add_is_shown_as_such(busy: Desk) -> None:
    collector = IntentCollector()
    await busy.call("add", subject="walk", when="tomorrow at 3 pm", collector=collector)
    result, _ = await busy.call("list", when="tomorrow", collector=collector)
    assert result.text.splitlines()[1:] == [
        "- 09:30–10:00 Dentist (Main Street 5)",
        "“Walk” is about to be added: Tuesday 17 November 2026, 15:00–16:00.",
    ]
    free, _ = await busy.call("find_free", when="tomorrow", duration="30 minutes", collector=collector)
    assert free.text == ("Free for 30 minutes: Tuesday 17 November 2026: 08:00–09:30, 10:00–15:00, 16:00–18:00.")


async def test_free_time_keeps_to_the_hours_of_the_day_and_to_what_was_named(busy: Desk) -> None:
    result, _ = await busy.call("find_free", when="this week", duration="4 hours")
    assert result.text.splitlines() == [
        "Free for 4 hours:",
        "- Monday 16 November 2026: 10:00–18:00",
        "- Tuesday 17 November 2026: 10:00–18:00",
        "- Wednesday 18 November 2026: 09:30–18:00",
        "- Thursday 19 November 2026: 08:00–12:00, 13:00–18:00",
        "- Friday 20 November 2026: 08:00–18:00",
        "- Saturday 21 November 2026: 08:00–18:00",
        "- Sunday 22 November 2026: 08:00–18:00",
    ]
    evening, _ = await busy.call("find_free", when="tomorrow evening", duration="2 hours")
    assert evening.text == "Free for 2 hours: Tuesday 17 November 2026: 18:00–22:00."
    taken, _ = await busy.call("find_free", when="on 26 November")
    assert taken.text == "There is no free time of 1 hour on Thursday 26 November 2026. In the way: “Offsite”."
    assert evening.facts[0].start == "2026-11-17T18:00:00+01:00"


async def test_free_time_begins_at_the_next_whole_five_minutes(desk: Desk) -> None:
    desk.clock.time = at(16, 10, 2).replace(second=30)
    result, _ = await desk.call("find_free", when="today")
    assert result.text == "Free for 1 hour: Monday 16 November 2026: 10:05–18:00."


async def test_free_time_in_another_zone(busy: Desk) -> None:
    result, _ = await busy.call("find_free", when="tomorrow", duration="1 hour", timezone="America/New_York")
    assert result.text == "Free for 1 hour: Tuesday 17 November 2026: 08:00–18:00."
    early = Desk(busy.path().parent, calendar={"day_start": "03:00", "day_end": "06:00"})
    zoned, _ = await early.call("find_free", when="tomorrow", duration="30 minutes", timezone="America/New_York")
    assert zoned.text == "Free for 30 minutes: Tuesday 17 November 2026: 03:00–03:30, 04:00–06:00."


def test_summaries_tell_a_person_what_will_be_done() -> None:
    zone = "Europe/Zurich"
    add = AddEvent(name="Trip", start=at(21, 9), end=at(21, 10), timezone=zone)
    assert add.summary() == "add “Trip” to the calendar: Saturday 21 November 2026, 09:00–10:00"
    move = MoveEvent(
        name="Trip", start=at(21, 9), end=at(22, 1), timezone=zone, uid="1", occurrence="x", before="yesterday"
    )
    assert move.summary() == (
        "move this occurrence of “Trip” from yesterday to "
        "Saturday 21 November 2026, 09:00 – Sunday 22 November 2026, 01:00"
    )
    cancel = CancelEvent(name="Trip", start=at(21, 0), end=at(22, 0), all_day=True, timezone=zone, uid="1")
    assert cancel.summary() == "remove “Trip” from the calendar: Saturday 21 November 2026, all day"
    series = cancel.model_copy(update={"series": True})
    assert series.summary() == "remove all occurrences of “Trip” from the calendar"
    with pytest.raises(ValueError, match="before the start"):
        AddEvent(name="Trip", start=at(21, 9), end=at(21, 8), timezone=zone)
    with pytest.raises(ValueError, match="unknown timezone"):
        AddEvent(name="Trip", start=at(21, 9), end=at(21, 9), timezone="Mars/Olympus")


async def test_intents_hold_over_their_stored_form_in_the_hour_that_comes_twice(desk: Desk) -> None:
    second = datetime(2026, 10, 25, 2, 30, tzinfo=ZURICH, fold=1)
    end = second.astimezone(UTC) + timedelta(minutes=5)
    intent = AddEvent(name="Night", start=second, end=end, timezone="Europe/Zurich")
    await desk.carry_out(intent)
    (entry,) = await desk.backend.between(desk.context().owner, second - timedelta(days=1), second + timedelta(days=1))
    assert entry.start.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
