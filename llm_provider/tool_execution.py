"""The one place where a tool is called, by the fast path and by agents alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import anyio
from opentelemetry.trace import Status, StatusCode
from pydantic import BaseModel, ValidationError

from common.context import TaskContext
from common.errors import LimitExceeded, SupervisorError
from common.intent_collector import IntentCollector, clear_current_collector, set_current_collector
from common.logs import get_logger
from common.redaction import current_redactor
from common.run_context import RunContext
from common.telemetry import Telemetry
from common.tool import Served, Tool, ToolContext, ToolResult
from common.updates import ToolFinished, ToolStarted
from events.catalogue.trace import ToolCalled
from llm_provider.json_safe import bounded_text, clean_text, excerpt_of, json_safe, usable_arguments
from llm_provider.whole_results import whole_result

__all__ = ["describe_invalid_arguments", "execute_tool", "prepare_tools", "record_unknown_tool", "recorded_call"]

logger = get_logger(__name__)

_EXCERPT = 2_000
_UPDATE_EXCERPT = 300
_MAX_FACTS = 100
_MAX_SOURCES = 50
_MAX_PROBLEMS = 8
_PREPARE_SECONDS = 10.0


@dataclass(slots=True)
class _Attempt:
    """How a call ended: `status` is what metrics count, `kind` the finer `error.type` of the span.

    `error` is None where the tool did what it was asked.
    """

    result: ToolResult
    status: str = "ok"
    error: str | None = None
    kind: str = ""
    whole: ToolResult | None = None
    """The result before it was cut to what a model is shown."""
    remembered: bool = False


async def prepare_tools(tools: Iterable[Tool], context: TaskContext) -> None:
    """Let tools fetch what their choices draw on, each source once; one that fails or hangs is logged and left."""
    for prepare in dict.fromkeys(tool.prepare for tool in tools if tool.prepare is not None):
        try:
            with anyio.fail_after(_PREPARE_SECONDS):
                await prepare(context)
        except Exception:  # a host's own function; the call itself will say what can't be reached
            logger.info("the choices of a tool could not be brought up to date", exc_info=True)


async def execute_tool(
    tool: Tool, arguments: Mapping[str, Any], run: RunContext, call_id: str, *, timeout: float, max_chars: int
) -> ToolResult:
    """Call a tool once, within `timeout` seconds, and record what happened.

    What was tuned (`RunContext.calls`) may give it other seconds, leave a failing tool alone, or answer from memory.

    The text and data of the result are at most about `max_chars` characters each. A tool that fails, hangs or can't
    take the arguments gives ``ok=False`` with the reason as text; what it had registered until then is dropped.
    Raises `LimitExceeded` when the request has no tool call left; cancellation passes through.
    """
    run.budget.spend_tool_call()
    run.emit(ToolStarted(tool.name, call_id, run.task))
    started = time.perf_counter()
    usable = usable_arguments(arguments)
    attempt, served = _Attempt(ToolResult(text="", ok=False), "cancelled", "cancelled"), Served()
    try:
        with run.telemetry.span(
            f"execute_tool {tool.name}",
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": tool.name,
                "gen_ai.tool.call.id": call_id,
                "gen_ai.tool.type": "function",
            },
        ) as span:
            attempt = await _attempt(tool, usable, run, call_id, timeout, served)
            if attempt.error is not None:
                span.set_attribute("error.type", attempt.kind or attempt.status)
                span.set_status(Status(StatusCode.ERROR))
        attempt.whole, attempt.result = attempt.result, _bounded(attempt.result, max_chars)
    except LimitExceeded:
        attempt.status = attempt.error = "limit"
        raise
    finally:
        seconds = time.perf_counter() - started
        _count(run.telemetry, tool.name, attempt.status, seconds)
        _record(run, tool.name, call_id, usable, attempt, seconds, served)
    return attempt.result


def record_unknown_tool(run: RunContext, name: str, call_id: str, arguments: Any, text: str) -> None:
    """Record that a model asked for a tool which it does not have; counts as a tool call.

    Raises `LimitExceeded` when the request has no tool call left.
    """
    run.budget.spend_tool_call()
    shown = bounded_text(name, 100)
    run.emit(ToolStarted(shown, call_id, run.task))
    _count(run.telemetry, "unknown", "unknown_tool", 0.0)
    attempt = _Attempt(ToolResult(text=text, ok=False), "unknown_tool", "unknown tool")
    _record(run, shown, call_id, usable_arguments(arguments), attempt, 0.0, Served())


@contextmanager
def recorded_call(run: RunContext, name: str, call_id: str, arguments: Any) -> Generator[Callable[[ToolResult], None]]:
    """Record a call that a stranger's agent makes of a tool of its own; what is yielded takes its result.

    Counts as a tool call. Raises `LimitExceeded` when the request has no tool call left.
    """
    run.budget.spend_tool_call()
    shown = bounded_text(name, 100)
    run.emit(ToolStarted(shown, call_id, run.task))
    started = time.perf_counter()
    attempt = _Attempt(ToolResult(text="", ok=False), "cancelled", "cancelled")

    def settle(result: ToolResult) -> None:
        attempt.result, attempt.status = result, "ok" if result.ok else "failed"
        attempt.error = None if result.ok else result.text[:_EXCERPT] or "failed"

    try:
        yield settle
    finally:
        seconds = time.perf_counter() - started
        _count(run.telemetry, shown, attempt.status, seconds)
        _record(run, shown, call_id, usable_arguments(arguments), attempt, seconds, Served())


def describe_invalid_arguments(error: ValidationError) -> str:
    """What is wrong with arguments, one clause a problem; the values themselves are not repeated."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{'.'.join(map(str, item['loc'])) or 'arguments'}: {item['msg']}" for item in problems[:_MAX_PROBLEMS]]
    if len(problems) > _MAX_PROBLEMS:
        shown.append(f"{len(problems) - _MAX_PROBLEMS} more")
    return "; ".join(shown)


