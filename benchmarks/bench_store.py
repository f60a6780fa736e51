"""The event store against its databases' own drivers: ratios of one run, medians over several.

    python -m benchmarks.bench_store [--on sqlite|postgres] [--events N] [--runs N] [--folder PATH] [--added-ms 4]

Raw sqlite3 and psycopg insert the same bytes into the same table with the same durability. Ratios hold from machine to
machine better than the absolute figures, which depend on what an fsync costs here and now: that is measured first, and
everything is measured a second time with 4 ms more, where a C compiler is found.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import anyio

from benchmarks.places import PLACES, Place
from benchmarks.slow_disk import run_again_slower
from common.intents import StreamAppend
from events.catalogue import Event
from events.catalogue.trace import ModelCalled, TaskFinished, ToolCalled, TraceEnded, TraceStarted
from events.codec import Codec, HeaderMaker, frame
from events.projection import Views
from events.store import EventStore
from events.views.performance import PerformanceView
from events.views.trace_index import TraceIndex

PARALLEL = 200


def trace() -> list[Event]:
    """The events of a small request."""
    return [
        TraceStarted(request="set a timer for ten minutes", user="ann", request_id="r", owner="p", context={}),
        ToolCalled(call_id="c1", tool="timer.set", arguments={"when": "in ten minutes"}, ok=True, text="It will ring."),
        ModelCalled(provider="offline", model="offline", input_tokens=120, output_tokens=30),
        TaskFinished(task="main", role="timer", ok=True, text="The timer rings at 9:10."),
        TraceEnded(outcome="success", response={"text": "The timer rings at 9:10.", "duration_ms": 3.2}),
    ]


def rows_of(number: int) -> list[tuple[str, int, str, bytes]]:
    """That many rows as the store writes them."""
    codec = Codec()
    rows: list[tuple[str, int, str, bytes]] = []
    now = datetime.now(UTC)
    for index in range(number):
        draft = codec.draft(trace()[index % 5])
        stream, version = f"trace/{index // 5:032x}", index % 5 + 1
        header = HeaderMaker(now, "default", f"{index // 5:032x}", None).make(draft.schema_version, "0" * 64)
        rows.append((stream, version, draft.topic, frame(stream, version, draft.topic, header, draft.payload)))
    return rows


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


async def store_appends(url: str, events: int, batch: int) -> float:
    """Events a second of one caller that waits for each append of `batch` events; encoding included."""
    async with await EventStore.open(url) as store:
        made = (trace() * (batch // 5 + 1))[:batch]
        began = time.perf_counter()
        for number in range(events // batch):
            await store.append(f"trace/{number:032x}", made, correlation=f"{number:032x}")
        return events / (time.perf_counter() - began)


async def parallel_appends(url: str, each: int) -> float:
    """Events a second of many callers at once, each waiting for each of its appends."""

    async def caller(store: EventStore, number: int) -> None:
        event = trace()[1]
        for _ in range(each):
            await store.append(f"trace/{number:032x}", [event], correlation=f"{number:032x}")

    async with await EventStore.open(url) as store:
        began = time.perf_counter()
        async with anyio.create_task_group() as group:
            for number in range(PARALLEL):
                group.start_soon(caller, store, number)
        return PARALLEL * each / (time.perf_counter() - began)


async def requests(url: str, rounds: int) -> tuple[float, float]:
    """Requests a second, and the 95th percentile of their time in milliseconds: five posts, one wait for durability."""
    times: list[float] = []

    async def request(store: EventStore, number: int) -> None:
        began = time.perf_counter()
        *first, last = trace()
        for event in first:
            store.post(f"trace/{number:032x}", [event], correlation=f"{number:032x}")
        await store.post(f"trace/{number:032x}", [last], correlation=f"{number:032x}").durable()
        times.append(time.perf_counter() - began)

    async with await EventStore.open(url) as store:
        began = time.perf_counter()
        for turn in range(rounds):
            async with anyio.create_task_group() as group:
                for number in range(PARALLEL):
                    group.start_soon(request, store, turn * PARALLEL + number)
        took = time.perf_counter() - began
    return rounds * PARALLEL / took, statistics.quantiles(times, n=20)[-1] * 1000


async def catch_up(url: str, events: int) -> dict[str, float]:
    """Events a second of a view that is built from the whole log."""
    rates: dict[str, float] = {}
    async with await EventStore.open(url) as store:
        for number in range(events // 500):
            await store.append([StreamAppend(f"trace/{number * 100 + part:032x}", trace()) for part in range(100)])
        for view in (TraceIndex(), PerformanceView()):
            views = Views(store, [view])
            began = time.perf_counter()
            await views.catch_up()
            rates[view.name] = events / (time.perf_counter() - began)
            await views.close()
    return rates


async def latency(url: str, events: int) -> tuple[float, float]:
    """Milliseconds from an append's acknowledgement in one store to the event's arrival in another: p50, p99."""
    times: list[float] = []
    async with (
        await EventStore.open(url) as store,
        await EventStore.open(url) as other,
        aclosing(other.follow()) as arriving,
    ):
        for number in range(events + 10):
            await store.append("trace/1", [trace()[1]])
            acknowledged = time.perf_counter()
            await anext(arriving)
            if number >= 10:
                times.append((time.perf_counter() - acknowledged) * 1000)
            await anyio.sleep(0.003)
    return statistics.median(times), statistics.quantiles(times, n=100)[-1]


def median(measure: Callable[[str], float], runs: int, place: Place) -> float:
    """The median of a measurement, each on a new database."""
    rates: list[float] = []
    for _ in range(runs):
        with place.new() as url:
            rates.append(measure(url))
    return statistics.median(rates)


def run(work: Callable[..., Awaitable[float]], *arguments: object) -> Callable[[str], float]:
    """A measurement of an async function whose first argument is the URL."""
    return lambda url: anyio.run(work, url, *arguments)


def report(place: Place, events: int, runs: int) -> None:
    """Measure and print."""
    print(f"{place.name}, {runs} runs each, medians")
    single = 0.0
    for batch, count in ((1, events // 20), (10, events // 4), (100, events)):
        count -= count % batch
        raw = median(lambda url: place.raw(url, rows_of(count), batch), runs, place)  # noqa: B023
        own = median(run(store_appends, count, batch), runs, place)
        single = own if batch == 1 else single
        print(f"  append, {batch:3} a batch: {own:9,.0f} events/s, raw {raw:9,.0f}, ratio {own / raw:.2f}", flush=True)
    group = median(run(parallel_appends, max(1, events // PARALLEL)), runs, place)
    print(f"  group commit, {PARALLEL} streams: {group:9,.0f} events/s, {group / single:.1f} times single appends")
    with place.new() as url:
        rate, p95 = anyio.run(requests, url, max(2, events // 1_000))
    print(f"  {PARALLEL} requests at once, 5 events each: {rate:9,.0f} requests/s, p95 {p95:.0f} ms")
    with place.new() as url:
        p50, p99 = anyio.run(latency, url, 200)
    print(f"  an append arrives in another store behind its acknowledgement: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    with place.new() as url:
        stock = place.stock(url, max(100, events // 20))
    with place.new() as url:
        for name, speed in anyio.run(catch_up, url, events * 2).items():
            print(f"  catch-up of {name} over {events * 2:,} events: {speed:9,.0f} events/s", end=", ")
            print(f"{speed / stock:.0f} times the library's runner ({stock:,.0f})", flush=True)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", choices=list(PLACES), action="append", help="the database (default: each)")
    parser.add_argument("--events", type=int, default=10_000, help="events of the longest measurement (default 10,000)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()), help="where to write, on a real disk"
    )
    parser.add_argument("--added-ms", type=float, default=4.0, help="milliseconds added to an fsync the second time")
    arguments = parser.parse_args()
    slower = "ADDED_FSYNC_MS" in os.environ
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        folder.chmod(0o755)  # a server may run as somebody else
        cost = f"an fsync costs {fsync_ms(folder):.2f} ms here"
        print(cost + (f", {arguments.added_ms:g} ms of it added" if slower else ""), flush=True)
        for kind in arguments.on or list(PLACES):
            with PLACES[kind](folder) as place:
                report(place, arguments.events, arguments.runs)
        if not slower and arguments.added_ms > 0 and not run_again_slower(arguments.added_ms, folder):
            print("there is no C compiler here to make an fsync slower with", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
