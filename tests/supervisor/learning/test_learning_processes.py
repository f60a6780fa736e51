"""Cycles in processes that die, and in several at once: nothing half, nothing twice, nothing lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import anyio

from events.catalogue.guideline import GuidelineProposed
from events.catalogue.learning import LearningCycleFailed, LearningCycleFinished, LearningCycleStarted, PatternAccepted
from events.store import EventStore
from tests.supervisor.learning.learning_help import learning_over, log, log_in, told, traces
from tests.supervisor.learning.learning_host import BUSY

ROOT = Path(__file__).parents[3]


def host(folder: Path, step: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.supervisor.learning.learning_host", str(folder), str(step)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> int:
    _, problems = process.communicate(timeout=60)
    assert process.returncode in (0, BUSY, -signal.SIGKILL), problems
    return process.returncode


async def fill(folder: Path) -> None:
    async with log_in(folder) as store:
        await log(store, [*traces(200), *traces(200, agent_type="other", seed=2)])


async def cycles_of(store: EventStore) -> set[str]:
    """The cycles that accepted patterns."""
    return {event.cycle for event in await told(store, PatternAccepted) if isinstance(event, PatternAccepted)}


async def check(store: EventStore) -> None:
    """Whatever happened, the log is one that a single process could have written."""
    accepted = [event for event in await told(store, PatternAccepted) if isinstance(event, PatternAccepted)]
    assert len({(event.agent_type, event.pattern) for event in accepted}) == len(accepted) > 0
    proposed = [event for event in await told(store, GuidelineProposed) if isinstance(event, GuidelineProposed)]
    assert Counter(event.agent_type for event in proposed) == {"triage": 1, "other": 1}
    running: str | None = None
    for event in await told(store, LearningCycleStarted, LearningCycleFinished, LearningCycleFailed):
        if isinstance(event, LearningCycleStarted):
            assert running is None, "two cycles at once"
            running = event.cycle
        elif not (isinstance(event, LearningCycleFinished) and event.agent_type):
            assert running == event.cycle  # type: ignore[attr-defined]
            running = None
    assert running is None


async def test_killed_after_every_append(tmp_path: Path) -> None:
    step = 0
    while True:
        step += 1
        folder = tmp_path / str(step)
        await fill(folder)
        if ended(host(folder, step)) == 0:
            break
        async with log_in(folder) as store:
            before = await cycles_of(store)
            async with learning_over(store) as learning:
                report = await learning.cycle()
            assert len(await cycles_of(store)) == 1, "all patterns were accepted by the one cycle or by the other"
            assert not before or report.learned == ()
            await check(store)
    assert step > 4, "a cycle has several durable steps"


async def test_killed_at_any_moment(tmp_path: Path) -> None:
    await fill(tmp_path)
    chance = random.Random(7)
    killed = 0
    for _ in range(4):
        process = host(tmp_path)
        assert process.stdout is not None
        process.stdout.readline()
        await anyio.sleep(chance.random() * 0.6)
        process.kill()
        killed += ended(process) != 0
    assert killed
    async with log_in(tmp_path) as store, learning_over(store) as learning:
        assert (await learning.cycle()).proposed
        await check(store)


async def test_several_processes_at_once(tmp_path: Path) -> None:
    await fill(tmp_path)
    codes = [ended(process) for process in [host(tmp_path) for _ in range(3)]]
    assert 0 in codes
    async with log_in(tmp_path) as store:
        finished = [event for event in await told(store, LearningCycleFinished) if event.agent_type == ""]  # type: ignore[attr-defined]
        assert len(finished) == codes.count(0)
        await check(store)
