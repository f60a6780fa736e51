"""The builder's tools, one for each step, usable one by one by any agent.

They work in drafts: folders of the caller's own, which nothing that they do leaves. A draft has the same files as a
build. Code that they write is run in a sandbox only, and an agent is put into service only with checks passed by
exactly the files that are deployed, and only for those who may.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, JsonValue

from common.context import Owner
from common.errors import BuildError, SupervisorError, ToolError
from common.owner_keys import DEFAULT_OWNER
from common.tool import Tool, ToolContext, ToolResult
from roles.builder import tool_answers as shapes
from roles.builder.parts import BuildParts, Checked
from roles.builder.stage_context import PROJECT, group_of, run
from roles.builder.workspace import Workspace
from roles.engineering.findings import Finding
from roles.engineering.specification import Component, DataSource, Specification

__all__ = ["builder_tools"]

_SECONDS = 120.0
_Work = Callable[["_Draft", Any], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A draft, and who works on it."""

    files: Workspace
    parts: BuildParts
    owner: Owner
    database_url: str | None

    async def specification(self) -> Specification:
        text = await run(lambda: self.files.find("specification.yaml"))
        if text is None:
            raise BuildError("the draft has no specification", todo="Call builder.generate_agent_specification first.")
        return self.parts.understanding.from_yaml(text)

    async def sources(self) -> tuple[DataSource, ...]:
        held = cast("list[Any]", json.loads(await run(lambda: self.files.find("sources.json")) or "[]"))
        return tuple(DataSource.model_validate(one) for one in held)

    async def held(self, path: str, before: str) -> str:
        text = await run(lambda: self.files.find(path))
        if text is None:
            raise BuildError(f"the draft has no {path}", todo=f"Call builder.{before} first.")
        return text

    async def code(self) -> dict[str, str]:
        """The package with its tests."""
        files = await run(lambda: self.files.texts(PROJECT))
        return {path: text for path, text in files.items() if "/" in path}

    async def write_all(self, files: Mapping[str, str]) -> shapes.Files:
        def write() -> None:
            for path, text in files.items():
                self.files.write(f"{PROJECT}/{path}", text)

        await run(write)
        return shapes.Files(paths=sorted(f"{PROJECT}/{path}" for path in files))


async def _analyze(draft: _Draft, asked: shapes.Asked) -> shapes.Analyzed:
    understanding = draft.parts.understanding
    sources = await understanding.read_schema(draft.database_url) if draft.database_url else ()
    needs = await run(lambda: understanding.analyze(asked.requirements, sources))
    held = json.dumps([one.model_dump(mode="json") for one in sources])
    await run(lambda: draft.files.write("sources.json", held))
    await run(lambda: draft.files.write("requirements.json", needs.model_dump_json()))
    questions = [shapes.Question(name=one.name, text=one.text) for one in needs.questions]
    return shapes.Analyzed(summary=needs.summary(), questions=questions, beyond=list(needs.beyond))


async def _design(draft: _Draft, _: shapes.DraftName) -> shapes.Designed:
    understanding = draft.parts.understanding
    needs = understanding.needs_of(await draft.held("requirements.json", "analyze_requirements"))
    if needs.questions:
        raise BuildError("some things have to be known first: " + " ".join(one.text for one in needs.questions))
    if needs.beyond:
        raise BuildError(f"no template covers this: {'; '.join(needs.beyond)}", todo="Write its specification by hand.")
    plan = understanding.design(needs, await draft.sources())
    await run(lambda: draft.files.write("architecture.json", plan.model_dump_json()))
    return shapes.Designed(summary=plan.summary())


async def _specify(draft: _Draft, _: shapes.DraftName) -> shapes.Specified:
    understanding = draft.parts.understanding
    needs = understanding.needs_of(await draft.held("requirements.json", "analyze_requirements"))
    plan = understanding.plan_of(await draft.held("architecture.json", "design_agent_architecture"))
    made = understanding.specify(needs, plan, await draft.sources())
    text = understanding.to_yaml(made)
    await run(lambda: draft.files.write("specification.yaml", text))
    return shapes.Specified(name=made.name, operations=[one.name for one in made.operations], specification=text)


