"""The supervisor as an MCP server, in a process of its own, asked by the SDK's client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount

from common.context import Owner
from common.errors import ConfigurationError
from supervisor import Supervisor
from supervisor.serving import mcp_app
from supervisor.testing import offline_settings
from tests.services.process import ServerProcess, free_port

ROOT = Path(__file__).parents[2]
TOKENS = {"local": "token-of-the-local-user", "acme/ann": "token-of-ann-at-acme", "acme/bob": "token-of-bob-at-acme"}


def command(folder: Path, *options: str, approvals: bool = True) -> list[str]:
    (folder / "config.yaml").write_text(
        json.dumps(
            {
                "data_dir": "data",
                "intents": {"policies": {"calendar.add_event": "ask"}},
                "serving": {
                    "approvals": approvals,
                    "token": TOKENS["local"],
                    "tokens": {key: token for key, token in TOKENS.items() if key != "local"},
                },
            }
        )
    )
    return ["-m", "supervisor.cli.main", "mcp", "--config", str(folder / "config.yaml"), *options]


@asynccontextmanager
async def by_stdio(folder: Path, *options: str, **more: Any) -> AsyncGenerator[Client]:
    server = StdioServerParameters(
        command=sys.executable, args=command(folder, *options, **more), cwd=folder, env={"PYTHONPATH": str(ROOT)}
    )
    async with Client(server, read_timeout_seconds=60) as client:
        yield client


@asynccontextmanager
async def by_http(port: int, token: str) -> AsyncGenerator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
        async with Client(transport, read_timeout_seconds=60) as client:
            yield client


async def call(client: Client, tool: str, /, **arguments: Any) -> tuple[CallToolResult, Mapping[str, Any]]:
    result = await client.call_tool(tool, arguments)
    return result, result.structured_content or {}


def said(result: CallToolResult) -> str:
    return " ".join(block.text for block in result.content)  # type: ignore[union-attr]


async def test_asking_deciding_and_looking_over_stdio(tmp_path: Path) -> None:
    steps: list[str] = []

    async def hear(_: float, __: float | None, text: str | None) -> None:
        steps.append(str(text))

    async with by_stdio(tmp_path, "--tenant", "acme", "--user", "ann") as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(listed) == ["ask", "approvals", "traces", "approve", "deny"]
        assert "timer:" in str(listed["ask"].description)
        request = {"text": "Set a tea timer for 4 minutes and add lunch with Anna tomorrow", "request_id": "r1"}
        asked = await client.call_tool("ask", request, progress_callback=hear)
        assert asked.structured_content["outcome"] == "awaiting_approval"
        assert "calling timer.set" in steps
        assert any(step.startswith("waits for approval: add “Lunch with Anna”") for step in steps)
        again, data = await call(client, "ask", **request)
        assert data["trace_id"] == asked.structured_content["trace_id"]
        assert said(again) == said(asked)

        _, waiting = await call(client, "approvals")
        (one,) = waiting["approvals"]
        done, report = await call(client, "approve", intent_id=one["intent_id"])
        assert (done.is_error, report["status"]) == (False, "processed")
        twice, fault = await call(client, "approve", intent_id=one["intent_id"])
        assert (twice.is_error, fault["error"]["code"]) == (True, "intent")

        _, traces = await call(client, "traces", limit=5)
        assert [row["outcome"] for row in traces["traces"]] == ["awaiting_approval"]
        for arguments, code in (
            ({"text": "what time is it", "user": "bob"}, "invalid_arguments"),
            ({"text": " "}, "request_rejected"),
            ({"text": "hello", "timezone": "Mars/Olympus"}, "request_rejected"),
        ):
            refused, fault = await call(client, "ask", **arguments)
            assert (refused.is_error, fault["error"]["code"]) == (True, code)
        with pytest.raises(MCPError, match="no tool 'forget'"):
            await client.call_tool("forget", {})

    async with Supervisor.from_config(tmp_path / "config.yaml", environ={}, background=False) as supervisor:
        assert [row["request_id"] for row in await supervisor.traces(owner=Owner("acme", "ann"))] == ["r1"]
        assert await supervisor.traces() == []


async def test_a_client_decides_nothing_where_that_is_not_switched_on(tmp_path: Path) -> None:
    async with by_stdio(tmp_path, approvals=False) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["ask", "approvals", "traces"]
        with pytest.raises(MCPError, match="no tool 'approve'"):
            await client.call_tool("approve", {"intent_id": "x"})


async def test_by_http_the_token_says_whose_data_it_is(tmp_path: Path) -> None:
    port = free_port()
    server = ServerProcess(
        [sys.executable, *command(tmp_path, "--http", "--port", str(port))],
        port,
        folder=tmp_path,
        environ={"PYTHONPATH": str(ROOT)},
    )
    server.start()
    try:
        async with by_http(port, TOKENS["acme/ann"]) as ann, by_http(port, TOKENS["acme/bob"]) as bob:
            _, hers = await call(ann, "ask", text="add lunch with Anna tomorrow at noon")
            _, waiting = await call(ann, "approvals")
            (one,) = waiting["approvals"]
            assert hers["outcome"] == "awaiting_approval"
            assert (await call(bob, "approvals"))[1] == {"approvals": []}
            assert (await call(bob, "traces"))[1] == {"traces": []}
            theft, fault = await call(bob, "approve", intent_id=one["intent_id"])
            assert (theft.is_error, fault["error"]["code"]) == (True, "not_found")
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKENS["local"]}):
                refused = await http.post("/mcp", json={}, headers=headers)
                assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    finally:
        server.stop()


async def test_nothing_but_the_protocol_is_on_standard_output(tmp_path: Path) -> None:
    """Logs go to standard error, and the server ends with its input."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    done = await anyio.run_process(
        [sys.executable, *command(tmp_path, "--log-level", "debug")],
        input=f"not a message\n{json.dumps(request)}\n".encode(),
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        check=False,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(answer["jsonrpc"] == "2.0" for answer in answers)
    assert b"DEBUG" in done.stderr


