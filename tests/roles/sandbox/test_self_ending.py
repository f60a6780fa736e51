"""Walls that outlive the supervisor end themselves: the launcher's own ends, seen within walls that are at hand."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from common.sandbox import Project, SandboxLimits
from roles.sandbox.bubblewrap import BubblewrapSandbox
from roles.sandbox.launched import LaunchPlan, launched
from tests.roles.sandbox.contract import usable

BOUND = 60.0
ENDLESS = Project.of_code("import time\nprint('begun', flush=True)\nwhile True: time.sleep(1)")


class Ending(BubblewrapSandbox):
    """Tells the launcher to end by itself, too."""

    told: dict[str, Any]

    async def plan(self, project: Project, limits: SandboxLimits, *, worker: bool) -> LaunchPlan:
        plan = await super().plan(project, limits, worker=worker)
        return LaunchPlan(plan.command, {**plan.config, **self.told}, plan.end, plan.watch)


@pytest.fixture
async def sandbox() -> Ending:
    await usable(BubblewrapSandbox())
    return Ending()


async def test_a_run_ends_when_its_time_is_long_over(sandbox: Ending) -> None:
    sandbox.told = {"wall_seconds": 1}
    with anyio.fail_after(BOUND):
        result = await sandbox.run(ENDLESS, SandboxLimits(seconds=10 * BOUND))
    assert (result.ok, result.stdout, result.killed_by) == (False, b"begun\n", None)


async def test_a_worker_ends_when_nobody_can_ask_it_any_more(sandbox: Ending) -> None:
    sandbox.told = {"until_hangup": True}
    limits = SandboxLimits(seconds=10 * BOUND)
    plan = await sandbox.plan(ENDLESS, limits, worker=True)
    async with launched(plan, ENDLESS, limits) as run:
        await run.feed()
        assert await run.next_frame() == ("s", b"")
        assert await run.next_frame() == ("o", b"begun\n")
        await run.input.aclose()
        with anyio.fail_after(BOUND):
            frame = await run.next_frame()
    assert frame is not None
    assert frame[0] == "r"
    assert b'"status": -9' in frame[1]


async def test_processes_are_left_to_the_walls_where_these_count_them(sandbox: Ending) -> None:
    sandbox.told = {"processes": 0}
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_NPROC)[0] > 100 or 'unlimited')"
    with anyio.fail_after(BOUND):
        result = await sandbox.run(Project.of_code(code), SandboxLimits(processes=5))
    assert result.ok
    assert result.stdout in (b"True\n", b"unlimited\n")
