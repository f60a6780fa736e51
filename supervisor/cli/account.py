"""The account of a request: how it was done and what became of every part, as lines for people."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from common.results import ExpectedSuccess, FlagReading, Response
from events.catalogue.trace import FallbackTaken, TaskFinished, TaskGraphPlanned, TaskStarted, ToolCalled
from supervisor.cli.output import one_line
from supervisor.cli.progress import route_text

__all__ = ["Entry", "account", "exit_code", "render_account"]

_WIDTH = 160

_ENGINES = {"task_graph": "TaskGraph", "meta_planning": "meta-planning agent"}
_EXPECTED = {"task_graph": "TaskGraph", "meta_planning": "meta-planning"}
_REASONS = {
    "DEFAULT": "the default",
    "DISABLED": "the flag is disabled, so the default holds",
    "ERROR": "the flag's provider failed, so the default holds",
    "REQUEST": "asked for by this request",
    "SPLIT": "by a percentage rollout",
    "STATIC": "as configured or by default",
    "TARGETING_MATCH": "by a targeting rule or percentage",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A label and what stands beside it, one or more lines."""

    label: str
    lines: tuple[str, ...]


def exit_code(outcome: str) -> int:
    """0 for done, done in part (the account says which part failed) and waiting for approval; else 1."""
    return 0 if outcome in ("success", "partial", "awaiting_approval") else 1


def account(response: Response, events: Sequence[object] = ()) -> list[Entry]:
    """The account of a response; `events` are its trace's, which tell how each step and tool call ended."""
    seen = _Seen.of(events)
    metadata = response.metadata
    route = route_text(metadata.approach, metadata.route, metadata.confidence)
    entries = [Entry("route", (route,)), Entry("engine", _engine(response))]
    if metadata.expected_success:
        entries.append(Entry("expected", (_expected(metadata.expected_success),)))
    steps = _steps(metadata.plan, seen)
    if steps:
        entries.append(Entry("plan", steps))
    tools = seen.tools or tuple(metadata.tools_used)
    entries.append(Entry("tools", tools or ("none called",)))
    if response.intents:
        intents = (
            f"{intent.type} {intent.status.value.replace('_', ' ')}: {one_line(intent.detail, _WIDTH)}"
            for intent in response.intents
        )
        entries.append(Entry("intents", tuple(line.removesuffix(": ") for line in intents)))
    entries.append(Entry("outcome", (response.outcome.replace("_", " "),)))
    entries.append(Entry("time", (_cost(response),)))
    entries.append(Entry("trace", (response.trace_id,)))
    return entries


def render_account(entries: Sequence[Entry], width: int | None = None) -> list[str]:
    """The entries as indented lines with aligned labels, wrapped at `width` characters if one is given."""
    size = max(len(entry.label) for entry in entries)
    indent = size + 4
    lines: list[str] = []
    for entry in entries:
        label = f"  {entry.label:<{size}}  "
        for text in entry.lines:
            wrapped = [text] if width is None else textwrap.wrap(text, max(width - indent, 20))
            for part in wrapped:
                lines.append(f"{label}{part}")
                label = " " * indent
    return lines


@dataclass(slots=True)
class _Seen:
    """What a trace's events tell about tasks and tools."""

    tasks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    ended: dict[str, str] = field(default_factory=dict[str, str])
    started: set[str] = field(default_factory=set[str])
    tool_lines: list[str] = field(default_factory=list[str])

    @property
    def tools(self) -> tuple[str, ...]:
        return tuple(self.tool_lines)

    @classmethod
    def of(cls, events: Sequence[object]) -> _Seen:
        seen = cls()
        for event in events:
            match event:
                case TaskGraphPlanned():
                    seen.tasks = list(event.tasks)
                case FallbackTaken():
                    seen.tasks = []
                case TaskStarted():
                    seen.started.add(event.task)
                case TaskFinished():
                    why = one_line(event.error or event.text, _WIDTH)
                    seen.ended[event.task] = "done" if event.ok else f"failed: {why}"
                case ToolCalled():
                    why = one_line(event.error or event.text, _WIDTH)
                    end = "ok" if event.ok else f"failed: {why}"
                    seen.tool_lines.append(f"{event.tool} {end} ({event.seconds:.2f} s)")
                case _:
                    pass
        return seen


def _engine(response: Response) -> tuple[str, ...]:
    metadata = response.metadata
    if metadata.approach == "direct":
        lines = ["none needed: the role answers by itself"]
    else:
        lines = [f"{_ENGINES[metadata.approach]}{_flag(metadata.flag)}"]
    if metadata.fallback:
        lines.append(f"fallback: {one_line(metadata.fallback, _WIDTH)}")
    return tuple(lines)


def _expected(expected: Mapping[str, ExpectedSuccess]) -> str:
    """What was expected before it ran, with the interval of 95 %."""
    told = (
        f"{_EXPECTED.get(name, name)} {each.probability:.0%} ({each.low:.0%} to {each.high:.0%}, "
        f"{_count(each.support, 'run')})"
        for name, each in expected.items()
    )
    return f"success {'; '.join(told)}"


def _flag(flag: FlagReading | None) -> str:
    if flag is None:
        return ""
    return f", because {flag.key} is {flag.variant} ({_REASONS.get(flag.reason, flag.reason)})"


def _steps(plan: object, seen: _Seen) -> tuple[str, ...]:
    tasks = seen.tasks
    if not tasks and isinstance(plan, list):
        tasks = [cast("dict[str, Any]", task) for task in cast("list[object]", plan) if isinstance(task, dict)]
    if tasks:
        return tuple(_step(task, seen) for task in tasks)
    if isinstance(plan, str):
        return tuple(one_line(line, _WIDTH) for line in plan.splitlines() if line.strip())[:20]
    return ()


def _step(task: dict[str, Any], seen: _Seen) -> str:
    name = str(task.get("id", ""))
    after = task.get("depends_on") or ()
    waits = f", after {', '.join(map(str, after))}" if after else ""
    end = seen.ended.get(name) or ("not finished" if name in seen.started else "not run")
    end = f" — {end}" if seen.ended or seen.started else ""
    return f"{name} {task.get('role', '')}{waits}: {one_line(str(task.get('request', '')), _WIDTH)}{end}"


def _cost(response: Response) -> str:
    usage = response.usage
    parts = [f"{response.duration_ms / 1000:.2f} s", _count(usage.tool_calls, "tool call")]
    if not usage.model_calls:
        return ", ".join([*parts, "no model call"])
    cost = "price unknown" if usage.cost is None else f"${usage.cost:.4f}"
    tokens = f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"
    return ", ".join([*parts, _count(usage.model_calls, "model call"), tokens, cost])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
