"""trace/<id>: what happened while one request was handled; only the trace's owner appends to it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, JsonValue

from events.catalogue.base import Event

__all__ = [
    "AgentConfigured",
    "FallbackTaken",
    "ModelCalled",
    "RequestRouted",
    "TaskFinished",
    "TaskGraphPlanned",
    "TaskStarted",
    "ThinkingRecorded",
    "ToolCalled",
    "TraceEnded",
    "TraceStarted",
]


class TraceStarted(Event):
    """A request was admitted; `context` is the resolved TaskContext, `owner` the process that handles it."""

    TOPIC: ClassVar[str] = "trace.started"
    request: str
    user: str
    session: str | None = None
    request_id: str
    attempt: int = 1
    owner: str
    context: dict[str, JsonValue]


class RequestRouted(Event):
    """The router decided; `flags` are the evaluations made for this request."""

    TOPIC: ClassVar[str] = "trace.routed"
    approach: str
    route: str
    confidence: float
    alternatives: dict[str, float] = Field(default_factory=dict)
    flags: list[dict[str, JsonValue]] = Field(default_factory=list[dict[str, JsonValue]])


class AgentConfigured(Event):
    """Meta-planning made an agent configuration."""

    TOPIC: ClassVar[str] = "trace.agent_configured"
    configuration: dict[str, JsonValue]
    dropped_tools: dict[str, str] = Field(default_factory=dict, description="unknown name -> nearest known one or ''")
    prompt_version: str = ""


class TaskGraphPlanned(Event):
    """The planning role made a TaskGraph."""

    TOPIC: ClassVar[str] = "trace.task_graph_planned"
    tasks: list[dict[str, JsonValue]]
    prompt_version: str = ""


class TaskStarted(Event):
    """An attempt at a task starts."""

    TOPIC: ClassVar[str] = "trace.task_started"
    task: str
    role: str
    request: str
    attempt: int = 1


class TaskFinished(Event):
    """A task ended for good."""

    TOPIC: ClassVar[str] = "trace.task_finished"
    task: str
    role: str = ""
    ok: bool
    partly: bool = False
    text: str = ""
    facts: list[dict[str, JsonValue]] = Field(default_factory=list[dict[str, JsonValue]])
    tools_called: list[str] = Field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0


class ModelCalled(Event):
    """An attempt at a model call ended; each attempt has its own, with its error.

    Tokens are as the provider counted them (`cached_tokens` is the part of the input it had kept), or an estimate where
    it counted none; cost is in US dollars where a price is known.
    """

    TOPIC: ClassVar[str] = "trace.model_called"
    task: str = ""
    provider: str
    model: str
    purpose: str = ""
    tier: str = ""
    prompt_version: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0
    stop_reason: str = ""
    tool_calls: list[str] = Field(default_factory=list)
    error: str | None = None


class ThinkingRecorded(Event):
    """Reasoning that a model let us see."""

    TOPIC: ClassVar[str] = "trace.thinking_recorded"
    task: str = ""
    text: str


class ToolCalled(Event):
    """A tool call ended; `text` and `data` are bounded excerpts of what it answered."""

    TOPIC: ClassVar[str] = "trace.tool_called"
    task: str = ""
    call_id: str
    tool: str
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    ok: bool
    text: str = ""
    data: JsonValue = None
    sources: list[str] = Field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0


class FallbackTaken(Event):
    """One way failed and another was taken."""

    TOPIC: ClassVar[str] = "trace.fallback_taken"
    source: str
    target: str
    reason: str


class TraceEnded(Event):
    """The request has its outcome; `response` is the whole answer, given again to whoever asks again."""

    TOPIC: ClassVar[str] = "trace.ended"
    outcome: str
    response: dict[str, JsonValue]
    error: str | None = None
