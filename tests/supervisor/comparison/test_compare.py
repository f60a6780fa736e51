"""Both engines on the same requests: what is told of them, and that what is dry has no effect on anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest
from pydantic import BaseModel

from common.context import TaskContext
from common.errors import ConfigurationError
from common.intents import Effect, Intent, IntentExecution, IntentHandler, IntentResult, Policy
from common.results import RoleResult
from common.run_context import RunContext
from common.settings import IntentSettings
from common.tool import Tool, ToolContext, ToolResult
from events.catalogue.comparison import EnginesCompared
from events.catalogue.intent import IntentRegistered
from events.recorded import Erased
from supervisor import Supervisor
from supervisor.cancellation import Cancellation
from supervisor.comparison.comparer import ComparisonRequest
from supervisor.notifications import Notification
from supervisor.testing import offline_settings
from tests.supervisor.scripted_role import Mark, ScriptedRole, settings_that_know_the_role

EVERYDAY = (
    "turn on the kitchen light",
    "set a timer for 5 minutes and turn off the bedroom light",
    "add lunch with Anna tomorrow at noon and remind me an hour before",
    "remember that my sister likes tulips",
)
PLAY = "play the script"


class World:
    """A plugged-in world that counts what is done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.asked: list[str] = []
        self.handlers: list[IntentHandler] = [self._handler(effect) for effect in Effect]

    def _handler(self, wanted: Effect) -> Any:
        world = self

        class Change(Intent):
            TYPE: ClassVar[str] = f"world.{wanted.value}"

        class Handler:
            intent_type = Change
            effect = wanted

            async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
                world.done.append(wanted.value)
                return IntentResult(f"changed by {wanted.value}")

            async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
                world.asked.append(wanted.value)
                return None

        return Handler()

    def role(self) -> ScriptedRole:
        """Wants one change of each kind: by itself for the TaskGraph, by its tool for an agent."""

        class Nothing(BaseModel):
            pass

        async def play(_: Nothing, context: ToolContext) -> ToolResult:
            for handler in self.handlers:
                await context.register_intent(handler.intent_type())
            return ToolResult(text="The script was played.")

        async def script(_: str, run: RunContext) -> RoleResult:
            for handler in self.handlers:
                run.collector.register(handler.intent_type(), task=run.task)
            return RoleResult("The script was played.", tools_called=("scripted.play",))

        tool = Tool("scripted.play", "Plays the script.", Nothing, play, utterances=(PLAY, "run the scripted thing"))
        return ScriptedRole(script, tools=(tool,), intent_handlers=self.handlers)


async def rows_of(supervisor: Supervisor) -> dict[str, Sequence[Any]]:
    """Every view but the registry of agents, which is filled at the start."""
    return {name: await supervisor.views.query(name, limit=1_000) for name in supervisor.views.names}


def metrics_of(supervisor: Supervisor) -> list[str]:
    lines = generate_latest(supervisor.metrics_registry).decode().splitlines()
    return [line for line in lines if "_lag_" not in line and "_created" not in line]


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


async def test_what_is_dry_changes_nothing_anywhere(tmp_path: Path) -> None:
    world, spans, told = World(), InMemorySpanExporter(), list[Notification]()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))

    async def notifier(notification: Notification) -> None:
        told.append(notification)

    settings = settings_that_know_the_role(tmp_path)
    supervisor = Supervisor(settings, tracer_provider=provider, notifier=notifier, background=False)
    supervisor.add_role(world.role())
    async with supervisor:
        rows, metrics, head = await rows_of(supervisor), metrics_of(supervisor), await supervisor.store.head()
        files = files_in(tmp_path)
        comparison = await supervisor.compare([*EVERYDAY, PLAY])
        for event in comparison.compared:
            for side in (event.first, event.second):
                assert (side.outcome, side.dry, side.error, side.fallback) == ("success", True, None, None), side
                assert {intent.status for intent in side.intents} == {"collected"}
        played = comparison.compared[-1]
        wanted = [f"world.{effect.value}" for effect in Effect]
        assert [intent.type for intent in played.first.intents] == wanted
        assert [intent.type for intent in played.second.intents] == wanted
        appended = await supervisor.store.read_all(head)
        assert [(entry.stream, entry.topic) for entry in appended] == [
            (f"comparison/{comparison.id}", EnginesCompared.TOPIC)
        ] * 5
        assert await rows_of(supervisor) == rows
        assert metrics_of(supervisor) == metrics
        assert (world.done, world.asked, told, spans.get_finished_spans()) == ([], [], [], ())
        assert files_in(tmp_path) == files

        for text in (*EVERYDAY, PLAY):  # the same ones, carried out, show that all of this looks at the right places
            assert (await supervisor.process_request(text)).outcome == "success"
        assert sorted(world.done) == sorted(effect.value for effect in Effect)
        changed = await rows_of(supervisor)
        assert {name for name in rows if changed[name] != rows[name]} >= {
            "trace_index", "intents", "performance", "timers", "home", "memory",
        }  # fmt: skip
        assert files_in(tmp_path) != files
        assert spans.get_finished_spans() != ()


