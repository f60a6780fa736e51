"""How fast traces are imported, read as records and learned from, and the memory that takes.

    python -m benchmarks.bench_traces --traces 100000 --steps 10
    python -m benchmarks.bench_traces --traces 100000 --only-learn

Writes a file of made-up traces, imports it into a new SQLite log (with encryption, as it is by default), imports it
again, reads all records once, and then those of 100 new traces; with --only-learn it leaves that out. Then, in a
process of its own, whose memory is told: a first cycle of learning over all of it, and one after 100 more traces.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import anyio

from common.clock import SystemClock
from common.context import Owner
from common.learning_settings import LearningSettings
from common.settings import Settings
from events.projection import Views
from events.store import EventStore
from events.views.builtin import builtin_views
from supervisor.commands.guidelines import GuidelineCommands
from supervisor.learning.integration import make_learning
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


async def measure(folder: Path, traces: int, steps: int, only_learn: bool) -> None:
    settings = Settings(data_dir=folder)
    write(folder / "traces.jsonl", traces, steps)
    write(folder / "more.jsonl", 100, steps, first=traces)
    write(folder / "last.jsonl", 100, steps, first=traces + 100)
    size = (folder / "traces.jsonl").stat().st_size / 1e6
    print(f"{traces:,} traces of {steps} steps, {size:,.0f} MB; {memory():,.0f} MB of memory before")
    async with await open_store(settings) as store:
        started = now()
        told = await import_traces(store, folder / "traces.jsonl", OWNER)
        tell("imported", told.added, started)
        if not only_learn:
            await measure_reading(store, folder)
    await anyio.run_process(
        [sys.executable, "-m", "benchmarks.bench_traces", "--learn-in", str(folder)], stdout=None, stderr=None
    )


async def measure_reading(store: EventStore, folder: Path) -> None:
    started = now()
    again = await import_traces(store, folder / "traces.jsonl", OWNER)
    tell("imported again (all known)", again.known, started)
    position = await read(store, "records read, page by page", 0)
    await import_traces(store, folder / "more.jsonl", OWNER)
    await read(store, "records read behind a position", position)
    kept: list[object] = []
    await read(store, "records read and all kept", 0, kept.append)


async def learn(folder: Path) -> None:
    async with await open_store(Settings(data_dir=folder)) as store:
        ownership, views = await store.ownership(), Views(store, builtin_views())
        learning = make_learning(
            store, views, SystemClock(), ownership, GuidelineCommands(store), LearningSettings()
        )  # fmt: skip
        started = now()
        report = await learning.cycle()
        tell("first cycle: read and analysed", report.traces, started)
        await import_traces(store, folder / "last.jsonl", OWNER)
        started = now()
        report = await learning.cycle()
        tell("cycle after 100 more traces", report.new_traces, started)
        started = now()
        report = await learning.cycle(fresh=True)
        tell("cycle that judges all anew", report.traces, started)
        await views.close()
        ownership.release()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--only-learn", action="store_true")
    parser.add_argument("--learn-in", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.learn_in is not None:
        anyio.run(learn, given.learn_in)
        return
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(measure, Path(folder), given.traces, given.steps, given.only_learn)


if __name__ == "__main__":
    main()
