"""Decorators that record what any Python agent does: `trace_agent_execution` and `trace_tool_call`.

They record into the recorder that they name, else that of the trace they are called in, else the one that is active
(`TraceRecorder.active`); without any they only call the function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any, Self, TypeVar, cast, overload

from common.logs import get_logger
from supervisor.learning.problems import AgentType, ProblemContext
from supervisor.learning.recording import OpenCall, TraceRecorder, current_recorder
from supervisor.learning.wrapping import wrapped

__all__ = ["current_trace_id", "trace_agent_execution", "trace_tool_call"]

_log = get_logger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])
Collector = TraceRecorder | Callable[[], object] | object
"""A recorder, something that has one as its `recorder`, or a function that gives one of them."""
Outcome = Callable[[Any], bool | float | None]


@dataclass(frozen=True, slots=True)
class _Current:
    recorder: TraceRecorder
    trace_id: str


_current: ContextVar[_Current | None] = ContextVar("supervisor_current_trace", default=None)


def current_trace_id() -> str | None:
    """The trace that the running code belongs to; None outside of one."""
    current = _current.get()
    return None if current is None else current.trace_id


def trace_agent_execution(
    agent_type: AgentType | str,
    *,
    problem: ProblemContext | Callable[..., ProblemContext | None] | None = None,
    outcome: Outcome | None = None,
    agent: str = "",
    version: str = "",
    domain: str = "",
    collector: Collector | None = None,
) -> Callable[[Function], Function]:
    """Record each run of a function as a trace of an agent of this type.

    For functions, coroutine functions, generators and async generators. `problem` is what it works on, or a function
    of its arguments that tells it (default: the first argument that is a `ProblemContext`). `outcome` judges what it
    returned: a success or none, a score from 0 to 1, or None for nobody knows. Without it a result that is a mapping
    with a bool under ``success`` says so; else a run that raised is a failure and any other one has no outcome yet
    (`report_outcome` may tell it). A run inside another one is a trace of its own, and a step of the outer one.
    """

    def decorate(function: Function) -> Function:
        binding = _Binding(function)

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Run | None:
            recorder = _recorder(collector)
            if recorder is None:
                return None
            arguments = binding.arguments(args, kwargs)
            told = problem if isinstance(problem, ProblemContext) else None
            if told is None and problem is not None:
                told = cast("Callable[..., ProblemContext | None]", problem)(*args, **kwargs)
            elif told is None:
                told = next((each for each in arguments.values() if isinstance(each, ProblemContext)), None)
            above = _current.get()
            step = None
            if above is not None:
                step = above.recorder.begin_tool_call(above.trace_id, str(agent_type), arguments)
            trace_id = recorder.collect_agent_trace(
                agent_type, told, agent=agent, version=version, domain=domain,
                parent=None if above is None else above.trace_id,
            )  # fmt: skip
            return _Run(_Current(recorder, trace_id), above, step, outcome)

        return wrapped(function, begin)

    return decorate


@overload
def trace_tool_call(function: Function, /) -> Function: ...


@overload
def trace_tool_call(
    trace: str | None = None, /, *, name: str | None = None, collector: Collector | None = None
) -> Callable[[Function], Function]: ...


def trace_tool_call(
    function: Function | str | None = None, /, *, name: str | None = None, collector: Collector | None = None
) -> Function | Callable[[Function], Function]:
    """Record each call of a function as a tool call of the trace that it happens in.

    ``@trace_tool_call`` or ``@trace_tool_call(name=…)``; in ``@trace_tool_call("current_trace_id")`` the text names
    the argument, or the attribute of its object, that holds the id of the trace, where the call has one; else it may be
    the id of an open trace itself. For everything that `trace_agent_execution` takes.
    """
    if function is not None and not isinstance(function, str):
        return _tool(function, None, name, collector)
    trace = function

    def decorate(inner: Function) -> Function:
        return _tool(inner, trace, name, collector)

    return decorate


def _tool(function: Function, trace: str | None, name: str | None, collector: Collector | None) -> Function:
    tool = name or str(getattr(function, "__name__", type(function).__name__))
    binding = _Binding(function)

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Call | None:
        arguments = binding.arguments(args, kwargs)
        current = _current.get()
        if trace is not None:
            current = _named(trace, arguments, args, collector) or current
        if current is None:
            return None
        arguments = {key: value for key, value in arguments.items() if key != trace}
        call = current.recorder.begin_tool_call(current.trace_id, tool, arguments)
        return None if call is None else _Call(current.recorder, call)

    return wrapped(function, begin)


def _named(
    trace: str, arguments: Mapping[str, Any], args: tuple[Any, ...], collector: Collector | None
) -> _Current | None:
    """The trace that a call names by an argument, an attribute of its object, or the decorator itself."""
    recorder = _recorder(collector)
    if recorder is None:
        return None
    held = getattr(args[0], trace, None) if args else None
    for found in (arguments.get(trace), held, trace):
        if isinstance(found, str) and recorder.is_open(found):
            return _Current(recorder, found)
    return None


def _recorder(collector: Collector | None) -> TraceRecorder | None:
    if collector is None:
        current = _current.get()
        return current_recorder() if current is None else current.recorder
    for found in (collector, getattr(collector, "recorder", None)):
        if isinstance(found, TraceRecorder):
            return found
    return _recorder(collector()) if callable(collector) else None


class _Binding:
    """Names the arguments of a call."""

    def __init__(self, function: Callable[..., Any]) -> None:
        try:
            self._signature = inspect.signature(getattr(function, "__func__", function))
        except (TypeError, ValueError):  # some built-in functions have none
            self._signature = None

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name, the object of a method left out."""
        try:
            bound = None if self._signature is None else self._signature.bind_partial(*args, **kwargs)
        except TypeError:
            bound = None
        if bound is None or self._signature is None:
            return {"args": list(args), **kwargs} if args else dict(kwargs)
        found: dict[str, Any] = {}
        for place, (name, value) in enumerate(bound.arguments.items()):
            if place == 0 and name in ("self", "cls"):
                continue
            if self._signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                found.update(value)
            else:
                found[name] = value
        return found


