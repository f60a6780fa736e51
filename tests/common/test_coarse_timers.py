"""Time-outs that share a timer: nobody is told too early, nobody is forgotten, and who left is not told."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import closing

import anyio
import anyio.to_thread

from common.coarse_timers import GRAIN, CoarseTimers


class Waiter:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.told = anyio.Event()
        self.at = 0.0

    def due(self) -> None:
        self.at = self.loop.time()
        self.told.set()


async def test_everybody_is_told_in_time_but_who_left() -> None:
    timers = CoarseTimers()
    waiters = {seconds: Waiter() for seconds in (3.0, 3.2, 4.1)}
    began = asyncio.get_running_loop().time()
    left = Waiter()
    for seconds, waiter in [*waiters.items(), (3.0, left)]:
        group = timers.after(seconds)
        assert group is not None
        group.add(waiter)
        if waiter is left:
            group.discard(left)
    with anyio.fail_after(30):
        for waiter in waiters.values():
            await waiter.told.wait()
    assert all(waiter.at >= began + seconds for seconds, waiter in waiters.items())
    assert not left.told.is_set()


async def test_what_is_due_in_the_same_second_shares_a_timer() -> None:
    timers = CoarseTimers()
    groups = [timers.after(100 + number / 1_000 * GRAIN) for number in range(1_000)]
    assert 1 <= len({id(group) for group in groups}) <= 2


async def test_short_times_have_timers_of_their_own() -> None:
    assert CoarseTimers().after(0.5) is None


async def test_another_loop_has_timers_of_its_own_until_the_first_is_closed() -> None:
    timers = CoarseTimers()
    assert timers.after(60) is not None

    async def elsewhere() -> bool:
        return timers.after(60) is None

    assert await anyio.to_thread.run_sync(lambda: asyncio.run(elsewhere()))


def test_a_loop_that_was_closed_is_followed_by_the_next() -> None:
    timers = CoarseTimers()

    async def is_served() -> bool:
        return timers.after(60) is not None

    assert asyncio.run(is_served())
    assert asyncio.run(is_served())


def test_of_loops_that_ask_at_once_one_is_served() -> None:
    class Slow(asyncio.SelectorEventLoop):
        """A loop of which it takes a while to tell whether it is closed."""

        def is_closed(self) -> bool:
            time.sleep(0.05)
            return super().is_closed()

    timers = CoarseTimers()
    served: list[bool] = []
    together = threading.Barrier(3)

    async def ask() -> None:
        await asyncio.to_thread(together.wait, 30)
        served.append(timers.after(60) is not None)
        await asyncio.to_thread(together.wait, 30)

    async def begin() -> None:
        assert timers.after(60) is not None

    with closing(Slow()) as first:
        first.run_until_complete(begin())
    working = [threading.Thread(target=lambda: asyncio.run(ask())) for _ in range(3)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join(60)
    assert sorted(served) == [False, False, True]
