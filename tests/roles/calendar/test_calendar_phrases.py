"""What people say, through the call planner and the role, and what is in the file afterwards."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from roles.calendar import build
from roles.calendar.backend import Occurrence
from tests.roles.asking import NOW, Asking, asking
from tests.roles.calendar.calendars import ZURICH, Desk, ics

BEFORE = ics(
    "UID:dentist\nDTSTART;TZID=Europe/Zurich:20261124T093000\nDURATION:PT30M\nSUMMARY:Dentist",
    "UID:lunch\nDTSTART;TZID=Europe/Zurich:20261126T120000\nDURATION:PT1H\nSUMMARY:Lunch with Anna",
    "UID:review\nDTSTART;TZID=Europe/Zurich:20261123T140000\nDURATION:PT2H\nSUMMARY:Project review",
)


class Office(Desk):
    """The files beside a role that is asked; its clock is the role's."""

    role: Asking

    async def found(self) -> dict[str, Occurrence]:
        entries = await self.backend.between(self.context().owner, NOW - timedelta(days=30), NOW + timedelta(days=700))
        return {entry.name: entry for entry in entries}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    async with asking(build, tmp_path) as role:
        made = Office(tmp_path)
        made.role = role
        yield made


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZURICH)


ADDED = [
    ("put dentist in my calendar tomorrow at 3pm", "Dentist", at(22, 15), 60),
    ("schedule a meeting with Tom on Monday at 10", "Meeting with Tom", at(23, 10), 60),
    ("add lunch with Anna on Friday at noon", "Lunch with Anna", at(27, 12), 60),
    ("create an event called yoga on Tuesday from 6 to 7 pm", "Yoga", at(24, 18), 60),
    ("book a haircut for Thursday at half past four", "Haircut", at(26, 16, 30), 60),
    ("I have a job interview on Wednesday at 9:30, add it to my calendar", "Job interview", at(25, 9, 30), 60),
    ("put a 45 minute call with Dana in my diary for 16:30", "Call with Dana", at(21, 16, 30), 45),
    ("new appointment: car inspection, 2 December 8 am", "Car inspection", at(2, 8, month=12), 60),
    ("set up a team meeting next Tuesday at 11 for two hours", "Team meeting", at(24, 11), 120),
    ("please put hiking with Tom in my calendar for sunday at 8", "Hiking with Tom", at(22, 8), 60),
    ("add mountain trip to my calendar on Sunday", "Mountain trip", at(22, 9), 60),
]


@pytest.mark.parametrize(("text", "name", "start", "minutes"), ADDED)
async def test_adding(office: Office, text: str, name: str, start: datetime, minutes: int) -> None:
    asked = await office.role.ask(text)
    assert asked.result.ok, asked.text
    found = await office.found()
    assert list(found) == [name]
    assert (found[name].start, found[name].end - found[name].start) == (start, timedelta(minutes=minutes))
    assert asked.details[0].startswith(f"“{name}” is in your calendar: ")


LISTED = [
    ("what's on my calendar on Tuesday?", "09:30–10:00 Dentist"),
    ("what do I have on Thursday?", "12:00–13:00 Lunch with Anna"),
    ("show my schedule for next week", "14:00–16:00 Project review"),
    ("when is my next dentist appointment?", "“Dentist” on Tuesday 24 November 2026, 09:30–10:00."),
    ("do I have anything on Friday evening?", "Nothing is in your calendar for Friday 27 November 2026, 18:00–22:00."),
    ("any meetings today?", "Nothing is in your calendar for Saturday 21 November 2026."),
    ("what time is the lunch with Anna?", "“Lunch with Anna” on Thursday 26 November 2026, 12:00–13:00."),
    ("what's next on my calendar?", "“Project review” on Monday 23 November 2026, 14:00–16:00."),
    ("list my appointments next week", "Lunch with Anna"),
    ("is there anything planned for Monday?", "Project review"),
]


