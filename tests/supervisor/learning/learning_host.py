"""A process that runs a cycle of learning, and may die in it; run by test_learning_processes.py.

usage: learning_host.py FOLDER STEP
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

from common.errors import LearningError
from events.store import EventStore
from tests.supervisor.learning.learning_help import learning_over, log_in

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
    async with log_in(Path(folder)) as store, learning_over(store) as learning:
        die_at(int(step))
        print("ready", flush=True)
        try:
            await learning.cycle()
        except LearningError:
            return BUSY
    return 0


if __name__ == "__main__":
    sys.exit(anyio.run(main, sys.argv[1], sys.argv[2]))
