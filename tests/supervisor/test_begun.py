"""Long work that is begun, and goes on by itself."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup

from common.errors import BuildError, ConfigurationError, LimitExceeded, SupervisorError
from supervisor.begun import begin


async def test_what_is_told_first_is_returned_and_the_work_goes_on() -> None:
    ended = anyio.Event()

    async def work(tell: Callable[[str], None]) -> None:
        tell("first")
        tell("second")
        await anyio.lowlevel.checkpoint()
        ended.set()

    async with anyio.create_task_group() as group:
        assert await begin(group.start_soon, work, "work") == "first"
        with anyio.fail_after(30):
            await ended.wait()


async def fails_before(tell: Callable[[str], None]) -> None:
    raise BuildError("not with me")


async def fails_after(tell: Callable[[str], None]) -> None:
    tell("begun")
    raise BuildError("not with me")


async def says_nothing(tell: Callable[[str], None]) -> None:
    return


async def test_what_fails_before_it_began_is_raised_and_later_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with anyio.create_task_group() as group:
        with pytest.raises(BuildError, match="not with me"):
            await begin(group.start_soon, fails_before, "work")
        with pytest.raises(SupervisorError, match="ended before it had begun"):
            await begin(group.start_soon, says_nothing, "work")
        assert await begin(group.start_soon, fails_after, "the work") == "begun"
    assert "the work failed: not with me" in caplog.text
    with pytest.raises(ConfigurationError, match="not running"):
        await begin(None, says_nothing, "work")


async def test_who_stops_to_wait_does_not_stop_the_work() -> None:
    going_on, ended = anyio.Event(), anyio.Event()

    async def work(tell: Callable[[str], None]) -> None:
        await going_on.wait()
        tell("begun")
        ended.set()

    async with anyio.create_task_group() as group:
        await _give_up(group, work)
        going_on.set()
        with anyio.fail_after(30):
            await ended.wait()


async def test_nobody_waits_for_ever_for_what_does_not_begin() -> None:
    going_on, begun = anyio.Event(), anyio.Event()

    async def work(tell: Callable[[str], None]) -> None:
        await going_on.wait()
        tell("begun")
        begun.set()

    async with anyio.create_task_group() as group:
        with anyio.fail_after(30), pytest.raises(LimitExceeded, match="the work had not begun within") as raised:
            await begin(group.start_soon, work, "the work", within=0.01)
        assert raised.value.todo
        going_on.set()
        with anyio.fail_after(30):
            await begun.wait()


async def _give_up(group: TaskGroup, work: Callable[[Callable[[str], None]], object]) -> None:
    with anyio.move_on_after(0.01):
        await begin(group.start_soon, work, "work")  # type: ignore[arg-type]
