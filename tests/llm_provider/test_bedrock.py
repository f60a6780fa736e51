"""Bedrock's own ways: its event streams, its errors, its threads, its marks in prompts."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from common.agent_configuration import AgentConfiguration
from common.errors import ConfigurationError, ModelError
from common.limits import Limits
from common.settings import BreakerSettings, ModelSettings
from common.updates import TextDiscarded
from events.catalogue.trace import ModelCalled
from llm_provider.factory import LLMFactory
from llm_provider.runtime_agent_factory import RunResult, RuntimeAgentFactory
from llm_provider.tool_registry import ToolRegistry
from tests.llm_provider.made_up_tools import CONTEXT, TRIP_TOOLS, Scene, scene
from tests.services.raw_converse import aws_refuses, converse_calls, converse_drips, converse_says
from tests.services.raw_model_server import hangs, raw_model_server

CLAUDE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
ADD = ("diary__add", {"title": "hike", "when": "on Saturday"})


@pytest.fixture(autouse=True)
def no_credentials_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


def factory(url: str, **values: Any) -> LLMFactory:
    given = {"retries": 1, "retry_delay": 0.01, "timeout": 5.0, "idle_timeout": 2.0, "fallback": (), **values}
    tier = {"provider": "bedrock", "model": CLAUDE, "region": "eu-west-1", "api_key": "key", "base_url": url, **given}
    return LLMFactory({"smart": ModelSettings.model_validate(tier)}, breaker=BreakerSettings(failures=100))


async def ask(models: LLMFactory, here: Scene, tools: Any = ()) -> RunResult:
    await models.preload()
    names = tuple(made.name for made in tools)
    configuration = AgentConfiguration(plan="1. add it", system_prompt="You help.", tool_names=names)
    agent, _ = RuntimeAgentFactory(ToolRegistry(tools), models).create_agent(configuration, CONTEXT)
    try:
        return await agent.run("add a hike to my diary on Saturday", run=here.run)
    finally:
        await models.aclose()


async def test_a_stream_is_read_as_it_comes() -> None:
    here = scene()
    async with raw_model_server(converse_calls(ADD), converse_says("It is on its way.")) as server:
        result = await ask(factory(f"http://127.0.0.1:{server.port}"), here, TRIP_TOOLS)
    assert result.tools_called == ("diary.add",)
    assert result.final_output == "It is on its way."
    first, second = here.trace.of(ModelCalled)
    assert (first.provider, first.model, first.tool_calls) == ("bedrock", CLAUDE, ["diary.add"])
    assert (second.input_tokens, second.cached_tokens, second.output_tokens) == (120, 100, 7)
    assert second.cost is not None


async def test_what_repeats_is_marked() -> None:
    async with raw_model_server(converse_says("Hello.")) as server:
        await ask(factory(f"http://127.0.0.1:{server.port}"), scene(), TRIP_TOOLS)
        await ask(factory(f"http://127.0.0.1:{server.port}", cache_prompts=False), scene(), TRIP_TOOLS)
        llama = "meta.llama3-1-70b-instruct-v1:0"
        await ask(factory(f"http://127.0.0.1:{server.port}", model=llama), scene(), TRIP_TOOLS)
        marked, plain, other = server.requests
    system = marked["system"]
    assert [list(block) for block in system] == [["text"], ["cachePoint"], ["text"]]
    assert system[0]["text"] == "You help."
    assert "Plan:" in system[2]["text"]
    assert "cachePoint" in marked["toolConfig"]["tools"][-1]
    assert "cachePoint" not in str(plain)
    assert "cachePoint" not in str(other)


async def test_settings_reach_the_request() -> None:
    options = {"performanceConfig": {"latency": "optimized"}}
    async with raw_model_server(converse_says("Hello.")) as server:
        models = factory(f"http://127.0.0.1:{server.port}", temperature=0.3, max_tokens=77, options=options)
        await ask(models, scene())
        (request,) = server.requests
    assert request["inferenceConfig"] == {"maxTokens": 77, "temperature": 0.3}
    assert request["performanceConfig"] == {"latency": "optimized"}


@pytest.mark.parametrize(
    ("status", "kind", "told", "tries"),
    [
        (429, "ThrottlingException", "refuses more calls", 2),
        (503, "ServiceUnavailableException", "failed with status 503", 2),
        (500, "InternalServerException", "failed with status 500", 2),
        (408, "ModelTimeoutException", "failed with status 408", 2),
        (403, "AccessDeniedException", "does not let us in", 1),
        (403, "ExpiredTokenException", "does not let us in", 1),
        (404, "ResourceNotFoundException", "does not know", 1),
        (400, "ValidationException", "refused the call with status 400", 1),
    ],
)
async def test_its_errors_are_told_apart(status: int, kind: str, told: str, tries: int) -> None:
    here = scene()
    async with raw_model_server(aws_refuses(status, kind, "because")) as server:
        with pytest.raises(ModelError, match=told) as caught:
            await ask(factory(f"http://127.0.0.1:{server.port}"), here)
        assert len(server.requests) == tries
    assert "because" in caught.value.what


async def test_a_request_that_is_too_long_is_told_as_that() -> None:
    async with raw_model_server(
        aws_refuses(400, "ValidationException", "Input is too long for requested model.")
    ) as server:
        with pytest.raises(ModelError, match="too long for the model"):
            await ask(factory(f"http://127.0.0.1:{server.port}"), scene())
        assert len(server.requests) == 1


async def test_an_error_inside_a_stream_is_tried_again() -> None:
    here = scene()
    act = aws_refuses(200, "throttlingException", "slow down", in_stream=True)
    async with raw_model_server(act, converse_says("Hello.")) as server:
        result = await ask(factory(f"http://127.0.0.1:{server.port}"), here)
    assert result.final_output == "Hello."
    (discarded,) = [update for update in here.updates if isinstance(update, TextDiscarded)]
    assert discarded.characters == 6
    assert "refuses more calls" in discarded.reason


async def test_a_stream_that_ends_too_early_is_no_answer() -> None:
    here = scene()
    async with raw_model_server(converse_says("Half an", whole=False), converse_says("Hello.")) as server:
        result = await ask(factory(f"http://127.0.0.1:{server.port}"), here)
    assert result.final_output == "Hello."
    assert "broke off" in str(here.trace.of(ModelCalled)[0].error)


async def test_the_thread_of_a_call_that_was_given_up_ends() -> None:
    async with raw_model_server(converse_drips()) as server:
        with pytest.raises(ModelError, match="no whole answer within"):
            await ask(factory(f"http://127.0.0.1:{server.port}", timeout=0.3, retries=0), scene())
        with anyio.fail_after(5):
            while server.open:
                await anyio.sleep(0.02)


async def test_a_server_that_says_nothing_is_given_up() -> None:
    here = scene(Limits(wall_clock=10))
    async with raw_model_server(hangs(), converse_says("Hello.")) as server:
        result = await ask(factory(f"http://127.0.0.1:{server.port}", idle_timeout=0.3), here)
    assert result.final_output == "Hello."
    assert "imeout" in str(here.trace.of(ModelCalled)[0].error)


async def test_it_needs_a_region_and_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    here = LLMFactory({"smart": ModelSettings(provider="bedrock", model=CLAUDE)})
    here.check()
    with pytest.raises(ConfigurationError, match="no AWS region") as caught:
        await here.load("smart")
    assert caught.value.where == "models.smart.region"
    (check,) = LLMFactory(
        {"smart": ModelSettings(provider="bedrock", model=CLAUDE, region="eu-west-1")}
    ).health_checks()
    with pytest.raises(ModelError, match="no AWS credentials"):
        await check.probe()
