"""Tiers, aliases, hosts' own models, and what calls cost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from common.errors import ConfigurationError
from common.settings import ModelSettings, Settings
from llm_provider.factory import LLMFactory, ModelDescription, describe_model
from llm_provider.offline_model import OfflineModel
from llm_provider.pricing import TokenCounts, cost_of
from tests.llm_provider.scripted_model import ScriptedModel, says

TIERS = {"fast": ModelSettings(), "smart": ModelSettings(model="offline-2")}


def test_the_default_settings_serve_every_tier_offline() -> None:
    settings = Settings()
    factory = LLMFactory(settings.models, settings.model_aliases)

    assert factory.tiers == ("fast", "smart", "sonnet")
    for tier in factory.tiers:
        assert isinstance(factory.get_model(tier), OfflineModel)
        assert factory.is_offline(tier)


def test_a_model_is_made_once() -> None:
    factory = LLMFactory(TIERS, {"sonnet": "smart"})
    assert factory.get_model("sonnet") is factory.get_model("smart")
    assert factory.get_model("fast") is not factory.get_model("smart")
    assert factory.describe("sonnet") == ModelDescription("offline", "offline-2")
    assert describe_model(factory.get_model("smart")) == ModelDescription("offline", "offline-2")


async def test_loading_gives_the_same_models() -> None:
    factory = LLMFactory(TIERS)
    await factory.preload()
    assert await factory.load("fast") is factory.get_model("fast")


@pytest.mark.parametrize("ask", [LLMFactory.get_model, LLMFactory.is_offline, LLMFactory.describe])
def test_an_unknown_tier_is_refused_with_the_known_ones(ask: object) -> None:
    with pytest.raises(ConfigurationError, match=r"no model tier 'smrt'.*Known tiers: fast, smart, sonnet\."):
        ask(LLMFactory(TIERS, {"sonnet": "smart"}), "smrt")  # type: ignore[operator]


def test_an_alias_must_stand_for_something() -> None:
    with pytest.raises(ConfigurationError, match=r"'sonnet' stands for the tier 'huge'"):
        LLMFactory(TIERS, {"sonnet": "huge"})


def test_a_hosts_model_serves_every_tier() -> None:
    model = ScriptedModel(says("hi"), model_id="mine-1")
    for factory in (LLMFactory(TIERS, {"sonnet": "smart"}, model=model), LLMFactory.with_model(model)):
        assert all(factory.get_model(tier) is model for tier in factory.tiers)
        assert not factory.is_offline("fast")
        assert factory.describe("sonnet") == ModelDescription("host", "mine-1")


def test_overrides_come_first() -> None:
    mine, other = ScriptedModel(says("a")), ScriptedModel(says("b"))
    factory = LLMFactory(TIERS, model=other, overrides={"smart": mine, "tiny": mine})
    assert factory.get_model("smart") is mine
    assert factory.get_model("tiny") is mine
    assert factory.get_model("fast") is other


def test_a_hosts_class_of_the_offline_model_is_offline() -> None:
    class Mine(OfflineModel):
        pass

    assert LLMFactory.with_model(Mine()).is_offline("fast")


async def test_costs_come_from_the_price_table() -> None:
    tokens = TokenCounts(1_000, 100)
    assert await cost_of(ModelDescription("offline", "offline"), tokens) == 0.0
    assert await cost_of(ModelDescription("host"), tokens) is None
    assert await cost_of(ModelDescription("host", "no-such-model"), tokens) is None
    known = await cost_of(ModelDescription("anthropic", "claude-sonnet-4-5"), tokens)
    assert known == pytest.approx(0.0045)
    assert await cost_of(ModelDescription("bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0"), tokens) == known
    cached = await cost_of(ModelDescription("anthropic", "claude-sonnet-4-5"), TokenCounts(1_000, 100, cached=900))
    assert cached is not None
    assert cached < known


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}, 10),
        ({"inputTokens": 10, "outputTokens": 5, "totalTokens": 15, "cacheReadInputTokens": 8}, 10),
        ({"inputTokens": 10, "outputTokens": 5, "totalTokens": 23, "cacheReadInputTokens": 8}, 18),
        ({}, 0),
        ({"inputTokens": -3, "outputTokens": 0, "totalTokens": 0}, 0),
    ],
)
def test_cached_tokens_are_counted_once(usage: dict[str, int], expected: int) -> None:
    assert TokenCounts.of(usage).input == expected


def test_nothing_heavy_is_imported_before_a_model_is_asked_for() -> None:
    modules = (
        "llm_provider.factory, llm_provider.tool_registry, llm_provider.tool_execution, llm_provider.structured, "
        "llm_provider.runtime_agent_factory, llm_provider.function_tools, llm_provider.offline_model, "
        "llm_provider.pricing"
    )
    heavy = ["strands", "boto3", "sklearn", "scipy", "dateparser", "icalendar", "genai_prices", "docstring_parser"]
    code = f"import sys, {modules}; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
