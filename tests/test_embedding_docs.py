"""What the pages on embedding, comparison, control and the ecosystem show can be done: programs, commands, dialogue."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from strands import Agent

from common.context import Owner, TaskContext
from common.settings_loader import load_settings
from llm_provider.offline.model import OfflineModel
from supervisor import Supervisor
from supervisor.cli.main import main
from supervisor.testing import MovableClock, offline_settings

ROOT = Path(__file__).parents[1]
LUNCH = "Add lunch with Anna tomorrow at noon and remind me an hour before"


def snippets(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)


async def run(code: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a snippet as it would run in an async function; the names it leaves."""
    done = eval(compile(code, "a page", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    if inspect.isawaitable(done):
        await done
    return names


def tool_names(supervisor: Supervisor) -> set[str]:
    return set(supervisor._running_parts.tools.names)  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, with the shipped configuration; no service is reached from it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SUPERVISOR_WEATHER__FORECAST_URL", "http://127.0.0.1:9/none")
    monkeypatch.setenv("SUPERVISOR_WEATHER__GEOCODING_URL", "http://127.0.0.1:9/none")
    shutil.copy(ROOT / "config.yaml", tmp_path / "config.yaml")
    return tmp_path


def test_the_pages_have_the_snippets_that_are_tried_here() -> None:
    found = {
        page: len(snippets(page, "python"))
        for page in ("README.md", "docs/embedding.md", "docs/sessions-and-control.md", "docs/ecosystem.md")
    }
    assert found == {"README.md": 2, "docs/embedding.md": 4, "docs/sessions-and-control.md": 3, "docs/ecosystem.md": 2}


async def test_the_first_programs_run(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, tool = snippets("README.md", "python")
    names = await run(first, {})
    assert names["response"].outcome == "success"
    assert "timer.set_timer processed" in capsys.readouterr().out

    async def invoices_of(customer: str) -> str:
        return f"none for {customer}"

    own = Supervisor(offline_settings(fresh))
    await run(tool, {"supervisor": own, "invoices_of": invoices_of})
    async with own:
        assert "billing.open_invoices" in tool_names(own)

    embedded, context, _, fixtures = snippets("docs/embedding.md", "python")
    assert (await run(embedded, {}))["response"].outcome == "success"
    given = {"owner": Owner("acme", "maria"), "idempotency_key": "k1", "TaskContext": TaskContext}
    assert (await run(context, given))["context"].request_id == "k1"
    assert (await run(fixtures, {}))["pytest_plugins"] == ["supervisor.testing"]


def test_the_program_without_async_runs(fresh: Path) -> None:
    names: dict[str, Any] = {"Supervisor": Supervisor}
    exec(snippets("docs/embedding.md", "python")[2], names)
    assert names["response"].outcome == "success"
    assert [row["outcome"] for row in names["rows"]] == ["success"]


async def test_the_programs_of_control_run(tmp_path: Path) -> None:
    stream, cancel, resume = snippets("docs/sessions-and-control.md", "python")
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        context = TaskContext(tenant="acme", user="maria")
        names = await run(stream, {"supervisor": supervisor, "text": LUNCH, "context": context})
        names |= {"Owner": Owner, "trace_id": names["update"].response.trace_id}
        assert (await run(cancel, names))["cancelled"].state == "ended"
        plain = await supervisor.process_request("set a timer for 5 minutes")
        assert (await run(resume, {"supervisor": supervisor, "trace_id": plain.trace_id}))[
            "response"
        ].outcome == "success"


async def test_the_dialogue_of_the_page_goes_as_it_says(tmp_path: Path, movable_clock: MovableClock) -> None:
    page = (ROOT / "docs/sessions-and-control.md").read_text("utf-8")
    dialogue = re.findall(r"^> (.*?)(?:\s{2,}.*)?$", page, re.MULTILINE)
    assert len(dialogue) > 10
    async with Supervisor(offline_settings(tmp_path), clock=movable_clock, background=False) as supervisor:
        for said in dialogue:
            response = await supervisor.process_request(said, {"session": "one"})
            assert response.outcome == "success", (said, response.text)


@pytest.mark.parametrize("page", ["README.md", "docs/comparison.md"])
def test_the_commands_work_one_after_the_other(page: str, fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (fresh / "requests.txt").write_text("turn on the kitchen light\nset a timer for 5 minutes\n", "utf-8")
    (fresh / "requests.jsonl").write_text('{"text": "turn on the kitchen light"}\n', "utf-8")
    lines = [
        line for snippet in snippets(page, "console") for line in snippet.splitlines() if line.startswith("agent-")
    ]
    assert len(lines) >= 4
    for line in lines:
        _, *arguments = shlex.split(line)
        if arguments[0] in ("chat", "doctor", "serve") or "ID" in arguments:
            continue  # a dialogue; a machine's state; it stays; tests of their own take a trace's id
        main(arguments)
        assert not (err := capsys.readouterr().err).startswith("usage"), (line, err)
        assert "Traceback" not in err, line
    assert (fresh / "report.html").exists()


async def test_the_programs_of_the_ecosystem_run(tmp_path: Path) -> None:
    adding, serving = snippets("docs/ecosystem.md", "python")
    settings = offline_settings(tmp_path)
    token = settings.serving.model_copy(update={"token": SecretStr("5b1f0c55a7f34f0e9f7a2d1c")})
    supervisor = Supervisor(settings.model_copy(update={"serving": token}))

    def open_invoices(customer: str) -> str:
        """List the open invoices of a customer."""
        return customer

    def count_words(text: str) -> str:
        """Count words."""
        return str(len(text.split()))

    await run(
        adding,
        {
            "supervisor": supervisor,
            "open_invoices": open_invoices,
            "count_words": count_words,
            "make_agent": lambda: Agent(model=OfflineModel(), callback_handler=None),
            "examples": ["write a poem about the sea", "a poem on autumn"],
        },
    )
    app = Starlette()
    async with supervisor:
        assert {"billing.open_invoices", "billing.clerk"} <= tool_names(supervisor)
        await run(serving, {"supervisor": supervisor, "app": app})
    assert [getattr(route, "path", "") for route in app.routes] == ["/tools"]


def test_the_settings_of_the_ecosystem_can_be_read(tmp_path: Path) -> None:
    for number, text in enumerate(snippets("docs/ecosystem.md", "yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        assert load_settings(path, {})
