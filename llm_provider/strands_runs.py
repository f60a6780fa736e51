"""Runs one Strands agent once, within the request's bounds. Imported only when an agent is needed.

Process-wide effect of Strands that a host should know: its first agent patches `threading` so that threads inherit
the OpenTelemetry context.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from strands import Agent
from strands.agent import AgentResult
from strands.types.exceptions import EventLoopException, MaxTokensReachedException, StructuredOutputException

from common.errors import LimitExceeded, ModelError, SupervisorError
from common.logs import get_logger
from llm_provider.agent_run import AgentRun
from llm_provider.json_safe import bounded_text

if TYPE_CHECKING:
    from pydantic import BaseModel
    from strands.models import Model
    from strands.plugins import Plugin
    from strands.types.tools import AgentTool

__all__ = ["MAX_TURNS", "AgentSpec", "invoke_agent", "run_agent"]

logger = get_logger(__name__)

MAX_TURNS = 100
"""Strands' loop is recursive: it slows down with every turn and breaks near 320."""


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """What a Strands agent is made of."""

    model: Model
    name: str
    system_prompt: str
    plugins: Sequence[Plugin]
    tools: Sequence[AgentTool] = ()
    output: type[BaseModel] | None = None


async def run_agent(spec: AgentSpec, state: AgentRun, blocks: Sequence[str], turns: int) -> AgentResult:
    """Invoke a fresh agent with a user message of these text blocks, for at most `turns` model calls.

    Raises `LimitExceeded` when a bound of the request trips and `ModelError` when the model fails; cancellation
    passes through. Tool calls that were under way have ended when this returns.
    """
    agent = Agent(
        model=spec.model,
        name=spec.name,
        system_prompt=spec.system_prompt,
        tools=list(spec.tools),
        plugins=list(spec.plugins),
        callback_handler=None,
        retry_strategy=None,  # none of its own: see llm_provider.model_calls
    )
    return await invoke_agent(agent, state, blocks, turns, spec.output)


async def invoke_agent(
    agent: Agent, state: AgentRun, blocks: Sequence[str], turns: int, output: type[BaseModel] | None = None
) -> AgentResult:
    """Invoke an agent that is watched already. Raises like `run_agent`."""
    prompt: Any = [{"text": text} for text in blocks]
    limits: Any = {"turns": max(1, min(turns, MAX_TURNS))}
    result: AgentResult | None = None
    failure: SupervisorError | None = None
    async with anyio.create_task_group() as group:  # the tool calls; leaving it waits for them
        state.group = group
        with anyio.move_on_after(state.run.budget.remaining()) as scope, _quiet(state.span):
            state.scope = scope
            try:
                result = await agent.invoke_async(prompt, limits=limits, structured_output_model=output)
            except Exception as error:
                failure = _as_error(error, state)
        group.cancel_scope.cancel()
    if state.stopped is not None:
        raise state.stopped
    if failure is not None:
        raise failure
    if result is None:
        state.run.budget.check_time()
        raise LimitExceeded("wall_clock", "the request ran out of time", where="limits.wall_clock")
    return result


@contextmanager
def _quiet(span: trace.Span) -> Generator[None]:
    """Keep Strands' own spans out of the host's trace, which has ours for the same steps.

    Strands makes its spans with the global tracer provider. They get a parent that says "not sampled", which the
    usual parent-based samplers honour.
    """
    own = span.get_span_context()
    if not own.is_valid:
        yield
        return
    hidden = SpanContext(own.trace_id, own.span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.DEFAULT))
    with trace.use_span(NonRecordingSpan(hidden), record_exception=False, set_status_on_exception=False):
        yield


def _as_error(error: Exception, state: AgentRun) -> SupervisorError:
    """The typed error for what ended a run; the original one goes to the log."""
    cause: BaseException = error
    while isinstance(cause, EventLoopException):
        cause = cause.original_exception
    if isinstance(cause, SupervisorError):
        return cause
    where = f"model {state.model.label}"
    logger.info("%s failed", where, exc_info=cause)
    if isinstance(cause, MaxTokensReachedException):
        return ModelError(
            "the model's answer was cut off at its token limit", where=where, todo="Raise max_tokens, or ask for less."
        )
    if isinstance(cause, StructuredOutputException):
        return ModelError("the model gave no answer in the shape that was asked for", where=where)
    said = bounded_text(f"{type(cause).__name__}: {cause}", 500)
    return ModelError(f"the model failed: {said}", where=where)
