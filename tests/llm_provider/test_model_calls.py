"""Calls that survive what a provider does: retries, waits, fallbacks, breakers, bounds; on a server that breaks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anyio
import pytest

from common.agent_configuration import AgentConfiguration
from common.errors import LimitExceeded, ModelError
from common.limits import Limits
from common.settings import BreakerSettings, ModelSettings
from common.tool import Tool
from common.updates import ModelReplaced, TextDelta, TextDiscarded
from events.catalogue.trace import FallbackTaken, ModelCalled
from llm_provider.factory import LLMFactory
from llm_provider.guarded_stream import MAX_ANSWER_CHARS
from llm_provider.runtime_agent_factory import RunResult, RuntimeAgentFactory
from llm_provider.tool_registry import ToolRegistry
from tests.llm_provider.made_up_tools import CONTEXT, TRIP_TOOLS, AddIntent, RemindIntent, Scene, scene
from tests.services.llmock_server import LLMockProcess, calls, llmock_process, llmock_server, says  # noqa: F401
from tests.services.process import free_port
from tests.services.raw_model_server import (
    Act,
    answers,
    calls_without_end,
    closes_at_once,
    drips,
    hangs,
    raw_model_server,
    refuses,
    speaks_without_end,
    stops_after,
)


class Clock:
    """Monotonic seconds that stand still until they are moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def tier(url: str, **values: Any) -> ModelSettings:
    given = {"retries": 2, "retry_delay": 0.01, "timeout": 5.0, "idle_timeout": 2.0, "fallback": (), **values}
    return ModelSettings.model_validate({"provider": "openai", "model": "raw", "base_url": url, **given})


def factory(
    url: str, *, breaker: BreakerSettings | None = None, clock: Clock | None = None, **values: Any
) -> LLMFactory:
    settings = {"smart": tier(url, **values)}
    return LLMFactory(settings, breaker=breaker or BreakerSettings(failures=100), clock=clock or time.monotonic)


async def ask(
    models: LLMFactory, here: Scene | None = None, tools: Sequence[Tool] = (), request: str = "Say hello"
) -> RunResult:
    names = tuple(made.name for made in tools)
    configuration = AgentConfiguration(plan="", system_prompt="You help.", tool_names=names)
    agent, _ = RuntimeAgentFactory(ToolRegistry(tools), models).create_agent(configuration, CONTEXT)
    try:
        return await agent.run(request, run=(here or scene(task="agent")).run)
    finally:
        await models.aclose()


def errors(here: Scene) -> list[str | None]:
    return [event.error for event in here.trace.of(ModelCalled)]


# --- what passes is tried again ---


@pytest.mark.parametrize(
    "act",
    [
        refuses(408),
        refuses(409),
        refuses(429),
        refuses(500),
        refuses(502),
        refuses(503),
        refuses(529),
        closes_at_once(),
        closes_at_once("Well, "),
    ],
    ids=["408", "409", "429", "500", "502", "503", "529", "reset", "reset in the middle"],
)
async def test_what_may_pass_is_tried_again(act: Act) -> None:
    here = scene(task="agent")
    async with raw_model_server(act, answers("Hello.")) as server:
        result = await ask(factory(server.url), here)
        assert len(server.requests) == 2
    assert result.final_output == "Hello."
    first, second = errors(here)
    assert first
    assert second is None
    assert here.run.budget.usage.model_calls == 2


async def test_a_stream_that_ends_too_early_is_no_answer() -> None:
    """Strands would return it as a whole one, with a reason to stop that the server never gave."""

    async def short(writer: Any) -> None:
        await answers("A whole sentence.")(_WithoutEnd(writer))

    here = scene(task="agent")
    async with raw_model_server(short, answers("Hello.")) as server:
        result = await ask(factory(server.url), here)
    assert result.final_output == "Hello."
    assert "broke off" in str(errors(here)[0])
    assert [update for update in here.updates if isinstance(update, (TextDelta, TextDiscarded))] == [
        TextDelta("A whole sentence.", "agent"),
        TextDiscarded(17, "the model's answer broke off before its end", "agent"),
        TextDelta("Hello.", "agent"),
    ]


