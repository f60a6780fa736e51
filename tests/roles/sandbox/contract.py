"""What every sandbox has to do, as test cases that each backend inherits."""

from __future__ import annotations

import anyio
import psutil
import pytest

from common.errors import SandboxError
from common.sandbox import KilledBy, Project, Sandbox, SandboxLimits

QUICK = SandboxLimits(memory=128 * 2**20, seconds=2.0, output=50_000, processes=12, disk=4 * 2**20, files=200)
ROOMY = SandboxLimits(memory=256 * 2**20, seconds=30.0, output=50_000, processes=12, disk=4 * 2**20, files=200)
MARK = "agent-supervisor-contract"


def left_over() -> list[str]:
    """Processes of runs that are over: sandboxes below this process, or anything with the mark on its command line.

    Other tests of the same run have servers below this process, too.
    """
    mine = {child.pid for child in psutil.Process().children(recursive=True)}
    return [
        str(process)
        for process in psutil.process_iter(["name", "cmdline"])
        if MARK in (process.info["cmdline"] or []) or (process.pid in mine and process.info["name"] == "bwrap")
    ]


async def usable(sandbox: Sandbox) -> Sandbox:
    """The sandbox where it can be used; else the test is skipped, also in CI: some machines forbid namespaces."""
    if (reason := await sandbox.available()) is not None:
        pytest.skip(f"{sandbox.name} can't be used here: {reason}")
    return sandbox


class SandboxContract:
    """Cases for all sandboxes. A subclass has the fixture `sandbox`, which skips where there is none."""

    async def test_it_is_available_and_has_a_name(self, sandbox: Sandbox) -> None:
        assert await sandbox.available() is None
        assert sandbox.name

    async def test_what_is_printed_comes_back(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project.of_code("print('grüezi', 6 * 7)"), ROOMY)
        assert result.ok
        assert result.exit_status == 0
        assert result.killed_by is None
        assert result.stdout.decode() == "grüezi 42\n"
        assert result.wall > 0

    async def test_an_error_of_the_code_is_in_the_result(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project.of_code("print('before')\n1 / 0"), ROOMY)
        assert not result.ok
        assert result.exit_status == 1
        assert result.killed_by is None
        assert result.stdout == b"before\n"
        assert b"ZeroDivisionError" in result.stderr

    async def test_an_endless_loop_is_ended(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project.of_code("while True: pass"), QUICK)
        assert result.killed_by is KilledBy.TIME
        assert result.exit_status is None
        assert not result.ok

    async def test_memory_is_bounded(self, sandbox: Sandbox) -> None:
        for code in ("x = [1] * 10 ** 9", "x = [0]\nwhile True: x += x"):
            result = await sandbox.run(Project.of_code(code), ROOMY)
            assert not result.ok
            assert result.killed_by is KilledBy.MEMORY or b"MemoryError" in result.stderr

    async def test_endless_recursion_is_an_error_of_the_code(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project.of_code("def f(n): return f(n + 1)\nf(0)"), ROOMY)
        assert result.exit_status == 1
        assert b"RecursionError" in result.stderr

    async def test_a_flood_of_output_is_cut_off(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project.of_code("while True: print('x' * 1000)"), ROOMY)
        assert result.killed_by is KilledBy.OUTPUT
        assert 0 < len(result.stdout) <= ROOMY.output

    async def test_there_are_no_files_of_this_machine(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project.of_code(f"print(open({__file__!r}).read())"), ROOMY)
        assert result.exit_status == 1
        assert b"SandboxContract" not in result.stdout

    async def test_cancelling_ends_it(self, sandbox: Sandbox) -> None:
        with anyio.move_on_after(0.7) as scope:
            await sandbox.run(Project.of_code("while True: pass"), ROOMY)
        assert scope.cancelled_caught
        assert (await sandbox.run(Project.of_code("print(1)"), ROOMY)).ok

    async def test_runs_do_not_see_each_other(self, sandbox: Sandbox) -> None:
        seen: dict[int, bytes] = {}

        async def run(number: int) -> None:
            seen[number] = (await sandbox.run(Project.of_code(f"print({number} * 2)"), ROOMY)).stdout

        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(run, number)
        assert seen == {number: b"%d\n" % (number * 2) for number in range(6)}


