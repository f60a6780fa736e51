"""Findings become improvements, people decide on them, and nothing is carried out that nobody approved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from common.errors import ConfigurationError, ImprovementError, NotFound, StoreError, StreamConflict
from common.intents import StreamAppend
from events.catalogue.improvement import (
    EstimatedImpact,
    Evidence,
    ImprovementApproved,
    ImprovementAssigned,
    ImprovementPlan,
)
from events.catalogue.system import MonitoringLed
from events.state.improvement import plan_hash
from events.store import EventStore
from supervisor.commands.improvements import ImprovementCommands
from supervisor.monitoring import AnalysisContext, Finding
from supervisor.monitoring.findings import fingerprint, priority_of
from supervisor.monitoring.thresholds import Health
from tests.events.improvement_samples import suggestion
from tests.events.newer import append_newer
from tests.supervisor.monitoring.conftest import Open, Stepped


def finding(subject: str = "shop/slow", **more: object) -> Finding:
    fields: dict[str, object] = {
        "subject": subject,
        "type": "performance",
        "title": "the shop is slow",
        "description": "It takes 40 s.",
        "components": ("metric:shop",),
        "impact": EstimatedImpact(text="30 s instead of 40 s"),
        "plan": ImprovementPlan(action="tune", steps=["Cache it."]),
        "evidence": Evidence(text="40 s", figures={"mean": 40.0}),
    }
    return Finding(**{**fields, **more})  # pyright: ignore[reportArgumentType]


class Finder:
    """An analyzer that finds what it is told to."""

    def __init__(self, *found: Finding) -> None:
        self.found = list(found)

    def __call__(self, context: AnalysisContext) -> Iterable[Finding]:
        return self.found


@pytest.fixture
async def finder(stepped: Stepped) -> Finder:
    made = Finder(finding())
    stepped.monitoring.register_analyzer("shop", made)
    return made


async def suggested(stepped: Stepped) -> str:
    (name,) = (await stepped.monitoring.trigger_analysis()).suggested
    return name


# --- from findings to improvements ---


async def test_a_figure_out_of_bounds_is_suggested_once_and_closes_when_it_is_back(stepped: Stepped) -> None:
    await stepped.sample(3, heat=50)
    report = await stepped.analyse()
    assert report.findings["thresholds"] == 1
    (name,) = report.suggested
    record = await stepped.monitoring.get_improvement(name)
    assert (record.status, record.type, record.priority) == ("pending", "performance", "medium")
    assert record.affected_components == ("metric:heat",)
    assert "heat 50 °C, 10 at the most" in record.description
    assert record.implementation_plan.arguments["component"] == "metric:heat"
    assert (await stepped.analyse(3)).suggested == ()
    assert (await stepped.monitoring.get_improvements()).total == 1
    await stepped.sample(4, heat=1)
    assert (await stepped.analyse(2)).closed == ()
    assert (await stepped.analyse()).closed == (name,)
    assert (await stepped.monitoring.get_improvement(name)).decided_by == "monitoring"


async def test_a_slow_tool_becomes_an_improvement_that_names_it(stepped: Stepped) -> None:
    await stepped.sample()
    await stepped.handled(6, seconds=45)
    await stepped.sample(2)
    report = await stepped.monitoring.trigger_analysis()
    found = [await stepped.monitoring.get_improvement(name) for name in report.suggested]
    (slow,) = [record for record in found if record.affected_components == ("tool:shop.buy",)]
    assert slow.title == "tool:shop.buy: response time is too high"
    assert slow.implementation_plan.specialist == "performance_analyst"
    assert slow.evidence[0].figures["mean"] == pytest.approx(45)


async def test_a_tool_that_is_not_called_any_more_does_not_count_as_mended(stepped: Stepped) -> None:
    await stepped.sample()
    await stepped.handled(6, ok=False)
    await stepped.sample(2)
    names = (await stepped.monitoring.trigger_analysis()).suggested
    await stepped.sample(12)
    assert (await stepped.analyse(4)).closed == ()
    assert {(await stepped.monitoring.get_improvement(name)).status for name in names} == {"pending"}


async def test_the_same_cause_is_one_improvement_which_gains_evidence(stepped: Stepped, finder: Finder) -> None:
    name = await suggested(stepped)
    for _ in range(3):
        assert (await stepped.monitoring.trigger_analysis()).seen == ()
    stepped.clock.move(timedelta(minutes=61))
    assert (await stepped.monitoring.trigger_analysis()).seen == (name,)
    record = await stepped.monitoring.get_improvement(name)
    assert (record.evidence_count, len(record.evidence)) == (2, 2)


async def test_what_became_more_urgent_is_told_at_once(stepped: Stepped, finder: Finder) -> None:
    name = await suggested(stepped)
    assert (await stepped.monitoring.get_improvement(name)).priority == "low"
    finder.found = [finding(level=Health.UNHEALTHY)]
    assert (await stepped.monitoring.trigger_analysis()).seen == (name,)
    assert (await stepped.monitoring.get_improvement(name)).priority == "high"


async def test_a_cause_that_comes_back_is_a_new_improvement(stepped: Stepped, finder: Finder) -> None:
    first = await suggested(stepped)
    finder.found = []
    reports = [await stepped.monitoring.trigger_analysis() for _ in range(3)]
    assert [report.closed for report in reports] == [(), (), (first,)]
    finder.found = [finding()]
    second = await suggested(stepped)
    assert second == f"{first}-2"
    assert (await stepped.monitoring.get_improvement(second)).previous == first


async def test_an_analysis_that_fails_closes_nothing(stepped: Stepped, finder: Finder) -> None:
    await suggested(stepped)

    def fails(context: AnalysisContext) -> Iterable[Finding]:
        raise RuntimeError("no data")

    stepped.monitoring.register_analyzer("shop", fails)
    for _ in range(5):
        report = await stepped.monitoring.trigger_analysis()
        assert report.closed == ()
        assert report.failed == {"shop": "RuntimeError: no data"}


async def test_what_was_rejected_is_not_suggested_again_unless_it_is_worse(stepped: Stepped, finder: Finder) -> None:
    name = await suggested(stepped)
    await stepped.monitoring.reject(name, by="ann", comment="known")
    assert (await stepped.monitoring.trigger_analysis()).suggested == ()
    finder.found = [finding(level=Health.DEGRADED)]
    assert await suggested(stepped) == f"{name}-2"


async def test_a_host_may_analyse_asynchronously_and_what_is_malformed_is_left_out(stepped: Stepped) -> None:
    async def later(context: AnalysisContext) -> list[Finding]:
        await anyio.lowlevel.checkpoint()
        return [finding("good"), finding("good"), finding("bad", title="two\nlines")]

    stepped.monitoring.register_analyzer("host", later)
    report = await stepped.monitoring.trigger_analysis()
    assert len(report.suggested) == 1
    stepped.monitoring.register_analyzer("other", lambda context: ["nonsense"])  # pyright: ignore[reportArgumentType]
    assert "TypeError" in (await stepped.monitoring.trigger_analysis()).failed["other"]
    with pytest.raises(ConfigurationError):
        stepped.monitoring.register_analyzer("Bad Name", later)


async def test_two_processes_that_find_the_same_suggest_it_once(open_stepped: Open, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with open_stepped(url=url) as first, open_stepped(url=url) as second:
        for each in (first, second):
            each.monitoring.register_analyzer("shop", Finder(finding()))
        async with anyio.create_task_group() as group:
            group.start_soon(first.monitoring.trigger_analysis)
            group.start_soon(second.monitoring.trigger_analysis)
        page = await first.monitoring.get_improvements()
        assert page.total == 1
        assert page.items[0].evidence_count == 1


@pytest.mark.parametrize(
    ("level", "components", "due", "priority"),
    [
        (Health.UNHEALTHY, ["requests"], None, "critical"),
        (Health.UNHEALTHY, ["tool:x"], None, "high"),
        (Health.DEGRADED, ["requests"], None, "medium"),
        (Health.UNKNOWN, ["machine"], None, "low"),
        (Health.UNKNOWN, ["process"], 23, "critical"),
        (Health.UNKNOWN, ["process"], 100, "high"),
        (Health.UNKNOWN, ["process"], 1_000, "medium"),
    ],
)
def test_priorities_follow_the_stated_rules(
    level: Health, components: list[str], due: int | None, priority: str
) -> None:
    assert priority_of(level, components, None if due is None else timedelta(hours=due)) == priority


# --- decisions ---


async def test_decisions_are_recorded_with_who_took_them(stepped: Stepped, finder: Finder) -> None:
    name = await suggested(stepped)
    record = await stepped.monitoring.get_improvement(name)
    await stepped.monitoring.approve(name, by="ann", comment="go", plan_hash=record.plan_hash)
    record = await stepped.monitoring.get_improvement(name)
    assert (record.status, record.decided_by, record.decided_why, record.policy) == ("approved", "ann", "go", None)
    for decide in (stepped.monitoring.approve, stepped.monitoring.reject):
        with pytest.raises(ImprovementError, match="it is approved"):
            await decide(name, by="bob")
        with pytest.raises(NotFound):
            await decide("imp-none", by="bob")
        with pytest.raises(NotFound):
            await decide("", by="bob")
    steps = await stepped.monitoring.improvement_history(name)
    assert [(step.what, step.by) for step in steps] == [("suggested", "shop"), ("approved", "ann")]


async def test_pages_are_by_status_and_newest_first(stepped: Stepped, finder: Finder) -> None:
    finder.found = [finding(f"cause {number}") for number in range(7)]
    report = await stepped.monitoring.trigger_analysis()
    await stepped.monitoring.reject(report.suggested[0], by="ann")
    page = await stepped.monitoring.get_improvements("pending", 2, page_size=4)
    assert (page.total, page.pages, len(page.items)) == (6, 2, 2)
    assert [item.id for item in page.items] == [report.suggested[2], report.suggested[1]]
    assert (await stepped.monitoring.get_improvements("rejected")).total == 1
    assert (await stepped.monitoring.get_system_status()).pending_improvements == 6
    for status, number in (("nonsense", 1), (None, 0)):
        with pytest.raises(ConfigurationError):
            await stepped.monitoring.get_improvements(status, number)


# --- carrying out ---


@pytest.fixture
async def store() -> EventStore:
    return await EventStore.open("memory://")


async def test_exactly_one_gets_the_leave_and_ends_it(store: EventStore) -> None:
    async with store:
        commands = ImprovementCommands(store)
        await commands.suggest(suggestion())
        with pytest.raises(ImprovementError):
            await commands.assign("imp-1", agent="analyst")
        await commands.approve("imp-1", by="ann")
        given: list[object] = []

        async def ask(agent: str) -> None:
            with contextlib.suppress(ImprovementError):
                given.append(await commands.assign("imp-1", agent=agent))

        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(ask, f"analyst {number}")
        assert len(given) == 1
        leave = await commands.permitted("imp-1")
        note = StreamAppend("memory/x", [MonitoringLed(node="n", owner="o")], 0)
        await commands.complete(leave, text="9 s", before={"mean": 40}, after={"mean": 9}, beside=[note])
        assert len(await store.read("memory/x")) == 1
        for attempt in (commands.permitted(leave), commands.complete(leave), commands.fail(leave, "no")):
            with pytest.raises(ImprovementError, match="it is completed"):
                await attempt
        await commands.undo("imp-1", by="ann")


async def test_a_conflict_beside_it_changes_nothing(store: EventStore) -> None:
    async with store:
        commands = ImprovementCommands(store)
        await commands.suggest(suggestion())
        note = StreamAppend("memory/x", [MonitoringLed(node="n", owner="o")], 7)
        with pytest.raises(StreamConflict):
            await commands.approve("imp-1", by="ann", beside=[note])
        assert (await commands.state("imp-1")).status == "pending"


async def test_forged_events_give_no_leave(store: EventStore) -> None:
    async with store:
        commands = ImprovementCommands(store)
        await commands.suggest(suggestion())
        right = plan_hash(suggestion())
        forged = ImprovementAssigned(improvement_id="imp-1", plan_hash=right, approval="improvement/imp-1@2", agent="x")
        await store.append("improvement/imp-1", [forged])
        for attempt in (commands.permitted("imp-1"), commands.approve("imp-1", by="ann")):
            with pytest.raises(ImprovementError, match="can't have this history"):
                await attempt


async def test_a_plan_that_was_changed_in_the_hands_of_who_holds_it_is_not_carried_out(store: EventStore) -> None:
    async with store:
        commands = ImprovementCommands(store)
        await commands.suggest(suggestion())
        await commands.approve("imp-1", by="ann")
        leave = await commands.assign("imp-1", agent="analyst")
        leave.plan.arguments["target"] = "something else"
        with pytest.raises(ImprovementError, match="not the one that was approved"):
            await commands.permitted(leave)
        with pytest.raises(ImprovementError, match="not the one that was approved"):
            await commands.complete(leave)


async def test_nothing_is_decided_on_top_of_what_a_newer_version_wrote(store: EventStore) -> None:
    async with store:
        commands = ImprovementCommands(store)
        await commands.suggest(suggestion())
        await commands.approve("imp-1", by="ann")
        await append_newer(store, "improvement/imp-1", "improvement.revoked")
        with pytest.raises(StoreError):
            await commands.assign("imp-1", agent="analyst")


# --- the policy ---


async def test_the_policy_is_off_until_flag_and_type_are_both_named(open_stepped: Open) -> None:
    flag = "auto-apply-improvements"
    for types, is_on in (((), True), (("performance",), False), (("cost",), True)):
        async with open_stepped(auto_apply_types=types) as stepped:
            stepped.monitoring.register_analyzer("shop", Finder(finding()))
            if is_on:
                await stepped.supervisor.flags.set(flag, variant="on", by="ann")
            report = await stepped.monitoring.trigger_analysis()
            assert report.approved == ()
            with pytest.raises(ImprovementError, match="does not allow"):
                await stepped.monitoring.improvements.approve_by_policy(report.suggested[0], by="x", policy=flag)
            if is_on:
                await stepped.supervisor.flags.reset(flag, by="ann")


async def test_what_the_policy_approved_is_not_carried_out_once_it_is_off(open_stepped: Open) -> None:
    flag = "auto-apply-improvements"
    async with open_stepped(auto_apply_types=("performance",)) as stepped:
        stepped.monitoring.register_analyzer("shop", Finder(finding()))
        await stepped.supervisor.flags.set(flag, variant="on", by="ann")
        (name,) = (await stepped.monitoring.trigger_analysis()).approved
        record = await stepped.monitoring.get_improvement(name)
        assert (record.decided_by, record.policy) == ("monitoring", flag)
        commands = stepped.monitoring.improvements
        assert (await commands.permitted(name)).policy == flag
        await stepped.supervisor.flags.set(flag, variant="off", by="ann")
        with pytest.raises(ImprovementError, match="does not allow it any more"):
            await commands.assign(name, agent="analyst")


async def test_an_approval_that_names_no_known_policy_is_none(stepped: Stepped, finder: Finder) -> None:
    name = await suggested(stepped)
    record = await stepped.monitoring.get_improvement(name)
    forged = ImprovementApproved(improvement_id=name, plan_hash=record.plan_hash, by="x", policy="made-up")
    await stepped.supervisor.store.append(f"improvement/{name}", [forged])
    with pytest.raises(ImprovementError, match="does not allow it"):
        await stepped.monitoring.improvements.assign(name, agent="analyst")


def test_a_fingerprint_is_of_analyzer_and_subject() -> None:
    assert len({fingerprint("a", "bc"), fingerprint("ab", "c"), fingerprint("a", "bd")}) == 3
    assert fingerprint("a", "b") == fingerprint("a", "b")
