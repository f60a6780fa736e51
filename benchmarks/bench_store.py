"""The event store against its databases' own drivers: ratios of one run, each beside its goal.

    python -m benchmarks.bench_store [--on sqlite|postgres] [--events N] [--runs N] [--folder PATH] [--added-ms 4]
    python -m benchmarks.bench_store --grow 1000000      what a log of that length costs, instead

Raw sqlite3 and psycopg insert the same bytes into the same table with the same durability, by turns with the store:
ratios are medians of such pairs, and hold from machine to machine better than the absolute figures, which depend on
what an fsync costs here and now. That is measured first, and everything is measured a second time with 4 ms more, where
a C compiler is found. Payloads are encrypted, as in a supervisor, and once not.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from benchmarks.figures import Figures
from benchmarks.grown import growth
from benchmarks.places import PLACES, Place
from benchmarks.slow_disk import run_again_slower
from benchmarks.store_figures import (
    PARALLEL,
    catch_up,
    follow_latency,
    parallel_appends,
    requests,
    rows_of,
    store_appends,
)
from events.keys import KeyService, MemoryKeys

_AIMS = {"SQLite": 60_000, "PostgreSQL": 15_000}
"""Events a second that a view should catch up."""
_TIMES_STOCK = 10.0
_FOLLOW_MS = 50.0


def fsync_ms(folder: Path) -> float:
    """What one small write with an fsync costs: the median of 50, in milliseconds."""
    times: list[float] = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(50):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


class Report:
    """Measures one database and tells it."""

    def __init__(self, place: Place, figures: Figures, fsync: float, events: int, runs: int) -> None:
        self._place = place
        self._figures = figures
        self._fsync = fsync
        self._events = events
        self._runs = runs
        figures.place = place.name

    def tell(self, replayed: int) -> None:
        """Everything; `replayed` is how many events views are built from."""
        print(f"{self._place.name}, medians of {self._runs} pairs", flush=True)
        for keys, what in ((MemoryKeys(), "encrypted"), (None, "as it is")):
            for batch, count in ((1, self._events // 20), (10, self._events // 4), (100, self._events)):
                self._append(keys, what, batch, count - count % batch)
        self._group()
        with self._place.new() as url:
            rate, p95 = anyio.run(requests, url, MemoryKeys(), max(2, self._events // 1_000))
        self._figures.add(
            f"{PARALLEL} callers at once, 5 events each, one wait",
            f"{rate:,.0f} a second, p95 {p95:.0f} ms",
            rate=rate,
            p95_ms=p95,
        )
        self._follow()
        self._catch_up(replayed)

    def _append(self, keys: KeyService | None, what: str, batch: int, count: int) -> None:
        rows = anyio.run(rows_of, count, keys)
        pairs: list[tuple[float, float]] = []
        for _ in range(self._runs):
            with self._place.new() as url:
                raw = self._place.raw(url, rows, batch)
            pairs.append((self._once(store_appends, keys, count, batch), raw))
        own, raw = (statistics.median(rates) for rates in zip(*pairs, strict=True))
        goal = None
        if batch == 100 and self._place.name == "SQLite":
            goal = 0.7 if self._fsync >= 2 else 0.4
        self._figures.add(
            f"append, {batch} a batch, {what}",
            f"{own:,.0f} events/s, raw {raw:,.0f}",
            ratio=statistics.median(own / raw for own, raw in pairs),
            goal=goal,
            own=own,
            raw=raw,
        )

    def _group(self) -> None:
        pairs: list[tuple[float, float]] = []
        for _ in range(self._runs):
            single = self._once(store_appends, MemoryKeys(), max(20, self._events // 20), 1)
            pairs.append((self._once(parallel_appends, MemoryKeys(), max(1, self._events // PARALLEL)), single))
        group, single = (statistics.median(rates) for rates in zip(*pairs, strict=True))
        self._figures.add(
            f"group commit, {PARALLEL} streams, to single appends",
            f"{group:,.0f} events/s, {single:,.0f} by one caller",
            ratio=statistics.median(group / single for group, single in pairs),
            goal=10.0 if self._fsync >= 1 else 5.0,
            group=group,
            single=single,
        )

    def _follow(self) -> None:
        for loaded in (False, True):
            with self._place.new() as url:
                p50, p99 = anyio.run(lambda: follow_latency(url, MemoryKeys(), 300, loaded=loaded))  # noqa: B023
            self._figures.add(
                f"follow, from acknowledgement to arrival{', 20 others appending' if loaded else ''}",
                f"p50 {p50:.1f} ms, p99 {p99:.1f} ms of {_FOLLOW_MS:g}",
                ratio=p99 / _FOLLOW_MS,
                goal=1.0,
                at_most=True,
                p50_ms=p50,
                p99_ms=p99,
            )

    def _catch_up(self, replayed: int) -> None:
        with self._place.new() as url:
            stock = self._place.stock(url, max(100, min(5_000, replayed // 20)))
        for keys, what in ((MemoryKeys(), "encrypted"), (None, "as it is")):
            with self._place.new() as url:
                rates = anyio.run(catch_up, url, keys, replayed, self._runs)
            for name, (rate, work) in rates.items():
                self._figures.add(
                    f"catch-up of {name} over {replayed:,} events, {what}, to the library's runner",
                    f"{rate:,.0f} events/s (aim {_AIMS[self._place.name]:,}; {work:,.0f} a second of the processor), "
                    f"{stock:,.0f} by the library",
                    ratio=rate / stock,
                    goal=_TIMES_STOCK,
                    own=rate,
                    own_processor=work,
                    stock=stock,
                )

    def _once(self, work: Callable[..., Awaitable[float]], keys: KeyService | None, *arguments: object) -> float:
        with self._place.new() as url:
            return anyio.run(work, url, keys, *arguments)


def main() -> int:
    """The command."""
    arguments = _arguments()
    slower = "ADDED_FSYNC_MS" in os.environ
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        folder.chmod(0o755)  # a server may run as somebody else
        fsync = fsync_ms(folder)
        disk = f"an fsync costs {fsync:.2f} ms here" + (f", {arguments.added_ms:g} ms of it added" if slower else "")
        print(disk, flush=True)
        figures = Figures(disk)
        for kind in arguments.on or list(PLACES):
            with PLACES[kind](folder) as place:
                if arguments.grow:
                    growth(place, figures, folder / kind, arguments.grow, arguments.repeats)
                else:
                    Report(place, figures, fsync, arguments.events, arguments.runs).tell(arguments.replay)
        print(f"{figures.missed} goals missed" if figures.missed else "all goals reached", flush=True)
        if arguments.json is not None:
            figures.keep(arguments.json)
        again = not slower and not arguments.grow and arguments.added_ms > 0
        if again and not run_again_slower(arguments.added_ms, folder):
            print("there is no C compiler here to make an fsync slower with", file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", choices=list(PLACES), action="append", help="the database (default: each)")
    parser.add_argument("--events", type=int, default=10_000, help="events of the longest append (default 10,000)")
    parser.add_argument("--replay", type=int, default=100_000, help="events that views catch up over (default 100,000)")
    parser.add_argument("--runs", type=int, default=3, help="pairs that a ratio is the median of (default 3)")
    parser.add_argument(
        "--grow", type=int, default=0, metavar="N", help="compare an almost empty log with one of N events, instead"
    )
    parser.add_argument("--repeats", type=int, default=150, help="requests on each log with --grow (default 150)")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()), help="where to write, on a real disk"
    )
    parser.add_argument("--added-ms", type=float, default=4.0, help="milliseconds added to an fsync the second time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the figures to a file, one JSON line a run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
