"""OpenTelemetry spans of generative AI, as traces: each invoke_agent is a run, execute_tool and chat are its steps.

Follows the semantic conventions `gen_ai.*`, older and newer names, that LangGraph, the OpenAI Agents SDK, Strands and
others write. Spans of one trace may come in any order and in different export requests of a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from supervisor.learning.bounded import excerpt, number, text_of
from supervisor.learning.otlp_values import (
    attributes_of,
    items,
    last_text,
    mapping,
    mapping_from,
    nanoseconds,
    time_of,
)
from supervisor.learning.records import MAX_NAME, MAX_TEXT
from supervisor.learning.trace_building import MAX_TASK, SUCCESS_FROM, build_trace, make_step, task_id_of
from supervisor.learning.trace_rows import ReadRow

__all__ = ["SpanGroups"]

_MAX_SPANS = 20_000
"""Spans of one trace that are kept."""
_MAX_WAITING = 200_000
"""Spans of traces that wait for more of theirs."""
_MAX_ID = 64
_AGENT = frozenset({"invoke_agent", "create_agent", "invoke_workflow"})
_TOOL = "execute_tool"
_CHAT = frozenset({"chat", "text_completion", "generate_content"})
_INPUTS = ("gen_ai.input.messages", "gen_ai.prompt", "input.value", "gen_ai.task")
_OUTPUTS = ("gen_ai.output.messages", "gen_ai.completion", "output.value")
_ARGUMENTS = ("gen_ai.tool.call.arguments", "gen_ai.tool.arguments", "input.value")
_RESULTS = ("gen_ai.tool.call.result", "gen_ai.tool.result", "output.value")
_EVALUATION = "gen_ai.evaluation.result"
_GOOD = frozenset({"pass", "passed", "correct", "success", "relevant", "good", "true", "yes"})
_BAD = frozenset({"fail", "failed", "incorrect", "failure", "not_relevant", "bad", "false", "no"})


@dataclass(slots=True)
class _Span:
    """What is kept of a span."""

    id: str
    parent: str
    operation: str
    name: str
    start: int | None
    end: int | None
    error: str | None
    """Why it failed; None where it did not."""
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    service: str

    @property
    def seconds(self) -> float | None:
        return None if self.start is None or self.end is None else max(0.0, (self.end - self.start) / 1e9)

    def first(self, names: tuple[str, ...]) -> Any:
        """The first of the attributes that is there, on the span or on one of its events."""
        for name in names:
            if self.attributes.get(name) is not None:
                return self.attributes[name]
        return next((inner[name] for name in names for _, inner in self.events if inner.get(name) is not None), None)


@dataclass(slots=True)
class _Group:
    """The spans of one trace."""

    spans: dict[str, _Span] = field(default_factory=dict[str, _Span])
    line: int = 0
    repeated: int = 0
    left_out: int = 0


class SpanGroups:
    """Gathers spans by their trace; a trace is told at the end, or when too many spans wait for more of theirs."""

    def __init__(self, user: str, agent_type: str | None = None, *, max_waiting: int = _MAX_WAITING) -> None:
        self._user = user
        self._agent_type = agent_type
        self._max_waiting = max_waiting
        self._groups: dict[str, _Group] = {}
        self._waiting = 0

    def add(self, request: object, line: int) -> list[str]:
        """Take the spans of one export request; returns what is wrong with it."""
        given = mapping(request)
        if "resourceSpans" not in given:
            return ["it has no resourceSpans"]
        bad = 0
        for resource in items(given["resourceSpans"]):
            fields = mapping(resource)
            service = str(attributes_of(mapping(fields.get("resource"))).get("service.name") or "")
            scopes = items(fields.get("scopeSpans")) or items(fields.get("instrumentationLibrarySpans"))
            for scope in scopes:
                for span in items(mapping(scope).get("spans")):
                    bad += not self._add_span(mapping(span), service, line)
        return [f"{bad} span{' has' if bad == 1 else 's have'} no trace id or no span id"] if bad else []

    def _add_span(self, fields: Mapping[str, Any], service: str, line: int) -> bool:
        trace_id, span_id = _identifier(fields.get("traceId")), _identifier(fields.get("spanId"))
        if not trace_id or not span_id:
            return False
        group = self._groups.get(trace_id) or self._groups.setdefault(trace_id, _Group())
        group.line = line
        if span_id in group.spans:
            group.repeated += 1
        elif len(group.spans) >= _MAX_SPANS:
            group.left_out += 1
        else:
            group.spans[span_id] = _span(fields, span_id, service)
            self._waiting += 1
        return True

    def overflow(self) -> Iterator[tuple[int, ReadRow]]:
        """The traces that have waited longest, while too many spans wait."""
        while self._waiting > self._max_waiting:
            yield from self._tell(next(iter(self._groups)))

    def rest(self) -> Iterator[tuple[int, ReadRow]]:
        """All traces that are left."""
        while self._groups:
            yield from self._tell(next(iter(self._groups)))

    def _tell(self, trace_id: str) -> Iterator[tuple[int, ReadRow]]:
        group = self._groups.pop(trace_id)
        self._waiting -= len(group.spans)
        for row in _rows_of(trace_id, group, self._user, self._agent_type):
            yield group.line, row


def _identifier(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _MAX_ID and value.isalnum() and value.isascii() else ""


def _span(fields: Mapping[str, Any], span_id: str, service: str) -> _Span:
    attributes = attributes_of(fields)
    name = str(fields.get("name") or "")[:MAX_NAME]
    operation = attributes.get("gen_ai.operation.name")
    if not isinstance(operation, str):
        operation = name.partition(" ")[0] if name.partition(" ")[0] in {*_AGENT, *_CHAT, _TOOL} else ""
    events = [(str(mapping(event).get("name") or ""), attributes_of(mapping(event))) for event in
              items(fields.get("events"))[:200]]  # fmt: skip
    return _Span(
        span_id, _identifier(fields.get("parentSpanId")), operation, name, nanoseconds(fields.get("startTimeUnixNano")),
        nanoseconds(fields.get("endTimeUnixNano")), _error(mapping(fields.get("status")), attributes, events),
        attributes, events, service,
    )  # fmt: skip


def _error(
    status: Mapping[str, Any], attributes: Mapping[str, Any], events: list[tuple[str, dict[str, Any]]]
) -> str | None:
    kind = attributes.get("error.type")
    failed = status.get("code") in (2, "2", "STATUS_CODE_ERROR", "ERROR")
    failed = failed or kind is not None or attributes.get("gen_ai.tool.status") == "error"
    failed = failed or attributes.get("tool.status") == "error"
    if not failed:
        return None
    told = next((inner.get("exception.message") for name, inner in events if name == "exception"), None)
    return text_of(status.get("message") or told or kind or "error", MAX_TEXT)


def _rows_of(trace_id: str, group: _Group, user: str, agent_type: str | None) -> list[ReadRow]:
    """A run for each agent of a trace; for the trace as a whole where no span says that it is an agent."""
    runs = _runs(group)
    outermost = sum([1 for run in runs if _agent_above(run, group) is None])
    rows: list[ReadRow] = []
    for run, inside in runs.items():
        above = _agent_above(run, group)
        own_id = trace_id if outermost == 1 and above is None else f"{trace_id}-{run or 'rest'}"
        remarks: list[str] = []
        if group.repeated:
            remarks.append(f"{group.repeated} spans of {trace_id} come twice: the first of each counts")
        if group.left_out:
            remarks.append(f"{group.left_out} spans of {trace_id} were too many")
        parent = None if above is None else (trace_id if outermost == 1 else f"{trace_id}-{above}")
        fields, steps = _fields(group.spans.get(run), inside, agent_type)
        fields |= {"trace_id": own_id, "user": user, "parent": parent}
        fields["task_id"] = task_id_of(fields["task"]) or own_id
        counts = {"repeated spans": group.repeated, "spans": group.left_out}
        fields["left_out"] = {name: count for name, count in counts.items() if count}
        try:
            rows.append(ReadRow(build_trace(fields, steps), tuple(remarks if not rows else ())))
        except ValidationError:  # every field was checked above; a provider's oddity must not end the import
            continue
    return rows


def _runs(group: _Group) -> dict[str, list[_Span]]:
    """By the span of each agent ("" where there is none) the spans that belong to it, in the order of their starts."""
    runs: dict[str, list[_Span]] = defaultdict(list)
    for span in sorted(group.spans.values(), key=_when):
        if span.operation in _AGENT:
            _ = runs[span.id]
        if span.operation in _AGENT or span.operation in _CHAT or span.operation == _TOOL:
            above = _agent_above(span.id, group)
            if above is not None or span.operation not in _AGENT:
                runs[above or ""].append(span)
    outermost = [run for run in runs if run and _agent_above(run, group) is None]
    if "" in runs and len(outermost) == 1:  # a span between them is missing
        runs[outermost[0]] = sorted([*runs[outermost[0]], *runs.pop("")], key=_when)
    return runs


def _when(span: _Span) -> tuple[int, str]:
    return span.start or 0, span.id


def _agent_above(span_id: str, group: _Group) -> str | None:
    """The nearest agent's span above a span; None where there is none, or where its parents go in a circle."""
    span = group.spans.get(span_id)
    seen = {span_id}
    while span is not None and span.parent not in seen:
        seen.add(span.parent)
        span = group.spans.get(span.parent)
        if span is not None and span.operation in _AGENT:
            return span.id
    return None


