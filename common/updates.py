"""Typed updates of a running request, for progress displays and streams; the last one is `Completed`."""

from __future__ import annotations

from dataclasses import dataclass

from common.results import Response

__all__ = [
    "ApprovalRequested",
    "BuildProgress",
    "Completed",
    "IntentRegistered",
    "ModelReplaced",
    "Planned",
    "Routed",
    "TaskStarted",
    "TextDelta",
    "TextDiscarded",
    "ToolFinished",
    "ToolStarted",
    "Update",
]


@dataclass(frozen=True, slots=True)
class Routed:
    """The router has decided."""

    approach: str
    route: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan exists: its steps in words."""

    engine: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A task of the graph, or the agent, starts."""

    task: str
    role: str
    request: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool call starts."""

    tool: str
    call_id: str
    task: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool call ended; `text` is an excerpt of what it said."""

    tool: str
    call_id: str
    ok: bool
    seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer, as a model says it; `task` tells apart what several tasks say at once.

    What no model said comes at once (`whole`): what a task found out, when it ends, and what became of the intents,
    which belongs to no task. `Completed` has the answer as it stands in the end.
    """

    text: str
    task: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class TextDiscarded:
    """The model's answer broke off: the last `characters` that the task's deltas told count for nothing.

    What comes next, if anything does, begins anew.
    """

    characters: int
    reason: str
    task: str = ""


@dataclass(frozen=True, slots=True)
class ModelReplaced:
    """A model could not answer, and another goes on in its place; both are named by their tiers."""

    tier: str
    by: str
    reason: str
    task: str = ""


@dataclass(frozen=True, slots=True)
class IntentRegistered:
    """An intent is in the log."""

    intent_id: str
    type: str
    summary: str


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    """An intent waits for a person."""

    intent_id: str
    type: str
    summary: str


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """A stage of a build began (`state` ``started``), ended (``finished``, ``reused``) or failed.

    ``repairing``: it goes back because of `component`. `seconds` are what it took, since it began.
    """

    build_id: str
    stage: str
    state: str
    seconds: float = 0.0
    component: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """The request is done."""

    response: Response


Update = (
    Routed
    | Planned
    | TaskStarted
    | ToolStarted
    | ToolFinished
    | TextDelta
    | TextDiscarded
    | ModelReplaced
    | IntentRegistered
    | ApprovalRequested
    | BuildProgress
    | Completed
)
