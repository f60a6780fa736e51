"""What requests leave out is found in the earlier turns of their session, or asked for; never guessed."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.context import Owner
from common.intents import Policy
from common.results import Response
from events.catalogue.trace import FollowUpRead
from supervisor import Supervisor
from supervisor.testing import MovableClock, offline_settings

LUNCH = "add lunch with Anna to my calendar on Friday at noon"
GYM = "add gym to my calendar tomorrow at 6 pm"
DENTIST = "add dentist to my calendar on Friday at 9 am"
TEA = "set a tea timer for 10 minutes"
PASTA = "set a pasta timer for 9 minutes"
ALARM = "set an alarm for 7 am tomorrow"
CALL = "remind me to call mum at 5 pm"
LIGHT = "turn on the kitchen light"
BEDROOM = "turn on the bedroom light"
FRIDAY = "what's on my calendar on Friday?"
WITH_REMINDER = "add lunch to my calendar on Friday at noon and remind me 30 minutes before"

Dialogue = tuple[list[str], str, str]
"""What is said, the last of it being looked at: its outcome, and what its answer holds."""

EVENTS: list[Dialogue] = [
    ([LUNCH, "make it an hour later"], "success", "Friday 20 November 2026, 13:00–14:00"),
    ([LUNCH, "Make that an hour later, please."], "success", "13:00–14:00"),
    ([LUNCH, "an hour later"], "success", "13:00–14:00"),
    ([LUNCH, "half an hour earlier please"], "success", "11:30–12:30"),
    ([LUNCH, "push it back by 30 minutes"], "success", "12:30–13:30"),
    ([LUNCH, "bring it forward by an hour"], "success", "11:00–12:00"),
    ([LUNCH, "can you move it to 1 pm?"], "success", "Friday 20 November 2026, 13:00–14:00"),
    ([LUNCH, "move that to Saturday"], "success", "Saturday 21 November 2026, 12:00–13:00"),
    ([LUNCH, "on Saturday instead"], "success", "Saturday 21 November 2026, 12:00–13:00"),
    ([LUNCH, "no, make that Saturday at 3 pm"], "success", "Saturday 21 November 2026, 15:00–16:00"),
    ([LUNCH, "postpone it until Monday"], "success", "Monday 23 November 2026, 12:00–13:00"),
    ([LUNCH, "it should be at 2 pm"], "success", "14:00–15:00"),
    ([LUNCH, "call it lunch with Ben instead"], "success", "now called “Lunch with Ben”"),
    ([LUNCH, "rename it to team lunch"], "success", "now called “Team lunch”"),
    ([LUNCH, "change its title to brunch"], "success", "now called “Brunch”"),
    ([LUNCH, "when is it?"], "success", "Friday 20 November 2026, 12:00–13:00"),
    ([LUNCH, "when is that again?"], "success", "Friday 20 November 2026, 12:00–13:00"),
    ([LUNCH, "cancel it"], "success", "no longer in your calendar"),
    ([LUNCH, "call it off"], "success", "no longer in your calendar"),
    ([LUNCH, "actually, delete that please"], "success", "no longer in your calendar"),
    ([LUNCH, "take it off my calendar"], "success", "no longer in your calendar"),
    ([LUNCH, "remove that meeting from my calendar"], "success", "no longer in your calendar"),
    ([LUNCH, "make it an hour later", "and call it brunch"], "success", "(Friday 20 November 2026, 13:00–14:00)"),
    ([LUNCH, "call it brunch", "cancel it"], "success", "“Brunch” (Friday 20 November 2026, 12:00–13:00)"),
    ([LUNCH, "hello there", "make it an hour later"], "success", "13:00–14:00"),
    ([LUNCH, GYM, "cancel it"], "success", "“Gym”"),
    ([LUNCH, "remind me an hour before"], "success", "Friday 20 November 2026 at 11:00"),
    ([LUNCH, "remind me an hour before it"], "success", "Friday 20 November 2026 at 11:00"),
    ([LUNCH, FRIDAY, "make it an hour later"], "success", "13:00–14:00"),
    ([LUNCH, DENTIST, FRIDAY, "cancel the second one"], "success", "“Lunch with Anna”"),
    ([LUNCH, DENTIST, FRIDAY, "cancel the first one"], "success", "“Dentist”"),
    ([LUNCH, DENTIST, FRIDAY, "move the dentist one to 10 am"], "success", "“Dentist” is now on Friday 20 November"),
    ([LUNCH, DENTIST, FRIDAY, "cancel the one with Anna"], "success", "“Lunch with Anna”"),
    ([LUNCH, DENTIST, FRIDAY, "cancel both of them"], "success", "no longer in your calendar"),
]
TIMERS: list[Dialogue] = [
    ([TEA, "how long is left on it?"], "success", "10 minutes left"),
    ([TEA, "how much time is left?"], "success", "10 minutes left"),
    ([TEA, "is it still running?"], "success", "10 minutes left"),
    ([TEA, "when does it go off?"], "success", "10 minutes left"),
    ([TEA, "add 5 minutes"], "success", "goes off today at 10:15"),
    ([TEA, "5 more minutes"], "success", "goes off today at 10:15"),
    ([TEA, "give it 5 more minutes"], "success", "goes off today at 10:15"),
    ([TEA, "make it 5 minutes longer"], "success", "goes off today at 10:15"),
    ([TEA, "extend it by a quarter of an hour"], "success", "goes off today at 10:25"),
    ([TEA, "make it 2 minutes shorter"], "success", "goes off today at 10:08"),
    ([TEA, "make it 20 minutes"], "success", "goes off today at 10:20"),
    ([TEA, "add 5 minutes", "add 5 minutes"], "success", "goes off today at 10:20"),
    ([TEA, "cancel it"], "success", "tea timer is cancelled"),
    ([TEA, "stop it"], "success", "tea timer is cancelled"),
    ([ALARM, "make it half past 7"], "success", "tomorrow at 07:30"),
    ([ALARM, "an hour later"], "success", "tomorrow at 08:00"),
    ([ALARM, "turn it off"], "success", "is cancelled"),
    ([CALL, "make it 6 pm"], "success", "today at 18:00"),
    ([CALL, "move it to tomorrow"], "success", "tomorrow at 17:00"),
    ([CALL, "delete that reminder"], "success", "is cancelled"),
    ([TEA, PASTA, "how long is left on it?"], "success", "9 minutes left"),
    ([TEA, PASTA, "cancel the tea one"], "success", "tea timer is cancelled"),
]
HOUSE: list[Dialogue] = [
    ([LIGHT, "turn it off again"], "success", "kitchen light is off"),
    ([LIGHT, "switch it off"], "success", "kitchen light is off"),
    ([LIGHT, "off again"], "success", "kitchen light is off"),
    ([LIGHT, "dim it to 30%"], "success", "kitchen light is on at 30 %"),
    ([LIGHT, "dim it to 30%", "brighter"], "success", "kitchen light is on at 50 %"),
    ([LIGHT, "is it still on?"], "success", "kitchen light is on"),
    ([LIGHT, "turn it off", "turn it back on"], "success", "kitchen light is on"),
    ([LIGHT, BEDROOM, "turn it off"], "success", "bedroom light is off"),
    (["is the bedroom light on?", "turn it on"], "success", "bedroom light is on"),
]
AGAIN: list[Dialogue] = [
    (["what's on my calendar tomorrow?", "and on Friday?"], "success", "Friday 20 November 2026"),
    ([LUNCH, "what's on my calendar tomorrow?", "what about Friday?"], "success", "12:00–13:00 Lunch with Anna"),
    ([LUNCH, "what's on my calendar today?", "and tomorrow?", "and on Friday?"], "success", "Lunch with Anna"),
]
WEATHER: list[tuple[list[str], str]] = [
    (["what's the weather in Bergen tomorrow?", "and on Sunday?"], "what's the weather in Bergen on Sunday"),
    (["what's the weather in Bergen tomorrow?", "and in Oslo?"], "what's the weather in Oslo tomorrow"),
    (
        ["what's the weather in Bergen tomorrow?", "and in Oslo?", "and on Sunday?"],
        "what's the weather in Oslo on Sunday",
    ),
    (["what's the weather in Bergen tomorrow?", "will it rain there on Sunday?"], "will it rain in Bergen on Sunday?"),
]
ASKED: list[Dialogue] = [
    ([WITH_REMINDER, "make it an hour later"], "failure", "Which one: “Lunch”"),
    ([WITH_REMINDER, "make it an hour later", "the lunch"], "success", "Friday 20 November 2026, 13:00–14:00"),
    ([WITH_REMINDER, "make it an hour later", "the event"], "success", "Friday 20 November 2026, 13:00–14:00"),
    ([WITH_REMINDER, "make it an hour later", "I mean the reminder"], "success", "12:30"),
    ([LUNCH, DENTIST, FRIDAY, "cancel it"], "failure", "Which one: “Dentist”"),
    ([LUNCH, DENTIST, FRIDAY, "cancel it", "the second one"], "success", "“Lunch with Anna”"),
    ([LUNCH, DENTIST, FRIDAY, "cancel it", "both of them"], "success", "“Lunch with Anna”"),
    ([LUNCH, DENTIST, FRIDAY, "remind me an hour before"], "failure", "Which one: “Dentist”"),
    ([LUNCH, LIGHT, "cancel it"], "failure", "Which one: “Lunch with Anna”"),
    ([LUNCH, LIGHT, "cancel it", "yes"], "success", "no longer in your calendar"),
    ([LUNCH, LIGHT, "make it an hour later"], "failure", "Which one: “Lunch with Anna”"),
    ([LUNCH, GYM, "cancel it", "cancel it"], "failure", "Which one: “Lunch with Anna”"),
    ([LUNCH, "add dentist to my calendar", "cancel it"], "failure", "Which one: “Lunch with Anna”"),
    ([LUNCH, "cancel both of them"], "failure", "Which one"),
]


@pytest.fixture
async def talking(tmp_path: Path, movable_clock: MovableClock) -> AsyncGenerator[Supervisor]:
    """A supervisor of the test's own."""
    async with Supervisor(offline_settings(tmp_path), clock=movable_clock, background=False) as running:
        yield running


