"""Nothing is applied that was not approved, whichever way it is tried."""

from __future__ import annotations

import contextlib
import copy
import itertools
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.errors import ConfigurationError, ImprovementError, NotFound, StoreError, StreamConflict, SupervisorError
from common.intents import StreamAppend
from events.catalogue.base import Event
from events.catalogue.improvement import (
    Evidence,
    ImprovementApproved,
    ImprovementAssigned,
    ImprovementClosed,
    ImprovementCompleted,
    ImprovementEvidenceAdded,
    ImprovementPlan,
    ImprovementRejected,
    ImprovementUndone,
)
from events.catalogue.tuning import SettingTuned
from events.state.improvement import ApprovedImprovement, ImprovementStatus, permit, plan_hash
from supervisor.commands.improvements import improvement_stream
from supervisor.monitoring.lead import Lead
from tests.events.newer import append_newer
from tests.supervisor.specialists.conftest import CACHE, Open, Shop


async def approved(shop: Shop, name: str = "imp-1", **more: Any) -> str:
    await shop.suggest(name, **more)
    await shop.supervisor.monitoring.approve(name, by="ann")
    return name


async def leave_of(shop: Shop, name: str) -> ApprovedImprovement:
    return await shop.supervisor.monitoring.improvements.permitted(name)


# --- by the state it is in ---


@pytest.mark.parametrize("decided", ["pending", "rejected", "closed", "failed", "undone"])
async def test_what_is_not_approved_is_not_carried_out(shop: Shop, decided: str) -> None:
    name = await shop.suggest()
    commands = shop.supervisor.monitoring.improvements
    match decided:
        case "rejected":
            await commands.reject(name, by="ann")
        case "closed":
            await commands.close(name, by="monitoring")
        case "failed":
            await commands.approve(name, by="ann")
            await commands.fail(await commands.assign(name, agent="performance_analyst"), "no")
        case "undone":
            await commands.approve(name, by="ann")
            await commands.complete(await commands.assign(name, agent="performance_analyst"), undo={})
            await commands.undo(name, by="ann")
        case _:
            pass
    assert await shop.supervisor.specialists.step() == []
    assert await shop.tuned() == []
    with pytest.raises(ImprovementError):
        await commands.assign(name, agent="performance_analyst")


