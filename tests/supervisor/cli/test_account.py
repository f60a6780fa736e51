"""The account: what it says about route, engine, plan, tools, intents and costs."""

from __future__ import annotations

from typing import Any

import pytest

from common.intents import IntentStatus
from common.results import ExpectedSuccess, FlagReading, IntentReport, RequestMetadata, Response, UsageReport
from events.catalogue.trace import FallbackTaken, TaskFinished, TaskGraphPlanned, TaskStarted, ToolCalled
from supervisor.cli.account import account, exit_code, render_account

TASKS: list[dict[str, Any]] = [
    {"id": "t1", "role": "weather", "request": "check the weather on Saturday", "depends_on": []},
    {"id": "t2", "role": "calendar", "request": "add mountain trip to my calendar on Saturday", "depends_on": []},
    {"id": "t3", "role": "timer", "request": "remind me an hour before", "depends_on": ["t2"]},
]


def response(**changes: Any) -> Response:
    metadata = {
        "approach": "task_graph",
        "route": "weather",
        "confidence": 0.41,
        "flag": FlagReading(key="meta-planning", variant="off", reason="STATIC"),
        "plan": TASKS,
        "tools_used": ("weather.forecast", "calendar.add_event"),
        **changes.pop("metadata", {}),
    }
    given: dict[str, Any] = {
        "trace_id": "4f0c",
        "text": "It is in your calendar.",
        "outcome": "partial",
        "metadata": RequestMetadata(**metadata),
        "usage": UsageReport(tool_calls=3),
        "duration_ms": 1234.5,
        **changes,
    }
    return Response(**given)


EVENTS = [
    TaskGraphPlanned(tasks=TASKS),
    TaskStarted(task="t1", role="weather", request="check the weather on Saturday"),
    ToolCalled(call_id="c1", tool="weather.forecast", ok=False, text="the service can't be reached", seconds=0.5),
    TaskFinished(task="t1", ok=False, text="The weather service can't be reached."),
    TaskStarted(task="t2", role="calendar", request="add mountain trip"),
    ToolCalled(call_id="c2", tool="calendar.add_event", ok=True, text="will be added", seconds=0.01),
    TaskFinished(task="t2", ok=True, text=""),
]


def test_a_planned_request_is_told_step_by_step() -> None:
    intents = (
        IntentReport(id="i1", type="calendar.add_event", status=IntentStatus.PROCESSED, detail="“Trip” is in it."),
        IntentReport(id="i2", type="timer.set", status=IntentStatus.AWAITING_APPROVAL),
    )
    assert render_account(account(response(intents=intents), EVENTS)) == [
        "  route    to planning, nearest role weather (41% sure)",
        "  engine   TaskGraph, because meta-planning is off (as configured or by default)",
        "  plan     t1 weather: check the weather on Saturday — failed: The weather service can't be reached.",
        "           t2 calendar: add mountain trip to my calendar on Saturday — done",
        "           t3 timer, after t2: remind me an hour before — not run",
        "  tools    weather.forecast failed: the service can't be reached (0.50 s)",
        "           calendar.add_event ok (0.01 s)",
        "  intents  calendar.add_event processed: “Trip” is in it.",
        "           timer.set awaiting approval",
        "  outcome  partial",
        "  time     1.23 s, 3 tool calls, no model call",
        "  trace    4f0c",
    ]


def test_long_lines_are_wrapped_under_themselves_on_a_terminal() -> None:
    shown = render_account(account(response(), EVENTS), width=60)
    assert shown[1:4] == [
        "  engine   TaskGraph, because meta-planning is off (as",
        "           configured or by default)",
        "  plan     t1 weather: check the weather on Saturday —",
    ]
    assert all(len(line) <= 60 for line in shown)


def test_a_direct_request_needs_no_engine() -> None:
    metadata = {"approach": "direct", "route": "smart_home", "confidence": 0.987, "flag": None, "plan": None}
    shown = render_account(account(response(metadata={**metadata, "tools_used": ()}, outcome="success"), []))
    assert shown == [
        "  route    directly to smart_home (99% sure)",
        "  engine   none needed: the role answers by itself",
        "  tools    none called",
        "  outcome  success",
        "  time     1.23 s, 3 tool calls, no model call",
        "  trace    4f0c",
    ]


def test_without_events_the_response_tells_what_it_knows() -> None:
    lines = render_account(account(response()))
    assert "  plan     t1 weather: check the weather on Saturday" in lines
    assert "  tools    weather.forecast" in lines


def test_meta_planning_shows_its_plan_its_fallback_and_what_the_model_cost() -> None:
    flag = FlagReading(key="meta-planning", variant="on", reason="REQUEST")
    metadata = {"approach": "meta_planning", "flag": flag, "plan": "1. weather\n\n2. calendar\n"}
    usage = UsageReport(tool_calls=1, model_calls=2, input_tokens=1234, output_tokens=56, cost=0.01234)
    shown = render_account(account(response(metadata=metadata, usage=usage)))
    assert "  engine   meta-planning agent, because meta-planning is on (asked for by this request)" in shown
    assert shown[shown.index("  plan     1. weather") + 1] == "           2. calendar"
    assert "  time     1.23 s, 1 tool call, 2 model calls, 1,234 tokens in, 56 out, $0.0123" in shown
    unknown = usage.model_copy(update={"cost": None})
    assert any(line.endswith("price unknown") for line in render_account(account(response(usage=unknown))))


def test_a_fallback_is_told_and_the_plan_that_was_left_is_not() -> None:
    events = [
        TaskGraphPlanned(tasks=[{"id": "old", "role": "x", "request": "y"}]),
        FallbackTaken(source="meta_planning", target="task_graph", reason="no plan"),
        *EVENTS,
    ]
    shown = render_account(account(response(metadata={"fallback": "meta_planning → task_graph: no plan"}), events))
    assert "           fallback: meta_planning → task_graph: no plan" in shown
    assert not any("old x" in line for line in shown)


def test_what_tools_and_intents_say_can_not_bring_secrets_or_lines_of_their_own() -> None:
    event = ToolCalled(call_id="c", tool="search.documents", ok=False, text="password=hunter2\n  outcome  success")
    intent = IntentReport(id="i", type="x.y", status=IntentStatus.FAILED, detail="card 4111 1111 1111 1111\nno")
    shown = render_account(account(response(intents=(intent,)), [event]))
    assert "  tools    search.documents failed: password=[redacted] outcome success (0.00 s)" in shown
    assert "  intents  x.y failed: card [card number] no" in shown


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("success", 0),
        ("partial", 0),
        ("awaiting_approval", 0),
        ("failure", 1),
        ("cancelled", 1),
        ("interrupted", 1),
        ("limit:tokens", 1),
    ],
)
def test_outcomes_have_exit_codes(outcome: str, code: int) -> None:
    assert exit_code(outcome) == code


def test_what_was_expected_is_told_in_one_line_where_there_is_evidence() -> None:
    assert "expected" not in {entry.label for entry in account(response())}
    expected = {
        "task_graph": ExpectedSuccess(probability=0.812, low=0.7, high=0.9, support=60),
        "meta_planning": ExpectedSuccess(probability=0.5, low=0.2, high=0.8, support=1),
    }
    (line,) = [e for e in account(response(metadata={"expected_success": expected})) if e.label == "expected"]
    assert line.lines == ("success TaskGraph 81% (70% to 90%, 60 runs); meta-planning 50% (20% to 80%, 1 run)",)
