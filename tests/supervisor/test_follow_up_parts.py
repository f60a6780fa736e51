"""Each part of a request that refers to something of its session finds it; nothing is guessed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.context import TaskContext
from common.follow_up import FollowUp
from common.intents import Policy
from common.limits import Limits
from common.task_graph import Task
from common.tool import Fact
from events.catalogue.trace import FollowUpRead, TaskFinished, TaskGraphPlanned
from supervisor import Supervisor
from supervisor.testing import MovableClock, offline_settings
from tests.supervisor.test_follow_ups import BEDROOM, DENTIST, FRIDAY, LIGHT, LUNCH, TEA, Dialogue, said, state_of

LATER_AND_REMIND = "make it an hour later and remind me 30 minutes before"

PARTS: list[Dialogue] = [
    ([LUNCH, LATER_AND_REMIND], "success", "13:00–14:00"),
    ([LUNCH, LATER_AND_REMIND], "success", "Friday 20 November 2026 at 12:30: “Lunch with Anna”"),
    ([LUNCH, "make it an hour later and call it brunch"], "success", "13:00–14:00) is now called “Brunch”"),
    ([LUNCH, "call it brunch and move it to 1 pm"], "success", "“Brunch” is now on Friday 20 November 2026, 13:00"),
    (
        [LUNCH, "call it brunch, move it to 1 pm and remind me an hour before"],
        "success",
        "November 2026 at 12:00: “Brunch”",
    ),
    ([LUNCH, LIGHT, "cancel the lunch and turn off the kitchen light"], "success", "The kitchen light is off"),
    ([LUNCH, "cancel it and turn on the kitchen light"], "success", "no longer in your calendar"),
    ([LUNCH, "cancel it and turn on the kitchen light"], "success", "The kitchen light is on"),
    ([LUNCH, "make it an hour later and what's on my calendar on Saturday?"], "success", "13:00–14:00"),
    ([LUNCH, "make it an hour later and what's on my calendar on Saturday?"], "success", "Nothing is in your calendar"),
    ([LIGHT, "turn it off and set a timer for 5 minutes"], "success", "The kitchen light is off"),
    ([LIGHT, BEDROOM, "turn it off and dim the kitchen light to 30%"], "success", "The bedroom light is off"),
    ([LUNCH, "remind me to buy milk tomorrow at 9 and make it an hour later"], "success", "at 10:00: “buy milk”"),
    ([LUNCH, DENTIST, FRIDAY, "move the dentist one to 10 am and cancel the one with Anna"], "success", "10:00–11:00"),
    ([TEA, "add 5 minutes and turn on the kitchen light"], "success", "goes off today at 10:15"),
    ([LUNCH, DENTIST, FRIDAY, "make it an hour later and call it brunch"], "failure", "Which one: “Dentist”"),
    ([LUNCH, DENTIST, FRIDAY, "make it an hour later and call it brunch", "the second one"], "success", "13:00–14:00"),
    ([LUNCH, DENTIST, FRIDAY, "make it an hour later and call it brunch", "the dentist"], "success", "10:00–11:00"),
    ([LUNCH, "call it lunch and dinner"], "success", "is now called “Lunch and dinner”"),
]


@pytest.fixture
async def talking(tmp_path: Path, movable_clock: MovableClock) -> AsyncGenerator[Supervisor]:
    """A supervisor of the test's own."""
    async with Supervisor(offline_settings(tmp_path), clock=movable_clock, background=False) as running:
        yield running


@pytest.mark.parametrize(("requests", "outcome", "text"), PARTS, ids=lambda value: str(value)[-60:])
async def test_dialogues(talking: Supervisor, requests: list[str], outcome: str, text: str) -> None:
    response = await said(talking, *requests)
    assert text in response.text
    assert response.outcome == outcome


