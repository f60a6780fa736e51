"""Requests that wait for their admission become an improvement; more are let in at once, and it is measured."""

from __future__ import annotations

from datetime import timedelta

import anyio
import pytest

from events.state.improvement import ImprovementStatus
from supervisor.monitoring.machine import MachineReader
from tests.supervisor.specialists.conftest import Open, Shop


async def crowd(shop: Shop, samples: int, size: int) -> None:
    """So many times a crowd of requests at once, each with a sample after it."""
    for _ in range(samples):
        async with anyio.create_task_group() as group:
            for _ in range(size):
                group.start_soon(shop.buy, 1)
        shop.clock.move(timedelta(seconds=30))
        await shop.supervisor.monitoring.sample()


async def test_a_full_queue_is_suggested_approved_widened_and_measured(
    open_shop: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def idle(self: MachineReader) -> tuple[dict[str, float], dict[str, str]]:
        return {"cpu_usage": 20.0}, {}

    monkeypatch.setattr(MachineReader, "read", idle)  # what else this machine does is not what is tested
    async with open_shop(sample_every=30) as shop:
        monitoring, specialists = shop.supervisor.monitoring, shop.supervisor.specialists
        await shop.supervisor.tuning.set("requests.max_concurrent", 2, by="bea")
        await monitoring.sample()
        shop.seconds = 0.03
        await crowd(shop, 5, 8)
        report = await monitoring.trigger_analysis()
        found = [await monitoring.get_improvement(name) for name in report.suggested]
        (queue,) = [each for each in found if each.analyzer == "queues"]
        assert queue.affected_components == ("queue:admission", "requests")
        assert queue.implementation_plan.arguments["changes"] == {"requests.max_concurrent": 3}
        await monitoring.approve(queue.id, by="ann")
        await specialists.step()
        assert shop.supervisor.tuning.value("requests.max_concurrent") == 3
        assert (await monitoring.get_improvement(queue.id)).status is ImprovementStatus.ASSIGNED
        await crowd(shop, 10, 8)
        await specialists.step()
        done = await monitoring.get_improvement(queue.id)
        assert done.status is ImprovementStatus.COMPLETED
        assert done.before is not None
        assert done.after is not None
        assert (done.before["metric"], done.before["count"], done.after["count"]) == ("admission_wait", 5, 10)
