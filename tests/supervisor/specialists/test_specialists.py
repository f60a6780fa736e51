"""Each specialist carries out what is its own, can be undone, and hands on what only others can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from common.errors import BuildError, ConfigurationError, ImprovementError, LearningError
from common.intents import StreamAppend
from events.catalogue.improvement import ImprovementPlan
from events.state.improvement import ApprovedImprovement
from roles.specialists.code_editor import CodeEditor
from roles.specialists.guideline_proposer import GuidelineProposer
from roles.specialists.specialist import Applied, Measure, Permits, Seen
from roles.specialists.system_architect import SystemArchitect
from supervisor.specialists.agent_changes import AgentChanges
from supervisor.specialists.call_log import CallLog
from tests.supervisor.specialists.conftest import CACHE, Shop


async def carried_out(shop: Shop, name: str, **more: Any) -> str:
    await shop.suggest(name, **more)
    await shop.supervisor.monitoring.approve(name, by="ann")
    for _ in range(2):
        await shop.supervisor.specialists.step()
    return await shop.status(name)


def permits(shop: Shop) -> Permits:
    return shop.supervisor.monitoring.improvements.permitted


def architect(shop: Shop, builder: Any = None) -> SystemArchitect:
    parts = shop.supervisor._running_parts  # pyright: ignore[reportPrivateUsage]
    return SystemArchitect(AgentChanges(parts.store, parts.agents, parts.roles), permits(shop), builder)


def plan(action: str, specialist: str, **arguments: Any) -> ImprovementPlan:
    return ImprovementPlan(action=action, specialist=specialist, arguments=arguments)


# --- the architect ---


async def test_an_agent_is_retired_measured_and_brought_back(shop: Shop) -> None:
    more: dict[str, Any] = {"action": "disable_agent", "specialist": "system_architect", "type_": "architecture"}
    assert await carried_out(shop, "imp-1", arguments={"agent": "weather"}, **more) == "assigned"
    assert "weather" not in [role.name for role in shop.supervisor.roles()]
    shop.seconds = 0
    await shop.buy(5)
    assert await shop.supervisor.specialists.step() == ["imp-1"]
    done = await shop.supervisor.monitoring.get_improvement("imp-1")
    assert (done.status, done.result) == (
        "completed", "weather is retired; too little was seen to measure it"
    )  # fmt: skip
    await shop.supervisor.specialists.undo("imp-1", by="ann")
    assert "weather" in [role.name for role in shop.supervisor.roles()]


async def test_a_merge_needs_somebody_to_take_over(shop: Shop) -> None:
    more: dict[str, Any] = {"action": "merge_agents", "specialist": "system_architect"}
    for number, into in enumerate(("nobody", "weather", "")):
        arguments = {"agent": "weather", "into": into}
        assert await carried_out(shop, f"imp-{number}", arguments=arguments, **more) == "failed"
    assert await carried_out(shop, "imp-9", arguments={"agent": "weather", "into": "search"}, **more) == "assigned"
    assert "weather" not in [role.name for role in shop.supervisor.roles()]
    again = {"action": "disable_agent", "specialist": "system_architect", "arguments": {"agent": "weather"}}
    assert await carried_out(shop, "imp-10", **again) == "failed"
    result = (await shop.supervisor.monitoring.get_improvement("imp-10")).result or ""
    assert "weather is retired already" in result


async def test_an_agent_is_registered_once_and_retired_by_undo(shop: Shop) -> None:
    more: dict[str, Any] = {
        "action": "register_agent", "specialist": "system_architect",
        "arguments": {"agent": "tea_taster", "description": "tastes tea", "tools": ["shop.price"]},
    }  # fmt: skip
    assert await carried_out(shop, "imp-1", **more) == "completed"
    assert await carried_out(shop, "imp-2", **more) == "failed"
    (agent,) = [each for each in await shop.supervisor.agents() if each.name == "tea_taster"]
    assert (agent.kind, agent.description, agent.tools, agent.enabled) == ("agent", "tastes tea", ("shop.price",), True)
    await shop.supervisor.specialists.undo("imp-1", by="ann")
    (agent,) = [each for each in await shop.supervisor.agents() if each.name == "tea_taster"]
    assert not agent.enabled


class Builder:
    """Builds what it is asked for, unless it can't; knows what it built."""

    def __init__(self, *, fails: Exception | None = None) -> None:
        self.fails = fails
        self.made: dict[str, Applied] = {}
        self.taken_back: list[str] = []

    async def build(self, leave: ApprovedImprovement) -> Applied:
        if self.fails is not None:
            raise self.fails
        return self.made.setdefault(leave.improvement_id, Applied("built", {"agent_id": "a1"}))

    change = build

    async def built(self, improvement_id: str) -> Applied | None:
        return self.made.get(improvement_id)

    changed = built

    async def take_back(self, improvement_id: str, undo: Any) -> None:
        self.taken_back.append(improvement_id)

    def can_change(self, component: str) -> bool:
        return component == "tool:shop.price"


