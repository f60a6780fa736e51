"""What the stages of one build work with, and what they say when they end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import anyio.to_thread

from common.errors import BuildError
from common.limits import Budget
from common.updates import BuildProgress
from events.state.build import BuildState, Stage
from roles.builder.cache import BuildCache
from roles.builder.parts import BuildParts, Failed, ModelWriting
from roles.builder.workspace import Workspace, hash_of, hash_of_files
from roles.engineering.specification import DataSource, Specification

__all__ = ["FRAME", "PROJECT", "SPECIFICATION", "TESTS", "Back", "Building", "StageResult", "group_of", "run"]

Result = TypeVar("Result")

PROJECT = "project"
"""The folder of the agent's own files within the build's."""
SPECIFICATION = "specification"
"""Blamed where the specification is what has to be mended."""
FRAME = "frame"
"""Blamed for the files that belong to no component."""
TESTS = "tests"
"""Blamed for a generated test that is wrong itself."""


@dataclass(frozen=True, slots=True)
class StageResult:
    """A finished stage: a line about it, the hashes of what it made, and whether earlier results were reused."""

    text: str
    artifacts: Mapping[str, str] = field(default_factory=dict[str, str])
    reused: bool = False


class Back(Exception):
    """A stage failed, and goes back to the stage `to` because of these components."""

    def __init__(self, to: Stage, failures: Sequence[Failed]) -> None:
        super().__init__("; ".join(one.error for one in failures))
        self.to = to
        self.failures = tuple(failures)


@dataclass(slots=True)
class Building:
    """One build while this process works on it."""

    state: BuildState
    workspace: Workspace
    parts: BuildParts
    cache: BuildCache
    model: ModelWriting
    budget: Budget
    database_url: str | None
    emit: Callable[[BuildProgress], None]

    @property
    def build_id(self) -> str:
        """Its id."""
        return self.state.build_id

    def tell(self, stage: Stage, state: str, *, component: str = "", seconds: float = 0.0, text: str = "") -> None:
        """Say how it goes to whoever listens."""
        self.emit(BuildProgress(self.build_id, stage, state, seconds, component, text))

    def errors_of(self, component: str) -> list[str]:
        """Why a component is to be mended, oldest first; empty where it is not."""
        return [one.error for one in self.state.to_mend if one.component == component]

    async def write(self, path: str, text: str) -> str:
        """Write a file of the build; returns its hash."""
        return await run(lambda: self.workspace.write(path, text))

    async def read(self, path: str) -> str:
        """Read a file of the build."""
        return await run(lambda: self.workspace.read(path))

    async def specification(self) -> Specification:
        """The specification as the build has it."""
        return self.parts.understanding.from_yaml(await self.read("specification.yaml"))

    async def sources(self) -> tuple[DataSource, ...]:
        """The tables that were there when the request was analysed."""
        held = cast("list[Any]", json.loads(await self.read("sources.json")))
        return tuple(DataSource.model_validate(one) for one in held)

    async def project(self) -> dict[str, str]:
        """All files of the agent."""
        return await run(lambda: self.workspace.texts(PROJECT))

    async def is_whole(self, artifacts: Mapping[str, str]) -> bool:
        """Whether what a stage made still is as it was: a name with an ending is a file, any other a group of files."""

        def look() -> bool:
            for name, expected in artifacts.items():
                if "." in name:
                    text = self.workspace.find(name)
                    found = None if text is None else hash_of(text)
                else:
                    files = group_of(name, self.workspace.texts(PROJECT))
                    found = hash_of_files(files)
                if found != expected:
                    return False
            return True

        try:
            return await run(look)
        except BuildError:
            return False


def group_of(name: str, files: Mapping[str, str]) -> dict[str, str]:
    """The files of a group: ``tests``, ``documents`` (those at the top), or ``package``."""
    if name == "tests":
        return {path: text for path, text in files.items() if path.startswith("tests/")}
    if name == "documents":
        return {path: text for path, text in files.items() if "/" not in path}
    return {path: text for path, text in files.items() if "/" in path and not path.startswith("tests/")}


async def run(work: Callable[[], Result]) -> Result:
    """Do blocking work in a worker thread."""
    return await anyio.to_thread.run_sync(work)