async def _attempt(
    tool: Tool, arguments: Mapping[str, Any], run: RunContext, call_id: str, timeout: float, served: Served
) -> _Attempt:
    try:
        parsed = tool.arguments.model_validate(arguments)
    except ValidationError as error:
        text = f"{tool.name} can't use these arguments: {describe_invalid_arguments(error)}"
        return _failed(text, "invalid_arguments")
    if run.dry and tool.acts:
        return _Attempt(ToolResult(text=f"(Dry run: {tool.name} was not called, for it would take effect at once.)"))
    policy = run.calls
    if policy is None:
        return await _call(tool, parsed, run, call_id, timeout, served)
    plain = tool.cacheable_for and not run.facts and run.follow_up is None and not run.collector.collected()
    known = policy.remembered(tool, parsed, run.context) if plain else None
    if known is not None:
        return _Attempt(known, remembered=True)
    refusal = policy.refusal(tool)
    if refusal is not None:
        return _failed(refusal, "refused")
    ended: bool | None = None
    try:
        attempt = await _call(tool, parsed, run, call_id, policy.timeout(tool, timeout), served)
        ended = attempt.error is None
        if plain and ended:
            policy.remember(tool, parsed, run.context, attempt.result)
        return attempt
    finally:
        policy.ended(tool, ended)


async def _call(
    tool: Tool, parsed: BaseModel, run: RunContext, call_id: str, timeout: float, served: Served
) -> _Attempt:
    collector = run.collector.child()
    own = replace(run, collector=collector)
    context = ToolContext(run.context, collector, call_id, run.task, run.facts, run=own, served=served)
    token = set_current_collector(collector)
    answer: object = None
    try:
        with anyio.move_on_after(timeout) as scope:
            answer = await tool.handler(parsed, context)
        if scope.cancelled_caught:
            return _failed(f"{tool.name} gave no answer within {timeout:g} seconds", "timeout")
        return _settled(tool, answer, run, collector, call_id)
    except LimitExceeded:
        raise
    except SupervisorError as error:
        return _failed(str(error), "failed", error.code)
    except Exception as error:  # whatever a tool raises is its answer, not our failure
        return _from_exception(tool, error)
    finally:
        clear_current_collector(token)


