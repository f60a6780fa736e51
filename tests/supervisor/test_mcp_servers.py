"""A supervisor with MCP servers: reads at once, everything else as intents under their policy, through both engines."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.ecosystem_settings import A2AAgentSettings, McpRoleSettings, McpServerSettings
from common.errors import ConfigurationError
from common.intents import Policy
from common.settings import IntentSettings
from common.settings_loader import load_settings
from supervisor import Supervisor
from supervisor.testing import offline_settings

SERVER = Path(__file__).parents[1] / "services" / "mcp_server.py"
ROLE = McpRoleSettings(
    description="The book shelf: counts books, adds and burns them, labels it. Not for other documents.",
    examples=(
        "how many books are on the shelf", "count the books", "put the book Dune on the shelf", "add Emma to the shelf",
        "burn the book Emma", "label the shelf fiction", "count my books please", "what is the number of books",
        "label the book Emma", "another book for the shelf: Ulysses", "sell the book Dune",
    ),
)  # fmt: skip


@asynccontextmanager
async def shelf(
    folder: Path, intents: IntentSettings | None = None, *, background: bool = False, **more: Any
) -> AsyncGenerator[Supervisor]:
    server = McpServerSettings(command=sys.executable, args=(str(SERVER), str(folder)), role=ROLE, **more)
    settings = offline_settings(folder).model_copy(
        update={"mcp_servers": {"shelf": server}, "intents": intents or IntentSettings(attempts=2)}
    )
    async with Supervisor(settings, background=background) as supervisor:
        yield supervisor


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("meta_planning", [True, False])
async def test_both_engines_use_the_tools(tmp_path: Path, meta_planning: bool) -> None:
    async with shelf(tmp_path, policy=Policy.AUTO) as supervisor:
        context = {"flags": {"meta-planning": meta_planning}}
        both = await supervisor.process_request("count the books and set a tea timer for 4 minutes", context)
        assert (both.outcome, both.metadata.approach) == (
            "success",
            "meta_planning" if meta_planning else "task_graph",
        )
        assert set(both.metadata.tools_used) == {"shelf.count_books", "timer.set"}
        assert '"books": 7' in both.text


async def test_what_changes_something_waits_for_approval_and_is_done_once(tmp_path: Path) -> None:
    async with shelf(tmp_path) as supervisor:
        asked = await supervisor.process_request("add Emma to the shelf")
        assert (asked.outcome, asked.metadata.route) == ("awaiting_approval", "shelf")
        (waiting,) = await supervisor.approvals()
        assert waiting["type"] == "shelf.call_tool"
        assert waiting["summary"].startswith("call add_book of shelf with {")
        assert lines(tmp_path / "added") == []
        report = await supervisor.approve(waiting["intent_id"], by="anna")
        assert report.status == "processed"
        assert "stands on the shelf" in report.detail
        assert len(lines(tmp_path / "added")) == 1


async def test_an_approval_is_carried_out_without_any_request_before(tmp_path: Path) -> None:
    """As by `agent-supervisor approvals approve`: nobody keeps a connection then."""
    settings = offline_settings(tmp_path)
    settings = settings.model_copy(
        update={
            "store": settings.store.model_copy(update={"url": f"sqlite:///{tmp_path / 'events.db'}"}),
            "mcp_servers": {
                "shelf": McpServerSettings(command=sys.executable, args=(str(SERVER), str(tmp_path)), role=ROLE)
            },
        }
    )
    async with Supervisor(settings, background=False) as first:
        await first.process_request("add Emma to the shelf")
    async with Supervisor(settings, background=False) as second:
        (waiting,) = await second.approvals()
        report = await second.approve(waiting["intent_id"], by="anna")
    assert report.status == "processed"
    assert len(lines(tmp_path / "added")) == 1


async def test_without_an_answer_it_is_uncertain_or_tried_again(tmp_path: Path) -> None:
    async with shelf(tmp_path, policy=Policy.AUTO) as supervisor:
        burned = await supervisor.process_request("burn the book Emma")
        (intent,) = burned.intents
        assert (intent.type, intent.status) == ("shelf.call_tool", "uncertain")
        assert len(lines(tmp_path / "burned")) == 1

        (tmp_path / "die").touch()
        with anyio.fail_after(30):  # the server that died is started again meanwhile
            while not (labelled := await supervisor.process_request("label the book Emma")).intents:
                await anyio.sleep(0.1)
        (intent,) = labelled.intents
        assert (intent.type, intent.status) == ("shelf.call_idempotent_tool", "processed")
        assert len(lines(tmp_path / "labelled")) == 2


async def test_a_no_of_the_server_is_a_failure(tmp_path: Path) -> None:
    async with shelf(tmp_path, policy=Policy.AUTO) as supervisor:
        refused = await supervisor.process_request("sell the book Dune")
        (intent,) = refused.intents
        assert intent.status == "failed"
        assert "sell_book says: Error executing tool sell_book" in intent.detail


async def test_a_policy_of_the_type_wins_over_the_servers(tmp_path: Path) -> None:
    denied = IntentSettings(policies={"shelf.call_tool": Policy.DENY})
    async with shelf(tmp_path, denied, policy=Policy.AUTO) as supervisor:
        asked = await supervisor.process_request("add Emma to the shelf")
        assert [intent.status for intent in asked.intents] == ["denied"]
    assert lines(tmp_path / "added") == []


async def test_the_start_does_not_wait_and_health_is_told(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path).model_copy(
        update={"mcp_servers": {"gone": McpServerSettings(url="http://127.0.0.1:9/mcp"), "shelf": McpServerSettings(
            command=sys.executable, args=(str(SERVER), str(tmp_path)), role=ROLE)}}
    )  # fmt: skip
    async with Supervisor(settings) as supervisor:
        answer = await supervisor.process_request("set a timer for 5 minutes")
        assert answer.outcome == "success"
        found = {one.part: one for one in await supervisor.doctor(timeout=30)}
        assert (found["mcp shelf"].status, found["mcp shelf"].version) == ("reached", "shelf 1.2.3")
        assert found["mcp gone"].is_fault
        assert "127.0.0.1:9" in found["mcp gone"].where
        with anyio.fail_after(30):
            while (await supervisor.process_request("count the books")).outcome != "success":
                await anyio.sleep(0.1)


async def test_a_server_can_not_take_the_name_of_other_tools(tmp_path: Path) -> None:
    server = {"mcp_servers": {"weather": McpServerSettings(command="x")}}
    with pytest.raises(ConfigurationError, match="'weather' is the name of other tools"):
        await Supervisor(offline_settings(tmp_path).model_copy(update=server)).start()
    both = {
        "mcp_servers": {"helper": McpServerSettings(command="x")},
        "a2a_agents": {"helper": A2AAgentSettings(url="http://x/")},
    }
    with pytest.raises(ConfigurationError, match="'helper' is the name of other tools"):
        await Supervisor(offline_settings(tmp_path).model_copy(update=both)).start()


def test_in_a_thread_of_its_own_and_as_a_role_without_examples(tmp_path: Path) -> None:
    role = McpRoleSettings(description="The book shelf: counts books.")
    server = McpServerSettings(command=sys.executable, args=(str(SERVER), str(tmp_path)), role=role)
    supervisor = Supervisor(
        offline_settings(tmp_path).model_copy(update={"mcp_servers": {"shelf": server}}), background=False
    )
    with supervisor:
        context = {"flags": {"meta-planning": True}}
        answer = supervisor.run_sync("count the books on the shelf and set a tea timer for 4 minutes", context)
        assert "shelf.count_books" in answer.metadata.tools_used


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mcp_servers: {Shelf: {command: x}}", "no usable name"),
        ("mcp_servers: {shelf: {}}", "either a command or a url"),
        ("mcp_servers: {shelf: {command: x, url: 'http://x/'}}", "either a command or a url"),
        ("mcp_servers: {shelf: {command: x, headers: {A: b}}}", "headers belong to a url"),
        ("mcp_servers: {shelf: {url: 'http://me:secret@x/'}}", "must not hold a password"),
        ("mcp_servers: {shelf: {command: x, cwd: here}}", "absolute path"),
        ("mcp_servers: {shelf: {command: x, env: {'A=B': c}}}", "no usable name"),
        ("a2a_agents: {helper: {}}", "url"),
        ("serving: {token: short}", "at least 16 characters"),
        ("serving: {tokens: {ann: 0123456789abcdef0}}", "names no owner"),
        ("serving: {token: aaaaaaaaaaaaaaaa, tokens: {a/b: aaaaaaaaaaaaaaaa}}", "the same token"),
    ],
)
def test_settings_that_can_not_be(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=problem) as caught:
        load_settings(path, {})
    assert "secret@" not in str(caught.value)
    assert "short" not in str(caught.value)
