"""When the writer waits for more that shares its commit, and when it does not."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from common.errors import StoreError, StoreUnavailable
from events.pending import Pending
from events.store import EventStore
from tests.events.samples import fact
from tests.events.store_contract import blocked_writer


class Waits:
    """Stands in for the writer's clock: commits seem to take `commit` seconds, and `more` is called at each wait."""

    def __init__(self) -> None:
        self.commit = 0.01
        self.more: Callable[[], None] = lambda: None
        self.number = 0
        self._now = 0.0

    def monotonic(self) -> float:
        self._now += self.commit
        return self._now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds < 0.1
        self.number += 1
        self.more()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    waits = Waits()
    monkeypatch.setattr("events.writer.time", SimpleNamespace(monotonic=waits.monotonic, sleep=waits.sleep))
    return waits


@pytest.fixture
async def store(waits: Waits) -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://", timeout=20) as opened:
        yield opened


async def share_a_commit(store: EventStore, number: int) -> None:
    async with blocked_writer(store) as release:
        posted = [store.post(f"before/{each}", [fact(each)]) for each in range(number)]
        release.set()
        for pending in posted:
            await pending.durable()


def commits(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    begun: list[float] = []
    transaction = store.backend.transaction

    def counted() -> object:
        begun.append(time.monotonic())
        return transaction()

    monkeypatch.setattr(store.backend, "transaction", counted)
    return begun


async def test_who_appends_alone_is_not_waited_for(store: EventStore, waits: Waits) -> None:
    for number in range(5):
        await store.append("a", [fact(number)])
    assert waits.number == 0


async def test_what_comes_meanwhile_shares_the_commit(
    store: EventStore, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    await share_a_commit(store, 5)
    later: list[Pending] = []
    waits.more = lambda: later.append(store.post(f"later/{len(later)}", [fact(len(later))]))
    begun = commits(store, monkeypatch)
    await store.append("a", [fact(1)])
    waits.more = lambda: None
    assert waits.number == 4
    assert len(later) == 4
    for pending in later:
        await pending.durable()
    assert len(begun) == 1


async def test_where_nothing_comes_it_waits_once(store: EventStore, waits: Waits) -> None:
    await share_a_commit(store, 5)
    await store.append("a", [fact(1)])
    assert waits.number == 1
    await store.append("a", [fact(2)])
    assert waits.number == 1


async def test_it_does_not_wait_for_long(store: EventStore, waits: Waits) -> None:
    await share_a_commit(store, 50)
    later: list[Pending] = []
    waits.more = lambda: later.append(store.post(f"later/{len(later)}", [fact(len(later))]))
    await store.append("a", [fact(1)])
    assert 1 < waits.number < 10
    waits.more = lambda: None
    for pending in later:
        await pending.durable()


async def test_where_commits_are_cheap_it_does_not_wait(store: EventStore, waits: Waits) -> None:
    waits.commit = 0.0001
    await share_a_commit(store, 50)
    await store.append("a", [fact(1)])
    assert waits.number == 0


async def test_closing_while_it_waits_loses_nothing(store: EventStore, waits: Waits) -> None:
    await share_a_commit(store, 5)
    lingers, closing = threading.Event(), threading.Event()

    def linger() -> None:
        lingers.set()
        closing.wait(30)

    waits.more = linger
    posted = [store.post(f"a/{number}", [fact(number)]) for number in range(3)]
    async with anyio.create_task_group() as group:
        assert await anyio.to_thread.run_sync(lingers.wait, 30)
        group.start_soon(store.close)
        await anyio.lowlevel.checkpoint()
        with pytest.raises(StoreUnavailable, match="closed"):
            store.post("late", [fact(1)])
        closing.set()
    assert [await pending.durable() for pending in posted] == [6, 7, 8]


async def test_what_comes_while_it_waits_keeps_its_order_and_its_conflicts(store: EventStore, waits: Waits) -> None:
    await share_a_commit(store, 8)
    later: list[Pending] = []

    def more() -> None:
        number = len(later)
        expected = 99 if number == 1 else None
        later.append(store.post("a", [fact(number)], expected_version=expected))

    waits.more = more
    first = store.post("a", [fact(100)])
    looked = await store.execute(lambda transaction: transaction.last_position())
    waits.more = lambda: None
    await first.durable()
    outcomes = [await outcome(pending) for pending in later]
    assert outcomes.count("StreamConflict") == 1 == outcomes.index("StreamConflict")
    facts = [getattr(entry.event, "fact_id", "") for entry in await store.read("a")]
    assert facts == ["100", "0", *(str(number) for number in range(2, len(later)))]
    assert looked >= 9


async def outcome(pending: Pending) -> str:
    try:
        await pending.durable()
    except StoreError as error:
        return type(error).__name__
    return "durable"
