"""What every database must do that outlives a store, and that several stores may share."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import anyio
import pytest

from common.errors import StoreUnavailable, StreamConflict
from events.store import EventStore
from events.verify import verify
from tests.events.samples import fact

__all__ = ["BOUND", "SharedContract"]

BOUND = 8.0
"""Seconds after which a test calls a wait unbounded."""


class SharedContract:
    """Subclasses give the fixtures `url`, a log that does not exist yet, `locked`, which keeps others from writing to
    it, and `remove`, which takes the row at a position away.
    """

    async def test_a_store_opened_again_has_everything(self, url: str) -> None:
        async with await EventStore.open(url) as store:
            identity = store.backend.identity
            await store.append("a", [fact(1), fact(2)])
        async with await EventStore.open(url) as store:
            assert store.backend.identity == identity
            assert await store.append("a", [fact(3)], 2) == 3
            assert [entry.event for entry in await store.read_all()] == [fact(1), fact(2), fact(3)]
            assert (await verify(store)).ok

    async def test_a_locked_log_is_told_in_bounded_time_and_nothing_is_appended(
        self, url: str, locked: Callable[[], AbstractContextManager[object]]
    ) -> None:
        async with await EventStore.open(url, timeout=0.4) as store:
            await store.append("a", [fact(1)])
            with locked():
                began = time.monotonic()
                with pytest.raises(StoreUnavailable, match="locked"):
                    await store.append("a", [fact(2)])
                assert [entry.event for entry in await store.read("a")] == [fact(1)]
                assert time.monotonic() - began < BOUND
            assert await store.append("a", [fact(3)], 1) == 2

    async def test_every_append_of_a_failed_batch_has_its_own_error(
        self, url: str, locked: Callable[[], AbstractContextManager[object]]
    ) -> None:
        errors: list[StoreUnavailable] = []
        async with await EventStore.open(url, timeout=0.4) as store:

            async def append(number: int) -> None:
                try:
                    await store.append("a", [fact(number)])
                except StoreUnavailable as error:
                    errors.append(error)

            with locked():
                async with anyio.create_task_group() as group:
                    for number in range(5):
                        group.start_soon(append, number)
            assert len({id(error) for error in errors}) == 5
            assert await store.head() == 0

    async def test_many_may_open_a_new_log_at_once(self, url: str) -> None:
        stores: list[EventStore] = []

        async def open_one() -> None:
            stores.append(await EventStore.open(url))

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(open_one)
        async with anyio.create_task_group() as group:
            for number, store in enumerate(stores):
                group.start_soon(store.append, "a", [fact(number)])
        assert {store.backend.identity for store in stores} == {stores[0].backend.identity}
        assert await stores[0].version("a") == 8
        assert (await verify(stores[0])).ok
        for store in stores:
            await store.close()

    async def test_stores_on_one_log_see_each_other_and_never_share_a_version(self, url: str) -> None:
        async with await EventStore.open(url) as one, await EventStore.open(url) as other:
            for number in range(20):
                await (one if number % 2 else other).append("a", [fact(number)])
            with pytest.raises(StreamConflict, match="version 20"):
                await one.append("a", [fact(20)], 19)
            assert await other.append("a", [fact(20)], 20) == 21
            assert [entry.version for entry in await one.read("a")] == list(range(1, 22))
            assert (await verify(one)).ok

    async def test_following_sees_what_another_store_appends(self, url: str) -> None:
        async with await EventStore.open(url) as one, await EventStore.open(url) as other:
            follower = one.follow()
            with anyio.fail_after(BOUND):
                for number in range(5):
                    await other.append("a", [fact(number)])
                    assert (await anext(follower)).position == number + 1
            await follower.aclose()

    async def test_reading_and_writing_at_once_is_never_locked(self, url: str) -> None:
        async with await EventStore.open(url) as one, await EventStore.open(url) as other:

            async def write(store: EventStore, name: str) -> None:
                for number in range(40):
                    await store.append(name, [fact(number)])

            async def read(store: EventStore) -> None:
                for _ in range(40):
                    await store.read_all(0, limit=10)

            async with anyio.create_task_group() as group:
                for store, name in ((one, "a"), (other, "b"), (one, "c"), (other, "a")):
                    group.start_soon(write, store, name)
                    group.start_soon(read, store)
            assert await one.head() == 160

    async def test_removed_rows_are_found_and_their_positions_stay_theirs(
        self, url: str, remove: Callable[[int], None]
    ) -> None:
        async with await EventStore.open(url) as store:
            await store.append("a", [fact(1), fact(2)])
        remove(2)
        async with await EventStore.open(url) as store:
            assert "positions 2 to 2 were removed" in (await verify(store)).problems[0]
            assert await store.append("b", [fact(3)]) == 3
            assert "positions 2 to 2 were removed" in (await verify(store)).problems[0]
