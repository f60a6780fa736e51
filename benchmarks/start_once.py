"""Starts a supervisor on a log, with its loops, answers one request, and prints what that took as JSON.

    python -m benchmarks.start_once FOLDER [URL]

A process of its own, so that the memory it needed is that of the start.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import anyio

from benchmarks.grown import REQUEST, settings_for
from supervisor import Supervisor


async def _start(folder: Path, url: str) -> dict[str, float]:
    began, worked = time.perf_counter(), time.process_time()
    async with Supervisor(settings_for(folder, url)) as supervisor:
        started, work = time.perf_counter() - began, time.process_time() - worked
        response = await supervisor.process_request(REQUEST)
        assert response.outcome == "success", response
        answered = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"start": started, "start_processor": work, "first_answer": answered, "memory_mib": memory}


if __name__ == "__main__":
    print(json.dumps(anyio.run(_start, Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")))
