"""Nobody reads the machine's clock or zone on the way of a request: both come from the request's context."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_CALLS = {
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "time.localtime",
    "time.ctime",
}
_ALLOWED = {
    "common/clock.py": "it is the clock",
    "events/key_folder.py": "how old a key is, and what another process left behind",
    "events/keys.py": "when a key was made, for whoever keeps it",
    "events/persistence/": "when views were rebuilt, for the operator",
    "events/view_fold.py": "when an event was parked, for the operator",
    "llm_provider/private_run.py": "an agent that is run by itself, without a request; its one reading of the clock",
    "llm_provider/retries.py": "how long a server asks to wait, where it answers with a date",
    "roles/engineering/formulas/": "packages copy it that run without a supervisor",
    "roles/engineering/moments.py": "packages use it that run without a supervisor, which tells its own day",
    "roles/deployed/version_folder.py": "how old a folder is that another process left behind",
    "supervisor/monitoring/machine.py": "how long the process has run, which the machine tells by its clock",
    "supervisor/cli/": "shows times to whoever sits at the machine",
}


def readings(source: str) -> Iterator[str]:
    """Calls that read the machine's clock or zone."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func) in _CALLS:
            yield ast.unparse(node.func)
        elif node.func.attr == "astimezone" and not node.args and not node.keywords:
            yield "astimezone without a zone"


def modules() -> list[str]:
    packages = ("common", "events", "llm_provider", "roles", "supervisor")
    return sorted(str(path.relative_to(ROOT)) for package in packages for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ["common", "events", "llm_provider", "roles", "supervisor"])
def test_no_module_reads_the_machines_clock_or_zone(package: str) -> None:
    found = {
        f"{name}: {reading}"
        for name in modules()
        if name.startswith(f"{package}/") and not name.startswith(tuple(_ALLOWED))
        for reading in readings((ROOT / name).read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize("name", _ALLOWED)
def test_the_exceptions_are_still_needed(name: str) -> None:
    files = [module for module in modules() if module.startswith(name)]
    assert any(list(readings((ROOT / file).read_text(encoding="utf-8"))) for file in files)


@pytest.mark.parametrize("code", ["datetime.now(UTC)", "x.astimezone()", "time.time()", "date.today()"])
def test_readings_are_found(code: str) -> None:
    assert list(readings(code))
