"""Requests inside a running supervisor: 200 of a kind at once, and one by one, beside the floor of the same disk.

    python -m benchmarks.bench_requests [--at-once N] [--rounds N] [--repeats N] [--folder PATH] [--added-ms 4]

Each kind is told with its events, its waits for the disk and its processor time (the event loop's, and all threads')
per request: these hold on a machine that does other things besides, where rates do not. The floor is raw sqlite3 that
inserts the very rows of so many requests and commits them once. Everything is measured a second time with 4 ms added to
an fsync, where a C compiler is found.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from benchmarks.bench_store import fsync_ms
from benchmarks.figures import Figures
from benchmarks.places import PLACES
from benchmarks.slow_disk import run_again_slower
from common.context import TaskContext
from common.settings import RequestSettings
from events.backend import NewRow
from events.catalogue.memory import FactRemembered
from events.pending import Pending
from supervisor import Supervisor
from supervisor.testing import offline_settings

_PER_SECOND = 2_000.0
_P95_MS = 100.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request; `said` gives the words of the n-th, `cheapest` tells that the goals are for it."""

    name: str
    said: Callable[[int], str]
    cheapest: bool = False


KINDS = (
    Kind("small talk", lambda _: "Thank you, that was nice", cheapest=True),
    Kind("a timer", lambda _: "set a timer for ten minutes"),
    Kind("timers, no two alike", lambda n: f"set a timer for {n % 60 + 1} minutes and {n // 60} seconds"),
    Kind("a light", lambda n: f"turn {('on', 'off')[n % 2]} the kitchen light"),
    Kind("a scene", lambda _: "activate the movie night scene"),
    Kind("the calendar", lambda _: "what is on my calendar tomorrow?"),
)
ENGINES = (("task graph", False), ("meta-planning", True))
PLAN = "set a timer for 5 minutes and turn on the kitchen light"


@dataclass(slots=True)
class Round:
    """What so many requests at once took, together and (`times`) each, in seconds."""

    wall: float
    loop: float
    process: float
    events: int
    waits: int
    times: list[float] = field(default_factory=list[float])

    @property
    def p95(self) -> float:
        """The time that 95 of 100 requests keep."""
        return statistics.quantiles(self.times, n=20)[18]


@contextmanager
def waits_counted() -> Generator[Callable[[], int]]:
    """Counts how often somebody waits for an append that is not on the disk yet."""
    durable, count = Pending.durable, 0

    async def counted(self: Pending) -> int:
        nonlocal count
        count += not self.done
        return await durable(self)

    Pending.durable = counted
    try:
        yield lambda: count
    finally:
        Pending.durable = durable


async def ask(supervisor: Supervisor, text: str, context: TaskContext | None = None) -> float:
    """The seconds that one request takes."""
    began = time.perf_counter()
    response = await supervisor.process_request(text, context)
    taken = time.perf_counter() - began
    if response.outcome != "success":
        raise RuntimeError(f"{text!r} gave {response.outcome}: {response.text}")
    return taken


async def at_once(supervisor: Supervisor, kind: Kind, first: int, number: int) -> Round:
    """So many requests of a kind at the same time, those from the `first` on."""
    times: list[float] = []

    async def one(text: str) -> None:
        times.append(await ask(supervisor, text))

    before = await supervisor.store.head()
    with waits_counted() as waits:
        wall, loop, process = time.perf_counter(), time.thread_time(), time.process_time()
        async with anyio.create_task_group() as group:
            for index in range(first, first + number):
                group.start_soon(one, kind.said(index))
        wall, loop, process = time.perf_counter() - wall, time.thread_time() - loop, time.process_time() - process
        waited = waits()
    return Round(wall, loop, process, await supervisor.store.head() - before, waited, times)


async def append_time(supervisor: Supervisor, repeats: int) -> float:
    """Median seconds of one durable append of one event."""
    times: list[float] = []
    for index in range(repeats):
        began = time.perf_counter()
        await supervisor.store.append("floor", [FactRemembered(fact_id=str(index), text="x", user="bench")])
        times.append(time.perf_counter() - began)
    return statistics.median(times)


async def rows_since(supervisor: Supervisor, position: int) -> list[NewRow]:
    """What the log holds behind a position, as it is stored."""
    store = supervisor.store
    page = await store.run(lambda: store.backend.page(position, None, 100_000))
    return [(stream, version, topic, stored) for _, stream, version, topic, stored in page.rows]


