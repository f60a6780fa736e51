"""Roles that nobody needs, and roles that are there twice, are found; what is used is left alone."""

from __future__ import annotations

from datetime import timedelta

from events.catalogue.trace import TaskStarted
from supervisor.monitoring.models import ImprovementRecord
from tests.supervisor.specialists.conftest import Shop


async def worked(shop: Shop, **tasks: int) -> None:
    for role, count in tasks.items():
        events = [TaskStarted(task="t1", role=role, request="x") for _ in range(count)]
        await shop.supervisor.store.append(f"trace/made-{role}", events)


async def found(shop: Shop) -> dict[str, ImprovementRecord]:
    await shop.supervisor.monitoring.trigger_analysis()
    items = (await shop.supervisor.monitoring.get_improvements()).items
    return {item.affected_components[0]: item for item in items if item.analyzer == "architecture"}


async def test_a_role_without_tasks_for_long_is_suggested_for_retirement(shop: Shop) -> None:
    await worked(shop, weather=600, timer=500)
    shop.clock.move(timedelta(days=29))
    assert await found(shop) == {}
    shop.clock.move(timedelta(days=2))
    await worked(shop, calendar=1)
    records = await found(shop)
    assert "role:smart_home" in records
    record = records["role:smart_home"]
    assert (record.type, record.priority) == ("architecture", "low")
    assert (record.implementation_plan.action, record.implementation_plan.arguments) == (
        "disable_agent", {"agent": "smart_home"},
    )  # fmt: skip


async def test_of_few_tasks_nothing_is_said(shop: Shop) -> None:
    await worked(shop, weather=900)
    shop.clock.move(timedelta(days=90))
    assert await found(shop) == {}


async def test_two_roles_with_the_same_tools_are_suggested_to_be_one(shop: Shop) -> None:
    parts = shop.supervisor._running_parts  # pyright: ignore[reportPrivateUsage]
    await parts.agents.register("apparel", "buys things", ["shop.price"])
    await worked(shop, apparel=3, scripted=9)
    records = await found(shop)
    assert list(records) == ["role:apparel"]
    plan = records["role:apparel"].implementation_plan
    assert (plan.specialist, plan.action, plan.arguments) == (
        "system_architect", "merge_agents", {"agent": "apparel", "into": "scripted"},
    )  # fmt: skip
    await shop.supervisor.monitoring.approve(records["role:apparel"].id, by="ann")
    await shop.supervisor.specialists.step()
    (agent,) = [each for each in await shop.supervisor.agents() if each.name == "apparel"]
    assert not agent.enabled
