"""trace/<id>: what happened while one request was handled; only the trace's owner appends to it."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import BaseModel, Field, JsonValue, SerializeAsAny

from events.catalogue.base import Event

__all__ = [
    "AgentConfigured",
    "FallbackTaken",
    "FlagEvaluated",
    "FollowUpRead",
    "GuidelinesDrawn",
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
    """A request was admitted; `context` is the resolved TaskContext, `owner` the process that handles it.

    `resumes` is the trace of the attempt before, which this one goes on with.
    """

    TOPIC: ClassVar[str] = "trace.started"
    request: str
    user: str
    session: str | None = None
    request_id: str
    attempt: int = 1
    owner: str
    context: SerializeAsAny[dict[str, JsonValue]]
    resumes: str | None = None

    @classmethod
    def of(cls, context: BaseModel, **others: Any) -> Self:
        """The event with a context that is a model, which need not be turned into JSON values to be checked again.

        It is stored as ``context.model_dump(mode="json")`` would be; the other fields are taken as they are.
        """
        return cls.model_construct(context=context, **others)


class RequestRouted(Event):
    """The router decided; `flags` are the evaluations of feature flags that were made for this request so far.

    `guideline_version`, here and in the events below, is the guideline that was in service for the agent that the event
    is about: here the router.
    """

    TOPIC: ClassVar[str] = "trace.routed"
    approach: str
    route: str
    confidence: float
    alternatives: dict[str, float] = Field(default_factory=dict)
    flags: list[dict[str, JsonValue]] = Field(default_factory=list[dict[str, JsonValue]])
    guideline_version: str | None = None


class FlagEvaluated(Event):
    """A feature flag was evaluated for the request after it was routed."""

    TOPIC: ClassVar[str] = "trace.flag_evaluated"
    key: str
    variant: str
    reason: str
    provider: str
    error: str | None = None


class GuidelinesDrawn(Event):
    """Guidelines are on trial, and which version this request goes by was drawn by lot.

    `candidates` names the version on trial by agent type, `served` the one that agents of the type go by here (None: no
    guideline). Agent types for which it was not the lot that decided are not named.
    """

    TOPIC: ClassVar[str] = "trace.guidelines_drawn"
    PERSONAL: ClassVar[bool] = False
    candidates: dict[str, str]
    served: dict[str, str | None]


class AgentConfigured(Event):
    """Meta-planning made an agent configuration; `guideline_version` is the planner's."""

    TOPIC: ClassVar[str] = "trace.agent_configured"
    configuration: dict[str, JsonValue]
    dropped_tools: dict[str, str] = Field(default_factory=dict, description="unknown name -> nearest known one or ''")
    prompt_version: str = ""
    guideline_version: str | None = None


class TaskGraphPlanned(Event):
    """The planning role made a TaskGraph; `guideline_version` is the planner's."""

    TOPIC: ClassVar[str] = "trace.task_graph_planned"
    tasks: list[dict[str, JsonValue]]
    prompt_version: str = ""
    guideline_version: str | None = None


class TaskStarted(Event):
    """An attempt at a task starts; `guideline_version` is that of the agent type `role`."""

    TOPIC: ClassVar[str] = "trace.task_started"
    task: str
    role: str
    request: str
    attempt: int = 1
    guideline_version: str | None = None


class FollowUpRead(Event):
    """What a request of a session leaves out was found in its earlier turns.

    `request` is the request as it was completed, `meant` are the things it is about, `question` what was asked back
    where more than one thing may be meant.
    """

    TOPIC: ClassVar[str] = "trace.follow_up_read"
    request: str
    role: str = ""
    action: str = ""
    meant: list[dict[str, JsonValue]] = Field(default_factory=list[dict[str, JsonValue]])
    question: str | None = None


class TaskFinished(Event):
    """A task ended for good.

    `intents` are those it wants carried out, each with ``type``, ``arguments`` and ``call_id``, None where they were
    not kept: only a task whose intents are known can be gone on from. `whole` names the blob that holds all of a long
    result, as JSON ``{"text": …, "facts": […], "intents": […]}``. `taken_from` is the earlier trace that it ended in.
    """

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
    intents: list[dict[str, JsonValue]] | None = None
    whole: str | None = None
    taken_from: str | None = None


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
    """A tool call ended; `text` and `data` are bounded excerpts of what it answered.

    `whole` names the blob that holds all of it, as JSON ``{"text": …, "data": …}``; None where the excerpts are all
    there was, or where it was too large to be kept. `remembered`: the tool was not asked, it had answered the same
    question shortly before.

    Of a built agent, `version` is the one that served the call, and `worked` are the seconds that its process and its
    queries took: without the start of a process, and without waiting for other calls. None where that is not known.
    """

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
    whole: str | None = None
    remembered: bool = False
    version: str = ""
    worked: float | None = None


class FallbackTaken(Event):
    """One way failed and another was taken."""

    TOPIC: ClassVar[str] = "trace.fallback_taken"
    source: str
    target: str
    reason: str


class TraceEnded(Event):
    """The request has its outcome; `response` is the whole answer, given again to whoever asks again.

    `variants` are the flags it was handled under, by key, but those that the request set for itself.
    """

    TOPIC: ClassVar[str] = "trace.ended"
    outcome: str
    response: SerializeAsAny[dict[str, JsonValue]]
    error: str | None = None
    variants: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, response: BaseModel, **others: Any) -> Self:
        """The event with a response that is a model; see `TraceStarted.of`."""
        return cls.model_construct(response=response, **others)