def _fields(run: _Span | None, inside: list[_Span], agent_type: str | None) -> tuple[dict[str, Any], list[Any]]:
    spans = [run, *inside] if run is not None else inside
    first, chats = spans[0], [span for span in inside if span.operation in _CHAT]
    name = first.attributes.get("gen_ai.agent.name") if run is not None else None
    counted = chats if any(_tokens(chat) is not None for chat in chats) else spans[:1]
    tokens = [found for span in counted if (found := _tokens(span)) is not None]
    models = dict.fromkeys(model for span in spans if isinstance(model := _model(span), str))
    success, score = _evaluated(spans)
    if success is None and first.error is not None and run is not None:
        success = False
    task = next((text for span in spans if (text := _asked(span))), "")
    ends = [span.end for span in spans if span.end is not None]
    fields: dict[str, Any] = {
        "source": "otlp",
        "agent_type": excerpt(agent_type or str(name or first.service or "agent"), MAX_NAME),
        "task": task,
        "agent": excerpt(" ".join(models) or str(name or ""), MAX_NAME),
        "domain": excerpt(first.service, MAX_NAME),
        "success": success,
        "score": score,
        "finished": all(span.end is not None for span in spans[:1]),
        "error": first.error or "",
        "started_at": time_of(first.start),
        "seconds": first.seconds if run is not None or not ends else max(0.0, (max(ends) - (first.start or 0)) / 1e9),
        "tokens": sum(tokens) if tokens else None,
    }
    return fields, [_step(span) for span in inside]


