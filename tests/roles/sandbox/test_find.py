from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from common.errors import ConfigurationError, SandboxError
from common.sandbox import Project, SandboxLimits
from common.sandbox_settings import SandboxSettings
from common.settings_loader import load_settings
from roles.sandbox.docker import DockerSandbox
from roles.sandbox.find import find_sandbox, probe_sandboxes
from roles.sandbox.seccomp import seccomp_filter
from tests.roles.sandbox.contract import ProcessContract
from tests.system_parts import requires


class TestDocker(ProcessContract):
    @pytest.fixture
    async def sandbox(self) -> DockerSandbox:
        found = DockerSandbox()
        if (reason := await found.available()) is not None:
            pytest.skip(f"Docker can't be used here: {reason}")
        return found


async def test_docker_is_given_all_walls_and_limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    client = tmp_path / "docker"
    client.write_text("#!/bin/sh\nexit 1\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    plan = await DockerSandbox().plan(Project.of_code("1"), SandboxLimits(), worker=False)
    command = " ".join(plan.command[:-1])
    for wall in (
        "--network none", "--read-only", "--cap-drop ALL", "--security-opt no-new-privileges", "--user 65534:65534",
        "--memory 536870912 --memory-swap 536870912", "--cpus 1", "--pids-limit 35", "--pull never", "--ipc none",
        "size=67108864", "python:3.11-slim",
    ):  # fmt: skip
        assert wall in command
    reason = await DockerSandbox().available()
    assert reason is not None
    assert "Start the Docker engine" in reason.todo


async def test_the_first_sandbox_that_is_available_is_taken() -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    sandbox = await find_sandbox(SandboxSettings(backends=("bubblewrap", "docker")))
    assert (await sandbox.run(Project.of_code("print(1)"))).stdout == b"1\n"


async def test_the_example_of_the_documentation_runs() -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    text = (Path(__file__).parents[3] / "docs/sandbox.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    code = compile(example, "sandbox.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    await eval(code, names := {})
    assert names["result"].ok


async def test_without_any_sandbox_nothing_runs_and_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    for ask in (find_sandbox, probe_sandboxes):
        with pytest.raises(SandboxError, match="there is no sandbox on this machine") as raised:
            await ask(SandboxSettings())
        assert "bubblewrap is not installed" in raised.value.what
        assert "docker" in raised.value.what.lower()
        assert "apt-get install bubblewrap" in raised.value.todo


async def test_the_probe_tells_of_every_sandbox() -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    reached = await probe_sandboxes(SandboxSettings())
    assert "bubblewrap: available" in reached.detail
    assert "docker: " in reached.detail
    assert "monty: " in reached.detail


def test_limits_come_from_the_short_variables_the_settings_variables_and_the_defaults() -> None:
    environ = {"SANDBOX_MEMORY_LIMIT": "256m", "SANDBOX_CPU_LIMIT": "2", "DOCKER_TIMEOUT": "12.5"}
    limits = SandboxLimits.from_settings(load_settings(None, environ).sandbox)
    assert (limits.memory, limits.cpus, limits.seconds) == (256 * 2**20, 2.0, 12.5)
    both = {**environ, "SUPERVISOR_SANDBOX__MEMORY": "1g"}
    assert load_settings(None, both).sandbox.memory == 2**30
    limits = SandboxLimits.from_settings(load_settings(None, {}).sandbox)
    assert (limits.memory, limits.cpus, limits.seconds) == (512 * 2**20, 1.0, 30.0)


@pytest.mark.parametrize(
    ("name", "value"), [("SANDBOX_MEMORY_LIMIT", "much"), ("SANDBOX_CPU_LIMIT", "0"), ("DOCKER_TIMEOUT", "-1")]
)
def test_a_variable_that_is_no_limit_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_settings(None, {name: value})
    assert name in str(raised.value)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a//b", "", ".", "a/./b", "x\0", "a/"])
def test_a_project_has_no_files_outside_of_its_folder(path: str) -> None:
    with pytest.raises(SandboxError):
        Project({path: b""})
    with pytest.raises(SandboxError):
        Project({}, outputs=(path,))


@pytest.mark.parametrize("limit", ["memory", "cpus", "seconds", "output", "processes", "disk", "files"])
@pytest.mark.parametrize("value", [0, -1, float("inf")])
def test_there_is_no_run_without_a_limit(limit: str, value: float) -> None:
    with pytest.raises(SandboxError, match=limit):
        SandboxLimits(**{limit: value})


def test_a_machine_without_a_filter_of_system_calls_has_no_sandbox() -> None:
    assert len(seccomp_filter("x86_64")) % 8 == 0
    assert seccomp_filter("x86_64") != seccomp_filter("aarch64")
    with pytest.raises(SandboxError, match="vax"):
        seccomp_filter("vax")
