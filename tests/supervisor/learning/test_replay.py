"""Recorded requests are done again without effect, and what a draft would change or break is told."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest

from common.context import Owner, TaskContext
from common.results import RoleResult
from common.run_context import RunContext
from llm_provider.offline_model import OfflineModel
from supervisor import Supervisor
from supervisor.learning.replay import Replayer
from supervisor.testing import MovableClock, offline_settings
from tests.llm_provider.scripted_model import ScriptedModel, says
from tests.supervisor.scripted_role import Mark, ScriptedRole, settings_that_know_the_role


class Stamp(Mark):
    TYPE: ClassVar[str] = "test.stamp"
    text: str = ""
    number: int


GRAPH = TaskContext(flags={"meta-planning": False})
META = TaskContext(flags={"meta-planning": True})
TWICE = "set a timer for 5 minutes and 9 minutes"
NOTES = "search my notes for the packing list and set a timer for 5 minutes"
DIARY = "is there anything in the diary about the dentist"


def replayer(supervisor: Supervisor) -> Replayer:
    parts = supervisor._running_parts  # pyright: ignore[reportPrivateUsage]
    return Replayer(
        parts.rollout.comparer.dry, parts.router, parts.models, parts.views, parts.store,
        lambda: parts.guidelines.current,
    )  # fmt: skip


async def serve(supervisor: Supervisor, agent_type: str, *rules: str) -> None:
    proposed = await supervisor.guidelines.propose(agent_type, rules, by="ann")
    await supervisor.guidelines.activate(agent_type, proposed.version, by="ann")


async def test_a_draft_that_breaks_recorded_successes_may_not_be_tried(supervisor: Supervisor) -> None:
    broken = await supervisor.process_request(TWICE)
    await supervisor.process_request("set a timer for 5 minutes")
    await supervisor.process_request("turn on the kitchen light")
    head = await supervisor.store.head()
    report = await replayer(supervisor).replay("timer", ["stop after timer.set"])
    assert (report.done, len(report.changed), report.moved, report.unstable) == (2, 1, 0, 0)
    (request,) = report.changed
    assert (request.trace_id, request.recorded, request.before, request.after) == (
        broken.trace_id, "success", "success", "partial",
    )  # fmt: skip
    assert request.worse == ("the outcome is partial, it was success",)
    assert set(request.changed) >= {"outcome", "tools", "intents"}
    assert not report.may_be_tried
    told = json.dumps(report.as_json())
    assert broken.trace_id in told
    assert "minutes" not in told, "evidence names traces and holds nothing of what was said"
    assert await supervisor.store.head() == head, "nothing took effect, not even in the log"


async def test_a_draft_that_changes_nothing_or_nothing_for_the_worse_may_be_tried(supervisor: Supervisor) -> None:
    await supervisor.process_request(TWICE)
    await supervisor.process_request(DIARY, GRAPH)
    same = await replayer(supervisor).replay("timer", ["retry timer.set 2", "Be kind."])
    assert (same.done, same.changed, same.may_be_tried) == (1, (), True)
    other = await replayer(supervisor).replay("planning", ["prefer calendar over search"])
    assert (other.done, other.may_be_tried) == (1, True)
    (request,) = other.changed
    assert ("tools" in request.changed, request.worse) == (True, ())


@pytest.mark.parametrize(
    ("agent_type", "rule", "changes"),
    [
        ("agent", "stop after search.documents", 1),
        ("search", "stop after search.documents", 0),
        ("planning", "stop after search", 1),
        ("planning", "stop after search.documents", 1),
        ("router", "prefer calendar over search", 1),
        ("calendar", "avoid calendar.list", 0),
    ],
)
async def test_each_agent_type_has_the_requests_it_had_a_part_in(
    supervisor: Supervisor, agent_type: str, rule: str, changes: int
) -> None:
    for context in (GRAPH, META):
        await supervisor.process_request(NOTES, context)
    await supervisor.process_request(DIARY)
    report = await replayer(supervisor).replay(agent_type, [rule])
    assert len(report.changed) == changes
    assert report.done == {"agent": 1, "search": 2, "planning": 3, "router": 3, "calendar": 0}[agent_type]


async def test_the_rules_in_service_are_compared_with_unless_others_are_named(supervisor: Supervisor) -> None:
    await supervisor.process_request(TWICE)
    await serve(supervisor, "timer", "stop after timer.set")
    again = replayer(supervisor)
    assert not (await again.replay("timer", ["stop after timer.set"])).changed
    better = await again.replay("timer", [])
    assert [(one.before, one.after, one.worse) for one in better.changed] == [("partial", "success", ())]
    assert better.moved == 1
    named = await again.replay("timer", ["stop after timer.set"], before=[])
    assert not named.may_be_tried


async def test_what_fails_by_now_anyway_is_not_held_against_a_draft(supervisor: Supervisor) -> None:
    await supervisor.process_request("set a timer for 5 minutes called tea")
    done = await supervisor.process_request("cancel the tea timer")
    assert done.outcome == "success"
    report = await replayer(supervisor).replay("timer", ["avoid timer.cancel"])
    assert (report.done, report.moved) == (2, 1)
    assert report.worse, "another tool fails now in the place of this one"
    assert report.may_be_tried
    assert not (await replayer(supervisor).replay("timer", ["avoid timer.set"])).may_be_tried


async def test_requests_are_done_again_at_the_time_they_were_made(
    supervisor: Supervisor, movable_clock: MovableClock
) -> None:
    await supervisor.process_request("set an alarm for 11 am today")
    movable_clock.move(timedelta(days=30))
    report = await replayer(supervisor).replay("timer", ["Be kind."])
    assert (report.done, report.moved, report.changed) == (1, 0, ())


async def test_only_so_many_and_the_latest(supervisor: Supervisor) -> None:
    await supervisor.process_request(TWICE)
    for _ in range(3):
        await supervisor.process_request("set a timer for 5 minutes")
    report = await replayer(supervisor).replay("timer", ["stop after timer.set"], limit=3)
    assert (report.done, report.changed) == (3, ())
    none = await replayer(supervisor).replay("timer", ["stop after timer.set"], seconds=0)
    assert (none.done, none.note) == (0, "stopped after 0 seconds")


async def test_what_goes_on_from_earlier_turns_is_skipped(supervisor: Supervisor) -> None:
    session = TaskContext(session="s")
    await supervisor.process_request("set a timer for 5 minutes", session)
    await supervisor.process_request("cancel it", session)
    report = await replayer(supervisor).replay("timer", ["Be kind."])
    assert (report.done, dict(report.skipped)) == (1, {"it goes on from earlier turns of its session": 1})


async def test_forgotten_requests_and_requests_of_other_tenants(supervisor: Supervisor) -> None:
    mine = TaskContext(tenant="mine", user="ann")
    other = TaskContext(tenant="other", user="bob")
    await supervisor.process_request(TWICE, mine)
    await supervisor.process_request(TWICE, other)
    assert (await replayer(supervisor).replay("timer", ["stop after timer.set"])).done == 2
    assert await supervisor.approvals(Owner("other", "bob")) == []


async def test_nothing_is_done_where_a_model_is_not_deterministic(tmp_path: Path) -> None:
    model = ScriptedModel(says("Hello."))
    async with Supervisor(offline_settings(tmp_path), model=model, background=False) as supervisor:
        await supervisor.process_request("set a timer for 5 minutes")
        before = len(model.calls)
        report = await replayer(supervisor).replay("timer", ["stop after timer.set"])
        assert report.note.endswith("is not deterministic")
        assert (report.done, report.may_be_tried, len(model.calls)) == (0, True, before)
        assert report.as_json()["note"] == report.note


async def test_no_requests_are_told(supervisor: Supervisor) -> None:
    report = await replayer(supervisor).replay("diagnosis", ["avoid x"])
    assert report.note == "no recorded request of this agent type can be done again"


@pytest.fixture
async def moody(tmp_path: Path) -> AsyncGenerator[tuple[Supervisor, list[Any]]]:
    """A supervisor whose own role answers by its rules, its mood, and how often it was asked."""
    mood: list[Any] = ["steady"]
    numbers = count()
    supervisor = Supervisor(settings_that_know_the_role(tmp_path), model=OfflineModel(), background=False)

    async def script(request: str, run: RunContext) -> RoleResult:
        if mood[0] == "unsteady":
            mood.append(request)
            return RoleResult(f"asked {len(mood)} times")
        if mood[0] == "raises" and run.hints.guideline:
            raise RuntimeError("a bug of the role's own")
        if mood[0] == "marks":
            run.collector.register(Stamp(number=next(numbers)), call_id="s", task=run.task)
        run.collector.register(Mark(text="ruled" if run.hints.guideline else "free"), call_id="c", task=run.task)
        return RoleResult("done")

    supervisor.add_role(ScriptedRole(script))
    async with supervisor:
        yield supervisor, mood


async def test_a_hosts_role_is_replayed_and_changed_intents_are_told(moody: tuple[Supervisor, list[Any]]) -> None:
    supervisor, _ = moody
    await supervisor.process_request("play the script")
    report = await replayer(supervisor).replay("scripted", ["Play well."])
    assert [one.changed for one in report.changed] == [("intents",)]
    assert report.may_be_tried


async def test_ids_that_are_made_anew_are_no_difference(moody: tuple[Supervisor, list[Any]]) -> None:
    supervisor, mood = moody
    mood[0] = "marks"
    await supervisor.process_request("play the script")
    report = await replayer(supervisor).replay("scripted", ["Play well."])
    assert (report.unstable, [one.changed for one in report.changed]) == (0, [("intents",)])
    await serve(supervisor, "scripted", "Play well.")
    same = await replayer(supervisor).replay("scripted", ["Play very well."])
    assert (same.done, same.unstable, same.changed) == (1, 0, ())


async def test_what_differs_by_itself_tells_nothing(moody: tuple[Supervisor, list[Any]]) -> None:
    supervisor, mood = moody
    mood[0] = "unsteady"
    await supervisor.process_request("play the script")
    report = await replayer(supervisor).replay("scripted", ["Play well."])
    assert (report.done, report.unstable, report.changed) == (1, 1, ())


async def test_a_role_that_raises_under_the_draft_breaks_a_success(moody: tuple[Supervisor, list[Any]]) -> None:
    supervisor, mood = moody
    mood[0] = "raises"
    await supervisor.process_request("play the script")
    report = await replayer(supervisor).replay("scripted", ["Play well."])
    assert not report.may_be_tried
    assert [one.after for one in report.changed] == ["failure"]
