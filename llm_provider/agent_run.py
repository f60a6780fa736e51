"""What one invocation of a Strands agent gathers: turns, calls, facts, and the bound that stopped it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup
from opentelemetry import trace

from common.errors import LimitExceeded, ToolError
from common.limits import Usage
from common.run_context import RunContext
from common.tool import Fact, Tool, ToolResult
from llm_provider.links import ModelDescription
from llm_provider.tool_execution import execute_tool, record_unknown_tool

__all__ = ["AgentRun", "Attempt", "ToolBounds"]


@dataclass(frozen=True, slots=True)
class ToolBounds:
    """Seconds a tool call may take and characters its result may have."""

    timeout: float = 30.0
    max_chars: int = 20_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """The attempt at a model call that is under way: whose tier is asked, and for how many seconds at most.

    `whole` tells that these are all that the tier's calls may take, and not what is left of the request.
    """

    tier: str = ""
    seconds: float = 60.0
    whole: bool = True


@dataclass(slots=True)
class _Call:
    """A tool call that the model asked for; `tool` is its registered name, "" where there is none."""

    call_id: str
    tool: str
    turn: int
    result: ToolResult | None = None
    registered: bool = False


@dataclass(slots=True)
class AgentRun:
    """Shared by the recorder and the tools of one invocation; used from one event loop.

    `model` is the one that is asked now, or answered last; `unanswered` is what it says it left undone.
    """

    run: RunContext
    model: ModelDescription
    purpose: str
    bounds: ToolBounds = field(default_factory=ToolBounds)
    span: trace.Span = trace.INVALID_SPAN
    usage: Usage = field(default_factory=Usage)
    prompt_version: str = ""
    attempt: Attempt = field(default_factory=Attempt)
    unanswered: tuple[str, ...] = ()
    stopped: LimitExceeded | None = None
    scope: anyio.CancelScope = field(init=False)
    group: TaskGroup = field(init=False)
    _calls: list[_Call] = field(default_factory=list[_Call])
    _open: dict[str, list[_Call]] = field(default_factory=dict[str, list[_Call]])
    _ids: set[str] = field(default_factory=set[str])

    @property
    def turn(self) -> int:
        """Model calls so far."""
        return self.usage.model_calls

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the results so far state, in the order of their calls."""
        return tuple(fact for call in self._calls if call.result is not None for fact in call.result.facts)

    @property
    def tools_called(self) -> tuple[str, ...]:
        """The registered names of the tools that were called, in the order in which the model asked."""
        return tuple(call.tool for call in self._calls if call.tool and call.result is not None)

    @property
    def texts(self) -> tuple[str, ...]:
        """What the calls answered, in order, but for those whose effect somebody else reports."""
        results = [call.result for call in self._calls if call.result is not None and not call.registered]
        return tuple(result.text for result in results if result.text.strip())

    @property
    def only_registered(self) -> bool:
        """Whether there were calls and every one registered a change, so that there is nothing else to tell."""
        return bool(self._calls) and all(call.registered for call in self._calls)

    @property
    def succeeded(self) -> bool:
        """Whether any call did what it was asked."""
        return any(call.result is not None and call.result.ok for call in self._calls)

    @property
    def failed(self) -> bool:
        """Whether a call failed that no later call of the same tool made good."""
        mended: dict[str, int] = {}
        for call in self._calls:
            if call.result is not None and call.result.ok:
                mended[call.tool] = mended[""] = call.turn  # a name that does not exist is made good by any other call
        return any(
            (call.result is None or not call.result.ok) and mended.get(call.tool, -1) <= call.turn
            for call in self._calls
        )

    def expect(self, asked: Sequence[tuple[str, str]]) -> None:
        """Note the calls of one model message, as (id of the model, registered name or ""), in its order."""
        self._open.clear()
        for model_id, tool in asked:
            self._open.setdefault(model_id, []).append(self._note(model_id, tool))

    async def call_tool(self, tool: Tool, model_id: str, arguments: Any) -> tuple[ToolResult, bool]:
        """Carry out one expected call: its result, and whether it registered a change.

        A bound that it reaches stops the whole run. The call is a task of the run's own group: Strands cancels its
        tasks again and again, which would tear a tool out of its clean-up.
        """
        call = self._take(model_id, tool.name)
        done = anyio.Event()
        faults: list[Exception] = []

        async def carry_out() -> None:
            try:
                call.result = await self._execute(tool, call, arguments)
            except LimitExceeded as limit:
                call.result = ToolResult(text=limit.what, ok=False)
                self.stop(limit)
            except Exception as fault:
                faults.append(fault)
            finally:
                done.set()

        self.group.start_soon(carry_out)
        await done.wait()
        if faults or call.result is None:
            raise faults[0] if faults else ToolError("the call was given up", where=tool.name)
        return call.result, call.registered

    async def _execute(self, tool: Tool, call: _Call, arguments: Any) -> ToolResult:
        seen = self.run.for_task(self.run.task, facts=(*self.run.facts, *self.facts))
        self.usage.tool_calls += 1
        with self.as_parent():
            result = await execute_tool(
                tool,
                arguments,
                seen,
                call.call_id,
                timeout=min(tool.timeout, self.bounds.timeout),
                max_chars=self.bounds.max_chars,
            )
        collected = self.run.collector.collected()
        call.registered = result.ok and any(entry.call_id == call.call_id for entry in collected)
        return result

    def refuse_unknown(self, model_id: str, name: str, arguments: Any, text: str) -> None:
        """Record a call of a tool that the agent does not have; `text` is what the model is told."""
        call = self._take(model_id, "")
        call.result = ToolResult(text=text, ok=False)
        self.usage.tool_calls += 1
        try:
            record_unknown_tool(self.run, name, call.call_id, arguments, text)
        except LimitExceeded as limit:
            self.stop(limit)

    def stop(self, limit: LimitExceeded) -> None:
        """End the run with this error."""
        self.stopped = self.stopped or limit
        self.scope.cancel()

    async def end(self, limit: LimitExceeded) -> NoReturn:
        """End the run with this error, from inside it; as a cancellation, which Strands does not take for a fault."""
        self.stop(limit)
        await anyio.lowlevel.checkpoint()
        raise limit

    @contextmanager
    def as_parent(self) -> Generator[None]:
        """Our span as the current one, whatever spans Strands has set in between."""
        with trace.use_span(self.span, record_exception=False, set_status_on_exception=False):
            yield

    def _take(self, model_id: str, tool: str) -> _Call:
        """The expected call that starts now; a model may give several the same id."""
        waiting = self._open.get(model_id, [])
        call = next((call for call in waiting if call.tool == tool), None)
        if call is not None:
            waiting.remove(call)
            return call
        return self._note(model_id, tool)

    def _note(self, model_id: str, tool: str) -> _Call:
        call = _Call(self._unique(model_id), tool, self.turn)
        self._calls.append(call)
        self.run.collector.expect_call(call.call_id)
        return call

    def _unique(self, model_id: str) -> str:
        """An id that no other call of this task has, whatever ids the model gives."""
        base = f"{self.run.task}:{model_id[:100]}" if self.run.task else model_id[:100]
        unique, number = base, 1
        while unique in self._ids:
            number += 1
            unique = f"{base}~{number}"
        self._ids.add(unique)
        return unique
