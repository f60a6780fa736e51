"""How every store is followed and closed."""

from __future__ import annotations

from contextlib import aclosing

import anyio
import pytest

from common.errors import StoreUnavailable
from events.catalogue.memory import FactForgotten, FactRemembered
from events.store import EventStore
from tests.events.samples import fact
from tests.events.store_contract import blocked_writer, texts

__all__ = ["FollowingContract"]


class FollowingContract:
    """Subclasses give the fixture `url`, as for `StoreContract`, and take the fixture `store` from there."""

    async def test_following_gives_what_is_there_and_what_comes(self, store: EventStore) -> None:
        await store.append("a", [fact(0, "0")])
        seen: list[str] = []
        positions: list[int] = []
        async with anyio.create_task_group() as group, aclosing(store.follow()) as events:
            for number in range(1, 30):
                group.start_soon(store.append, f"s{number}", [fact(number, str(number))])
            with anyio.fail_after(5):
                async for entry in events:
                    seen += texts([entry])
                    positions.append(entry.position)
                    if len(seen) == 30:
                        break
        assert positions == list(range(1, 31))
        assert sorted(seen, key=int) == [str(number) for number in range(30)]

    async def test_following_one_topic_from_a_position(self, store: EventStore) -> None:
        await store.append("a", [fact(1, "old"), FactForgotten(fact_id="1", user="ann"), fact(2, "new")])
        async with aclosing(store.follow(1, {FactRemembered.TOPIC})) as events:
            first = await anext(events)
            assert (first.position, texts([first])) == (3, ["new"])
            await store.append("a", [FactForgotten(fact_id="2", user="ann"), fact(3, "newest")])
            with anyio.fail_after(5):
                assert texts([await anext(events)]) == ["newest"]

    async def test_following_ends_with_the_store(self, url: str) -> None:
        seen: list[str] = []
        first = anyio.Event()

        async def follow(store: EventStore) -> None:
            async for entry in store.follow():
                seen.extend(texts([entry]))
                first.set()

        async def follow_late(store: EventStore) -> None:
            await first.wait()
            async for _ in store.follow(1):
                raise AssertionError("nothing came behind it")

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group, await EventStore.open(url) as store:
                await store.append("a", [fact(1, "x")])
                group.start_soon(follow, store)
                group.start_soon(follow_late, store)
                await first.wait()
        assert seen == ["x"]

    async def test_closing_writes_what_was_posted(self, url: str) -> None:
        store = await EventStore.open(url)
        posts = [store.post("a", [fact(number)]) for number in range(500)]
        await store.close()
        assert [await pending.durable() for pending in posts] == list(range(1, 501))

    async def test_closing_goes_on_when_it_is_cancelled(self, url: str) -> None:
        store = await EventStore.open(url)
        pending = store.post("a", [fact(1)])
        with anyio.CancelScope() as scope:
            scope.cancel()
            await store.close()
        assert await pending.durable() == 1

    async def test_closing_is_bounded(self, url: str) -> None:
        store = await EventStore.open(url)
        async with blocked_writer(store) as release:
            pending = store.post("a", [fact(1)])
            with pytest.raises(StoreUnavailable, match="1 events were not written"):
                await store.close(0.05)
            release.set()
            assert await pending.durable() == 1

    async def test_a_closed_store_says_so(self, url: str) -> None:
        store = await EventStore.open(url)
        await store.close()
        await store.close()
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.append("a", [fact(1)])
        with pytest.raises(StoreUnavailable, match="closed"):
            store.post("a", [fact(1)])
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.read("a")
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.execute(lambda transaction: 0)
