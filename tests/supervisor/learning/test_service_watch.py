"""Versions in service: a drop takes them back by itself, once, and what goes well stays."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest

from events.catalogue.guideline import GuidelineActivated, GuidelineRolledBack
from events.catalogue.system import AlertRaised
from events.state.guideline import GuidelineStatus
from tests.supervisor.learning.trial_world import Goes, World

Make = Callable[[Goes], Awaitable[World]]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncGenerator[Make]:
    async with AsyncExitStack() as worlds:

        async def make_world(goes: Goes) -> World:
            world = World(tmp_path, goes)
            await worlds.enter_async_context(world.supervisor)
            return world

        yield make_world


async def test_a_drop_after_a_promotion_is_rolled_back_by_itself(make: Make) -> None:
    good = {"now": True}
    world = await make(lambda version, number: good["now"] if version else number % 4 == 0)
    trials, watch = world.trials(), world.watch()
    version = await world.candidate("Be careful.")
    await world.ask_until(trials.step)
    (activated,) = await world.events(GuidelineActivated)
    await world.ask(20, 1_000)
    assert await watch.step() == []
    (record,) = await watch.report()
    assert (record.version, record.outcomes, record.successes) == (version, 20, 20)
    good["now"] = False
    (done,) = await world.ask_until(watch.step, first=2_000, most=60)
    assert (done.version, done.restored, done.made) == (version, None, True)
    (rolled_back,) = await world.events(GuidelineRolledBack)
    assert (rolled_back.version, rolled_back.by) == (version, "watch")
    assert rolled_back.evidence["evidence"] >= rolled_back.evidence["needed"] == 40
    assert rolled_back.evidence["reference_outcomes"] in (
        activated.evidence["candidate"]["outcomes"],
        activated.evidence["incumbent"]["outcomes"],
    )
    assert "went well, against" in rolled_back.reason
    (alert,) = await world.events(AlertRaised)
    assert (alert.kind, alert.subject) == ("guideline-drop", f"scripted {version}")
    assert [told.title for told in world.told] == [alert.title]
    assert await world.status(version) is GuidelineStatus.ROLLED_BACK
    served = world.counts[version]
    await world.ask(10, 3_000)
    assert world.counts[version] == served
    assert await watch.step() == []


async def test_a_version_put_into_service_by_a_person_is_compared_with_what_it_replaced(make: Make) -> None:
    world = await make(lambda version, number: version != "1.1.0" or number % 3 == 0)
    watch = world.watch()
    first = await world.serve("Be careful.")
    await world.ask(40)
    assert await watch.step() == []
    second = await world.serve("Be careful.", "Be hasty.")
    assert second == "1.1.0"
    (done,) = await world.ask_until(watch.step, first=1_000, most=60)
    assert (done.version, done.restored) == (second, first)
    assert await world.status(first) is GuidelineStatus.ACTIVE
    (rolled_back,) = await world.events(GuidelineRolledBack)
    assert rolled_back.evidence["against"] == "replaced"


async def test_a_drop_that_goes_on_after_the_roll_back_is_told_and_changes_nothing(make: Make) -> None:
    good = {"now": True}
    world = await make(lambda version, number: good["now"])
    watch = world.watch()
    first = await world.serve("Be careful.")
    await world.ask(60)
    second = await world.serve("Be careful.", "Be brief.")
    await world.ask(60, 1_000)
    good["now"] = False  # an outage
    (done,) = await world.ask_until(watch.step, first=2_000, most=60)
    assert (done.version, done.restored, done.made) == (second, first, True)
    (done,) = await world.ask_until(watch.step, first=3_000, most=60)
    assert (done.version, done.made) == (first, False)
    await world.ask(10, 4_000)
    assert await watch.step() == []
    assert await world.watch().step() == [], "told once, whoever looks"
    assert await world.status(first) is GuidelineStatus.ACTIVE
    assert len(await world.events(GuidelineRolledBack)) == 1
    assert len(await world.events(AlertRaised)) == len(world.told) == 2
    assert "goes badly after the roll-back" in world.told[-1].title


async def test_what_goes_on_as_before_stays(make: Make) -> None:
    world = await make(lambda version, number: number % 3 != 0)
    watch = world.watch()
    version = await world.serve("Be careful.")
    for batch in range(15):
        await world.ask(10, batch * 10)
        assert await watch.step() == []
    (record,) = await watch.report()
    assert (record.version, record.outcomes, record.successes) == (version, 150, 100)
    assert record.as_json()["against"] == "earlier"
    (anew,) = await world.watch().report()
    assert anew == record


async def test_reports_make_a_drop_where_they_are_waited_for(make: Make) -> None:
    world = await make(lambda version, number: True)
    await world.serve("Be careful.")
    await world.ask(60)
    for index in range(40):
        response = await world.supervisor.process_request("play the script")
        await world.supervisor.report_outcome(response.trace_id, False, f"bad {index}")
    assert await world.watch().step() == []
    (done,) = await world.watch(report_wait=1e-9).step() or [None]
    assert done is None, "reported later than that"


async def test_several_processes_roll_back_once(tmp_path: Path) -> None:
    world, beside = (World(tmp_path, lambda version, number: number <= 60, on_disk=True) for _ in range(2))
    async with world.supervisor, beside.supervisor:
        await world.serve("Be careful.")
        await world.ask(100)
        done: list[object] = []

        async def step(watch: object) -> None:
            done.extend(await watch.step())  # pyright: ignore

        async with anyio.create_task_group() as group:
            for watch in (world.watch(), beside.watch(), world.watch(), beside.watch()):
                group.start_soon(step, watch)
        assert len(done) == 1
        assert len(await world.events(GuidelineRolledBack)) == len(await world.events(AlertRaised)) == 1
