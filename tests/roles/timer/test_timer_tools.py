"""What the timer tools make of their arguments."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.context import Owner
from common.errors import IntentError, StreamConflict
from common.intent_collector import IntentCollector
from common.tool import Fact
from roles.timer.intents import CancelTimer, SetTimer, TimerReference
from tests.roles.timer.timers import NOW, TRIP, ZURICH, Timers, timers


@pytest.fixture(params=["memory", "sqlite"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Timers]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'log.db'}"
    async with timers(url) as made:
        yield made


@pytest.mark.parametrize(
    ("arguments", "due", "label"),
    [
        ({"duration": "10 minutes"}, NOW + timedelta(minutes=10), ""),
        ({"duration": "an hour and a half", "label": "tea timer"}, NOW + timedelta(minutes=90), "tea"),
        ({"when": "in 20 minutes", "label": "the pizza"}, NOW + timedelta(minutes=20), "pizza"),
        ({"when": "until 3 pm"}, datetime(2026, 11, 16, 15, 0, tzinfo=ZURICH), ""),
        ({"when": "90 seconds"}, NOW + timedelta(seconds=90), ""),
        ({"duration": "2 days"}, NOW + timedelta(days=2), ""),
    ],
)
async def test_a_timer_is_set_for_what_was_said(
    desk: Timers, arguments: dict[str, str], due: datetime, label: str
) -> None:
    await desk.done("set", **arguments)
    (timer,) = await desk.running()
    assert (timer.due_at, timer.label, timer.kind) == (due.astimezone(UTC), label, "timer")
    assert timer.zone.key == "Europe/Zurich"
    assert timer.session == "s1"


async def test_a_timer_over_a_clock_change_runs_its_real_length(desk: Timers) -> None:
    desk.clock.time = datetime(2026, 10, 25, 0, 30, tzinfo=ZURICH)
    await desk.done("set", duration="3 hours")
    (timer,) = await desk.running()
    assert timer.due_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert timer.due_there.strftime("%H:%M %z") == "02:30 +0100"


@pytest.mark.parametrize(
    ("when", "due"),
    [
        ("at 7", datetime(2026, 11, 17, 7, 0, tzinfo=ZURICH)),
        ("half past six", datetime(2026, 11, 17, 6, 30, tzinfo=ZURICH)),
        ("at noon", datetime(2026, 11, 16, 12, 0, tzinfo=ZURICH)),
        ("Saturday at 5:45", datetime(2026, 11, 21, 5, 45, tzinfo=ZURICH)),
        ("in 8 hours", datetime(2026, 11, 16, 18, 0, tzinfo=ZURICH)),
        ("at 1", datetime(2026, 11, 16, 13, 0, tzinfo=ZURICH)),
    ],
)
async def test_an_alarm_rings_in_the_morning_unless_the_hour_is_near(desk: Timers, when: str, due: datetime) -> None:
    await desk.done("set_alarm", when=when)
    (alarm,) = await desk.running()
    assert (alarm.due_at, alarm.kind) == (due.astimezone(UTC), "alarm")


async def test_a_reminder_before_an_event_counts_from_its_fact(desk: Timers) -> None:
    detail = await desk.done("remind", when="an hour before", facts=[TRIP])
    (reminder,) = await desk.running()
    assert reminder.due_at == datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
    assert reminder.label == "Mountain trip"
    assert detail == "I will remind you Saturday 21 November 2026 at 08:00: “Mountain trip”."


async def test_a_reminder_knows_which_of_several_events_is_meant(desk: Timers) -> None:
    dentist = Fact(kind="event", name="Dentist", start="2026-11-18T15:00:00+01:00")
    await desk.done("remind", when="30 minutes before the mountain trip", facts=[TRIP, dentist])
    await desk.done("remind", subject="brush teeth", when="an hour before the dentist", facts=[TRIP, dentist])
    named = [(timer.label, timer.due_there.strftime("%d %H:%M")) for timer in await desk.running()]
    assert named == [("brush teeth", "18 14:00"), ("Mountain trip", "21 08:30")]


@pytest.mark.parametrize(
    ("subject", "kept"),
    [
        ("remind me to buy milk", "buy milk"),
        ("to call mum at 5 pm", "call mum"),
        ("on Saturday to water the plants", "water the plants"),
        ("buy the Sunday paper", "buy the Sunday paper"),
        ("don't let me forget to post the letter", "post the letter"),
    ],
)
async def test_a_reminder_is_called_what_it_is_about(desk: Timers, subject: str, kept: str) -> None:
    await desk.done("remind", subject=subject, when="tomorrow at 9")
    (reminder,) = await desk.running()
    assert reminder.label == kept


async def test_a_day_without_time_takes_the_usual_one_and_says_so(desk: Timers) -> None:
    detail = await desk.done("remind", subject="pack", when="on Saturday")
    assert detail == (
        "I will remind you Saturday 21 November 2026 at 09:00: “pack” (no time was given, so 09:00 was taken)."
    )


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("set", {}, "For how long"),
        ("set", {"duration": "banana"}, "For how long"),
        ("set", {"duration": "999999999 days"}, "too far ahead"),
        ("set", {"when": "when the cows come home"}, "can't tell which time"),
        ("set", {"when": "every hour"}, "not repeating"),
        ("set_alarm", {"when": "every day at 7"}, "not repeating"),
        ("set_alarm", {"when": "tomorrow"}, "At what time"),
        ("set_alarm", {"when": "yesterday at 7"}, "in the past"),
        ("remind", {"when": "today at 8 am", "subject": "x"}, "in the past"),
        ("remind", {"when": "an hour before", "subject": "pack"}, "Before or after what shall I remind you of “pack”"),
        ("remind", {"when": " ", "subject": "pack"}, "When shall I remind you of “pack”"),
        ("remind", {"when": "on Mondays", "subject": "bins"}, "not again and again"),
        ("cancel", {"which": "the tea timer"}, "nothing to cancel"),
    ],
)
async def test_what_can_not_be_done_is_said_and_nothing_registered(
    desk: Timers, tool: str, arguments: dict[str, str], why: str
) -> None:
    result, intents = await desk.call(tool, **arguments)
    assert not result.ok
    assert why in result.text
    assert intents == []


async def three(desk: Timers) -> None:
    await desk.done("set", duration="10 minutes", label="tea")
    await desk.done("set_alarm", when="at 7", label="gym")
    await desk.done("remind", when="at 5 pm", subject="call mum")


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ("stop my tea timer", {"gym", "call mum"}),
        ("the 10 minute timer", {"gym", "call mum"}),
        ("cancel the timer", {"gym", "call mum"}),
        ("delete the 7 o'clock alarm", {"tea", "call mum"}),
        ("turn off my alarm for tomorrow", {"tea", "call mum"}),
        ("forget the reminder about mum", {"tea", "gym"}),
        ("remove all reminders", {"tea", "gym"}),
        ("all timers and alarms", {"call mum"}),
        ("cancel everything", set[str]()),
        ("the next one", {"gym", "call mum"}),
    ],
)
async def test_cancel_finds_what_is_meant(desk: Timers, which: str, left: set[str]) -> None:
    await three(desk)
    await desk.done("cancel", which=which)
    assert {timer.label for timer in await desk.running()} == left


@pytest.mark.parametrize("which", ["cancel it", "", "the pasta timer", "the 9 pm alarm"])
async def test_cancel_asks_where_it_can_not_tell(desk: Timers, which: str) -> None:
    await three(desk)
    result, intents = await desk.call("cancel", which=which)
    assert not result.ok
    assert intents == []
    assert "tea timer" in result.text or "“gym”" in result.text
    assert len(await desk.running()) == 3


async def test_two_alike_are_asked_about_and_told_apart_by_time(desk: Timers) -> None:
    await desk.done("set", duration="10 minutes", label="egg")
    await desk.done("set", duration="20 minutes", label="egg")
    result, intents = await desk.call("cancel", which="the egg timer")
    assert not result.ok
    assert intents == []
    assert "10:10" in result.text
    assert "10:20" in result.text
    await desk.done("cancel", which="the 20 minute egg timer")
    assert [timer.due_there.strftime("%H:%M") for timer in await desk.running()] == ["10:10"]


async def test_list_tells_what_is_left_and_what_this_request_is_about_to_set(desk: Timers) -> None:
    assert (await desk.call("list"))[0].text == "No timers, alarms or reminders are set."
    await three(desk)
    desk.clock.time += timedelta(minutes=4)
    collector = IntentCollector()
    await desk.call("set", duration="5 minutes", label="pasta", collector=collector)
    result, _ = await desk.call("list", collector=collector)
    assert result.text.splitlines() == [
        "4 are set:",
        "- tea timer: 6 minutes left (today at 10:10)",
        "- reminder “call mum”: 6 hours 56 minutes left (today at 17:00)",
        "- alarm “gym”: 20 hours 56 minutes left (tomorrow at 07:00)",
        "- 5 minute pasta timer: about to be set",
    ]
    one, _ = await desk.call("list", which="how much time is left on my tea timer?")
    assert one.text == "Tea timer: 6 minutes left (today at 10:10)."
    alarms, _ = await desk.call("list", which="show my alarms")
    assert alarms.text.startswith("Alarm “gym”: ")


async def test_a_timer_that_is_due_and_has_not_gone_off_is_told_as_such(desk: Timers) -> None:
    await desk.done("set", duration="1 minute")
    desk.clock.time += timedelta(minutes=2)
    result, _ = await desk.call("list")
    assert result.text == "1 minute timer: has been due since earlier today at 10:01."


async def test_the_same_intent_can_not_set_two_timers(desk: Timers) -> None:
    _, (intent,) = await desk.call("set", duration="10 minutes")
    await desk.carry_out(intent, key="k")
    with pytest.raises(StreamConflict):
        await desk.carry_out(intent, key="k")
    assert len(await desk.running()) == 1
    await desk.carry_out(intent, key="other")
    assert len(await desk.running()) == 2


async def test_cancelling_what_went_off_meanwhile_fails_and_says_so(desk: Timers) -> None:
    await desk.done("set", duration="10 minutes", label="tea")
    _, (intent,) = await desk.call("cancel", which="tea")
    desk.clock.time += timedelta(minutes=10)
    assert await desk.firer.fire_due() == 1
    with pytest.raises(IntentError, match="no longer runs"):
        await desk.carry_out(intent)


async def test_cancelling_several_leaves_out_those_that_are_gone(desk: Timers) -> None:
    await desk.done("set", duration="1 minute", label="tea")
    await desk.done("set", duration="1 hour", label="roast")
    _, (intent,) = await desk.call("cancel", which="all timers")
    desk.clock.time += timedelta(minutes=1)
    await desk.firer.fire_due()
    detail = await desk.carry_out(intent)
    assert detail == "The 1 hour roast timer is cancelled. 1 had gone off or been cancelled before."


async def test_a_timer_of_somebody_else_can_not_be_cancelled_by_its_id(desk: Timers) -> None:
    await desk.done("set", duration="1 hour")
    (timer,) = await desk.running()
    forged = CancelTimer(timers=(TimerReference(timer_id=timer.timer_id, described="1 hour timer"),))
    for stranger in (Owner("acme", "tom"), Owner("rival", "anna")):
        with pytest.raises(IntentError):
            await desk.carry_out(forged, stranger)
    assert await desk.running() == [timer]


async def test_an_intent_whose_time_has_passed_says_that_it_goes_off_at_once(desk: Timers) -> None:
    intent = SetTimer(kind="reminder", label="pack", due_at=NOW - timedelta(hours=1), timezone="Europe/Zurich")
    detail = await desk.carry_out(intent)
    assert detail == (
        "I will remind you Monday 16 November 2026 at 09:00: “pack” (that time has passed, so it goes off at once)."
    )


def test_summaries_tell_a_person_what_will_be_done() -> None:
    tea = SetTimer(kind="timer", label="tea", due_at=NOW, timezone="Europe/Zurich", seconds=600)
    alarm = SetTimer(kind="alarm", due_at=NOW, timezone="Europe/Zurich")
    assert tea.summary() == "set a 10 minute tea timer"
    assert alarm.summary() == "set an alarm for Monday 16 November 2026 at 10:00"
    one = TimerReference(timer_id="1", described="10 minute tea timer")
    assert CancelTimer(timers=(one,)).summary() == "cancel the 10 minute tea timer"
    assert CancelTimer(timers=(one, one)).summary() == (
        "cancel 2 timers, alarms and reminders, such as the 10 minute tea timer"
    )
