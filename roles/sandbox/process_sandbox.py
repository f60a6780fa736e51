"""What sandboxes around a Python process have in common, however their walls are made."""

from __future__ import annotations

import itertools
import math
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from common.errors import SandboxError
from common.sandbox import KilledBy, Project, SandboxLimits, SandboxResult, SandboxWorker
from common.sandbox_settings import SandboxSettings
from roles.sandbox.launched import Launched, LaunchPlan, launched
from roles.sandbox.process_tree import TreeUse, use_of

__all__ = ["LAUNCHER", "ProcessSandbox"]

LAUNCHER = Path(__file__).with_name("launcher.py")
"""The program that runs inside, above the code."""

_TRIAL = Project.of_code("print(6 * 7)")
_TRIAL_SECONDS = 20.0
_START_SECONDS = 20.0
_STDERR = 65_536


class ProcessSandbox(ABC):
    """Base of the sandboxes that run the launcher as a process. `settings` bound every run and how many run at once."""

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self.limits = SandboxLimits.from_settings(self.settings)
        self._slots = anyio.CapacityLimiter(self.settings.concurrent)
        self._turn = itertools.count()

    @property
    @abstractmethod
    def name(self) -> str:
        """The backend's name in settings and messages."""

    @abstractmethod
    async def plan(self, project: Project, limits: SandboxLimits, *, worker: bool) -> LaunchPlan:
        """How to start the launcher for a project. Raises `SandboxError` where this backend can't be used here."""

    async def available(self) -> SandboxError | None:
        """Why it can't be used here, None where a trial run went well."""
        limits = SandboxLimits(seconds=_TRIAL_SECONDS, memory=self.limits.memory)
        try:
            result = await self.run(_TRIAL, limits)
        except SandboxError as error:
            return error
        if result.ok and result.stdout == b"42\n":
            return None
        said = result.stderr.decode(errors="replace").strip()[-200:]
        return SandboxError(
            f"a trial run in {self.name} failed: {said or result.killed_by or f'exit status {result.exit_status}'}",
            where=self.name,
            todo="Look whether this Python can be read by other users of the machine (docs/sandbox.md).",
        )

    async def run(self, project: Project, limits: SandboxLimits | None = None) -> SandboxResult:
        """Run a project to its end or to a limit, see `common.sandbox.Sandbox`."""
        limits = limits or self.limits
        async with self._slots:
            plan = await self.plan(project, limits, worker=False)
            async with launched(plan, project, limits) as run:
                return await run.finish()

    def open(self, project: Project, limits: SandboxLimits | None = None) -> AbstractAsyncContextManager[SandboxWorker]:
        """Start a project as a worker, see `common.sandbox.Sandbox`. Workers don't count among the runs at once."""
        return self._open(project, limits or self.limits)

    @asynccontextmanager
    async def _open(self, project: Project, limits: SandboxLimits) -> AsyncGenerator[SandboxWorker]:
        if project.stdin:
            raise SandboxError("a worker's input comes by its lines", todo="Leave the project's stdin empty.")
        plan = await self.plan(project, limits, worker=True)
        async with launched(plan, project, limits) as run, anyio.create_task_group() as group:
            try:
                worker = _Worker(run)
                group.start_soon(run.listen)
                await worker.start()
                group.start_soon(worker.watch)
                yield worker
            finally:
                group.cancel_scope.cancel()

    def config_of(self, project: Project, limits: SandboxLimits, *, worker: bool) -> dict[str, Any]:
        """What the launcher is told whatever the walls are; a backend adds the command and what is its own."""
        return {
            "files": [(path, len(content)) for path, content in project.files.items()],
            "outputs": [] if worker else list(project.outputs),
            "memory": limits.memory,
            "disk": limits.disk,
            "max_files": limits.files + len(project.files),
            "processes": limits.processes,
            "cpu_seconds": 0 if worker else math.ceil(limits.seconds * limits.cpus) + 1,
            "processors": self._processors(limits),
            "wall_seconds": 0,
            "until_hangup": False,
            "seccomp": "",
            "become_nobody": False,
            "environment": {
                "HOME": "/work",
                "TMPDIR": "/work/.tmp",
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONHASHSEED": "0",
                "MALLOC_ARENA_MAX": "2",
                "OPENBLAS_NUM_THREADS": "1",
            },
        }

    def _processors(self, limits: SandboxLimits) -> list[int]:
        """The processors that a run is held to, another one each time; none named where it may use all."""
        available = sorted(os.sched_getaffinity(0))
        wanted = math.ceil(limits.cpus)
        if wanted >= len(available):
            return []
        first = next(self._turn)
        return [available[(first + place) % len(available)] for place in range(wanted)]