class Report:
    """Measures one supervisor and tells the figures."""

    def __init__(self, supervisor: Supervisor, figures: Figures, folder: Path, arguments: argparse.Namespace) -> None:
        self._supervisor = supervisor
        self._figures = figures
        self._folder = folder
        self._number: int = arguments.at_once
        self._rounds: int = arguments.rounds
        self._repeats: int = arguments.repeats

    async def tell(self) -> None:
        """Every kind at once, then every kind and both engines one by one."""
        for kind in KINDS:
            await self._tell_at_once(kind)
        append = await append_time(self._supervisor, self._repeats)
        self._figures.add("one durable append", f"{append * 1e3:.2f} ms", seconds=append)
        for kind in KINDS:
            times = [await ask(self._supervisor, kind.said(index)) for index in range(self._repeats)]
            self._tell_alone(f"alone, {kind.name}", times, append)
        for name, flag in ENGINES:
            context = TaskContext(flags={"meta-planning": flag})
            times = [await ask(self._supervisor, PLAN, context) for _ in range(self._repeats + 2)]
            self._tell_alone(f"alone, two parts by {name}", times[2:], append)

    async def _tell_at_once(self, kind: Kind) -> None:
        position = await self._supervisor.store.head()
        await at_once(self._supervisor, kind, 0, self._number)
        floor = self._floor(await rows_since(self._supervisor, position))
        rounds = [
            await at_once(self._supervisor, kind, (number + 1) * self._number, self._number)
            for number in range(self._rounds)
        ]
        rate = self._number / statistics.median(each.wall for each in rounds)
        best = self._number / min(each.wall for each in rounds)
        p95 = statistics.median(each.p95 for each in rounds) * 1e3
        asked = self._number * self._rounds
        loop = min(each.loop for each in rounds) / self._number * 1e6
        process = min(each.process for each in rounds) / self._number * 1e6
        self._figures.add(
            kind.name,
            f"{rate:,.0f} requests/s (best {best:,.0f}), p95 {p95:.0f} ms, "
            f"{sum(each.events for each in rounds) / asked:.1f} events and "
            f"{sum(each.waits for each in rounds) / asked:.2f} waits each, "
            f"{loop:.0f} µs of the loop and {process:.0f} µs of all threads each; raw sqlite3 {floor:,.0f} requests/s",
            per_second=rate,
            best=best,
            p95_ms=p95,
            loop_us=loop,
            process_us=process,
            raw_per_second=floor,
        )
        if kind.cheapest:
            name, wanted = f"{kind.name}, of {_PER_SECOND:,.0f} a second", rate / _PER_SECOND
            self._figures.add(name, f"{rate:,.0f}", ratio=wanted, goal=1.0)
            name, late = f"{kind.name}, of a p95 of {_P95_MS:.0f} ms", p95 / _P95_MS
            self._figures.add(name, f"{p95:.0f} ms", ratio=late, goal=1.0, at_most=True)

    def _tell_alone(self, name: str, times: list[float], append: float) -> None:
        median = statistics.median(times)
        self._figures.add(name, f"{median * 1e3:.2f} ms, {median / append:.1f} appends", seconds=median)

    def _floor(self, rows: list[NewRow]) -> float:
        """Requests a second of sqlite3 alone, that commits the rows of all of them once."""
        with PLACES["sqlite"](self._folder) as place, place.new() as url:
            return place.raw(url, rows, len(rows)) / len(rows) * self._number


async def measure(folder: Path, figures: Figures, arguments: argparse.Namespace) -> None:
    """Everything, in a supervisor with a log in this folder."""
    base = offline_settings(folder)
    settings = base.model_copy(
        update={
            "store": base.store.model_copy(update={"url": ""}),
            "requests": RequestSettings(max_concurrent=arguments.at_once, queue=2_000),
        }
    )
    async with Supervisor(settings, background=False) as supervisor:
        await Report(supervisor, figures, folder, arguments).tell()


def main() -> int:
    """The command."""
    arguments = _arguments()
    slower = "ADDED_FSYNC_MS" in os.environ
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        disk = f"an fsync costs {fsync_ms(folder):.2f} ms here"
        disk += f", {arguments.added_ms:g} ms of it added" if slower else ""
        print(f"{disk}; load {os.getloadavg()[0]:.1f}; {arguments.at_once} requests at once", flush=True)
        figures = Figures(disk, "SQLite")
        anyio.run(measure, folder / "supervisor", figures, arguments)
        print(f"{figures.missed} goals missed" if figures.missed else "all goals reached", flush=True)
        if arguments.json is not None:
            figures.keep(arguments.json)
        again = not slower and arguments.added_ms > 0
        if again and not run_again_slower(arguments.added_ms, folder, "benchmarks.bench_requests"):
            print("there is no C compiler here to make an fsync slower with", file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, default=200, metavar="N", help="requests at once (default 200)")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of them (default 10)")
    parser.add_argument("--repeats", type=int, default=30, help="requests one by one (default 30)")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()), help="where to write, on a real disk"
    )
    parser.add_argument("--added-ms", type=float, default=4.0, help="milliseconds added to an fsync the second time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the figures to a file, one JSON line a run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
