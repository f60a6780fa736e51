"""Timers go off once, in whichever supervisor is first, and late ones say so."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from common.context import Owner
from common.settings import TimerSettings
from events.catalogue.timer import TimerFired
from roles.timer.firing import FiredTimer, TimerFirer
from tests.roles.timer.timers import ANNA, NOW, timers


async def test_a_due_timer_goes_off_once_and_tells() -> None:
    async with timers() as desk:
        await desk.done("set", duration="10 minutes", label="tea")
        assert await desk.firer.next_due() == (NOW + timedelta(minutes=10)).astimezone(UTC)
        assert await desk.firer.fire_due() == 0
        desk.clock.time += timedelta(minutes=10)
        assert await desk.firer.fire_due() == 1
        assert await desk.firer.fire_due() == 0
        assert await desk.firer.next_due() is None
        assert await desk.running() == []
        (fired,) = desk.fired
        assert (fired.title, fired.text) == ("Tea", "⏰ Tea: your 10 minute timer is done")
        assert (fired.kind, fired.owner, fired.session, fired.late_seconds) == ("timer", ANNA, "s1", 0.0)
        assert fired.at == desk.clock.now()


@pytest.mark.parametrize(
    ("tool", "arguments", "late", "text"),
    [
        ("set", {"duration": "90 seconds"}, 0, "⏰ Your 1 minute 30 second timer is done"),
        (
            "set",
            {"duration": "10 minutes", "label": "tea"},
            720,
            "⏰ Tea: your 10 minute timer is done (12 minutes late: no supervisor was running)",
        ),
        ("set", {"when": "until 11 am"}, 4, "⏰ Timer: 11:00"),
        ("set_alarm", {"when": "11:00"}, 0, "⏰ Alarm: 11:00"),
        (
            "set_alarm",
            {"when": "11:00", "label": "wake up"},
            3 * 3600 + 1200,
            "⏰ Alarm: 11:00 (3 hours 20 minutes late: no supervisor was running)",
        ),
        ("set_alarm", {"when": "11:00", "label": "gym"}, 0, "⏰ Gym: 11:00"),
        ("remind", {"when": "11:00", "subject": "call mum"}, 0, "⏰ Reminder: call mum"),
        (
            "remind",
            {"when": "11:00", "subject": "call mum"},
            30,
            "⏰ Reminder: call mum (30 seconds late: no supervisor was running)",
        ),
    ],
)
async def test_what_people_are_told(tool: str, arguments: dict[str, str], late: int, text: str) -> None:
    async with timers() as desk:
        await desk.done(tool, **arguments)
        (timer,) = await desk.running()
        desk.clock.time = timer.due_there + timedelta(seconds=late)
        assert await desk.firer.fire_due() == 1
        assert desk.fired[0].text == text
        (recorded,) = await desk.store.read_all(0, {TimerFired.TOPIC})
        assert isinstance(recorded.event, TimerFired)
        assert recorded.event.late_seconds == late
        assert recorded.tenant == ANNA.tenant
        assert recorded.causation == f"timer/{timer.timer_id}@1"


async def test_many_that_are_due_go_off_together_in_the_order_of_their_times() -> None:
    async with timers() as desk:
        for minutes in range(230, 0, -1):
            await desk.carry_out((await desk.call("set", duration=f"{minutes} minutes"))[1][0])
        desk.clock.time += timedelta(hours=5)
        assert await desk.firer.fire_due() == 230
        late = [fired.late_seconds for fired in desk.fired]
        assert late == sorted(late, reverse=True)


async def test_a_listener_that_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    async def broken(fired: FiredTimer) -> None:
        told.append(fired.title)
        raise RuntimeError("no ears")

    async with timers() as desk:
        firer = TimerFirer(desk.store, desk.views, desk.clock, broken, TimerSettings())
        await desk.done("set", duration="1 minute", label="tea")
        await desk.done("set", duration="2 minutes", label="egg")
        desk.clock.time += timedelta(minutes=5)
        with caplog.at_level(logging.ERROR):
            assert await firer.fire_due() == 2
        assert told == ["Tea", "Egg"]
        assert "no ears" in caplog.text
        assert await firer.fire_due() == 0


async def test_supervisors_beside_each_other_fire_each_timer_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with timers(url) as one, timers(url) as two, timers(url) as three:
        for number in range(12):
            await one.done("set", duration="1 minute", label=f"n{number}", owner=Owner("acme", f"u{number % 3}"))
        desks = (one, two, three)
        counts: list[int] = []
        for desk in desks:
            desk.clock.time = NOW + timedelta(minutes=1)

        async def fire(firer: TimerFirer) -> None:
            counts.append(await firer.fire_due())

        async with anyio.create_task_group() as group:
            for desk in desks:
                group.start_soon(fire, desk.firer)
        assert sum(counts) == 12
        told = [fired.timer_id for desk in desks for fired in desk.fired]
        assert len(told) == len(set(told)) == 12
        assert len(await one.store.read_all(0, {TimerFired.TOPIC})) == 12


async def test_a_restart_fires_what_came_due_meanwhile(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with timers(url) as first:
        await first.done("set", duration="10 minutes", label="tea")
    async with timers(url) as second:
        second.clock.time = NOW + timedelta(minutes=22)
        assert await second.firer.fire_due() == 1
        assert second.fired[0].text.endswith("(12 minutes late: no supervisor was running)")
    async with timers(url) as third:
        third.clock.time = NOW + timedelta(days=1)
        assert await third.firer.fire_due() == 0


async def test_a_cancelled_timer_does_not_go_off() -> None:
    async with timers() as desk:
        await desk.done("set", duration="10 minutes", label="tea")
        await desk.done("cancel", which="tea")
        desk.clock.time += timedelta(hours=1)
        assert await desk.firer.fire_due() == 0
        assert desk.fired == []
        row = (await desk.views.query("timers", {"status": "cancelled"}))[0]
        assert row["label"] == "tea"


async def test_times_are_compared_as_instants_whatever_their_zone() -> None:
    async with timers() as desk:
        await desk.done("set", duration="10 minutes")
        desk.clock.time = datetime(2026, 11, 16, 9, 9, 59, tzinfo=UTC)
        assert await desk.firer.fire_due() == 0
        desk.clock.time = datetime(2026, 11, 16, 4, 10, tzinfo=UTC).astimezone(UTC) + timedelta(hours=5)
        assert await desk.firer.fire_due() == 1
