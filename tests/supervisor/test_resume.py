"""Killed after every step of a graph and resumed: what had ended is not done again, each effect happens once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.context import Owner
from common.errors import NotFound
from common.intents import Intent, IntentExecution, IntentResult, Policy
from common.results import Response, RoleResult
from common.run_context import RunContext
from common.task_graph import Task, TaskGraph
from common.updates import Completed, TextDelta
from events.catalogue.timer import TimerSet
from events.catalogue.trace import AgentConfigured, TaskFinished, TaskGraphPlanned, ToolCalled, TraceStarted
from events.recorded import RecordedEvent
from supervisor import Supervisor
from supervisor.testing import MovableClock
from tests.supervisor import resuming_host
from tests.supervisor.crashing_host import CLOCK, settings_in
from tests.supervisor.forked import run_forked
from tests.supervisor.scripted_role import Mark, MarkHandler, ScriptedRole, settings_that_know_the_role
from tests.supervisor.test_crash import ask_again, entries, run_host

TEXT = (
    "add a mountain trip to my calendar for saturday at 9, remind me an hour before and "
    "then tell me what is on my calendar on sunday"
)


def killed_after(folder: Path, step: int, meta_planning: str) -> bool:
    code = run_forked(resuming_host.main, str(folder), str(step), meta_planning, TEXT)
    assert code in (0, -signal.SIGKILL)
    return code != 0


def check_nothing_was_done_again(recorded: Sequence[RecordedEvent]) -> None:
    """No tool of a task is called behind the task's end, whichever trace that is in."""
    ended: set[str] = set()
    for entry in recorded:
        if isinstance(entry.event, TaskFinished):
            ended.add(entry.event.task)
        elif isinstance(entry.event, ToolCalled):
            assert entry.event.task not in ended, f"{entry.event.tool} was called for a task that had ended"


@pytest.mark.parametrize("meta_planning", ["off", "on"])
async def test_killed_after_every_step_and_resumed(tmp_path: Path, meta_planning: str) -> None:
    topics = {TaskFinished.TOPIC, ToolCalled.TOPIC}
    plan = TaskGraphPlanned.TOPIC if meta_planning == "off" else AgentConfigured.TOPIC
    planned, resumed_in_the_middle = 0, 0
    for step in range(1, 40) if meta_planning == "off" else range(3, 40, 2):
        folder = tmp_path / str(step)
        if not killed_after(folder, step, meta_planning):
            break
        async with Supervisor(settings_in(folder), clock=MovableClock(CLOCK), background=False) as supervisor:
            (row,) = await supervisor.traces()
            before = await supervisor.store.read_all(0, {plan})
            response = await supervisor.resume(str(row["trace_id"])[:12])
            timers = await supervisor.store.read_all(0, {TimerSet.TOPIC})
            assert response.outcome == "success", f"killed after step {step}: {response.text}"
            assert [intent.status.value for intent in response.intents] == ["processed", "processed"]
            assert "“Mountain trip” is in your calendar" in response.text
            assert "Nothing is in your calendar" in response.text
            assert (entries(folder), len(timers)) == (1, 1), f"killed after step {step}"
            check_nothing_was_done_again(await supervisor.store.read_all(0, topics))
            plans = [entry.event for entry in await supervisor.store.read_all(0, {plan})]
            assert all(event == plans[0] for event in plans), "it follows the plan of before"
            planned += bool(before)
            resumed_in_the_middle += len(await supervisor.store.read_all(0, {TaskFinished.TOPIC})) > 3
            starts = [entry.event for entry in await supervisor.store.read_all(0, {TraceStarted.TOPIC})]
            last = starts[-1]
            assert isinstance(last, TraceStarted)
            if response.trace_id != row["trace_id"]:
                assert last.resumes == row["trace_id"]
            assert await supervisor.resume(str(row["trace_id"])) == response
            assert await supervisor.process_request(TEXT, {"request_id": "trip"}) == response
    assert planned > 1, "it must have been killed behind the plan"
    if meta_planning == "off":
        assert resumed_in_the_middle > 2, "it must have been killed between tasks"


@pytest.mark.parametrize("second", [1, 2, 4])
async def test_killed_again_while_it_goes_on(tmp_path: Path, second: int) -> None:
    """An attempt that dies while it finishes what the one before had registered leaves that to the next."""
    assert run_host(tmp_path, 2, "after", "off") != 0
    assert run_host(tmp_path, second, "after", "off") != 0
    outcome, timers, _ = await ask_again(tmp_path, "off")
    assert (outcome, entries(tmp_path), timers) == ("partial", 1, 1)


class FixedPlan:
    """A planner that has one plan and counts how often it is asked."""

    def __init__(self, *tasks: Task) -> None:
        self._graph = TaskGraph(tasks=tasks)
        self.asked = 0

    async def create_task_graph(self, *_: Any) -> TaskGraph:
        self.asked += 1
        return self._graph