class _WithoutEnd:
    """Passes on what comes before the end of an answer."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        events = data.split(b"\n\n")
        self._writer.write(b"\n\n".join(event for event in events if b"stop" not in event and b"DONE" not in event))


async def test_an_answer_that_is_not_streamed_is_checked_as_well(llmock_server: LLMockProcess) -> None:  # noqa: F811
    llmock_server.script(says("Hello."))
    result = await ask(factory(llmock_server.openai, streaming=False))
    assert result.final_output == "Hello."
    assert llmock_server.requests()[0]["stream"] is False


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_what_does_not_pass_is_not_tried_again(status: int) -> None:
    here = scene(task="agent")
    async with raw_model_server(refuses(status)) as server:
        with pytest.raises(ModelError) as caught:
            await ask(factory(server.url), here)
        assert len(server.requests) == 1
    assert caught.value.where == "model raw"
    assert len(errors(here)) == 1
    if status in (401, 403):
        assert "api_key" in caught.value.todo


async def test_a_request_that_is_too_long_is_told_as_that() -> None:
    told = {"error": {"message": "This model's maximum context length is 8 tokens.", "code": "context_length_exceeded"}}
    async with raw_model_server(refuses(400, told)) as server:
        with pytest.raises(ModelError, match="too long for the model"):
            await ask(factory(server.url))
        assert len(server.requests) == 1


async def test_the_retries_are_bounded() -> None:
    async with raw_model_server(refuses(500)) as server:
        with pytest.raises(ModelError, match="status 500"):
            await ask(factory(server.url, retries=3))
        assert len(server.requests) == 4


async def test_retries_count_as_model_calls() -> None:
    here = scene(Limits(wall_clock=10, turns=2))
    async with raw_model_server(refuses(500)) as server:
        with pytest.raises(LimitExceeded) as caught:
            await ask(factory(server.url, retries=5), here)
        assert len(server.requests) == 2
    assert caught.value.limit == "turns"


async def test_a_secret_in_an_error_is_not_kept() -> None:
    here = scene(task="agent")
    told = {"error": {"message": "Incorrect API key provided: sk-proj-abcdefghij0123456789."}}
    async with raw_model_server(refuses(401, told)) as server:
        with pytest.raises(ModelError) as caught:
            await ask(factory(server.url, api_key="sk-proj-abcdefghij0123456789"), here)
    assert "abcdefghij" not in str(caught.value)
    assert "abcdefghij" not in str(errors(here))


# --- waits ---


async def test_a_wait_that_the_provider_asks_for_is_kept() -> None:
    async with raw_model_server(refuses(429, retry_after="1"), answers("Hello.")) as server:
        await ask(factory(server.url))
        first, second = server.times
    assert second - first >= 1.0


async def test_a_moment_that_the_provider_names_is_waited_for() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    headers = {"date": format_datetime(now, usegmt=True)}
    headers["retry_after"] = format_datetime(now + timedelta(seconds=1), usegmt=True)
    async with raw_model_server(refuses(503, **headers), answers("Hello.")) as server:
        await ask(factory(server.url))
        first, second = server.times
    assert second - first >= 1.0


@pytest.mark.parametrize(("retry_after", "limits"), [("3600", Limits(wall_clock=30)), ("2", Limits(wall_clock=1.5))])
async def test_a_wait_that_does_not_fit_is_not_begun(retry_after: str, limits: Limits) -> None:
    here = scene(limits, task="agent")
    async with raw_model_server(refuses(429, retry_after=retry_after)) as server:
        result = await ask(factory(server.url, fallback=("offline",)), here, request="hello")
        assert len(server.requests) == 1
    assert result.final_output
    (taken,) = here.trace.of(FallbackTaken)
    assert (taken.source, taken.target) == ("model smart", "model offline")
    assert "refuses more calls" in taken.reason


# --- time and size ---


async def test_a_server_that_says_nothing_is_given_up() -> None:
    here = scene(task="agent")
    async with raw_model_server(hangs(), answers("Hello.")) as server:
        result = await ask(factory(server.url, idle_timeout=0.2), here)
    assert result.final_output == "Hello."
    assert "imed out" in str(errors(here)[0])


async def test_a_server_that_falls_silent_is_given_up() -> None:
    here = scene(task="agent")
    async with raw_model_server(stops_after("Well, "), answers("Hello.")) as server:
        result = await ask(factory(server.url, idle_timeout=0.2), here)
    assert result.final_output == "Hello."
    (discarded,) = [update for update in here.updates if isinstance(update, TextDiscarded)]
    assert discarded.characters == 6


async def test_a_stream_without_end_has_its_time() -> None:
    here = scene(task="agent")
    async with raw_model_server(drips()) as server:
        with pytest.raises(ModelError, match=r"no whole answer within 0\.3 seconds"):
            await ask(factory(server.url, timeout=0.3, retries=1), here)
        assert len(server.requests) == 2
    assert all("no whole answer" in str(error) for error in errors(here))


async def test_megabytes_are_cut() -> None:
    here = scene(Limits(wall_clock=20), task="agent")
    async with raw_model_server(speaks_without_end()) as server:
        with pytest.raises(ModelError, match=f"longer than {MAX_ANSWER_CHARS:,} characters"):
            await ask(factory(server.url), here)
        assert len(server.requests) == 1
    assert sum(len(update.text) for update in here.updates if isinstance(update, TextDelta)) <= MAX_ANSWER_CHARS
    (event,) = here.trace.of(ModelCalled)
    assert event.output_tokens >= MAX_ANSWER_CHARS // 4


async def test_arguments_without_end_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strands keeps them to itself until the call is whole, so they are counted on the wire."""
    monkeypatch.setattr("llm_provider.providers.base.MAX_ANSWER_BYTES", 2_000_000)
    async with raw_model_server(calls_without_end("diary__add")) as server:
        with pytest.raises(ModelError, match="longer than 2 MB"):
            await ask(factory(server.url), scene(Limits(wall_clock=20)), TRIP_TOOLS)
        assert len(server.requests) == 1


