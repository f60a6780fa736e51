"""What every backend must do: inherited by one test class for each."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import anyio
import anyio.to_thread
import pytest

from common.errors import StoreError, StoreUnavailable, StreamConflict
from common.intents import StreamAppend
from events.catalogue import BY_TOPIC
from events.catalogue.memory import FactForgotten, FactRemembered
from events.catalogue.timer import TimerCancelled
from events.pending import Pending
from events.recorded import RecordedEvent, Unknown
from events.store import EventStore, stream_name, stream_parts
from events.verify import verify
from tests.events.samples import fact

__all__ = ["StoreContract", "blocked_writer"]


@asynccontextmanager
async def blocked_writer(store: EventStore) -> AsyncGenerator[threading.Event]:
    """The store's writer held at work until the event is set; what comes meanwhile waits in the queue."""
    started, release = threading.Event(), threading.Event()

    def hold(transaction: object) -> int:
        started.set()
        release.wait(10)
        return 0

    async with anyio.create_task_group() as group:
        group.start_soon(store.execute, hold, 20)
        await anyio.to_thread.run_sync(started.wait, 10)
        try:
            yield release
        finally:
            release.set()


class SteppingClock:
    """A clock that goes on by a second a look."""

    def __init__(self) -> None:
        self.last = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.last += timedelta(seconds=1)
        return self.last


def texts(recorded: list[RecordedEvent]) -> list[str]:
    return [entry.event.text for entry in recorded if isinstance(entry.event, FactRemembered)]