class _Worker:
    """See `common.sandbox.SandboxWorker`."""

    def __init__(self, run: Launched) -> None:
        self._run = run
        self._line = bytearray()
        self._stderr = bytearray()
        self._turn = anyio.Lock()
        self._broken = ""

    @property
    def stderr(self) -> bytes:
        """The latest bytes of its standard error."""
        return bytes(self._stderr)

    @property
    def use(self) -> TreeUse | None:
        """What its processes use now; None where they can't be seen from here."""
        return use_of(self._run.process.pid) if self._run.plan.watch else None

    async def start(self) -> None:
        """Send the project and wait until the code was started. Raises `SandboxError` where it was not."""
        with anyio.move_on_after(_START_SECONDS):
            await self._run.feed()
            frame = await self._run.next_frame()
            if frame is not None and frame[0] == "s":
                return
            await self._run.heard.wait()
        raise self._run.not_started()

    async def watch(self) -> None:
        """End the worker where it breaks a limit."""
        with anyio.CancelScope() as scope:
            await self._run.watch(scope)
        if self._run.killed_by is not None:
            await self._end(f"it broke a limit: {self._run.killed_by}")

    async def ask(self, line: bytes, *, timeout: float | None = None) -> bytes:
        """Send a line and return the answer, see `common.sandbox.SandboxWorker`."""
        if b"\n" in line:
            raise SandboxError("a line to a worker holds no newline", todo="Encode the message, for example as JSON.")
        seconds = self._run.limits.seconds if timeout is None else timeout
        async with self._turn:
            if self._broken:
                raise self._gone()
            answer: bytes | None = None
            try:
                with anyio.move_on_after(seconds) as scope:
                    await self._run.input.send(line + b"\n")
                    answer = await self._answer()
                if scope.cancelled_caught:
                    await self._end(f"it gave no answer within {seconds:g} seconds")
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                await self._end("it has ended")
            except BaseException:
                # whatever interrupted the question, its answer must not be taken for that of the next one
                with anyio.CancelScope(shield=True):
                    await self._end("a question to it was interrupted")
                raise
            if answer is None:
                raise self._gone()
            return answer

    async def _answer(self) -> bytes | None:
        while b"\n" not in self._line:
            frame = await self._run.next_frame()
            if frame is None or frame[0] == "r":
                await self._end("it has ended")
                return None
            if frame[0] == "e":
                self._stderr = (self._stderr + frame[1])[-_STDERR:]
            elif frame[0] == "o":
                self._line += frame[1]
            if len(self._line) > self._run.limits.output:
                self._run.killed_by = KilledBy.OUTPUT
                await self._end("its answer is longer than its output may be")
                return None
        answer, _, rest = bytes(self._line).partition(b"\n")
        self._line = bytearray(rest)
        return answer

    async def _end(self, reason: str) -> None:
        self._broken = self._broken or reason
        if self._run.process.returncode is None:
            await self._run.plan.end(self._run.process)

    def _gone(self) -> SandboxError:
        said = self._stderr.decode(errors="replace").strip()[-300:]
        return SandboxError(
            f"the worker is gone: {self._broken}{f'; it said: {said}' if said else ''}", todo="Start it anew."
        )
