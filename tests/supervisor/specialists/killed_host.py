"""A host that is killed while it carries out an improvement: run by test_killed.py in a process of its own.

usage: killed_host.py FOLDER STEP, where STEP is the append at which it is killed, after it is durable, counted from the
approval on; 0: never. It prints the name of the improvement.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import anyio

from common.settings import StoreSettings
from events.catalogue.improvement import ImprovementPlan
from events.store import EventStore
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.events.improvement_samples import suggestion

NAME = "imp-1"
CHANGES = {"requests.max_concurrent": 48.0, "requests.queue": 100.0}


def settings_in(folder: Path) -> Any:
    return offline_settings(folder).model_copy(update={"store": StoreSettings(url=f"sqlite:///{folder / 'log.db'}")})


def die_at(step: int) -> None:
    """Make the process kill itself once the given append is durable."""
    seen = 0
    original = EventStore.append

    async def append(self: EventStore, *arguments: Any, **keywords: Any) -> int:
        nonlocal seen
        position = await original(self, *arguments, **keywords)
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return position

    EventStore.append = append


async def main(folder: Path, step: int) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        plan = ImprovementPlan(action="tune", specialist="performance_analyst", arguments={"changes": dict(CHANGES)})
        await supervisor.monitoring.improvements.suggest(suggestion(NAME, implementation_plan=plan))
        await supervisor.monitoring.approve(NAME, by="ann")
        await supervisor.monitoring.sample()  # this process leads from now on
        die_at(step)
        await supervisor.specialists.step()
    print(NAME, flush=True)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
