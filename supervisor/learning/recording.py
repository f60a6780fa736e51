"""Records what agents outside the supervisor do: plain calls that never raise and never wait for the log.

What was recorded is put into the log by a thread behind a bounded queue. A trace is one event, written when it ends.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

import anyio.to_thread

from common.clock import Clock, SystemClock
from common.context import Owner
from common.logs import get_logger
from common.owner_keys import DEFAULT_OWNER
from events.catalogue.request import OutcomeReported
from events.store import EventStore
from supervisor.learning.bounded import excerpt, json_value, number, text_of
from supervisor.learning.log_queue import Finished, LogQueue
from supervisor.learning.problems import AgentType, ProblemContext
from supervisor.learning.records import MAX_NAME, MAX_STEPS, MAX_TEXT
from supervisor.learning.trace_building import MAX_TASK, SUCCESS_FROM, make_step, task_id_of

__all__ = ["OpenCall", "RecordingCounts", "TraceRecorder", "current_recorder"]

_log = get_logger(__name__)
_MAX_ID = 200
_UNKNOWN = "agent"

Given = ParamSpec("Given")
Result = TypeVar("Result")

_active: ContextVar[TraceRecorder | None] = ContextVar("supervisor_trace_recorder", default=None)


def current_recorder() -> TraceRecorder | None:
    """The recorder that `TraceRecorder.active` has made the one of the running task."""
    return _active.get()


@dataclass(frozen=True, slots=True)
class RecordingCounts:
    """What became of what was recorded, since the recorder was made.

    `written` are in the log, `waiting` are on their way, `dropped` did not fit the queue, `failed` could not be
    written, `unfinished` were closed without an end of their own (too many were open, or the recorder was closed),
    `orphans` are calls for a trace that is not open, `faults` are calls that could not be recorded at all.
    """

    open: int
    waiting: int
    written: int
    dropped: int
    failed: int
    unfinished: int
    orphans: int
    faults: int


@dataclass(slots=True)
class _Open:
    """A trace that is under way."""

    fields: dict[str, Any]
    started: float
    steps: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A tool call that has begun; `step` is its place in the trace, filled in when it ends."""

    trace_id: str
    step: dict[str, Any]
    started: float


