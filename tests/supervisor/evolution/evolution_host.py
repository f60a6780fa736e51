"""A process that runs a cycle of evolution, and may die in it; run by test_evolution_processes.py.

usage: evolution_host.py FOLDER STEP
STEP is the number of the append in the cycle right after which it is killed (0: never).
Exit code 3: another process was at it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import anyio

from common.errors import EvolutionError
from events.store import EventStore
from tests.supervisor.evolution.evolution_help import evolving

BUSY = 3


def die_at(step: int) -> None:
    original, seen = EventStore.append, 0

    async def append(*arguments: Any, **named: Any) -> int:
        nonlocal seen
        seen += 1
        position = await original(*arguments, **named)
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return position

    EventStore.append = append  # type: ignore[method-assign]


async def main(folder: str, step: str) -> int:
    path = Path(folder)
    async with evolving(path, url=f"sqlite:///{path}/events.db", allowed=("create",)) as (supervisor, _):
        die_at(int(step))
        print("ready", flush=True)
        try:
            await supervisor.evolution.evolution_cycle()
        except EvolutionError:
            return BUSY
    return 0


if __name__ == "__main__":
    sys.exit(anyio.run(main, sys.argv[1], sys.argv[2]))
