"""What people say, through the call planner and the role, and what is in the log afterwards."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from roles.timer import build
from roles.timer.view import SetTimerRow, running_timers
from tests.roles.asking import LOCAL, NOW, Asking, asking

ZURICH = NOW.tzinfo


@pytest.fixture
async def role(tmp_path: Path) -> AsyncGenerator[Asking]:
    async with asking(build, tmp_path) as made:
        yield made


async def running(role: Asking) -> list[SetTimerRow]:
    return await running_timers(role.views, LOCAL)


SET = [
    ("set a timer for 10 minutes", 10, ""),
    ("start a 5 minute timer", 5, ""),
    ("please set a tea timer for 4 minutes", 4, "tea"),
    ("put the lasagne in, 40 minute timer", 40, "lasagne"),
    ("pasta timer, nine minutes please", 9, "pasta"),
    ("I need a timer for the laundry, 40 minutes", 40, "laundry"),
    ("timer 20 minutes", 20, ""),
    ("let me know when 45 minutes are up", 45, ""),
    ("start a countdown of half an hour", 30, ""),
    ("could you start another timer for two hours called roast", 120, "roast"),
]


@pytest.mark.parametrize(("text", "minutes", "label"), SET)
async def test_setting_a_timer(role: Asking, text: str, minutes: int, label: str) -> None:
    asked = await role.ask(text)
    assert asked.result.ok, asked.text
    (timer,) = await running(role)
    assert (timer.kind, timer.length, timer.label.lower()) == ("timer", timedelta(minutes=minutes), label)
    assert timer.due_at == NOW + timedelta(minutes=minutes)


ALARMS = [
    ("wake me up at 7", (22, 7, 0)),
    ("wake me at 7 tomorrow morning", (22, 7, 0)),
    ("set an alarm for half past six", (22, 6, 30)),
    ("alarm at 5 am", (22, 5, 0)),
    ("get me up at quarter to eight on Monday", (23, 7, 45)),
    ("set an alarm for 22:15 called medication", (21, 22, 15)),
    ("alarm in 8 hours", (21, 22, 20)),
    ("make sure I'm awake by 9", (22, 9, 0)),
    ("put an alarm on for 8 o'clock", (22, 8, 0)),
]


@pytest.mark.parametrize(("text", "due"), ALARMS)
async def test_setting_an_alarm(role: Asking, text: str, due: tuple[int, int, int]) -> None:
    asked = await role.ask(text)
    assert asked.result.ok, asked.text
    (alarm,) = await running(role)
    day, hour, minute = due
    assert (alarm.kind, alarm.due_there) == ("alarm", datetime(2026, 11, day, hour, minute, tzinfo=ZURICH))


REMINDERS = [
    ("remind me to call mum at 5 pm", "call mum", (21, 17, 0)),
    ("remind me tomorrow evening to take out the trash", "take out the trash", (22, 18, 0)),
    ("set a reminder for Friday at 10 to submit the report", "submit the report", (27, 10, 0)),
    ("remind me in 20 minutes to check the oven", "check the oven", (21, 14, 40)),
    ("don't let me forget to buy milk on Sunday", "buy milk", (22, 9, 0)),
    ("reminder: water the plants on Sunday morning", "water the plants", (22, 9, 0)),
    ("can you remind me about the dentist tomorrow at 9?", "dentist", (22, 9, 0)),
    ("please remind me to phone Anna on the 24th at noon", "phone Anna", (24, 12, 0)),
    ("remind me that the parcel comes on Monday at 11", "parcel comes", (23, 11, 0)),
]


@pytest.mark.parametrize(("text", "label", "due"), REMINDERS)
async def test_setting_a_reminder(role: Asking, text: str, label: str, due: tuple[int, int, int]) -> None:
    asked = await role.ask(text)
    assert asked.result.ok, asked.text
    (reminder,) = await running(role)
    day, hour, minute = due
    assert reminder.due_there == datetime(2026, 11, day, hour, minute, tzinfo=ZURICH)
    assert (reminder.kind, reminder.label) == ("reminder", label)


BEFORE = ("set a tea timer for 4 minutes", "set an alarm for 22:15", "remind me to call mum at 5 pm")

LISTS = [
    ("what timers are running?", "Tea timer: 4 minutes left"),
    ("how much time is left on my tea timer?", "Tea timer: 4 minutes left"),
    ("show my alarms", "Alarm: 7 hours 55 minutes left"),
    ("list all reminders", "Reminder “call mum”: 2 hours 40 minutes left"),
    ("do I have any reminders?", "Reminder “call mum”"),
    ("when does my alarm ring?", "today at 22:15"),
    ("is the tea timer still running?", "Tea timer: 4 minutes left"),
    ("what alarms have I got", "Alarm: "),
    ("show me everything that is set", "- alarm: "),
]


@pytest.mark.parametrize(("text", "answer"), LISTS)
async def test_asking_what_is_set_changes_nothing(role: Asking, text: str, answer: str) -> None:
    for before in BEFORE:
        await role.ask(before)
    asked = await role.ask(text)
    assert asked.tools == ("timer.list",)
    assert answer in asked.text
    assert asked.intents == []


CANCELS = [
    ("cancel the timer", {"alarm", "reminder"}),
    ("stop my tea timer", {"alarm", "reminder"}),
    ("delete the 22:15 alarm", {"timer", "reminder"}),
    ("turn off my alarm", {"timer", "reminder"}),
    ("forget the reminder about mum", {"timer", "alarm"}),
    ("remove the reminder to call mum", {"timer", "alarm"}),
    ("I don't need the tea timer any more", {"alarm", "reminder"}),
    ("cancel all reminders", {"timer", "alarm"}),
    ("clear every alarm", {"timer", "reminder"}),
]


@pytest.mark.parametrize(("text", "left"), CANCELS)
async def test_cancelling(role: Asking, text: str, left: set[str]) -> None:
    for before in BEFORE:
        await role.ask(before)
    asked = await role.ask(text)
    assert asked.result.ok, asked.text
    assert {timer.kind for timer in await running(role)} == left