async def test_cancelling_a_call_cancels_the_request(tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text(
        "import anyio\nfrom roles.foreign import function_role\nfrom supervisor import Supervisor\n"
        "from supervisor.serving import serve_mcp\nfrom common.owner_keys import DEFAULT_OWNER\n"
        "async def dawdle(request):\n    await anyio.sleep(600)\n"
        "async def main():\n"
        "    supervisor = Supervisor.from_config('config.yaml')\n"
        "    supervisor.add_role(function_role('dawdler', 'Dawdles', ['dawdle please'] * 12, dawdle))\n"
        "    async with supervisor:\n        await serve_mcp(supervisor, DEFAULT_OWNER)\n"
        "anyio.run(main)\n"
    )
    command(tmp_path)
    server = StdioServerParameters(
        command=sys.executable, args=[str(slow)], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}
    )
    async with Client(server, read_timeout_seconds=60) as client:
        begun = anyio.Event()

        async def hear(_: float, __: float | None, ___: str | None) -> None:
            begun.set()

        async with anyio.create_task_group() as group:
            group.start_soon(lambda: client.call_tool("ask", {"text": "dawdle please"}, progress_callback=hear))
            with anyio.fail_after(60):
                await begun.wait()
            group.cancel_scope.cancel()
        with anyio.fail_after(30):
            while [row["outcome"] for row in (await call(client, "traces"))[1]["traces"]] != ["cancelled"]:
                await anyio.sleep(0.05)


async def test_a_host_mounts_it_in_its_own_application(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path)
    serving = settings.serving.model_copy(update={"token": SecretStr(TOKENS["local"])})
    supervisor = Supervisor(settings.model_copy(update={"serving": serving}), background=False)
    tools = mcp_app(supervisor)
    host = Starlette(routes=[Mount("/tools", app=tools)])
    async with supervisor, tools.running():
        headers = {"Authorization": f"Bearer {TOKENS['local']}"}
        async with (
            httpx2.AsyncClient(transport=httpx2.ASGITransport(host), headers=headers) as http,
            Client(streamable_http_client("http://host/tools/", http_client=http)) as client,
        ):
            _, data = await call(client, "ask", text="Set a tea timer for 4 minutes")
            assert data["outcome"] == "success"


async def test_without_a_token_nobody_is_served_by_http(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no token"):
        mcp_app(Supervisor(offline_settings(tmp_path)))
