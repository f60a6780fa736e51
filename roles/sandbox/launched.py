"""A running sandbox as seen from outside: feeds the launcher, reads its frames, watches, and ends it in every case."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from common.errors import SandboxError
from common.sandbox import KilledBy, Project, SandboxLimits, SandboxResult
from roles.sandbox.process_tree import use_of

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, ByteSendStream

__all__ = ["LaunchPlan", "Launched", "launched"]

_LOOK_EVERY = 0.05
_END_SECONDS = 5.0
_MAX_FRAME = 65_536
_COMPLAINT = 2_000


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """How a backend starts the launcher (`command`), what it tells it (`config`), and how it ends everything.

    `end` kills all processes of the sandbox at once, given the started process; `watch` tells whether these are
    processes below the started one, so that their use can be seen from outside. `environment` is the command's.
    """

    command: Sequence[str]
    config: Mapping[str, Any]
    end: Callable[[Process], Awaitable[None]]
    watch: bool
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": "/usr/bin:/bin:/usr/local/bin"})


@dataclass(slots=True)
class Launched:
    """One launcher and the code below it. Made by `launched`, used by one task at a time."""

    process: Process
    project: Project
    limits: SandboxLimits
    plan: LaunchPlan
    killed_by: KilledBy | None = None
    started: bool = False
    report: dict[str, Any] | None = None
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    outputs: dict[str, bytes] = field(default_factory=dict[str, bytes])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    complaint: bytearray = field(default_factory=bytearray)
    peak_memory: int = 0
    cpu: float = 0.0
    heard: anyio.Event = field(default_factory=anyio.Event)
    begun: float = field(default_factory=time.perf_counter)
    _frames: BufferedByteReceiveStream | None = None
    _current: str = ""

    @property
    def input(self) -> ByteSendStream:
        """The launcher's standard input."""
        assert self.process.stdin is not None  # noqa: S101 - it was started with a pipe
        return self.process.stdin

    async def feed(self) -> None:
        """Send the header, the project's files and what the code reads from its standard input."""
        header = json.dumps(dict(self.plan.config)).encode()
        try:
            await self.input.send(b"%08x" % len(header) + header)
            for content in self.project.files.values():
                await self.input.send(content)
            if self.project.stdin:
                await self.input.send(self.project.stdin)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return  # it has ended; its frames or its complaint tell why

    async def next_frame(self) -> tuple[str, bytes] | None:
        """The launcher's next frame, None at its end. Raises `SandboxError` for what is no frame."""
        if self._frames is None:
            assert self.process.stdout is not None  # noqa: S101 - it was started with a pipe
            self._frames = BufferedByteReceiveStream(self.process.stdout)
        try:
            head = await self._frames.receive_exactly(9)
            size = int(head[1:], 16)
            if size > _MAX_FRAME:
                raise ValueError(size)
            return chr(head[0]), await self._frames.receive_exactly(size)
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return None
        except ValueError:
            raise _unreadable() from None

    def take(self, kind: str, payload: bytes) -> None:
        """Keep what a frame tells, within the limits; sets `killed_by` where it goes beyond them.

        Raises `SandboxError` for a frame that no launcher writes.
        """
        try:
            self._take(kind, payload)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise _unreadable() from None

    def _take(self, kind: str, payload: bytes) -> None:
        if kind == "s":
            self.started = True
        elif kind in "oe":
            room = self.limits.output - len(self.stdout) - len(self.stderr)
            (self.stdout if kind == "o" else self.stderr).extend(payload[:room])
            if len(payload) > room:
                self.killed_by = KilledBy.OUTPUT
        elif kind == "f":
            name, _, reason = json.loads(payload)
            self._current = name if name in self.project.outputs else ""
            if self._current and reason:
                self.refused[name] = str(reason)[:200]
            elif self._current:
                self.outputs[name] = b""
        elif kind == "d" and self._current:
            if sum(map(len, self.outputs.values())) + len(payload) <= self.limits.disk:
                self.outputs[self._current] += payload
        elif kind == "r":
            told = json.loads(payload)
            self.report = {
                "status": int(told["status"]),
                "cpu": float(told["cpu"]),
                "peak_memory": int(told["peak_memory"]),
                "full": bool(told["full"]),
            }

    async def read_to_end(self) -> None:
        """Take all frames until the launcher has ended or a limit is broken."""
        while self.killed_by is None and (frame := await self.next_frame()) is not None:
            self.take(*frame)

    async def watch(self, stop: anyio.CancelScope) -> None:
        """Look at memory and processes from outside; `stop` is cancelled where a limit is broken."""
        while self.plan.watch:
            await anyio.sleep(_LOOK_EVERY)
            use = use_of(self.process.pid)
            self.peak_memory, self.cpu = max(self.peak_memory, use.memory), max(self.cpu, use.cpu)
            if use.memory > self.limits.memory:
                self.killed_by = KilledBy.MEMORY
            elif use.processes > self.limits.processes + 4:
                self.killed_by = KilledBy.PROCESSES
            if self.killed_by is not None:
                stop.cancel()
                return

    async def listen(self) -> None:
        """Keep the beginning of what the sandbox's own programs complain of."""
        assert self.process.stderr is not None  # noqa: S101 - it was started with a pipe
        try:
            async for part in self.process.stderr:
                self.complaint.extend(part[: max(0, _COMPLAINT - len(self.complaint))])
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            pass
        self.heard.set()

    async def finish(self) -> SandboxResult:
        """Run it to its end or to a limit. Raises `SandboxError` where the code was never started."""
        with anyio.move_on_after(self.limits.seconds) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(self.listen)
                group.start_soon(self._feed_and_close)
                group.start_soon(self.watch, scope)
                await self.read_to_end()
                if self.killed_by is None and self.report is None:
                    await self.heard.wait()  # what it complains of tells why
                group.cancel_scope.cancel()
        if scope.cancelled_caught and self.killed_by is None:
            self.killed_by = KilledBy.TIME
        return self._result()

    async def _feed_and_close(self) -> None:
        await self.feed()
        await self.input.aclose()

    def _result(self) -> SandboxResult:
        wall = time.perf_counter() - self.begun
        if not self.started and self.killed_by is not KilledBy.TIME:
            raise self.not_started()
        report = self.report or {}
        if self.killed_by is None:
            self.killed_by = KilledBy.ITSELF if self.report is None else None
            if report.get("full"):
                self.killed_by = KilledBy.FILES
        return SandboxResult(
            exit_status=None if self.killed_by else report["status"],
            stdout=bytes(self.stdout),
            stderr=bytes(self.stderr),
            wall=wall,
            cpu=max(self.cpu, report.get("cpu", 0.0)),
            peak_memory=max(self.peak_memory, report.get("peak_memory", 0)),
            killed_by=self.killed_by,
            outputs=dict(self.outputs),
            refused=dict(self.refused),
        )

    def not_started(self) -> SandboxError:
        """The error for a sandbox that ended before the code began."""
        said = self.complaint.decode(errors="replace").strip()[-300:]
        return SandboxError(
            f"the sandbox could not be started: {said or f'exit code {self.process.returncode}'}",
            where=self.plan.command[0],
            todo="agent-supervisor doctor tells what is missing.",
        )

    async def end(self) -> None:
        """Kill what still runs, read its output to the end so that nothing waits for a reader, and collect it."""
        if self.process.returncode is None:
            await self.plan.end(self.process)
        with anyio.move_on_after(_END_SECONDS):
            async with anyio.create_task_group() as group:
                group.start_soon(_drain, self.process.stdout)
                group.start_soon(_drain, self.process.stderr)
            await self.process.wait()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.aclose()


def _unreadable() -> SandboxError:
    return SandboxError("what came out of the sandbox can't be read", todo="Don't trust this run.")


async def _drain(stream: ByteReceiveStream | None) -> None:
    try:
        while stream is not None:
            await stream.receive()
    except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
        return


@asynccontextmanager
async def launched(plan: LaunchPlan, project: Project, limits: SandboxLimits) -> AsyncGenerator[Launched]:
    """Start a plan's command; when the context is left, in whatever way, nothing of it runs any more."""
    try:
        process = await anyio.open_process(
            plan.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(plan.environment),
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(
            f"the sandbox can't be started: {error.strerror}", where=plan.command[0], todo="Install it."
        ) from None
    run = Launched(process, project, limits, plan)
    try:
        yield run
    finally:
        with anyio.CancelScope(shield=True):
            await run.end()
