"""Checks that read the files and run nothing: syntax, policy, ruff, types."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence

import anyio

from roles.builder.checking.report import CheckReport, Failure
from roles.builder.writing.package import component_of_file, write_frame
from roles.engineering.findings import Finding
from roles.engineering.policy import CodePolicy
from roles.engineering.specification import Specification
from roles.engineering.tools import check_types, lint
from roles.engineering.validation import validate_project

__all__ = ["check_security", "check_syntax", "policy_findings", "types_key"]

_REACHING_OUT = ("database.py", "aio.py")
"""Files of the frame that a database and threads are reached by: they must be as they were written, to the letter."""


_DATABASE_STUB = """
from collections.abc import Mapping

class Database:
    def fetch(self, query: str, parameters: Mapping[str, object]) -> list[dict[str, object]]:
        raise NotImplementedError

def connect(url: str = "") -> Database:
    raise NotImplementedError
"""


async def check_syntax(spec: Specification, files: Mapping[str, str]) -> CheckReport:
    """Whether all Python files can be parsed and compiled."""
    failures: list[Failure] = []
    checked = 0
    for path, text in sorted(files.items()):
        if not path.endswith(".py"):
            continue
        checked += 1
        try:
            compile(ast.parse(text, path), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None) or 0
            told = getattr(error, "msg", None) or type(error).__name__
            failures.append(Failure("syntax", component_of_file(spec, path), f"{path}:{line}: {told}"))
    return CheckReport(tuple(failures), {"files": checked})


async def check_security(spec: Specification, files: Mapping[str, str], *, types: bool = True) -> CheckReport:
    """Policy first, then ruff, then types (pyright takes seconds; it reads only what passed the others).

    `types` False leaves pyright out, for a caller that holds its earlier answer to the same `types_key`. Raises
    `ValidationFailed` where a tool gives no usable answer.
    """
    if findings := await anyio.to_thread.run_sync(policy_findings, spec, files):
        return _report(spec, "policy", findings)
    code = {path: text for path, text in files.items() if path.endswith(".py")}
    linted = await lint(code)
    if linted:
        return _report(spec, "ruff", linted)
    missing = ("ruff",) if linted is None else ()
    if not types:
        return CheckReport(missing=missing)
    package = {path: text for path, text in code.items() if not path.startswith("tests/")}
    database = f"{spec.name}/database.py"
    if database in package:
        # it is as it was written, see the policy; to read all of SQLAlchemy for it would double the time
        package[database] = _DATABASE_STUB
    typed = await check_types(package)
    missing += ("pyright",) if typed is None else ()
    report = _report(spec, "types", typed or [])
    return CheckReport(report.failures, report.figures, missing)


def types_key(files: Mapping[str, str]) -> str:
    """What the answer of the type checker depends on: the package's files, and the checkers' versions."""
    from roles.builder.checking.version import checker_version

    package = {path: text for path, text in files.items() if path.endswith(".py") and not path.startswith("tests/")}
    return hashlib.sha256(json.dumps([checker_version(), package], sort_keys=True).encode()).hexdigest()


def policy_findings(spec: Specification, files: Mapping[str, str]) -> list[Finding]:
    """What breaks the policy: package and tests compute; two files of the frame reach out, and must be unchanged."""
    frame = write_frame(spec)
    found: list[Finding] = []
    package: dict[str, str] = {}
    tests: dict[str, str] = {}
    for path, text in files.items():
        if not path.endswith(".py"):
            continue
        if path in (f"{spec.name}/{name}" for name in _REACHING_OUT):
            if text != frame.get(path):
                found.append(Finding(path, 0, "frame", "the file was changed.", "Leave it as it was written."))
        elif path.startswith("tests/"):
            tests[path] = text
        else:
            package[path] = text
    imports = frozenset(spec.imports)
    modules = frozenset({spec.name, "tests"})
    found += validate_project(package, CodePolicy(imports=imports, local=frozenset({spec.name})))
    allowed = imports | {"unittest", "asyncio", "sqlite3", "tempfile", "pathlib"}
    found += validate_project(tests, CodePolicy(imports=allowed, local=modules))
    return sorted(set(found))


def _report(spec: Specification, stage: str, findings: Sequence[Finding]) -> CheckReport:
    by_component: dict[str, list[str]] = {}
    for one in findings:
        by_component.setdefault(component_of_file(spec, one.file), []).append(str(one))
    failures = [Failure(stage, name, "\n".join(errors[:10])) for name, errors in by_component.items()]
    return CheckReport(tuple(failures), {f"{stage}_findings": len(findings)})
