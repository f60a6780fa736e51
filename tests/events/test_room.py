"""The bound of the writer's queue."""

from __future__ import annotations

import anyio
import anyio.lowlevel
from hypothesis import given, settings
from hypothesis import strategies as st

from events.pending import wake
from events.room import Room


async def settle() -> None:
    """Let every task go as far as it can; the tasks here wait for nothing outside."""
    for _ in range(5):
        await anyio.lowlevel.checkpoint()


async def test_room_that_came_to_a_caller_who_left_goes_to_the_next() -> None:
    room = Room(events=2, size=100)
    assert room.take_now(2, 10)
    got: list[str] = []

    async def take(name: str, scope: anyio.CancelScope) -> None:
        with scope:
            await room.take(2, 10)
            got.append(name)

    first, second = anyio.CancelScope(), anyio.CancelScope()
    async with anyio.create_task_group() as group:
        group.start_soon(take, "first", first)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(take, "second", second)
        await anyio.wait_all_tasks_blocked()
        first.cancel()
        wake(room.give(2, 10))  # is given to the first, whose cancellation is not yet delivered
        with anyio.fail_after(5):
            while not got:
                await anyio.lowlevel.checkpoint()
    assert (got, room.events) == (["second"], 2)


async def test_a_large_one_in_front_who_leaves_lets_small_ones_in() -> None:
    room = Room(events=10, size=100)
    assert room.take_now(5, 0)
    got: list[int] = []

    async def take(events: int, scope: anyio.CancelScope) -> None:
        with scope:
            await room.take(events, 0)
            got.append(events)

    large = anyio.CancelScope()
    async with anyio.create_task_group() as group:
        group.start_soon(take, 8, large)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(take, 3, anyio.CancelScope())
        await anyio.wait_all_tasks_blocked()
        assert got == []
        assert not room.take_now(1, 0)
        with anyio.fail_after(5):
            large.cancel()
            while not got:
                await anyio.lowlevel.checkpoint()
    assert (got, room.events) == ([3], 8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 60), st.booleans()), max_size=30))
def test_the_bound_holds_and_everybody_gets_in_turn(wanted: list[tuple[int, int, bool]]) -> None:
    async def check() -> None:
        room = Room(events=5, size=50)
        inside: list[tuple[int, int]] = []
        order: list[int] = []

        async def take(number: int, events: int, size: int, scope: anyio.CancelScope) -> None:
            with scope:
                await room.take(events, size)
                order.append(number)
                inside.append((events, size))

        async with anyio.create_task_group() as group:
            for number, (events, size, leaves) in enumerate(wanted):
                scope = anyio.CancelScope()
                group.start_soon(take, number, events, size, scope)
                await settle()
                if leaves:
                    scope.cancel()
                    await settle()
                assert room.events == sum(entry[0] for entry in inside)
                if len(inside) > 1:
                    assert room.events <= 5
                    assert sum(entry[1] for entry in inside) <= 50
                if inside and number % 2:
                    wake(room.give(*inside.pop(0)))
                    await settle()
            while inside:
                wake(room.give(*inside.pop(0)))
                await settle()
        assert order == sorted(order)
        assert room.events == 0

    anyio.run(check)