class StoreContract:
    """Subclasses give the fixture `url`: a store that does not exist yet."""

    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    async def store(self, url: str) -> AsyncGenerator[EventStore]:
        async with await EventStore.open(url, timeout=5) as opened:
            yield opened

    async def test_an_append_is_read_back_with_its_header(self, url: str) -> None:
        clock = SteppingClock()
        async with await EventStore.open(url, clock=clock) as store:
            position = await store.append(
                "memory/a", [fact(1), fact(2)], tenant="acme", correlation="trace-1", causation="memory/b@4"
            )
            recorded = await store.read("memory/a")
        assert position == 2
        assert [(entry.position, entry.version, entry.id) for entry in recorded] == [
            (1, 1, "memory/a@1"),
            (2, 2, "memory/a@2"),
        ]
        first = recorded[0]
        assert (first.stream, first.topic, first.event) == ("memory/a", FactRemembered.TOPIC, fact(1))
        assert (first.tenant, first.correlation, first.causation) == ("acme", "trace-1", "memory/b@4")
        assert first.recorded_at == clock.last

    async def test_an_empty_store(self, store: EventStore) -> None:
        assert await store.read("nothing") == []
        assert await store.read_all() == []
        assert (await store.version("nothing"), await store.head(), store.queue_length) == (0, 0, 0)

    async def test_reading_a_stream_from_a_version(self, store: EventStore) -> None:
        await store.append("a", [fact(n, str(n)) for n in range(5)])
        await store.append("b", [fact(9)])
        assert texts(await store.read("a", 3)) == ["3", "4"]
        assert await store.read("a", 5) == []
        assert (await store.version("a"), await store.version("b"), await store.head()) == (5, 1, 6)

    async def test_reading_the_log_by_position_topic_and_limit(self, store: EventStore) -> None:
        for number in range(4):
            await store.append(f"s{number}", [fact(number, str(number)), FactForgotten(fact_id="1", user="ann")])
        assert [entry.position for entry in await store.read_all()] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert [entry.position for entry in await store.read_all(2, limit=3)] == [3, 4, 5]
        forgotten = await store.read_all(1, {FactForgotten.TOPIC}, 2)
        assert [entry.position for entry in forgotten] == [2, 4]
        assert await store.read_all(8) == []
        assert await store.read_all(0, {TimerCancelled.TOPIC}) == []
        assert await store.read_all(0, set[str]()) == []

    async def test_a_page_tells_how_far_the_log_was_searched(self, store: EventStore) -> None:
        await store.append("a", [fact(1), *(FactForgotten(fact_id="1", user="ann") for _ in range(6))])
        page = await anyio.to_thread.run_sync(store.read_page, 0, {FactRemembered.TOPIC}, 10)
        assert (len(page[0]), page[1]) == (1, 7)
        page = await anyio.to_thread.run_sync(store.read_page, 0, {FactForgotten.TOPIC}, 2)
        assert (len(page[0]), page[1]) == (2, 3)
        page = await anyio.to_thread.run_sync(store.read_page, 0, None, 10, 4)
        assert (len(page[0]), page[1]) == (4, 4)

    async def test_many_events_in_one_append(self, store: EventStore) -> None:
        assert await store.append("a", [fact(n, str(n)) for n in range(1_000)]) == 1_000
        assert texts(await store.read("a")) == [str(n) for n in range(1_000)]
        assert (await verify(store)).ok

    async def test_the_expected_version_decides(self, store: EventStore) -> None:
        await store.append("a", [fact(1)], 0)
        await store.append("a", [fact(2)], 1)
        for wrong in (0, 1, 3):
            with pytest.raises(StreamConflict) as caught:
                await store.append("a", [fact(3)], wrong)
            assert caught.value.where == "a"
        assert await store.version("a") == 2

    async def test_of_many_that_expect_the_same_version_one_wins(self, store: EventStore) -> None:
        won: list[int] = []

        async def attempt(number: int) -> None:
            try:
                await store.append("a", [fact(number, str(number))], 0)
            except StreamConflict:
                return
            won.append(number)

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(attempt, number)
        assert len(won) == 1
        assert texts(await store.read("a")) == [str(won[0])]

    async def test_a_conflict_fails_only_the_guilty_append(self, store: EventStore) -> None:
        await store.append("taken", [fact(0)])
        async with blocked_writer(store) as release:
            good = [store.post(f"s{number}", [fact(number)]) for number in range(10)]
            guilty = store.post("taken", [fact(1)], expected_version=0)
            good += [store.post("taken", [fact(2)]), store.post(f"s{3}", [fact(3)], expected_version=1)]
            release.set()
            for pending in good:
                assert await pending.durable() > 0
            with pytest.raises(StreamConflict):
                await guilty.durable()
        assert await store.head() == 13

    async def test_several_streams_at_once_both_or_neither(self, store: EventStore) -> None:
        await store.append([StreamAppend("a", [fact(1)], 0), StreamAppend("b", [fact(2), fact(3)], 0)])
        with pytest.raises(StreamConflict):
            await store.append([StreamAppend("a", [fact(4)], 1), StreamAppend("b", [fact(5)], 0)])
        assert (await store.version("a"), await store.version("b")) == (1, 2)

    async def test_a_stream_may_stand_twice_in_one_append(self, store: EventStore) -> None:
        await store.append([StreamAppend("a", [fact(1, "1")], 0), StreamAppend("a", [fact(2, "2")], 1)])
        assert texts(await store.read("a")) == ["1", "2"]

    async def test_a_part_without_events_is_a_condition(self, store: EventStore) -> None:
        await store.append("a", [fact(1)])
        assert await store.append([StreamAppend("a", [], 1), StreamAppend("b", [fact(2)])]) == 2
        with pytest.raises(StreamConflict):
            await store.append([StreamAppend("a", [], 0), StreamAppend("b", [fact(3)])])
        assert await store.append("a", []) == 2
        assert await store.head() == 2

    async def test_posts_and_appends_keep_the_order_of_the_calls(self, store: EventStore) -> None:
        last: Pending | None = None
        for number in range(50):
            if number % 10 == 9:
                await store.append("a", [fact(number, str(number))])
            else:
                last = store.post("a", [fact(number, str(number))])
        assert last is not None
        assert await last.durable() == 49
        assert await last.durable() == 49
        assert texts(await store.read("a")) == [str(number) for number in range(50)]

    async def test_a_post_that_follows_another_comes_directly_behind_it(self, store: EventStore) -> None:
        first = store.post("a", [fact(1)])
        second = store.post("a", [fact(2)], follows=first)
        assert (await second.durable(), second.versions) == (2, {"a": 2})
        third = store.post("a", [fact(3)], follows=second)
        assert await third.durable() == 3

    async def test_a_post_fails_when_somebody_came_between(self, store: EventStore) -> None:
        first = store.post("a", [fact(1)])
        await store.append("a", [fact(2)])
        second = store.post("a", [fact(3)], follows=first)
        third = store.post("a", [fact(4)], follows=second)
        with pytest.raises(StreamConflict):
            await second.durable()
        with pytest.raises(StoreError, match="the append before it failed"):
            await third.durable()
        assert await store.version("a") == 2

    async def test_what_can_not_be_stored_is_refused_before_anything_is(self, store: EventStore) -> None:
        broken = FactRemembered.model_construct(fact_id="1", text="\ud800", user="ann")
        with pytest.raises(StoreError, match="encoded"):
            await store.append([StreamAppend("a", [fact(1)]), StreamAppend("b", [broken])])
        with pytest.raises(StoreError, match="encoded"):
            store.post("a", [broken])
        assert await store.head() == 0

    @pytest.mark.parametrize("name", ["", "a\nb", "a\x00", "\ud800", "x" * 1_001])
    async def test_names_that_no_database_should_see_are_refused(self, store: EventStore, name: str) -> None:
        with pytest.raises(StoreError, match="printable"):
            await store.append(name, [fact(1)])
        with pytest.raises(StoreError, match="printable"):
            await store.append("a", [fact(1)], tenant=name)
        with pytest.raises(StoreError, match="printable"):
            await store.append("a", [fact(1)], correlation=name)
        with pytest.raises(StoreError, match="printable"):
            await store.read(name)
        assert await store.head() == 0

    async def test_misuse_is_refused(self, store: EventStore) -> None:
        with pytest.raises(StoreError, match="names no stream"):
            await store.append([])
        with pytest.raises(StoreError, match="in its parts"):
            await store.append([StreamAppend("a", [fact(1)])], expected_version=0)
        with pytest.raises(StoreError, match="not below 0"):
            await store.append("a", [fact(1)], -1)

    async def test_a_cancelled_caller_loses_nothing_of_the_others(self, store: EventStore) -> None:
        done: list[int] = []

        async def append(number: int) -> None:
            await store.append(f"s{number}", [fact(number)])
            done.append(number)

        async with blocked_writer(store) as release, anyio.create_task_group() as others:
            async with anyio.create_task_group() as cancelled:
                for number in range(10):
                    (others if number % 2 else cancelled).start_soon(append, number)
                await anyio.wait_all_tasks_blocked()
                cancelled.cancel_scope.cancel()
            release.set()
        assert sorted(done) == [1, 3, 5, 7, 9]
        assert [await store.version(f"s{number}") for number in (1, 3, 5, 7, 9)] == [1] * 5
        assert (await verify(store)).ok

    async def test_appends_wait_where_the_queue_is_full(self, url: str) -> None:
        async with await EventStore.open(url, queue_size=10, timeout=5) as store:
            async with blocked_writer(store) as release, anyio.create_task_group() as group:
                for number in range(100):
                    group.start_soon(store.append, "a", [fact(number)])
                await anyio.wait_all_tasks_blocked()
                assert store.queue_length == 10
                release.set()
            assert (await store.version("a"), store.queue_length) == (100, 0)

    async def test_a_cancelled_place_in_the_full_queue_is_given_to_the_next(self, url: str) -> None:
        async with await EventStore.open(url, queue_size=1, timeout=5) as store:
            async with blocked_writer(store) as release, anyio.create_task_group() as group:
                group.start_soon(store.append, "a", [fact(1)])
                await anyio.wait_all_tasks_blocked()
                async with anyio.create_task_group() as impatient:
                    impatient.start_soon(store.append, "a", [fact(2)])
                    await anyio.wait_all_tasks_blocked()
                    impatient.cancel_scope.cancel()
                group.start_soon(store.append, "a", [fact(3)])
                release.set()
            assert (await store.version("a"), store.queue_length) == (2, 0)

    async def test_an_append_larger_than_the_queue_is_taken_when_nothing_waits(self, url: str) -> None:
        async with await EventStore.open(url, queue_size=5, timeout=5) as store:
            assert await store.append("a", [fact(number) for number in range(50)]) == 50

    async def test_posts_are_bounded_too(self, url: str) -> None:
        async with await EventStore.open(url, queue_size=10, timeout=5) as store:
            async with blocked_writer(store) as release:
                posts = [store.post("a", [fact(number)]) for number in range(100)]
                refused = [pending for pending in posts if pending.done]
                assert len(refused) == 60
                release.set()
                for pending in refused:
                    with pytest.raises(StoreUnavailable, match="queue is full"):
                        await pending.durable()
                assert await posts[39].durable() == 40
            assert await store.version("a") == 40

    async def test_a_queue_that_stays_full_is_told_in_time(self, url: str) -> None:
        async with await EventStore.open(url, queue_size=1, timeout=0.5) as store:
            async with blocked_writer(store):
                waiting = store.post("a", [fact(1)])
                with pytest.raises(StoreUnavailable, match="nothing was appended"):
                    await store.append("a", [fact(2)])
                assert not waiting.done
            assert await waiting.durable() == 1

    async def test_an_append_that_is_not_written_in_time_is_taken_back(self, url: str) -> None:
        async with await EventStore.open(url, timeout=0.5) as store:
            async with blocked_writer(store):
                with pytest.raises(StoreUnavailable, match="taken back"):
                    await store.append("a", [fact(1)])
            assert await store.append("a", [fact(2)], 0) == 1

    async def test_a_fault_of_the_writer_is_told_and_outlived(self, store: EventStore) -> None:
        def fails(transaction: object) -> int:
            raise RuntimeError("broken")

        with pytest.raises(StoreError, match="the event store failed"):
            await store.execute(fails)
        assert await store.append("a", [fact(1)]) == 1

    async def test_a_fault_of_one_fails_nothing_behind_it(self, store: EventStore) -> None:
        def fails(transaction: object) -> int:
            raise RuntimeError("broken")

        async with blocked_writer(store) as release, anyio.create_task_group() as group:
            first = store.post("a", [fact(1)])

            async def execute() -> None:
                with pytest.raises(StoreError, match="broken"):
                    await store.execute(fails)

            group.start_soon(execute)
            await anyio.wait_all_tasks_blocked()
            second = store.post("a", [fact(2)])
            release.set()
            assert (await first.durable(), await second.durable()) == (1, 2)

    async def test_events_of_kinds_that_are_not_known_are_carried(self, url: str) -> None:
        known = {topic: event for topic, event in BY_TOPIC.items() if topic != FactRemembered.TOPIC}
        async with await EventStore.open(url, catalogue=BY_TOPIC) as store:
            await store.append("a", [fact(1), FactForgotten(fact_id="1", user="ann")])
            store._codec = type(store.codec)(known, store.keyring)  # pyright: ignore[reportPrivateUsage]
            first, second = await store.read("a")
        assert isinstance(first.event, Unknown)
        assert (first.event.topic, first.event.problem, b"fact_id" in first.event.payload) == (
            FactRemembered.TOPIC,
            "",
            True,
        )
        assert isinstance(second.event, FactForgotten)

    async def test_stream_names_can_not_reach_into_each_other(self) -> None:
        assert stream_name("request", "a/b", "ü %") == "request/a%2Fb/%C3%BC%20%25"
        assert stream_parts(stream_name("request", "a/b", "ü %")) == ("request", "a/b", "ü %")
        for parts in ((), ("a", ""), ("\ud800",)):
            with pytest.raises(StoreError):
                stream_name(*parts)