async def test_each_is_applied_once_however_many_steps_and_processes_there_are(open_shop: Open, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with open_shop(url=url) as one, open_shop(url=url) as two:
        name = await approved(one)
        async with anyio.create_task_group() as group:
            for shop in (one, two) * 3:
                group.start_soon(shop.supervisor.specialists.step)
        for shop in (one, two):
            await shop.supervisor.specialists.step()
        assert len(await one.tuned()) == 1
        assert await one.status(name) == "assigned"
        await two.supervisor.tuning.refresh()
        assert two.supervisor.tuning.value(CACHE) == 60


async def test_two_that_both_believe_to_lead_apply_it_once(
    open_shop: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(self: Lead) -> bool:
        return True

    monkeypatch.setattr(Lead, "leads", always)
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with open_shop(url=url) as one, open_shop(url=url) as two:
        names = [await approved(one, f"imp-{number}") for number in range(1, 6)]
        async with anyio.create_task_group() as group:
            for shop in (one, two) * 4:
                group.start_soon(shop.supervisor.specialists.step)
        await one.supervisor.specialists.step()
        tuned = [each.improvement for each in await one.tuned()]
        assert sorted(each for each in tuned if each) == names


# --- with tokens that nobody gave ---


async def test_a_leave_is_made_by_no_other_way_and_a_copy_is_worth_nothing(shop: Shop) -> None:
    name = await approved(shop)
    leave = await leave_of(shop, name)
    with pytest.raises(ImprovementError):
        replace(leave, leave=object())
    with pytest.raises((TypeError, ValueError)):
        replace(leave, improvement_id="imp-2")  # pyright: ignore[reportCallIssue]
    forged = object.__new__(ApprovedImprovement)
    for field in (
        "improvement_id",
        "type",
        "plan",
        "plan_hash",
        "approval",
        "approved_by",
        "policy",
        "status",
        "agent",
    ):
        object.__setattr__(forged, field, getattr(leave, field))
    object.__setattr__(forged, "stream_version", 2)
    object.__setattr__(forged, "plan", leave.plan.model_copy(update={"arguments": {"changes": {CACHE: 600.0}}}))
    with pytest.raises(ImprovementError, match="not the one that was approved"):
        await shop.supervisor.tuning.carrying_out(forged, by="mallory")
    await shop.suggest("imp-2")
    object.__setattr__(forged, "improvement_id", "imp-2")
    for attempt in (forged, copy.copy(forged), pickle.loads(pickle.dumps(forged))):
        with pytest.raises(ImprovementError):
            await shop.supervisor.tuning.carrying_out(attempt, by="mallory")
        with pytest.raises(ImprovementError):
            await shop.supervisor.monitoring.improvements.complete(attempt)
    for specialist in shop.supervisor.specialists.known:
        with contextlib.suppress(SupervisorError):
            await specialist.prepare(forged)
        with contextlib.suppress(SupervisorError):
            await specialist.carry_out(forged)
    assert await shop.tuned() == []


async def test_a_plan_changed_in_the_hands_of_its_holder_is_refused(shop: Shop) -> None:
    leave = await leave_of(shop, await approved(shop))
    leave.plan.arguments["changes"] = {CACHE: 600.0, "requests.max_concurrent": 1.0}
    with pytest.raises(ImprovementError):
        await shop.supervisor.tuning.carrying_out(leave, by="performance_analyst")
    assert await shop.tuned() == []


async def test_a_leave_that_was_used_up_is_refused(shop: Shop) -> None:
    name = await approved(shop)
    old = await leave_of(shop, name)
    await shop.supervisor.specialists.step()
    commands = shop.supervisor.monitoring.improvements
    await commands.fail(await commands.permitted(name), "no use")
    with pytest.raises(ImprovementError):
        await shop.supervisor.tuning.carrying_out(old, by="performance_analyst")
    with pytest.raises(ImprovementError):
        await commands.complete(old)


# --- by the events of the log ---


async def test_a_setting_that_names_an_improvement_counts_only_with_its_approval(shop: Shop) -> None:
    async def tune(value: float, improvement: str) -> float:
        forged = SettingTuned(key=CACHE, value=value, by="performance_analyst", improvement=improvement)
        await shop.supervisor.store.append("tuning/" + CACHE, [forged])
        await shop.supervisor.tuning.refresh()
        return shop.supervisor.tuning.value(CACHE)

    assert await tune(60, "imp-none") == 0
    await shop.suggest("imp-1")
    assert await tune(60, "imp-1") == 0
    await shop.supervisor.monitoring.approve("imp-1", by="ann")
    assert await tune(61, "imp-1") == 0
    await shop.suggest("imp-2")
    await shop.supervisor.monitoring.reject("imp-2", by="ann")
    assert await tune(60, "imp-2") == 0
    with pytest.raises(ConfigurationError):
        await shop.supervisor.tuning.probe()
    (row,) = [each for each in await shop.supervisor.doctor() if each.part == "tuning"]
    assert row.is_fault


async def test_a_value_beyond_its_bounds_is_not_used_whoever_wrote_it(shop: Shop) -> None:
    for key, value in ((CACHE, 1e9), ("requests.max_concurrent", 0.0), ("requests.queue", 1.5), ("no.such", 1.0)):
        await shop.supervisor.store.append(f"tuning/{key}", [SettingTuned(key=key, value=value, by="mallory")])
    await shop.supervisor.tuning.refresh()
    assert shop.supervisor.tuning.value(CACHE) == 0
    assert shop.supervisor.tuning.value("requests.max_concurrent") == 64
    for changes in ({CACHE: 1e9}, {"requests.max_concurrent": 0}, {"no.such": 1}, {CACHE: "60"}, {CACHE: True}):
        name = await approved(shop, f"imp-{len(str(changes))}-{next(_NUMBERS)}", changes=changes)
        await shop.supervisor.specialists.step()
        assert await shop.status(name) == "failed"
    assert [each.by for each in await shop.tuned()] == ["mallory"] * 4


_NUMBERS = itertools.count(1)


async def test_no_order_of_forged_events_has_a_plan_applied(shop: Shop) -> None:
    """Every history of up to two events behind the suggestion that no approval of this plan is among."""
    for number, tail in enumerate(itertools.chain(*(itertools.product(range(8), repeat=size) for size in (1, 2)))):
        name = f"imp-{number + 10}"
        await shop.suggest(name, changes={CACHE: 60.0 + number})
        state = await shop.supervisor.monitoring.improvements.state(name)
        for kind in tail:
            await shop.supervisor.store.append(improvement_stream(name), [_forged(kind, name, state)])
        recorded = await shop.supervisor.store.read(improvement_stream(name))
        with contextlib.suppress(ImprovementError):
            permit(name, recorded)
            pytest.fail(f"{tail} gives leave")
    for _ in range(2):
        with contextlib.suppress(ImprovementError, StoreError):
            await shop.supervisor.specialists.step()
    assert await shop.tuned() == []


def _forged(kind: int, name: str, state: Any) -> Event:
    hashed = plan_hash(state.known)
    other = ImprovementPlan(action="tune", arguments={"changes": {CACHE: 1.0}})
    return (
        ImprovementApproved(improvement_id=name, plan_hash="0" * 64, by="ann"),
        ImprovementApproved(improvement_id=name, plan_hash=hashed, by=" "),
        ImprovementAssigned(
            improvement_id=name, plan_hash=hashed, approval=f"improvement/{name}@2", agent="code_editor"
        ),
        ImprovementCompleted(improvement_id=name, agent="performance_analyst"),
        ImprovementRejected(improvement_id=name, by="ann"),
        ImprovementClosed(improvement_id=name, by="ann"),
        ImprovementUndone(improvement_id=name, by="ann"),
        state.known.model_copy(update={"implementation_plan": other}),
    )[kind]


async def test_a_second_suggestion_can_not_change_what_was_approved(shop: Shop) -> None:
    name = await approved(shop)
    state = await shop.supervisor.monitoring.improvements.state(name)
    other = state.known.model_copy(
        update={"implementation_plan": ImprovementPlan(action="tune", arguments={"changes": {CACHE: 600.0}})}
    )
    await shop.supervisor.store.append(improvement_stream(name), [other])
    assert await shop.supervisor.specialists.step() == []
    assert await shop.tuned() == []


async def test_nothing_is_carried_out_on_top_of_what_a_newer_version_wrote(shop: Shop) -> None:
    name = await approved(shop)
    await append_newer(shop.supervisor.store, improvement_stream(name), "improvement.paused")
    assert await shop.supervisor.specialists.step() == []
    assert await shop.tuned() == []


async def test_evidence_that_comes_later_does_not_widen_the_approval(shop: Shop) -> None:
    name = await approved(shop)
    evidence = Evidence(text="worse", figures={"changes": {CACHE: 600.0}})
    await shop.supervisor.store.append(
        improvement_stream(name), [ImprovementEvidenceAdded(improvement_id=name, evidence=evidence)]
    )
    await shop.supervisor.specialists.step()
    assert [each.value for each in await shop.tuned()] == [60]


# --- at the last moment ---


async def test_a_rejection_between_look_and_append_wins(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The leave is there, the events are prepared, and the append comes second to something else."""
    name = await approved(shop)
    commands = shop.supervisor.monitoring.improvements
    appends = await shop.supervisor.tuning.carrying_out(await leave_of(shop, name), by="performance_analyst")
    await commands.fail(await commands.assign(name, agent="code_editor"), "taken by somebody else")
    with pytest.raises(ImprovementError):
        await commands.assign(name, agent="performance_analyst", beside=appends)
    assert await shop.tuned() == []


async def test_a_setting_tuned_meanwhile_is_looked_at_again(shop: Shop) -> None:
    name = await approved(shop)
    commands = shop.supervisor.monitoring.improvements
    appends = await shop.supervisor.tuning.carrying_out(await leave_of(shop, name), by="performance_analyst")
    await shop.supervisor.tuning.set(CACHE, 5, by="bea")
    with pytest.raises(StreamConflict):
        await commands.assign(name, agent="performance_analyst", beside=appends)
    assert (await commands.state(name)).status is ImprovementStatus.APPROVED
    await shop.supervisor.specialists.step()
    assert [(each.before, each.value) for each in await shop.tuned()] == [(None, 5), (5, 60)]


async def test_events_made_ready_can_not_be_appended_twice(shop: Shop) -> None:
    name = await approved(shop)
    appends = await shop.supervisor.tuning.carrying_out(await leave_of(shop, name), by="performance_analyst")
    await shop.supervisor.specialists.step()
    with pytest.raises(StreamConflict):
        await shop.supervisor.store.append(list(appends))
    again: list[StreamAppend] = [replace(append, expected_version=None) for append in appends]
    await shop.supervisor.tuning.reset(CACHE, by="bea")
    commands = shop.supervisor.monitoring.improvements
    await commands.fail(await commands.permitted(name), "no use")
    await shop.supervisor.store.append(again)  # a replay, straight into the log
    await shop.supervisor.tuning.refresh()
    assert shop.supervisor.tuning.value(CACHE) == 0


# --- by policy ---


async def test_a_policy_that_is_off_by_then_has_it_taken_back(open_shop: Open) -> None:
    async with open_shop(auto_apply_types=["performance"]) as shop:
        await shop.supervisor.flags.set("auto-apply-improvements", variant="on", by="ann")
        name = await shop.suggest()
        report = await shop.supervisor.monitoring.trigger_analysis()
        assert report.approved == (name,)
        await shop.supervisor.specialists.step()
        assert shop.supervisor.tuning.value(CACHE) == 60
        await shop.supervisor.flags.set("auto-apply-improvements", variant="off", by="ann")
        assert await shop.supervisor.specialists.step() == [name]
        assert shop.supervisor.tuning.value(CACHE) == 0
        failed = await shop.supervisor.monitoring.get_improvement(name)
        assert failed.status == "failed"
        assert "does not allow it any more; it was taken back" in (failed.result or "")


async def test_the_policy_is_limited_by_type(open_shop: Open) -> None:
    async with open_shop(auto_apply_types=["cost"]) as shop:
        await shop.supervisor.flags.set("auto-apply-improvements", variant="on", by="ann")
        name = await shop.suggest()
        await shop.supervisor.monitoring.trigger_analysis()
        await shop.supervisor.specialists.step()
        assert await shop.tuned() == []
        assert await shop.status(name) == "pending"


async def test_the_policy_leaves_to_a_person_what_only_a_person_can_do(open_shop: Open) -> None:
    async with open_shop(auto_apply_types=["performance"]) as shop:
        await shop.supervisor.flags.set("auto-apply-improvements", variant="on", by="ann")
        name = await shop.suggest(action="", specialist="")
        assert (await shop.supervisor.monitoring.trigger_analysis()).approved == ()
        assert await shop.status(name) == "pending"


async def test_nothing_is_there_to_be_undone_before_it_is_done(shop: Shop) -> None:
    with pytest.raises(NotFound):
        await shop.supervisor.specialists.undo("imp-none", by="ann")
    name = await approved(shop)
    with pytest.raises(ImprovementError):
        await shop.supervisor.specialists.undo(name, by="ann")
    await shop.supervisor.specialists.step()
    with pytest.raises(ImprovementError):
        await shop.supervisor.specialists.undo(name, by="ann")
    assert len(await shop.tuned()) == 1
