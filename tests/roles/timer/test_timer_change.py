"""Timers, alarms and reminders that are to go off at another time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from common.context import Owner
from common.errors import IntentError, StreamConflict
from events.catalogue.timer import TimerCancelled, TimerFired, TimerSet
from roles.timer.intents import ChangeTimer
from tests.roles.timer.timers import ANNA, NOW, ZURICH, Timers, timers


@pytest.fixture
async def desk() -> AsyncGenerator[Timers]:
    async with timers() as made:
        yield made


@pytest.mark.parametrize(
    ("which", "minutes"),
    [
        ("add 5 minutes to my tea timer", 15),
        ("make the tea timer 2 minutes longer", 12),
        ("extend the tea timer by a quarter of an hour", 25),
        ("make the tea timer 5 minutes shorter", 5),
        ("shorten the tea timer by a minute", 9),
        ("make the tea timer 20 minutes", 20),
        ("give the tea timer 3 more minutes", 13),
        ("postpone the tea timer by half an hour", 40),
    ],
)
async def test_a_timer_is_made_longer_or_shorter(desk: Timers, which: str, minutes: int) -> None:
    await desk.done("set", duration="10 minutes", label="tea")
    await desk.done("set", duration="30 minutes", label="pasta")
    await desk.done("change", which=which)
    changed = {timer.label: (timer.due_at, timer.length) for timer in await desk.running()}
    length = timedelta(minutes=minutes)
    assert changed["tea"] == ((NOW + length).astimezone(UTC), length)
    assert changed["pasta"] == ((NOW + timedelta(minutes=30)).astimezone(UTC), timedelta(minutes=30))


@pytest.mark.parametrize(
    ("when", "due"),
    [
        ("half past 7", datetime(2026, 11, 17, 7, 30, tzinfo=ZURICH)),
        ("an hour later", datetime(2026, 11, 17, 8, 0, tzinfo=ZURICH)),
        ("half an hour earlier", datetime(2026, 11, 17, 6, 30, tzinfo=ZURICH)),
        ("to Thursday", datetime(2026, 11, 19, 7, 0, tzinfo=ZURICH)),
        ("on Thursday at 6 am", datetime(2026, 11, 19, 6, 0, tzinfo=ZURICH)),
    ],
)
async def test_an_alarm_is_moved(desk: Timers, when: str, due: datetime) -> None:
    await desk.done("set_alarm", when="tomorrow at 7 am")
    await desk.done("change", which="move my alarm", when=when)
    (alarm,) = await desk.running()
    assert (alarm.due_at, alarm.kind) == (due.astimezone(UTC), "alarm")


async def test_what_can_not_be_told_is_asked(desk: Timers) -> None:
    nothing, _ = await desk.call("change", which="make my tea timer 5 minutes longer")
    assert not nothing.ok
    await desk.done("set", duration="10 minutes", label="tea")
    await desk.done("set", duration="30 minutes", label="pasta")
    for which, said in [
        ("make the timer 5 minutes longer", "Which one"),
        ("make the tea timer 15 minutes shorter", "would have gone off"),
        ("change the tea timer", "When shall it go off"),
    ]:
        refused, intents = await desk.call("change", which=which)
        assert not refused.ok
        assert said in refused.text
        assert not intents


async def test_a_change_calls_off_and_sets_in_one_append(desk: Timers) -> None:
    await desk.done("set", duration="10 minutes", label="tea")
    _, (intent,) = await desk.call("change", which="add 5 minutes to my tea timer")
    assert isinstance(intent, ChangeTimer)
    await desk.carry_out(intent, key="same")
    with pytest.raises(IntentError, match="no longer runs"):
        await desk.carry_out(intent, key="again")
    (timer,) = await desk.running()
    assert timer.length == timedelta(minutes=15)
    recorded = await desk.store.read_all(0, {TimerSet.TOPIC, TimerCancelled.TOPIC})
    assert [type(entry.event) for entry in recorded] == [TimerSet, TimerCancelled, TimerSet]


async def test_a_timer_that_goes_off_at_the_same_moment_is_not_set_again(desk: Timers) -> None:
    await desk.done("set", duration="10 minutes")
    (timer,) = await desk.running()
    _, (intent,) = await desk.call("change", which="add 5 minutes to the timer")
    await desk.store.append(f"timer/{timer.timer_id}", [TimerFired(timer_id=timer.timer_id)], 1, tenant=ANNA.tenant)
    with pytest.raises((IntentError, StreamConflict)):
        await desk.carry_out(intent)
    assert await desk.running() == []


async def test_nobody_changes_the_timers_of_others(desk: Timers) -> None:
    await desk.done("set", duration="10 minutes")
    _, (intent,) = await desk.call("change", which="add 5 minutes to the timer")
    eve = Owner(ANNA.tenant, "eve")
    with pytest.raises(IntentError):
        await desk.carry_out(intent, owner=eve)
    refused, _ = await desk.call("change", owner=eve, which="add 5 minutes to the timer")
    assert not refused.ok
