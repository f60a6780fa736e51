"""A host that dies at a chosen step of the log: run by test_crash.py in a process of its own.

usage: crashing_host.py FOLDER REQUEST_ID META_PLANNING STEP WHEN TEXT [STORE_URL]
STEP is the number of the append or flush at which it is killed (0: never), WHEN is before or after.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio

from common.context import TaskContext
from common.settings import Settings
from events.store import EventStore
from events.trace_writer import TraceWriter
from supervisor import Supervisor
from supervisor.testing import MovableClock, offline_settings

CLOCK = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def settings_in(folder: Path, url: str = "") -> Settings:
    settings = offline_settings(folder)
    keys = folder.parent / "keys" if url else None  # those who share a log share its keys
    return settings.model_copy(update={"store": settings.store.model_copy(update={"url": url, "keys": keys})})


def die_at(step: int, when: str) -> None:
    """Make the process kill itself at the given durable step."""
    seen = 0

    def wrap(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def wrapped(*arguments: Any, **keywords: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == step and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = await original(*arguments, **keywords)
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapped

    EventStore.append = wrap(EventStore.append)  # type: ignore[method-assign]
    TraceWriter.flush = wrap(TraceWriter.flush)  # type: ignore[method-assign]


async def main(
    folder: str, request_id: str, meta_planning: str, step: str, when: str, text: str, url: str = ""
) -> None:
    context = TaskContext(request_id=request_id, flags={"meta-planning": meta_planning == "on"})
    async with Supervisor(settings_in(Path(folder), url), clock=MovableClock(CLOCK), background=False) as supervisor:
        await supervisor.traces(limit=1)
        if int(step):
            die_at(int(step), when)
        response = await supervisor.process_request(text, context)
    print(response.outcome)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
