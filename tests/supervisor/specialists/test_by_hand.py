"""What a person carried out is ended by that person, and taken up by nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import anyio
import pytest

from common.errors import ImprovementError, NotFound
from supervisor.monitoring import AnalysisContext, Finding
from tests.supervisor.monitoring.test_improvements import finding
from tests.supervisor.specialists.conftest import Shop


@pytest.mark.parametrize(("done", "status"), [(True, "completed"), (False, "failed")])
async def test_an_approved_one_is_ended_with_who_and_what(shop: Shop, done: bool, status: str) -> None:
    monitoring = shop.supervisor.monitoring
    name = await shop.suggest(action="", specialist="")
    end = monitoring.done_by_hand if done else monitoring.failed_by_hand
    with pytest.raises(ImprovementError):
        await end(name, by="bea", note="moved the index")
    await monitoring.approve(name, by="ann")
    assert await shop.supervisor.specialists.step() == []
    for by, note in ((" ", "moved it"), ("bea", ""), ("bea", " \n"), ("bea", "x" * 4_001)):
        with pytest.raises(ImprovementError):
            await end(name, by=by, note=note)
    await end(name, by="bea", note="moved the index")
    record = await monitoring.get_improvement(name)
    assert (record.status, record.decided_by, record.assigned_agent) == (status, "ann", "bea")
    assert record.result == "moved the index"
    history = await monitoring.improvement_history(name)
    assert [(step.what, step.by) for step in history[1:]] == [("approved", "ann"), ("assigned", "bea"), (status, "bea")]
    with pytest.raises(ImprovementError):
        await end(name, by="bea", note="again")
    with pytest.raises(NotFound):
        await end("imp-none", by="bea", note="moved the index")
    with pytest.raises(ImprovementError, match="nothing can take that back" if done else "can't be undone"):
        await shop.supervisor.specialists.undo(name, by="ann")


async def test_person_and_specialist_do_not_both_carry_it_out(shop: Shop) -> None:
    for number in range(8):
        name = await shop.suggest(f"imp-{number}")
        await shop.supervisor.monitoring.approve(name, by="ann")
        refused: list[str] = []

        async def by_hand(name: str = name, refused: list[str] = refused) -> None:
            try:
                await shop.supervisor.monitoring.done_by_hand(name, by="bea", note="did it")
            except ImprovementError as error:
                refused.append(error.what)

        async with anyio.create_task_group() as group:
            group.start_soon(by_hand)
            group.start_soon(shop.supervisor.specialists.step)
        agent = (await shop.supervisor.monitoring.get_improvement(name)).assigned_agent
        tuned = [each for each in await shop.tuned() if each.improvement == name]
        assert (agent, len(tuned), len(refused)) in {("bea", 0, 0), ("performance_analyst", 1, 1)}


async def test_somebody_with_a_specialist_s_name_can_not_have_things_undone_in_it(shop: Shop) -> None:
    await shop.supervisor.tuning.set("requests.queue", 7, by="bea")
    name = await shop.suggest()
    await shop.supervisor.monitoring.approve(name, by="ann")
    await shop.supervisor.monitoring.done_by_hand(name, by="performance_analyst", note="did it")
    with pytest.raises(ImprovementError, match="nothing can take that back"):
        await shop.supervisor.specialists.undo(name, by="ann")
    assert shop.supervisor.tuning.value("requests.queue") == 7


async def test_what_a_person_found_impossible_is_not_suggested_again_tomorrow(shop: Shop) -> None:
    found = finding(plan=finding().plan.model_copy(update={"action": ""}))

    def analyzer(context: AnalysisContext) -> list[Finding]:
        return [found]

    shop.supervisor.monitoring.register_analyzer("shop", analyzer)

    async def suggested(**later: Any) -> list[str]:
        shop.clock.move(timedelta(**later))
        return list((await shop.supervisor.monitoring.trigger_analysis()).suggested)

    (name,) = await suggested()
    await shop.supervisor.monitoring.approve(name, by="ann")
    await shop.supervisor.monitoring.failed_by_hand(name, by="ann", note="the supplier does not answer")
    assert await suggested(hours=30) == []
    assert len(await suggested(days=30)) == 1


@pytest.mark.parametrize(("done", "status"), [(True, "completed"), (False, "failed")])
async def test_what_is_assigned_to_a_specialist_that_is_gone_is_ended_by_a_person(
    shop: Shop, done: bool, status: str
) -> None:
    monitoring = shop.supervisor.monitoring
    end = monitoring.done_by_hand if done else monitoring.failed_by_hand
    for name in ("imp-gone", "imp-there"):
        await shop.suggest(name)
        await monitoring.approve(name, by="ann")
    await monitoring.improvements.assign("imp-gone", agent="of_another_host")
    await monitoring.improvements.assign("imp-there", agent="performance_analyst")
    assert await shop.supervisor.specialists.step() in ([], ["imp-there"])
    for by, note in ((" ", "moved it"), ("bea", " ")):
        with pytest.raises(ImprovementError):
            await end("imp-gone", by=by, note=note)
    ended = await end("imp-gone", by="bea", note="looked after it")
    assert (ended.agent, ended.by) == ("of_another_host", "bea")
    record = await monitoring.get_improvement("imp-gone")
    assert (record.status, record.result, record.assigned_agent) == (status, "looked after it", "of_another_host")
    last = (await monitoring.improvement_history("imp-gone"))[-1]
    assert (last.what, last.by) == (status, "bea")
    with pytest.raises(ImprovementError):
        await end("imp-there", by="bea", note="looked after it")
    with pytest.raises(ImprovementError, match="nothing can take that back" if done else "can't be undone"):
        await shop.supervisor.specialists.undo("imp-gone", by="ann")
    assert await shop.supervisor.specialists.step() in ([], ["imp-there"])