async def test_a_new_agent_is_for_the_builder_if_there_is_one(shop: Shop) -> None:
    build = plan("build_agent", "system_architect", request="a tea taster")
    shop.supervisor.specialists.register(architect(shop, None))
    assert (await shop.supervisor.specialists.draw_up(build)).action == ""
    more: dict[str, Any] = {
        "action": "build_agent", "specialist": "system_architect", "arguments": dict(build.arguments)
    }  # fmt: skip
    assert await carried_out(shop, "imp-1", **more) == "failed"
    builder = Builder()
    shop.supervisor.specialists.register(architect(shop, builder))
    assert (await shop.supervisor.specialists.draw_up(build)).action == "build_agent"
    assert await carried_out(shop, "imp-2", **more) == "completed"
    assert list(builder.made) == ["imp-2"]
    await shop.supervisor.specialists.undo("imp-2", by="ann")
    assert builder.taken_back == ["imp-2"]


@pytest.mark.parametrize("fault", [BuildError("its tests fail", where="a1"), RuntimeError("broken")])
async def test_what_a_builder_can_not_do_fails_with_its_reason(shop: Shop, fault: Exception) -> None:
    shop.supervisor.specialists.register(architect(shop, Builder(fails=fault)))
    more: dict[str, Any] = {"action": "build_agent", "specialist": "system_architect", "arguments": {}}
    assert await carried_out(shop, "imp-1", **more) == "failed"
    assert str(fault.args[0]) in ((await shop.supervisor.monitoring.get_improvement("imp-1")).result or "")


# --- the editor ---


class FailingTool:
    """What is seen of a tool that failed ten times in a row."""

    async def seen(self, component: str) -> Seen:
        return Seen([1.0], failed=10, longest_run=10)


async def test_the_editor_changes_code_where_it_can_and_configures_where_it_can_not(shop: Shop) -> None:
    mend = plan("mend_tool", "code_editor", component="tool:shop.price", metric="error_rate")
    without = CodeEditor(shop.supervisor.tuning, FailingTool(), permits(shop))
    drawn = await without.draw_up(mend)
    assert drawn is not None
    assert (drawn.action, drawn.arguments["changes"]) == ("tune", {"tool.shop.price.breaker": 30})
    improver = Builder()
    editor = CodeEditor(shop.supervisor.tuning, FailingTool(), permits(shop), improver)
    drawn = await editor.draw_up(mend)
    assert drawn is not None
    assert drawn.action == "change_code"
    shop.supervisor.specialists.register(editor)
    arguments = dict(drawn.arguments)
    status = await carried_out(shop, "imp-1", action="change_code", specialist="code_editor", arguments=arguments)
    assert status == "assigned"
    shop.seconds = 0
    await shop.buy(5)
    await shop.supervisor.specialists.step()
    assert await shop.status("imp-1") == "completed"
    assert list(improver.made) == ["imp-1"]
    await shop.supervisor.specialists.undo("imp-1", by="ann")
    assert improver.taken_back == ["imp-1"]


