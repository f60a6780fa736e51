"""Set-up: what is pinned, what make offers, and what a machine that lacks something is told."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.system_parts import requires

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")


def pins(lock: str) -> dict[str, set[str]]:
    """Name -> pinned versions (several where they depend on the platform)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_pins_and_hashes_and_no_addresses(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines()
    pin = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+( ; [^\\]+)? \\")
    hash_ = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    comment = re.compile(r" *#( [-A-Za-z0-9 :.()\[\],]+)?")
    for number, line in enumerate(lines):
        assert pin.fullmatch(line) or hash_.fullmatch(line) or comment.fullmatch(line), line
        if pin.fullmatch(line):
            assert hash_.fullmatch(lines[number + 1])
    assert not re.search(r"://|--index|--find-links|--extra", "\n".join(lines))


def test_locks_pin_what_the_project_asks_for() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        data = tomllib.load(file)
    groups = data["dependency-groups"]
    runtime = [*data["project"]["dependencies"], *groups["build"]]
    own_extras = data["project"]["optional-dependencies"]
    extras = [item for name, extra in own_extras.items() if name != "all" for item in extra]
    (everything,) = map(Requirement, own_extras["all"])
    assert everything.extras == own_extras.keys() - {"all"}
    development = [*runtime, *extras, *(item for item in groups["dev"] if isinstance(item, str))]
    for lock, wanted in zip(LOCKS, (runtime, development, groups["uv"]), strict=True):
        pinned = pins(lock)
        for requirement in map(Requirement, wanted):
            versions = pinned.get(canonicalize_name(requirement.name), set())
            assert versions, f"{lock} does not pin {requirement}; run: make lock"
            assert all(version in requirement.specifier for version in versions), f"{lock}: {requirement}"


def test_running_and_developing_use_the_same_versions() -> None:
    development = pins("requirements-dev.lock")
    for name, versions in pins("requirements.lock").items():
        assert development[name] == versions


def test_make_help_lists_every_target() -> None:
    requires("make", "apt-get install make")
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert [line.split()[0] for line in shown.splitlines()] == phony[1].split()


@pytest.fixture
def bare_machine(tmp_path: Path) -> tuple[Path, Path]:
    """A copy of the set-up, and a folder that is the whole PATH: no uv, no Python."""
    copy, path = tmp_path / "copy", tmp_path / "bin"
    (copy / "scripts").mkdir(parents=True)
    path.mkdir()
    shutil.copy(ROOT / "scripts/setup.sh", copy / "scripts")
    for name in ("pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, copy)
    for tool in ("sh", "dirname", "cat", "cksum", "awk", "rm"):
        (path / tool).symlink_to(requires(tool, "apt-get install coreutils mawk"))
    return copy, path


def set_up(machine: tuple[Path, Path], what: str, **environ: str) -> tuple[int, str]:
    copy, path = machine
    done = subprocess.run(
        [str(copy / "scripts/setup.sh"), what], env={"PATH": str(path), **environ}, capture_output=True, text=True
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def fake(machine: tuple[Path, Path], name: str, script: str) -> None:
    program = machine[1] / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_without_python_it_says_what_is_needed(bare_machine: tuple[Path, Path]) -> None:
    code, told = set_up(bare_machine, "runtime")
    assert code == 1
    assert "Python 3.11 or newer is needed; found: no python3 that runs." in told


def test_an_old_python_is_named(bare_machine: tuple[Path, Path]) -> None:
    fake(bare_machine, "python3", 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    code, told = set_up(bare_machine, "dev")
    assert code == 1
    assert "found: Python 3.9.2." in told


def test_a_python_that_can_not_install_is_told(bare_machine: tuple[Path, Path]) -> None:
    fake(bare_machine, "python3", 'case "$1 $2" in "-c "*) echo "$0";; *) exit 1;; esac')
    code, told = set_up(bare_machine, "runtime")
    assert code == 1
    assert (
        "has neither pip nor a complete venv module. Install pip (Debian: apt-get install python3-pip) or uv." in told
    )


def test_system_parts_never_fail_the_set_up(bare_machine: tuple[Path, Path]) -> None:
    code, told = set_up(bare_machine, "system")
    assert (code, "install with your system's package manager" in told) == (0, True)
    fake(bare_machine, "apt-get", "exit 100")
    fake(bare_machine, "id", "echo 1000")
    code, told = set_up(bare_machine, "system")
    assert code == 0
    assert "sudo apt-get install --yes --no-install-recommends bubblewrap chromium" in told


def test_a_missing_system_part_skips_the_test_and_fails_it_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs no-such-program; install with: apt-get install it"):
        requires("no-such-program", "apt-get install it")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="needs no-such-program or nor-this; install with: apt-get"):
        requires(("no-such-program", "nor-this"), "apt-get install it")
    assert requires(("no-such-program", "sh"), "never") == shutil.which("sh")
