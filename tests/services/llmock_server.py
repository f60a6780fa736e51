"""llmock as a process of its own: OpenAI's and Anthropic's protocols with scripted answers and faults."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.process import ServerProcess, free_port

__all__ = ["LLMockProcess", "calls", "llmock_process", "llmock_server", "says"]

_CHAT = ("/v1/chat/completions", "/anthropic/v1/messages")


def says(text: str, **more: Any) -> dict[str, Any]:
    """A scripted answer in words."""
    return {"type": "reply", "text": text, **more}


def calls(*wanted: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A scripted answer that calls tools: (name, arguments), in order."""
    return {"type": "reply", "tool_calls": [{"name": name, "arguments": given} for name, given in wanted], **more}


class LLMockProcess(ServerProcess):
    """One server; what it is told to do waits in a queue until requests take it."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        command = [sys.executable, "-m", "llmock.cli", "serve", "--port", str(port), "--log-level", "warning"]
        super().__init__(command, port, folder=folder)
        self.origin = f"http://127.0.0.1:{port}"
        self.openai = f"{self.origin}/v1"
        self.anthropic = f"{self.origin}/anthropic"

    def script(self, *behaviours: dict[str, Any]) -> None:
        """Queue answers and faults, each for one request unless it says otherwise (``times``)."""
        self._ask("POST", "scenario", {"behaviors": list(behaviours)})

    def reset(self) -> None:
        """Forget requests and what was queued."""
        self._ask("POST", "reset", {})

    def requests(self) -> list[dict[str, Any]]:
        """The calls of a model that came in, oldest first."""
        return [one for one in self._ask("GET", "requests")["requests"] if one["path"] in _CHAT]

    def pending(self) -> int:
        """How much of what was queued nobody has taken."""
        return len(self._ask("GET", "scenario")["pending"])

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        with httpx.Client(trust_env=False, timeout=10.0) as client:
            answer = client.request(method, f"{self.origin}/_llmock/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def llmock_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LLMockProcess]:
    """The session's server. Tests that kill one start their own."""
    server = LLMockProcess(tmp_path_factory.mktemp("llmock"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def llmock_server(llmock_process: LLMockProcess) -> LLMockProcess:
    """The session's server with nothing queued."""
    llmock_process.reset()
    return llmock_process
