"""Tool calls planned from requests, over tools that no shipped role brings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.language.calls import CallPlan, CallPlanner, ToolShape, plan_calls
from common.tool import Fact
from tests.common.language.call_cases import CASES, NOTHING, Case
from tests.common.language.made_up_tools import (
    ENTER,
    HOME,
    HOST,
    KEEP,
    LIBRARY,
    NUDGE,
    RECALL,
    SKY,
    SWITCH,
    shape,
    text,
)
from tests.common.language.time_cases import ZURICH

PLANNER = CallPlanner(HOME + HOST)
TRIP = (
    "Plan a mountain trip for Saturday: check the weather, search for lodging, add it to my calendar and remind me an "
    "hour before"
)


def said(plan: CallPlan) -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple((call.tool, call.arguments) for call in plan.calls)


@pytest.mark.parametrize("case", CASES, ids=[case.request[:60] for case in CASES])
def test_plans_the_calls_that_are_meant(case: Case) -> None:
    plan = PLANNER.plan(case.request, now=ZURICH)
    assert said(plan) == case.calls
    assert {call.index: call.waits_for for call in plan.calls if call.waits_for} == case.waits
    assert {call.index: call.missing for call in plan.calls if call.missing} == case.missing
    assert plan.unmatched == ()


@pytest.mark.parametrize("request_text", NOTHING)
def test_plans_nothing_where_no_tool_fits(request_text: str) -> None:
    plan = PLANNER.plan(request_text, now=ZURICH)
    assert plan.calls == ()
    assert [part.standalone for part in plan.unmatched] == [request_text]


def test_what_one_part_needs_and_another_does_not_is_told_apart() -> None:
    plan = PLANNER.plan("turn on the fan and tell me a joke about cats")
    assert said(plan) == (("house.switch", {"device": "fan", "on": True}),)
    assert [part.text for part in plan.unmatched] == ["tell me a joke about cats"]


def test_a_relative_time_waits_and_then_counts_from_the_fact() -> None:
    waiting = PLANNER.plan(TRIP).calls[3]
    assert waiting.waits_for == (2,)
    assert waiting.arguments["when"] == "an hour before mountain trip"
    event = Fact(kind="event", name="Mountain trip", start="2026-11-28T09:00:00+01:00")
    other = Fact(kind="event", name="Dentist", start="2026-11-27T14:00:00+01:00")
    settled = PLANNER.plan(TRIP, facts=[event, other]).calls[3]
    assert settled.arguments["when"] == "an hour before 2026-11-28T09:00:00+01:00"


@pytest.mark.parametrize(
    ("words", "argument"),
    [
        ("remind me half an hour in advance", "half an hour before 2026-11-28T09:00:00+01:00"),
        ("remind me ten minutes earlier", "ten minutes before 2026-11-28T09:00:00+01:00"),
        ("remind me the day before it", "the day before 2026-11-28T09:00:00+01:00"),
        ("remind me an hour after", "an hour after 2026-11-28T17:00:00+01:00"),
        ("remind me the day before at 6pm", "the day before 2026-11-28T09:00:00+01:00 at 6pm"),
        ("remind me the day before the trip at 6pm", "the day before 2026-11-28T09:00:00+01:00 at 6pm"),
    ],
)
def test_words_of_offset_take_the_instant_of_the_fact(words: str, argument: str) -> None:
    event = Fact(kind="event", name="Trip", start="2026-11-28T09:00:00+01:00", end="2026-11-28T17:00:00+01:00")
    (call,) = PLANNER.plan(words, facts=[event]).calls
    assert call.arguments["when"] == argument


def test_a_condition_is_carried_and_not_taken_for_the_request() -> None:
    (call,) = PLANNER.plan("if it rains tomorrow, remind me to take an umbrella at 8").calls
    assert call.tool == "clock.nudge"
    assert call.part.condition == "if it rains tomorrow"
    assert call.arguments == {"what": "take an umbrella", "when": "at 8"}


def test_order_words_make_calls_wait() -> None:
    plan = PLANNER.plan("switch off the fan, then set a timer for 5 minutes, and turn on the kitchen light")
    assert [call.waits_for for call in plan.calls] == [(), (0,), ()]


def test_a_part_without_a_required_choice_is_marked() -> None:
    (call,) = CallPlanner([SWITCH]).plan("turn it on").calls
    assert call.missing == ("device",)


def test_confidence_is_higher_for_an_example_than_for_a_guess() -> None:
    example = PLANNER.plan("set a timer for 10 minutes").calls[0].confidence
    guess = PLANNER.plan("I could do with something that rings after ten minutes or so, a timer perhaps").calls
    assert 0.8 < example <= 1.0
    assert all(call.confidence < example for call in guess)


# ---- rules -----------------------------------------------------------------------------------------------------------

NEWS = shape(
    "press.read", "Read the news about a topic.", {"query": text("query")}, ("query",),
    "what's new in the papers about taxes", "search the press for wolves", "find articles about the elections",
)  # fmt: skip


def test_prefer_and_avoid_choose_among_tools_that_fit() -> None:
    tools = [LIBRARY, NEWS]
    request = "find articles about wolves"
    assert plan_calls(request, tools).calls[0].tool == "press.read"
    assert plan_calls(request, tools, rules=["prefer library.search over press.read"]).calls[0].tool == "library.search"
    assert plan_calls(request, tools, rules=["avoid press.read"]).calls[0].tool == "library.search"
    assert plan_calls(request, [NEWS], rules=["avoid press.read"]).calls[0].tool == "press.read"
    assert plan_calls(request, [NEWS, SKY], rules=["prefer sky.outlook over press.read"]).calls[0].tool == "press.read"


def test_order_moves_calls_and_makes_them_wait() -> None:
    request = "add lunch with Bob on Friday at noon to my calendar and check the weather"
    plan = PLANNER.plan(request, rules=["- order sky.outlook before dates.enter."])
    assert [(call.index, call.tool, call.waits_for) for call in plan.calls] == [
        (0, "sky.outlook", ()),
        (1, "dates.enter", (0,)),
    ]


def test_order_never_turns_a_waiting_around() -> None:
    plan = PLANNER.plan(TRIP, rules=["order clock.nudge before dates.enter"])
    tools = [call.tool for call in plan.calls]
    assert tools.index("dates.enter") < tools.index("clock.nudge")
    assert all(before < call.index for call in plan.calls for before in call.waits_for)


# ---- hosts' own tools ------------------------------------------------------------------------------------------------


def test_a_tool_without_utterances_is_found_by_its_description() -> None:
    tools = [
        ToolShape(
            "fleet.book_service",
            "Book a maintenance appointment at the garage for a vehicle of the fleet.",
            {
                "type": "object",
                "properties": {"vehicle_id": {"type": "string"}, "date": {"type": "string", "format": "date"}},
                "required": ["vehicle_id", "date"],
            },
        ),
        ToolShape("fleet.fuel_report", "Report the fuel consumption of the fleet over a month.", {"type": "object"}),
    ]  # fmt: skip
    (call,) = plan_calls("book maintenance for vehicle ZH-4711 on 3 December", tools, now=ZURICH).calls
    assert (call.tool, call.arguments) == ("fleet.book_service", {"vehicle_id": "ZH-4711", "date": "2026-12-03"})


def test_remembering_and_recalling_are_told_apart() -> None:
    planner = CallPlanner([KEEP, RECALL])
    assert planner.plan("remember that the spare key is under the pot").calls[0].tool == "mind.keep"
    assert planner.plan("where is the spare key?").calls[0].tool == "mind.recall"


def test_every_named_thing_gets_its_own_call() -> None:
    plan = PLANNER.plan("turn off all the lights")
    assert [call.arguments["device"] for call in plan.calls] == [
        "kitchen light",
        "living room light",
        "bedroom light",
        "hall light",
    ]
    assert [call.index for call in plan.calls] == [0, 1, 2, 3]


def test_tools_and_results_of_one_plan_do_not_leak_into_the_next() -> None:
    planner = CallPlanner([NUDGE, ENTER])
    first = planner.plan("remind me to call Bob at 5")
    planner.plan(TRIP)
    assert planner.plan("remind me to call Bob at 5") == first


# ---- anything at all -------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.text(max_size=300))
def test_any_request_is_survived(request_text: str) -> None:
    plan = PLANNER.plan(request_text, now=ZURICH, rules=[request_text])
    assert len(plan.calls) <= 40
    assert [call.index for call in plan.calls] == list(range(len(plan.calls)))
    for call in plan.calls:
        assert 0.0 <= call.confidence <= 1.0
        assert all(before < call.index for before in call.waits_for)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"properties": 3},
        {"properties": {"a": None}},
        {"properties": {"a": {"enum": 5, "x-choices": []}}, "required": "a"},
        {"properties": {"a": {"type": ["null", "string"], "anyOf": "x"}}, "x-utterances": "hello"},
        {"properties": {"a": {"type": "array"}}, "x-utterances": [1, None]},
    ],
)
def test_odd_schemas_are_survived(schema: dict[str, Any]) -> None:
    plan = plan_calls("say hello", [ToolShape("odd.tool", "Say hello to somebody.", schema)])
    assert len(plan.calls) + len(plan.unmatched) == 1


def test_no_tools_match_nothing() -> None:
    plan = plan_calls("turn on the light", [])
    assert (plan.calls, len(plan.unmatched)) == ((), 1)
    assert plan_calls("", [SKY]) == CallPlan((), ())
