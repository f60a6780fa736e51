"""aimock (npm) as a process of its own: Bedrock's Converse API and Ollama's protocol with scripted answers and faults.

It is installed beside the environment, into a folder that git does not see:
``npm install --prefix .tools/aimock --no-save --ignore-scripts @copilotkit/aimock@1.43.0`` (Node.js 20.15 or newer).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.process import ServerProcess, free_port

__all__ = ["AimockProcess", "aimock_process", "aimock_server"]

PACKAGE = "@copilotkit/aimock@1.43.0"
_INSTALL = f"npm install --prefix .tools/aimock --no-save --ignore-scripts {PACKAGE}"
_SCRIPT = Path(__file__).parents[2] / ".tools/aimock/node_modules/@copilotkit/aimock/dist/cli.js"


class AimockProcess(ServerProcess):
    """One server; requests get the queued answers in their order, and the last one again and again."""

    def __init__(self, node: str, folder: Path) -> None:
        port = free_port()
        answers = folder / "answers"
        answers.mkdir()
        command = [node, str(_SCRIPT), "--port", str(port), "--fixtures", str(answers), "--log-level", "silent"]
        super().__init__(command, port, folder=folder)
        self.origin = f"http://127.0.0.1:{port}"

    def script(self, *answers: dict[str, Any], **fault: Any) -> None:
        """Answers in the form of aimock's fixtures; `fault` goes to each (``truncateAfterChunks`` and the like)."""
        fixtures: list[dict[str, Any]] = [
            {"match": {"sequenceIndex": number}, "response": answer, **fault} for number, answer in enumerate(answers)
        ]
        fixtures.append({"match": {}, "response": answers[-1], **fault})
        self._ask("POST", "fixtures", {"fixtures": fixtures})

    def reset(self) -> None:
        """Forget requests and answers."""
        self._ask("POST", "reset", {})

    def requests(self) -> list[dict[str, Any]]:
        """What came in, oldest first."""
        return self._ask("GET", "journal")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        with httpx.Client(trust_env=False, timeout=10.0) as client:
            answer = client.request(method, f"{self.origin}/__aimock/{path}", json=body)
        assert answer.is_success, answer.text
        return json.loads(answer.text or "null")


@pytest.fixture(scope="session")
def aimock_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AimockProcess]:
    """The session's server; without Node.js, or where npm could not bring aimock, the tests are skipped."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js 20.15 or newer")
    if not _SCRIPT.is_file():
        pytest.skip(f"needs aimock; install with: {_INSTALL}")
    server = AimockProcess(node, tmp_path_factory.mktemp("aimock"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def aimock_server(aimock_process: AimockProcess) -> AimockProcess:
    """The session's server with nothing queued."""
    aimock_process.reset()
    return aimock_process
