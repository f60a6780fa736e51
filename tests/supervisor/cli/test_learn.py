"""`agent-supervisor learn`: what a cycle found, how learning stands, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.cli.main import main
from tests.supervisor.learning.learning_help import traces

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def bring(folder: Path, count: int = 400, name: str = "traces.jsonl", first: int = 0) -> None:
    rows: list[dict[str, object]] = [
        {
            "trace_id": each.trace_id, "task_id": each.task_id, "agent_type": each.agent_type, "success": each.success,
            "steps": [{"type": "tool_call", "tool": step.name, "arguments": {}} for step in each.steps],
        }
        for each in traces(count, first=first)
    ]  # fmt: skip
    (folder / name).write_text("\n".join(map(json.dumps, rows)))
    assert main(["traces", "import", name]) == 0


def test_a_cycle_is_told_as_a_table(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring(here)
    capsys.readouterr()
    assert main(["learn"]) == 0
    out, err = capsys.readouterr()
    assert "400 traces with a known outcome, 400 of them new" in out
    assert "“guess”" in out
    assert "guideline 1.0.0 of triage waits for a decision" in out
    assert "agent-supervisor guidelines show triage 1.0.0" in out
    assert "triage:" in err


def test_a_cycle_is_told_as_one_document(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring(here)
    capsys.readouterr()
    assert main(["learn", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(data) == ["traces", "new_traces", "patterns", "proposed", "activated"]
    assert data["proposed"][0]["agent_type"] == "triage"
    assert isinstance(data["patterns"][0]["held_out"]["splits"], int)


def test_below_the_minimum_it_says_so_and_is_no_failure(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring(here, 5)
    capsys.readouterr()
    assert main(["learn"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "Nothing can be learned yet" in err
    assert "“triage” has the most of them, 5" in err
    assert main(["learn", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["patterns"] == []


def test_how_learning_stands(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", "status"]) == 0
    assert "no traces" in capsys.readouterr().err
    bring(here)
    assert main(["learn"]) == 0
    bring(here, 7, "more.jsonl", first=400)
    capsys.readouterr()
    assert main(["learn", "status"]) == 0
    out = capsys.readouterr().out
    assert "407 with a known outcome, 7 of them new" in out
    assert "triage" in out
    assert main(["learn", "status", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["learning_cycles"], data["ready_for_learning"]) == (1, True)
    assert data["agent_types"][0]["waiting"] == ["1.0.0"]


def test_following_tells_of_every_cycle_until_it_is_interrupted(here: Path) -> None:
    bring(here)
    command = [sys.executable, "-m", "supervisor.cli.main", "learn", "--follow", "--json"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
    assert process.stdout is not None
    try:
        first = json.loads(process.stdout.readline())
        bring(here, 5, "more.jsonl", first=400)
        second = json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        _, problems = process.communicate(timeout=30)
    assert (first["traces"], second["traces"], second["new_traces"]) == (400, 405, 5), problems
    assert process.returncode == 1


def test_the_history_of_all_guidelines_names_the_agent_type(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guidelines", "history"]) == 0
    assert "no guideline" in capsys.readouterr().err
    bring(here)
    assert main(["learn"]) == 0
    capsys.readouterr()
    assert main(["guidelines", "history"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("AGENT TYPE")
    assert "triage" in out
    assert main(["guidelines", "history", "--json"]) == 0
    assert [step["agent_type"] for step in json.loads(capsys.readouterr().out)] == ["triage"]