CHAIN = (
    Task(id="a", role="scripted", request="first"),
    Task(id="b", role="scripted", request="second", depends_on=("a",)),
    Task(id="c", role="scripted", request="third", depends_on=("b",)),
)
PLANNED = "turn on the kitchen light, then play the script and what is the capital of France"


class Counting:
    """Plays tasks: each marks its name; the one in `stuck` hangs as long as it stays there."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.inputs: dict[str, tuple[str, ...]] = {}
        self.stuck: set[str] = set()
        self.hanging = anyio.Event()

    async def __call__(self, request: str, run: RunContext) -> RoleResult:
        self.ran.append(request)
        self.inputs[request] = run.inputs
        if request in self.stuck:
            self.hanging.set()
            await anyio.sleep(60)
        run.collector.register(Mark(text=request), task=run.task)
        return RoleResult(f"{request} is done")


async def with_chain(
    folder: Path, script: Counting, *, handler: MarkHandler | None = None, **intents: Any
) -> tuple[Supervisor, FixedPlan]:
    base = settings_that_know_the_role(folder)
    settings = base.model_copy(update={"intents": base.intents.model_copy(update=intents)})
    supervisor = Supervisor(settings, background=False)
    supervisor.add_role(ScriptedRole(script, intent_handlers=[handler or MarkHandler()]))
    await supervisor.start()
    plan = FixedPlan(*CHAIN)
    engine: Any = supervisor._running_parts.handler._services.task_graph  # pyright: ignore[reportPrivateUsage]
    engine._planner = plan
    return supervisor, plan


async def stopped_by(supervisor: Supervisor, how: str, script: Counting) -> Response:
    if how == "limit":
        return await supervisor.process_request(PLANNED, {"limits": {"wall_clock": 0.3}})
    answers: list[Response] = []

    async def ask() -> None:
        answers.append(await supervisor.process_request(PLANNED))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await script.hanging.wait()
        while not (rows := await supervisor.traces()):
            await anyio.sleep(0.01)
        cancelled = await supervisor.cancel(str(rows[0]["trace_id"]))
        assert cancelled.state == "cancelled"
        assert cancelled.response is not None
        assert cancelled.response.intents == ()
    return answers[0]


@pytest.mark.parametrize("how", ["cancel", "limit"])
async def test_what_was_stopped_goes_on_from_its_finished_tasks(tmp_path: Path, how: str) -> None:
    script = Counting()
    script.stuck = {"third"}
    supervisor, plan = await with_chain(tmp_path, script)
    async with supervisor_of(supervisor):
        stopped = await stopped_by(supervisor, how, script)
        assert stopped.outcome == ("cancelled" if how == "cancel" else "limit:wall_clock")
        script.stuck.clear()
        response = await supervisor.resume(stopped.trace_id, limits={"wall_clock": 30})
        assert response.outcome == "success"
        assert script.ran == ["first", "second", "third", "third"]
        assert script.inputs["third"] == ("second is done",), "results of before reach what depends on them"
        assert [report.detail for report in response.intents] == ["marked first", "marked second", "marked third"]
        assert response.metadata.fallback is not None
        assert "2 of 3 tasks had ended" in response.metadata.fallback
        assert plan.asked == 1
        again = await supervisor.resume(stopped.trace_id)
        assert again == response
        assert again.text.splitlines()[:3] == ["first is done", "second is done", "third is done"]


class supervisor_of:  # noqa: N801 - reads as a function
    """Closes a supervisor that was started already."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def __aenter__(self) -> Supervisor:
        return self._supervisor

    async def __aexit__(self, *_: object) -> None:
        await self._supervisor.close()


class SlowMarkHandler(MarkHandler):
    """Takes its time the first time, so that it is up for what comes behind."""

    def __init__(self) -> None:
        self.marked: list[str] = []

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        if not self.marked:
            await anyio.sleep(0.6)
        self.marked.append(str(intent.model_dump()["text"]))
        return await super().carry_out(intent, execution)


async def test_what_time_was_up_for_is_carried_out_later(tmp_path: Path) -> None:
    script, handler = Counting(), SlowMarkHandler()
    supervisor, _ = await with_chain(tmp_path, script, handler=handler)
    async with supervisor_of(supervisor):
        stopped = await supervisor.process_request(PLANNED, {"limits": {"wall_clock": 0.5}})
        assert [report.status.value for report in stopped.intents] == ["processed", "failed", "failed"]
        for _ in range(2):
            response = await supervisor.resume(stopped.trace_id, limits={"wall_clock": 30})
            assert response.outcome == "success"
            assert [report.detail for report in response.intents] == ["marked first", "marked second", "marked third"]
        assert handler.marked == ["first", "second", "third"]
        assert script.ran == ["first", "second", "third"]