async def test_the_requests_own_time_wins() -> None:
    here = scene(Limits(wall_clock=0.3), task="agent")
    async with raw_model_server(drips()) as server:
        with pytest.raises(LimitExceeded) as caught:
            await ask(factory(server.url), here)
    assert caught.value.limit == "wall_clock"
    assert [type(update) for update in here.updates][-1] is TextDiscarded


async def test_time_is_kept_for_those_who_come_after() -> None:
    here = scene(Limits(wall_clock=1.0), task="agent")
    async with raw_model_server(hangs()) as server:
        result = await ask(factory(server.url, fallback=("offline",)), here, request="hello")
    assert result.final_output
    assert "no whole answer within 0.7" in str(errors(here)[0])


async def test_what_a_silent_provider_used_is_estimated(llmock_server: LLMockProcess) -> None:  # noqa: F811
    here = scene(task="agent")
    async with raw_model_server(answers("Hello, hello, hello.")) as server:
        await ask(factory(server.url), here)
    (event,) = here.trace.of(ModelCalled)
    assert event.output_tokens == 5
    assert event.input_tokens > 20
    assert here.run.budget.usage.input_tokens == event.input_tokens


# --- fallbacks ---


async def test_the_chain_is_gone_along_in_its_order() -> None:
    here = scene(task="agent")
    async with raw_model_server(refuses(401)) as first, raw_model_server(answers("Hello.")) as second:
        models = LLMFactory(
            {
                "smart": tier(first.url, fallback=("gone", "other", "offline")),
                "gone": tier(f"http://127.0.0.1:{free_port()}/v1", retries=0, model="nobody"),
                "other": tier(second.url, model="other-1"),
            }
        )
        result = await ask(models, here)
    assert result.final_output == "Hello."
    assert [(event.source, event.target) for event in here.trace.of(FallbackTaken)] == [
        ("model smart", "model gone"),
        ("model gone", "model other"),
    ]
    assert [(event.tier, event.model) for event in here.trace.of(ModelCalled)] == [
        ("smart", "raw"),
        ("gone", "nobody"),
        ("other", "other-1"),
    ]
    assert here.metric("supervisor_fallbacks_total", source="model smart", target="model gone") == 1
    replaced = [update for update in here.updates if isinstance(update, ModelReplaced)]
    assert [(update.tier, update.by, update.task) for update in replaced] == [
        ("smart", "gone", "agent"),
        ("gone", "other", "agent"),
    ]
    assert here.metric("supervisor_tokens_total", model="other-1", direction="output") > 0


