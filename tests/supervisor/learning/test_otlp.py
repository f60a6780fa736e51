"""OpenTelemetry spans of generative AI as traces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.context import Owner
from events.catalogue.collected import TraceCollected
from events.store import EventStore
from supervisor.learning.otlp import SpanGroups
from supervisor.learning.trace_files import FileProblem, read_traces
from supervisor.learning.trace_transfer import import_traces

TRACE = "5b8efff798038103d269b633813fc60c"
SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def value_of(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [value_of(each) for each in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": attributes(value)}}
    return {"stringValue": value}


def attributes(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value_of(value)} for key, value in given.items()]


def span(
    span_id: str, parent: str, operation: str, at: float, seconds: float | None = 1.0, trace: str = TRACE, **more: Any
) -> dict[str, Any]:
    given = {name.replace("__", "."): value for name, value in more.items() if name not in ("status", "events")}
    made: dict[str, Any] = {
        "traceId": trace,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": operation,
        "startTimeUnixNano": str(START + int(at * SECOND)),
        "attributes": attributes({"gen_ai.operation.name": operation, **given}),
        "status": more.get("status", {}),
        "events": [{"name": name, "attributes": attributes(inner)} for name, inner in more.get("events", [])],
    }
    if seconds is not None:
        made["endTimeUnixNano"] = str(START + int((at + seconds) * SECOND))
    return made


def request(*spans: dict[str, Any], service: str = "shop") -> dict[str, Any]:
    resource = {"attributes": attributes({"service.name": service})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


MESSAGES = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Where is my parcel?"}]}])
AGENT = span("a1", "", "invoke_agent", 0, 9.0, gen_ai__agent__name="clerk", gen_ai__input__messages=MESSAGES)
CHAT = span(
    "c1", "a1", "chat", 1, gen_ai__request__model="gpt-x", gen_ai__usage__input_tokens=40,
    gen_ai__usage__output_tokens=2, gen_ai__output__messages='[{"role": "assistant", "content": "Let me look."}]',
)  # fmt: skip
TOOL = span(
    "t1", "c1", "execute_tool", 2, 0.5, gen_ai__tool__name="find", gen_ai__tool__call__arguments='{"id": 7}',
    gen_ai__tool__call__result="in Bern",
)  # fmt: skip
BROKEN = span(
    "t2", "a1", "execute_tool", 4, gen_ai__tool__name="mail", error__type="Timeout",
    status={"code": 2, "message": "no answer"},
)  # fmt: skip


def read(folder: Path, text: str) -> tuple[dict[str, TraceCollected], list[FileProblem]]:
    (folder / "spans.json").write_text(text)
    traces: dict[str, TraceCollected] = {}
    problems: list[FileProblem] = []
    for each in read_traces(folder / "spans.json", "local"):
        if isinstance(each, FileProblem):
            problems.append(each)
        else:
            traces[each.row.trace.trace_id] = each.row.trace
    return traces, problems


@pytest.mark.parametrize("layout", ["document", "pretty", "lines", "backwards"])
def test_an_agents_spans_are_one_trace_however_they_are_written(tmp_path: Path, layout: str) -> None:
    spans = [AGENT, CHAT, TOOL, BROKEN]
    text = {
        "document": json.dumps(request(*spans)),
        "pretty": json.dumps(request(*spans), indent=2),
        "lines": "\n".join(json.dumps(request(each)) for each in spans),
        "backwards": "\n".join(json.dumps(request(each)) for each in reversed(spans)) + "\n",
    }[layout]
    traces, problems = read(tmp_path, text)
    assert problems == []
    trace = traces[TRACE]
    assert (trace.agent_type, trace.agent, trace.domain, trace.source) == ("clerk", "gpt-x", "shop", "otlp")
    assert (trace.task, trace.tokens, trace.seconds, trace.finished) == ("Where is my parcel?", 42, 9.0, True)
    assert trace.success is None  # that nothing raised says nothing
    chat, find, mail = trace.steps
    assert (chat.kind, chat.text) == ("reply", "Let me look.")
    assert (find.name, find.arguments, find.ok, find.seconds, find.text) == ("find", {"id": 7}, True, 0.5, "in Bern")
    assert (mail.name, mail.ok, mail.error) == ("mail", False, "no answer")


def test_an_agent_inside_another_is_a_trace_of_its_own_and_a_step_of_the_outer_one(tmp_path: Path) -> None:
    inner = span("b1", "a1", "invoke_agent", 5, gen_ai__agent__name="courier", status={"code": "STATUS_CODE_ERROR"})
    traces, _ = read(tmp_path, json.dumps(request(AGENT, inner, span("t9", "b1", "execute_tool", 6), TOOL, CHAT)))
    assert [step.name for step in traces[TRACE].steps] == ["reply", "find", "courier"]
    courier = traces[f"{TRACE}-b1"]
    assert (courier.agent_type, courier.parent, courier.success) == ("courier", TRACE, False)
    assert [step.name for step in courier.steps] == ["execute_tool"]


@pytest.mark.parametrize(("event", "success", "score"), [
    ({"gen_ai.evaluation.score.value": 0.9}, True, 0.9),
    ({"gen_ai.evaluation.score.label": "fail", "gen_ai.evaluation.score.value": 0.9}, False, 0.9),
    ({"gen_ai.evaluation.score.value": 7.5}, None, None),
])  # fmt: skip
def test_an_evaluation_beside_a_run_is_its_outcome(
    tmp_path: Path, event: dict[str, Any], success: bool | None, score: float | None
) -> None:
    judged = span("a1", "", "invoke_agent", 0, events=[("gen_ai.evaluation.result", event)])
    traces, _ = read(tmp_path, json.dumps(request(judged)))
    assert (traces[TRACE].success, traces[TRACE].score) == (success, score)


def test_strange_spans_are_told_or_taken_for_what_they_are(tmp_path: Path) -> None:
    circle = [span("x", "y", "execute_tool", 1), span("y", "x", "execute_tool", 2)]
    running = span("a2", "", "invoke_agent", 0, None, trace="ab" * 16)
    nameless = {"name": "chat"}
    lines = [request(*circle), request(running, running), request(nameless), {"resourceSpans": 5}, {"other": 1}, []]
    traces, problems = read(tmp_path, "\n".join([json.dumps(line) for line in lines] + ["{broken"]))
    assert [(problem.line, problem.skipped) for problem in problems][:3] == [(3, True), (5, True), (7, True)]
    assert "1 span has no trace id or no span id" in problems[0].text
    assert [len(trace.steps) for trace in traces.values()] == [2, 0]
    unfinished = traces["ab" * 16]
    assert (unfinished.finished, unfinished.left_out) == (False, {"repeated spans": 1})
    assert "come twice" in problems[-1].text


def test_traces_are_told_early_when_too_many_spans_wait() -> None:
    groups = SpanGroups("me", max_waiting=10)
    told: list[str] = []
    for number in range(100):
        groups.add(request(span("a1", "", "invoke_agent", 0, trace=f"{number:032x}")), number)
        told += [row.trace.trace_id for _, row in groups.overflow()]
    assert len(told) == 90
    assert len([*groups.rest()]) == 10


async def test_spans_are_imported_once(tmp_path: Path) -> None:
    (tmp_path / "spans.json").write_text(json.dumps(request(AGENT, CHAT, TOOL)))
    async with await EventStore.open("memory://") as store:
        first = await import_traces(store, tmp_path / "spans.json", Owner("default", "local"))
        second = await import_traces(store, tmp_path / "spans.json", Owner("default", "local"))
    assert (first.added, first.unjudged, second.added, second.known, second.different) == (1, 1, 0, 1, 0)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=10,
)


@given(changes=st.dictionaries(st.sampled_from(sorted(TOOL)), json_values), value=json_values)
def test_whatever_stands_in_a_span_the_rest_is_read(changes: dict[str, Any], value: Any) -> None:
    groups = SpanGroups("me")
    hostile = {**TOOL, **changes, "attributes": [{"key": "gen_ai.tool.call.arguments", "value": value}, value]}
    groups.add(request(AGENT, hostile), 1)
    groups.add({"resourceSpans": [value, {"resource": value, "scopeSpans": value}]}, 2)
    groups.add(value, 3)
    assert TRACE in [row.trace.trace_id for _, row in groups.rest()]
