"""The contract of the store, in memory."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from common.clock import SystemClock
from common.errors import StoreError, StoreUnavailable
from events.backend import Head, NewRow, Transaction
from events.codec import Codec
from events.persistence.memory import MemoryBackend
from events.store import EventStore
from tests.events.following_contract import FollowingContract
from tests.events.samples import fact
from tests.events.store_contract import StoreContract, blocked_writer


class TestMemoryStore(StoreContract, FollowingContract):
    @pytest.fixture
    def url(self) -> str:
        return "memory://"

    async def test_two_stores_share_nothing(self) -> None:
        async with await EventStore.open("memory://") as one, await EventStore.open("memory://") as other:
            await one.append("a", [fact(1)])
            assert await other.head() == 0


class Picky:
    """A transaction that can't bear rows of one stream."""

    def __init__(self, transaction: Transaction) -> None:
        self.heads = transaction.heads
        self.last_position = transaction.last_position
        self._insert = transaction.insert

    def insert(self, rows: Sequence[NewRow], heads: Mapping[str, Head]) -> int:
        if any(row[0] == "guilty" for row in rows):
            raise ValueError("the database chokes on this")
        return self._insert(rows, heads)


class SlowBackend(MemoryBackend):
    """A backend whose commits take until `release` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        with super().transaction() as transaction:
            yield transaction
            self.release.wait(10)


async def test_an_append_that_may_still_be_written_is_told_as_such() -> None:
    backend = SlowBackend()
    async with EventStore(backend, queue_size=100, timeout=0.1, clock=SystemClock(), codec=Codec()) as store:
        with pytest.raises(StoreUnavailable, match="whether it was written is not known"):
            await store.append("a", [fact(1)])
        backend.release.set()
        assert await store.append("a", [fact(2)], 1) == 2


class PickyBackend(MemoryBackend):
    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        with super().transaction() as transaction:
            yield Picky(transaction)


async def test_what_the_database_chokes_on_fails_alone() -> None:
    async with EventStore(PickyBackend(), queue_size=100, timeout=5, clock=SystemClock(), codec=Codec()) as store:
        async with blocked_writer(store) as release:
            posts = {name: store.post(name, [fact(1)]) for name in ("a", "b", "guilty", "c")}
            after = store.post("guilty", [fact(2)], follows=posts["guilty"])
            release.set()
            assert [await posts[name].durable() for name in "abc"] == [1, 2, 3]
            for pending in (posts["guilty"], after):
                with pytest.raises(StoreError, match="chokes"):
                    await pending.durable()
        assert await store.head() == 3
