from __future__ import annotations

import pytest

from common.errors import SandboxError
from common.sandbox import KilledBy, Project, Sandbox
from common.sandbox_settings import SandboxSettings
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.sandbox.contract import QUICK, ROOMY, ProcessContract, usable
from tests.system_parts import requires


@pytest.fixture
async def sandbox() -> Sandbox:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    return await usable(BubblewrapSandbox(SandboxSettings(concurrent=2)))


class TestBubblewrap(ProcessContract):
    pass


async def test_it_sees_no_more_than_libraries_python_and_its_own_folder(sandbox: Sandbox) -> None:
    code = (
        "import os\nprint(sorted(os.listdir('/dev')), sorted(os.listdir('/usr')), sorted(os.listdir('/work')))\n"
        "print([p for p in ('/proc', '/etc', '/home', '/sys', '/run', '/bin/sh', '/dev/shm') if os.path.exists(p)])"
    )
    result = await sandbox.run(Project.of_code(code), ROOMY)
    seen, others = result.stdout.decode().splitlines()
    assert seen.startswith("['full', 'null', 'random', 'urandom', 'zero']")
    assert seen.endswith("['.tmp', 'main.py']")
    assert others == "[]"


async def test_only_its_folder_can_be_written(sandbox: Sandbox) -> None:
    code = (
        "import os\nfor place in ('/', '/dev', '/usr/lib', '/launcher.py', '/work', '/tmp'):\n"
        "    print(place, os.access(place, os.W_OK))"
    )
    result = await sandbox.run(Project.of_code(code), ROOMY)
    writable = [line.split()[0] for line in result.stdout.decode().splitlines() if line.endswith("True")]
    assert writable == ["/work", "/tmp"]


@pytest.mark.parametrize(
    "call",
    ["mount(b'none', b'/work', b'tmpfs', 0, None)", "unshare(0x10000000)", "ptrace(16, 1, 0, 0)", "setns(0, 0)"],
)
async def test_the_kernel_is_not_asked_for_what_leads_out(sandbox: Sandbox, call: str) -> None:
    code = f"import ctypes\nc = ctypes.CDLL(None, use_errno=True)\nprint(c.{call}, ctypes.get_errno())"
    result = await sandbox.run(Project.of_code(code), ROOMY)
    assert result.stdout == b"-1 1\n", result


async def test_namespaces_can_not_be_had_through_clone_either(sandbox: Sandbox) -> None:
    numbers = {"x86_64": (56, 435), "aarch64": (220, 435)}
    code = (
        "import ctypes, os\nc = ctypes.CDLL(None, use_errno=True)\n"
        f"clone, clone3 = {numbers}[os.uname().machine]\n"
        "print(c.syscall(clone, 0x10000011, 0, 0, 0, 0), ctypes.get_errno())\n"
        "print(c.syscall(clone3, 0, 0), ctypes.get_errno())"
    )
    result = await sandbox.run(Project.of_code(code), ROOMY)
    assert result.stdout == b"-1 1\n-1 38\n", result


async def test_memory_of_many_processes_is_added_up(sandbox: Sandbox) -> None:
    code = "import os, time\nfor _ in range(3): os.fork()\nx = bytearray(60 * 2**20)\ntime.sleep(1000)"
    result = await sandbox.run(Project.of_code(code), QUICK)
    assert result.killed_by is KilledBy.MEMORY
    assert result.peak_memory > QUICK.memory


async def test_files_without_content_are_counted(sandbox: Sandbox) -> None:
    code = "n = 0\nwhile True:\n    n += 1\n    open(f'{n}', 'w').close()"
    assert (await sandbox.run(Project.of_code(code), ROOMY)).killed_by is KilledBy.FILES


async def test_code_that_kills_its_watcher_is_told_so(sandbox: Sandbox) -> None:
    result = await sandbox.run(Project.of_code("import os\nos.kill(-1, 9)\nwhile True: pass"), ROOMY)
    assert result.killed_by is KilledBy.ITSELF
    assert not result.ok


async def test_packages_are_there_only_where_they_were_asked_for(sandbox: Sandbox) -> None:
    code = {"main.py": b"import pydantic\nprint(pydantic.TypeAdapter(int).validate_python('7'))"}
    assert b"ModuleNotFoundError" in (await sandbox.run(Project(code), ROOMY)).stderr
    assert (await sandbox.run(Project(code, packages=True), ROOMY)).stdout == b"7\n"


async def test_usage_is_measured(sandbox: Sandbox) -> None:
    code = (
        "import time\nx = bytearray(50 * 2**20)\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    )
    result = await sandbox.run(Project.of_code(code), ROOMY)
    assert result.peak_memory > 50 * 2**20
    assert result.cpu > 0.1
    assert result.wall > 0.1


async def test_without_bubblewrap_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    reason = await BubblewrapSandbox().available()
    assert reason is not None
    assert "apt-get install bubblewrap" in reason.todo
    with pytest.raises(SandboxError):
        await BubblewrapSandbox().run(Project.of_code("print(1)"))
