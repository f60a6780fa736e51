from __future__ import annotations

from pathlib import Path

import pytest

from roles.engineering.tools import check_types, find_tool, lint


async def test_ruff_finds_errors_and_what_is_unsafe() -> None:
    files = {"main.py": "import json\nprint(missing)\n", "pack/part.py": "password = 'hunter2'\nassert password\n"}
    findings = await lint(files)
    assert findings is not None
    assert {(finding.file, finding.line, finding.rule) for finding in findings} == {
        ("main.py", 1, "ruff F401"),
        ("main.py", 2, "ruff F821"),
        ("pack/part.py", 1, "ruff S105"),
    }


async def test_the_code_can_not_switch_rules_off_by_a_configuration() -> None:
    files = {"main.py": "import json\n", "ruff.toml": "lint.ignore = ['F401']", "pyproject.toml": "[tool.ruff]\n"}
    findings = await lint(files)
    assert findings is not None
    assert [finding.rule for finding in findings] == ["ruff F401"]


async def test_pyright_finds_wrong_types() -> None:
    findings = await check_types({"main.py": "def f(x: int) -> int:\n    return x\n\n\nf('text')\n"})
    assert findings is not None
    assert [(finding.file, finding.line, finding.rule) for finding in findings] == [
        ("main.py", 5, "pyright reportArgumentType")
    ]


async def test_a_tool_that_is_not_installed_is_told_apart_from_no_findings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_tool("ruff") is None
    assert await lint({"main.py": "import json"}) is None
    assert await check_types({"main.py": ""}) is None
