"""Cycles: what is missing is built, what isn't allowed is suggested, one at a time, all of it in the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from common.errors import EvolutionError
from events.catalogue.evolution import (
    EvolutionCycleFinished,
    EvolutionCycleStarted,
    EvolutionDecisionEnded,
    EvolutionDecisionTaken,
)
from events.catalogue.improvement import ImprovementPlan
from supervisor import Supervisor
from supervisor.evolution.acting import build_of
from supervisor.testing import MovableClock
from tests.events.improvement_samples import suggestion
from tests.supervisor.evolution.evolution_help import ask, evolving

TOPICS = {
    EvolutionCycleStarted.TOPIC,
    EvolutionCycleFinished.TOPIC,
    EvolutionDecisionTaken.TOPIC,
    EvolutionDecisionEnded.TOPIC,
}
BOUND = 60.0


async def log_of(supervisor: Supervisor) -> list[str]:
    """The kinds of the events of evolution, in order."""
    recorded = await supervisor.store.read_all(0, TOPICS, limit=1_000)
    return [type(entry.event).__name__.removeprefix("Evolution") for entry in recorded]


async def test_what_is_missing_is_built(tmp_path: Path) -> None:
    async with evolving(tmp_path, allowed=("create",)) as (supervisor, parts):
        await ask(supervisor)
        report = await supervisor.evolution.evolution_cycle(by="ann")
        (told,) = report.decisions
        assert told.outcome is not None
        assert (told.decision.kind, told.outcome.ok, told.outcome.agent) == ("create", True, "doubler")
        assert parts.counts["deploy"] == 1
        assert await log_of(supervisor) == ["CycleStarted", "DecisionTaken", "DecisionEnded", "CycleFinished"]
        (build,) = await supervisor.builds.list()
        assert (build["id"], build["started_by"]) == (build_of(report.cycle, 1), "evolution")
        taken = (await supervisor.store.read_all(0, {EvolutionDecisionTaken.TOPIC}))[0].event
        assert isinstance(taken, EvolutionDecisionTaken)
        assert len(taken.causes) == 3
        again = await supervisor.evolution.evolution_cycle()
        assert again.decisions == ()  # tried lately
        status = await supervisor.evolution.report()
        assert (status.cycles, status.lifecycle.created, status.lifecycle.healthy) == (2, 1, 1.0)
        assert status.lifecycle.automation == {"create": 1.0, "all": 1.0}
        text = supervisor.metrics_registry.get_sample_value
        assert text("supervisor_evolution_automation", {"kind": "all"}) == 1.0
        assert text("supervisor_evolution", {"figure": "healthy_deployments"}) == 1.0


async def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    async with evolving(tmp_path, allowed=("create",)) as (supervisor, parts):
        await ask(supervisor)
        before = await supervisor.store.head()
        report = await supervisor.evolution.evolution_cycle(dry_run=True)
        assert await supervisor.store.head() == before
        assert (report.cycle, [told.decision.kind for told in report.decisions]) == ("", ["create"])
        assert "3 requests of 3 users" in report.decisions[0].decision.why
        assert parts.counts["deploy"] == 0


async def test_what_is_not_allowed_is_suggested_once_and_built_once_approved(tmp_path: Path) -> None:
    async with evolving(tmp_path, allowed=("improve",)) as (supervisor, parts):
        await ask(supervisor)
        for _ in range(2):
            await supervisor.evolution.evolution_cycle()
        (item,) = (await supervisor.monitoring.get_improvements()).items
        assert (item.status, item.implementation_plan.action) == ("pending", "build_agent")
        assert (await log_of(supervisor)).count("DecisionTaken") == 1
        assert parts.counts["deploy"] == 0
        await supervisor.monitoring.approve(item.id, by="ann")
        await supervisor.evolution.evolution_cycle()
        assert parts.counts["deploy"] == 1
        rows = await supervisor.views.query("evolution", {"ended": True})
        assert [(row["subject"], row["ok"], row["by_itself"]) for row in rows] == [(item.id, True, False)]
        life = (await supervisor.evolution.report()).lifecycle
        assert (life.automation["all"], life.created) == (0.0, 1)


async def test_an_approved_improvement_that_asks_for_no_agent_is_left_alone(tmp_path: Path) -> None:
    async with evolving(tmp_path) as (supervisor, _):
        commands = supervisor.monitoring.improvements
        await commands.suggest(suggestion("imp-1", implementation_plan=ImprovementPlan(steps=["Think."])))
        await commands.approve("imp-1", by="ann")
        assert (await supervisor.evolution.evolution_cycle()).decisions == ()
        assert await log_of(supervisor) == ["CycleStarted", "CycleFinished"]


async def test_a_build_that_fails_is_told_and_not_tried_at_once_again(tmp_path: Path) -> None:
    async with evolving(tmp_path, allowed=("create",)) as (supervisor, parts):
        parts.unwell = True
        await ask(supervisor)
        (told,) = (await supervisor.evolution.evolution_cycle()).decisions
        assert told.outcome is not None
        assert (told.outcome.ok, told.outcome.changed) == (False, False)
        assert parts.counts["withdraw"] == 1
        assert (await supervisor.evolution.evolution_cycle()).decisions == ()
        assert (await supervisor.evolution.report()).lifecycle.created == 0


async def test_one_cycle_runs_at_a_time(tmp_path: Path) -> None:
    async with evolving(tmp_path, allowed=("create",)) as (supervisor, parts):
        await ask(supervisor)
        refused: list[str] = []
        started = anyio.Event()
        parts.at = lambda what: started.set() if what == "deploy" else None

        async def another() -> None:
            await started.wait()
            assert (await supervisor.evolution.report()).running
            with pytest.raises(EvolutionError) as caught:
                await supervisor.evolution.evolution_cycle()
            refused.append(str(caught.value))

        with anyio.fail_after(BOUND):
            async with anyio.create_task_group() as group:
                group.start_soon(another)
                await supervisor.evolution.evolution_cycle()
        assert len(refused) == 1
        assert (await log_of(supervisor)).count("CycleStarted") == 1


async def test_a_cycle_that_is_cancelled_ends_and_the_next_goes_on_with_its_build(tmp_path: Path) -> None:
    async with evolving(tmp_path, allowed=("create",)) as (supervisor, parts):
        await ask(supervisor)
        with anyio.CancelScope() as scope:

            def stop(what: str) -> None:
                if what == "deploy":
                    scope.cancel()

            parts.at = stop
            await supervisor.evolution.evolution_cycle()
        assert (await log_of(supervisor))[-1] == "CycleFinished"
        parts.at = lambda _: None
        report = await supervisor.evolution.evolution_cycle()
        assert "which died: doubler 1.0.0 was built" in report.notes[0]
        assert (len(await supervisor.builds.list()), parts.counts["deploy"]) == (1, 1)


async def test_time_and_model_calls_bound_a_cycle(tmp_path: Path) -> None:
    async with evolving(tmp_path, allowed=("create",), seconds=1e-6) as (supervisor, parts):
        await ask(supervisor)
        report = await supervisor.evolution.evolution_cycle()
        assert "time is over" in report.notes[0]
        assert parts.counts["deploy"] == 0
        assert (await log_of(supervisor)) == ["CycleStarted", "CycleFinished"]


async def test_the_loop_keeps_the_interval(tmp_path: Path) -> None:
    clock = MovableClock(datetime.now(UTC))
    async with evolving(tmp_path, clock=clock, interval=3_600) as (supervisor, _):
        evolution = supervisor.evolution
        assert await evolution.step() is not None
        assert await evolution.step() is None
        clock.move(timedelta(hours=1))
        assert await evolution.step() is not None
        with anyio.move_on_after(0.5):
            await evolution.run_continuously(interval=0.01)
        assert (await evolution.report()).cycles > 2


async def test_doctor_tells_which_switches_are_on(tmp_path: Path) -> None:
    async with evolving(tmp_path, allowed=("prune",)) as (supervisor, _):
        reached = await supervisor.evolution.probe()
        assert "by itself: prune (evolution.allowed); not enabled" in reached.detail