@pytest.mark.parametrize(("policy", "status"), [(Policy.ASK, "awaiting_approval"), (Policy.DENY, "denied")])
async def test_dry_intents_tell_what_policy_would_say(tmp_path: Path, policy: Policy, status: str) -> None:
    told = list[Notification]()

    async def notifier(notification: Notification) -> None:
        told.append(notification)

    settings = offline_settings(tmp_path).model_copy(update={"intents": IntentSettings(default_policy=policy)})
    async with Supervisor(settings, notifier=notifier, background=False) as supervisor:
        comparison = await supervisor.compare(["turn on the kitchen light"])
        for side in (comparison.compared[0].first, comparison.compared[0].second):
            assert [intent.status for intent in side.intents] == [status]
            assert side.outcome == ("awaiting_approval" if policy is Policy.ASK else "partial")
        assert (await supervisor.approvals(), told) == ([], [])


@pytest.mark.parametrize("real", ["task_graph", "meta_planning"])
async def test_the_real_one_is_carried_out_as_any_request_and_the_other_is_not(
    supervisor: Supervisor, real: Any
) -> None:
    comparison = await supervisor.compare(["turn on the kitchen light"], real=real)
    (event,) = comparison.compared
    sides = {side.engine: side for side in (event.first, event.second)}
    carried_out, dry = sides.pop(real), sides.popitem()[1]
    assert (carried_out.dry, dry.dry) == (False, True)
    assert (carried_out.place, dry.place) == (2, 1), "the dry one sees the world that the real one saw"
    assert [intent.status for intent in carried_out.intents] == ["processed"]
    assert [intent.status for intent in dry.intents] == ["collected"]
    (row,) = await supervisor.traces()
    assert (row["trace_id"], row["approach"], row["outcome"]) == (carried_out.trace_id, real, "success")
    (home,) = [row for row in await supervisor.views.query("home") if row["device"] == "kitchen light"]
    assert home["state"]["power"] == "on"


async def test_both_sides_are_told_in_full(supervisor: Supervisor) -> None:
    text = "set a timer for 5 minutes and turn on the kitchen light"
    (event,) = (await supervisor.compare([text])).compared
    graph, agent = event.first, event.second
    assert (event.request, event.source, graph.engine, agent.engine) == (text, "command", "task_graph", "meta_planning")
    assert {graph.place, agent.place} == {1, 2}
    for side in (graph, agent):
        assert sorted(side.tools_used) == ["smart_home.set", "timer.set"]
        assert set(side.tools_used) <= set(side.tools_selected)
        assert sorted(intent.type for intent in side.intents) == ["smart_home.set_device", "timer.set_timer"]
        assert min(side.seconds, side.input_tokens, side.output_tokens, side.model_calls, side.tool_calls) > 0
        assert [step["tool"] for step in side.steps if step["step"] == "trace.tool_called"]
    assert agent.model_calls > graph.model_calls


async def test_what_was_said_before_reaches_both_sides_and_the_comparison_is_no_turn(supervisor: Supervisor) -> None:
    context = TaskContext(session="one")
    await supervisor.process_request("remember that my sister likes tulips", context)
    await supervisor.compare(["turn on the kitchen light"], context)
    assert len(await supervisor.traces(session="one")) == 1


async def test_tools_that_act_by_themselves_are_not_called(tmp_path: Path) -> None:
    called: list[str] = []

    class Door(BaseModel):
        door: str = "front"

    async def ring(arguments: Door, _: ToolContext) -> ToolResult:
        called.append(arguments.door)
        return ToolResult(text="It rang.")

    supervisor = Supervisor(offline_settings(tmp_path), background=False)
    utterances = ("ring the doorbell", "let the doorbell ring")
    supervisor.add_tool(Tool("doorbell.ring", "Rings the doorbell at once.", Door, ring, utterances, acts=True))
    async with supervisor:
        text = "ring the doorbell and turn on the kitchen light"
        (event,) = (await supervisor.compare([text])).compared
        assert "doorbell.ring" in event.second.tools_used
        assert "Dry run: doorbell.ring was not called" in event.second.text
        assert called == []
        await supervisor.process_request(text, TaskContext(flags={"meta-planning": True}))
        assert called == ["front"]


async def test_what_a_request_means_in_its_session_reaches_both_sides(supervisor: Supervisor) -> None:
    context = TaskContext(session="one")
    await supervisor.process_request("add lunch with Anna tomorrow at noon", context)
    text = "make it an hour later and turn on the kitchen light"
    (event,) = (await supervisor.compare([text], context)).compared
    live = await supervisor.process_request(text, TaskContext(session="one", flags={"meta-planning": True}))
    assert [intent.type for intent in event.second.intents] == [intent.type for intent in live.intents]
    assert [intent.type for intent in live.intents] == ["calendar.move_event", "smart_home.set_device"]