async def _validate(draft: _Draft, _: shapes.DraftName) -> shapes.Findings:
    made = await draft.specification()
    return _findings(await run(lambda: draft.parts.understanding.check(made)))


async def _write_file(draft: _Draft, new: shapes.NewFile) -> shapes.Written:
    digest = await run(lambda: draft.files.write(new.path, new.text))
    return shapes.Written(path=new.path, sha256=digest)


async def _read_file(draft: _Draft, at: shapes.FileAt) -> shapes.FileText:
    return shapes.FileText(path=at.path, text=await run(lambda: draft.files.read(at.path)))


async def _create_directory(draft: _Draft, at: shapes.Folder) -> shapes.Files:
    await run(lambda: draft.files.make_folder(at.path))
    return shapes.Files(paths=[at.path])


async def _code(draft: _Draft, asked: shapes.Code) -> shapes.Files:
    made = await draft.specification()
    files: dict[str, str] = {}
    for component in _components(made, asked.component):
        if component.model:
            raise BuildError(f"no template writes {component.name}", todo="Write its file with builder.write_file.")
        files.update(await run(lambda component=component: draft.parts.writing.component(made, component)))
    if not asked.component:
        files.update(await run(lambda: draft.parts.writing.frame(made)))
    return await draft.write_all(files)


def _components(made: Specification, name: str) -> Sequence[Component]:
    found = [one for one in made.component_order() if not name or one.name == name]
    if not found:
        known = ", ".join(one.name for one in made.components)
        raise BuildError(f"there is no component {name!r}", todo=f"Components: {known}.")
    return found


async def _syntax(draft: _Draft, _: shapes.DraftName) -> shapes.Findings:
    return _of_check(await draft.parts.checking.syntax(await draft.specification(), await draft.code()))


async def _security(draft: _Draft, _: shapes.DraftName) -> shapes.Findings:
    return _of_check(await draft.parts.checking.security(await draft.specification(), await draft.code()))


async def _unit_tests(draft: _Draft, _: shapes.DraftName) -> shapes.Files:
    made = await draft.specification()
    return await draft.write_all(await run(lambda: draft.parts.writing.tests(made)))


async def _run_tests(draft: _Draft, _: shapes.DraftName) -> shapes.Tested:
    return _tested(await draft.parts.checking.tests(await draft.specification(), await draft.code()))


async def _document(draft: _Draft, _: shapes.DraftName) -> shapes.Files:
    made = await draft.specification()
    files = dict(await run(lambda: draft.parts.writing.documents(made)))
    return await draft.write_all({**files, "specification.yaml": draft.parts.understanding.to_yaml(made)})


async def _deploy(draft: _Draft, named: shapes.DraftName) -> shapes.Deployed:
    deploying = draft.parts.deploying
    if deploying is None:
        raise BuildError("agents can't be put into service here")
    if draft.owner != DEFAULT_OWNER:
        raise BuildError("agents serve everybody, so only the default owner puts them into service")
    made = await draft.specification()
    # read once: what is checked is what is deployed, whatever else works in the draft meanwhile
    files = await run(lambda: draft.files.texts(PROJECT))
    code = {path: text for path, text in files.items() if "/" in path}
    findings = await run(lambda: draft.parts.understanding.check(made))
    if findings:
        raise BuildError(f"the specification was refused: {findings[0]}")
    figures: Mapping[str, JsonValue] = {}
    checking = draft.parts.checking
    for check in (checking.syntax, checking.security, checking.tests):
        found = await check(made, code)
        if found.failures:
            raise BuildError(f"the code was refused: {found.failures[0].error}", where=found.failures[0].component)
        figures = found.figures or figures
    if not group_of("package", files):
        raise BuildError("the draft has no code", todo="Call builder.generate_agent_code first.")
    placed = await deploying.deploy(
        draft.files.root / PROJECT, made, files, figures, build=f"draft {named.draft}", by=draft.owner.user,
        improvement=None,
    )  # fmt: skip
    return shapes.Deployed(name=placed.name, version=placed.version)


async def _health(draft: _Draft, agent: shapes.AgentName) -> shapes.Health:
    if draft.parts.deploying is None:
        raise BuildError("agents can't be put into service here")
    return shapes.Health(ok=True, text=await draft.parts.deploying.verify_health(agent.name))