class TraceRecorder:
    """Collects traces for one owner into a store. Safe to use from any thread and any event loop.

    At most `max_open` traces are open at a time: the oldest is closed for a new one, as unfinished. At most
    `queue_size` traces wait to be written: what comes beyond is dropped, and counted. `closing` is called when it is
    closed, to let go what was opened for it; `clock` says when a trace began.
    """

    def __init__(
        self,
        store: EventStore,
        owner: Owner = DEFAULT_OWNER,
        *,
        max_open: int = 1_000,
        queue_size: int = 10_000,
        closing: Callable[[], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._owner = owner
        self._clock = clock or SystemClock()
        self._max_open = max_open
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()
        self._queue = LogQueue(store, owner, queue_size)
        self._closing = closing
        self._unfinished = self._orphans = self._faults = 0

    @property
    def counts(self) -> RecordingCounts:
        """What became of what was recorded."""
        told = self._queue.counts()
        return RecordingCounts(
            len(self._open), told.waiting, told.written, told.dropped, told.failed, self._unfinished, self._orphans,
            self._faults,
        )  # fmt: skip

    def collect_agent_trace(
        self,
        agent_type: AgentType | str,
        problem: ProblemContext | Mapping[str, Any] | str | None = None,
        *,
        trace_id: str | None = None,
        task: str = "",
        agent: str = "",
        version: str = "",
        domain: str = "",
        parent: str | None = None,
    ) -> str:
        """Begin a trace; returns its id, which the other calls take.

        `agent` tells agents or models of one type apart, `version` is the guideline version it works by. Never raises:
        what can't be recorded is counted, and calls for its id do nothing.
        """
        found = trace_id if isinstance(trace_id, str) and _is_id(trace_id) else uuid.uuid4().hex
        self._safely(self._begin, found, agent_type, problem, (task, agent, version, domain, parent))
        return found

    def add_tool_call(
        self,
        trace_id: str,
        tool: str,
        arguments: Mapping[str, Any] | None = None,
        response: object = None,
        *,
        ok: bool | None = True,
        error: str = "",
        seconds: float | None = None,
    ) -> bool:
        """Add a tool call that ended; False when the trace is not open. Never raises."""
        step = self._safely(
            lambda: make_step(
                "tool", str(tool), arguments=arguments, ok=ok, error=str(error), seconds=number(seconds),
                text=text_of(response, MAX_TEXT),
            )
        )  # fmt: skip
        return step is not None and self._add(trace_id, step)

    def begin_tool_call(self, trace_id: str, tool: str, arguments: Mapping[str, Any] | None = None) -> OpenCall | None:
        """Add a tool call that begins; None when the trace is not open. Never raises."""
        step = self._safely(lambda: make_step("tool", str(tool), arguments=arguments))
        if step is None or not self._add(trace_id, step):
            return None
        return OpenCall(trace_id, step, time.monotonic())

    def end_tool_call(
        self, call: OpenCall, response: object = None, *, ok: bool | None = True, error: str = ""
    ) -> None:
        """Tell how a call that began ended. Never raises; does nothing when its trace has ended meanwhile."""
        seconds = time.monotonic() - call.started
        ended = self._safely(
            lambda: make_step(
                "tool", call.step["name"], ok=ok, error=str(error), seconds=seconds, text=text_of(response, MAX_TEXT)
            )
        )
        with self._lock:
            if ended is not None and call.trace_id in self._open:
                call.step.update(ended)

    def add_thinking_step(self, trace_id: str, text: str, kind: str = "think") -> bool:
        """Add a thought, or with the kind ``reply`` words to the user; False when the trace is not open."""
        step = self._safely(
            lambda: make_step("reply" if kind == "reply" else "thinking", str(kind), text=text_of(text, MAX_TEXT))
        )
        return step is not None and self._add(trace_id, step)

    def end_agent_trace(
        self,
        trace_id: str,
        success: bool | None = None,
        *,
        score: float | None = None,
        error: str = "",
        finished: bool = True,
        tokens: int | None = None,
        cost: float | None = None,
    ) -> bool:
        """End a trace, and have it written; False when it is not open (never begun, or ended before). Never raises.

        Leave `success` out while nobody knows: `report_outcome` can tell it later. A `score` from 0 to 1 alone counts
        as a success from 0.5 on.
        """
        told = {
            "success": success,
            "score": score,
            "error": error,
            "finished": finished,
            "tokens": tokens,
            "cost": cost,
        }
        return bool(self._safely(self._end, trace_id, told))

    def report_outcome(self, trace_id: str, score: float, comment: str = "", *, by: str = "") -> bool:
        """Say how good a run was that has ended, from 0 to 1, or True or False; the last word counts. Never raises."""
        return bool(self._safely(self._report, trace_id, score, comment, by))

    def is_open(self, trace_id: str) -> bool:
        """Whether a trace of this id is under way."""
        return trace_id in self._open

    @contextmanager
    def active(self) -> Generator[TraceRecorder]:
        """Have decorated functions that are called inside record here, where they name no recorder of their own.

        Holds for the running task and what it starts; a thread that inherits no context needs its own.
        """
        token = _active.set(self)
        try:
            yield self
        finally:
            _active.reset(token)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait, blocking, until all that ended before is written or failed; False after `timeout` seconds."""
        return self._queue.flush(timeout)

    async def flush_async(self, timeout: float = 10.0) -> bool:
        """Like `flush`, without blocking the event loop."""
        return await anyio.to_thread.run_sync(partial(self.flush, timeout))

    def close(self, timeout: float = 10.0) -> bool:
        """End what is open as unfinished, write what waits, and take nothing more; False after `timeout` seconds."""
        for trace_id in list(self._open):
            if self.end_agent_trace(trace_id, finished=False):
                self._unfinished += 1
        done = self._queue.close(timeout)
        if self._closing is not None:
            self._closing()
        return done

    async def close_async(self, timeout: float = 10.0) -> bool:
        """Like `close`, without blocking the event loop."""
        return await anyio.to_thread.run_sync(partial(self.close, timeout))

    def _begin(
        self,
        trace_id: str,
        agent_type: AgentType | str,
        problem: ProblemContext | Mapping[str, Any] | str | None,
        texts: tuple[str, str, str, str, str | None],
    ) -> None:
        told = _problem(problem)
        task, agent, version, domain, parent = texts
        task = excerpt(str(task or told.get("app_description") or ""), MAX_TASK)
        problem_id = str(told.get("problem_id") or "")
        kept, _ = json_value(told)
        begun = _Open(
            {
                "trace_id": trace_id,
                "user": self._owner.user,
                "source": "recorded",
                "agent_type": excerpt(str(agent_type), MAX_NAME) or _UNKNOWN,
                "task_id": excerpt(problem_id, _MAX_ID) or task_id_of(task) or trace_id,
                "task": task,
                "agent": excerpt(str(agent), MAX_NAME),
                "domain": excerpt(str(domain or told.get("app_name") or ""), MAX_NAME),
                "guideline_version": excerpt(str(version), MAX_NAME),
                "parent": parent,
                "problem": kept if isinstance(kept, dict) else {},
                "started_at": self._clock.now(),
            },
            time.monotonic(),
        )
        evicted: str | None = None
        with self._lock:
            if trace_id in self._open:
                raise ValueError("a trace of this id is open")
            if len(self._open) >= self._max_open:
                evicted = next(iter(self._open))
        if evicted is not None and self._end(evicted, {"finished": False}):
            self._unfinished += 1
        with self._lock:
            self._open[trace_id] = begun

    def _add(self, trace_id: str, step: dict[str, Any]) -> bool:
        with self._lock:
            trace = self._open.get(trace_id)
            if trace is None:
                self._orphans += 1
                return False
            if len(trace.steps) < MAX_STEPS:
                trace.steps.append(step)
            else:
                trace.left_out += 1
            return True

    def _end(self, trace_id: str, told: Mapping[str, Any]) -> bool:
        with self._lock:
            trace = self._open.pop(trace_id, None)
            if trace is None:
                self._orphans += 1
                return False
        success, score, tokens = told.get("success"), number(told.get("score")), number(told.get("tokens"))
        score = score if score is not None and score <= 1 else None
        if success is None and score is not None:
            success = score >= SUCCESS_FROM
        left_out = {"steps": trace.left_out} if trace.left_out else {}
        fields = trace.fields | {
            "success": success if isinstance(success, bool) else None,
            "score": score,
            "error": text_of(told.get("error") or "", MAX_TEXT),
            "finished": bool(told.get("finished", True)),
            "seconds": time.monotonic() - trace.started,
            "tokens": None if tokens is None else int(tokens),
            "cost": number(told.get("cost")),
            "left_out": left_out,
        }
        self._queue.put(Finished(fields, trace.steps))
        return True

    def _report(self, trace_id: str, score: float, comment: str, by: str) -> bool:
        found = number(float(score))
        if found is None or found > 1 or not _is_id(trace_id):
            raise ValueError("the score is not from 0 to 1, or the id is none")
        self._queue.put(
            OutcomeReported(
                trace_id=trace_id, score=found, comment=excerpt(comment, MAX_TASK),
                by=excerpt(by or self._owner.user, MAX_NAME),
            )
        )  # fmt: skip
        return True

    def _safely(self, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result | None:
        """What recording gives; a fault in it is counted, and never the host's."""
        try:
            return work(*given, **named)
        except Exception:
            self._faults += 1
            _log.debug("something could not be recorded", exc_info=True)
            return None


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _MAX_ID and text.isprintable()


def _problem(problem: ProblemContext | Mapping[str, Any] | str | None) -> Mapping[str, Any]:
    if isinstance(problem, ProblemContext):
        return problem.told()
    if isinstance(problem, str):
        return {"problem_id": problem}
    return problem or {}
