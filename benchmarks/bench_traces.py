"""How fast traces are imported and read as records, and the memory that takes.

    python -m benchmarks.bench_traces --traces 100000 --steps 10

Writes a file of made-up traces, imports it into a new SQLite log (with encryption, as it is by default), imports it
again, reads all records once, and then those of 100 new traces.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import anyio

from common.context import Owner
from common.settings import Settings
from events.store import EventStore
from supervisor.learning.trace_collector import TraceCollector
from supervisor.learning.trace_transfer import import_traces
from supervisor.store_opening import open_store

OWNER = Owner("default", "local")


def write(path: Path, traces: int, steps: int, first: int = 0) -> None:
    draw = random.Random(first)
    with path.open("w") as file:
        for number in range(first, first + traces):
            row = {
                "trace_id": f"made-{number}",
                "task_id": f"task-{number % 500}",
                "agent": f"m{number % 4}",
                "domain": "made",
                "success": draw.random() < 0.6,
                "score": None,
                "task": "Find it",
                "steps": [step(draw) for _ in range(steps)],
            }
            file.write(json.dumps(row) + "\n")


def step(draw: random.Random) -> dict[str, object]:
    if draw.random() < 0.4:
        return {"type": "thinking", "kind": "think", "text": "I should look at the next thing, for it may be there."}
    return {
        "type": "tool_call",
        "tool": f"tool_{draw.randrange(20)}",
        "arguments": {"value": f"x{draw.randrange(99)}"},
        "ok": draw.random() < 0.9,
        "response_excerpt": "What was found there is told in a sentence or two, about so long.",
    }


def memory() -> float:
    """The most memory that this process has had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def now() -> tuple[float, float]:
    """Seconds by the clock, and of this process's threads together, which other work on the machine does not change."""
    return time.perf_counter(), time.process_time()


def tell(what: str, count: int, started: tuple[float, float]) -> None:
    seconds, busy = (end - start for start, end in zip(started, now(), strict=True))
    print(
        f"{what:<34} {count:>8,} in {seconds:>7.2f} s {count / seconds:>8,.0f}/s   "
        f"{busy:>7.2f} s of CPU {count / busy:>8,.0f}/s   at most {memory():,.0f} MB",
        flush=True,
    )


async def read(store: EventStore, what: str, after: int, keep: Callable[[object], None] | None = None) -> int:
    collector = TraceCollector(store)
    count, position = 0, after
    started = now()
    async for page in collector.read(after):
        count += len(page.records)
        position = page.position
        if keep is not None:
            keep(page.records)
    tell(what, count, started)
    return position


async def measure(folder: Path, traces: int, steps: int) -> None:
    settings = Settings(data_dir=folder)
    write(folder / "traces.jsonl", traces, steps)
    write(folder / "more.jsonl", 100, steps, first=traces)
    size = (folder / "traces.jsonl").stat().st_size / 1e6
    print(f"{traces:,} traces of {steps} steps, {size:,.0f} MB; {memory():,.0f} MB of memory before")
    async with await open_store(settings) as store:
        started = now()
        told = await import_traces(store, folder / "traces.jsonl", OWNER)
        tell("imported", told.added, started)
        started = now()
        again = await import_traces(store, folder / "traces.jsonl", OWNER)
        tell("imported again (all known)", again.known, started)
        position = await read(store, "records read, page by page", 0)
        await import_traces(store, folder / "more.jsonl", OWNER)
        await read(store, "records read behind a position", position)
        kept: list[object] = []
        await read(store, "records read and all kept", 0, kept.append)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(measure, Path(folder), given.traces, given.steps)


if __name__ == "__main__":
    main()