@pytest.mark.parametrize(("text", "answer"), LISTED)
async def test_asking_changes_nothing(office: Office, text: str, answer: str) -> None:
    office.write(BEFORE)
    asked = await office.role.ask(text)
    assert answer in asked.text
    assert asked.tools == ("calendar.list",)
    assert asked.intents == []
    assert office.text() == BEFORE


MOVED = [
    ("move my dentist appointment to Thursday at 3", "Dentist", at(26, 15)),
    ("reschedule lunch with Anna to 1 pm", "Lunch with Anna", at(26, 13)),
    ("push the project review back by an hour", "Project review", at(23, 15)),
    ("postpone the project review until the day after", "Project review", at(24, 14)),
    ("shift my dentist appointment to Wednesday", "Dentist", at(25, 9, 30)),
    ("bring the project review forward by 30 minutes", "Project review", at(23, 13, 30)),
    ("the dentist is now on Friday at 9, change it", "Dentist", at(27, 9)),
    ("delay lunch with Anna by half an hour", "Lunch with Anna", at(26, 12, 30)),
    ("can you change the project review to 10:30?", "Project review", at(23, 10, 30)),
    ("move Tuesday's dentist appointment to Monday at noon", "Dentist", at(23, 12)),
]


@pytest.mark.parametrize(("text", "name", "start"), MOVED)
async def test_moving(office: Office, text: str, name: str, start: datetime) -> None:
    office.write(BEFORE)
    before = await office.found()
    asked = await office.role.ask(text)
    assert asked.result.ok, asked.text
    found = await office.found()
    assert found[name].start == start
    assert {other: entry for other, entry in found.items() if other != name} == {
        other: entry for other, entry in before.items() if other != name
    }


CANCELLED = [
    ("cancel my dentist appointment", {"Dentist"}),
    ("delete the review on Monday", {"Project review"}),
    ("remove lunch with Anna from my calendar", {"Lunch with Anna"}),
    ("call off the project review", {"Project review"}),
    ("cancel everything on Thursday", {"Lunch with Anna"}),
    ("take the dentist off my schedule", {"Dentist"}),
    ("clear my calendar for Monday", {"Project review"}),
    ("I can't make it to the review, cancel it", {"Project review"}),
    ("please cancel the dentist on Tuesday at 9:30", {"Dentist"}),
    ("cancel all appointments next week", {"Dentist", "Lunch with Anna", "Project review"}),
]


@pytest.mark.parametrize(("text", "gone"), CANCELLED)
async def test_cancelling(office: Office, text: str, gone: set[str]) -> None:
    office.write(BEFORE)
    asked = await office.role.ask(text)
    assert asked.result.ok, asked.text
    assert set(await office.found()) == {"Dentist", "Lunch with Anna", "Project review"} - gone


FREE = [
    ("when am I free on Monday?", "Monday 23 November 2026: 08:00–14:00, 16:00–18:00"),
    ("find a free hour on Thursday", "Thursday 26 November 2026: 08:00–12:00, 13:00–18:00"),
    ("do I have time for a 30 minute call on Tuesday?", "Tuesday 24 November 2026: 08:00–09:30, 10:00–18:00"),
    ("find me a slot of 45 minutes on Monday afternoon", "Monday 23 November 2026: 12:00–14:00, 16:00–18:00"),
    ("am I free on Monday at 3?", "In the way: “Project review”"),
    ("is there a gap in my calendar tomorrow?", "Sunday 22 November 2026: 08:00–18:00"),
    ("what's my availability on Thursday?", "Thursday 26 November 2026: 08:00–12:00, 13:00–18:00"),
    ("when could I meet Tom for three hours on Tuesday?", "Tuesday 24 November 2026: 10:00–18:00"),
]


@pytest.mark.parametrize(("text", "answer"), FREE)
async def test_free_time(office: Office, text: str, answer: str) -> None:
    office.write(BEFORE)
    asked = await office.role.ask(text)
    assert answer in asked.text
    assert asked.tools == ("calendar.find_free",)
    assert asked.intents == []
