"""The process of a built agent: started when it is needed, kept for the next calls, ended when it is idle for long."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import anyio
import anyio.to_thread
from pydantic import JsonValue

from common.errors import AgentError, SandboxError, SupervisorError
from common.logs import get_logger
from common.sandbox import Project, Sandbox, SandboxLimits, SandboxWorker
from common.tool import Served
from roles.deployed.protocol import Answered, Failed, Pong, QueryAsked, encode, read_answer

__all__ = ["AgentWorker", "Rows", "WorkerPackage", "WorkerState"]

_log = get_logger(__name__)

_MAIN = Path(__file__).with_name("worker_main.py")
_LEFT_OUT = ("database.py", "aio.py")
"""Modules of a package for those who import it: the process has no database to reach and no event loop."""
_QUERIES = 200
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0
_PING_SECONDS = 10.0

StartSoon = Callable[[Callable[..., Coroutine[Any, Any, Any]]], None]
"""Runs something as a child of the supervisor's one background task."""
FindSandbox = Callable[[], Awaitable[Sandbox]]


class Rows(Protocol):
    """Who gives an agent its rows: `roles.deployed.broker.DataBroker`."""

    async def fetch(self, query: str, parameters: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
        """The rows of a query of the specification. Raises `AgentError`."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerPackage:
    """What runs in the process: the package `name` out of a version's files; `label` names both for people."""

    name: str
    label: str
    files: Mapping[str, bytes]

    def project(self) -> Project:
        """The files for the sandbox. Blocks (it reads the worker's own program)."""
        own = {
            path: content
            for path, content in self.files.items()
            if path.startswith(f"{self.name}/") and path.partition("/")[2] not in _LEFT_OUT
        }
        return Project({**own, "main.py": _MAIN.read_bytes()}, arguments=("main.py", self.name))


@dataclass(frozen=True, slots=True)
class WorkerState:
    """How a worker does: whether its process runs, calls answered, times it died, and what it died of last.

    `memory` is in bytes and `cpu` in seconds, of the process that runs now; None where none runs, or the sandbox can't
    tell. `waiting` are calls that have not begun.
    """

    running: bool
    calls: int
    deaths: int
    waiting: int
    last_fault: str
    memory: int | None
    cpu: float | None


@dataclass(slots=True, eq=False)
class _Job:
    message: dict[str, JsonValue]
    seconds: float
    done: anyio.Event = field(default_factory=anyio.Event)
    answer: Answered | Pong | None = None
    error: SupervisorError | None = None
    scope: anyio.CancelScope | None = None
    abandoned: bool = False
    tried: bool = False
    worked: float | None = None

    def end(self, answer: Answered | Pong | None = None, error: SupervisorError | None = None) -> None:
        self.answer, self.error = answer, error
        self.done.set()


class AgentWorker:
    """Answers calls of one version of an agent, one at a time, by a process in a sandbox.

    `start_soon` gives the process's task its parent. At most `queue` calls wait; after `idle` seconds without one the
    process ends. A process that died while it waited is replaced without anybody noticing; one that dies in a call is
    tried once more on a fresh one, then the call fails and says why. After several deaths in a row it is started again
    only after growing pauses.
    """

    def __init__(
        self,
        package: WorkerPackage,
        rows: Rows,
        find_sandbox: FindSandbox,
        start_soon: StartSoon,
        *,
        limits: SandboxLimits | None = None,
        call_seconds: float = 10.0,
        idle: float = 300.0,
        queue: int = 32,
    ) -> None:
        self._package = package
        self._rows = rows
        self._find_sandbox = find_sandbox
        self._start_soon = start_soon
        self._limits = limits or SandboxLimits()
        self._call_seconds = call_seconds
        self._idle = idle
        self._queue = queue
        self._jobs: deque[_Job] = deque()
        self._wake = anyio.Event()
        self._working: anyio.CancelScope | None = None
        self._process: SandboxWorker | None = None
        self._current: _Job | None = None
        self._closed = ""
        self._resting = False
        self._calls = self._deaths = self._in_a_row = 0
        self._not_before = 0.0
        self._last_fault = ""

    @property
    def state(self) -> WorkerState:
        """How it does now."""
        use = getattr(self._process, "use", None)
        memory, cpu = (None, None) if use is None else (int(use.memory), float(use.cpu))
        return WorkerState(
            self._process is not None, self._calls, self._deaths, len(self._jobs), self._last_fault, memory, cpu
        )

    @property
    def is_closed(self) -> bool:
        """Whether it answers no calls any more."""
        return bool(self._closed)

    async def call(
        self, operation: str, arguments: Mapping[str, JsonValue], served: Served | None = None
    ) -> dict[str, JsonValue]:
        """The outputs of an operation. Raises `AgentError` where the agent, its data or its process can't.

        `served` is told the seconds that it took of the process and its queries, but of the first call of a process,
        which waits for its start.
        """
        answer = await self._ask({"call": operation, "arguments": dict(arguments)}, self._call_seconds, served)
        if not isinstance(answer, Answered):
            raise self._fault("it answered something else than what it was asked")
        return answer.result

    async def ping(self) -> dict[str, str]:
        """What the process tells of itself; it is started where it does not run. Raises `AgentError`."""
        answer = await self._ask({"ping": 1}, _PING_SECONDS)
        if not isinstance(answer, Pong):
            raise self._fault("it answered something else than what it was asked")
        return answer.pong

    def rest(self) -> None:
        """End the process as soon as nobody waits for it, instead of after `idle` seconds."""
        self._resting = True
        self._wake.set()

    def close(self, reason: str = "the agent was taken out of service") -> None:
        """End the process; calls that wait or come later are told the reason."""
        self._closed = reason
        if self._working is not None:
            self._working.cancel()

    async def _ask(
        self, message: dict[str, JsonValue], seconds: float, served: Served | None = None
    ) -> Answered | Pong:
        self._refuse()
        if self._working is None:
            self._start_soon(self._work)
            self._working = anyio.CancelScope()
        job = _Job(message, seconds)
        self._jobs.append(job)
        self._wake.set()
        try:
            await job.done.wait()
        except BaseException:
            job.abandoned = True
            if job.scope is not None:
                job.scope.cancel()
            raise
        if served is not None:
            served.worked = job.worked
        if job.answer is None:
            raise job.error or self._fault("it gave no answer")
        return job.answer

    def _refuse(self) -> None:
        if self._closed:
            raise AgentError("worker", self._closed, where=self._package.label)
        if len(self._jobs) >= self._queue:
            raise AgentError(
                "worker", f"{self._queue} calls wait for this agent already", where=self._package.label,
                todo="Ask again later.",
            )  # fmt: skip
        pause = self._not_before - anyio.current_time()
        if pause > 0:
            raise AgentError(
                "worker", f"the agent's process ended {self._in_a_row} times in a row: {self._last_fault}",
                where=self._package.label, todo=f"It is tried again in {pause:.0f} seconds.",
            )  # fmt: skip

    # ---- the one task that owns the process -----------------------------------------------------------------------

    async def _work(self) -> None:
        """Run processes, one after the other, until nobody has asked for long."""
        try:
            with self._working or anyio.CancelScope():
                while await self._next(0.0) is not None:
                    await self._run_process()
        finally:
            self._working = self._process = None
            self._fail_waiting(self._closed or "the supervisor is being closed")

    async def _run_process(self) -> None:
        self._resting = False
        try:
            project = await anyio.to_thread.run_sync(self._package.project)
            sandbox = await self._find_sandbox()
            async with sandbox.open(project, self._limits) as process:
                self._process = process
                await self._serve(process)
        except Exception as error:
            cause = _unwrapped(error)
            if not isinstance(cause, SupervisorError | OSError):
                _log.exception("the process of %s could not be run", self._package.label)
            self._died(cause.what if isinstance(cause, SupervisorError) else str(cause))
            self._fail_waiting(f"the agent's process can't be started: {self._last_fault}", getattr(cause, "todo", ""))
        finally:
            self._process = None

    async def _serve(self, process: SandboxWorker) -> None:
        """Answer calls until the process is gone, or nobody has asked for `idle` seconds."""
        fresh = True
        while await self._next(self._idle) is not None:
            job = self._current = self._jobs.popleft()
            if not await self._answer(process, job, fresh):
                return
            fresh = False

    async def _answer(self, process: SandboxWorker, job: _Job, fresh: bool) -> bool:
        """Answer one call; whether the process can be asked again."""
        with anyio.CancelScope() as job.scope:
            if job.abandoned:
                return True
            started = anyio.current_time()
            try:
                answer = await self._converse(process, job)
                job.worked = None if fresh else anyio.current_time() - started
                job.end(answer)
            except SandboxError as error:
                self._died(error.what)
                if fresh or job.tried:
                    job.end(error=self._fault(self._last_fault))
                else:
                    job.tried = True
                    self._jobs.appendleft(job)
                return False
            except AgentError as error:
                job.worked = None if fresh else anyio.current_time() - started
                job.end(error=error)
                if error.case == "worker":
                    self._died(error.what)
                    return False
            self._calls += 1
            self._in_a_row = 0
            return True
        return False  # the caller went away in the middle, and with it the process that was at it

    async def _converse(self, process: SandboxWorker, job: _Job) -> Answered | Pong:
        """One call with the queries that it takes. Raises `SandboxError` where the process is gone, `AgentError`."""
        line, left = encode(job.message), job.seconds
        for _ in range(_QUERIES):
            started = anyio.current_time()
            try:
                said = await process.ask(line, timeout=max(left, 0.01))
            except SandboxError:
                if anyio.current_time() - started >= left:
                    raise AgentError(
                        "worker", f"the calculation took longer than {job.seconds:g} seconds and was stopped",
                        where=self._package.label,
                    ) from None  # fmt: skip
                raise
            left -= anyio.current_time() - started
            answer = read_answer(said, self._package.label)
            if isinstance(answer, Failed):
                raise AgentError(
                    answer.error.code if answer.error.code != "worker" else "internal", answer.error.message,
                    where=self._package.label, todo=answer.error.todo,
                )  # fmt: skip
            if not isinstance(answer, QueryAsked):
                return answer
            line = await self._rows_for(answer)
        raise AgentError("worker", f"the calculation made more than {_QUERIES} queries", where=self._package.label)

    async def _rows_for(self, asked: QueryAsked) -> bytes:
        """The rows as a message, or why there are none: the agent puts that in its own words."""
        try:
            return encode({"rows": await self._rows.fetch(asked.query, asked.parameters)})
        except AgentError as error:
            return encode({"error": {"code": error.case, "message": error.what, "todo": error.todo}})

    async def _next(self, seconds: float) -> _Job | None:
        """The next call, which stays in the queue; None where there is none within the time."""
        if not self._jobs and seconds and not self._resting:
            self._wake = anyio.Event()
            with anyio.move_on_after(seconds):
                await self._wake.wait()
        return self._jobs[0] if self._jobs else None

    # ---- faults ---------------------------------------------------------------------------------------------------

    def _died(self, why: str) -> None:
        self._process = None
        self._deaths += 1
        self._in_a_row += 1
        self._last_fault = why
        if self._in_a_row > 1:
            pause = min(_FIRST_PAUSE * 2 ** (self._in_a_row - 2), _LONGEST_PAUSE)
            self._not_before = anyio.current_time() + pause

    def _fail_waiting(self, why: str, todo: str = "") -> None:
        waiting = [*self._jobs] if self._current is None else [self._current, *self._jobs]
        self._jobs.clear()
        for job in waiting:
            if not job.done.is_set():
                job.end(error=AgentError("worker", why, where=self._package.label, todo=todo))

    def _fault(self, why: str) -> AgentError:
        return AgentError(
            "worker", f"the agent's process ended in the call: {why}", where=self._package.label,
            todo="It is started anew at the next call.",
        )  # fmt: skip


def _unwrapped(error: BaseException) -> BaseException:
    """The first error in the groups that task groups wrap errors in."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error
