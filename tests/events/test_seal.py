"""Seals find what no chain of hashes can: a stream or an end of the log that is gone altogether."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from common.errors import StoreError
from common.intents import StreamAppend
from events.catalogue.log import EventParked, LogSealed
from events.seal import Sealer, seal_log
from events.store import EventStore
from events.transfer import export_lines, import_lines
from events.verify import verify
from supervisor.testing import MovableClock
from tests.events.newer import append_newer
from tests.events.samples import MOMENT, fact


async def test_a_seal_covers_all_that_is_before_it(store: EventStore) -> None:
    assert await seal_log(store) is None
    await store.append([StreamAppend("a", [fact(1), fact(2)]), StreamAppend("b", [fact(3)])])
    first = await seal_log(store)
    assert first is not None
    assert (first.id, first.position, first.tenant) == ("log@1", 4, "default")
    assert isinstance(first.event, LogSealed)
    assert (first.event.position, first.event.events, first.event.streams, first.event.previous) == (3, 3, 2, None)
    assert await seal_log(store) is None
    await store.append("c", [fact(number) for number in range(2_500)])
    second = await seal_log(store)
    assert second is not None
    assert isinstance(second.event, LogSealed)
    assert (second.event.events, second.event.streams, second.event.previous) == (2_504, 4, "log@1")
    await store.append("c", [fact(1)])
    report = await verify(store)
    assert (report.ok, report.seals, report.unsealed) == (True, 2, 1)


async def test_nothing_comes_between_a_seal_and_what_it_covers(store: EventStore) -> None:
    async def write(name: str) -> None:
        for number in range(40):
            await store.append(name, [fact(number)])

    async def seal() -> None:
        for _ in range(10):
            await seal_log(store)

    async with anyio.create_task_group() as group:
        for name in ("a", "b", "c"):
            group.start_soon(write, name)
        for _ in range(2):
            group.start_soon(seal)
    assert (await verify(store)).ok


SEALED = ["a@1", "b@1", "a@2", "b@2", "log@1", "a@3", "c@1", "c@2", "log@2", "a@4"]


async def make(path: Path) -> list[str]:
    """A sealed log; the digests of its seals."""
    digests: list[str] = []
    async with await EventStore.open(f"sqlite:///{path}") as store:
        for name in SEALED:
            stream = name.partition("@")[0]
            if stream != "log":
                await store.append(stream, [fact(1)])
            elif (sealed := await seal_log(store)) is not None and isinstance(sealed.event, LogSealed):
                digests.append(sealed.event.digest)
        assert [entry.id for entry in await store.read_all()] == SEALED
    return digests


def close_gaps(path: Path, statement: str) -> None:
    """Do something, and leave no gap in the positions: whoever can write the file can do that, too."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)
        rows = database.execute("SELECT rowid FROM stored_events ORDER BY rowid").fetchall()
        for position, (rowid,) in enumerate(rows, 1):
            database.execute("UPDATE stored_events SET rowid = ? WHERE rowid = ?", (position, rowid))
        database.execute("UPDATE sqlite_sequence SET seq = ?", (len(rows),))


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "DELETE FROM stored_events WHERE originator_id = 'c'",
            "log@2 at position 7: the log between log@1 and here is not what was sealed: "
            "the log has 2 events fewer and 1 stream fewer than when it was sealed",
        ),
        (
            "DELETE FROM stored_events WHERE originator_id = 'b'",
            "log@1 at position 3: the log before it is not what was sealed: "
            "the log has 2 events fewer and 1 stream fewer than when it was sealed",
        ),
        (
            "DELETE FROM stored_events WHERE originator_id = 'b' AND originator_version = 2",
            "log@1 at position 4: the log before it is not what was sealed: "
            "the log has 1 event fewer than when it was sealed",
        ),
    ],
)
async def test_what_is_gone_without_a_trace_is_found(tmp_path: Path, statement: str, problem: str) -> None:
    path = tmp_path / "events.db"
    await make(path)
    close_gaps(path, statement)
    async with await EventStore.open(f"sqlite:///{path}") as store:
        report = await verify(store)
    assert report.problems[0] == problem