async def test_the_error_names_everybody_who_failed() -> None:
    async with raw_model_server(refuses(500)) as first, raw_model_server(refuses(401)) as second:
        models = LLMFactory({"smart": tier(first.url, retries=0, fallback=("b",)), "b": tier(second.url, model="b-1")})
        with pytest.raises(ModelError) as caught:
            await ask(models)
    assert caught.value.where == "model b-1"
    assert "does not let us in" in caught.value.what
    assert "before that smart: the model's provider failed with status 500" in caught.value.what


async def test_the_offline_model_is_shown_what_it_reads(llmock_server: LLMockProcess) -> None:  # noqa: F811
    """The first model gets plain schemas; the one that stands in gets its own, and does the work by them."""
    here = scene(task="agent")
    llmock_server.script({"type": "fail", "status": 401, "times": None})
    models = factory(llmock_server.openai, fallback=("offline",))
    result = await ask(models, here, TRIP_TOOLS, "add a hike to my diary on Saturday and remind me an hour before")
    assert result.ok, result
    assert result.tools_called == ("diary.add", "bell.remind")
    assert "x-" not in str(llmock_server.requests()[0]["body"]["tools"])
    assert [event.provider for event in here.trace.of(ModelCalled)] == ["openai", "offline", "offline", "offline"]
    assert len(here.trace.of(FallbackTaken)) == 1


async def test_what_was_done_before_a_fallback_is_not_done_again(llmock_server: LLMockProcess) -> None:  # noqa: F811
    here = scene(task="agent")
    llmock_server.script(
        calls(("diary__add", {"title": "hike", "when": "on Saturday"})),
        {"type": "stream_fault", "kind": "truncate", "after_chunks": 40},  # behind the end of the first answer
        {"type": "stream_fault", "kind": "truncate", "after_chunks": 1, "times": None},
    )
    models = factory(llmock_server.openai, fallback=("offline",))
    result = await ask(models, here, TRIP_TOOLS, "add a hike to my diary on Saturday and remind me an hour before")
    assert result.tools_called == ("diary.add", "bell.remind")
    assert [type(intent) for intent in here.collector.get_intents()] == [AddIntent, RemindIntent]
    assert [event.provider for event in here.trace.of(ModelCalled)] == ["openai"] * 4 + ["offline"] * 2


async def test_a_fallback_that_can_not_be_made_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    here = scene(task="agent")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    async with raw_model_server(refuses(401)) as server:
        models = LLMFactory(
            {
                "smart": tier(server.url, fallback=("keyless", "offline")),
                "keyless": ModelSettings(provider="openai", model="x"),
            }
        )
        await ask(models, here, request="hello")
    assert [event.target for event in here.trace.of(FallbackTaken)] == ["model keyless", "model offline"]
    assert "needs a key" in here.trace.of(FallbackTaken)[1].reason


# --- the breaker ---


