"""Checks by programs of their own: ruff, and pyright for types. Both read the code and never run it."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from common.errors import ValidationFailed
from common.sandbox import Project
from roles.engineering.findings import Finding

__all__ = ["check_types", "find_tool", "lint"]

_RULES = ("check", "--isolated", "--no-cache", "--exit-zero", "--output-format", "json", "--target-version", "py311")
_SELECT = ("--select", "E9,F,S", "--ignore", "S101")
_RUFF_SECONDS = 20.0
_PYRIGHT_SECONDS = 120.0
_INSTALL = "Run: pip install 'agent-supervisor[builder]'"


def find_tool(name: str) -> str | None:
    """The path of a program: beside this Python's own, else on the search path; None where there is none."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


async def lint(files: Mapping[str, str]) -> list[Finding] | None:
    """What ruff's rules for errors, unused or undefined names and security find; None where ruff is not installed.

    Raises `ValidationFailed` where ruff gives no usable answer.
    """
    program = find_tool("ruff")
    if program is None:
        return None
    found: list[Any] = await _run_in_copy(files, [program, *_RULES, *_SELECT, "."], _RUFF_SECONDS)
    return [
        Finding(row["filename"], int(row["location"]["row"]), f"ruff {row['code']}", f"{row['message']}.")
        for row in found
    ]


async def check_types(files: Mapping[str, str], *, strict: bool = False) -> list[Finding] | None:
    """The errors that pyright finds in types; None where pyright is not installed. `strict`: by its strict rules.

    Raises `ValidationFailed` where pyright gives no usable answer.
    """
    program = find_tool("pyright")
    if program is None:
        return None
    settings = json.dumps({"typeCheckingMode": "strict" if strict else "standard", "pythonVersion": "3.11"})
    command = [program, "--outputjson", "--pythonpath", sys.executable, "--project", "."]
    told: Any = await _run_in_copy({**files, "pyrightconfig.json": settings}, command, _PYRIGHT_SECONDS)
    return [
        Finding(
            row["file"],
            int(row["range"]["start"]["line"]) + 1,
            f"pyright {row.get('rule', '')}".strip(),
            row["message"],
        )
        for row in told["generalDiagnostics"]
        if row["severity"] == "error"
    ]


async def _run_in_copy(files: Mapping[str, str], command: Sequence[str], seconds: float) -> Any:
    """Run a tool in a folder of its own that holds the files; its JSON answer, with file names as in `files`."""
    project = Project({path: text.encode("utf-8", "replace") for path, text in files.items()})
    folder = await anyio.to_thread.run_sync(_write, project)
    try:
        with anyio.fail_after(seconds):
            done = await anyio.run_process(list(command), cwd=folder, check=False)
        # the tools name files by their full paths
        text = done.stdout.decode("utf-8", "replace").replace(f"{folder}/", "")
        return json.loads(text)
    except TimeoutError:
        raise ValidationFailed(f"{command[0]} did not end within {seconds:g} seconds", todo="Split the code.") from None
    except (OSError, ValueError):
        raise ValidationFailed(f"{command[0]} gave no usable answer", where=command[0], todo=_INSTALL) from None
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))


def _write(project: Project) -> str:
    folder = Path(tempfile.mkdtemp(prefix="agent-supervisor-")).resolve()
    for path, content in project.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return str(folder)