async def test_stopped_again_and_resumed_again(tmp_path: Path) -> None:
    script = Counting()
    script.stuck = {"second"}
    supervisor, plan = await with_chain(tmp_path, script)
    async with supervisor_of(supervisor):
        first = await supervisor.process_request(PLANNED, {"limits": {"wall_clock": 0.3}})
        script.stuck = {"third"}
        second = await supervisor.resume(first.trace_id)
        assert second.outcome == "limit:wall_clock"
        script.stuck.clear()
        third = await supervisor.resume(first.trace_id, limits={"wall_clock": 30})
        assert third.outcome == "success", "the first trace names the request, whose last attempt is gone on with"
        assert script.ran == ["first", "second", "second", "third", "third"]
        assert len(third.intents) == 3
        assert plan.asked == 1


async def test_of_two_who_resume_at_once_one_goes_on(tmp_path: Path) -> None:
    script = Counting()
    script.stuck = {"third"}
    supervisor, _ = await with_chain(tmp_path, script)
    async with supervisor_of(supervisor):
        stopped = await supervisor.process_request(PLANNED, {"limits": {"wall_clock": 0.3}})
        script.stuck.clear()
        answers: list[Response] = []

        async def resume() -> None:
            answers.append(await supervisor.resume(stopped.trace_id, limits={"wall_clock": 30}))

        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(resume)
        assert len({answer.trace_id for answer in answers}) == 1
        assert script.ran.count("third") == 2, "once before, once now"


async def test_a_resume_is_streamed_with_what_was_found_out_before(tmp_path: Path) -> None:
    script = Counting()
    script.stuck = {"third"}
    supervisor, _ = await with_chain(tmp_path, script)
    async with supervisor_of(supervisor):
        stopped = await supervisor.process_request(PLANNED, {"limits": {"wall_clock": 0.3}})
        script.stuck.clear()
        updates = [update async for update in supervisor.stream_resume(stopped.trace_id, limits={"wall_clock": 30})]
        said = [update.text for update in updates if isinstance(update, TextDelta)]
        last = updates[-1]
        assert isinstance(last, Completed)
        assert "\n".join(said) == last.response.text


async def test_only_the_owner_resumes_and_cancels(tmp_path: Path) -> None:
    script = Counting()
    script.stuck = {"third"}
    supervisor, _ = await with_chain(tmp_path, script)
    async with supervisor_of(supervisor):
        stopped = await supervisor.process_request(PLANNED, {"limits": {"wall_clock": 0.3}})
        for stranger in (Owner("default", "eve"), Owner("other", "local")):
            with pytest.raises(NotFound):
                await supervisor.resume(stopped.trace_id, owner=stranger)
            with pytest.raises(NotFound):
                await supervisor.cancel(stopped.trace_id, owner=stranger)
        told = await supervisor.cancel(stopped.trace_id)
        assert (told.state, told.response) == ("ended", stopped)


Decide = Callable[[Supervisor, str], Any]


@pytest.mark.parametrize("approved", [True, False])
async def test_a_request_that_waits_for_approval_tells_what_became_of_it(tmp_path: Path, approved: bool) -> None:
    script = Counting()
    supervisor, _ = await with_chain(tmp_path, script, policies={"test.mark": Policy.ASK})
    async with supervisor_of(supervisor):
        waiting = await supervisor.process_request(PLANNED)
        assert waiting.outcome == "awaiting_approval"
        assert (await supervisor.resume(waiting.trace_id)).outcome == "awaiting_approval"
        for report in waiting.intents:
            if approved:
                await supervisor.approve(report.id, by="boss")
            else:
                await supervisor.deny(report.id, by="boss", reason="not now")
        response = await supervisor.resume(waiting.trace_id)
        assert script.ran == ["first", "second", "third"], "nothing is run again"
        assert response.outcome == ("success" if approved else "partial")
        assert ("marked first" in response.text) is approved
        assert ("not now" in response.text) is not approved


async def test_a_task_whose_end_was_not_kept_is_done_again(tmp_path: Path) -> None:
    """A result that is too large to be kept whole does not stand for itself later."""

    class Large(Counting):
        async def __call__(self, request: str, run: RunContext) -> RoleResult:
            result = await super().__call__(request, run)
            sizes = {"first": 5_000_000, "second": 300_000}
            return RoleResult("x" * sizes.get(request, 10), facts=result.facts)

    script = Large()
    script.stuck = {"third"}
    supervisor, _ = await with_chain(tmp_path, script)
    async with supervisor_of(supervisor):
        stopped = await supervisor.process_request(PLANNED, {"limits": {"wall_clock": 1.5}})
        assert stopped.outcome == "limit:wall_clock"
        script.stuck.clear()
        response = await supervisor.resume(stopped.trace_id, limits={"wall_clock": 30})
        assert response.outcome == "success", response.text[-300:]
        assert script.ran == ["first", "second", "third", "first", "third"]
        assert script.inputs["third"] == ("x" * 300_000,), "a long result reaches later tasks whole"
        assert len(response.intents) == 3
