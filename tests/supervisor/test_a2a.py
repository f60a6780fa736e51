"""The supervisor as an A2A agent, asked by the SDK's client, and A2A agents of others as tools."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from a2a.client import ClientConfig, ClientFactory
from a2a.client.client import Client
from a2a.types import Message, Part, Role, Task, TaskIdParams, TaskQueryParams, TaskState, TextPart
from pydantic import SecretStr

from common.clock import SystemClock
from common.ecosystem_settings import A2AAgentSettings
from common.errors import ConfigurationError, ToolError
from common.intents import Policy
from common.tool import ToolResult
from llm_provider.a2a_agents import A2AAgents
from llm_provider.private_run import private_run
from llm_provider.tool_execution import execute_tool
from supervisor import Supervisor
from supervisor.a2a_server import a2a_app
from supervisor.testing import offline_settings
from tests.services.process import ServerProcess, free_port

ROOT = Path(__file__).parents[2]
TOKENS = {"local": "token-of-the-local-user", "acme/ann": "token-of-ann-at-acme", "acme/bob": "token-of-bob-at-acme"}
HOST = """
import sys, anyio, uvicorn
from roles.foreign import function_role
from supervisor import Supervisor
from supervisor.a2a_server import a2a_app

async def dawdle(request):
    await anyio.sleep(600)

async def main():
    supervisor = Supervisor.from_config("config.yaml")
    supervisor.add_role(function_role("dawdler", "Dawdles", ["dawdle please"] * 12, dawdle))
    async with supervisor:
        app = await a2a_app(supervisor, port=int(sys.argv[1]))
        config = uvicorn.Config(app, port=int(sys.argv[1]), log_config=None, timeout_graceful_shutdown=1)
        await uvicorn.Server(config).serve()

anyio.run(main)
"""


def configure(folder: Path) -> None:
    settings = {
        "data_dir": "data",
        "intents": {"policies": {"calendar.add_event": "ask"}},
        "serving": {
            "token": TOKENS["local"],
            "tokens": {key: token for key, token in TOKENS.items() if key != "local"},
        },
    }
    (folder / "config.yaml").write_text(json.dumps(settings))


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The address of a supervisor with a role that dawdles."""
    folder = tmp_path_factory.mktemp("agent")
    configure(folder)
    (folder / "host.py").write_text(HOST)
    port = free_port()
    server = ServerProcess(
        [sys.executable, str(folder / "host.py"), str(port)], port, folder=folder, environ={"PYTHONPATH": str(ROOT)}
    )
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@asynccontextmanager
async def client_of(address: str, who: str = "local", *, streaming: bool = True) -> AsyncGenerator[Client]:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKENS[who]}"}, timeout=60) as http:
        yield await ClientFactory.connect(address, ClientConfig(httpx_client=http, streaming=streaming))


def message(text: str, **more: Any) -> Message:
    part = Part(root=TextPart(text=text))
    return Message(role=Role.user, parts=[part], message_id=more.pop("message_id", uuid.uuid4().hex), **more)


async def ask(client: Client, text: str, **more: Any) -> tuple[Task, list[str]]:
    """The task as it ended, and the words of progress."""
    steps: list[str] = []
    task: Task | None = None
    async for event in client.send_message(message(text, **more)):
        assert isinstance(event, tuple)
        task, update = event
        said = getattr(getattr(update, "status", None), "message", None)
        if said is not None:
            steps.append(said.parts[0].root.text)
    assert task is not None
    return task, steps


def answer(task: Task) -> str:
    return "".join(part.root.text for artifact in task.artifacts or () for part in artifact.parts)  # type: ignore[union-attr]


async def test_the_card_tells_what_it_can_do(agent: str) -> None:
    async with httpx.AsyncClient() as http:
        card = (await http.get(f"{agent}/.well-known/agent-card.json")).json()
        assert card["url"] == f"{agent}/"
        skills = {skill["id"]: skill for skill in card["skills"]}
        assert {"timer", "calendar", "dawdler"} <= set(skills)
        assert skills["timer"]["examples"]
        assert card["security"] == [{"bearer": []}]
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            assert (await http.post(f"{agent}/", json={}, headers=headers)).status_code == 401


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_request_is_handled(agent: str, streaming: bool) -> None:
    async with client_of(agent, streaming=streaming) as client:
        sent = message("Set a tea timer for 4 minutes").message_id
        task, steps = await ask(client, "Set a tea timer for 4 minutes", message_id=sent)
        assert task.status.state is TaskState.completed
        assert "Your 4 minute tea timer is set" in answer(task)
        if streaming:
            assert "calling timer.set" in steps
        again, _ = await ask(client, "Set a tea timer for 4 minutes", message_id=sent)
        trace_id = (task.artifacts or [])[0].metadata["trace_id"]  # type: ignore[index]
        assert (again.artifacts or [])[0].metadata["trace_id"] == trace_id  # type: ignore[index]


