"""A slow tool becomes an improvement, is approved, carried out, measured, completed; a rejected one never is."""

from __future__ import annotations

from datetime import timedelta

import anyio
import pytest

from common.errors import ImprovementError
from tests.supervisor.specialists.conftest import CACHE, TOOL, Open, Shop


async def test_a_slow_tool_is_suggested_approved_carried_out_measured_and_completed(shop: Shop) -> None:
    record = await shop.found_slow()
    plan = record.implementation_plan
    assert (plan.specialist, plan.action, plan.arguments["changes"]) == ("performance_analyst", "tune", {CACHE: 600})
    assert f"Set {CACHE} to 600 (now 0)." in plan.steps

    assert await shop.supervisor.specialists.step() == []
    assert await shop.tuned() == []

    await shop.supervisor.monitoring.approve(record.id, by="ann", plan_hash=record.plan_hash)
    assert await shop.supervisor.specialists.step() == [record.id]
    assert await shop.status(record.id) == "assigned"
    (tuned,) = await shop.tuned()
    assert (tuned.key, tuned.value, tuned.by, tuned.improvement) == (CACHE, 600, "performance_analyst", record.id)

    asked = shop.asked
    assert await shop.buy(3) == ["tea is 3.20"] * 3
    assert await shop.supervisor.specialists.step() == []  # too few calls to judge by
    await shop.buy(3)
    assert shop.asked == asked + 1
    assert [call.remembered for call in (await shop.called())[-6:]] == [False, True, True, True, True, True]

    assert await shop.supervisor.specialists.step() == [record.id]
    done = await shop.supervisor.monitoring.get_improvement(record.id)
    assert (done.status, done.assigned_agent) == ("completed", "performance_analyst")
    assert done.before is not None
    assert done.after is not None
    assert done.before["count"] == 6
    assert float(str(done.before["mean"])) >= 0.1 > float(str(done.after["mean"]))
    assert "failed 0 of 6 calls before, 0 of 6 after" in (done.result or "")
    history = await shop.supervisor.monitoring.improvement_history(record.id)
    assert [step.what for step in history] == ["suggested", "approved", "assigned", "completed"]

    await shop.supervisor.specialists.undo(record.id, by="bea", comment="prices change too often")
    assert await shop.status(record.id) == "undone"
    assert shop.supervisor.tuning.value(CACHE) == 0
    asked = shop.asked
    await shop.buy(2)
    assert shop.asked == asked + 2


async def test_a_rejected_one_is_never_applied(shop: Shop) -> None:
    record = await shop.found_slow()
    await shop.supervisor.monitoring.reject(record.id, by="ann", comment="prices change")
    for _ in range(3):
        await shop.analysed()
        assert await shop.supervisor.specialists.step() == []
    with pytest.raises(ImprovementError):
        await shop.supervisor.monitoring.approve(record.id, by="ann")
    with pytest.raises(ImprovementError):
        await shop.supervisor.specialists.undo(record.id, by="ann")
    assert await shop.tuned() == []
    asked = shop.asked
    await shop.buy(2)
    assert shop.asked == asked + 2
    assert await shop.status(record.id) == "rejected"


async def test_where_few_calls_come_it_is_judged_by_what_there_is(open_shop: Open) -> None:
    async with open_shop(measure_for=600) as shop:
        record = await shop.found_slow()
        await shop.supervisor.monitoring.approve(record.id, by="ann")
        await shop.supervisor.specialists.step()
        assert await shop.supervisor.specialists.step() == []
        shop.clock.move(timedelta(minutes=11))
        assert await shop.supervisor.specialists.step() == [record.id]
        done = await shop.supervisor.monitoring.get_improvement(record.id)
        assert done.status == "completed"
        assert "too little was seen to measure it" in (done.result or "")


async def test_what_does_harm_is_taken_back_and_failed_with_the_figures(shop: Shop) -> None:
    shop.seconds = 0.02
    await shop.buy(20)
    key = "tool.shop.price.timeout"
    name = await shop.suggest(
        arguments={"component": TOOL, "metric": "response_time", "changes": {key: 0.05}}, affected_components=[TOOL]
    )
    await shop.supervisor.monitoring.approve(name, by="ann")
    await shop.supervisor.specialists.step()
    shop.seconds = 5.0
    answers = await shop.buy(8)
    assert "gave no answer within 0.05 seconds" in answers[-1]
    assert await shop.supervisor.specialists.step() == [name]
    failed = await shop.supervisor.monitoring.get_improvement(name)
    assert failed.status == "failed"
    assert "it did harm" in (failed.result or "")
    assert "it was taken back" in (failed.result or "")
    assert "failed 0 of 20 calls before, 8 of 8 after" in (failed.result or "")
    assert shop.supervisor.tuning.value(key) == 30
    assert [each.value for each in await shop.tuned()] == [0.05, None]


async def test_a_running_supervisor_does_it_all_by_itself(open_shop: Open) -> None:
    async with open_shop(background=True, measure_calls=3, sample_every=1000) as shop:
        await shop.supervisor.monitoring.sample()
        await shop.buy(6)
        await shop.analysed()
        record = await shop.found()
        await shop.supervisor.monitoring.approve(record.id, by="ann")
        with anyio.fail_after(30):
            while not await shop.tuned():
                await anyio.sleep(0.05)
            await shop.buy(4)
            while await shop.status(record.id) != "completed":
                await anyio.sleep(0.05)
