"""Hostile code is refused by validation, and where it is run all the same, the sandbox holds it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import psutil
import pytest

from common.sandbox import KilledBy, Project, SandboxLimits, SandboxResult
from common.sandbox_settings import SandboxSettings
from roles.engineering.policy import CodePolicy
from roles.engineering.validation import validate_code
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.sandbox.contract import usable
from tests.roles.sandbox.hostile.snippets import SNIPPETS, Snippet
from tests.system_parts import requires

_LIMITS = SandboxLimits(memory=96 * 2**20, seconds=4.0, output=200_000, processes=16, disk=8 * 2**20, files=500)
_ENDLESS = SandboxLimits(memory=96 * 2**20, seconds=1.2, output=200_000, processes=16, disk=8 * 2**20, files=500)
_MARK = "agent-supervisor-hostile"
_SECRET = "untouched"

# these mean no harm to others that a policy on text could see: they use up time or memory, which is the sandbox's part
_NAMED = {snippet.name: snippet for snippet in SNIPPETS}
_PASSING = {"loops", "memory", "flood", "crash"}
# of the other categories some end well: what they did was within their own walls, and is gone with them
_NEVER_WELL = {"loops", "network"}


def test_there_are_enough_of_all_categories() -> None:
    assert len(SNIPPETS) >= 100
    assert len({snippet.code for snippet in SNIPPETS}) == len(SNIPPETS)
    assert {snippet.category for snippet in SNIPPETS} >= {
        "imports", "subprocess", "dunder", "eval", "files", "environment", "network", "fork-bomb", "memory", "loops",
        "disk", "links", "pickle", "ctypes", "crash", "flood",
    }  # fmt: skip


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.name)
def test_validation_refuses_what_reaches_out(snippet: Snippet) -> None:
    findings = validate_code(snippet.code, CodePolicy())
    assert findings or snippet.category in _PASSING
    for finding in findings:
        assert finding.rule
        assert finding.what
        assert finding.todo


def test_declaring_files_and_network_opens_no_way_to_code_and_processes() -> None:
    policy = CodePolicy(files=True, network=True)
    closed = {"subprocess", "dunder", "eval", "pickle", "ctypes"}
    passing = [snippet.name for snippet in SNIPPETS if snippet.category in closed]
    assert [
        name for name, snippet in _NAMED.items() if name in passing and not validate_code(snippet.code, policy)
    ] == []


@dataclass
class _Surroundings:
    """What stands around the sandboxes, and must be as it was afterwards."""

    canary: Path
    listeners: list[socket.socket]
    port: int
    victim: subprocess.Popen[bytes]
    own: set[int]

    def code(self, snippet: Snippet) -> str:
        texts = {"@CANARY@": str(self.canary), "@PORT@": str(self.port), "@PID@": str(self.victim.pid)}
        code = snippet.code
        for name, value in texts.items():
            code = code.replace(name, value)
        return code

    def changes(self) -> list[str]:
        found: list[str] = []
        if self.canary.read_text() != _SECRET or [path.name for path in self.canary.parent.iterdir()] != ["canary"]:
            found.append("files outside")
        for listener in self.listeners:
            try:
                if listener.type == socket.SOCK_DGRAM:
                    listener.recvfrom(1)
                else:
                    listener.accept()[0].close()
                found.append("a connection")
            except BlockingIOError:
                pass
        if self.victim.poll() is not None:
            found.append("a process that was killed")
        return found

    def left_over(self) -> list[str]:
        mine = psutil.Process().children(recursive=True)
        marked = [process for process in psutil.process_iter(["cmdline"]) if _MARK in (process.info["cmdline"] or [])]
        return [str(process) for process in {*mine, *marked} if process.pid not in self.own]


@pytest.fixture
def around(tmp_path: Path) -> Iterator[_Surroundings]:
    folder = tmp_path / "outside"
    folder.mkdir()
    os.chmod(tmp_path, 0o777)
    os.chmod(folder, 0o777)
    canary = folder / "canary"
    canary.write_text(_SECRET)
    canary.chmod(0o666)
    tcp = socket.create_server(("127.0.0.1", 0))
    port = tcp.getsockname()[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", port))
    local = socket.socket(socket.AF_UNIX)
    local.bind(f"\0agent-supervisor-canary-{port}")
    local.listen()
    listeners = [tcp, udp, local]
    for listener in listeners:
        listener.setblocking(False)
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    victim = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        yield _Surroundings(canary, listeners, port, victim, before | {victim.pid})
    finally:
        for listener in listeners:
            listener.close()
        victim.kill()
        victim.communicate()


def test_a_change_of_the_surroundings_is_noticed(around: _Surroundings) -> None:
    assert around.changes() == []
    around.canary.write_text("x")
    around.canary.with_name("another").touch()
    with socket.create_connection(("127.0.0.1", around.port)):
        assert around.changes() == ["files outside", "a connection"]
    around.victim.kill()
    around.victim.wait()
    assert "a process that was killed" in around.changes()
    with subprocess.Popen([sys.executable, "-c", "input()", _MARK], stdin=subprocess.PIPE) as other:
        assert len(around.left_over()) == 1
        other.kill()


@pytest.mark.parametrize("category", sorted({snippet.category for snippet in SNIPPETS}))
async def test_the_sandbox_holds_what_is_run_past_validation(category: str, around: _Surroundings) -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    sandbox = await usable(BubblewrapSandbox(SandboxSettings(concurrent=2)))
    results: dict[str, SandboxResult] = {}

    async def run(snippet: Snippet) -> None:
        project = Project({"main.py": around.code(snippet).encode()}, ("main.py", _MARK), outputs=("out.txt",))
        limits = _ENDLESS if category in ("loops", "fork-bomb") else _LIMITS
        results[snippet.name] = await sandbox.run(project, limits)

    with anyio.fail_after(120):
        async with anyio.create_task_group() as group:
            for snippet in SNIPPETS:
                if snippet.category == category:
                    group.start_soon(run, snippet)
    assert around.changes() == []
    assert around.left_over() == []
    for name, result in results.items():
        assert len(result.stdout) + len(result.stderr) <= _LIMITS.output, name
        assert result.peak_memory < 3 * _LIMITS.memory, name
        assert _SECRET.encode() not in result.stdout, name
        assert b"root:" not in result.stdout, name
        assert result.outputs == {}, name
        if category in _NEVER_WELL:
            assert not result.ok, (name, result)


async def test_what_breaks_a_limit_is_ended_for_that_limit(around: _Surroundings) -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    sandbox = await usable(BubblewrapSandbox())
    expected = {
        "loops-1": KilledBy.TIME,
        "flood-1": KilledBy.OUTPUT,
        "disk-2": KilledBy.FILES,
        "memory-6": KilledBy.MEMORY,
    }
    for snippet in SNIPPETS:
        if snippet.name in expected:
            result = await sandbox.run(Project.of_code(around.code(snippet)), _LIMITS)
            assert result.killed_by is expected[snippet.name], (snippet.name, result)
