"""Any interleaving of appends, posts and conflicts keeps the contract."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.lowlevel
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import StoreError, StreamConflict
from common.intents import StreamAppend
from events.catalogue.memory import FactRemembered
from events.pending import Pending
from events.store import EventStore
from events.verify import verify
from tests.events.samples import fact

STREAMS = ["a", "b", "c"]


@dataclass(frozen=True)
class Step:
    """One append: parts of (stream, events, how far the expected version is off: None for no expectation)."""

    parts: tuple[tuple[str, int, int | None], ...]
    post: bool


parts = st.tuples(st.sampled_from(STREAMS), st.integers(0, 3), st.none() | st.sampled_from([0, 0, 0, 1, -1]))
steps = st.builds(Step, st.lists(parts, min_size=1, max_size=3).map(tuple), st.booleans())


class Model:
    """What the log should hold."""

    def __init__(self) -> None:
        self.streams: dict[str, list[str]] = {stream: [] for stream in STREAMS}
        self.log: list[str] = []

    def apply(self, step: Step, names: list[list[str]]) -> tuple[list[StreamAppend], bool]:
        """The append that a step is, and whether it should succeed; the model moves when it does."""
        after = {stream: list(events) for stream, events in self.streams.items()}
        added: list[str] = []
        good = True
        appends: list[StreamAppend] = []
        for (stream, _, off), texts in zip(step.parts, names, strict=True):
            version = len(after[stream])
            expected = None if off is None else max(0, version + off)
            good = good and expected in (None, version)
            appends.append(StreamAppend(stream, [fact(0, text) for text in texts], expected))
            after[stream] += texts
            added += texts
        if good:
            self.streams = after
            self.log += added
        return appends, good


async def _replay(url: str, sequence: list[Step]) -> None:
    model, number = Model(), 0
    async with await EventStore.open(url) as store:
        posted: list[tuple[Pending, bool]] = []
        for step in sequence:
            names: list[list[str]] = []
            for _, count, _ in step.parts:
                names.append([str(number + offset) for offset in range(count)])
                number += count
            appends, good = model.apply(step, names)
            if step.post:
                posted.append((store.post(appends), good))
                continue
            try:
                await store.append(appends)
            except StreamConflict:
                assert not good
            else:
                assert good
        for pending, good in posted:
            try:
                await pending.durable()
            except StreamConflict:
                assert not good
            else:
                assert good
        for stream, expected in model.streams.items():
            recorded = await store.read(stream)
            assert [entry.version for entry in recorded] == list(range(1, len(expected) + 1))
            assert [entry.event.text for entry in recorded if isinstance(entry.event, FactRemembered)] == expected
        everything = await store.read_all()
        assert [entry.event.text for entry in everything if isinstance(entry.event, FactRemembered)] == model.log
        assert (await verify(store)).ok


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=25))
def test_one_task_at_a_time_in_memory(sequence: list[Step]) -> None:
    anyio.run(_replay, "memory://", sequence)


@settings(max_examples=25, deadline=None)
@given(st.lists(steps, max_size=25))
def test_one_task_at_a_time_in_a_file(sequence: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(_replay, f"sqlite:///{Path(folder) / 'events.db'}", sequence)


class Race:
    """Several tasks at once, one of them cancelled on the way."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.acknowledged: list[str] = []
        self.refused: list[str] = []

    async def run(self, name: str, sequence: list[Step], scope: anyio.CancelScope) -> None:
        with scope:
            waiting: list[tuple[list[str], Pending]] = []
            for place, step in enumerate(sequence):
                appends = [
                    StreamAppend(stream, [fact(0, f"{name}-{place}-{part}-{n}") for n in range(count)], expected)
                    for part, (stream, count, expected) in enumerate(step.parts)
                    if expected is None or expected >= 0
                ]
                if appends:
                    events = [event for append in appends for event in append.events]
                    texts = [event.text for event in events if isinstance(event, FactRemembered)]
                    pending = self.store.post(appends)
                    if step.post:
                        waiting.append((texts, pending))
                    else:
                        await self.settle(texts, pending)
            for texts, pending in waiting:
                await self.settle(texts, pending)

    async def settle(self, texts: list[str], pending: Pending) -> None:
        try:
            await pending.durable()
        except StoreError:
            self.refused += texts
        else:
            self.acknowledged += texts


async def _race(tasks: list[list[Step]], patience: int) -> None:
    async with await EventStore.open("memory://", queue_size=10) as store:
        race = Race(store)
        async with anyio.create_task_group() as group:
            scopes = [anyio.CancelScope() for _ in tasks]
            for number, (sequence, scope) in enumerate(zip(tasks, scopes, strict=True)):
                group.start_soon(race.run, f"t{number}", sequence, scope)
            for _ in range(patience):
                await anyio.lowlevel.checkpoint()
            scopes[0].cancel()
        found = [entry.event.text for entry in await store.read_all() if isinstance(entry.event, FactRemembered)]
        assert set(race.acknowledged) <= set(found)
        assert not set(race.refused) & set(found)
        assert max(Counter(found).values(), default=1) == 1
        assert (await verify(store)).ok


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(steps, max_size=10), min_size=1, max_size=6), st.integers(0, 20))
def test_tasks_at_once(tasks: list[list[Step]], patience: int) -> None:
    anyio.run(_race, tasks, patience)