async def said(
    supervisor: Supervisor, *requests: str, session: str | None = "s", user: str = "local", tenant: str = "default"
) -> Response:
    response: Response | None = None
    for request in requests:
        response = await supervisor.process_request(request, {"session": session, "user": user, "tenant": tenant})
    assert response is not None
    return response


async def state_of(supervisor: Supervisor) -> tuple[object, ...]:
    """Everything that follow-ups may change."""
    calendar = supervisor.settings.calendar_path(Owner("default", "local"))
    timers = await supervisor.views.query("timers", {"status": "set"}, order_by="due_at")
    devices = await supervisor.store.read_all(0, {"home.device_changed"})
    return calendar.read_bytes() if calendar.exists() else b"", str(timers), len(devices)


@pytest.mark.parametrize(
    ("requests", "outcome", "text"), [*EVENTS, *TIMERS, *HOUSE, *AGAIN, *ASKED], ids=lambda value: str(value)[-60:]
)
async def test_dialogues(talking: Supervisor, requests: list[str], outcome: str, text: str) -> None:
    response = await said(talking, *requests)
    assert text in response.text
    assert response.outcome == outcome


@pytest.mark.parametrize(("requests", "completed"), WEATHER, ids=lambda value: str(value)[-60:])
async def test_a_question_is_asked_again_of_another_time_or_place(
    talking: Supervisor, requests: list[str], completed: str
) -> None:
    response = await said(talking, *requests)
    detail = await talking.trace(response.trace_id)
    (read,) = [entry.event for entry in detail.events if isinstance(entry.event, FollowUpRead)]
    assert read.request == completed
    assert response.metadata.route == "weather"


