"""Watches one Strands agent through its middleware: budget, trace events, spans, metrics, streamed text.

Imported only when an agent is built. Nothing in here may fail a run, but for the bounds of the request.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from opentelemetry import trace
from opentelemetry.trace import Span, Status, StatusCode
from strands import Agent
from strands.middleware import ExecuteToolContext, ExecuteToolStage, InvokeModelContext, InvokeModelStage
from strands.plugins import Plugin
from strands.types.events import ModelStopReason, ToolResultEvent
from typing_extensions import override

from common.errors import LimitExceeded
from common.logs import get_logger
from common.updates import TextDelta, TextDiscarded
from events.catalogue.trace import ModelCalled, ThinkingRecorded
from llm_provider.agent_run import AgentRun
from llm_provider.fault_reading import error_words, read_fault
from llm_provider.guarded_stream import guarded
from llm_provider.json_safe import bounded_text, clean_text, usable_arguments
from llm_provider.links import OFFLINE
from llm_provider.offline.tokens import count_chars, count_prompt
from llm_provider.pricing import TokenCounts, cost_of
from llm_provider.tool_registry import ToolRegistry
from llm_provider.wire_names import wire_name

__all__ = ["Recorder"]

logger = get_logger(__name__)

_MAX_THINKING = 20_000

Next = Callable[[Any], AsyncGenerator[Any, None]]


@dataclass(slots=True)
class _ModelCall:
    """What is known of a model call while and after it runs; `said` and `shown` count characters."""

    started: float = field(default_factory=time.perf_counter)
    usage: Mapping[str, int] = field(default_factory=dict[str, int])
    stop_reason: str = ""
    tools: list[str] = field(default_factory=list[str])
    thinking: list[str] = field(default_factory=list[str])
    error: str | None = None
    said: int = 0
    shown: int = 0


class Recorder(Plugin):
    """One agent's recorder. `tools` are the registered names the agent was given.

    Without a registry the agent has no tools of ours, and what it says is not the answer to anybody.
    """

    def __init__(self, state: AgentRun, registry: ToolRegistry | None = None, tools: Collection[str] = ()) -> None:
        super().__init__()
        self._state = state
        self._registry = registry
        self._given = tools

    @property
    @override
    def name(self) -> str:
        """The plugin's name, for Strands."""
        return "supervisor-recorder"

    @override
    def init_agent(self, agent: Agent) -> None:
        """Put the recorder around every model and tool call of the agent."""
        agent.add_middleware(InvokeModelStage, self.watch_model)
        agent.add_middleware(ExecuteToolStage, self._execute_tool)

    async def watch_model(self, context: InvokeModelContext, call_model: Next) -> AsyncGenerator[Any, None]:
        """Make a model call, within the request's bounds, and record it."""
        state = self._state
        try:
            state.run.budget.spend_turn()
        except LimitExceeded as limit:
            await state.end(limit)
        state.usage.model_calls += 1
        call = _ModelCall()
        span = self._start_span()
        failure: Exception | None = None
        try:
            async for event in guarded(call_model(context), state.attempt.seconds, whole=state.attempt.whole):
                self._observe(event, call)
                yield event
        except BaseException as error:
            call.error = error_words(error)
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(Status(StatusCode.ERROR))
            self._discard(call, error)
            if not isinstance(error, Exception):
                self._finish(call, span, None)
                raise
            failure = error
        if state.model.provider != OFFLINE and not any(call.usage.values()) and (failure is None or call.said):
            call.usage = _estimated(context, call.said)
        tokens = TokenCounts.of(call.usage)
        cost = await cost_of(state.model, tokens) if tokens.input or failure is None else 0.0
        self._finish(call, span, cost)
        try:
            self._spend(tokens, cost)
        except LimitExceeded as limit:
            await state.end(limit)
        if failure is not None:
            raise failure

    async def _execute_tool(self, context: ExecuteToolContext, run_tool: Next) -> AsyncGenerator[Any, None]:
        if context.tool is not None:
            async for event in run_tool(context):
                yield event
            return
        use = context.tool_use
        name, model_id = str(use.get("name")), str(use.get("toolUseId"))
        near = self._registry.nearest(name, self._given) if self._registry is not None else None
        hint = f" Did you mean {wire_name(near)}?" if near else ""
        text = f"There is no tool {bounded_text(name, 100)}.{hint}"
        self._state.refuse_unknown(model_id, name, use.get("input"), text)
        yield ToolResultEvent({"toolUseId": model_id, "status": "error", "content": [{"text": text}]})

    def _start_span(self) -> Span:
        state = self._state
        return state.run.telemetry.tracer.start_span(
            f"chat {state.model.label}",
            context=trace.set_span_in_context(state.span),
            kind=trace.SpanKind.CLIENT,
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": state.model.provider,
                "gen_ai.request.model": state.model.label,
            },
        )

    def _observe(self, event: object, call: _ModelCall) -> None:
        """Read an event of the model's stream; a fault in here is logged and passed over."""
        try:
            if isinstance(event, ModelStopReason):
                self._read_message(event, call)
            elif isinstance(event, dict) and "event" in event:
                self._read_chunk(cast("Mapping[str, Any]", event["event"]), call)
        except Exception:
            logger.warning("a model's event could not be recorded", exc_info=True)

    def _read_chunk(self, chunk: Mapping[str, Any], call: _ModelCall) -> None:
        delta = cast("Mapping[str, Any]", chunk.get("contentBlockDelta", {})).get("delta", {})
        call.said += len(delta.get("text") or delta.get("toolUse", {}).get("input") or "")
        if self._registry is not None and (text := delta.get("text")):
            self._state.run.emit(TextDelta(clean_text(text), self._state.run.task))
            call.shown += len(text)
        if "messageStop" in chunk:
            stop = cast("Mapping[str, Any]", chunk["messageStop"])
            said = stop.get("additionalModelResponseFields")
            unanswered = cast("dict[str, Any]", said).get("unanswered", ()) if isinstance(said, dict) else ()
            self._state.unanswered = tuple(str(part) for part in unanswered)

    def _read_message(self, event: ModelStopReason, call: _ModelCall) -> None:
        call.stop_reason = event.stop_reason
        call.usage = cast("Mapping[str, int]", event.usage)
        asked: list[tuple[str, str]] = []
        for block in cast("list[dict[str, Any]]", event.message["content"]):
            if "text" in block:
                block["text"] = clean_text(block["text"])
            if use := block.get("toolUse"):
                use["input"] = usable_arguments(use.get("input"))
                known = self._known_name(use)
                asked.append((use["toolUseId"], known or ""))
                call.tools.append(known or bounded_text(use["name"], 100))
            if reasoning := block.get("reasoningContent"):
                call.thinking.append(str(reasoning.get("reasoningText", {}).get("text") or ""))
        if self._registry is not None:
            self._state.expect(asked)

    def _known_name(self, use: dict[str, Any]) -> str | None:
        """The registered name of the tool that is asked for, if the agent has it.

        One that was asked for by its registered name is put right.
        """
        if use["name"] in self._given:
            use["name"] = wire_name(use["name"])
        known = self._registry.from_wire(use["name"]) if self._registry is not None else None
        return known if known in self._given else None

    def _discard(self, call: _ModelCall, error: BaseException) -> None:
        """Take back what was shown of an answer that came to nothing."""
        if not call.shown:
            return
        try:
            reason = read_fault(error).what if isinstance(error, Exception) else "the request ended before the answer"
            self._state.run.emit(TextDiscarded(call.shown, reason, self._state.run.task))
        except Exception:
            logger.warning("an answer that broke off could not be taken back", exc_info=True)

    def _finish(self, call: _ModelCall, span: Span, cost: float | None) -> None:
        """Record a model call that ended; a fault in here is logged and passed over."""
        try:
            seconds = time.perf_counter() - call.started
            tokens = TokenCounts.of(call.usage)
            self._record(call, tokens, cost, seconds)
            self._count(tokens, seconds)
            span.set_attribute("gen_ai.usage.input_tokens", tokens.input)
            span.set_attribute("gen_ai.usage.output_tokens", tokens.output)
            if call.stop_reason:
                span.set_attribute("gen_ai.response.finish_reasons", [call.stop_reason])
        except Exception:
            logger.warning("a model call could not be recorded", exc_info=True)
        finally:
            span.end()

    def _record(self, call: _ModelCall, tokens: TokenCounts, cost: float | None, seconds: float) -> None:
        state = self._state
        for thought in call.thinking:
            if thought.strip():
                text = bounded_text(thought, _MAX_THINKING)
                state.run.trace.record(ThinkingRecorded(task=state.run.task, text=text))
        state.run.trace.record(
            ModelCalled(
                task=state.run.task,
                provider=state.model.provider,
                model=state.model.label,
                purpose=state.purpose,
                tier=state.attempt.tier,
                prompt_version=state.prompt_version,
                input_tokens=tokens.input,
                output_tokens=tokens.output,
                cached_tokens=tokens.cached,
                cost=cost,
                seconds=seconds,
                stop_reason=call.stop_reason,
                tool_calls=call.tools,
                error=call.error,
            )
        )

    def _count(self, tokens: TokenCounts, seconds: float) -> None:
        metrics, label = self._state.run.telemetry.metrics, self._state.model.label
        metrics.tokens.labels(label, "input").inc(tokens.input)
        metrics.tokens.labels(label, "output").inc(tokens.output)
        metrics.model_seconds.labels(label).observe(seconds)

    def _spend(self, tokens: TokenCounts, cost: float | None) -> None:
        state = self._state
        used = state.usage
        used.input_tokens += tokens.input
        used.output_tokens += tokens.output
        used.cost = None if cost is None or used.cost is None else used.cost + cost
        state.run.budget.spend_tokens(tokens.input, tokens.output, cost)


def _estimated(context: InvokeModelContext, said: int) -> Mapping[str, int]:
    """The tokens of a call whose provider counted none, so that the request's bounds hold all the same."""
    specs = cast("list[Mapping[str, Any]]", context.tool_specs)
    read = count_prompt(cast("list[Mapping[str, Any]]", context.messages), specs, str(context.system_prompt or ""))
    written = count_chars(said)
    return {"inputTokens": read, "outputTokens": written, "totalTokens": read + written}
