"""`agents` and `--at`: what there was at a position or a time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from events.catalogue.trace import TraceEnded, TraceStarted
from events.store import EventStore
from events.views.agent_registry import AgentRegistry
from supervisor.cli.main import main
from supervisor.cli.options import CommonOptions
from supervisor.cli.runtime import open_supervisor
from supervisor.testing import MovableClock

BEFORE = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


async def _disable(name: str) -> int:
    async with open_supervisor(CommonOptions()) as supervisor:
        before = await supervisor.store.head()
        await AgentRegistry(supervisor.store, supervisor.views).disable(name, reason="of a test")
        return before


def test_agents_now_and_then(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = anyio.run(_disable, "weather")
    assert main(["agents"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["AGENT", "KIND", "STATE", "TOOLS", "SINCE", "DESCRIPTION"]
    assert next(line for line in lines if line.startswith("weather")).split()[2:6] == ["disabled:", "of", "a", "test"]
    assert main(["agents", "list", "--at", str(before), "--json"]) == 0
    then = {agent["name"]: agent for agent in said(capsys)}
    assert then["weather"]["enabled"] is True
    assert {"name", "kind", "description", "tools", "enabled", "registered_at", "position"} <= set(then["weather"])
    assert main(["agents", "--at", "2", "--json"]) == 0
    assert len(said(capsys)) == 2
    assert main(["agents", "--at", "0"]) == 0
    assert capsys.readouterr() == ("", "There was no agent then.\n")


@pytest.mark.parametrize(
    ("moment", "code", "told"),
    [
        ("99999", 1, "the log has no position 99999"),
        ("yesterday", 2, "'yesterday' is neither a position of the log nor an ISO 8601 time"),
        ("-3", 2, "'-3' is neither"),
        ("", 2, "'' is neither"),
        ("9" * 30, 2, "is neither"),
        ("2026-13-01", 2, "is neither"),
        ("9999-01-01", 1, "is still to come"),
        ("9999-12-31T23:59:59-12:00", 1, "no log goes back or ahead to"),
    ],
)
def test_moments_that_can_not_be(
    data_dir: Path, capsys: pytest.CaptureFixture[str], moment: str, code: int, told: str
) -> None:
    assert main(["agents", f"--at={moment}"]) == code
    assert told in capsys.readouterr().err


@pytest.fixture
def zurich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in Zurich."""
    monkeypatch.setenv("TZ", "Europe/Zurich")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_trace_as_it_stood(data_dir: Path, zurich: None, capsys: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        clock = MovableClock(BEFORE)
        async with await EventStore.open(f"sqlite:///{data_dir / 'events.db'}", clock=clock) as store:
            started = TraceStarted(request="hello", user="local", request_id="r", owner="o", context={})
            await store.append("other/1", [started])
            await store.append("trace/abc", [started])
            clock.set(datetime(2026, 11, 20, 8, 0, 30, tzinfo=UTC))
            await store.append("trace/abc", [TraceEnded(outcome="success", response={"text": "hi"})])

    anyio.run(work)
    for moment, outcome, events in [
        ("2", None, 1),
        ("3", "success", 2),
        ("2026-11-20T09:00:29.999", None, 1),
        ("2026-11-20T09:00:30", "success", 2),
        ("2026-11-20T08:00:29+00:00", None, 1),
        ("2026-11-20 08:00:30Z", "success", 2),
    ]:
        assert main(["traces", "show", "abc", "--at", moment, "--json"]) == 0
        shown = said(capsys)
        assert (shown["trace_id"], shown["outcome"], len(shown["events"])) == ("abc", outcome, events), moment
    assert main(["traces", "show", "abc", "--json"]) == 0
    assert said(capsys)["answer"] == "hi"
    assert main(["traces", "show", "abc", "--at", "1"]) == 1
    assert "trace abc was not there at position 1: it began at position 2" in capsys.readouterr().err
