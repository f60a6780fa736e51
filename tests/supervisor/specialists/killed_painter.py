"""A host whose specialist works outside of the log, and is killed meanwhile: run by test_killed_at_work.py.

usage: killed_painter.py FOLDER WHEN, where WHEN is before or after (the work; it kills itself), or blocked (it waits in
the middle of it, and says so).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio

from common.intents import StreamAppend
from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ApprovedImprovement
from roles.specialists.specialist import Applied, Measure
from supervisor import Supervisor
from tests.events.improvement_samples import suggestion
from tests.supervisor.specialists.killed_host import NAME, settings_in


class Painter:
    """Paints by adding a line to a file, and can tell from it what was painted."""

    name = "painter"
    actions = frozenset({"paint"})

    def __init__(self, folder: Path, when: str = "") -> None:
        self._wall = folder / "wall.txt"
        self._when = when

    @property
    def lines(self) -> list[str]:
        return self._wall.read_text().splitlines() if self._wall.exists() else []

    async def draw_up(self, plan: ImprovementPlan) -> ImprovementPlan | None:
        return plan

    def measures(self, plan: ImprovementPlan) -> Measure | None:
        return None

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        return ()

    async def applied(self, leave: ApprovedImprovement) -> Applied | None:
        return Applied("painted") if leave.improvement_id in self.lines else None

    async def carry_out(self, leave: ApprovedImprovement) -> Applied:
        if self._when == "blocked":
            print("begun", flush=True)
            await anyio.sleep_forever()
        self._die_if("before")
        self._wall.write_text("\n".join([*self.lines, leave.improvement_id]))
        self._die_if("after")
        return Applied("painted")

    async def undo(self, improvement_id: str, undo: Any, *, by: str, reason: str) -> Sequence[StreamAppend]:
        return ()

    def _die_if(self, when: str) -> None:
        if self._when == when:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(folder: Path, when: str) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        supervisor.specialists.register(Painter(folder, when))
        plan = ImprovementPlan(action="paint", specialist="painter")
        await supervisor.monitoring.improvements.suggest(suggestion(NAME, implementation_plan=plan))
        await supervisor.monitoring.approve(NAME, by="ann")
        await supervisor.specialists.step()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2])
