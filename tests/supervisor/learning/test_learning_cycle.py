"""A cycle learns what is true, says so once, refuses politely, and fails aloud."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from common.errors import LearningError, SupervisorError
from common.learning_settings import LearningSettings
from events.catalogue.guideline import GuidelineProposed, GuidelineRejected
from events.catalogue.learning import (
    LearningCycleFailed,
    LearningCycleFinished,
    LearningCycleStarted,
    PatternAccepted,
)
from events.catalogue.request import OutcomeReported
from events.catalogue.system import AlertRaised
from events.forget import forget_tenant
from events.keys import MemoryKeys
from events.projection import Views
from events.store import EventStore
from supervisor.commands.guidelines import GuidelineCommands
from supervisor.learning.integration import LearningHooks
from supervisor.learning.report_data import report_data
from supervisor.learning.trace_collector import outcome_stream
from tests.supervisor.learning.learning_help import BAD, learning_over, log, log_in, told, trace, traces

ALL = (LearningCycleStarted, LearningCycleFinished, LearningCycleFailed, PatternAccepted, GuidelineProposed)


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


async def test_a_cycle_accepts_what_is_true_and_proposes_a_guideline(store: EventStore) -> None:
    await log(store, traces(400))
    async with learning_over(store) as learning:
        report = await learning.cycle()
        status = await learning.status()
        history = await learning.history("triage")
    assert (report.traces, report.new_traces) == (400, 400)
    assert any(f"“{BAD}”" in pattern.description and pattern.effect < 0 for pattern in report.patterns)
    (proposed,) = report.proposed
    assert (proposed.state, proposed.is_new) == ("waiting", True)
    assert proposed.note, "that nothing serves versions here is told"
    assert any(BAD in rule for rule in proposed.rules)
    assert history[0].patterns_applied == proposed.patterns
    assert status.learning_cycles == 1
    assert status.total_patterns_learned == len(report.patterns) == len(report.learned)
    assert status.ready_for_learning
    assert status.new_traces == 0


async def test_what_a_cycle_tells_has_the_documented_form(store: EventStore) -> None:
    await log(store, traces(400))
    async with learning_over(store) as learning:
        data = report_data(await learning.cycle())
    assert list(data) == ["traces", "new_traces", "patterns", "proposed", "activated"]
    assert set(data["patterns"][0]) == {
        "kind", "agent_type", "description", "support", "effect", "interval", "confidence", "p", "q", "held_out",
        "strata", "recommendations",
    }  # fmt: skip
    low, high = data["patterns"][0]["interval"]
    assert low <= data["patterns"][0]["effect"] <= high


async def test_nothing_is_accepted_or_proposed_twice(store: EventStore) -> None:
    await log(store, traces(400))
    for _ in range(2):  # in one process, and by another that begins anew
        async with learning_over(store) as learning:
            await learning.cycle()
            again = await learning.cycle()
            assert (again.new_traces, again.learned) == (0, ())
            assert not again.proposed[0].is_new
    accepted = [event.pattern for event in await told(store, PatternAccepted) if isinstance(event, PatternAccepted)]
    assert len(accepted) == len(set(accepted))
    assert len(await told(store, GuidelineProposed)) == 1


async def test_a_cycle_goes_on_from_what_is_new(store: EventStore) -> None:
    await log(store, traces(400))
    async with learning_over(store) as learning:
        await learning.cycle()
        await log(store, traces(30, first=400))
        report = await learning.cycle()
    assert (report.traces, report.new_traces) == (430, 30)


async def test_below_the_minimum_it_refuses_and_leaves_nothing_in_the_log(store: EventStore) -> None:
    await log(store, [*traces(9), trace("open-end", ["open"], None)])
    async with learning_over(store) as learning:
        report = await learning.cycle()
        status = await learning.status()
    assert "10 traces" in report.refused
    assert "“triage” has the most of them, 9" in report.refused
    assert "1 does not say yet how it went" in report.refused
    assert "traces outcome ID SCORE" in report.refused
    assert not status.ready_for_learning
    assert await told(store, *ALL) == []


async def test_an_empty_log_is_no_error(store: EventStore) -> None:
    async with learning_over(store) as learning:
        assert (await learning.cycle()).refused
        assert (await learning.status()).total_traces == 0
        assert await learning.patterns() == []


async def test_a_cycle_that_fails_is_an_event_and_an_alert_and_the_next_goes_on(store: EventStore) -> None:
    await log(store, traces(400))
    heard: list[AlertRaised] = []

    async def tell(alert: AlertRaised) -> None:
        heard.append(alert)

    def broken(*_: object) -> None:
        raise SupervisorError("the drafter broke down", where="test")

    async with learning_over(store, hooks=LearningHooks(draft=broken, tell=tell)) as learning:
        for _ in range(2):
            with pytest.raises(SupervisorError, match="broke down"):
                await learning.cycle()
        status = await learning.status()
        with pytest.raises(LearningError, match="broke down"):
            await learning.probe()
    assert (status.failed_cycles, status.learning_cycles) == (2, 0)
    assert "broke down" in status.last_error
    assert len(heard) == len(await told(store, AlertRaised)) == 1, "the same error is not told again and again"
    async with learning_over(store) as learning:
        report = await learning.cycle()
        assert report.learned == (), "what was accepted before the failure holds"
        assert report.proposed
        assert not (await learning.status()).last_error
        assert "1 cycles; trials decide" in (await learning.probe()).detail


async def test_errors_that_may_hold_anything_leave_only_their_kind_in_the_log(store: EventStore) -> None:
    await log(store, traces(400))

    def broken(*_: object) -> None:
        raise ValueError("a person's secret")

    async with learning_over(store, hooks=LearningHooks(draft=broken)) as learning:
        with pytest.raises(ValueError, match="secret"):
            await learning.cycle()
    assert [event.error for event in await told(store, LearningCycleFailed)] == ["ValueError"]  # type: ignore[attr-defined]


async def test_a_cancelled_cycle_is_no_alert_and_the_next_one_finishes(store: EventStore) -> None:
    await log(store, traces(400))
    entered = anyio.Event()

    async def hang() -> list[str]:
        entered.set()
        await anyio.sleep_forever()
        return []

    async with (
        learning_over(store, hooks=LearningHooks(decide=hang)) as learning,
        anyio.create_task_group() as group,
    ):
        group.start_soon(learning.cycle)
        await entered.wait()
        with pytest.raises(LearningError, match="already"):
            await learning.cycle()
        group.cancel_scope.cancel()
    (failed,) = await told(store, LearningCycleFailed)
    assert isinstance(failed, LearningCycleFailed)
    assert failed.cancelled
    assert await told(store, AlertRaised) == []
    async with learning_over(store) as learning:
        assert (await learning.cycle()).patterns


async def test_only_one_cycle_runs_over_all_owners_of_a_log(tmp_path: Path) -> None:
    entered, go_on = anyio.Event(), anyio.Event()

    async def wait() -> list[str]:
        entered.set()
        await go_on.wait()
        return []

    async with log_in(tmp_path) as store:
        await log(store, traces(400))
        async with (
            learning_over(store, hooks=LearningHooks(decide=wait)) as first,
            learning_over(store) as second,
            anyio.create_task_group() as group,
        ):
            group.start_soon(first.cycle)
            await entered.wait()
            with pytest.raises(LearningError, match="another process"):
                await second.cycle()
            assert (await second.status()).running
            go_on.set()
        finished = await told(store, LearningCycleFinished)
    assert sum(event.agent_type == "" for event in finished) == 1  # type: ignore[attr-defined]


async def test_one_that_was_taken_for_dead_appends_nothing_any_more(tmp_path: Path) -> None:
    entered, go_on = anyio.Event(), anyio.Event()

    async def wait() -> list[str]:
        entered.set()
        await go_on.wait()
        return []

    async with log_in(tmp_path) as store:
        await log(store, traces(400))
        async with AsyncExitStack() as opened:
            first = await opened.enter_async_context(learning_over(store, hooks=LearningHooks(decide=wait)))
            second = await opened.enter_async_context(learning_over(store))

            async def lose() -> None:
                with pytest.raises(LearningError, match="took this cycle over"):
                    await first.cycle()

            async with anyio.create_task_group() as group:
                group.start_soon(lose)
                await entered.wait()
                for lock in lock_files(tmp_path, await told(store, LearningCycleStarted)):
                    lock.unlink()  # as where its machine is gone
                assert (await second.cycle()).cycle
                go_on.set()
        ends = [event for event in await told(store, LearningCycleFinished) if event.agent_type == ""]  # type: ignore[attr-defined]
    assert len(ends) == 1


def lock_files(folder: Path, started: Sequence[object]) -> list[Path]:
    owners = {event.owner for event in started if isinstance(event, LearningCycleStarted)}
    return [path for path in folder.rglob("*.lock") if path.stem in owners]


async def test_what_was_rejected_is_not_proposed_again_on_no_more_evidence(store: EventStore) -> None:
    await log(store, traces(400))
    async with learning_over(store) as learning:
        (proposed,) = (await learning.cycle()).proposed
        await GuidelineCommands(store).reject("triage", proposed.version, by="ada", reason="no")
        assert (await learning.cycle(fresh=True)).proposed == ()


async def test_a_newer_proposal_takes_the_place_of_the_one_that_waits(store: EventStore) -> None:
    await log(store, traces(400))
    async with learning_over(store) as learning:
        await learning.cycle()
        chance = traces(600, seed=2)
        more = [each.model_copy(update={"success": "look" in {step.name for step in each.steps}}) for each in chance]
        await log(store, more)
        (second,) = (await learning.cycle()).proposed
        waiting = [entry.version for entry in await learning.history("triage") if entry.status == "proposed"]
    assert waiting == [second.version]
    (rejected,) = await told(store, GuidelineRejected)
    assert isinstance(rejected, GuidelineRejected)
    assert rejected.reason == f"superseded by {second.version}"


async def test_a_proposal_goes_on_trial_only_where_its_versions_are_served(store: EventStore) -> None:
    await log(store, [*traces(400), *traces(400, agent_type="timer")])
    started: list[tuple[str, str]] = []

    async def start(agent_type: str, version: str) -> None:
        started.append((agent_type, version))

    async with learning_over(store, served=["timer"], hooks=LearningHooks(start_trial=start)) as learning:
        report = await learning.cycle()
    assert started == [("timer", "1.0.0")]
    assert {each.agent_type: each.state for each in report.proposed} == {"timer": "trial", "triage": "waiting"}


async def test_without_auto_updates_a_person_decides(store: EventStore) -> None:
    await log(store, traces(400, agent_type="timer"))

    async def start(agent_type: str, version: str) -> None:
        raise AssertionError("no trial was asked for")

    settings = LearningSettings(enable_auto_updates=False)
    async with learning_over(store, settings, served=["timer"], hooks=LearningHooks(start_trial=start)) as learning:
        (proposed,) = (await learning.cycle()).proposed
        (kind,) = (await learning.status()).agent_types
    assert proposed.state == "waiting"
    assert kind.decided_by == "person"


async def test_a_reported_outcome_counts_for_more_than_what_the_trace_said(store: EventStore) -> None:
    wrong = [each.model_copy(update={"success": True}) for each in traces(400)]
    await log(store, wrong)
    async with learning_over(store) as learning:
        assert (await learning.cycle()).patterns == (), "all have the same outcome"
        for each, true in zip(wrong, traces(400), strict=True):
            if not true.success:
                outcome = OutcomeReported(trace_id=each.trace_id, score=0.0, by="ada")
                await store.append(outcome_stream(each.trace_id), [outcome])
        learned = await learning.cycle()
    async with learning_over(store) as anew:
        assert [each.pattern for each in (await anew.cycle()).patterns] == [each.pattern for each in learned.patterns]
    assert any(BAD in pattern.description for pattern in learned.patterns)


async def test_nobody_speaks_for_the_traces_of_another_tenant(store: EventStore) -> None:
    await log(store, traces(400))
    turned = [each.model_copy(update={"success": not each.success}) for each in traces(400)]
    async with learning_over(store) as learning:
        before = (await learning.cycle()).patterns
        await log(store, turned[:60], tenant="mallory")
        after = (await learning.cycle()).traces
    assert before
    assert after == 460, "they count as traces of their own"


async def test_traces_of_a_tenant_that_was_forgotten_count_no_more() -> None:
    async with await EventStore.open("memory://", keys=MemoryKeys()) as store:
        await log(store, traces(400))
        await log(store, traces(60, seed=9), tenant="acme")
        async with learning_over(store) as learning:
            assert (await learning.cycle()).traces == 460
            await forget_tenant(store, Views(store), "acme", by="test")
            assert (await learning.cycle()).traces == 400


async def test_patterns_are_shared_where_the_evidence_holds_in_both(store: EventStore) -> None:
    await log(store, [*traces(800, bad=0.3), *traces(80, seed=3, agent_type="small", bad=0.3)])
    async with learning_over(store, LearningSettings(share_patterns=False)) as alone:
        own = [each.agent_type for each in (await alone.cycle()).patterns]
    async with learning_over(store) as learning:
        shared = [each for each in (await learning.cycle()).patterns if each.shared_from is not None]
    assert "small" not in own, "alone its traces are too few"
    assert {(each.agent_type, each.shared_from) for each in shared} == {("small", "triage")}
    assert any(BAD in each.description for each in shared)


async def test_patterns_are_not_shared_where_the_evidence_says_otherwise(store: EventStore) -> None:
    turned = traces(90, seed=5, agent_type="small", good=0.3, bad=0.8)
    await log(store, [*traces(800, bad=0.3), *turned])
    async with learning_over(store) as learning:
        report = await learning.cycle()
    assert [each for each in report.patterns if each.shared_from is not None] == []


async def test_following_learns_anew_as_traces_end(store: EventStore) -> None:
    await log(store, traces(400))
    seen: list[int] = []
    with anyio.fail_after(30):
        async with learning_over(store) as learning:
            async for report in learning.follow():
                seen.append(report.traces)
                if len(seen) == 2:
                    break
                await log(store, traces(5, first=400))
    assert seen == [400, 405]


async def test_the_loop_waits_for_its_interval_and_for_news(store: EventStore) -> None:
    await log(store, traces(400))
    async with learning_over(store, LearningSettings(learning_interval=3600)) as learning:
        assert await learning.step() is not None
        await log(store, traces(5, first=400))
        assert await learning.step() is None, "it is not time"
    async with learning_over(store, LearningSettings(learning_interval=0.001)) as learning:
        await anyio.sleep(0.01)
        assert await learning.step() is not None
        await anyio.sleep(0.01)
        assert await learning.step() is None, "nothing is new"


async def test_progress_tells_of_every_stage(store: EventStore) -> None:
    await log(store, traces(400))
    stages: dict[str, tuple[int, int]] = {}

    def follow(stage: str, done: int, whole: int) -> None:
        stages[stage] = (done, whole)

    async with learning_over(store) as learning:
        await learning.cycle(progress=follow)
    assert list(stages) == ["read", "analyse", "propose"]
    assert stages["read"][0] == stages["read"][1] > 0


async def test_an_analysis_is_no_obstacle_to_the_loop_it_runs_in(store: EventStore) -> None:
    """Analyses of many traces take long; what else is to be done is done meanwhile."""
    await log(store, traces(400))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await anyio.lowlevel.checkpoint()

    async with learning_over(store) as learning, anyio.create_task_group() as group:
        group.start_soon(tick)
        await learning.cycle()
        group.cancel_scope.cancel()
    assert ticks > 20
