"""What an append, a read and a request cost on an almost empty log and on a grown one, side by side in one process.

Both are used by running supervisors, with everything as it is by default; each operation is done on the one and on the
other by turns, so that whatever else the machine does hits both alike.
"""

from __future__ import annotations

import contextlib
import json
import random
import statistics
import subprocess
import sys
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from benchmarks.figures import Figures
from benchmarks.places import Place
from common.context import TaskContext
from common.errors import StoreUnavailable
from common.intents import StreamAppend
from common.settings import RequestSettings, Settings
from events.catalogue import Event
from events.catalogue.memory import FactRemembered
from events.pending import Pending
from events.recorded import RecordedEvent
from events.store import EventStore
from supervisor import Supervisor
from supervisor.testing import offline_settings

__all__ = ["REQUEST", "Grown", "TraceMaker", "grow", "growth", "settings_for"]

REQUEST = "Turn on the kitchen light"
_SMALL = 1_000
"""Events of the log that stands for an empty one: streams to read have to be there."""
_KEPT = 2_000
_POSTED = 300
"""Traces that are on their way at once while a log is filled."""
_GOAL = 1.1
_WARM_UP = 10
_STARTS = 7
_FILLS = 5


def settings_for(folder: Path, url: str) -> Settings:
    """Settings of a supervisor on this log, with nothing outside the machine."""
    base = offline_settings(folder)
    store = base.store.model_copy(update={"url": url})
    return base.model_copy(update={"store": store, "requests": RequestSettings(max_concurrent=200, queue=2_000)})


class TraceMaker:
    """Makes the events of a request anew, under other ids."""

    def __init__(self, recorded: Sequence[RecordedEvent]) -> None:
        own = [entry for entry in recorded if entry.stream.partition("/")[0] in ("request", "trace", "intent")]
        self._ids = {entry.stream.rpartition("/")[2] for entry in own}
        self._trace = next(entry.correlation for entry in own if entry.correlation)
        self._events = [
            (entry.stream, type(entry.event), entry.event.model_dump_json())
            for entry in own
            if isinstance(entry.event, Event)
        ]
        self.size = len(self._events)

    def make(self) -> tuple[str, list[StreamAppend]]:
        """The id of a new trace, and its events by streams."""
        fresh = {old: uuid.uuid4().hex for old in self._ids}
        streams: dict[str, list[Event]] = {}
        for stream, kind, payload in self._events:
            for old, new in fresh.items():
                stream, payload = stream.replace(old, new), payload.replace(old, new)
            streams.setdefault(stream, []).append(kind.model_validate_json(payload))
        return fresh[self._trace or ""], [StreamAppend(stream, events) for stream, events in streams.items()]


@dataclass(slots=True)
class Grown:
    """A running supervisor on a log of some length; `traces` are some of those in it."""

    supervisor: Supervisor
    maker: TraceMaker
    traces: list[str] = field(default_factory=list[str])
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    async def append(self) -> None:
        """One event to a new stream."""
        await self.supervisor.store.append(f"memory/{uuid.uuid4().hex}", [_fact()])

    async def append_expected(self) -> None:
        """One event to an old stream that must not have moved."""
        trace = self.dice.choice(self.traces)
        await self.supervisor.store.append(f"trace/{trace}", [_fact()], await self._version(trace))

    async def append_trace(self) -> None:
        """All events of a request in one append."""
        trace, appends = self.maker.make()
        await self.supervisor.store.append(appends, correlation=trace)

    async def read_stream(self) -> None:
        """The events of an old stream."""
        assert await self.supervisor.store.read(f"trace/{self.dice.choice(self.traces)}")

    async def read_view(self) -> None:
        """A row of a view, with nothing to catch up."""
        assert await self.supervisor.views.get("trace_index", (self.dice.choice(self.traces),))

    async def list_view(self) -> None:
        """The latest twenty rows of a view."""
        assert await self.supervisor.traces()

    async def catch_up(self) -> None:
        """A row of a view that a trace was just appended to."""
        assert await self.supervisor.views.get("trace_index", (self.dice.choice(self.traces),))

    async def request(self) -> None:
        """A whole request on the fast path."""
        response = await self.supervisor.process_request(REQUEST, TaskContext(session="s"))
        assert response.outcome == "success", response

    async def _version(self, trace: str) -> int:
        return await self.supervisor.store.version(f"trace/{trace}")


def _fact() -> Event:
    return FactRemembered(fact_id="f", text="the parcel comes on Tuesday", user="local")


