"""The fifteen tools: each by itself, in drafts that nothing leaves, and nothing in service that was not checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from common.context import Owner, TaskContext
from common.intent_collector import IntentCollector
from common.owner_keys import DEFAULT_OWNER
from common.tool import Tool, ToolContext, ToolResult
from llm_provider.tool_registry import ToolRegistry
from roles.builder.parts import Checked, Failed
from roles.builder.tools import builder_tools
from tests.roles.builder.made_parts import MadeParts

NAMES = [
    "analyze_requirements", "design_agent_architecture", "generate_agent_specification",
    "validate_specification", "write_file", "read_file", "create_directory", "generate_agent_code",
    "validate_code_syntax", "validate_code_security", "generate_unit_tests", "run_tests",
    "generate_documentation", "deploy_agent", "verify_agent_health",
]  # fmt: skip


class Caller:
    """Calls tools for an owner."""

    def __init__(self, tools: tuple[Tool, ...], owner: Owner = DEFAULT_OWNER) -> None:
        self._registry = ToolRegistry(tools)
        self._context = ToolContext(TaskContext(user=owner.user, tenant=owner.tenant), IntentCollector())

    async def __call__(self, name: str, /, **given: Any) -> ToolResult:
        tool = self._registry.get_tool(f"builder.{name}")
        values = {"draft": "first", **given} if "draft" in tool.arguments.model_fields else given
        return await tool.handler(tool.arguments(**values), self._context)


@pytest.fixture
def parts(tmp_path: Path) -> MadeParts:
    return MadeParts(tmp_path)


@pytest.fixture
def tools(parts: MadeParts, tmp_path: Path) -> tuple[Tool, ...]:
    return builder_tools(parts.parts(), lambda owner: tmp_path / "files" / owner.user, None)


@pytest.fixture
def call(tools: tuple[Tool, ...]) -> Caller:
    return Caller(tools)


def test_there_are_fifteen_with_described_arguments(tools: tuple[Tool, ...]) -> None:
    assert [tool.name for tool in tools] == [f"builder.{name}" for name in NAMES]
    assert all(tool.schema["additionalProperties"] is False for tool in tools)


async def test_an_agent_step_by_step(call: Caller, parts: MadeParts) -> None:
    analyzed = await call("analyze_requirements", requirements="double a number")
    assert analyzed.data == {"summary": "it doubles\nand no more", "questions": [], "beyond": []}
    assert (await call("design_agent_architecture")).ok
    specified = await call("generate_agent_specification")
    assert (specified.data or {})["name"] == "doubler"
    assert (await call("validate_specification")).data == {"ok": True, "findings": []}
    written = await call("generate_agent_code")
    assert "project/doubler/library.py" in (written.data or {})["paths"]
    assert (await call("generate_agent_code", component="library")).data == {"paths": ["project/doubler/library.py"]}
    assert (await call("generate_unit_tests")).data == {"paths": ["project/tests/test_it.py"]}
    for check in ("validate_code_syntax", "validate_code_security"):
        assert (await call(check)).data == {"ok": True, "findings": []}
    tested = await call("run_tests")
    assert tested.data == {"ok": True, "text": "all passed", "failures": [], "figures": {"coverage": 0.9}}
    assert (await call("generate_documentation")).ok
    assert (await call("deploy_agent")).data == {"name": "doubler", "version": "1.0.0"}
    assert (await call("verify_agent_health", name="doubler")).data == {"ok": True, "text": "it answers"}


async def test_what_is_missing_or_beyond_is_said(call: Caller) -> None:
    assert "Call builder.analyze_requirements first" in (await call("design_agent_architecture")).text
    beyond = await call("analyze_requirements", requirements="write a poem")
    assert (beyond.data or {})["beyond"] == ["poetry"]
    refused = await call("design_agent_architecture")
    assert (refused.ok, "no template covers this: poetry" in refused.text) == (False, True)
    assert not (await call("run_tests")).ok


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a/../../x", "a//b", "./a", "a\\b", "", "a\0b", "link/x", "out.txt", "x" * 300]
)
async def test_files_stay_within_the_draft(call: Caller, tmp_path: Path, path: str) -> None:
    await call("write_file", path="kept.txt", text="here")
    draft = tmp_path / "files" / "local" / "drafts" / "first"
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("secret")
    os.symlink(outside, draft / "link")
    os.symlink(outside / "x", draft / "out.txt")
    for name, more in (("write_file", {"text": "changed"}), ("read_file", {}), ("create_directory", {})):
        try:
            answer = await call(name, path=path, **more)
        except ValueError:  # refused by the arguments' own shape
            continue
        assert not answer.ok
        assert "secret" not in answer.text
    assert (outside / "x").read_text() == "secret"
    assert [file.name for file in outside.iterdir()] == ["x"]
    assert (await call("read_file", path="kept.txt")).data == {"path": "kept.txt", "text": "here"}


async def test_folders_and_files(call: Caller) -> None:
    assert (await call("create_directory", path="project/doubler")).ok
    written = await call("write_file", path="project/doubler/more.py", text="x = 1\n")
    assert len((written.data or {})["sha256"]) == 64
    assert (await call("read_file", path="project/doubler/more.py")).text.endswith("x = 1\n")
    assert not (await call("read_file", path="project")).ok
    assert not (await call("write_file", path="project", text="x")).ok


async def test_drafts_belong_to_their_owner_and_only_the_default_owner_deploys(
    call: Caller, tools: tuple[Tool, ...]
) -> None:
    await call("write_file", path="mine.txt", text="mine")
    other = Caller(tools, Owner("default", "bea"))
    assert not (await other("read_file", path="mine.txt")).ok
    await other("analyze_requirements", requirements="double a number")
    await other("design_agent_architecture")
    await other("generate_agent_specification")
    await other("generate_agent_code")
    refused = await other("deploy_agent")
    assert (refused.ok, "only the default owner" in refused.text) == (False, True)


async def test_nothing_is_deployed_that_does_not_pass_as_it_is(call: Caller, parts: MadeParts) -> None:
    await call("analyze_requirements", requirements="double a number")
    await call("design_agent_architecture")
    await call("generate_agent_specification")
    await call("generate_agent_code")
    assert (await call("run_tests")).ok
    await call("write_file", path="project/doubler/library.py", text="import os\n")
    parts.failures = [Checked((Failed("library", "it opens files"),))]
    refused = await call("deploy_agent")
    assert (refused.ok, "it opens files" in refused.text) == (False, True)
    assert await parts.in_service("doubler") is None
