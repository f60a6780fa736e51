"""Cycles in processes that die, and in several at once: nothing half, nothing twice."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from events.catalogue.build import BuildStarted
from events.catalogue.evolution import EvolutionCycleFinished, EvolutionCycleStarted
from supervisor import Supervisor
from tests.supervisor.evolution.evolution_help import ask, evolving
from tests.supervisor.evolution.evolution_host import BUSY

ROOT = Path(__file__).parents[3]
MIDDLE_OF_A_BUILD = 7


def host(folder: Path, step: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.supervisor.evolution.evolution_host", str(folder), str(step)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> int:
    _, problems = process.communicate(timeout=120)
    assert process.returncode in (0, BUSY, -signal.SIGKILL), problems
    return process.returncode


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log in which something is asked for that nobody does."""
    import anyio

    folder = tmp_path_factory.mktemp("asked")

    async def fill() -> None:
        async with evolving(folder, url=f"sqlite:///{folder}/events.db") as (supervisor, _):
            await ask(supervisor)

    anyio.run(fill)
    return folder


@pytest.fixture
def folder(asked: Path, tmp_path: Path) -> Path:
    shutil.copytree(asked, tmp_path / "log")
    return tmp_path / "log"


async def check(supervisor: Supervisor) -> None:
    """Whatever happened, the log is one that a single process could have written."""
    running: str | None = None
    for entry in await supervisor.store.read_all(
        0, {EvolutionCycleStarted.TOPIC, EvolutionCycleFinished.TOPIC}, limit=100
    ):
        if isinstance(entry.event, EvolutionCycleStarted):
            assert running is None, "two cycles at once"
            running = entry.event.cycle
        elif isinstance(entry.event, EvolutionCycleFinished):
            assert running == entry.event.cycle
            running = None
    assert running is None
    assert await supervisor.views.query("evolution", {"ended": False}) == []
    assert len(await supervisor.store.read_all(0, {BuildStarted.TOPIC})) <= 1


@pytest.mark.parametrize("step", [1, 2, MIDDLE_OF_A_BUILD, 15])
async def test_what_is_killed_is_gone_on_with_or_given_up(folder: Path, step: int) -> None:
    assert ended(host(folder, step)) == -signal.SIGKILL
    url = f"sqlite:///{folder}/events.db"
    async with evolving(folder, url=url, allowed=("create",)) as (supervisor, parts):
        report = await supervisor.evolution.evolution_cycle()
        await check(supervisor)
        told = [row["result"] for row in await supervisor.views.query("evolution")]
        if step == 2:  # decided, and the build had not begun
            assert sorted(told) == ["doubler 1.0.0 was built", "given up: its build had not begun"]
        else:
            assert told == ["doubler 1.0.0 was built"]
        assert parts.counts["deploy"] <= 1
        assert (await supervisor.evolution.report()).failed_cycles == 1
        assert report.cycle


async def test_several_processes_at_once(folder: Path) -> None:
    codes = [ended(process) for process in [host(folder), host(folder)]]
    assert 0 in codes
    url = f"sqlite:///{folder}/events.db"
    async with evolving(folder, url=url) as (supervisor, _):
        await check(supervisor)
        assert (await supervisor.evolution.report()).cycles == codes.count(0)