async def grow(supervisor: Supervisor, events: int) -> Grown:
    """Fill a log up to a length with traces of a request that is made first, and let the views catch up."""
    store = supervisor.store
    await supervisor.process_request(REQUEST, TaskContext(session="s"))
    before = await store.head()
    await supervisor.process_request(REQUEST, TaskContext(session="s"))
    maker = TraceMaker(await store.read_all(before))
    grown = Grown(supervisor, maker)
    for _ in range(_FILLS):
        await _add_traces(store, grown, max(1, (events - await store.head()) // maker.size))
        if await store.head() + maker.size > events:
            break
    await supervisor.views.catch_up()
    return grown


async def _add_traces(store: EventStore, grown: Grown, count: int) -> None:
    """Append new traces, many at a time; where the machine was too busy for some there are fewer."""
    every = max(1, count // _KEPT)
    waiting: deque[tuple[str | None, Pending]] = deque()
    for number in range(count + _POSTED):
        if number < count:
            trace, appends = grown.maker.make()
            waiting.append((None if number % every else trace, store.post(appends, correlation=trace)))
        if waiting and (len(waiting) == _POSTED or number >= count):
            kept, pending = waiting.popleft()
            with contextlib.suppress(StoreUnavailable):
                await pending.durable()
                if kept is not None:
                    grown.traces.append(kept)


Operation = Callable[[Grown], Awaitable[None]]
_OPERATIONS: tuple[tuple[str, Operation, Operation | None, int], ...] = (
    ("append of one event to a new stream", Grown.append, None, 2),
    ("append to an old stream, with its version", Grown.append_expected, None, 2),
    ("append of a whole trace", Grown.append_trace, None, 2),
    ("read of a stream", Grown.read_stream, None, 4),
    ("read of a view", Grown.read_view, None, 4),
    ("the latest traces", Grown.list_view, None, 2),
    ("read of a view that has to catch up a trace", Grown.catch_up, Grown.append_trace, 2),
    ("a request on the fast path", Grown.request, None, 1),
)
"""What is measured, what is done before each time, and how often in relation to a request."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians in milliseconds on a small and a large log, and the median ratio of a pair of them."""

    small: float
    large: float
    ratio: float


async def measure(small: Grown, large: Grown, operation: Operation, before: Operation | None, times: int) -> Cost:
    """What an operation costs on both logs, by turns."""
    walls: tuple[list[float], list[float]] = ([], [])
    for turn in range(times + _WARM_UP):
        for which in (0, 1) if turn % 2 else (1, 0):
            grown = (small, large)[which]
            if before is not None:
                await before(grown)
            began = time.perf_counter()
            await operation(grown)
            if turn >= _WARM_UP:
                walls[which].append((time.perf_counter() - began) * 1000)
    ratio = statistics.median(much / little for little, much in zip(*walls, strict=True))
    return Cost(statistics.median(walls[0]), statistics.median(walls[1]), ratio)


def growth(place: Place, figures: Figures, folder: Path, events: int, repeats: int) -> None:
    """Fill a log and tell what operations, and a start, cost on it and on an almost empty one."""
    figures.place = place.name
    print(f"{place.name}, an almost empty log and one of {events:,} events, medians of pairs", flush=True)
    folders = [folder / "small", folder / "large"]
    for made in folders:
        made.mkdir(parents=True)
    with place.new() as first, place.new() as second:
        anyio.run(_grow_and_measure, figures, folders, (first, second), events, repeats)
        starts = [
            [_start(made, url) for made, url in zip(folders, (first, second), strict=True)] for _ in range(_STARTS)
        ]
    for value, name in (
        ("start", "start of a supervisor, in ms"),
        ("start_processor", "start of a supervisor, in ms of the processor"),
        ("memory_mib", "memory of a supervisor that has answered a request, in MiB"),
    ):
        factor = 1 if value == "memory_mib" else 1000
        pairs = [(small[value] * factor, large[value] * factor) for small, large in starts]
        small, large = (statistics.median(values) for values in zip(*pairs, strict=True))
        _tell(figures, name, Cost(small, large, statistics.median(much / little for little, much in pairs)), "")


async def _grow_and_measure(
    figures: Figures, folders: Sequence[Path], urls: Sequence[str], events: int, repeats: int
) -> None:
    settings = [settings_for(folder, url) for folder, url in zip(folders, urls, strict=True)]
    async with (
        Supervisor(settings[0], background=False) as little,
        Supervisor(settings[1], background=False) as much,
    ):
        small = await grow(little, _SMALL)
        began = time.perf_counter()
        large = await grow(much, events)
        took = time.perf_counter() - began
        figures.add("filled and caught up by all views", f"{events / took:,.0f} events/s", rate=events / took)
        for name, operation, before, often in _OPERATIONS:
            _tell(figures, name, await measure(small, large, operation, before, repeats * often), " ms")


def _tell(figures: Figures, name: str, cost: Cost, unit: str) -> None:
    figures.add(
        name,
        f"{cost.small:.2f}{unit}, grown {cost.large:.2f}{unit}",
        ratio=cost.ratio,
        goal=_GOAL,
        at_most=True,
        small=cost.small,
        large=cost.large,
    )


def _start(folder: Path, url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.start_once", str(folder), url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=600)
    return json.loads(done.stdout.splitlines()[-1])
