"""What a tier's settings come to: errors that name the key, keys that stay at home, requests as servers want them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.machinery import ModuleSpec
from typing import Any

import pytest
from pydantic import SecretStr

from common.agent_configuration import AgentConfiguration
from common.errors import ConfigurationError, ModelError
from common.settings import ModelSettings
from events.catalogue.trace import ModelCalled
from llm_provider.factory import LLMFactory
from llm_provider.providers import PROVIDERS
from llm_provider.providers import base as provider_base
from llm_provider.providers.base import is_local
from llm_provider.runtime_agent_factory import RuntimeAgentFactory
from llm_provider.structured import ask_structured
from llm_provider.tool_registry import ToolRegistry
from tests.llm_provider.made_up_tools import CONTEXT, TRIP_TOOLS, Scene, scene
from tests.llm_provider.provider_contract import Note
from tests.llm_provider.scripted_model import ScriptedModel, says
from tests.services.llmock_server import LLMockProcess, llmock_process, llmock_server  # noqa: F401
from tests.services.llmock_server import says as will_say
from tests.services.process import free_port
from tests.services.raw_model_server import Act, Writer, answers, raw_model_server, refuses

KEYS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL")


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS, "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)


def factory(**values: Any) -> LLMFactory:
    return LLMFactory({"smart": ModelSettings.model_validate(values)})


async def ask(models: LLMFactory, here: Scene | None = None, tools: Any = ()) -> str:
    await models.preload()
    names = tuple(made.name for made in tools)
    configuration = AgentConfiguration(plan="1. do it", system_prompt="You help.", tool_names=names)
    agent, _ = RuntimeAgentFactory(ToolRegistry(tools), models).create_agent(configuration, CONTEXT)
    try:
        return (await agent.run("hello", run=(here or scene()).run)).final_output
    finally:
        await models.aclose()


# --- settings that can't work ---


@pytest.mark.parametrize(
    ("values", "where", "what"),
    [
        *(({"provider": name}, "models.smart.model", "no model is named") for name in PROVIDERS if name != "offline"),
        ({"provider": "openai", "model": "gpt-5-mini"}, "models.smart.api_key", "OpenAI needs a key"),
        ({"provider": "anthropic", "model": "claude"}, "models.smart.api_key", "Anthropic needs a key"),
        *(
            ({"provider": "openai", "model": "m", "base_url": url}, "models.smart.base_url", "base_url")
            for url in (
                "localhost:1234",
                "ftp://localhost/v1",
                "http://",
                "http://me:hush-hush@localhost/v1",
                "http://local host/v1",
                "http://localhost:99999/v1",
                "http://localhost/v1?key=abc",
                "nonsense",
            )
        ),
        (
            {"provider": "ollama", "model": "m", "options": {"messages": [], "stream": False}},
            "models.smart.options",
            "messages, stream",
        ),
        (
            {"provider": "ollama", "model": "m", "fallback": ["fats"]},
            "models.smart.fallback",
            "no model tier 'fats' to fall back to",
        ),
    ],
)
def test_a_tier_that_can_not_work_names_its_key(values: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        factory(**values).check()
    assert caught.value.where == where
    assert what in caught.value.what
    assert caught.value.todo
    assert "hush-hush" not in str(caught.value)


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "offline"])
def test_a_missing_package_names_its_extra(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(provider_base, "find_spec", found)
    with pytest.raises(ConfigurationError) as caught:
        factory(provider=provider, model="m", base_url="http://localhost:1").check()
    assert caught.value.where == "models.smart.provider"
    assert f"agent-supervisor[{provider}]" in caught.value.todo


def test_a_host_s_own_model_needs_no_settings() -> None:
    tiers = {"smart": ModelSettings(provider="openai")}
    LLMFactory(tiers, model=ScriptedModel(says("x"))).check()
    LLMFactory(tiers, overrides={"smart": ScriptedModel(says("x"))}).check()
    assert LLMFactory(tiers, model=ScriptedModel(says("x"))).health_checks() == []


async def test_what_a_library_does_not_like_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    with pytest.raises(ConfigurationError) as caught:
        await factory(provider="openai", model="m", base_url="https://models.example.org/v1").load("smart")
    assert caught.value.where == "models.smart"


def test_checks_import_nothing_heavy() -> None:
    code = (
        "import sys; from common.settings import ModelSettings; from llm_provider.factory import LLMFactory\n"
        "tiers = {name: ModelSettings(provider=name, model='m', base_url='http://localhost:1', region='x')"
        " for name in ('openai', 'anthropic', 'bedrock', 'ollama', 'litellm', 'offline')}\n"
        "LLMFactory(tiers).check(); LLMFactory(tiers).health_checks()\n"
        "print([name for name in ('strands', 'openai', 'anthropic', 'boto3', 'ollama', 'litellm', 'httpx')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- keys ---


async def test_the_key_of_the_environment_goes_to_no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    heads: list[str] = []
    async with raw_model_server(answers("Hello.")) as server:
        original = server.serve

        async def serve(reader: Any, writer: Writer) -> None:
            class Reader:
                async def readuntil(self, end: bytes) -> bytes:
                    head = await reader.readuntil(end)
                    heads.append(head.decode())
                    return head

                async def readexactly(self, length: int) -> bytes:
                    return await reader.readexactly(length)

            await original(Reader(), writer)  # type: ignore[arg-type]

        server.serve = serve  # type: ignore[method-assign]
        await ask(factory(provider="openai", model="m", base_url=server.url))
        await ask(factory(provider="openai", model="m", base_url=server.url, api_key="sk-of-the-tier"))
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        await ask(factory(provider="openai", model="m"))
    keys = [line.partition(": ")[2] for head in heads for line in head.splitlines() if line.startswith("Authorization")]
    assert keys == ["Bearer not-needed", "Bearer sk-of-the-tier", "Bearer sk-of-the-environment"]


def test_keys_are_shown_nowhere() -> None:
    tier = ModelSettings(provider="openai", model="m", base_url="http://localhost:1", api_key=SecretStr("hush-hush"))
    models = LLMFactory({"smart": tier})
    assert "hush-hush" not in repr(tier) + repr(models) + str(models.describe("smart")) + str(models.health_checks())


# --- requests ---


async def test_settings_reach_the_server(llmock_server: LLMockProcess) -> None:  # noqa: F811
    llmock_server.script(will_say("Hello."))
    options = {"top_p": 0.5, "max_tokens": 9}
    models = factory(
        provider="openai", model="m", base_url=llmock_server.openai, temperature=0.3, max_tokens=77, options=options
    )
    await ask(models)
    (request,) = [entry["body"] for entry in llmock_server.requests()]
    assert (request["model"], request["temperature"], request["top_p"], request["max_tokens"]) == ("m", 0.3, 0.5, 9)
    assert "tools" not in request
    assert "tool_choice" not in request


async def test_openai_itself_is_told_the_bound_in_its_own_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    models = factory(provider="openai", model="gpt-5-mini", max_tokens=5)
    model: Any = models.get_model("smart")
    assert model.format_request([], [])["max_completion_tokens"] == 5
    await models.aclose()


async def test_claude_is_shown_where_to_keep_its_prompt(llmock_server: LLMockProcess) -> None:  # noqa: F811
    values = {"provider": "anthropic", "model": "claude-sonnet-4-5", "base_url": llmock_server.anthropic}
    llmock_server.script(will_say("Hello.", times=3))
    await ask(factory(**values, temperature=0.3), tools=TRIP_TOOLS)
    await ask(factory(**values, cache_prompts=False, max_tokens=77), tools=TRIP_TOOLS)
    marked, plain = [entry["body"] for entry in llmock_server.requests()]
    assert marked["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in marked["system"][1]
    assert "cache_control" in marked["tools"][-1]
    assert (marked["temperature"], marked["max_tokens"]) == (0.3, 4096)
    assert "cache_control" not in json.dumps(plain)
    assert plain["max_tokens"] == 77


def test_this_machine_is_reached_without_a_proxy() -> None:
    assert all(map(is_local, ("http://localhost:1/v1", "http://127.0.0.1", "http://[::1]:8/x", "http://a.localhost")))
    assert not any(map(is_local, ("http://192.168.1.5:1234/v1", "https://api.openai.com", None, "nonsense")))


async def test_a_proxy_of_the_environment_is_not_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with raw_model_server(answers("Hello.")) as server:
        models = factory(provider="openai", model="m", base_url=server.url)
        assert await ask(models) == "Hello."


async def test_connections_are_kept_between_calls(llmock_server: LLMockProcess) -> None:  # noqa: F811
    """A client of its own for each call would cost a handshake, and 70 ms for reading certificates."""
    models = factory(provider="openai", model="m", base_url=llmock_server.openai)
    first: Any = models.get_model("smart")
    async with first._get_client() as client:
        pass
    assert not client.is_closed()
    async with first._get_client() as again:
        assert again is client
    await models.aclose()
    assert client.is_closed()


# --- Ollama's own ways ---


def line(text: str = "", *, done: bool = False, **more: Any) -> bytes:
    message = {"role": "assistant", "content": text}
    return json.dumps(
        {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": done, **more}
    ).encode()


def ndjson(*lines: bytes) -> Act:
    async def act(writer: Writer) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n"
        writer.write(head + b"\n".join(lines) + b"\n")

    return act


async def test_ollama_is_done_only_when_it_says_so() -> None:
    here = scene()
    whole = ndjson(line("Hello."), line(done=True, done_reason="stop", eval_count=3))
    async with raw_model_server(ndjson(line("Half an")), whole) as server:
        tier = {"base_url": f"http://127.0.0.1:{server.port}", "retry_delay": 0.01}
        assert await ask(factory(provider="ollama", model="m", **tier), here) == "Hello."
    first, second = here.trace.of(ModelCalled)
    assert "broke off" in first.error
    assert (second.input_tokens, second.output_tokens, second.error) == (0, 3, None)  # a prompt that it kept whole


async def test_ollama_s_answer_is_held_to_the_schema() -> None:
    note = json.dumps({"about": "tea", "plan": "1. tea"})
    answer = ndjson(line(note[:9]), line(note[9:]), line(done=True, done_reason="stop", eval_count=3))
    async with raw_model_server(answer) as server:
        models = factory(
            provider="ollama",
            model="m",
            base_url=f"http://127.0.0.1:{server.port}",
            max_tokens=5,
            options={"keep_alive": "10m", "options": {"num_ctx": 8192}},
        )
        model = await models.load("smart")
        made = await ask_structured(model, Note, system_prompt="You plan.", request="tea", purpose="note")
        assert made == Note(about="tea", plan="1. tea")
        (request,) = server.requests
    assert request["format"]["properties"].keys() == {"about", "plan"}
    assert request["tools"] == []
    assert request["options"] == {"num_ctx": 8192, "num_predict": 5}
    assert request["keep_alive"] == "10m"
    assert "Answer with one JSON object" in request["messages"][0]["content"]


async def test_ollama_s_error_inside_a_stream_is_tried_again() -> None:
    broken = ndjson(line("Well"), b'{"error": "the runner has stopped"}')
    whole = ndjson(line("Hello."), line(done=True, done_reason="stop", eval_count=3))
    async with raw_model_server(broken, whole) as server:
        tier = {"base_url": f"http://127.0.0.1:{server.port}", "retry_delay": 0.01}
        assert await ask(factory(provider="ollama", model="m", **tier)) == "Hello."


# --- health ---


async def test_the_health_of_a_server_tells_whether_it_has_the_model(llmock_server: LLMockProcess) -> None:  # noqa: F811
    def detail(model: str) -> Any:
        (check,) = factory(provider="openai", model=model, base_url=llmock_server.openai).health_checks()
        return check.probe()

    assert (await detail("gpt-4o-mini")).detail == "gpt-4o-mini is there"
    assert "nobody is not among its" in (await detail("nobody")).detail


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (refuses(401), "refused the key"),
        (refuses(500, {"error": "sk-proj-abcdefghij0123456789"}), "answered with status 500"),
        (refuses(200, "nonsense"), "can't be read"),
        (refuses(200, {"data": {}}), "can't be read"),
    ],
)
async def test_a_server_that_is_not_well_says_what_to_do(act: Act, told: str) -> None:
    async with raw_model_server(act) as server:
        (check,) = factory(provider="openai", model="m", base_url=server.url).health_checks()
        with pytest.raises(ModelError, match=told) as caught:
            await check.probe()
    assert caught.value.where == "models.smart"
    assert caught.value.todo
    assert "abcdefghij" not in str(caught.value)


def test_tiers_of_one_model_are_asked_once() -> None:
    tier = {"provider": "openai", "base_url": "http://localhost:1/v1"}
    models = LLMFactory(
        {
            "fast": ModelSettings.model_validate({**tier, "model": "a"}),
            "smart": ModelSettings.model_validate({**tier, "model": "a", "temperature": 1}),
            "big": ModelSettings.model_validate({**tier, "model": "b"}),
            "none": ModelSettings(),
        }
    )
    assert [check.part for check in models.health_checks()] == ["model fast, smart", "model big"]


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("models.lan:8080", "http://models.lan:8080"),
        ("https://models.lan", "https://models.lan:443"),
        ("[::1]:99", "http://[::1]:99"),
    ],
)
def test_ollama_s_own_variable_is_read_as_ollama_reads_it(
    monkeypatch: pytest.MonkeyPatch, given: str, host: str
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", given)
    assert PROVIDERS["ollama"].endpoint(ModelSettings(provider="ollama", model="m")) == f"ollama {host}"


async def test_litellm_without_a_key_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = factory(provider="litellm", model="gemini/gemini-2.5-flash").health_checks()
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    with pytest.raises(ModelError, match="GEMINI_API_KEY"):
        await check.probe()
    monkeypatch.setenv("GEMINI_API_KEY", "x")
    assert "not asked" in (await check.probe()).detail