class ProcessContract(SandboxContract):
    """Further cases, for sandboxes that run a whole project as processes."""

    async def test_files_arguments_and_input_reach_it(self, sandbox: Sandbox) -> None:
        files = {"main.py": b"import sys\nfrom inner.part import f\nprint(f(sys.argv[1]), sys.stdin.read())"}
        files |= {"inner/__init__.py": b"", "inner/part.py": b"def f(x): return x.upper()"}
        result = await sandbox.run(Project(files, ("main.py", "word"), stdin=b"input"), ROOMY)
        assert result.stdout == b"WORD input\n", result

    async def test_a_module_can_be_run(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project({"inner.py": b"print(__name__)"}, ("-m", "inner")), ROOMY)
        assert result.stdout == b"__main__\n", result

    async def test_declared_files_are_copied_out(self, sandbox: Sandbox) -> None:
        code = "import os\nos.mkdir('a')\nopen('a/x', 'wb').write(bytes(200_000))\nopen('y', 'w').write('not declared')"
        result = await sandbox.run(Project.of_code(code, outputs=("a/x", "a/missing")), ROOMY)
        assert dict(result.outputs) == {"a/x": bytes(200_000)}
        assert list(result.refused) == ["a/missing"]

    @pytest.mark.parametrize(
        "code",
        [
            "import os\nos.symlink('/usr/lib/os-release', 'out')",
            "import os\nopen('real', 'w').write('x')\nos.symlink('real', 'out')",
            "import os\nos.mkdir('out')",
        ],
    )
    async def test_what_is_no_plain_file_is_not_copied_out(self, sandbox: Sandbox, code: str) -> None:
        result = await sandbox.run(Project.of_code(code, outputs=("out",)), ROOMY)
        assert result.exit_status == 0
        assert result.outputs == {}
        assert result.refused["out"]

    async def test_a_link_on_the_way_to_a_declared_file_is_not_followed(self, sandbox: Sandbox) -> None:
        code = "import os\nos.mkdir('real')\nopen('real/x', 'w').write('x')\nos.symlink('real', 'a')"
        result = await sandbox.run(Project.of_code(code, outputs=("a/x",)), ROOMY)
        assert result.outputs == {}
        assert result.refused["a/x"]

    async def test_a_signal_that_ends_it_is_told(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project.of_code("import os\nos.kill(os.getpid(), 11)"), ROOMY)
        assert result.exit_status == -11

    async def test_a_time_out_ends_all_that_it_started(self, sandbox: Sandbox) -> None:
        code = "import os\nfor _ in range(2): os.fork()\nos.setsid() if os.fork() == 0 else None\nwhile True: pass"
        project = Project({"main.py": code.encode()}, ("main.py", MARK))
        result = await sandbox.run(project, QUICK)
        assert result.killed_by is KilledBy.TIME
        assert left_over() == []

    async def test_cancelling_leaves_no_process_behind(self, sandbox: Sandbox) -> None:
        project = Project({"main.py": b"import os\nos.fork()\nwhile True: pass"}, ("main.py", MARK))
        with anyio.move_on_after(1.0):
            await sandbox.run(project, ROOMY)
        assert left_over() == []

    async def test_what_it_leaves_running_ends_with_it(self, sandbox: Sandbox) -> None:
        code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\nprint('over')"
        result = await sandbox.run(Project({"main.py": code.encode()}, ("main.py", MARK)), ROOMY)
        assert result.ok
        assert result.stdout == b"over\n"
        assert left_over() == []

    async def test_a_fork_bomb_goes_off_inside(self, sandbox: Sandbox) -> None:
        code = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
        result = await sandbox.run(Project({"main.py": code.encode()}, ("main.py", MARK)), QUICK)
        assert result.killed_by in (KilledBy.TIME, KilledBy.PROCESSES)
        assert left_over() == []

    async def test_the_disk_is_bounded(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project.of_code("f = open('x', 'wb')\nwhile True: f.write(bytes(10**6))"), ROOMY)
        assert result.exit_status == 1
        assert b"OSError" in result.stderr

    async def test_the_network_is_closed(self, sandbox: Sandbox) -> None:
        code = "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)"
        result = await sandbox.run(Project.of_code(code), ROOMY)
        assert result.exit_status == 1
        assert b"OSError" in result.stderr or b"Error" in result.stderr

    async def test_nothing_of_the_environment_is_passed_on(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SECRET_OF_THE_HOST", "hush")
        result = await sandbox.run(Project.of_code("import os\nprint(os.environ, os.getuid())"), ROOMY)
        assert result.ok
        assert b"hush" not in result.stdout
        assert b" 65534\n" in result.stdout

    async def test_it_can_not_become_root(self, sandbox: Sandbox) -> None:
        result = await sandbox.run(Project.of_code("import os\nos.setuid(0)"), ROOMY)
        assert result.exit_status == 1

    async def test_a_worker_answers_line_by_line(self, sandbox: Sandbox) -> None:
        code = "import sys\nn = 0\nfor line in sys.stdin:\n    n += 1\n    print(n, line.strip().upper(), flush=True)"
        async with sandbox.open(Project({"main.py": code.encode()}, ("main.py", MARK)), ROOMY) as worker:
            assert await worker.ask(b"first") == b"1 FIRST"
            assert await worker.ask(b"second") == b"2 SECOND"
        assert left_over() == []

    async def test_a_worker_without_an_answer_is_ended(self, sandbox: Sandbox) -> None:
        code = "import sys, time\nfor line in sys.stdin: time.sleep(1000)"
        async with sandbox.open(Project({"main.py": code.encode()}, ("main.py", MARK)), ROOMY) as worker:
            with pytest.raises(SandboxError, match=r"no answer within 0\.5 seconds"):
                await worker.ask(b"x", timeout=0.5)
            with pytest.raises(SandboxError, match="gone"):
                await worker.ask(b"y")
        assert left_over() == []

    async def test_a_worker_that_ends_says_why(self, sandbox: Sandbox) -> None:
        code = "import sys\nsys.stdin.readline()\nraise ValueError('enough of this')"
        async with sandbox.open(Project.of_code(code), ROOMY) as worker:
            with pytest.raises(SandboxError, match="enough of this"):
                await worker.ask(b"x")

    async def test_a_worker_may_not_answer_without_end(self, sandbox: Sandbox) -> None:
        code = "import sys\nsys.stdin.readline()\nwhile True: sys.stdout.write('x' * 1000)"
        async with sandbox.open(Project.of_code(code), ROOMY) as worker:
            with pytest.raises(SandboxError, match="longer"):
                await worker.ask(b"x")

    async def test_a_line_with_a_newline_is_refused(self, sandbox: Sandbox) -> None:
        async with sandbox.open(Project.of_code("import sys\nfor x in sys.stdin: print(x)"), ROOMY) as worker:
            with pytest.raises(SandboxError, match="newline"):
                await worker.ask(b"a\nb")
