"""Formulas in an interpreter that has no way out: pydantic-monty, in worker processes of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import anyio
import anyio.from_thread
import anyio.lowlevel

from common.errors import SandboxError
from common.sandbox import KilledBy, Project, SandboxLimits, SandboxResult, SandboxWorker
from common.sandbox_settings import SandboxSettings

if TYPE_CHECKING:
    from pydantic_monty import ResourceLimits

__all__ = ["MontySandbox"]

_DEPTH = 200
_GRACE = 5.0


class MontySandbox:
    """Runs one file of the small Python that Monty speaks: no packages, no inheritance, no generators, no files.

    It is for formulas and short computations. Limits are always given; processes and files do not exist for the code.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self.limits = SandboxLimits.from_settings(self.settings)
        self._slots = anyio.CapacityLimiter(self.settings.concurrent)

    @property
    def name(self) -> str:
        """The backend's name."""
        return "monty"

    async def available(self) -> SandboxError | None:
        """Why it can't be used here, None where a trial run went well."""
        if find_spec("pydantic_monty") is None:
            return _missing()
        try:
            result = await self.run(Project.of_code("print(6 * 7)"))
        except SandboxError as error:
            return error
        if result.ok and result.stdout == b"42\n":
            return None
        said = result.stderr.decode(errors="replace").strip()[-200:]
        return SandboxError(f"a trial run in Monty failed: {said}", where="monty", todo="Install pydantic-monty anew.")

    async def run(self, project: Project, limits: SandboxLimits | None = None) -> SandboxResult:
        """Run a project of one file, see `common.sandbox.Sandbox`. Raises `SandboxError` for any other project."""
        names = list(project.files)
        if len(names) != 1 or project.arguments != (names[0],) or project.outputs or project.stdin or project.packages:
            raise SandboxError(
                "Monty runs one file, without input, output files or packages",
                where="monty",
                todo="Use bubblewrap or Docker for a whole project.",
            )
        code = project.files[names[0]].decode("utf-8", "replace")
        result, _ = await self._run(code, {}, limits or self.limits)
        return result

    async def evaluate(self, code: str, values: Mapping[str, Any], limits: SandboxLimits | None = None) -> object:
        """The value of the last expression of `code`, in which `values` are names (numbers, texts, lists, mappings).

        Raises `SandboxError` where the code fails or breaks a limit; the message is the code's own error.
        """
        result, value = await self._run(code, values, limits or self.limits)
        if not result.ok:
            said = result.stderr.decode(errors="replace").strip()
            reason = f"it broke the limit of {result.killed_by}" if result.killed_by else said[-500:]
            raise SandboxError(f"the formula failed: {reason}", where="monty", todo="Correct the formula.")
        return value

    def open(self, project: Project, limits: SandboxLimits | None = None) -> AbstractAsyncContextManager[SandboxWorker]:
        """There are no workers in Monty: raises `SandboxError`."""
        raise SandboxError("Monty has no workers", where="monty", todo="Use bubblewrap or Docker.")

    async def _run(
        self, code: str, values: Mapping[str, Any], limits: SandboxLimits
    ) -> tuple[SandboxResult, object | None]:
        try:
            from pydantic_monty import AsyncMonty, MontyCrashedError, MontyError
        except ImportError:
            raise _missing() from None
        scope, token = anyio.CancelScope(), anyio.lowlevel.current_token()
        # Monty calls from a thread of its own, and goes on printing whatever the call raises
        said = _Said(limits.output, lambda: anyio.from_thread.run_sync(scope.cancel, token=token))
        started = time.perf_counter()
        killed_by: KilledBy | None = None
        complaint, value = "", None
        async with self._slots:
            try:
                with scope, anyio.fail_after(limits.seconds + _GRACE):
                    async with (
                        AsyncMonty(max_processes=1, request_timeout=limits.seconds + _GRACE / 2) as pool,
                        pool.checkout(limits=_bounds(limits)) as session,
                    ):
                        value = await session.feed_run(code, inputs=dict(values), print_callback=said.add)
            except MontyCrashedError as error:
                killed_by = KilledBy.TIME if getattr(error, "timed_out", False) else KilledBy.MEMORY
            except MontyError as error:
                complaint, killed_by = str(error), _limit_of(error)
            except TimeoutError:
                killed_by = KilledBy.TIME
        killed_by = said.broken or killed_by
        if complaint and killed_by is None:
            said.stderr.extend(complaint.encode()[-4_000:] + b"\n")
        result = SandboxResult(
            exit_status=None if killed_by else int(bool(complaint)),
            stdout=bytes(said.stdout),
            stderr=bytes(said.stderr),
            wall=time.perf_counter() - started,
            cpu=0.0,
            peak_memory=0,
            killed_by=killed_by,
        )
        return result, value


class _Said:
    """What the code printed, up to the limit."""

    def __init__(self, limit: int, stop: Callable[[], object]) -> None:
        self.stdout, self.stderr = bytearray(), bytearray()
        self.broken: KilledBy | None = None
        self._room, self._stop = limit, stop

    def add(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        data = text.encode("utf-8", "replace")
        (self.stdout if stream == "stdout" else self.stderr).extend(data[: self._room])
        self._room -= len(data)
        if self._room < 0:
            self._room, first, self.broken = 0, self.broken is None, KilledBy.OUTPUT
            if first:
                self._stop()


def _bounds(limits: SandboxLimits) -> ResourceLimits:
    return {
        "max_feed_duration_secs": limits.seconds,
        "max_turn_duration_secs": limits.seconds,
        "max_memory": limits.memory,
        "max_recursion_depth": _DEPTH,
    }


def _limit_of(error: Any) -> KilledBy | None:
    match error.exception():
        case TimeoutError():
            return KilledBy.TIME
        case MemoryError():
            return KilledBy.MEMORY
        case _:
            return None


def _missing() -> SandboxError:
    return SandboxError(
        "pydantic-monty is not installed", where="monty", todo="Run: pip install 'agent-supervisor[builder]'"
    )
