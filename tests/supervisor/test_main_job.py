"""The main job on both engines, in the words people use."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from common.context import TaskContext
from common.results import Response
from common.settings import StoreSettings
from events.catalogue.timer import TimerSet
from supervisor import Supervisor
from supervisor.testing import MovableClock, offline_settings

TRIP = (
    "Plan a mountain trip for Saturday: check the weather, search for lodging, add it to my calendar "
    "and remind me an hour before"
)
ZURICH = ZoneInfo("Europe/Zurich")
ENGINES = [pytest.param(False, id="task_graph"), pytest.param(True, id="meta_planning")]


def context(meta_planning: bool, **values: object) -> TaskContext:
    return TaskContext.model_validate({"flags": {"meta-planning": meta_planning}, **values})


def calendar_events(folder: Path) -> list[tuple[str, datetime]]:
    path = folder / "calendar.ics"
    if not path.exists():
        return []
    calendar = Calendar.from_ical(path.read_bytes())
    return [(str(event["SUMMARY"]), event["DTSTART"].dt) for event in calendar.walk("VEVENT")]


async def timers(supervisor: Supervisor) -> list[TimerSet]:
    recorded = await supervisor.store.read_all(0, {TimerSet.TOPIC})
    return [entry.event for entry in recorded if isinstance(entry.event, TimerSet)]


def statuses(response: Response) -> Counter[tuple[str, str]]:
    return Counter((intent.type.partition(".")[0], intent.status.value) for intent in response.intents)


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_the_mountain_trip(supervisor: Supervisor, tmp_path: Path, meta_planning: bool) -> None:
    response = await supervisor.process_request(TRIP, context(meta_planning))

    assert response.metadata.approach == ("meta_planning" if meta_planning else "task_graph")
    assert response.metadata.flag is not None
    assert response.metadata.flag.variant == ("on" if meta_planning else "off")
    assert response.metadata.fallback is None
    used = {name.partition(".")[0] for name in response.metadata.tools_used}
    assert used == {"weather", "search", "calendar", "timer"}
    assert statuses(response) == {("calendar", "processed"): 1, ("timer", "processed"): 1}
    assert response.outcome == "partial"
    assert "can't be reached" in response.text
    assert ".md" in response.text

    (event,) = calendar_events(tmp_path)
    assert "mountain trip" in event[0].lower()
    assert event[1] == datetime(2026, 11, 21, 9, 0, tzinfo=ZURICH)
    (timer,) = await timers(supervisor)
    assert timer.due_at == event[1] - timedelta(hours=1)


REQUESTS = [
    (
        "can you look up a place to stay near the alps and see what the weather will be on sunday, "
        "then put hiking with Tom in my calendar for sunday at 8 and wake me up at 6 that day",
        {("calendar", "processed"): 1, ("timer", "processed"): 1},
        {"search", "weather", "calendar", "timer"},
    ),
    (
        "Tomorrow I have a dentist appointment at 3pm. Please add it to my calendar, set a reminder 30 minutes before, "
        "switch off the living room light and tell me if it's going to rain",
        {("calendar", "processed"): 1, ("timer", "processed"): 1, ("smart_home", "processed"): 1},
        {"calendar", "timer", "smart_home", "weather"},
    ),
    (
        "First turn on the coffee machine, then set a timer for 5 minutes, also check what's on my schedule today "
        "and find the packing list in my notes",
        {("smart_home", "processed"): 1, ("timer", "processed"): 1},
        {"smart_home", "timer", "calendar", "search"},
    ),
    (
        "dim the bedroom light to 20 percent and set an alarm for half past six",
        {("smart_home", "processed"): 1, ("timer", "processed"): 1},
        {"smart_home", "timer"},
    ),
    (
        "remember that my locker code is 4711 and put the gym on my calendar on Friday at 18:00",
        {("memory", "processed"): 1, ("calendar", "processed"): 1},
        {"memory", "calendar"},
    ),
    (
        "is it cold outside? and please lock the front door",
        {("smart_home", "processed"): 1},
        {"weather", "smart_home"},
    ),
    (
        "schedule a call with Dana on Thursday at 14:30 for 45 minutes and remind me ten minutes before it",
        {("calendar", "processed"): 1, ("timer", "processed"): 1},
        {"calendar", "timer"},
    ),
    (
        "Put the pizza in: 12 minute timer, and turn the kitchen light on",
        {("timer", "processed"): 1, ("smart_home", "processed"): 1},
        {"timer", "smart_home"},
    ),
    (
        "what's on my calendar tomorrow and what will the weather be like in Lugano?",
        {},
        {"calendar", "weather"},
    ),
    (
        "Close the blinds in the bedroom, and wake me at 7 tomorrow morning",
        {("smart_home", "processed"): 1, ("timer", "processed"): 1},
        {"smart_home", "timer"},
    ),
    (
        "search my documents for first aid; afterwards set the thermostat to 21 degrees",
        {("smart_home", "processed"): 1},
        {"search", "smart_home"},
    ),
]


@pytest.mark.parametrize("meta_planning", ENGINES)
@pytest.mark.parametrize(("text", "intents", "categories"), REQUESTS)
async def test_requests_in_other_words(
    supervisor: Supervisor,
    text: str,
    intents: dict[tuple[str, str], int],
    categories: set[str],
    meta_planning: bool,
) -> None:
    response = await supervisor.process_request(text, context(meta_planning))

    assert {name.partition(".")[0] for name in response.metadata.tools_used} == categories, response.text
    assert statuses(response) == intents, response.text
    assert response.metadata.fallback is None


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_times_of_a_four_part_request(supervisor: Supervisor, tmp_path: Path, meta_planning: bool) -> None:
    await supervisor.process_request(REQUESTS[1][0], context(meta_planning))

    (event,) = calendar_events(tmp_path)
    assert "dentist" in event[0].lower()
    assert event[1] == datetime(2026, 11, 17, 15, 0, tzinfo=ZURICH)
    (timer,) = await timers(supervisor)
    assert timer.due_at == datetime(2026, 11, 17, 14, 30, tzinfo=ZURICH)


async def test_a_simple_request_goes_direct(supervisor: Supervisor) -> None:
    response = await supervisor.process_request("Turn on the kitchen light")

    assert (response.metadata.approach, response.metadata.route) == ("direct", "smart_home")
    assert response.outcome == "success"
    assert "kitchen light" in response.text.lower()
    assert response.usage.model_calls == 0


async def test_the_same_request_id_gives_the_same_outcome(supervisor: Supervisor, tmp_path: Path) -> None:
    text = "Add lunch with Anna tomorrow at noon"
    first = await supervisor.process_request(text, {"request_id": "r-1"})
    again = await supervisor.process_request(text, {"request_id": "r-1"})
    other = await supervisor.process_request(text, {"request_id": "r-2"})

    assert first == again
    assert other.trace_id != first.trace_id
    assert len(calendar_events(tmp_path)) == 2


async def test_a_restart_keeps_everything(tmp_path: Path, movable_clock: MovableClock) -> None:
    settings = offline_settings(tmp_path).model_copy(update={"store": StoreSettings()})
    async with Supervisor(settings, clock=movable_clock, background=False) as first:
        asked = await first.process_request("set a tea timer for 10 minutes", {"request_id": "tea"})
    async with Supervisor(settings, clock=movable_clock, background=False) as second:
        again = await second.process_request("set a tea timer for 10 minutes", {"request_id": "tea"})
        assert again == asked
        assert len(await timers(second)) == 1
        rows = await second.traces()
        assert [row["trace_id"] for row in rows] == [asked.trace_id]
