"""Living inside a host: its module names, its tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor._siblings import SIBLINGS

ROOT = Path(__file__).parents[2]

HOSTS_TEST = """
from datetime import timedelta


async def test_a_timer_is_set(supervisor, movable_clock):
    response = await supervisor.process_request("set a timer for 5 minutes")
    assert response.outcome == "success"
    movable_clock.move(timedelta(minutes=1))
    assert "4 minutes" in (await supervisor.process_request("how long is left on my timer?")).text
"""


def python(code: str, folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([*before, str(ROOT)])}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", SIBLINGS)
@pytest.mark.parametrize("first", ["import supervisor", "import {name}; import supervisor"])
def test_a_module_of_the_host_with_one_of_our_names_is_named(name: str, first: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text("MINE = True\n")
    done = python(first.format(name=name), tmp_path, str(tmp_path))
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: agent-supervisor needs its own package '{name}'")
    assert str(tmp_path / f"{name}.py") in last
    assert "Rename" in last


def test_a_package_of_the_host_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "__init__.py").write_text("")
    done = python("import supervisor", tmp_path, str(tmp_path))
    assert str(tmp_path / "events") in done.stderr.strip().splitlines()[-1]


def test_a_host_that_stands_behind_us_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "common.py").write_text("")
    assert python(f"import sys; sys.path.append({str(tmp_path)!r}); import supervisor", ROOT).returncode == 0


def test_the_fixtures_serve_a_hosts_tests(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        'import pytest\npytest_plugins = ["supervisor.testing"]\n\n'
        '@pytest.fixture\ndef anyio_backend():\n    return "asyncio"\n'
    )
    (tmp_path / "test_host.py").write_text(f"import pytest\n\npytestmark = pytest.mark.anyio\n{HOSTS_TEST}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
