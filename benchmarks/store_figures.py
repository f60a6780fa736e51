"""Each figure of the event store, measured on one database."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from contextlib import aclosing

import anyio

from common.intents import StreamAppend
from events.backend import NewRow
from events.catalogue import Event
from events.catalogue.trace import ModelCalled, TaskFinished, ToolCalled, TraceEnded, TraceStarted
from events.keys import KeyService
from events.projection import Views
from events.store import EventStore
from events.view_types import Layout
from events.views.builtin import builtin_views

__all__ = [
    "PARALLEL",
    "catch_up",
    "fill",
    "follow_latency",
    "parallel_appends",
    "requests",
    "rows_of",
    "store_appends",
    "trace",
]

PARALLEL = 200
_LOADING = 20


def trace() -> list[Event]:
    """The events of a small request."""
    return [
        TraceStarted(request="set a timer for ten minutes", user="ann", request_id="r", owner="p", context={}),
        ToolCalled(call_id="c1", tool="timer.set", arguments={"when": "in ten minutes"}, ok=True, text="It will ring."),
        ModelCalled(provider="offline", model="offline", input_tokens=120, output_tokens=30),
        TaskFinished(task="main", role="timer", ok=True, text="The timer rings at 9:10."),
        TraceEnded(outcome="success", response={"text": "The timer rings at 9:10.", "duration_ms": 3.2}),
    ]


async def fill(store: EventStore, events: int) -> None:
    """Append traces, a hundred at a time."""
    for number in range(events // 500):
        await store.append([StreamAppend(f"trace/{number * 100 + part:032x}", trace()) for part in range(100)])


async def rows_of(number: int, keys: KeyService | None) -> list[NewRow]:
    """That many rows as the store writes them."""
    async with await EventStore.open("memory://", keys=keys) as store:
        await fill(store, number + 500)
        found = await store.run(lambda: store.backend.page(0, None, number))
        return [row[1:] for row in found.rows]


async def store_appends(url: str, keys: KeyService | None, events: int, batch: int) -> float:
    """Events a second of one caller that waits for each append of `batch` events; encoding included."""
    async with await EventStore.open(url, keys=keys) as store:
        made = (trace() * (batch // 5 + 1))[:batch]
        await store.append("trace/first", made)  # a key is made, statements are prepared
        began = time.perf_counter()
        for number in range(events // batch):
            await store.append(f"trace/{number:032x}", made, correlation=f"{number:032x}")
        return events / (time.perf_counter() - began)


async def parallel_appends(url: str, keys: KeyService | None, each: int) -> float:
    """Events a second of many callers at once, each waiting for each of its appends."""

    async def caller(store: EventStore, number: int) -> None:
        event = trace()[1]
        for _ in range(each):
            await store.append(f"trace/{number:032x}", [event], correlation=f"{number:032x}")

    async with await EventStore.open(url, keys=keys) as store:
        await store.append("trace/first", trace())
        began = time.perf_counter()
        async with anyio.create_task_group() as group:
            for number in range(PARALLEL):
                group.start_soon(caller, store, number)
        return PARALLEL * each / (time.perf_counter() - began)


async def requests(url: str, keys: KeyService | None, rounds: int) -> tuple[float, float]:
    """Requests a second, and the 95th percentile of their time in milliseconds: five posts, one wait for durability."""
    times: list[float] = []

    async def request(store: EventStore, number: int) -> None:
        began = time.perf_counter()
        *first, last = trace()
        for event in first:
            store.post(f"trace/{number:032x}", [event], correlation=f"{number:032x}")
        await store.post(f"trace/{number:032x}", [last], correlation=f"{number:032x}").durable()
        times.append(time.perf_counter() - began)

    async with await EventStore.open(url, keys=keys) as store:
        began = time.perf_counter()
        for turn in range(rounds):
            async with anyio.create_task_group() as group:
                for number in range(PARALLEL):
                    group.start_soon(request, store, turn * PARALLEL + number)
        took = time.perf_counter() - began
    return rounds * PARALLEL / took, statistics.quantiles(times, n=20)[-1] * 1000


async def catch_up(url: str, keys: KeyService | None, events: int, runs: int) -> dict[str, tuple[float, float]]:
    """Events a second of views that are built from the whole log, and events a second of this process's processor: two
    views that take most events, each by itself, and all views together.
    """
    known = {view.name: view for view in builtin_views()}
    alone: dict[str, Sequence[str]] = {name: [name] for name in ("trace_index", "performance")}
    rates: dict[str, list[tuple[float, float]]] = {}
    async with await EventStore.open(url, keys=keys) as store:
        await fill(store, events)
        for _ in range(runs):
            for what, names in {**alone, "all views together": list(known)}.items():
                database = store.open_views()
                views = Views(store, [known[name] for name in names])
                for name in names:  # every run begins with empty tables
                    versions = {topic: store.codec.schema_version(topic) for topic in known[name].topics}
                    database.drop(database.slot(Layout(known[name], versions).shape))
                began, worked = time.perf_counter(), time.process_time()
                await views.catch_up()
                took, work = time.perf_counter() - began, time.process_time() - worked
                rates.setdefault(what, []).append((events / took, events / work))
                await views.close()
                database.close()
    return {
        what: (statistics.median(rate for rate, _ in found), statistics.median(work for _, work in found))
        for what, found in rates.items()
    }


async def follow_latency(url: str, keys: KeyService | None, probes: int, *, loaded: bool) -> tuple[float, float]:
    """Milliseconds from an append's acknowledgement in one store to the event's arrival in another: p50, p99.

    With `loaded` twenty callers of a third store append as fast as they can meanwhile.
    """
    acknowledged: dict[str, float] = {}
    arrived: dict[str, float] = {}
    all_there = anyio.Event()

    async def arrivals(store: EventStore) -> None:
        async with aclosing(store.follow()) as events:
            async for event in events:
                if event.stream.startswith("probe/"):
                    arrived[event.stream] = time.perf_counter()
                if len(arrived) == probes + 10:
                    all_there.set()

    async def load(store: EventStore, number: int) -> None:
        while True:
            await store.append(f"load/{number}", [trace()[1]])

    async with (
        await EventStore.open(url, keys=keys) as store,
        await EventStore.open(url, keys=keys) as other,
        await EventStore.open(url, keys=keys) as third,
        anyio.create_task_group() as group,
    ):
        group.start_soon(arrivals, other)
        for number in range(_LOADING if loaded else 0):
            group.start_soon(load, third, number)
        for number in range(probes + 10):
            await store.append(f"probe/{number}", [trace()[1]])
            acknowledged[f"probe/{number}"] = time.perf_counter()
            await anyio.sleep(0.005)
        with anyio.fail_after(30):
            await all_there.wait()
        group.cancel_scope.cancel()
    times = [max(0.0, arrived[name] - at) * 1000 for name, at in acknowledged.items()][10:]
    return statistics.median(times), statistics.quantiles(times, n=100)[-1]