def _settled(tool: Tool, answer: object, run: RunContext, collector: IntentCollector, call_id: str) -> _Attempt:
    if not isinstance(answer, ToolResult):
        text = f"{tool.name} answered with {type(answer).__name__}, not with a ToolResult"
        return _failed(text, "failed", "bad_answer")
    if not answer.ok:
        return _Attempt(answer, "failed", answer.text[:_EXCERPT] or "failed")
    for entry in collector.collected():
        run.collector.register(entry.intent, call_id=entry.call_id or call_id, task=entry.task or run.task)
    return _Attempt(answer)


def _from_exception(tool: Tool, error: Exception) -> _Attempt:
    cause = error
    while isinstance(cause, ExceptionGroup):
        cause = cast("ExceptionGroup[Exception]", cause).exceptions[0]
    if isinstance(cause, LimitExceeded):
        raise cause
    if isinstance(cause, SupervisorError):
        return _failed(str(cause), "failed", cause.code)
    logger.info("tool %s raised %s", tool.name, type(cause).__name__, exc_info=error)
    try:
        message = str(cause)
    except Exception:  # an exception that can't even be printed
        message = ""
    said = f"{type(cause).__name__}: {message}" if message else type(cause).__name__
    return _failed(f"{tool.name} failed: {said}", "failed", type(cause).__name__)


def _failed(text: str, status: str, kind: str = "") -> _Attempt:
    return _Attempt(ToolResult(text=text, ok=False), status, text, kind)


def _bounded(result: ToolResult, max_chars: int) -> ToolResult:
    update: dict[str, Any] = {"text": bounded_text(result.text, max_chars)}
    if result.data is not None:
        update["data"] = json_safe(result.data, max_chars)
    if len(result.facts) > _MAX_FACTS:
        update["facts"] = result.facts[:_MAX_FACTS]
    if result.sources:
        update["sources"] = tuple(bounded_text(source, _EXCERPT) for source in result.sources[:_MAX_SOURCES])
    return result.model_copy(update=update)


def _count(telemetry: Telemetry, tool: str, status: str, seconds: float) -> None:
    telemetry.metrics.tool_calls.labels(tool, status).inc()
    telemetry.metrics.tool_seconds.labels(tool).observe(seconds)


def _record(
    run: RunContext,
    tool: str,
    call_id: str,
    arguments: dict[str, Any],
    attempt: _Attempt,
    seconds: float,
    served: Served,
) -> None:
    result = attempt.result
    shown = json_safe(arguments, _EXCERPT)
    kept = attempt.whole or result
    data, cut = (None, False) if kept.data is None else excerpt_of(kept.data, _EXCERPT)
    blob = whole_result(kept) if cut or len(kept.text) > min(len(result.text), _EXCERPT) else None
    run.trace.record(
        ToolCalled(
            task=run.task,
            call_id=clean_text(call_id),
            tool=tool,
            arguments=shown if isinstance(shown, dict) else {},
            ok=attempt.error is None,
            text=_excerpt(result.text, _EXCERPT),
            data=data,
            sources=[source[:_EXCERPT] for source in result.sources],
            error=None if attempt.error is None else _excerpt(attempt.error, _EXCERPT),
            seconds=seconds,
            whole=None if blob is None else blob.reference,
            remembered=attempt.remembered,
            version=served.version,
            worked=served.worked,
        ),
        () if blob is None else (blob,),
    )
    excerpt = _excerpt(result.text, _UPDATE_EXCERPT)
    run.emit(ToolFinished(tool, call_id, attempt.error is None, seconds, excerpt))


def _excerpt(text: str, max_chars: int) -> str:
    """The beginning of a text; redacted where it is cut, or half a secret would be left that no pattern knows."""
    return bounded_text(text if len(text) <= max_chars else current_redactor.get().text(text), max_chars)
