"""What a tool answered is there whole, however long it is: for its owner, and redacted where it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from common.context import Owner, TaskContext
from common.errors import NotFound
from common.redaction import REDACTED
from common.settings import StoreSettings
from supervisor.cli.main import main
from supervisor.facade import Supervisor
from supervisor.testing import offline_settings

ANSWER = "".join(f"line {number} of the invoice\n" for number in range(1_000)) + "password=hunter2 and hunter3x\n"
REQUEST = "look up the invoice of the customer smith, my password is hunter3x"


async def look_up(subject: str) -> str:
    """Look up the invoice of a customer."""
    return ANSWER


async def handle(folder: Path) -> str:
    """Handle the request; returns its trace."""
    settings = offline_settings(folder).model_copy(update={"store": StoreSettings(url=f"sqlite:///{folder}/events.db")})
    host = Supervisor(settings, background=False)
    host.add_tool(look_up, category="billing")
    async with host:
        response = await host.process_request(REQUEST, TaskContext(flags={"meta-planning": True}))
        results = [result async for result in host.tool_results(response.trace_id)]
        (result,) = [result for result in results if result.call.tool == "billing.look_up"]
        assert (result.text, result.problem) == (ANSWER, "")
        assert len(result.call.text) <= 2_000
        with pytest.raises(NotFound):
            [each async for each in host.tool_results(response.trace_id, owner=Owner("default", "nobody"))]
    return response.trace_id


@pytest.fixture
def trace_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    return anyio.run(handle, tmp_path / "data")


def test_a_trace_is_shown_with_all_that_its_tools_answered(trace_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["traces", "show", trace_id]) == 0
    assert "line 999 of the invoice" not in capsys.readouterr().out
    assert main(["traces", "show", trace_id, "--whole"]) == 0
    shown = capsys.readouterr().out
    assert "  billing.look_up\n" in shown
    assert all(f"line {number} of the invoice\n" in shown for number in range(1_000))
    assert f"password={REDACTED} and {REDACTED}" in shown
    assert main(["traces", "show", trace_id, "--whole", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (result,) = [each for each in document["results"] if each["tool"] == "billing.look_up"]
    assert result["text"].endswith(f"line 999 of the invoice\npassword={REDACTED} and {REDACTED}\n")
    assert (result["problem"], result["event"].partition("@")[0]) == ("", f"trace/{trace_id}")
    assert main(["traces", "show", trace_id, "--json"]) == 0
    assert "results" not in json.loads(capsys.readouterr().out)


def test_what_can_not_be_had_whole_is_told(trace_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3
    from contextlib import closing

    for change, told in [
        ("UPDATE blobs SET content = substr(content, 1, 20)", "the blob is damaged: the checksum does not match"),
        ("DELETE FROM blobs", "what was kept of it is not in the log any more"),
    ]:
        with closing(sqlite3.connect(tmp_path / "data" / "events.db")) as database, database:
            database.execute(change)
        assert main(["traces", "show", trace_id, "--whole"]) == 0
        shown = capsys.readouterr().out
        assert f"  billing.look_up ({told}" in shown
        assert "line 3 of the invoice\n" in shown
