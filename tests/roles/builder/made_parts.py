"""Parts of a builder that do little, quickly, and count it: for tests of the pipeline around them."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from common.builder_settings import BuilderSettings
from common.errors import BuildError
from events.state.build import Stage
from events.store import EventStore
from llm_provider.factory import LLMFactory
from roles.builder.parts import BuildParts, Checked, Deployed, Failed
from roles.builder.service_builder import ServiceBuilder
from roles.engineering.findings import Finding
from roles.engineering.specification import Component, DataSource, Operation, Output, Specification

__all__ = ["MadeParts", "build_in", "builder", "killed_at", "specification"]


def specification(name: str = "doubler", **more: Any) -> Specification:
    components = (
        Component(name="errors", kind="errors"),
        Component(name="library", kind="library", depends_on=("errors",)),
        Component(name="agent", kind="main", depends_on=("library",)),
    )
    made: dict[str, Any] = {
        "name": name, "class_name": "Doubler", "kind": "calculation", "title": "Doubles", "purpose": "It doubles.",
        "operations": (Operation(name="double", description="Double", outputs=(Output(name="x", type="number"),)),),
        "components": components,
    }  # fmt: skip
    return Specification(**{**made, **more})


@dataclass(frozen=True)
class Question:
    name: str
    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Thing:
    """Requirements and design in one."""

    held: dict[str, Any]

    @property
    def questions(self) -> Sequence[Question]:
        return [Question(name, f"What is {name}?") for name in self.held.get("missing", [])]

    @property
    def beyond(self) -> Sequence[str]:
        return self.held.get("beyond", [])

    def model_dump_json(self) -> str:
        return json.dumps(self.held)

    def summary(self) -> str:
        return "it doubles\nand no more"


@dataclass
class MadeParts:
    """All parts; `at` is called with a stage before and after what it does."""

    folder: Path
    at: Callable[[str], None] = lambda _: None
    counts: Counter[str] = field(default_factory=Counter)
    templates: dict[str, str] = field(default_factory=dict)
    failures: list[Checked] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unwell: bool = False
    made: Specification = field(default_factory=specification)
    version: str = "1"

    def _did(self, what: str) -> None:
        self.counts[what] += 1
        self.at(what)

    # understanding
    async def read_schema(self, url: str) -> tuple[DataSource, ...]:
        return ()

    def analyze(self, given: str | Mapping[str, JsonValue], sources: Sequence[DataSource]) -> Thing:
        self._did("analyze")
        said = {"text": given} if isinstance(given, str) else given
        text = str(said.get("text"))
        missing = ["size"] if "size" in text and not said.get("answers") else []
        return Thing({"missing": missing, "beyond": ["poetry"] if "poem" in text else []})

    def correct(self, needs: Thing, text: str, sources: Sequence[DataSource]) -> Thing:
        return Thing({})

    def needs_of(self, text: str) -> Thing:
        return Thing(json.loads(text))

    plan_of = needs_of

    def design(self, needs: Thing, sources: Sequence[DataSource]) -> Thing:
        self._did("design")
        return Thing({})

    def specify(self, needs: Thing, plan: Thing, sources: Sequence[DataSource]) -> Specification:
        self._did("specify")
        return self.made

    def check(self, specification: Specification) -> Sequence[Finding]:
        self._did("validate")
        return self.findings

    def to_yaml(self, specification: Specification) -> str:
        return specification.model_dump_json()

    def from_yaml(self, text: str) -> Specification:
        return Specification.model_validate_json(text)

    # writing
    def component_hash(self, specification: Specification, component: Component) -> str:
        import hashlib

        text = component.model_dump_json() + self.templates.get(component.name, "") + specification.name
        return hashlib.sha256(text.encode()).hexdigest()

    def component(self, specification: Specification, component: Component) -> Mapping[str, str]:
        self._did(f"write {component.name}")
        text = f"# {component.name}{self.templates.get(component.name, '')}\n"
        return {f"{specification.name}/{component.name}.py": text}

    def frame(self, specification: Specification) -> Mapping[str, str]:
        self._did("write")
        return {f"{specification.name}/__init__.py": f"# {specification.name}\n"}

    def tests(self, specification: Specification) -> Mapping[str, str]:
        self._did("write_tests")
        return {"tests/test_it.py": "# a test\n"}

    def documents(self, specification: Specification) -> Mapping[str, str]:
        self._did("document")
        return {"README.md": f"# {specification.title}\n"}

    # deploying
    def _served(self) -> dict[str, Any]:
        path = self.folder / "served.json"
        return json.loads(path.read_text()) if path.exists() else {}

    async def in_service(self, name: str) -> Deployed | None:
        held = self._served().get(name)
        return Deployed(**held[-1]) if held else None

    async def next_version(self, name: str, wanted: str) -> str:
        held = self._served().get(name, [])
        return f"1.{len(held)}.0"

    async def deploy(
        self, folder: Path, specification: Specification, files: Mapping[str, str],
        figures: Mapping[str, JsonValue], *, build: str, by: str, improvement: str | None,
    ) -> Deployed:  # fmt: skip
        served = self._served()
        held = served.setdefault(specification.name, [])
        placed = Deployed(specification.name, specification.version, str(folder), specification.fingerprint(), build)
        self.at("deploy")
        if held and held[-1]["specification_hash"] == placed.specification_hash:
            self.at("deployed")
            return Deployed(**held[-1])
        if not any(one["build"] == build for one in held):
            self.counts["deploy"] += 1
            held.append({name: getattr(placed, name) for name in placed.__slots__})
            (self.folder / "served.json").write_text(json.dumps(served))
        self.at("deployed")
        return placed

    async def verify_health(self, name: str) -> str:
        self._did("health")
        if self.unwell:
            raise BuildError("it says nothing", where=name)
        return "it answers"

    async def withdraw(self, name: str, *, build: str, by: str, reason: str) -> None:
        self.counts["withdraw"] += 1
        served = self._served()
        served[name] = [one for one in served[name] if one["build"] != build]
        (self.folder / "served.json").write_text(json.dumps(served))

    def parts(self) -> BuildParts:
        return BuildParts(self, self, _Checks(self), self)


class _Checks:
    """The checks; their failures are told in turn, by the stage of tests."""

    def __init__(self, parts: MadeParts) -> None:
        self._parts = parts

    @property
    def version(self) -> str:
        return self._parts.version

    async def syntax(self, specification: Specification, files: Mapping[str, str]) -> Checked:
        self._parts._did("syntax")
        bad = [path for path, text in files.items() if "bad syntax" in text]
        return Checked(tuple(Failed(Path(path).stem, f"{path}:1: syntax") for path in bad), text="syntax")

    async def security(self, specification: Specification, files: Mapping[str, str]) -> Checked:
        self._parts._did("security")
        return Checked(text="nothing found")

    async def tests(self, specification: Specification, files: Mapping[str, str]) -> Checked:
        self._parts._did("test")
        failures = self._parts.failures
        return failures.pop(0) if failures else Checked(figures={"coverage": 0.9}, text="all passed")


def builder(store: EventStore, ownership: Any, folder: Path, parts: MadeParts, **more: Any) -> ServiceBuilder:
    models = more.pop("models", None) or LLMFactory.with_model(_offline())
    memory = more.pop("memory", lambda: 2**40)
    return ServiceBuilder(
        BuilderSettings(**more), folder / "builds", folder / "cache", store, ownership, models, parts.parts(),
        memory=memory,
    )  # fmt: skip


def _offline() -> Any:
    from llm_provider.offline_model import OfflineModel

    return OfflineModel()


def killed_at(stage: str) -> Callable[[str], None]:
    def kill(what: str) -> None:
        if what == stage:
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


async def build_in(folder: str, build_id: str, stage: str) -> None:
    """A build in this process, which kills itself at a stage."""
    async with await EventStore.open(f"sqlite:///{folder}/events.db") as store:
        parts = MadeParts(Path(folder), killed_at(stage))
        made = builder(store, await store.ownership(), Path(folder), parts)
        await made.create_agent("double a number", by="ann", build_id=build_id)


STAGES_THAT_WORK = [*(stage for stage in Stage if stage not in (Stage.DEPLOY,)), "deploy", "deployed"]
