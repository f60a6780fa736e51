"""What the pipeline is made of, as it sees it: understanding, writing, checking, putting into service.

Everything here but `Deploying` and `Writer` is a plain function of its arguments; `roles.builder.real_parts` has them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from roles.engineering.findings import Finding
from roles.engineering.specification import Component, DataSource, Specification

__all__ = [
    "BuildParts", "Checked", "Checking", "Deployed", "Deploying", "Failed", "ModelWriting", "Needs", "Plan", "Question",
    "Understanding", "Writing",
]  # fmt: skip


class Question(Protocol):
    """Something that has to be known and was not said."""

    @property
    def name(self) -> str:
        """What an answer is given under."""
        ...

    @property
    def text(self) -> str:
        """The question."""
        ...

    @property
    def choices(self) -> tuple[str, ...]:
        """The only answers there are; empty: any."""
        ...


class Needs(Protocol):
    """Requirements as they were understood; they can be stored as text and read again."""

    @property
    def questions(self) -> Sequence[Question]:
        """What is missing; nothing is built before it is answered."""
        ...

    @property
    def beyond(self) -> Sequence[str]:
        """What no template covers: a model would have to write it."""
        ...

    def model_dump_json(self) -> str:
        """All of it, as JSON."""
        ...

    def summary(self) -> str:
        """What was understood, in a few lines for people."""
        ...


class Plan(Protocol):
    """The design: which components there will be, and why."""

    def model_dump_json(self) -> str:
        """All of it, as JSON."""
        ...

    def summary(self) -> str:
        """The design, in a few lines for people."""
        ...


class Understanding(Protocol):
    """From words to a specification."""

    async def read_schema(self, url: str) -> tuple[DataSource, ...]:
        """The tables of the database at an address. Raises `BuildError` where it can't be read."""
        ...

    def analyze(self, given: str | Mapping[str, JsonValue], sources: Sequence[DataSource]) -> Needs:
        """What a text or mapping asks for. Raises `BuildError`."""
        ...

    def correct(self, needs: Needs, text: str, sources: Sequence[DataSource]) -> Needs:
        """The requirements with an answer or a correction in words taken in. Raises `BuildError`."""
        ...

    def needs_of(self, text: str) -> Needs:
        """Stored requirements."""
        ...

    def design(self, needs: Needs, sources: Sequence[DataSource]) -> Plan:
        """Which components serve them."""
        ...

    def plan_of(self, text: str) -> Plan:
        """A stored design."""
        ...

    def specify(self, needs: Needs, plan: Plan, sources: Sequence[DataSource]) -> Specification:
        """All that code is written from. Raises `BuildError`."""
        ...

    def check(self, specification: Specification) -> Sequence[Finding]:
        """What is wrong with a specification beyond its shape."""
        ...

    def to_yaml(self, specification: Specification) -> str:
        """A specification as people read it."""
        ...

    def from_yaml(self, text: str) -> Specification:
        """A specification from YAML. Raises `ValidationFailed`."""
        ...


class Writing(Protocol):
    """From a specification to files, the same files for the same specification. Paths start with the package's name."""

    def component_hash(self, specification: Specification, component: Component) -> str:
        """SHA-256, in hex, of all that a component is written from, the templates' version included."""
        ...

    def component(self, specification: Specification, component: Component) -> Mapping[str, str]:
        """The files of a component; of one that a model writes, nothing. Raises `BuildError`."""
        ...

    def frame(self, specification: Specification) -> Mapping[str, str]:
        """The files of the package that belong to no component. Raises `BuildError`."""
        ...

    def tests(self, specification: Specification) -> Mapping[str, str]:
        """Tests of everything, below ``tests/``."""
        ...

    def documents(self, specification: Specification) -> Mapping[str, str]:
        """What people read, and what makes the folder an installable project."""
        ...


@dataclass(frozen=True, slots=True)
class Failed:
    """Something that did not pass: the component that caused it (``frame`` where none did), and the exact error."""

    component: str
    error: str
    constraint: bool = False
    """Whether it works, and costs more than it may."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: `figures` are what was measured, `text` says it in a line."""

    failures: tuple[Failed, ...] = ()
    figures: Mapping[str, JsonValue] | None = None
    text: str = ""


class Checking(Protocol):
    """Checks of files; nothing of them is run but in a sandbox."""

    @property
    def version(self) -> str:
        """Changes whenever a check would find something else."""
        ...

    async def syntax(self, specification: Specification, files: Mapping[str, str]) -> Checked:
        """Whether all files can be parsed."""
        ...

    async def security(self, specification: Specification, files: Mapping[str, str]) -> Checked:
        """Policy, ruff and types."""
        ...

    async def tests(self, specification: Specification, files: Mapping[str, str]) -> Checked:
        """Import, generated tests, formulas against an independent evaluation, constraints, coverage: in a sandbox.

        Raises `SandboxError` where there is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Deployed:
    """An agent in service."""

    name: str
    version: str
    folder: str
    specification_hash: str = ""
    build: str = ""


class Deploying(Protocol):
    """Puts agents into service."""

    async def in_service(self, name: str) -> Deployed | None:
        """The version of a built agent that is in service. Raises `BuildError` where another kind has that name."""
        ...

    async def next_version(self, name: str, wanted: str) -> str:
        """The version that a changed agent gets: `wanted`, where no version of it was deployed; else one above all."""
        ...

    async def deploy(
        self,
        folder: Path,
        specification: Specification,
        files: Mapping[str, str],
        figures: Mapping[str, JsonValue],
        *,
        build: str,
        by: str,
        improvement: str | None,
    ) -> Deployed:
        """Put it into service, all or nothing, and once for a build however often asked. Raises `BuildError`."""
        ...

    async def verify_health(self, name: str) -> str:
        """Start it and have it answer; what was seen, in a line. Raises `SupervisorError` where it is not well."""
        ...

    async def withdraw(self, name: str, *, build: str, by: str, reason: str) -> None:
        """Take what a build deployed out of service again; the version before it serves, where there was one."""
        ...


class ModelWriting(Protocol):
    """What a configured model does. Counts against the build's budget; raises `ModelError` and `LimitExceeded`."""

    @property
    def label(self) -> str:
        """Which model it is; empty where none is configured."""
        ...

    async def specify(
        self, text: str, beyond: Sequence[str], sources: Sequence[DataSource], errors: Sequence[str], previous: str
    ) -> Specification:
        """A specification of what templates do not cover; `errors` are those of the `previous` one, as YAML."""
        ...

    async def component(
        self,
        specification: Specification,
        component: Component,
        files: Mapping[str, str],
        errors: Sequence[str],
        previous: str,
    ) -> str:
        """The code of a component; `files` are those it builds on, `errors` those of the `previous` code."""
        ...


Optimise = Callable[[Specification, Mapping[str, str], str], Awaitable[Mapping[str, str] | None]]
"""Given package and tests, and the component at fault: cheaper files that do the same, None where there are none."""


@dataclass(frozen=True, slots=True)
class BuildParts:
    """The parts of one builder; without `deploying` agents are built and not put into service.

    `ready` raises `SandboxError` where what is built could not be run: then nothing is written.
    """

    understanding: Understanding
    writing: Writing
    checking: Checking
    deploying: Deploying | None = None
    optimise: Optimise | None = None
    ready: Callable[[], Awaitable[object]] | None = None
