"""What was tried and taken back is not suggested again, unless the evidence changed materially."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.catalogue.improvement import EstimatedImpact, ImprovementPlan
from supervisor.monitoring import Finding
from supervisor.monitoring.models import ImprovementRecord
from supervisor.monitoring.tried import changed_materially, same_plan
from tests.supervisor.monitoring.conftest import Stepped
from tests.supervisor.monitoring.test_improvements import Finder, finding

LIMIT = "requests.task_timeout"


def tuned(**changes: float) -> ImprovementPlan:
    arguments: dict[str, Any] = {"component": "metric:shop", "metric": "response_time", "share": 0.5}
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return ImprovementPlan(
        action="tune", specialist="performance_analyst", arguments={**arguments, "changes": named}
    )  # fmt: skip


def slow(seconds: float = 40.0, *, timeout: float = 5.0, **more: Any) -> Finding:
    impact = EstimatedImpact(text="less", metric="metric:shop/response_time", before=seconds, after=30)
    return finding(plan=tuned(requests__task_timeout=timeout), impact=impact, **more)


async def harmed(stepped: Stepped, name: str) -> None:
    commands = stepped.monitoring.improvements
    await commands.approve(name, by="ann")
    leave = await commands.assign(name, agent="performance_analyst")
    await commands.fail(leave, "it did harm: slower; it was taken back", harm=True)


async def undone(stepped: Stepped, name: str) -> None:
    commands = stepped.monitoring.improvements
    await commands.approve(name, by="ann")
    await commands.complete(await commands.assign(name, agent="performance_analyst"), undo={})
    await commands.undo(name, by="ann", reason="requests were cut off")


async def next_one(stepped: Stepped, later: timedelta) -> ImprovementRecord:
    stepped.clock.set(datetime.now(UTC) + later)
    (name,) = (await stepped.monitoring.trigger_analysis()).suggested
    return await stepped.monitoring.get_improvement(name)


@pytest.mark.parametrize(("end", "later"), [(harmed, timedelta(hours=25)), (undone, timedelta(days=31))])
async def test_the_same_plan_is_for_a_person_the_next_time(stepped: Stepped, end: Any, later: timedelta) -> None:
    finder = Finder(slow())
    stepped.monitoring.register_analyzer("shop", finder)
    first = await next_one(stepped, timedelta())
    assert first.implementation_plan.action == "tune"
    await end(stepped, first.id)
    for number, found in enumerate((slow(), slow(60, timeout=6), slow(type="cost", subject="shop/other")), 1):
        finder.found = [found]
        again = await next_one(stepped, number * later)
        plan = again.implementation_plan
        assert (plan.action, plan.arguments["tried"]) == ("", first.id)
        assert "changes" not in plan.arguments
        assert f"was tried as {first.id} and taken back" in plan.steps[0]
        await stepped.monitoring.improvements.close(again.id, by="monitoring")


@pytest.mark.parametrize(
    "found",
    [slow(80), slow(priority="critical"), slow(timeout=20), slow(timeout=1)],
    ids=["twice as bad", "more urgent", "another value", "a smaller value"],
)
async def test_it_is_suggested_where_the_evidence_or_the_plan_is_another(stepped: Stepped, found: Finding) -> None:
    finder = Finder(slow())
    stepped.monitoring.register_analyzer("shop", finder)
    await harmed(stepped, (await next_one(stepped, timedelta())).id)
    finder.found = [found]
    assert (await next_one(stepped, timedelta(hours=25))).implementation_plan == found.plan


async def test_what_failed_without_harm_is_tried_again_after_a_day(stepped: Stepped) -> None:
    stepped.monitoring.register_analyzer("shop", Finder(slow()))
    first, commands = await next_one(stepped, timedelta()), stepped.monitoring.improvements
    await commands.approve(first.id, by="ann")
    await commands.fail(await commands.assign(first.id, agent="performance_analyst"), "the disk was full")
    assert (await next_one(stepped, timedelta(hours=25))).implementation_plan.action == "tune"


def test_which_plans_are_the_same() -> None:
    one = tuned(requests__task_timeout=5)
    assert same_plan(tuned(requests__task_timeout=7.5), one)
    assert same_plan(tuned(requests__task_timeout=5, requests__queue=9), one)
    assert not same_plan(one, tuned(requests__task_timeout=5, requests__queue=9))
    assert not same_plan(tuned(requests__task_timeout=7.6), one)
    assert not same_plan(tuned(requests__task_timeout=0), one)
    assert same_plan(tuned(requests__task_timeout=0), tuned(requests__task_timeout=0))
    assert not same_plan(tuned(), one)
    retire = ImprovementPlan(action="disable_agent", specialist="system_architect", arguments={"agent": "a", "n": 1})
    assert same_plan(retire.model_copy(update={"arguments": {"agent": "a", "n": 2}}), retire)
    for change in ({"arguments": {"agent": "b"}}, {"action": "restore_agent"}, {"specialist": "x"}):
        assert not same_plan(retire.model_copy(update=change), retire)


@pytest.mark.parametrize(
    ("metric", "was", "now", "changed"),
    [
        ("response_time", 2, 3.9, False), ("response_time", 2, 4, True), ("success_rate", 0.8, 0.7, False),
        ("success_rate", 0.8, 0.6, True), ("success_rate", 1.0, 0.99, True), ("error_rate", 0.0, 0.0, False),
        ("response_time", None, 9, False), ("response_time", 9, None, False),
    ],
)  # fmt: skip
def test_what_is_a_material_change(metric: str, was: float | None, now: float | None, changed: bool) -> None:
    def impact(value: float | None, name: str = metric) -> EstimatedImpact:
        return EstimatedImpact(text="x", metric=f"tool:a/{name}", before=value)

    assert changed_materially("medium", impact(now), "medium", impact(was)) is changed
    assert not changed_materially("medium", impact(now), "high", impact(was, "other"))
    assert changed_materially("high", impact(now), "medium", impact(was))


def test_priorities_that_no_version_knows_change_nothing() -> None:
    told: Sequence[EstimatedImpact] = [EstimatedImpact(text="x"), EstimatedImpact(text="y")]
    assert not changed_materially("critical", told[0], "someday", told[1])