async def test_a_provider_that_keeps_failing_is_left_alone_and_then_probed() -> None:
    clock, here = Clock(), scene(Limits(wall_clock=30, turns=100), task="agent")
    async with raw_model_server(*[refuses(500)] * 3, answers("Hello.")) as server:
        models = LLMFactory(
            {"smart": tier(server.url, retries=0)}, breaker=BreakerSettings(failures=3, seconds=30), clock=clock
        )
        agents = RuntimeAgentFactory(ToolRegistry(), models)

        async def once() -> RunResult:
            agent, _ = agents.create_agent(AgentConfiguration(plan="", system_prompt="x"), CONTEXT)
            return await agent.run("Say hello", run=here.run)

        for _ in range(3):
            with pytest.raises(ModelError, match="status 500"):
                await once()
        for _ in range(5):
            with pytest.raises(ModelError, match="failed 3 times in a row and is left alone for 30 s more"):
                await once()
        assert (server.connections, len(server.requests)) == (3, 3)
        clock.now += 31
        assert (await once()).final_output == "Hello."
        assert (await once()).final_output == "Hello."
        assert len(server.requests) == 5
        await models.aclose()


async def test_only_one_call_probes() -> None:
    clock, here = Clock(), scene(Limits(wall_clock=30, turns=100), task="agent")
    async with raw_model_server(refuses(500), stops_after("…")) as server:
        settings = {"smart": tier(server.url, retries=0, idle_timeout=0.3)}
        models = LLMFactory(settings, breaker=BreakerSettings(failures=1, seconds=30), clock=clock)
        agents = RuntimeAgentFactory(ToolRegistry(), models)
        told: list[str] = []

        async def once() -> None:
            agent, _ = agents.create_agent(AgentConfiguration(plan="", system_prompt="x"), CONTEXT)
            with pytest.raises(ModelError) as caught:
                await agent.run("Say hello", run=here.run)
            told.append(caught.value.what)

        await once()
        clock.now += 31
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(once)
        assert len(server.requests) == 2
        assert sum("left alone" in what for what in told) == 3
        await once()
        assert "left alone for 30 s" in told[-1]
        await models.aclose()


async def test_a_refusal_shows_that_the_provider_is_there() -> None:
    async with raw_model_server(refuses(500), refuses(400), refuses(500), answers("Hello.")) as server:
        models = factory(server.url, retries=0, breaker=BreakerSettings(failures=2, seconds=30))
        agents = RuntimeAgentFactory(ToolRegistry(), models)
        agent, _ = agents.create_agent(AgentConfiguration(plan="", system_prompt="x"), CONTEXT)
        for _ in range(3):
            with pytest.raises(ModelError):
                await agent.run("Say hello", run=scene().run)
        assert (await agent.run("Say hello", run=scene().run)).final_output == "Hello."
        await models.aclose()


async def test_a_call_that_is_cancelled_leaves_the_breaker_as_it_was() -> None:
    clock = Clock()
    async with raw_model_server(refuses(500), hangs(), answers("Hello.")) as server:
        models = factory(server.url, retries=0, breaker=BreakerSettings(failures=1, seconds=30), clock=clock)
        agents = RuntimeAgentFactory(ToolRegistry(), models)
        agent, _ = agents.create_agent(AgentConfiguration(plan="", system_prompt="x"), CONTEXT)
        with pytest.raises(ModelError):
            await agent.run("Say hello", run=scene().run)
        clock.now += 31
        with anyio.move_on_after(0.1):
            await agent.run("Say hello", run=scene().run)
        assert (await agent.run("Say hello", run=scene().run)).final_output == "Hello."
        await models.aclose()


async def test_tiers_of_one_server_share_a_breaker() -> None:
    async with raw_model_server(refuses(500)) as server:
        tiers = {"smart": tier(server.url, retries=0, fallback=("fast",)), "fast": tier(server.url, model="b")}
        models = LLMFactory(tiers, breaker=BreakerSettings(failures=1, seconds=30))
        with pytest.raises(ModelError, match="left alone"):
            await ask(models)
        assert len(server.requests) == 1
