"""Reads a trace back from its events: what was asked, how it was handled, what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from common.flags import META_PLANNING
from common.results import FlagReading, RequestMetadata, UsageReport
from common.tool import Fact
from events.catalogue.trace import (
    AgentConfigured,
    FallbackTaken,
    ModelCalled,
    RequestRouted,
    TaskFinished,
    TaskGraphPlanned,
    ToolCalled,
    TraceEnded,
    TraceStarted,
)
from events.recorded import RecordedEvent
from supervisor.answers import TaskOutput

__all__ = ["TraceReading", "engine_flag", "read_trace"]

Approach = Literal["direct", "task_graph", "meta_planning"]


@dataclass(slots=True)
class TraceReading:
    """A trace, folded. `version` is the version of its last event, for appends that must not come second."""

    started: TraceStarted | None = None
    ended: TraceEnded | None = None
    tenant: str = ""
    version: int = 0
    outputs: list[TaskOutput] = field(default_factory=list[TaskOutput])
    approach: str = "direct"
    route: str = ""
    confidence: float = 0.0
    flag: FlagReading | None = None
    plan: Any = None
    tools_selected: list[str] = field(default_factory=list[str])
    tools_used: list[str] = field(default_factory=list[str])
    fallback: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 0
    cost: float | None = 0.0

    @property
    def metadata(self) -> RequestMetadata:
        """How the request was handled, as far as the trace tells."""
        return RequestMetadata(
            approach=cast("Approach", self.approach),
            route=self.route,
            confidence=self.confidence,
            flag=self.flag,
            tools_selected=tuple(self.tools_selected),
            tools_used=tuple(dict.fromkeys(self.tools_used)),
            iterations=self.model_calls,
            plan=self.plan,
            fallback=self.fallback,
        )

    @property
    def usage(self) -> UsageReport:
        """What the request used."""
        return UsageReport(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            model_calls=self.model_calls,
            tool_calls=len(self.tools_used),
            cost=self.cost,
        )


def read_trace(recorded: Sequence[RecordedEvent]) -> TraceReading:
    """Fold the events of one trace stream; kinds it does not know are passed over."""
    reading = TraceReading()
    for entry in recorded:
        reading.version = entry.version
        reading.tenant = entry.tenant
        _fold(reading, entry.event)
    return reading


def _fold(reading: TraceReading, event: object) -> None:
    match event:
        case TraceStarted():
            reading.started = event
        case RequestRouted():
            reading.approach, reading.route, reading.confidence = event.approach, event.route, event.confidence
            reading.flag = engine_flag(event) or reading.flag
        case TaskGraphPlanned():
            reading.plan = event.tasks
        case AgentConfigured():
            reading.plan = event.configuration.get("plan")
            names = event.configuration.get("tool_names")
            reading.tools_selected = [str(name) for name in names] if isinstance(names, list) else []
        case TaskFinished():
            facts = tuple(Fact.model_validate(fact) for fact in event.facts)
            reading.outputs.append(
                TaskOutput(event.task, event.text, event.ok, event.partly, facts, tuple(event.tools_called))
            )
        case ToolCalled():
            reading.tools_used.append(event.tool)
        case ModelCalled():
            _count(reading, event)
        case FallbackTaken():
            reading.fallback = f"{event.source} → {event.target}: {event.reason}"
        case TraceEnded():
            reading.ended = event
        case _:
            pass


def engine_flag(routed: RequestRouted) -> FlagReading | None:
    """The flag that chose the engine, where it was read."""
    for flag in routed.flags:
        if flag.get("key") == META_PLANNING:
            return FlagReading.model_validate({name: flag.get(name, "") for name in ("key", "variant", "reason")})
    return None


def _count(reading: TraceReading, event: ModelCalled) -> None:
    reading.model_calls += 1
    reading.input_tokens += event.input_tokens
    reading.output_tokens += event.output_tokens
    reading.cost = None if reading.cost is None or event.cost is None else reading.cost + event.cost