async def test_what_waits_and_what_fails_is_told_as_such(agent: str) -> None:
    async with client_of(agent) as client:
        waiting, steps = await ask(client, "add lunch with Anna tomorrow at noon")
        assert waiting.status.state is TaskState.input_required
        assert any("waits for approval" in step for step in steps)
        rejected, steps = await ask(client, "   ")
        assert rejected.status.state is TaskState.rejected
        assert "the request is empty" in steps[-1]


async def test_tasks_belong_to_their_owner(agent: str) -> None:
    async with client_of(agent, "acme/ann") as ann, client_of(agent, "acme/bob") as bob:
        task, _ = await ask(ann, "Set a tea timer for 4 minutes")
        assert (await ann.get_task(TaskQueryParams(id=task.id))).id == task.id
        with pytest.raises(Exception, match="Task not found"):
            await bob.get_task(TaskQueryParams(id=task.id))
        with pytest.raises(Exception, match="Task not found"):
            await bob.cancel_task(TaskIdParams(id=task.id))


async def test_cancelling_a_task_cancels_the_request(agent: str) -> None:
    async with client_of(agent) as client:
        started: list[Task] = []

        async def dawdle() -> None:
            async for event in client.send_message(message("dawdle please")):
                assert isinstance(event, tuple)
                started.append(event[0])

        with anyio.fail_after(60):
            async with anyio.create_task_group() as group:
                group.start_soon(dawdle)
                while not any(task.status.state is TaskState.working for task in started):
                    await anyio.sleep(0.02)
                cancelled = await client.cancel_task(TaskIdParams(id=started[0].id))
                assert cancelled.status.state is TaskState.canceled
    async with client_of(agent) as client:
        ended, _ = await ask(client, "Set a tea timer for 4 minutes")
        assert ended.status.state is TaskState.completed


def settings_of(address: str, token: str = TOKENS["local"], **more: Any) -> A2AAgentSettings:
    return A2AAgentSettings(url=address, headers={"Authorization": SecretStr(f"Bearer {token}")}, **more)


async def ask_tool(settings: A2AAgentSettings, request: str) -> ToolResult:
    (tool,) = A2AAgents({"helper": settings}, SystemClock()).tools()
    return await execute_tool(tool, {"request": request}, private_run(), "c1", timeout=60, max_chars=10_000)


async def test_another_agent_is_a_tool(agent: str) -> None:
    reading = settings_of(agent, reads=True)
    asked = await ask_tool(reading, "Set a tea timer for 4 minutes")
    assert asked.ok
    assert "Your 4 minute tea timer is set" in asked.text
    waits = await ask_tool(reading, "add lunch with Anna tomorrow at noon")
    assert not waits.ok
    assert waits.text.startswith("It is input required: Waiting for your approval")
    (check,) = A2AAgents({"helper": reading}, SystemClock()).health_checks()
    assert (await check.probe()).version.startswith("agent-supervisor ")


async def test_an_agent_that_can_not_be_reached_is_a_typed_error(agent: str) -> None:
    refused = await ask_tool(settings_of(agent, "a-wrong-token-here", reads=True), "hello")
    assert not refused.ok
    assert "401" in refused.text
    assert "a-wrong-token-here" not in refused.text
    (check,) = A2AAgents({"gone": settings_of("http://127.0.0.1:9/")}, SystemClock()).health_checks()
    with pytest.raises(ToolError, match="Network communication error"):
        await check.probe()
    slow = await ask_tool(settings_of(agent, reads=True, timeout=1.0), "dawdle please")
    assert "it gave no answer within 1 seconds" in slow.text


async def test_asking_an_agent_that_may_change_something_is_an_intent(agent: str, tmp_path: Path) -> None:
    helper = settings_of(
        agent,
        examples=("ask the helper for a timer", "have the helper set a timer"),
        description="Sets timers elsewhere",
    )
    settings = offline_settings(tmp_path).model_copy(update={"a2a_agents": {"helper": helper}})
    async with Supervisor(settings, background=False) as supervisor:
        context = {"flags": {"meta-planning": True}}
        await supervisor.process_request("have the helper set a timer and turn on the kitchen light", context)
        (waiting,) = await supervisor.approvals()
        assert waiting["type"] == "helper.ask"
        assert waiting["summary"].startswith("ask the agent helper: ")
        report = await supervisor.approve(waiting["intent_id"], by="anna")
        assert report.status in ("processed", "failed")
    (policy,) = A2AAgents({"helper": helper}, SystemClock()).policies().items()
    assert policy == ("helper.ask", Policy.ASK)


async def test_without_the_extra_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "a2a.server.apps.jsonrpc", None)
    serving = {"serving": offline_settings(tmp_path).serving.model_copy(update={"token": SecretStr("x" * 16)})}
    async with Supervisor(offline_settings(tmp_path).model_copy(update=serving), background=False) as supervisor:
        with pytest.raises(ConfigurationError, match=r"agent-supervisor\[a2a\]"):
            await a2a_app(supervisor)
