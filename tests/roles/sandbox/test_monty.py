from __future__ import annotations

import pytest

from common.errors import SandboxError
from common.sandbox import Project, SandboxLimits
from roles.sandbox.monty import MontySandbox
from tests.roles.sandbox.contract import SandboxContract


@pytest.fixture
async def sandbox() -> MontySandbox:
    pytest.importorskip("pydantic_monty")
    return MontySandbox()


class TestMonty(SandboxContract):
    pass


async def test_a_formula_is_evaluated(sandbox: MontySandbox) -> None:
    assert await sandbox.evaluate("noi / debt_service", {"noi": 150_000.0, "debt_service": 120_000.0}) == 1.25
    assert await sandbox.evaluate("sum(values) / len(values)", {"values": [1, 2, 6]}) == 3.0


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("noi / 0", "ZeroDivisionError"),
        ("missing + 1", "NameError"),
        ("1 +", "SyntaxError|syntax|Expected"),
        ("[noi] * 10 ** 10", "memory"),
        ("while True: pass", "time"),
        ("__import__('os').getcwd()", "Error"),
        ("open('/etc/passwd').read()", "PermissionError"),
        ("().__class__.__base__.__subclasses__()", "Error"),
    ],
)
async def test_a_formula_that_fails_says_why(sandbox: MontySandbox, code: str, reason: str) -> None:
    with pytest.raises(SandboxError, match=reason):
        await sandbox.evaluate(code, {"noi": 1.0}, SandboxLimits(seconds=1.0, memory=64 * 2**20))


async def test_whole_projects_and_workers_are_for_other_sandboxes(sandbox: MontySandbox) -> None:
    with pytest.raises(SandboxError, match="one file"):
        await sandbox.run(Project({"a.py": b"", "main.py": b""}))
    with pytest.raises(SandboxError, match="no workers"):
        sandbox.open(Project.of_code(""))
