"""Stopped, a process does nothing by itself; what was begun is gone on with by who is started, here or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio

from common.intents import StreamAppend
from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ApprovedImprovement
from roles.specialists.specialist import Applied, Measure
from supervisor.monitoring.service import Monitoring
from tests.supervisor.specialists.conftest import CACHE, Open, Shop

BOUND = 60
RUNNING: dict[str, Any] = {"background": True, "sample_every": 1000, "measure_for": 1000}


async def approved(shop: Shop, name: str, **more: Any) -> str:
    await shop.suggest(name, **more)
    await shop.supervisor.monitoring.approve(name, by="ann")
    return name


async def until(shop: Shop, name: str, status: str) -> None:
    with anyio.fail_after(BOUND):
        while await shop.status(name) != status:
            await anyio.sleep(0.05)


async def test_stopped_it_takes_up_nothing_and_started_it_goes_on(open_shop: Open) -> None:
    async with open_shop(**RUNNING) as shop:
        monitoring: Monitoring = shop.supervisor.monitoring
        await until(shop, await approved(shop, "imp-1"), "assigned")
        assert await monitoring.stop_monitoring()
        assert not await monitoring.stop_monitoring()
        await approved(shop, "imp-2", changes={"requests.queue": 9.0})
        await anyio.sleep(2.5)  # longer than the loop's pause
        assert await shop.status("imp-2") == "approved"
        assert [each.key for each in await shop.tuned()] == [CACHE]
        assert await monitoring.start_continuous_monitoring()
        await until(shop, "imp-2", "assigned")
        with anyio.fail_after(BOUND):  # in force a moment after it is in the log
            while shop.supervisor.tuning.value("requests.queue") != 9:
                await anyio.sleep(0.05)


async def test_started_without_loops_it_carries_out_too(open_shop: Open) -> None:
    async with open_shop(background=False, sample_every=1000) as shop:
        await approved(shop, "imp-1")
        await shop.supervisor.monitoring.start_continuous_monitoring()
        await until(shop, "imp-1", "assigned")


async def test_another_process_on_the_log_takes_over(open_shop: Open, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with open_shop(url=url) as one, open_shop(url=url, background=True, sample_every=1000) as two:
        await two.supervisor.monitoring.stop_monitoring()
        await one.supervisor.monitoring.start_continuous_monitoring()
        await until(one, await approved(one, "imp-1"), "assigned")
        assert await two.supervisor.specialists.step() == []  # the first one leads
        await two.supervisor.monitoring.start_continuous_monitoring()
        await one.supervisor.monitoring.stop_monitoring()
        await until(one, await approved(one, "imp-2", changes={"requests.queue": 9.0}), "assigned")
        assert len(await one.tuned()) == 2


class Slow:
    """A specialist that works for a while, and knows what it did."""

    name = "painter"
    actions = frozenset({"paint"})

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.go_on = anyio.Event()
        self.done: list[str] = []

    async def draw_up(self, plan: ImprovementPlan) -> ImprovementPlan | None:
        return plan

    def measures(self, plan: ImprovementPlan) -> Measure | None:
        return None

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        return ()

    async def applied(self, leave: ApprovedImprovement) -> Applied | None:
        return Applied("painted") if leave.improvement_id in self.done else None

    async def carry_out(self, leave: ApprovedImprovement) -> Applied:
        self.begun.set()
        await self.go_on.wait()
        self.done.append(leave.improvement_id)
        return Applied("painted")

    async def undo(self, improvement_id: str, undo: Any, *, by: str, reason: str) -> Sequence[StreamAppend]:
        return ()


async def test_what_was_begun_when_it_was_stopped_is_taken_up_again(open_shop: Open) -> None:
    async with open_shop(**RUNNING) as shop:
        slow = Slow()
        shop.supervisor.specialists.register(slow)
        await approved(shop, "imp-1", action="paint", specialist="painter", arguments={})
        with anyio.fail_after(BOUND):
            await slow.begun.wait()
            await shop.supervisor.monitoring.stop_monitoring()
        assert await shop.status("imp-1") == "assigned"
        slow.go_on.set()
        await shop.supervisor.monitoring.start_continuous_monitoring()
        await until(shop, "imp-1", "completed")
        assert slow.done == ["imp-1"]


class Broken(Slow):
    """A specialist whose every answer is a fault of its own."""

    def measures(self, plan: ImprovementPlan) -> Measure | None:
        raise ValueError("no")

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        if leave.plan.arguments:
            raise ValueError("what is that?")
        return ()


async def test_a_specialist_that_breaks_down_keeps_no_other_waiting(shop: Shop) -> None:
    broken = Broken()
    broken.go_on.set()
    shop.supervisor.specialists.register(broken)
    await approved(shop, "imp-1", action="paint", specialist="painter", arguments={})
    await approved(shop, "imp-2", action="paint", specialist="painter", arguments={"colour": "blue"})
    await approved(shop, "imp-3")
    await shop.supervisor.specialists.step()
    assert [await shop.status(name) for name in ("imp-1", "imp-2", "imp-3")] == ["assigned", "failed", "assigned"]
    assert (await shop.supervisor.monitoring.get_improvement("imp-2")).result == "ValueError: what is that?"
    await shop.supervisor.specialists.step()
    assert broken.done == ["imp-1"]