@pytest.mark.parametrize(
    "requests",
    [
        [LUNCH, "cancel it and move it to Saturday"],
        [LUNCH, "if it rains cancel it and call it brunch"],
        [LUNCH, DENTIST, FRIDAY, "make it an hour later and call it brunch"],
        [LUNCH, DENTIST, FRIDAY, "make it an hour later and turn on the kitchen light"],
        ["make it an hour later and call it brunch"],
    ],
    ids=lambda value: str(value)[-60:],
)
async def test_what_is_not_clear_changes_nothing(talking: Supervisor, requests: list[str]) -> None:
    """A question about one part comes before any part is done."""
    if requests[:-1]:
        await said(talking, *requests[:-1])
    before = await state_of(talking)
    await said(talking, requests[-1])
    assert await state_of(talking) == before


async def test_it_may_be_what_the_request_makes_itself(talking: Supervisor) -> None:
    await said(talking, LUNCH)
    await said(talking, "set a timer for 10 minutes and cancel it")
    assert "Lunch with Anna" in (await said(talking, FRIDAY, session=None)).text


async def test_the_trace_tells_what_each_part_means(talking: Supervisor) -> None:
    response = await said(talking, LUNCH, "make it an hour later and call it brunch")
    detail = await talking.trace(response.trace_id)
    (read,) = [entry.event for entry in detail.events if isinstance(entry.event, FollowUpRead)]
    lunch = Fact.model_validate(read.meant[0])
    assert (read.action, [thing["name"] for thing in read.meant]) == ("move, rename", ["Lunch with Anna"] * 2)
    (planned,) = (entry.event for entry in detail.events if isinstance(entry.event, TaskGraphPlanned))
    assert [Task.model_validate(task).follow_up for task in planned.tasks] == [
        FollowUp("move", (lunch,), "an hour later"),
        FollowUp("rename", (lunch,), "brunch"),
    ]
    plain = await said(talking, "turn on the kitchen light and set a tea timer for 4 minutes")
    detail = await talking.trace(plain.trace_id)
    (planned,) = (entry.event for entry in detail.events if isinstance(entry.event, TaskGraphPlanned))
    assert not any({"follow_up", "facts"}.intersection(task) for task in planned.tasks)


async def test_what_is_added_to_it_waits_for_the_same_approval(tmp_path: Path, movable_clock: MovableClock) -> None:
    base = offline_settings(tmp_path)
    asking = base.intents.model_copy(update={"policies": {"calendar.move_event": Policy.ASK}})
    changed = base.model_copy(update={"intents": asking})
    async with Supervisor(changed, clock=movable_clock, background=False) as supervisor:
        waiting = await said(supervisor, LUNCH, LATER_AND_REMIND)
        assert [report.status.value for report in waiting.intents] == ["awaiting_approval", "registered"]
        await supervisor.approve(waiting.intents[0].id, by="eva")
        told = await supervisor.resume(waiting.trace_id)
        assert [report.status.value for report in told.intents] == ["processed", "processed"]
        assert "Friday 20 November 2026 at 12:30" in told.text


async def test_it_is_gone_on_with_by_its_plan(talking: Supervisor) -> None:
    """A resumed request means what it meant, without the session being asked again."""
    await said(talking, LUNCH)
    context = TaskContext(session="s", request_id="both", limits=Limits(tool_calls=1))
    stopped = await talking.process_request(LATER_AND_REMIND, context)
    assert stopped.outcome.startswith("limit:")
    await said(talking, DENTIST)
    response = await talking.resume(stopped.trace_id, limits={"tool_calls": 5})
    assert "“Lunch with Anna” is now on Friday 20 November 2026, 13:00–14:00" in response.text
    assert "Friday 20 November 2026 at 12:30" in response.text
    detail = await talking.trace(response.trace_id)
    taken = [entry.event for entry in detail.events if isinstance(entry.event, TaskFinished)]
    assert [task.taken_from for task in taken] == [stopped.trace_id, None]
