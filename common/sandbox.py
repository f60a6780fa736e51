"""The protocol of sandboxes: what may be run, within which limits, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from common.errors import SandboxError

if TYPE_CHECKING:
    from common.sandbox_settings import SandboxSettings

__all__ = ["KilledBy", "Project", "Sandbox", "SandboxLimits", "SandboxResult", "SandboxWorker"]

_MAX_FILES = 1_000
_MAX_INPUT = 64 * 2**20


class KilledBy(StrEnum):
    """The limit for which a run was ended before its own end."""

    TIME = "time"
    MEMORY = "memory"
    OUTPUT = "output"
    PROCESSES = "processes"
    FILES = "files"
    ITSELF = "itself"
    """The code ended the process that watches it from inside; nothing that it reports of itself can be had."""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one run may use: bytes of memory, processors, seconds by the clock, bytes of output, processes, files.

    Raises `SandboxError` for a limit that is not positive: a run without a limit does not exist.
    """

    memory: int = 512 * 2**20
    cpus: float = 1.0
    seconds: float = 30.0
    output: int = 2**20
    processes: int = 32
    disk: int = 64 * 2**20
    files: int = 10_000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 < getattr(self, name) < float("inf"):
                raise SandboxError(f"the limit {name!r} of a sandbox must be positive and finite")

    @staticmethod
    def from_settings(settings: SandboxSettings) -> SandboxLimits:
        """The limits that the settings name."""
        return SandboxLimits(
            memory=settings.memory,
            cpus=settings.cpus,
            seconds=settings.timeout,
            output=settings.output,
            processes=settings.processes,
            disk=settings.disk,
            files=settings.files,
        )


@dataclass(frozen=True, slots=True)
class Project:
    """What is to be run: files of one folder, and what the Python interpreter is given in that folder.

    `files` maps relative POSIX paths to contents. `arguments` are those of the interpreter: a file of the project with
    its own arguments, or ``-m`` and a module. `outputs` are the files that are copied out afterwards; a link, a device
    or a folder of that name is not. `packages` lets the packages of this Python environment be imported; without it
    there is the standard library only. Raises `SandboxError` for paths that leave the folder and for too many or too
    large files.
    """

    files: Mapping[str, bytes]
    arguments: tuple[str, ...] = ("main.py",)
    stdin: bytes = b""
    outputs: tuple[str, ...] = ()
    packages: bool = False

    def __post_init__(self) -> None:
        for path in (*self.files, *self.outputs):
            _check_path(path)
        if len(self.files) > _MAX_FILES or len(self.outputs) > _MAX_FILES:
            raise SandboxError(
                f"a project has at most {_MAX_FILES} files", todo="Leave out what the run does not need."
            )
        if sum(map(len, self.files.values())) + len(self.stdin) > _MAX_INPUT:
            raise SandboxError(f"a project's files have at most {_MAX_INPUT} bytes together")
        if not self.arguments or any("\0" in argument for argument in self.arguments):
            raise SandboxError("the interpreter needs arguments without null characters")

    @staticmethod
    def of_code(code: str, *, stdin: bytes = b"", outputs: tuple[str, ...] = ()) -> Project:
        """A project of one file."""
        return Project({"main.py": code.encode("utf-8", "surrogatepass")}, stdin=stdin, outputs=outputs)


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    plain = bool(parts) and not path.startswith("/") and ".." not in parts and str(PurePosixPath(*parts)) == path
    if not plain or "\0" in path or len(path) > 300:
        raise SandboxError(f"{path[:80]!r} is no relative path within the project's folder")


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """What became of a run.

    `exit_status` is the process's (negative: the signal that ended it), None where the run was killed. `stdout` and
    `stderr` hold at most the limit's bytes together. `outputs` are the declared files that were there; `refused` tells
    of the others why not. `wall` and `cpu` are seconds, `peak_memory` bytes; both are what could be seen, so a process
    that lived for milliseconds may be missing from the peak.
    """

    exit_status: int | None
    stdout: bytes
    stderr: bytes
    wall: float
    cpu: float
    peak_memory: int
    killed_by: KilledBy | None = None
    outputs: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    refused: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def ok(self) -> bool:
        """Whether the code ended by itself, and well."""
        return self.killed_by is None and self.exit_status == 0


class SandboxWorker(Protocol):
    """A process in a sandbox that answers each line on its standard input with one line on its standard output."""

    async def ask(self, line: bytes, *, timeout: float | None = None) -> bytes:
        """Send a line and return the answer, both without the newline.

        `timeout` is in seconds (None: the limits' seconds). Raises `SandboxError` where the worker has ended, broke a
        limit or gave no answer in time; in all of these cases it is gone for good.
        """
        ...

    @property
    def stderr(self) -> bytes:
        """The latest bytes of its standard error."""
        ...


class Sandbox(Protocol):
    """A place where code can do no harm."""

    @property
    def name(self) -> str:
        """The backend's name in settings and messages."""
        ...

    async def available(self) -> SandboxError | None:
        """Why it can't be used here (with what to do about it), None where a trial run went well."""
        ...

    async def run(self, project: Project, limits: SandboxLimits | None = None) -> SandboxResult:
        """Run a project to its end or to a limit; None: the limits of the settings.

        Whatever the code does is in the result. Raises `SandboxError` where no sandbox could be had for it. When the
        caller is cancelled, all processes of the run are ended first.
        """
        ...

    def open(self, project: Project, limits: SandboxLimits | None = None) -> AbstractAsyncContextManager[SandboxWorker]:
        """Start a project as a worker that lives until the context is left; the limits' seconds hold for each answer.

        Raises `SandboxError` where that is not possible.
        """
        ...