async def test_events_in_another_order_are_found(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    await make(path)
    with closing(sqlite3.connect(path)) as database, database:
        for before, after in ((1, 100), (2, 1), (100, 2)):
            database.execute("UPDATE stored_events SET rowid = ? WHERE rowid = ?", (after, before))
        database.execute("UPDATE sqlite_sequence SET seq = 10")
    async with await EventStore.open(f"sqlite:///{path}") as store:
        report = await verify(store)
    assert report.problems == [
        "log@1 at position 5: the log before it is not what was sealed: an event was replaced or moved"
    ]


async def test_an_end_that_took_its_seal_along_is_found_by_who_noted_the_seal(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    first, second = await make(path)
    close_gaps(path, "DELETE FROM stored_events WHERE rowid > 6")
    async with await EventStore.open(f"sqlite:///{path}") as store:
        assert (await verify(store)).ok
        assert (await verify(store, seals=[first])).ok
        report = await verify(store, seals=[first, second])
    assert report.problems == [f"the log has no seal {second}: the end of the log, with this seal in it, was removed"]


async def test_seals_hold_in_another_store(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    digests = await make(path)
    async with await EventStore.open(f"sqlite:///{path}") as one, await EventStore.open("memory://") as other:
        exported = [line async for line in export_lines(one)]
        await import_lines(other, lambda: exported)
        report = await verify(other, seals=digests)
        assert (report.ok, report.seals) == (True, 2)
        assert await seal_log(other) is not None
        assert (await verify(other)).ok


@pytest.mark.parametrize("between", [1, 18, 19, 20, 21, 300])
async def test_the_last_seal_is_found_behind_other_events_of_its_stream(store: EventStore, between: int) -> None:
    await store.append("a", [fact(1)])
    assert await seal_log(store) is not None
    parked = EventParked(projection="facts", position=1, event_id="a@1", error="it was no fact")
    await store.append("log", [parked] * between)
    assert not await Sealer(store, seconds=1_000, events=between + 1).seal_if_due()
    assert await Sealer(store, seconds=1_000, events=between).seal_if_due()
    second = (await store.read("log"))[-1]
    assert isinstance(second.event, LogSealed)
    assert (second.event.events, second.event.previous) == (2 + between, "log@1")
    assert (await verify(store)).seals == 2


async def test_events_that_only_look_like_seals_are_none(store: EventStore) -> None:
    false = LogSealed(position=1, events=9, streams=9, digest="0")
    await store.append("memory/ann", [fact(1), false])
    assert await seal_log(store) is not None
    report = await verify(store)
    assert (report.ok, report.seals) == (True, 1)


async def test_behind_a_seal_of_a_newer_version_none_is_put(store: EventStore) -> None:
    await store.append("a", [fact(1)])
    await seal_log(store)
    await append_newer(store, "log", LogSealed.TOPIC)
    await store.append("a", [fact(2)])
    with pytest.raises(StoreError, match=r"last seal can't be read.*log@2"):
        await seal_log(store)
    report = await verify(store)
    assert (report.ok, report.newer, report.seals) == (True, 1, 1)
    follower = LogSealed(position=4, events=4, streams=2, previous="log@2", digest="made by the newer version")
    await store.append("log", [follower])
    assert (await verify(store)).ok
    await store.append("a", [fact(3)])
    await seal_log(store)
    assert (await verify(store)).ok


async def test_when_it_is_time_to_seal() -> None:
    clock = MovableClock(MOMENT)
    async with await EventStore.open("memory://", clock=clock) as store:
        sealer = Sealer(store, seconds=60, events=10, clock=clock)
        assert not await sealer.seal_if_due()
        await store.append("a", [fact(1)])
        assert not await sealer.seal_if_due()
        clock.move(timedelta(seconds=60))
        assert await sealer.seal_if_due()
        clock.move(timedelta(hours=1))
        assert not await sealer.seal_if_due()
        await store.append("a", [fact(number) for number in range(9)])
        assert await sealer.seal_if_due()
        await store.append("a", [fact(number) for number in range(9)])
        assert not await sealer.seal_if_due()
        await store.append("a", [fact(1)])
        assert await sealer.seal_if_due()
        assert await store.version("log") == 3


async def test_what_another_process_sealed_counts(tmp_path: Path) -> None:
    clock, url = MovableClock(MOMENT), f"sqlite:///{tmp_path / 'events.db'}"
    async with (
        await EventStore.open(url, clock=clock) as one,
        await EventStore.open(url, clock=clock) as other,
    ):
        first, second = (Sealer(store, seconds=60, events=10, clock=clock) for store in (one, other))
        assert not await first.seal_if_due()
        assert not await second.seal_if_due()
        await one.append("a", [fact(number) for number in range(10)])
        assert await first.seal_if_due()
        await one.append("a", [fact(1)])
        assert not await second.seal_if_due()
        assert await other.version("log") == 1
