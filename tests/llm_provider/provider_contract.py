"""What every provider of models must do, whatever protocol it speaks: one small conversation and its faults."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from common.agent_configuration import AgentConfiguration
from common.errors import ModelError
from common.health import Reached
from common.language.formats import PLAN, REQUEST
from common.settings import ModelSettings
from common.updates import TextDelta
from events.catalogue.trace import ModelCalled
from llm_provider.factory import LLMFactory
from llm_provider.runtime_agent_factory import RunResult, RuntimeAgentFactory
from llm_provider.structured import ask_structured
from llm_provider.tool_registry import ToolRegistry
from tests.llm_provider.made_up_tools import CONTEXT, TRIP_TOOLS, AddIntent, RemindIntent, Scene, scene
from tests.services.process import free_port


class Note(BaseModel):
    """What is to be done."""

    about: Annotated[str, Field(json_schema_extra={"format": REQUEST})]
    plan: Annotated[str, Field(json_schema_extra={"format": PLAN})]


class Provider(ABC):
    """A provider under test, which can be told what to do next."""

    name: str
    streams: tuple[bool, ...] = (True, False)
    reports_usage = True

    @abstractmethod
    def settings(self, **values: Any) -> ModelSettings:
        """A tier of this provider."""

    @abstractmethod
    def will_say(self, text: str) -> None:
        """The next answer is this text."""

    @abstractmethod
    def will_call(self, *calls: tuple[str, dict[str, Any]], then: str) -> None:
        """The next answer calls these tools, the one after it is a text."""

    @abstractmethod
    def will_fill_in(self, name: str, value: dict[str, Any]) -> None:
        """The next answer fills in a structured output."""

    @abstractmethod
    def will_fail(self, status: int, message: str) -> None:
        """Every answer is this error."""

    @abstractmethod
    def will_break_off(self, text: str) -> None:
        """Every answer ends before its end."""


ADD = ("diary__add", {"title": "hike", "when": "on Saturday"})
REMIND = ("bell__remind", {"text": "hike", "when": "an hour before"})
_TOO_LONG = "This model's maximum context length is 8 tokens. prompt is too long: 9 tokens > 8 maximum"
REQUEST_TEXT = "add a hike to my diary on Saturday and remind me an hour before"


class ProviderContract:
    """Inherited by a test class for each provider, which has a fixture `provider`."""

    def models(self, provider: Provider, **values: Any) -> LLMFactory:
        given = {"retries": 0, "retry_delay": 0.01, "timeout": 10.0, "idle_timeout": 5.0, "fallback": (), **values}
        models = LLMFactory({"smart": provider.settings(**given)})
        models.check()
        return models

    async def run(self, models: LLMFactory, request: str, here: Scene, tools: Any = ()) -> RunResult:
        names = tuple(made.name for made in tools)
        configuration = AgentConfiguration(plan="", system_prompt="You help.", tool_names=names)
        agent, _ = RuntimeAgentFactory(ToolRegistry(tools), models).create_agent(configuration, CONTEXT)
        try:
            return await agent.run(request, run=here.run)
        finally:
            await models.aclose()

    async def test_it_answers_in_words(self, provider: Provider) -> None:
        await self.models(provider).preload()  # imports may take seconds, which are not the request's
        for streaming in provider.streams:
            here = scene()
            provider.will_say("Hello there, how are you?")
            result = await self.run(self.models(provider, streaming=streaming), "who are you?", here)
            assert result.ok
            assert result.final_output
            shown = "".join(update.text for update in here.updates if isinstance(update, TextDelta))
            assert shown == result.final_output
            (event,) = here.trace.of(ModelCalled)
            assert (event.provider, event.tier, event.stop_reason, event.error) == (
                provider.name,
                "smart",
                "end_turn",
                None,
            )
            if provider.reports_usage:
                assert event.input_tokens > 0
                assert event.output_tokens > 0

    async def test_it_calls_tools_and_reads_their_results(self, provider: Provider) -> None:
        for streaming in provider.streams:
            here = scene()
            provider.will_call(ADD, REMIND, then="Both are on their way.")
            models = self.models(provider, streaming=streaming)
            result = await self.run(models, REQUEST_TEXT, here, TRIP_TOOLS)
            assert result.tools_called == ("diary.add", "bell.remind")
            assert [type(intent) for intent in here.collector.get_intents()] == [AddIntent, RemindIntent]
            assert result.ok, result

    async def test_it_fills_in_a_structure(self, provider: Provider) -> None:
        for streaming in provider.streams:
            here = scene()
            provider.will_fill_in("Note", {"about": "make tea", "plan": "1. make tea"})
            models = self.models(provider, streaming=streaming)
            try:
                note = await ask_structured(
                    await models.load("smart"),
                    Note,
                    system_prompt="You plan.",
                    request="make tea",
                    run=here.run,
                    purpose="note",
                )
            finally:
                await models.aclose()
            assert note == Note(about="make tea", plan="1. make tea")
            assert here.run.budget.usage.model_calls == 1

    async def test_a_model_is_made_once_and_described(self, provider: Provider) -> None:
        models = self.models(provider)
        assert await models.load("smart") is await models.load("smart")
        assert models.get_model("smart") is models.get_model("smart")
        assert models.describe("smart").provider == provider.name
        await models.aclose()


class ServerContract(ProviderContract):
    """What providers behind a network must do besides."""

    @pytest.mark.parametrize(
        ("status", "message", "told", "tries"),
        [
            (401, "who are you", "does not let us in", 1),
            (403, "not you", "does not let us in", 1),
            (404, "no such model", "does not know", 1),
            (400, "what is that", "refused the call with status 400", 1),
            (429, "slow down", "refuses more calls", 2),
            (500, "oh no", "failed with status 500", 2),
            (503, "not now", "failed with status 503", 2),
        ],
    )
    async def test_its_errors_are_told_apart(
        self, provider: Provider, status: int, message: str, told: str, tries: int
    ) -> None:
        here = scene()
        provider.will_fail(status, message)
        models = self.models(provider, retries=1, retry_max_delay=2.0)
        with pytest.raises(ModelError, match=told):
            await self.run(models, "hello", here)
        assert len(here.trace.of(ModelCalled)) == tries

    async def test_nobody_at_the_address(self, provider: Provider) -> None:
        nowhere = f"http://127.0.0.1:{free_port()}/v1"
        models = self.models(provider, base_url=nowhere, retries=1)
        here = scene()
        with pytest.raises(ModelError):
            await self.run(models, "hello", here)
        assert len(here.trace.of(ModelCalled)) == 2
        (check,) = models.health_checks()
        with pytest.raises(ModelError, match="can't be reached") as caught:
            await check.probe()
        assert caught.value.todo

    async def test_its_health_is_asked_without_invoking_a_model(self, provider: Provider) -> None:
        (check,) = self.models(provider).health_checks()
        assert check.part == "model smart"
        reached = await check.probe()
        assert isinstance(reached, Reached)
        assert reached.detail


class WholeServerContract(ServerContract):
    """What can be shown where the stand-in tells errors and breaks streams as the provider does."""

    async def test_a_request_that_is_too_long_is_told_as_that(self, provider: Provider) -> None:
        provider.will_fail(400, _TOO_LONG)
        with pytest.raises(ModelError, match="too long for the model"):
            await self.run(self.models(provider), "hello", scene())

    async def test_an_answer_that_breaks_off_is_no_answer(self, provider: Provider) -> None:
        here = scene()
        provider.will_break_off("one two three four five six seven eight")
        with pytest.raises(ModelError, match=r"broke off|closed|disconnected"):
            await self.run(self.models(provider, retries=1), "hello", here)
        assert len(here.trace.of(ModelCalled)) == 2