class _Call:
    """A tool call that is under way; recording it never raises."""

    def __init__(self, recorder: TraceRecorder, call: OpenCall) -> None:
        self._recorder = recorder
        self._call = call

    def __enter__(self) -> Self:
        """Nothing to set."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to reset."""

    def returned(self, value: object) -> None:
        """It came to its end."""
        self._recorder.end_tool_call(self._call, value)

    def raised(self, error: BaseException) -> None:
        """It raised, was cancelled, or was given up half-way."""
        ok = False if isinstance(error, Exception) else None
        self._recorder.end_tool_call(self._call, ok=ok, error=_said(error))


class _Run:
    """A run of an agent that is under way; code inside belongs to its trace."""

    def __init__(
        self, current: _Current, above: _Current | None, step: OpenCall | None, outcome: Outcome | None
    ) -> None:
        self._mine = current
        self._above = above
        self._step = step
        self._outcome = outcome
        self._tokens: list[Token[_Current | None]] = []

    def __enter__(self) -> Self:
        """From now on the running code belongs to this trace."""
        self._tokens.append(_current.set(self._mine))
        return self

    def __exit__(self, *_: object) -> None:
        """No longer."""
        try:
            _current.reset(self._tokens.pop())
        except ValueError:  # a generator that is closed in another context than it ran in
            _log.debug("a trace was left in another context")

    def returned(self, value: object) -> None:
        """It came to its end."""
        recorder, trace_id = self._mine.recorder, self._mine.trace_id
        success, score = self._judged(value)
        if value is not None:
            recorder.add_thinking_step(trace_id, cast("str", value), "reply")
        recorder.end_agent_trace(trace_id, success, score=score)
        if self._above is not None and self._step is not None:
            self._above.recorder.end_tool_call(self._step, value, ok=success is not False)

    def raised(self, error: BaseException) -> None:
        """It raised, was cancelled, or was given up half-way, which says nothing about it."""
        failed = isinstance(error, Exception)
        said = _said(error)
        self._mine.recorder.end_agent_trace(self._mine.trace_id, False if failed else None, error=said, finished=failed)
        if self._above is not None and self._step is not None:
            self._above.recorder.end_tool_call(self._step, ok=False if failed else None, error=said)

    def _judged(self, value: object) -> tuple[bool | None, float | None]:
        if self._outcome is None:
            said = cast("Mapping[str, Any]", value).get("success") if isinstance(value, Mapping) else None
            return (said if isinstance(said, bool) else None), None
        try:
            judged = self._outcome(value)
        except Exception as error:
            _log.warning("the outcome of a run could not be judged: %s", error)
            return None, None
        if judged is None or isinstance(judged, bool):
            return judged, None
        return None, float(judged)


def _said(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # an error of somebody's that can't be told
        return type(error).__name__