async def test_a_follow_up_that_was_interrupted_means_the_same_when_asked_again(talking: Supervisor) -> None:
    """The attempt before is no turn of its own."""
    await said(talking, LUNCH)
    stopped = await talking.process_request(
        "make it an hour later", {"session": "s", "request_id": "later", "limits": {"wall_clock": 1e-6}}
    )
    assert stopped.outcome == "limit:wall_clock"
    response = await talking.resume(stopped.trace_id, limits={"wall_clock": 30})
    assert "13:00–14:00" in response.text


HOSTILE = [
    [LUNCH, "add it to my calendar"],
    [LUNCH, "what time is it?"],
    [LUNCH, "is there anything else?"],
    [LUNCH, "is it going to rain tomorrow?"],
    [LUNCH, "never mind"],
    [LUNCH, "forget it"],
    [LUNCH, "call it a day"],
    [LUNCH, "make it happen"],
    [LUNCH, "cancel it and everything else you find"],
    [LUNCH, "I would never cancel it"],
    [LUNCH, "don't cancel it"],
    [LUNCH, "don't move it to Friday"],
    [LUNCH, "why would I make it an hour later?"],
    [LUNCH, "should I cancel it?"],
    [LUNCH, "did you cancel it?"],
    [LUNCH, "what if I call it off"],
    [LUNCH, "“cancel it” is what he said"],
    [LUNCH, "make it"],
    [LUNCH, "move it"],
    [LUNCH, "make it later"],
    [LUNCH, "cancel the other one"],
    [LUNCH, "cancel the dentist one"],
    [LUNCH, "yes"],
    [LUNCH, "both"],
    [LIGHT, "make it an hour later"],
    [LIGHT, "call it brunch"],
    [TEA, "call it brunch"],
    ["cancel it"],
    ["make it an hour later"],
    ["turn it off again"],
    [LUNCH, "make it an hour later " * 20],
]


@pytest.mark.parametrize("requests", HOSTILE, ids=lambda value: str(value)[-60:])
async def test_what_is_no_clear_follow_up_changes_nothing(talking: Supervisor, requests: list[str]) -> None:
    if requests[:-1]:
        await said(talking, *requests[:-1])
    before = await state_of(talking)
    await said(talking, requests[-1])
    assert await state_of(talking) == before


