"""One clock and one zone a request, up to the answer: over midnight, on any machine, with notes of readings."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from common.settings import IntentSettings
from events.catalogue.timer import TimerSet
from supervisor import Supervisor
from supervisor.testing import MovableClock, offline_settings

WEDNESDAY = datetime(2026, 11, 25, 15, 0, tzinfo=ZoneInfo("Europe/Zurich"))


class RunningClock:
    """A clock that moves on a minute with every look at it."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now - timedelta(minutes=1)

    def set(self, to: datetime) -> None:
        self._now = to.astimezone(UTC)


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    async with Supervisor(offline_settings(tmp_path), clock=MovableClock(WEDNESDAY), background=False) as running:
        yield running


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("set an alarm for half seven", "tomorrow at 07:30 (took it as 07:30, not 19:30)"),
        ("set an alarm for 7", "today at 19:00 (took 7 as 19:00)"),
        ("remind me to call mum at 7", "took 7 as 19:00"),
        ("remind me next friday to pay the rent", "took next Friday as Friday 4 December 2026, not Friday 27 November"),
        ("remind me on 3/4 to renew the passport", "took 3/4 as Saturday 3 April 2027"),
        ("remind me in a couple of hours to stretch", "took a couple as 2"),
        ("remind me on friday at midnight to call Tokyo", "took midnight as the end of Friday 27 November 2026"),
        ("remind me tomorrow night at 1 to watch the game", "took 1 as 01:00 on Friday 27 November 2026"),
        ("remind me at quarter past to leave", "took quarter past as 15:15"),
        ("set a timer for a few minutes", "took a few as 3"),
        ("add dentist next friday at 10", "took next Friday as Friday 4 December 2026, not Friday 27 November 2026"),
        ("add lunch with Anna on 5/12 at noon", "took 5/12 as Saturday 5 December 2026"),
        ("add a party on saturday at midnight", "took midnight as the end of Saturday 28 November 2026"),
        ("add yoga next weekend", "took next weekend as the one from Saturday 5 December 2026, not Saturday 28"),
        ("add standup tomorrow at half nine", "took half nine as 09:30"),
        ("add review at end of business on friday", "took end of business as 17:00"),
        ("what's in my calendar next friday?", "took next Friday as Friday 4 December 2026"),
        ("find an hour of free time next friday", "took next Friday as Friday 4 December 2026"),
    ],
)
async def test_the_answer_says_which_reading_was_taken(supervisor: Supervisor, request_: str, said: str) -> None:
    response = await supervisor.process_request(request_)
    assert response.outcome == "success", response.text
    assert said in response.text


async def test_a_move_says_which_reading_was_taken(supervisor: Supervisor) -> None:
    await supervisor.process_request("add dentist tomorrow at 10:00")
    moved = await supervisor.process_request("move the dentist to next friday at 3")
    assert "Friday 4 December 2026, 15:00–16:00" in moved.text
    assert "took next Friday as Friday 4 December 2026, not Friday 27 November 2026" in moved.text
    again = await supervisor.process_request("move the dentist to friday 12 am")
    assert "took 12 am as the start of Friday 27 November 2026" in again.text


@pytest.mark.parametrize("request_", ["remind me every other tuesday to call", "remind me daily at 8 to take pills"])
async def test_what_repeats_is_refused(supervisor: Supervisor, request_: str) -> None:
    response = await supervisor.process_request(request_)
    assert response.outcome == "failure"
    assert "not again and again" in response.text


@pytest.mark.parametrize("planning", [True, False])
async def test_a_request_over_midnight_keeps_its_clock(tmp_path: Path, planning: bool) -> None:
    """Every look at the clock is a minute later; the request comes in just before midnight."""
    late = datetime(2026, 11, 25, 23, 59, 30, tzinfo=ZoneInfo("Europe/Zurich"))
    settings = offline_settings(tmp_path).model_copy(update={"intents": IntentSettings(timeout=3600)})
    clock = RunningClock(late)
    async with Supervisor(settings, clock=clock, background=False) as supervisor:
        clock.set(late)
        response = await supervisor.process_request(
            "add dentist tomorrow at 10:00 and remind me tomorrow at 9:00 to brush my teeth",
            {"flags": {"meta-planning": planning}},
        )
    assert response.outcome == "success", response.text
    assert "Thursday 26 November 2026, 10:00–11:00" in response.text
    assert "Thursday 26 November 2026 at 09:00" in response.text, "tomorrow has begun meanwhile, so the date is told"


async def test_the_zone_is_the_requests_not_the_machines(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        await supervisor.process_request("remind me tomorrow at 10:00 to call")
        await supervisor.process_request("remind me tomorrow at 10:00 to call", {"timezone": "Asia/Tokyo"})
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    due = [
        recorded.event.due_at for recorded in await supervisor.store.read_all() if isinstance(recorded.event, TimerSet)
    ]
    assert due == [datetime(2026, 11, 26, 9, 0, tzinfo=UTC), datetime(2026, 11, 26, 1, 0, tzinfo=UTC)]


async def test_the_log_is_dated_by_the_same_clock(supervisor: Supervisor) -> None:
    response = await supervisor.process_request("set a timer for 5 minutes")
    detail = await supervisor.trace(response.trace_id)
    assert {entry.recorded_at for entry in detail.events} == {WEDNESDAY}
    (row,) = await supervisor.views.query("trace_index")
    assert row["started_at"] == WEDNESDAY


async def test_what_was_said_before_is_as_old_as_the_clock_says(supervisor: Supervisor) -> None:
    clock = supervisor.clock
    assert isinstance(clock, MovableClock)
    context = {"user": "ann", "session": "one"}
    await supervisor.process_request("set a timer for 5 minutes", context)
    clock.move(timedelta(hours=1))
    await supervisor.process_request("cancel it", context)
    assert not await supervisor.views.query("timers", {"status": "active"})
