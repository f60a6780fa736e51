"""What is held back goes as soon as the running task waits: once, in order, on the loop of who holds it."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Generator

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from events.sending import Sending
from events.store import EventStore
from events.trace_writer import TraceWriter
from tests.events.samples import fact


class Holder:
    """Holds something back; `came` is where it was called."""

    def __init__(self, order: list[Holder] | None = None) -> None:
        self.came: list[int] = []
        self._order = order

    def turn_came(self) -> None:
        self.came.append(threading.get_ident())
        if self._order is not None:
            self._order.append(self)


@pytest.fixture
def restless() -> Generator[None]:
    """Threads that give up the interpreter all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


async def test_all_of_one_turn_are_called_once_in_order_when_the_task_waits() -> None:
    sending, order = Sending(), list[Holder]()
    holders = [Holder(order) for _ in range(5)]
    for holder in holders:
        sending.join(holder)
    assert order == []
    await anyio.lowlevel.checkpoint()
    assert order == holders
    await anyio.lowlevel.checkpoint()
    assert order == holders


async def test_who_joins_while_others_are_called_comes_in_the_next_turn() -> None:
    sending, order = Sending(), list[Holder]()
    late = Holder(order)

    class Joins(Holder):
        def turn_came(self) -> None:
            super().turn_came()
            sending.join(late)

    first = Joins(order)
    sending.join(first)
    await anyio.lowlevel.checkpoint()
    await anyio.lowlevel.checkpoint()
    assert order == [first, late]


def test_a_thread_without_a_loop_is_refused() -> None:
    with pytest.raises(RuntimeError):
        Sending().join(Holder())


def test_what_a_loop_that_ended_left_goes_with_the_next() -> None:
    sending, left, after = Sending(), Holder(), Holder()

    async def leave() -> None:
        asyncio.get_running_loop().stop()
        sending.join(left)

    first = asyncio.new_event_loop()
    task = first.create_task(leave())
    first.run_forever()
    assert task.done()
    first.close()
    assert left.came == []

    async def go_on() -> None:
        for number in range(1, 3):
            sending.join(after)
            await asyncio.sleep(0)
            assert (len(left.came), len(after.came)) == (1, number)

    asyncio.run(go_on())


@pytest.mark.usefixtures("restless")
def test_loops_of_several_threads_call_their_own() -> None:
    sending = Sending()
    failed: list[str] = []
    together = threading.Barrier(4)

    async def work() -> None:
        for _ in range(10_000):
            holder = Holder()
            sending.join(holder)
            await asyncio.sleep(0)
            if holder.came != [threading.get_ident()]:
                failed.append(f"{holder.came} in {threading.get_ident()}")

    def run() -> None:
        together.wait(30)
        asyncio.run(work())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []


async def test_traces_that_several_loops_record_are_whole() -> None:
    async with await EventStore.open("memory://", timeout=20) as store:

        async def record(name: str) -> None:
            writer = TraceWriter(store, name, "default")
            for number in range(50):
                writer.record(fact(number))
                if number % 3:
                    await asyncio.sleep(0)
            await writer.flush()

        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(anyio.to_thread.run_sync, asyncio.run, record(f"other{number}"))
            group.start_soon(record, "own")
        for name in ("own", "other0", "other1", "other2"):
            entries = await store.read(f"trace/{name}")
            assert [getattr(entry.event, "fact_id", None) for entry in entries] == [str(number) for number in range(50)]
