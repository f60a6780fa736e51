"""A host's functions and Strands agents as roles and tools: bounded, recorded, and nobody sees what others asked."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest
from strands import Agent, tool
from strands.session.file_session_manager import FileSessionManager

from common.context import Owner, TaskContext
from common.errors import ConfigurationError, LimitExceeded, ModelError, ToolError
from common.intent_collector import IntentCollector, register_intent
from common.intents import Effect, Intent, IntentExecution
from common.limits import Limits
from common.results import Response
from common.role import Role
from common.tool import ToolContext, ToolResult
from common.updates import Completed, TextDelta
from events.catalogue.trace import ModelCalled, ToolCalled
from llm_provider.foreign_agents import agent_tool
from llm_provider.function_tools import as_tool
from llm_provider.private_run import private_run
from roles.foreign import agent_role, function_role
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.llm_provider.scripted_model import ScriptedModel, calls, fails, hangs, says

POEMS = (
    "write me a poem", "a poem about the sea please", "make up a verse about autumn", "compose a haiku",
    "rhyme something about cats", "write a limerick", "a short poem for mother's birthday", "write a sonnet",
    "I'd like a poem about snow", "verse about the moon", "poem on the river Aare", "please write a ballad",
)  # fmt: skip
WHAT = "Writes poems and verses. Not for prose, letters or music."


class Publish(Intent):
    TYPE: ClassVar[str] = "poet.publish"
    title: str


@tool
def rhymes(word: str) -> str:
    """Words that rhyme.

    Args:
        word: the word to rhyme with
    """
    return f"{word}, and others"


@tool
async def publish(title: str) -> str:
    """Publish a poem.

    Args:
        title: what it is called
    """
    await register_intent(Publish(title=title))
    return "it will be published"


def poet(*turns: Any, endless: bool = False, **more: Any) -> Agent:
    return Agent(
        model=ScriptedModel(*turns, endless=endless),
        name="poet",
        description="Writes poems",
        tools=[rhymes, publish],
        **more,
    )


async def ask(role: Role, folder: Path, context: TaskContext | None = None, **parts: Any) -> tuple[Response, list[Any]]:
    supervisor = Supervisor(offline_settings(folder), background=False)
    supervisor.add_role(role)
    for intent, handler in parts.get("handlers", {}).items():
        supervisor.add_intent_handler(intent, handler, effect=Effect.AT_MOST_ONCE)
    async with supervisor:
        response = await supervisor.process_request("write a poem about the sea", context)
        detail = await supervisor.trace(response.trace_id, owner=(context or TaskContext()).owner)
        return response, [recorded.event for recorded in detail.events]


async def test_an_agent_is_a_role_recorded_in_the_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def make() -> Agent:
        return poet(calls(("rhymes", {"word": "sea"})), says("Me and the sea"), callback_handler=None)

    response, events = await ask(agent_role("poet", WHAT, POEMS, make), tmp_path)
    assert (response.outcome, response.text, response.metadata.route) == ("success", "Me and the sea", "poet")
    assert response.metadata.tools_used == ("rhymes",)
    assert (response.usage.model_calls, response.usage.tool_calls) == (2, 1)
    assert response.usage.input_tokens == 20
    called = [event for event in events if isinstance(event, ToolCalled)]
    assert [(event.tool, event.arguments, event.text, event.ok) for event in called] == [
        ("rhymes", {"word": "sea"}, "sea, and others", True)
    ]
    assert [event.tool_calls for event in events if isinstance(event, ModelCalled)] == [["rhymes"], []]
    assert capsys.readouterr().out == ""


async def test_what_its_tools_register_is_an_intent(tmp_path: Path) -> None:
    published: list[str] = []

    async def carry_out(intent: Publish, _: IntentExecution) -> str:
        published.append(intent.title)
        return f"“{intent.title}” is published"

    agent = agent_role("poet", WHAT, POEMS, lambda: poet(calls(("publish", {"title": "Sea"})), says("Sea, sea")))
    response, _ = await ask(agent, tmp_path, handlers={Publish: carry_out})
    assert published == ["Sea"]
    assert [(intent.type, intent.status.value) for intent in response.intents] == [("poet.publish", "processed")]


async def test_an_agent_handed_over_as_it_is_remembers_nobody(tmp_path: Path) -> None:
    """Its messages and state are put back before each run, also after one that was cancelled in the middle."""
    model = ScriptedModel(says("one"), hangs(), says("three"))
    agent = Agent(model=model, messages=[{"role": "user", "content": [{"text": "You rhyme."}]}], state={"mood": "calm"})
    role = agent_role("poet", WHAT, POEMS, agent)
    await role.execute("Anna's secret", private_run())
    agent.state.set("mood", "Anna's")
    with anyio.move_on_after(0.3):
        await role.execute("Bert's secret", private_run())
    result = await role.execute("Carla asks", private_run())
    assert result.text == "three"
    assert [block["text"] for said in model.calls[2].messages for block in said["content"]] == [
        "You rhyme.",
        "Carla asks",
    ]
    assert agent.state.get("mood") == "calm"


async def test_two_requests_at_once_wait_for_each_other(tmp_path: Path) -> None:
    agent = poet(says("one"), says("two"), says("three"))
    role = agent_role("poet", WHAT, POEMS, agent)
    texts: list[str] = []

    async def one(number: int) -> None:
        texts.append((await role.execute(f"poem {number}", private_run())).text)

    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(one, number)
    assert sorted(texts) == ["one", "three", "two"]
    assert all(len(seen.messages) == 1 for seen in agent.model.calls)  # type: ignore[attr-defined]


async def test_a_factory_is_given_who_asks_and_makes_one_for_each_run() -> None:
    made: list[Owner] = []

    async def make(context: TaskContext) -> Agent:
        made.append(context.owner)
        return poet(says(f"for {context.user}"))

    role = agent_role("poet", WHAT, POEMS, make)
    for user in ("anna", "bert"):
        result = await role.execute("a poem", private_run(TaskContext(user=user)))
        assert result.text == f"for {user}"
    assert made == [Owner("default", "anna"), Owner("default", "bert")]


async def test_the_requests_bounds_hold(tmp_path: Path) -> None:
    endless = agent_role("poet", WHAT, POEMS, lambda: poet(calls(("rhymes", {"word": "a"})), endless=True))
    for limits, name in (
        (Limits(turns=3), "turns"),
        (Limits(tokens=40), "tokens"),
        (Limits(tool_calls=2), "tool_calls"),
    ):
        with pytest.raises(LimitExceeded) as caught:
            await endless.execute("a poem", private_run(TaskContext(limits=limits)))
        assert caught.value.limit == name
    sleepy = agent_role("poet", WHAT, POEMS, lambda: poet(hangs()))
    with pytest.raises(LimitExceeded) as caught:
        await sleepy.execute("a poem", private_run(TaskContext(limits=Limits(wall_clock=0.3))))
    assert caught.value.limit == "wall_clock"


async def test_an_agent_that_would_print_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    agent = poet(says("spoken"))
    printing = agent.callback_handler
    await agent_role("poet", WHAT, POEMS, agent).execute("a poem", private_run())
    assert capsys.readouterr().out == ""
    assert agent.callback_handler is printing


async def test_what_it_says_is_streamed(tmp_path: Path) -> None:
    supervisor = Supervisor(offline_settings(tmp_path), background=False)
    supervisor.add_role(agent_role("poet", WHAT, POEMS, lambda: poet(says("Waves and more"))))
    async with supervisor, contextlib.aclosing(supervisor.stream_request("write a poem about the sea")) as updates:
        seen = [update async for update in updates]
    assert "".join(update.text for update in seen if isinstance(update, TextDelta)) == "Waves and more"
    assert isinstance(seen[-1], Completed)


async def test_an_agent_that_fails_is_a_typed_error() -> None:
    role = agent_role("poet", WHAT, POEMS, lambda: poet(fails(RuntimeError("out of ink"))))
    with pytest.raises(ModelError, match="out of ink"):
        await role.execute("a poem", private_run())
    with pytest.raises(ToolError, match="it made str"):
        await agent_role("poet", WHAT, POEMS, lambda: "no agent").execute("a poem", private_run())


def test_what_is_no_agent_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="int is no agent"):
        agent_role("poet", WHAT, POEMS, 7)
    with pytest.raises(ToolError, match="takes nothing, or"):
        agent_role("poet", WHAT, POEMS, lambda one, two: None)
    keeping = Agent(model=ScriptedModel(), session_manager=FileSessionManager("s", storage_dir=str(tmp_path)))
    with pytest.raises(ToolError, match="session manager"):
        agent_role("poet", WHAT, POEMS, keeping)


async def test_an_agent_is_a_tool() -> None:
    model = ScriptedModel(calls(("publish", {"title": "Sea"})), says("done"), says("again"))
    made = as_tool(Agent(model=model, name="The Poet", description="Writes poems", tools=[publish]), category="art")
    assert (made.name, made.description) == ("art.the_poet", "Writes poems")
    assert made.schema["required"] == ["request"]
    collector = IntentCollector()
    context = ToolContext(TaskContext(), collector)
    arguments = made.arguments.model_validate({"request": "a poem"})
    assert (await made.handler(arguments, context)).text == "done"
    assert [intent.TYPE for intent in collector.get_intents()] == ["poet.publish"]
    assert (await made.handler(arguments, context)).text == "again"
    assert len(model.calls[2].messages) == 1
    with pytest.raises(ToolError, match="needs a description"):
        agent_tool(Agent(model=ScriptedModel()), "art")


async def test_a_supervisor_plans_with_an_agent_as_a_tool(tmp_path: Path) -> None:
    supervisor = Supervisor(offline_settings(tmp_path), background=False)
    supervisor.add_tool(
        agent_tool(
            lambda: poet(says("Waves")), "art", name="poet", description="Write a poem", utterances=("write a poem",)
        )
    )
    async with supervisor:
        context = {"flags": {"meta-planning": True}}
        response = await supervisor.process_request("write a poem and set a tea timer for 4 minutes", context)
        events = (await supervisor.trace(response.trace_id)).events
    assert {"art.poet", "timer.set"} <= set(response.metadata.tools_used)
    assert "Waves" in response.text
    asked = [one.event for one in events if isinstance(one.event, ModelCalled) and one.event.model == "scripted-1"]
    assert len(asked) == 1


async def test_a_function_is_a_role(tmp_path: Path) -> None:
    def write(request: str) -> str:
        return f"A poem: {request}"

    response, _ = await ask(function_role("poet", WHAT, POEMS, write), tmp_path / "one")
    assert (response.outcome, response.text) == ("success", "A poem: write a poem about the sea")

    async def write_for(request: str, context: ToolContext) -> ToolResult:
        await context.register_intent(Publish(title=context.context.user))
        return ToolResult(text="not without pay", ok=False)

    async def carry_out(intent: Publish, _: IntentExecution) -> str:
        return f"published for {intent.title}"

    role = function_role("poet", WHAT, POEMS, write_for)
    response, _ = await ask(role, tmp_path / "two", TaskContext(user="anna"), handlers={Publish: carry_out})
    assert [intent.detail for intent in response.intents] == ["published for anna"]


async def test_a_function_that_fails_fails_the_request(tmp_path: Path) -> None:
    def write(request: str) -> str:
        raise ValueError("no ink")

    response, _ = await ask(function_role("poet", WHAT, POEMS, write), tmp_path)
    assert response.outcome == "failure"
    assert "no ink" in response.text


async def test_where_nothing_may_take_effect_what_acts_is_not_called() -> None:
    dry = replace(private_run(), dry=True)
    written: list[str] = []
    role = function_role("poet", WHAT, POEMS, lambda request: written.append(request), acts=True)
    assert "was not called" in (await role.execute("a poem", dry)).text
    agent = poet(says("never"))
    await agent_role("poet", WHAT, POEMS, agent).execute("a poem", dry)
    assert (written, agent.model.calls) == ([], [])  # type: ignore[attr-defined]


def test_a_function_that_takes_no_request_is_refused() -> None:
    for function in (lambda: "", lambda a, b, c: "", "text"):
        with pytest.raises(ConfigurationError, match="role poet"):
            function_role("poet", WHAT, POEMS, function)  # type: ignore[arg-type]
