"""Trials through a supervisor: a candidate serves its share, and outcomes decide what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.clock import SystemClock
from common.context import TaskContext
from common.errors import GuidelineError
from events.catalogue.guideline import GuidelineActivated, GuidelineRejected, GuidelineRolledBack
from events.catalogue.system import AlertRaised
from events.catalogue.trace import GuidelinesDrawn, RequestRouted
from events.state.guideline import GuidelineStatus
from supervisor import Supervisor
from supervisor.commands.guidelines import GuidelineCommands
from supervisor.learning.trials import Trials
from tests.supervisor.learning.trial_world import Goes, World

Make = Callable[[Goes], Awaitable[World]]


def harmful(version: str | None, number: int) -> bool:
    return version is None or number % 5 == 0


def better(version: str | None, number: int) -> bool:
    return version is not None or number % 4 == 0


def alike(version: str | None, number: int) -> bool:
    return number % 2 == 0


@pytest.fixture
async def make(tmp_path: Path) -> AsyncGenerator[Make]:
    async with AsyncExitStack() as worlds:

        async def make_world(goes: Goes) -> World:
            world = World(tmp_path, goes)
            await worlds.enter_async_context(world.supervisor)
            return world

        yield make_world


async def test_a_harmful_candidate_is_stopped_soon_and_somebody_is_told(make: Make) -> None:
    world = await make(harmful)
    trials = world.trials()
    version = await world.candidate("Be hasty.")
    (decision,) = await world.ask_until(trials.step)
    assert (decision.decision, decision.why, decision.made) == ("reject", "harm", True)
    assert world.counts[version] <= 25
    (rejected,) = await world.events(GuidelineRejected)
    assert rejected.by == "trial"
    evidence = rejected.evidence
    assert evidence["harm"] >= 10
    assert evidence["candidate"]["successes"] < evidence["candidate"]["outcomes"] / 2
    assert evidence["incumbent"]["successes"] == evidence["incumbent"]["outcomes"]
    assert "it does harm" in rejected.reason
    (alert,) = await world.events(AlertRaised)
    assert (alert.kind, alert.subject) == ("guideline-trial", f"scripted {version}")
    assert [(told.kind, told.title) for told in world.told] == [("alert", alert.title)]
    served = world.counts[version]
    await world.ask(10, 1_000)
    assert world.counts[version] == served, "it serves nobody any more"
    assert await trials.step() == []
    (report,) = await trials.report()
    assert (report.state, report.why, report.decided_by) == ("rejected", "harm", "trial")
    assert report.candidate.outcomes == evidence["candidate"]["outcomes"]
    assert report.path


async def test_a_better_candidate_is_promoted_on_evidence(make: Make) -> None:
    world = await make(better)
    trials = world.trials()
    version = await world.candidate("Be careful.")
    (decision,) = await world.ask_until(trials.step)
    assert (decision.decision, decision.why) == ("promote", "better")
    (activated,) = await world.events(GuidelineActivated)
    assert (activated.version, activated.by, activated.evidence["why"]) == (version, "trial", "better")
    assert activated.evidence["evidence"] >= 20
    assert activated.evidence["low"] > 0
    assert await world.status(version) is GuidelineStatus.ACTIVE
    before = world.counts[None]
    await world.ask(10, 1_000)
    assert world.counts[None] == before, "all requests go by it"
    (report,) = await trials.report("scripted")
    assert (report.state, report.ended_at is not None) == ("promoted", True)


async def test_a_candidate_that_is_no_better_ends_without_evidence(make: Make) -> None:
    world = await make(alike)
    trials = world.trials()
    version = await world.candidate("Be as always.", most=12)
    (decision,) = await world.ask_until(trials.step)
    assert (decision.decision, decision.why) == ("reject", "no_evidence")
    assert await world.status(version) is GuidelineStatus.REJECTED
    assert await world.events(AlertRaised) == []


async def test_a_person_decides_where_updates_are_not_automatic(make: Make) -> None:
    world = await make(better)
    trials = world.trials(auto=False)
    version = await world.candidate("Be careful.")
    (decision,) = await world.ask_until(trials.step)
    assert (decision.decision, decision.made) == ("promote", False)
    assert await world.status(version) is GuidelineStatus.TRIAL
    (report,) = await trials.report()
    assert report.state == "waiting"
    assert await trials.step() == []
    assert await world.trials(auto=False).step() == [], "told once, whoever looks"
    (alert,) = await world.events(AlertRaised)
    assert "waits for you" in alert.title
    assert len(world.told) == 1
    await world.supervisor.guidelines.activate("scripted", version, by="ann")
    assert await trials.step() == []
    before = report
    for looks in (trials, world.trials()):
        (report,) = await looks.report()
        assert (report.state, report.decided_by) == ("promoted", "ann")
        assert report.ended_at is not None
        assert (report.path, report.evidence, report.harm) == (before.path, before.evidence, before.harm)
        assert (report.candidate, report.incumbent) == (before.candidate, before.incumbent)
    assert report.candidate.outcomes


async def test_harm_is_stopped_without_a_person(make: Make) -> None:
    world = await make(harmful)
    trials = world.trials(auto=False)
    version = await world.candidate("Be hasty.")
    (decision,) = await world.ask_until(trials.step)
    assert (decision.why, decision.made) == ("harm", True)
    assert await world.status(version) is GuidelineStatus.REJECTED


async def test_two_processes_decide_once_and_alike(tmp_path: Path) -> None:
    world, beside = World(tmp_path, harmful, on_disk=True), World(tmp_path, harmful, on_disk=True)
    async with world.supervisor, beside.supervisor:
        version = await world.candidate("Be hasty.")
        await world.ask(80)
        decided: list[Any] = []

        async def step(trials: Trials) -> None:
            decided.extend(await trials.step())

        async with anyio.create_task_group() as group:
            for trials in (world.trials(), beside.trials(), world.trials(), beside.trials()):
                group.start_soon(step, trials)
        assert [each.why for each in decided] == ["harm"]
        assert len(await world.events(GuidelineRejected)) == len(await world.events(AlertRaised)) == 1
        await beside.supervisor.guidelines.refresh()
        before = beside.counts.get(version, 0)
        await beside.ask(10, 1_000)
        assert beside.counts.get(version, 0) == before


class Late(GuidelineCommands):
    """Decides when another process has decided already, and a person has taken that back."""

    def __init__(self, world: World) -> None:
        super().__init__(world.supervisor.store)
        self._world = world

    async def activate(self, agent_type: str, version: str, **given: Any) -> GuidelineActivated:
        (decision,) = await self._world.trials().step()
        assert decision.decision == "promote"
        await self._world.supervisor.guidelines.roll_back(agent_type, by="ann")
        return await super().activate(agent_type, version, **given)


async def test_who_comes_late_puts_nothing_back_into_service(make: Make) -> None:
    world = await make(better)
    version = await world.candidate("Be careful.")
    supervisor = world.supervisor
    late = Trials(supervisor.store, supervisor.views, Late(world), SystemClock())
    for index in range(0, 100, 10):
        await world.ask(10, index)
        assert await late.step() == []
        if await world.events(GuidelineRolledBack):
            break
    assert await world.status(version) is GuidelineStatus.ROLLED_BACK
    assert len(await world.events(GuidelineActivated)) == 1
    assert await late.step() == []


async def test_whoever_looks_and_however_often_finds_the_same_evidence(make: Make) -> None:
    world = await make(harmful)
    await world.candidate("Be hasty.", harm_alpha=0.0001)
    often = world.trials()
    for batch in range(8):
        await world.ask(5, batch * 5)
        await often.step()
    (at_once,) = await world.trials().report()
    (often_looked,) = await often.report()
    assert at_once.as_json() == often_looked.as_json()
    assert at_once.candidate.outcomes > 10


async def test_the_lot_is_in_the_trace_and_the_same_for_the_same_request(make: Make) -> None:
    world = await make(alike)
    version = await world.candidate("Be as always.")
    await world.ask(40)
    drawn = await world.events(GuidelinesDrawn)
    assert len(drawn) == 40
    assert {each.candidates["scripted"] for each in drawn} == {version}
    arms = [each.served["scripted"] for each in drawn]
    assert arms.count(version) == world.counts[version]
    assert 8 <= arms.count(version) <= 32
    routed = await world.events(RequestRouted)
    assert {(flag["key"], flag["variant"], flag["reason"]) for event in routed for flag in event.flags} == {
        ("guideline-version", "trial", "DEFAULT")
    }


async def test_what_an_operator_forces_is_served_and_proves_nothing(make: Make) -> None:
    world = await make(harmful)
    trials = world.trials()
    version = await world.candidate("Be hasty.")
    await world.ask(10, flags={"guideline-version": "candidate"})
    assert world.counts == {version: 10}
    await world.ask(10, 100, flags={"guideline-version": "active"})
    await world.ask(10, 200, flags={"guideline-version": "none"})
    assert world.counts == {version: 10, None: 20}
    assert await world.events(GuidelinesDrawn) == []
    (report,) = await trials.report()
    assert report.candidate.drawn == report.incumbent.drawn == 0
    await world.supervisor.guidelines.activate("scripted", version, by="ann")
    await world.ask(1, 300, flags={"guideline-version": "none"})
    assert world.counts[None] == 21
    await world.ask(1, 400, flags={"guideline-version": version})
    assert world.counts[version] == 11


async def test_a_tenant_is_forced_by_a_rule_of_the_flag(make: Make) -> None:
    world = await make(alike)
    version = await world.candidate("Be as always.")
    define = {"candidate": "candidate", "trial": "trial"}
    await world.supervisor.flags.set(
        "guideline-version", by="ann", define=define, variant="trial", tenants={"beta": "candidate"}
    )
    await world.ask(8, tenant="beta")
    assert world.counts == {version: 8}
    await world.ask(30, tenant="other")
    assert len(await world.events(GuidelinesDrawn)) == 30


async def test_without_a_trial_no_flag_is_read(make: Make) -> None:
    world = await make(alike)
    await world.ask(1)
    proposed = await world.supervisor.guidelines.propose("scripted", ["Be as always."], by="ann")
    await world.supervisor.guidelines.activate("scripted", proposed.version, by="ann")
    await world.ask(1, 1)
    assert [event.flags for event in await world.events(RequestRouted)] == [[], []]


async def test_reports_count_within_their_time_and_once(make: Make) -> None:
    world = await make(lambda version, number: True)
    trials = world.trials()
    version = await world.candidate("Be as always.", report_wait=3_600.0)
    for index in range(30):
        response = await world.supervisor.process_request("play the script", TaskContext(request_id=f"request {index}"))
        events = [entry.event for entry in (await world.supervisor.trace(response.trace_id)).events]
        (drawn,) = [event for event in events if isinstance(event, GuidelinesDrawn)]
        bad = drawn.served["scripted"] == version
        await world.supervisor.report_outcome(response.trace_id, not bad)
    assert await trials.step() == []
    (report,) = await trials.report()
    assert report.candidate.outcomes == 0, "nothing counts before its time has come"
    assert report.candidate.waiting + report.incumbent.waiting == 30


async def test_a_report_that_comes_after_the_outcome_counted_is_told_and_changes_nothing(
    make: Make,
) -> None:
    world = await make(lambda version, number: True)
    trials = world.trials()
    await world.candidate("Be as always.")
    response = await world.supervisor.process_request("play the script")
    await world.supervisor.process_request("play the script")
    await trials.step()
    await world.supervisor.report_outcome(response.trace_id, False)
    (report,) = await trials.report()
    assert report.candidate.contradicted + report.incumbent.contradicted == 1
    (again,) = await world.trials().report()
    assert again.as_json() == report.as_json()


async def test_only_what_is_proposed_can_be_tried(make: Make) -> None:
    world = await make(alike)
    version = await world.candidate("Be as always.")
    with pytest.raises(GuidelineError, match="it is trial"):
        await world.trials().start("scripted", version)


def trials_of(supervisor: Supervisor) -> Trials:
    return Trials(supervisor.store, supervisor.views, supervisor.guidelines, SystemClock())


async def test_a_rule_that_the_timer_role_obeys_to_its_harm_is_stopped(supervisor: Supervisor) -> None:
    """No model: the rule has the role leave out the second timer, so that the request is done in part only."""
    trials = trials_of(supervisor)
    proposed = await supervisor.guidelines.propose("timer", ["stop after timer.set"], by="learning")
    await trials.start("timer", proposed.version)
    outcomes: list[str] = []
    for index in range(60):
        response = await supervisor.process_request(
            "set a timer for 5 minutes and 9 minutes", TaskContext(request_id=f"request {index}")
        )
        outcomes.append(response.outcome)
        if await trials.step():
            break
    (report,) = await trials.report()
    assert (report.state, report.why) == ("rejected", "harm")
    assert (report.candidate.rate, report.incumbent.rate) == (0.0, 1.0)
    assert set(outcomes) == {"success", "partial"}
    assert outcomes.count("partial") <= 15


@pytest.mark.parametrize("meta", [True, False])
async def test_every_kind_of_agent_can_be_on_trial_at_once(supervisor: Supervisor, *, meta: bool) -> None:
    trials = trials_of(supervisor)
    kinds = ["planning", "router", *(["agent"] if meta else ["timer", "smart_home"])]
    for kind in kinds:
        proposed = await supervisor.guidelines.propose(kind, [f"Be kind, {kind}."], by="learning")
        await trials.start(kind, proposed.version)
    for index in range(12):
        await supervisor.process_request(
            "set a timer for 5 minutes and turn on the kitchen light",
            TaskContext(request_id=f"request {index}", flags={"meta-planning": meta}),
        )
    assert await trials.step() == []
    reports = await trials.report()
    assert sorted(report.agent_type for report in reports) == sorted(kinds)
    for report in reports:
        arms = report.candidate, report.incumbent
        assert sum(arm.drawn for arm in arms) == 12, report.agent_type
        assert sum(arm.waiting for arm in arms) == 0, report.agent_type
        assert min(arm.drawn for arm in arms) > 0, report.agent_type
        assert report.candidate.rate == report.incumbent.rate == 1.0, report.agent_type
    drawn = [entry.event for entry in await supervisor.store.read_all(0, {GuidelinesDrawn.TOPIC})]
    together = [tuple(sorted(event.served.items())) for event in drawn if isinstance(event, GuidelinesDrawn)]
    assert len(set(together)) > 2, "their lots are independent"


async def test_a_role_that_has_no_part_in_a_request_is_not_judged_by_it(supervisor: Supervisor) -> None:
    trials = trials_of(supervisor)
    proposed = await supervisor.guidelines.propose("timer", ["Be kind."], by="learning")
    await trials.start("timer", proposed.version)
    for index in range(6):
        await supervisor.process_request("turn on the kitchen light", TaskContext(request_id=f"request {index}"))
    (report,) = await trials.report()
    assert [(arm.drawn, arm.outcomes, arm.left_out) for arm in (report.candidate, report.incumbent)] == [(0, 0, 0)] * 2