def _findings(found: Sequence[Finding]) -> shapes.Findings:
    return shapes.Findings(ok=not found, findings=[str(one) for one in found])


def _of_check(found: Checked) -> shapes.Findings:
    return shapes.Findings(ok=not found.failures, findings=[f"{one.component}: {one.error}" for one in found.failures])


def _tested(found: Checked) -> shapes.Tested:
    failures = [f"{one.component}: {one.error}" for one in found.failures]
    return shapes.Tested(ok=not failures, text=found.text, failures=failures, figures=dict(found.figures or {}))


_TOOLS: Sequence[tuple[str, str, type[BaseModel], _Work, bool]] = (
    ("analyze_requirements", "Understand what an agent that is to be built shall do; tells what is missing",
     shapes.Asked, _analyze, True),
    ("design_agent_architecture", "Design the components of an agent from the requirements of its draft",
     shapes.DraftName, _design, True),
    ("generate_agent_specification", "Write the specification of an agent from the design of its draft",
     shapes.DraftName, _specify, True),
    ("validate_specification", "Check the specification of an agent's draft", shapes.DraftName, _validate, False),
    ("write_file", "Write a file into the draft of an agent", shapes.NewFile, _write_file, True),
    ("read_file", "Read a file of the draft of an agent", shapes.FileAt, _read_file, False),
    ("create_directory", "Make a folder in the draft of an agent", shapes.Folder, _create_directory, True),
    ("generate_agent_code", "Write the code of an agent from the specification of its draft",
     shapes.Code, _code, True),
    ("validate_code_syntax", "Check the syntax of the code in an agent's draft", shapes.DraftName, _syntax, False),
    ("validate_code_security", "Check by policy, linter and types what the code in an agent's draft may do",
     shapes.DraftName, _security, False),
    ("generate_unit_tests", "Write unit tests for an agent from the specification of its draft",
     shapes.DraftName, _unit_tests, True),
    ("run_tests", "Run the unit tests and checks of an agent's draft in a sandbox",
     shapes.DraftName, _run_tests, False),
    ("generate_documentation", "Write the documentation of an agent from the specification of its draft",
     shapes.DraftName, _document, True),
    ("deploy_agent", "Check the agent in a draft once more, and put it into service",
     shapes.DraftName, _deploy, True),
    ("verify_agent_health", "Start a built agent and have it answer", shapes.AgentName, _health, False),
)  # fmt: skip


def builder_tools(parts: BuildParts, folder_of: Callable[[Owner], Path], database_url: str | None) -> tuple[Tool, ...]:
    """The fifteen tools; `folder_of` gives the folder of an owner's files, below which drafts stand."""

    def made(name: str, description: str, arguments: type[BaseModel], work: _Work, acts: bool) -> Tool:
        async def handler(given: Any, context: ToolContext) -> ToolResult:
            owner = context.context.owner
            name_of_draft = getattr(given, "draft", "none")
            # nothing can be in a draft that the caller did not put there
            files = Workspace(folder_of(owner) / "drafts" / name_of_draft)
            try:
                answer = await work(_Draft(files, parts, owner, database_url), given)
            except ToolError:
                raise
            except SupervisorError as error:
                return ToolResult(text=str(error), ok=False)
            data = answer.model_dump(mode="json")
            return ToolResult(text=_told(data), data=data)

        return Tool(
            f"builder.{name}", description, arguments, handler, acts=acts, timeout=_SECONDS,
            utterances=(f"{description.partition(';')[0].lower()}",),
        )  # fmt: skip

    return tuple(made(*one) for one in _TOOLS)


def _told(data: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for name, value in data.items():
        if isinstance(value, list):
            shown = "; ".join(_item(one) for one in cast("list[Any]", value))
            lines.append(f"{name}: {shown or 'none'}")
        elif value not in ("", None, {}):
            lines.append(f"{name}: {value}")
    return "\n".join(lines)


def _item(value: Any) -> str:
    return str(cast("dict[str, Any]", value).get("text", "")) if isinstance(value, dict) else str(value)