async def test_a_tool_that_fails_in_rows_gets_a_breaker_that_works(shop: Shop) -> None:
    shop.seconds, shop.fails = 0, True
    await shop.buy(6)
    component = {"component": "tool:shop.price", "metric": "error_rate"}
    drawn = await shop.supervisor.specialists.draw_up(plan("mend_tool", "code_editor", **component))
    assert await carried_out(
        shop, "imp-1", action=drawn.action, specialist="code_editor", arguments=dict(drawn.arguments)
    ) == "assigned"  # fmt: skip
    asked = shop.asked
    answers = await shop.buy(12)
    assert shop.asked == asked + 5
    assert "kept failing, so it is left alone" in answers[-1]


# --- the prompt engineer ---


class Learned:
    """Learning that knows, or does not know, what to propose."""

    def __init__(self, answer: tuple[str, str] | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []
        self.withdrawn: list[tuple[str, str]] = []

    async def propose(self, agent_type: str, *, by: str) -> tuple[str, str]:
        self.asked.append((agent_type, by))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def withdraw(self, agent_type: str, version: str, *, by: str, reason: str) -> None:
        self.withdrawn.append((agent_type, version))


PROPOSE: dict[str, Any] = {"action": "propose_guideline", "specialist": "prompt_engineer"}


async def test_a_guideline_is_proposed_through_learning_and_withdrawn_by_undo(shop: Shop) -> None:
    learned = Learned(("v2", "trial"))
    shop.supervisor.specialists.register(GuidelineProposer(learned, permits(shop)))
    drawn = await shop.supervisor.specialists.draw_up(plan(**PROPOSE, component="role:weather", metric="error_rate"))
    assert drawn.arguments["agent_type"] == "weather"
    assert await carried_out(shop, "imp-1", arguments=dict(drawn.arguments), **PROPOSE) == "completed"
    assert learned.asked == [("weather", "prompt_engineer (imp-1)")]
    result = (await shop.supervisor.monitoring.get_improvement("imp-1")).result
    assert result == "version v2 of the guideline of weather is proposed (trial)"
    await shop.supervisor.specialists.undo("imp-1", by="ann")
    assert learned.withdrawn == [("weather", "v2")]


async def test_where_the_traces_say_nothing_it_fails_honestly(shop: Shop) -> None:
    drawn = await shop.supervisor.specialists.draw_up(plan(**PROPOSE, component="role:weather"))
    assert await carried_out(shop, "imp-1", arguments=dict(drawn.arguments), **PROPOSE) == "failed"
    assert "learning did nothing" in ((await shop.supervisor.monitoring.get_improvement("imp-1")).result or "")
    assert await shop.supervisor.guidelines.versions() == []


async def test_a_cycle_that_runs_elsewhere_is_waited_for(shop: Shop) -> None:
    learned = Learned(LearningError("a cycle of learning runs already", where="learning"))
    shop.supervisor.specialists.register(GuidelineProposer(learned, permits(shop)))
    arguments = {"agent_type": "weather"}
    assert await carried_out(shop, "imp-1", arguments=arguments, **PROPOSE) == "assigned"
    learned.answer = ("v1", "waiting")
    await shop.supervisor.specialists.step()
    assert await shop.status("imp-1") == "completed"


# --- what is nobody's, and housekeeping ---


async def test_what_no_specialist_can_do_waits_for_a_person(shop: Shop) -> None:
    assert await carried_out(shop, "imp-1", action="dance", specialist="performance_analyst") == "approved"
    assert await carried_out(shop, "imp-2", action="tune", specialist="nobody") == "approved"
    drawn = await shop.supervisor.specialists.draw_up(
        plan("tune", "performance_analyst", component="metric:heat", metric="heat")
    )
    assert (drawn.action, drawn.specialist) == ("", "performance_analyst")


async def test_housekeeping_is_done_and_can_not_be_undone(shop: Shop) -> None:
    keep: dict[str, Any] = {"action": "maintain", "specialist": "performance_analyst", "arguments": {}}
    assert await carried_out(shop, "imp-1", **keep) == "completed"
    with pytest.raises(ImprovementError, match="nothing can take that back"):
        await shop.supervisor.specialists.undo("imp-1", by="ann")


class Painter:
    """A specialist of the host's own."""

    name = "painter"
    actions = frozenset({"paint"})

    async def draw_up(self, plan: ImprovementPlan) -> ImprovementPlan | None:
        return plan

    def measures(self, plan: ImprovementPlan) -> Measure | None:
        return None

    async def prepare(self, leave: ApprovedImprovement) -> Sequence[StreamAppend]:
        return ()

    async def applied(self, leave: ApprovedImprovement) -> Applied | None:
        return None

    async def carry_out(self, leave: ApprovedImprovement) -> Applied:
        return Applied("painted blue", {"colour": "grey"})

    async def undo(self, improvement_id: str, undo: Any, *, by: str, reason: str) -> Sequence[StreamAppend]:
        self.colour = undo["colour"]
        return ()


async def test_a_host_brings_specialists_of_its_own(shop: Shop) -> None:
    painter = Painter()
    shop.supervisor.specialists.register(painter)
    assert await carried_out(shop, "imp-1", action="paint", specialist="painter", arguments={}) == "completed"
    await shop.supervisor.specialists.undo("imp-1", by="ann")
    assert painter.colour == "grey"
    painter.actions = frozenset()
    with pytest.raises(ConfigurationError):
        shop.supervisor.specialists.register(painter)


async def test_undo_leaves_what_somebody_tuned_since_then(shop: Shop) -> None:
    changes = {CACHE: 60.0, "requests.queue": 10.0}
    assert await carried_out(shop, "imp-1", arguments={"changes": changes}) == "completed"
    await shop.supervisor.tuning.set(CACHE, 90, by="bea")
    await shop.supervisor.specialists.undo("imp-1", by="ann")
    assert shop.supervisor.tuning.value(CACHE) == 90
    assert shop.supervisor.tuning.value("requests.queue") == 256


# --- what is seen ---


async def test_calls_are_counted_from_the_log(shop: Shop) -> None:
    shop.seconds = 0
    await shop.buy(4)
    shop.fails = True
    await shop.buy(3)
    log = CallLog(shop.supervisor.store)
    seen = await log.seen("tool:shop.price")
    assert (seen.calls, seen.failed, seen.longest_run, len(seen.seconds)) == (7, 3, 3, 4)
    assert seen.repeated == pytest.approx(6 / 7)
    assert (await log.seen("role:scripted")).calls == 7
    assert (await log.seen("requests")).calls == 7
    assert (await log.seen("tool:other")).calls == (await log.seen("metric:heat")).calls == 0


async def test_figures_that_are_followed_are_those_that_one_look_gives(shop: Shop) -> None:
    shop.seconds = 0
    await shop.buy(3)
    position = await shop.supervisor.store.head()
    followed = CallLog(shop.supervisor.store)
    measures = [Measure("tool:shop.price", "response_time"), Measure("requests", "error_rate"), Measure("x", "threads")]
    for fails in (False, True, False):
        shop.fails = fails
        for measure in measures:
            await followed.figures(measure, position)
        await shop.buy(2)
        await shop.supervisor.monitoring.sample()
    for measure in measures:
        at_once = await CallLog(shop.supervisor.store).figures(measure, position)
        assert await followed.figures(measure, position) == at_once
        assert at_once[1].count == (3 if measure.component == "x" else 6)
