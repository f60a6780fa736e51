"""What comes out: of a task, of an agent's run, of an engine, of a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from common.intents import IntentStatus
from common.tool import Fact

__all__ = [
    "ExpectedSuccess",
    "FlagReading",
    "IntentReport",
    "RequestMetadata",
    "Response",
    "RoleResult",
    "UsageReport",
    "WorkflowResult",
]


@dataclass(frozen=True, slots=True)
class RoleResult:
    """What a role (or an agent standing in for one) answers to one task.

    `partly` tells of a result that is not `ok` as a whole that a part of it was done all the same.
    """

    text: str
    ok: bool = True
    partly: bool = False
    facts: tuple[Fact, ...] = ()
    tools_called: tuple[str, ...] = ()
    iterations: int = 0


class FlagReading(BaseModel):
    """One evaluation of a feature flag: its value's variant, and why the provider chose it."""

    model_config = ConfigDict(frozen=True)

    key: str
    variant: str
    reason: str


class ExpectedSuccess(BaseModel):
    """What was expected before a request ran: a probability, its 95 % interval, and how many runs it rests on."""

    model_config = ConfigDict(frozen=True)

    probability: float
    low: float
    high: float
    support: int


class UsageReport(BaseModel):
    """Tokens, calls and cost (US dollars, None where no price is known) of one request."""

    model_config = ConfigDict(frozen=True)

    input_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    cost: float | None = None


class IntentReport(BaseModel):
    """What became of one intent.

    `followed` is what became of those that waited for it, where it was decided about just now.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    status: IntentStatus
    detail: str = ""
    followed: tuple[IntentReport, ...] = Field(default=(), exclude_if=lambda followed: not followed)


class RequestMetadata(BaseModel):
    """How a request was handled; both engines and the fast path fill the same fields.

    `expected_success` is by approach (``direct``, ``task_graph``, ``meta_planning``), of those that enough is known of.
    """

    model_config = ConfigDict(frozen=True)

    approach: Literal["direct", "task_graph", "meta_planning"] = "direct"
    route: str = ""
    confidence: float = 0.0
    flag: FlagReading | None = None
    tools_selected: tuple[str, ...] = ()
    tools_used: tuple[str, ...] = ()
    iterations: int = 0
    plan: JsonValue = None
    fallback: str | None = None
    expected_success: dict[str, ExpectedSuccess] | None = None


@dataclass(frozen=True, slots=True)
class WorkflowResult:
    """What an engine returns: the answer, its intents, and how it was reached."""

    response: str
    intents: tuple[IntentReport, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])


class Response(BaseModel):
    """The answer to a request.

    `outcome` is success, partial, failure, cancelled, interrupted, awaiting_approval or ``limit:<which>``.
    """

    model_config = ConfigDict(frozen=True)

    trace_id: str
    text: str
    outcome: str
    metadata: RequestMetadata = Field(default_factory=RequestMetadata)
    intents: tuple[IntentReport, ...] = ()
    usage: UsageReport = Field(default_factory=UsageReport)
    duration_ms: float = 0.0