async def test_the_order_is_drawn_and_the_same_seed_draws_the_same(supervisor: Supervisor) -> None:
    texts = ["what timers are running?"] * 12

    async def order(seed: int) -> list[int]:
        return [event.first.place for event in (await supervisor.compare(texts, seed=seed)).compared]

    first = await order(1)
    assert set(first) == {1, 2}
    assert await order(1) == first
    assert await order(2) != first


async def test_what_is_no_request_is_told_and_the_others_go_on(supervisor: Supervisor) -> None:
    given = [ComparisonRequest(" ", line=3), ComparisonRequest("what timers are running?", line=4), "x" * 30_000]
    comparison = await supervisor.compare(given)
    assert [event.request for event in comparison.compared] == ["what timers are running?"]
    assert [(skipped.line, len(skipped.text) <= 200) for skipped in comparison.skipped] == [(3, True), (None, True)]
    assert "empty" in comparison.skipped[0].problem


async def test_nothing_to_compare_is_an_empty_comparison(supervisor: Supervisor) -> None:
    told = (await supervisor.compare([])).as_json()
    assert (told["requests"], told["results"]) == (0, [])
    assert {metric["verdict"] for metric in told["metrics"]} == {"not known"}


async def test_an_id_that_was_answered_before_can_not_be_carried_out_again(supervisor: Supervisor) -> None:
    context = TaskContext(request_id="mine")
    await supervisor.process_request("turn on the kitchen light", context)
    comparison = await supervisor.compare(["turn on the kitchen light"], context, real="task_graph")
    assert "answered before" in comparison.skipped[0].problem


async def test_cancelling_a_comparison_leaves_no_open_trace(tmp_path: Path) -> None:
    started = anyio.Event()

    async def hang(_: str, __: RunContext) -> RoleResult:
        started.set()
        await anyio.sleep(60)
        raise AssertionError

    supervisor = Supervisor(settings_that_know_the_role(tmp_path), background=False)
    supervisor.add_role(ScriptedRole(hang))
    async with supervisor:
        head = await supervisor.store.head()
        async with anyio.create_task_group() as group:
            group.start_soon(supervisor.compare, [PLAY])
            await started.wait()
            group.cancel_scope.cancel()
        assert await supervisor.store.head() == head


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same process", "another"])
async def test_the_side_that_is_carried_out_can_be_cancelled_like_any_request(tmp_path: Path, elsewhere: bool) -> None:
    """Its intents are not carried out, the comparison goes on and tells of it, and the trace is ended."""
    started = anyio.Event()

    async def play(_: str, run: RunContext) -> RoleResult:
        run.collector.register(Mark(text="never"), task=run.task)
        if not run.dry:
            started.set()
            await anyio.sleep(60)
        return RoleResult("played")

    base = settings_that_know_the_role(tmp_path)
    settings = base.model_copy(update={"store": base.store.model_copy(update={"url": f"sqlite:///{tmp_path}/log.db"})})

    def with_role() -> Supervisor:
        supervisor = Supervisor(settings, background=False)
        supervisor.add_role(ScriptedRole(play))
        return supervisor

    compared: list[EnginesCompared] = []
    told: list[Cancellation] = []
    async with with_role() as supervisor, with_role() as other:

        async def compare() -> None:
            compared.extend((await supervisor.compare([PLAY], real="task_graph")).compared)

        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(compare)
                await started.wait()
                asked = other if elsewhere else supervisor
                while not (rows := await asked.traces()):
                    await anyio.sleep(0.01)
                told.append(await asked.cancel(str(rows[0]["trace_id"]), timeout=10.0))
        assert [cancelled.state for cancelled in told] == ["cancelled"]
        assert [row["outcome"] for row in await supervisor.traces()] == ["cancelled"]
        assert not await supervisor.store.read_all(0, {IntentRegistered.TOPIC})
    assert [(event.first.outcome, event.second.outcome) for event in compared] == [("cancelled", "failure")]


async def test_comparing_needs_a_started_supervisor(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not started"):
        await Supervisor(offline_settings(tmp_path)).compare(["x"])


async def test_a_forgotten_tenant_is_forgotten_in_comparisons_too(tmp_path: Path) -> None:
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        comparison = await supervisor.compare(["remember that my sister likes tulips"], TaskContext(tenant="acme"))
        (entry,) = await supervisor.store.read(f"comparison/{comparison.id}")
        assert isinstance(entry.event, EnginesCompared)
        await supervisor.forget_tenant("acme", by="test")
        (entry,) = await supervisor.store.read(f"comparison/{comparison.id}")
        assert isinstance(entry.event, Erased)