async def test_a_name_that_reads_as_an_order_is_only_a_name(talking: Supervisor) -> None:
    """What an event is called never becomes part of a request."""
    await said(talking, GYM, LUNCH, "call it cancel everything on Friday")
    response = await said(talking, "make it an hour later")
    assert "“Cancel everything” is now on Friday" in response.text or "“Cancel everything on Friday”" in response.text
    assert "Gym" in (await said(talking, "what's on my calendar tomorrow?", session=None)).text
    assert "13:00–14:00" in (await said(talking, FRIDAY, session=None)).text


FOLLOW_UPS = [
    "make it an hour later", "cancel it", "move that to Saturday", "call it brunch", "when is it?", "turn it off again",
    "how long is left on it?", "add 5 minutes", "and on Friday?", "the second one", "remind me an hour before", "yes",
    "cancel both of them", "brighter",
]  # fmt: skip
SPOKEN_OF = [LUNCH, GYM, TEA, ALARM, CALL, LIGHT, FRIDAY, WITH_REMINDER]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    earlier=st.lists(st.sampled_from(SPOKEN_OF), min_size=1, max_size=3),
    follow_up=st.sampled_from(FOLLOW_UPS),
    stranger=st.sampled_from(
        [("t", "local", "default"), ("s", "eve", "default"), ("s", "local", "other"), (None, "local", "default")]
    ),
)
async def test_a_follow_up_elsewhere_finds_nothing(
    supervisor: Supervisor, earlier: list[str], follow_up: str, stranger: tuple[str | None, str, str]
) -> None:
    """In another session, of another user or tenant, or without a session there is nothing to refer to."""
    session, user, tenant = stranger
    number = uuid.uuid4().hex  # each example has sessions of its own in the one log
    await said(supervisor, *earlier, session=f"s{number}", user=f"local{number}")
    where = session if session is None else f"{session}{number}"
    who = f"{user}{number}"
    response = await said(supervisor, follow_up, session=where, user=who, tenant=tenant)
    detail = await supervisor.trace(response.trace_id, owner=Owner(tenant, who))
    assert not [entry for entry in detail.events if isinstance(entry.event, FollowUpRead)]


async def test_a_session_goes_on_in_another_process(tmp_path: Path, movable_clock: MovableClock) -> None:
    """Another supervisor on the same log knows what was spoken of."""
    base = offline_settings(tmp_path)
    shared = base.model_copy(update={"store": base.store.model_copy(update={"url": ""})})
    async with Supervisor(shared, clock=movable_clock, background=False) as first:
        await said(first, LUNCH)
    async with Supervisor(shared, clock=movable_clock, background=False) as second:
        assert "13:00–14:00" in (await said(second, "make it an hour later")).text


async def test_what_was_said_the_day_before_yesterday_is_not_meant(
    talking: Supervisor, movable_clock: MovableClock
) -> None:
    await said(talking, LUNCH)
    movable_clock.move(timedelta(hours=25))
    before = await state_of(talking)
    await said(talking, "cancel it")
    assert await state_of(talking) == before


async def test_only_the_last_turns_are_looked_at(talking: Supervisor) -> None:
    await said(talking, LUNCH, *["hello"] * 5)
    before = await state_of(talking)
    await said(talking, "cancel it")
    assert await state_of(talking) == before


async def test_an_event_that_is_gone_meanwhile_is_said_to_be_gone(talking: Supervisor) -> None:
    await said(talking, LUNCH)
    await said(talking, "cancel lunch with Anna", session=None)
    response = await said(talking, "make it an hour later")
    assert response.outcome == "failure"
    assert "no longer in your calendar" in response.text


async def test_what_waits_for_approval_is_not_there_yet(tmp_path: Path, movable_clock: MovableClock) -> None:
    base = offline_settings(tmp_path)
    asking = base.intents.model_copy(update={"policies": {"calendar.add_event": Policy.ASK}})
    async with Supervisor(
        base.model_copy(update={"intents": asking}), clock=movable_clock, background=False
    ) as supervisor:
        waiting = await said(supervisor, LUNCH)
        assert (await said(supervisor, "make it an hour later")).outcome == "failure"
        await supervisor.approve(waiting.intents[0].id, by="boss")
        assert "13:00–14:00" in (await said(supervisor, "make it an hour later", "yes")).text


@pytest.mark.parametrize(
    "request_",
    [
        "rename the lunch on Friday to brunch",
        "change the title of lunch with Anna to brunch",
        "please rename lunch with Anna to brunch",
    ],
)
async def test_an_event_that_is_named_is_renamed(talking: Supervisor, request_: str) -> None:
    """Without any session, too."""
    await said(talking, LUNCH, GYM, session=None)
    response = await said(talking, request_, session=None)
    assert response.text == "“Lunch with Anna” (Friday 20 November 2026, 12:00–13:00) is now called “Brunch”."
