"""MCP servers as tools: real ones by stdio and HTTP, broken, slow and lying ones, and the ends of their processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from common.clock import SystemClock
from common.ecosystem_settings import McpServerSettings
from common.telemetry import Telemetry
from common.tool import ToolResult
from llm_provider.mcp_faults import McpFault
from llm_provider.mcp_tools import McpServer, McpServers
from llm_provider.private_run import private_run
from llm_provider.tool_execution import execute_tool
from llm_provider.tool_registry import ToolRegistry
from tests.services.process import ServerProcess, free_port

SERVICES = Path(__file__).parents[1] / "services"
TIME_SERVER = SERVICES.parents[1] / ".tools/mcp-time/bin/mcp-server-time"
INSTALL = "scripts/setup.sh system"


def real(folder: Path, **more: Any) -> McpServerSettings:
    return McpServerSettings(command=sys.executable, args=(str(SERVICES / "mcp_server.py"), str(folder)), **more)


def raw(manner: str, **more: Any) -> McpServerSettings:
    return McpServerSettings(command=sys.executable, args=("-S", str(SERVICES / "raw_mcp_server.py"), manner), **more)


@asynccontextmanager
async def connected(
    settings: McpServerSettings, registry: CollectorRegistry | None = None
) -> AsyncGenerator[tuple[McpServer, ToolRegistry]]:
    tools = ToolRegistry()
    servers = McpServers({"shelf": settings}, tools, SystemClock(), Telemetry(registry=registry))
    async with anyio.create_task_group() as group:
        for service in servers.services():
            group.start_soon(service)
        with anyio.fail_after(60):
            await servers.first_tries()
        yield servers.all[0], tools
        group.cancel_scope.cancel()


async def call(tools: ToolRegistry, tool: str, /, **arguments: Any) -> ToolResult:
    return await execute_tool(tools.get_tool(tool), arguments, private_run(), "c1", timeout=30, max_chars=20_000)


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not condition():
            await anyio.sleep(0.02)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_the_tools_of_a_real_server_are_there_and_answer(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    async with connected(real(tmp_path, reads=("sell_book",)), registry) as (server, tools):
        assert registry.get_sample_value("supervisor_mcp_server_up", {"server": "shelf"}) == 1
        assert tools.categories == ("shelf",)
        kinds = {name.partition(".")[2]: tools.get_tool(name).effect for name in tools.names}
        assert (kinds["look_up"], kinds["add_book"], kinds["label_book"], kinds["sell_book"]) == (
            False,
            True,
            True,
            False,
        )
        assert tools.get_tool("shelf.look_up").description == "shelf says of it: “Look a word up on the shelf.”"
        found = await call(tools, "shelf.look_up", word="fern", times=2)
        assert (found.ok, found.text) == (True, "fern: found 2 times")
        assert (await call(tools, "shelf.count_books")).data == {"books": 7}
        cover = await call(tools, "shelf.show_cover")
        assert "[image, image/png, 6 bytes: can't be shown as text]" in cover.text
        assert cover.sources == ("https://example.org/cover",)
        refused = await call(tools, "shelf.sell_book", title="Emma")
        assert not refused.ok
        assert "Error executing tool sell_book" in refused.text
        wrong = await call(tools, "shelf.look_up", wrd="fern")
        assert not wrong.ok
        assert "'word' is a required property" in wrong.text
        much = await call(tools, "shelf.much", characters=100_000)
        assert len(much.text) <= 20_000
        assert lines(tmp_path / "looked") == ["fern"]  # the invalid call never reached the server
        reached = await server.probe()
        assert (reached.version, reached.detail) == ("shelf 1.2.3", "12 tools, 9 of them only read")
        await call(tools, "shelf.grow")
        await until(lambda: "shelf.new_tool" in tools.names)
        assert (await call(tools, "shelf.new_tool")).text == "here I am"
        pid = int((tmp_path / "pid").read_text())
    assert tools.names == ()
    assert registry.get_sample_value("supervisor_mcp_server_up", {"server": "shelf"}) == 0
    assert not alive(pid)


async def test_a_server_that_dies_in_a_call_leaves_it_open_and_comes_back(tmp_path: Path) -> None:
    async with connected(real(tmp_path)) as (server, tools):
        with pytest.raises(McpFault) as fault:
            await server.call("burn_book", {"title": "Emma"}, 30, wait=False)
        assert not fault.value.certain
        assert lines(tmp_path / "burned") == ["Emma"]
        await until(lambda: not server.connected)
        assert tools.names == ()
        with pytest.raises(McpFault, match="not connected") as down:
            await server.call("look_up", {"word": "a"}, 30, wait=False)
        assert down.value.certain
        answer = await server.call("look_up", {"word": "a"}, 30, wait=True)
        assert answer.text == "a: found 1 times"


async def test_slow_calls_end_and_the_server_is_told(tmp_path: Path) -> None:
    async with connected(real(tmp_path, timeout=1.0)) as (server, tools):
        with pytest.raises(McpFault, match="no answer within") as fault:
            await server.call("sleep", {"seconds": 60}, 30, wait=False)
        assert not fault.value.certain
        await until(lambda: lines(tmp_path / "slept") == ["begun", "cancelled"])
        with anyio.move_on_after(0.3):
            await server.call("sleep", {"seconds": 60}, 30, wait=False)
        await until(lambda: lines(tmp_path / "slept")[2:] == ["begun", "cancelled"])
        assert (await call(tools, "shelf.look_up", word="a")).ok


async def test_a_server_by_http_that_is_restarted(tmp_path: Path) -> None:
    port = free_port()
    process = ServerProcess(
        [sys.executable, str(SERVICES / "mcp_server.py"), str(tmp_path), str(port)], port, folder=tmp_path
    )
    process.start()
    settings = McpServerSettings(url=f"http://127.0.0.1:{port}/mcp", refresh=0.5, timeout=5.0, start_timeout=5.0)
    try:
        async with connected(settings) as (server, tools):
            assert (await call(tools, "shelf.look_up", word="fern")).text == "fern: found 1 times"
            with pytest.raises(McpFault) as fault:
                await server.call("burn_book", {"title": "Emma"}, 5, wait=False)
            assert not fault.value.certain
            await until(lambda: not server.connected)
            process.kill()
            process.start()
            await until(lambda: server.connected)
            assert (await call(tools, "shelf.look_up", word="moss")).text == "moss: found 1 times"
    finally:
        process.kill()


async def test_a_server_that_is_not_there_holds_nobody_up(tmp_path: Path) -> None:
    nobody = McpServerSettings(url=f"http://127.0.0.1:{free_port()}/mcp")
    async with connected(nobody) as (server, tools):
        assert not server.connected
        assert tools.names == ()
        with pytest.raises(McpFault, match="ConnectError"):
            await server.probe()
    async with connected(McpServerSettings(command="no-such-program-here")) as (server, _):
        assert "no-such-program-here: No such file or directory" in server.error
    async with connected(raw("dies")) as (server, _):
        assert "exit code 3" in server.error
        assert "no licence was found" in server.error
    async with connected(raw("mute", start_timeout=0.5)) as (server, _):
        assert "no answer within 0.5 seconds" in server.error
    async with connected(raw("endless")) as (server, _):
        assert "a message of more than 8,388,608 bytes" in server.error


async def test_garbage_is_passed_over() -> None:
    async with connected(raw("garbage")) as (server, tools):
        assert (await call(tools, "shelf.look")).text == "seen"
        assert server.connected


async def test_answers_that_lie_are_failures() -> None:
    async with connected(raw("lying")) as (_, tools):
        answer = await call(tools, "shelf.count")
        assert not answer.ok
        assert answer.text == "The answer does not have the shape that the tool promises: books does not meet type."
    async with connected(raw("wrong", reads=("look",))) as (server, _):
        with pytest.raises(McpFault, match="none that the protocol knows") as fault:
            await server.call("look", {}, 5, wait=False)
        assert not fault.value.certain
    async with connected(raw("huge", timeout=20)) as (server, _):
        with pytest.raises(McpFault) as fault:
            await server.call("look", {}, 20, wait=False)
        assert not fault.value.certain
        await until(lambda: "a message of more than 8,388,608 bytes" in server.error)


async def test_hostile_names_descriptions_and_schemas() -> None:
    async with connected(raw("hostile")) as (server, tools):
        names = {name.partition(".")[2] for name in tools.names}
        assert {"ignore_previous", "etc_passwd", "remote", "slow_pattern"} <= names
        assert len(names) == 6
        assert all(len(name) <= 64 and name.replace("_", "").isalnum() for name in names)
        for name in tools.names:
            tool = tools.get_tool(name)
            assert len(tool.description) < 1_100
            assert "\u202e" not in tool.description
            assert "\n" not in tool.description
            assert tool.description.count("“") == 1
            assert len(str(tool.schema)) < 30_000
        refused = " ".join(server.offered.refused)
        assert "bomb: the schema of its arguments is too large" in refused
        assert "odd_argument" in refused
        assert "large: the schema of its arguments has more than 20,000 characters" in refused
        started = time.perf_counter()
        slow = tools.get_tool("shelf.slow_pattern")
        slow.arguments.model_validate({"a": "a" * 5_000 + "!"})
        tools.get_tool("shelf.remote").arguments.model_validate({"a": {}})
        assert time.perf_counter() - started < 5  # a backtracking pattern would take for ever
    async with connected(raw("many")) as (server, tools):
        assert len(tools.names) == 128
        assert "more than the 128" in server.offered.refused[0]


async def test_which_tools_are_taken_and_what_they_do_is_the_users_choice(tmp_path: Path) -> None:
    settings = real(
        tmp_path,
        allowed=("*book*", "look_up"),
        rejected=("burn*", "sell*"),
        trust_hints=False,
        effects={"add_*": "idempotent"},
    )
    async with connected(settings) as (_, tools):
        assert set(tools.names) == {f"shelf.{name}" for name in ("count_books", "add_book", "look_up", "label_book")}
        assert all(tools.get_tool(name).effect for name in tools.names)
        types: dict[str, str] = {}
        for name in tools.names:
            run = private_run()
            arguments = {"word": "a", "title": "a", "text": "a"}
            known = {key: arguments[key] for key in tools.get_tool(name).schema["properties"] if key in arguments}
            await execute_tool(tools.get_tool(name), known, run, "c1", timeout=5, max_chars=1_000)
            types[name] = run.collector.get_intents()[0].TYPE
        assert types == {
            "shelf.add_book": "shelf.call_idempotent_tool",
            "shelf.count_books": "shelf.call_tool",
            "shelf.look_up": "shelf.call_tool",
            "shelf.label_book": "shelf.call_tool",
        }


async def test_secrets_reach_the_server_and_nobody_else(tmp_path: Path) -> None:
    secret = "hush-hush-4711"
    settings = real(tmp_path, env={"SHELF_KEY": SecretStr(secret)})
    async with connected(settings) as (server, tools):
        told = await call(tools, "shelf.tell_environment", name="SHELF_KEY")
        assert told.text == "[redacted]"
        assert secret not in f"{settings!r} {server.error} {told!r} {await server.probe()}"
        os.environ["SHELF_HOSTS_OWN"] = "not for servers"
        try:
            assert (await call(tools, "shelf.tell_environment", name="SHELF_HOSTS_OWN")).text == "(not set)"
        finally:
            del os.environ["SHELF_HOSTS_OWN"]


def test_a_supervisor_that_is_killed_leaves_no_server_behind(tmp_path: Path) -> None:
    """Not even one that hangs in a call and reads its input no more, nor what a wrapper started."""
    script = (
        "import anyio, sys\nfrom pathlib import Path\n"
        "from tests.llm_provider.test_mcp_tools import connected\n"
        "from common.ecosystem_settings import McpServerSettings\n"
        "async def main():\n"
        f"    wrapped = ('-c', '{sys.executable} {SERVICES / 'mcp_server.py'} {tmp_path}; true')\n"
        "    async with connected(McpServerSettings(command='sh', args=wrapped)) as (server, tools):\n"
        "        await server.call('hang', {}, 600, wait=False)\n"
        "anyio.run(main)\n"
    )
    host = subprocess.Popen([sys.executable, "-c", script], cwd=SERVICES.parents[1], stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while not lines(tmp_path / "hung"):
            assert host.poll() is None, host.stderr and host.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        pid = int((tmp_path / "pid").read_text())
        assert alive(pid)
        host.send_signal(signal.SIGKILL)
        host.wait(10)
        while alive(pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        host.kill()
        host.wait()
        if host.stderr is not None:
            host.stderr.close()


async def test_the_time_server_of_the_reference_implementation() -> None:
    """A stranger's server, with an SDK of another version in an environment of its own."""
    if not TIME_SERVER.is_file():
        pytest.skip(f"needs mcp-server-time; install with: {INSTALL}")
    settings = McpServerSettings(command=str(TIME_SERVER), args=("--local-timezone", "Europe/Zurich"))
    async with connected(settings) as (server, tools):
        assert server.error == ""
        assert set(tools.names) == {"shelf.get_current_time", "shelf.convert_time"}
        assert not any(tools.get_tool(name).effect for name in tools.names)
        told = await call(tools, "shelf.get_current_time", timezone="Asia/Tokyo")
        assert told.ok
        assert isinstance(told.data, dict)
        assert str(told.data["datetime"]).endswith("+09:00")
        wrong = await call(tools, "shelf.get_current_time", timezone="Mars/Olympus")
        assert not wrong.ok
        assert "Mars/Olympus" in wrong.text
