"""Run in processes of their own by test_local_file.py.

usage: crashing_writer.py add FOLDER PREFIX COUNT | crash FOLDER STEP
`add` puts COUNT events into the calendar of FOLDER; `crash` is killed at STEP (replace or sync) of adding one.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import anyio

from common.clock import SystemClock
from common.context import Owner
from common.settings import Settings
from roles.calendar.adapters import local_file
from roles.calendar.backend import NewEvent
from tests.roles.calendar.calendars import NOW


async def add(folder: str, prefix: str, count: int) -> None:
    calendar = local_file.LocalCalendar(Settings(data_dir=Path(folder)), SystemClock())
    for number in range(count):
        start = NOW + timedelta(hours=number)
        name = f"{prefix}{number}"
        assert await calendar.add(Owner("default", "local"), NewEvent(name, name, start, start + timedelta(hours=1)))


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1] == "crash":
        setattr(*((os, "replace") if sys.argv[3] == "replace" else (os, "fsync")), die)
        anyio.run(add, sys.argv[2], "crashed", 1)
    else:
        anyio.run(add, sys.argv[2], sys.argv[3], int(sys.argv[4]))
