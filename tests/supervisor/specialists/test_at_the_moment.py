"""Leave is asked of the log at the moment of applying, by the specialists themselves, however they are reached."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from common.errors import ImprovementError, NotFound
from events.catalogue.base import Event
from events.catalogue.improvement import (
    ImprovementApproved,
    ImprovementAssigned,
    ImprovementCompleted,
    ImprovementPlan,
    ImprovementRejected,
)
from events.catalogue.tuning import SettingTuned
from events.state.improvement import ApprovedImprovement, plan_hash
from roles.specialists.code_editor import CodeEditor
from roles.specialists.guideline_proposer import GuidelineProposer
from roles.specialists.performance_analyst import PerformanceAnalyst
from roles.specialists.specialist import Specialist
from roles.specialists.system_architect import SystemArchitect
from supervisor.commands.improvements import improvement_stream
from supervisor.specialists.agent_changes import AgentChanges
from supervisor.specialists.call_log import CallLog
from tests.supervisor.specialists.conftest import CACHE, Open, Shop
from tests.supervisor.specialists.test_specialists import Builder, Learned, permits


class Hands:
    """The specialists whose work is no events, and what they did."""

    def __init__(self, shop: Shop) -> None:
        parts = shop.supervisor._running_parts  # pyright: ignore[reportPrivateUsage]
        self.builder, self.learned, self.housekept = Builder(), Learned(("v1", "waiting")), 0
        seen, tuning, leave = CallLog(parts.store), shop.supervisor.tuning, permits(shop)

        async def housekeep() -> str:
            self.housekept += 1
            return "done"

        made: list[Specialist] = [
            PerformanceAnalyst(tuning, seen, housekeep, leave),
            GuidelineProposer(self.learned, leave),
            CodeEditor(tuning, seen, leave, self.builder),
            SystemArchitect(AgentChanges(parts.store, parts.agents, parts.roles), leave, self.builder),
        ]
        self.by_name = {each.name: each for each in made}
        for each in made:
            shop.supervisor.specialists.register(each)

    @property
    def idle(self) -> bool:
        """Whether nothing was done."""
        return not self.builder.made and not self.learned.asked and not self.housekept


WORK = [
    ("performance_analyst", "maintain", {}),
    ("prompt_engineer", "propose_guideline", {"agent_type": "weather"}),
    ("code_editor", "change_code", {"component": "tool:shop.price"}),
    ("system_architect", "build_agent", {"request": "a tea taster"}),
]
each_work = pytest.mark.parametrize(("specialist", "action", "arguments"), WORK, ids=[name for name, _, _ in WORK])


def forged(leave: ApprovedImprovement, **changes: Any) -> ApprovedImprovement:
    """A leave that nobody gave."""
    made = object.__new__(ApprovedImprovement)
    for field in ApprovedImprovement.__slots__:
        object.__setattr__(made, field, changes.get(field, getattr(leave, field)))
    return made


@each_work
async def test_a_specialist_called_directly_asks_the_log(
    shop: Shop, specialist: str, action: str, arguments: dict[str, Any]
) -> None:
    hands, commands = Hands(shop), shop.supervisor.monitoring.improvements
    hand = hands.by_name[specialist]
    for name in ("imp-1", "imp-2"):
        await shop.suggest(name, action=action, specialist=specialist, arguments=arguments)
    await commands.approve("imp-1", by="ann")
    leave = await commands.permitted("imp-1")
    tries: list[ApprovedImprovement] = [
        leave,  # approved, and assigned to nobody
        forged(leave, agent=specialist),
        forged(leave, improvement_id="imp-2", agent=specialist),
        forged(leave, improvement_id="imp-none", agent=specialist),
    ]
    for attempt in tries:
        with pytest.raises((ImprovementError, NotFound)):
            await hand.carry_out(attempt)
    other = next(name for name, _, _ in WORK if name != specialist)
    elsewhere = await commands.assign("imp-1", agent=other)
    with pytest.raises(ImprovementError):
        await hand.carry_out(elsewhere)
    await commands.fail(elsewhere, "no")
    with pytest.raises(ImprovementError):
        await hand.carry_out(forged(elsewhere, agent=specialist))
    assert hands.idle


@each_work
async def test_what_a_holder_made_of_a_plan_is_not_done(
    shop: Shop, specialist: str, action: str, arguments: dict[str, Any]
) -> None:
    hands, commands = Hands(shop), shop.supervisor.monitoring.improvements
    name = await shop.suggest(action=action, specialist=specialist, arguments=arguments)
    await commands.approve(name, by="ann")
    leave = await commands.assign(name, agent=specialist)
    other = ImprovementPlan(action=action, specialist=specialist, arguments={"agent_type": "x", "request": "malware"})
    for attempt in (
        forged(leave, plan=other),
        forged(leave, approval="improvement/imp-1@9"),
        forged(leave, plan_hash="0"),
    ):
        with pytest.raises(ImprovementError):
            await hands.by_name[specialist].carry_out(attempt)
    assert hands.idle
    await hands.by_name[specialist].carry_out(leave)
    assert not hands.idle


@each_work
async def test_a_policy_that_is_off_at_that_moment_allows_nothing(
    open_shop: Open, specialist: str, action: str, arguments: dict[str, Any]
) -> None:
    async with open_shop(auto_apply_types=["performance"]) as shop:
        hands, commands = Hands(shop), shop.supervisor.monitoring.improvements
        await shop.supervisor.flags.set("auto-apply-improvements", variant="on", by="ann")
        name = await shop.suggest(action=action, specialist=specialist, arguments=arguments)
        await commands.approve_by_policy(name, by="monitoring", policy="auto-apply-improvements")
        leave = await commands.assign(name, agent=specialist)
        await shop.supervisor.flags.set("auto-apply-improvements", variant="off", by="ann")
        for attempt in (leave, forged(leave, policy="")):
            with pytest.raises(ImprovementError):
                await hands.by_name[specialist].carry_out(attempt)
        assert hands.idle


async def test_agents_are_not_even_prepared_to_be_switched_without_leave(shop: Shop) -> None:
    hands = Hands(shop)
    architect = hands.by_name["system_architect"]
    for name in ("imp-1", "imp-2"):
        await shop.suggest(name, action="disable_agent", specialist="system_architect", arguments={"agent": "weather"})
    await shop.supervisor.monitoring.approve("imp-1", by="ann")
    leave = await permits(shop)(await shop.supervisor.monitoring.improvements.permitted("imp-1"))
    with pytest.raises(ImprovementError):
        await architect.prepare(forged(leave, improvement_id="imp-2"))
    leave.plan.arguments["agent"] = "timer"
    with pytest.raises(ImprovementError):
        await architect.prepare(leave)


# --- forged in other places of the log ---


async def test_events_in_other_streams_say_nothing(shop: Shop) -> None:
    name = await shop.suggest()
    hashed = plan_hash((await shop.supervisor.monitoring.improvements.state(name)).known)
    approved = ImprovementApproved(improvement_id=name, plan_hash=hashed, by="ann")
    elsewhere: list[tuple[str, Event]] = [
        ("improvement/imp-2", approved),
        ("somewhere", approved),
        ("somewhere", ImprovementAssigned(improvement_id=name, plan_hash=hashed, approval="somewhere@1", agent="x")),
        ("somewhere", ImprovementCompleted(improvement_id=name, agent="x", undo={"settings": {CACHE: 1}})),
        ("somewhere", ImprovementRejected(improvement_id=name, by="ann")),
        ("somewhere", SettingTuned(key=CACHE, value=60, by="mallory")),
        ("tuning/other", SettingTuned(key="requests.queue", value=0, by="mallory")),
    ]
    for stream, event in elsewhere:
        await shop.supervisor.store.append(stream, [event])
    assert await shop.supervisor.specialists.step() == []
    await shop.supervisor.tuning.refresh()
    assert (shop.supervisor.tuning.value(CACHE), shop.supervisor.tuning.value("requests.queue")) == (0, 256)
    assert await shop.status(name) == "pending"
    page = await shop.supervisor.monitoring.get_improvements("pending")
    assert [item.id for item in page.items] == [name]
    assert (await shop.supervisor.monitoring.get_system_status()).pending_improvements == 1


async def test_a_tenant_s_events_decide_nothing(shop: Shop) -> None:
    name = await shop.suggest()
    hashed = plan_hash((await shop.supervisor.monitoring.improvements.state(name)).known)
    approved = ImprovementApproved(improvement_id=name, plan_hash=hashed, by="ann")
    await shop.supervisor.store.append(improvement_stream(name), [approved], tenant="acme")
    assert await shop.supervisor.specialists.step() == []
    with pytest.raises(ImprovementError, match="it is a tenant's"):
        await shop.supervisor.monitoring.improvements.permitted(name)
    assert await shop.tuned() == []


async def test_an_approval_of_one_is_none_of_another_with_the_same_plan(shop: Shop) -> None:
    await shop.suggest("imp-1")
    await shop.suggest("imp-2")
    approved = await shop.supervisor.monitoring.approve("imp-1", by="ann")
    replayed = approved.model_copy(update={"improvement_id": "imp-2"})
    await shop.supervisor.store.append("improvement/imp-2", [replayed])
    await shop.supervisor.specialists.step()
    assert [each.improvement for each in await shop.tuned()] == ["imp-1"]
    with pytest.raises(ImprovementError, match="another plan was approved"):
        await shop.supervisor.monitoring.improvements.permitted("imp-2")


async def test_the_type_is_part_of_what_is_approved(open_shop: Open) -> None:
    async with open_shop(auto_apply_types=["cost"]) as shop:
        await shop.supervisor.flags.set("auto-apply-improvements", variant="on", by="ann")
        name = await shop.suggest(type_="performance")
        state = await shop.supervisor.monitoring.improvements.state(name)
        as_cost = state.known.model_copy(update={"type": "cost"})
        policy = "auto-apply-improvements"
        for hashed in (plan_hash(as_cost), plan_hash(state.known)):
            forge = ImprovementApproved(improvement_id=name, plan_hash=hashed, by="monitoring", policy=policy)
            await shop.supervisor.store.append(improvement_stream(name), [forge])
            assert await shop.supervisor.specialists.step() == []
            with pytest.raises(ImprovementError):
                await shop.supervisor.monitoring.improvements.assign(name, agent="performance_analyst")
            name = await shop.suggest("imp-2", type_="performance") if name == "imp-1" else name
        assert await shop.tuned() == []


# --- undoing ---


async def carried_out(shop: Shop, name: str, value: float) -> str:
    await shop.suggest(name, arguments={"changes": {CACHE: value}})
    await shop.supervisor.monitoring.approve(name, by="ann")
    await shop.supervisor.specialists.step()
    assert await shop.status(name) == "completed"
    return name


@pytest.mark.parametrize("first", ["imp-1", "imp-2"])
async def test_undoing_brings_back_nothing_that_was_undone(shop: Shop, first: str) -> None:
    one, two = await carried_out(shop, "imp-1", 60), await carried_out(shop, "imp-2", 90)
    undo = shop.supervisor.specialists.undo
    await undo(first, by="ann")
    assert shop.supervisor.tuning.value(CACHE) == (90 if first == one else 60)
    (held,) = [each for each in await shop.supervisor.tuning.settings() if each.key == CACHE]
    assert held.improvement == (two if first == one else one)  # the value is still bound to its own approval
    await undo(two if first == one else one, by="ann")
    assert shop.supervisor.tuning.value(CACHE) == 0
    for name in (one, two):
        with pytest.raises(ImprovementError):
            await undo(name, by="ann")
    assert shop.supervisor.tuning.value(CACHE) == 0


async def test_undoing_brings_back_what_a_person_set(shop: Shop) -> None:
    await shop.supervisor.tuning.set(CACHE, 30, by="bea")
    one, two = await carried_out(shop, "imp-1", 60), await carried_out(shop, "imp-2", 90)
    await shop.supervisor.specialists.undo(one, by="ann")
    await shop.supervisor.specialists.undo(two, by="ann")
    assert shop.supervisor.tuning.value(CACHE) == 30


async def test_one_undo_is_done_once_however_many_ask(shop: Shop) -> None:
    name = await carried_out(shop, "imp-1", 60)
    refused = 0

    async def undo() -> None:
        nonlocal refused
        try:
            await shop.supervisor.specialists.undo(name, by="ann")
        except ImprovementError:
            refused += 1

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(undo)
    assert refused == 4
    assert [each.value for each in await shop.tuned()] == [60, None]


async def test_an_agent_that_a_person_switched_since_then_stays_as_it_is(shop: Shop) -> None:
    more: dict[str, Any] = {"action": "disable_agent", "specialist": "system_architect"}
    await shop.suggest(arguments={"agent": "weather"}, **more)
    await shop.supervisor.monitoring.approve("imp-1", by="ann")
    await shop.supervisor.specialists.step()
    shop.seconds = 0
    await shop.buy(5)
    await shop.supervisor.specialists.step()
    assert await shop.status("imp-1") == "completed"
    await shop.supervisor.restore_agent("weather", by="bea")
    await shop.supervisor.disable_agent("weather", by="bea", reason="the station is down")
    await shop.supervisor.specialists.undo("imp-1", by="ann")
    assert "weather" not in [role.name for role in shop.supervisor.roles()]
