"""A host that dies as soon as a chosen event of its trace is in the log: run by test_resume.py in its own process.

usage: resuming_host.py FOLDER STEP META_PLANNING TEXT
STEP is the number of the event of the trace (0: it never dies), counted from its start.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import anyio
from pydantic import BaseModel

from common.blob import Blob
from common.context import TaskContext
from events.trace_writer import TraceWriter
from supervisor import Supervisor
from supervisor.testing import MovableClock
from tests.supervisor.crashing_host import CLOCK, settings_in


def die_after(step: int) -> None:
    """Make the process kill itself once the given event of the trace is durable."""
    seen = 0
    record = TraceWriter.record

    def recorded(self: TraceWriter, event: BaseModel, blobs: Sequence[Blob] = ()) -> None:
        nonlocal seen
        seen += 1
        record(self, event, blobs)
        if seen == step:
            self.send()
            last = self._last  # pyright: ignore[reportPrivateUsage]
            while last is not None and not last.done:
                time.sleep(0.001)
            os.kill(os.getpid(), signal.SIGKILL)

    TraceWriter.record = recorded  # type: ignore[method-assign]


async def main(folder: str, step: str, meta_planning: str, text: str) -> None:
    context = TaskContext(request_id="trip", flags={"meta-planning": meta_planning == "on"})
    async with Supervisor(settings_in(Path(folder)), clock=MovableClock(CLOCK), background=False) as supervisor:
        if int(step):
            die_after(int(step))
        response = await supervisor.process_request(text, context)
    print(response.outcome)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
