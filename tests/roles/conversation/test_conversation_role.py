"""The conversation role without a model, and with one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.clock import SystemClock
from common.context import TaskContext
from common.intent_collector import IntentCollector
from common.limits import Budget, Limits
from common.results import RoleResult
from common.run_context import RunContext
from common.settings import Settings
from common.telemetry import Telemetry
from events.projection import Views
from events.store import EventStore
from llm_provider.factory import LLMFactory
from llm_provider.offline_model import OfflineModel
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from llm_provider.tool_registry import ToolRegistry
from roles.conversation import build
from roles.conversation.small_talk import ABILITIES, answer_small_talk
from roles.resources import RoleResources
from tests.llm_provider.scripted_model import ScriptedModel, says
from tests.roles.asking import NOW, Trace


async def answer(request: str, runtime: RuntimeAgentFactory | None, *inputs: str) -> RoleResult:
    async with await EventStore.open("memory://") as store:
        views = Views(store)
        role = build(RoleResources(Settings(data_dir=Path("unused")), store, views, SystemClock(), runtime))
        context = TaskContext(timezone="Europe/Zurich", current_time=NOW)
        run = RunContext(context, Trace(), Budget(Limits()), IntentCollector(), Telemetry(), inputs=inputs)
        try:
            return await role.execute(request, run)
        finally:
            await views.close()


def runtime_of(model: ScriptedModel | OfflineModel) -> RuntimeAgentFactory:
    return RuntimeAgentFactory(ToolRegistry(), LLMFactory.with_model(model))


@pytest.mark.parametrize("runtime", [None, "offline"])
async def test_without_a_model_it_greets(runtime: str | None) -> None:
    result = await answer("Hello!", runtime_of(OfflineModel()) if runtime else None)
    assert (result.ok, result.text) == (True, "Hello. What can I do for you?")


@pytest.mark.parametrize(
    "said",
    [
        "What is the capital of France?",
        "Tell me a joke",
        "Write a poem about the moon",
        "Who won the world cup in 1998?",
    ],
)
async def test_without_a_model_it_does_not_pretend_to_know(said: str) -> None:
    result = await answer(said, runtime_of(OfflineModel()))
    assert not result.ok
    assert result.text.startswith("I can't answer that: no language model is configured")
    assert all(f"“{example}”" in result.text for example in ABILITIES)
    assert result.tools_called == ()


async def test_a_model_answers_where_there_is_one() -> None:
    model = ScriptedModel(says("Paris."))
    result = await answer("What is the capital of France?", runtime_of(model), "an earlier result")
    assert (result.ok, result.text, result.iterations) == (True, "Paris.", 1)
    seen = model.calls[0]
    assert seen.tool_specs == []
    assert seen.system_prompt is not None
    assert seen.system_prompt.startswith("You are the conversation role of an assistant")
    assert "capital of France" not in seen.system_prompt
    assert seen.last_texts[0] == "What is the capital of France?"
    assert "an earlier result" in seen.last_texts[1]


async def test_a_model_answers_small_talk_as_well() -> None:
    assert (await answer("hi", runtime_of(ScriptedModel(says("Ahoy!"))))).text == "Ahoy!"


names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=10).filter(
    str.isprintable
)


@given(names, names, st.sampled_from(["hi", "who are you?", "what did Anna say to you?", "Tell me a joke"]))
@settings(deadline=None, max_examples=20)
async def test_the_answer_depends_on_nothing_but_the_request(tenant: str, user: str, said: str) -> None:
    trace, collector = Trace(), IntentCollector()
    async with await EventStore.open("memory://") as store:
        views = Views(store)
        role = build(RoleResources(Settings(data_dir=Path("unused")), store, views, SystemClock()))
        context = TaskContext(tenant=tenant, user=user, timezone="UTC", current_time=NOW)
        run = RunContext(context, trace, Budget(Limits()), collector, Telemetry())
        result = await role.execute(said, run)
        assert result.text == (await role.execute(said, run.for_task("again"))).text == (await answer(said, None)).text
        await views.close()
    assert trace.events == []
    assert collector.get_intents() == []


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ("hi", "Hello."),
        ("Hello there!", "Hello."),
        ("good morning", "Hello."),
        ("hey, how are you?", "Hello. I am a program"),
        ("How's it going?", "I am a program"),
        ("thanks", "You're welcome."),
        ("thank you so much!", "You're welcome."),
        ("ok thanks, bye", "You're welcome. Goodbye."),
        ("thanks for your help", "You're welcome."),
        ("good night", "Good night."),
        ("who are you?", "I am an assistant program."),
        ("What's your name?", "I am an assistant program."),
        ("are you a robot?", "I am an assistant program."),
        ("what can you do?", "I am an assistant program."),
        ("help", "I am an assistant program."),
        ("great, well done", "All right."),
        ("never mind", "All right."),
        ("sorry about that", "No harm done."),
    ],
)
def test_small_talk_has_short_fixed_answers(said: str, start: str) -> None:
    answer = answer_small_talk(said)
    assert answer is not None
    assert answer.startswith(start)


@pytest.mark.parametrize(
    "said",
    [
        "what is the capital of France?",
        "tell me a joke",
        "hi, what is the capital of France?",
        "thanks, and turn on the light",
        "help me write a letter to my landlord",
        "who was Napoleon?",
        "explain photosynthesis",
        "",
        "...",
    ],
)
def test_everything_else_has_none(said: str) -> None:
    assert answer_small_talk(said) is None


def test_what_it_can_do_comes_with_examples() -> None:
    answer = answer_small_talk("what can you do?") or ""
    assert all(f"“{example}”" in answer for example in ABILITIES)


@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    answer_small_talk(text)