def _tokens(span: _Span) -> int | None:
    found = [
        span.attributes.get(f"gen_ai.usage.{new}", span.attributes.get(f"gen_ai.usage.{old}"))
        for new, old in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens"))
    ]
    counts = [int(count) for value in found if (count := number(value)) is not None and count < 2**53]
    return sum(counts) if counts else None


def _model(span: _Span) -> object:
    return span.attributes.get("gen_ai.response.model") or span.attributes.get("gen_ai.request.model")


def _asked(span: _Span) -> str:
    """What the run was asked for: the last message of the user."""
    told = span.first(_INPUTS)
    if told is None:
        told = next((inner.get("content") for name, inner in span.events if name == "gen_ai.user.message"), None)
    return last_text(told, MAX_TASK) if told is not None else ""


def _evaluated(spans: list[_Span]) -> tuple[bool | None, float | None]:
    """The last evaluation that stands beside a run; that nothing failed is none."""
    success: bool | None = None
    score: float | None = None
    for _, inner in [event for span in spans for event in span.events if event[0] == _EVALUATION]:
        value = number(inner.get("gen_ai.evaluation.score.value"))
        label = str(inner.get("gen_ai.evaluation.score.label") or "").lower()
        score = value if value is not None and value <= 1 else None
        success = True if label in _GOOD else False if label in _BAD else None
        if success is None and score is not None:
            success = score >= SUCCESS_FROM
    return success, score


def _step(span: _Span) -> dict[str, Any]:
    error = span.error or ""
    if span.operation in _CHAT:
        said = span.first(_OUTPUTS)
        return make_step("reply", "reply", seconds=span.seconds, error=error, text=last_text(said or "", MAX_TEXT))
    name = span.attributes.get("gen_ai.tool.name" if span.operation == _TOOL else "gen_ai.agent.name")
    arguments, result = span.first(_ARGUMENTS), span.first(_RESULTS)
    ok = None if span.end is None else span.error is None
    return make_step(
        "tool", str(name or span.name.removeprefix(f"{span.operation} ") or span.operation), ok=ok, error=error,
        arguments=mapping_from(arguments) if span.operation == _TOOL else None, seconds=span.seconds,
        text=text_of(result, MAX_TEXT),
    )  # fmt: skip
