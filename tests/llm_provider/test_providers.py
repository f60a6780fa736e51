"""Every provider through its contract: OpenAI's and Anthropic's protocols, LiteLLM, Ollama, Bedrock, offline."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typing_extensions import override

from common.settings import ModelSettings
from tests.llm_provider.provider_contract import Provider, ProviderContract, ServerContract, WholeServerContract
from tests.services.aimock_server import AimockProcess, aimock_process, aimock_server  # noqa: F401
from tests.services.llmock_server import LLMockProcess, calls, llmock_process, llmock_server, says  # noqa: F401


class ByLLMock(Provider):
    """A provider whose protocol llmock speaks."""

    def __init__(self, server: LLMockProcess, name: str, model: str, base_url: str) -> None:
        self.server = server
        self.name = name
        self.model = model
        self.base_url = base_url

    @override
    def settings(self, **values: Any) -> ModelSettings:
        given = {"provider": self.name, "model": self.model, "base_url": self.base_url, "api_key": "test", **values}
        return ModelSettings.model_validate(given)

    @override
    def will_say(self, text: str) -> None:
        self.server.script(says(text))

    @override
    def will_call(self, *calls_: tuple[str, dict[str, Any]], then: str) -> None:
        self.server.script(calls(*calls_), says(then))

    @override
    def will_fill_in(self, name: str, value: dict[str, Any]) -> None:
        self.server.script(calls((name, value)))

    @override
    def will_fail(self, status: int, message: str) -> None:
        self.server.script({"type": "fail", "status": status, "message": message, "times": None})

    @override
    def will_break_off(self, text: str) -> None:
        self.server.script(says(text, times=None))
        self.server.script({"type": "stream_fault", "kind": "truncate", "after_chunks": 4, "times": None})


class ByAimock(Provider):
    """A provider whose protocol aimock speaks."""

    reports_usage = False
    token = "test"

    def __init__(self, server: AimockProcess, name: str, model: str, **more: Any) -> None:
        self.server = server
        self.name = name
        self.model = model
        self.more = more

    @override
    def settings(self, **values: Any) -> ModelSettings:
        given = {"provider": self.name, "model": self.model, "base_url": self.server.origin, **self.more, **values}
        return ModelSettings.model_validate(given)

    @override
    def will_say(self, text: str) -> None:
        self._next({"content": text})

    @override
    def will_call(self, *calls_: tuple[str, dict[str, Any]], then: str) -> None:
        made = [{"name": name, "arguments": json.dumps(given)} for name, given in calls_]
        self._next({"toolCalls": made}, {"content": then})

    @override
    def will_fill_in(self, name: str, value: dict[str, Any]) -> None:
        self._next({"toolCalls": [{"name": name, "arguments": json.dumps(value)}]})

    @override
    def will_fail(self, status: int, message: str) -> None:
        self._next({"error": {"message": message, "type": "error"}, "status": status})

    @override
    def will_break_off(self, text: str) -> None:
        self._next({"content": text}, truncateAfterChunks=3, chunkSize=4, latency=20)

    def _next(self, *answers: dict[str, Any], **fault: Any) -> None:
        self.server.reset()
        self.server.script(*answers, **fault)


class OfOllama(ByAimock):
    """Ollama fills in structures by its structured outputs, so the answer is text."""

    streams = (True,)

    @override
    def will_fill_in(self, name: str, value: dict[str, Any]) -> None:
        self._next({"content": json.dumps(value)})


class OfOffline(Provider):
    """The offline model does what it is asked, and can't be told otherwise."""

    name = "offline"
    streams = (True,)

    @override
    def settings(self, **values: Any) -> ModelSettings:
        return ModelSettings.model_validate({"provider": "offline", **values})

    @override
    def will_say(self, text: str) -> None:
        return None

    @override
    def will_call(self, *calls_: tuple[str, dict[str, Any]], then: str) -> None:
        return None

    @override
    def will_fill_in(self, name: str, value: dict[str, Any]) -> None:
        return None

    @override
    def will_fail(self, status: int, message: str) -> None:
        raise NotImplementedError

    @override
    def will_break_off(self, text: str) -> None:
        raise NotImplementedError


class TestOpenAI(WholeServerContract):
    @pytest.fixture
    def provider(self, llmock_server: LLMockProcess) -> Provider:  # noqa: F811
        return ByLLMock(llmock_server, "openai", "gpt-4o-mini", llmock_server.openai)


class TestAnthropic(WholeServerContract):
    @pytest.fixture
    def provider(self, llmock_server: LLMockProcess) -> Provider:  # noqa: F811
        made = ByLLMock(llmock_server, "anthropic", "claude-sonnet-4-5", llmock_server.anthropic)
        made.streams = (True,)
        return made


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")  # both of LiteLLM's own making
@pytest.mark.filterwarnings("ignore:.*`ReadOnly` qualifier:UserWarning")
class TestLiteLLM(WholeServerContract):
    @pytest.fixture
    def provider(self, llmock_server: LLMockProcess) -> Provider:  # noqa: F811
        return ByLLMock(llmock_server, "litellm", "openai/gpt-4o-mini", llmock_server.openai)


class TestOllama(WholeServerContract):
    @pytest.fixture
    def provider(self, aimock_server: AimockProcess) -> Provider:  # noqa: F811
        return OfOllama(aimock_server, "ollama", "qwen3:8b")


class TestBedrock(ServerContract):
    """Answers that are not streamed, without marks and words of errors; aimock can't do these: see test_bedrock.py."""

    @pytest.fixture
    def provider(self, aimock_server: AimockProcess) -> Provider:  # noqa: F811
        model = "us.anthropic.claude-sonnet-4-20250514-v1:0"
        more = {"region": "us-east-1", "api_key": "test", "cache_prompts": False, "streaming": False}
        made = ByAimock(aimock_server, "bedrock", model, **more)
        made.streams = (False,)
        return made


class TestOffline(ProviderContract):
    @pytest.fixture
    def provider(self) -> Provider:
        return OfOffline()
