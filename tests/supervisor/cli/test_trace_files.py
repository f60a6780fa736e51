"""`traces import`, `traces export` and `traces outcome`, as a user runs them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli.main import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder of this test's own, and an empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))


def row(trace_id: str, **more: Any) -> str:
    call = {"type": "tool_call", "tool": "look", "arguments": {"at": "x"}, "ok": True, "response_excerpt": "seen"}
    return json.dumps({"trace_id": trace_id, "task_id": "t", "agent": "m", "domain": "d", "steps": [call], **more})


def test_a_file_is_imported_once_and_what_is_wrong_is_told_by_line(capsys: Captured) -> None:
    Path("runs.jsonl").write_text(f"{row('a', success=True)}\n{{broken\n{row('b')}\n")
    assert main(["traces", "import", "runs.jsonl"]) == 0
    first = capsys.readouterr()
    assert first.out == "runs.jsonl: 2 traces read, 2 added, 1 skipped\n"
    assert "runs.jsonl, line 2: it is no JSON" in first.err
    assert "Of those added 1 does not say whether it went well" in first.err
    assert main(["traces", "import", "runs.jsonl", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["traces"], told["added"], told["known"], told["skipped"]) == (2, 0, 2, 1)
    assert [problem["line"] for problem in told["problems"]] == [2]


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.gz"])
def test_an_export_holds_handled_requests_and_imported_runs_with_their_outcomes(name: str, capsys: Captured) -> None:
    Path("runs.jsonl").write_text(row("run-1", task="my password is hunter22") + "\n")
    assert main(["traces", "import", "runs.jsonl"]) == 0
    assert main(["ask", "set a timer for 5 minutes", "--json"]) == 0
    asked = json.loads(capsys.readouterr().out.partition("\n")[2])["trace_id"]
    assert main(["traces", "outcome", "run-1", "0.25", "--comment", "slow"]) == 0
    assert main(["traces", "outcome", asked[:10], "no", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.partition("\n")[2])["trace_id"] == asked
    assert main(["traces", "export", name]) == 0
    assert capsys.readouterr().err == f"2 traces written to {name}\n"
    content = Path(name).read_bytes()
    lines = (gzip.decompress(content) if name.endswith(".gz") else content).decode().splitlines()
    rows = {each["trace_id"]: each for each in map(json.loads, lines)}
    assert (rows["run-1"]["success"], rows["run-1"]["score"]) == (False, 0.25)
    assert (rows[asked]["success"], rows[asked]["agent_type"]) == (False, "timer")
    assert "hunter22" not in str(rows)
    assert Path(name).stat().st_mode & 0o077 == 0
    assert main(["traces", "import", name]) == 0
    assert "2 traces read, 0 added, 2 were there already" in capsys.readouterr().out


def test_spans_are_known_by_themselves(capsys: Captured) -> None:
    attributes = [{"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}}]
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "invoke_agent clerk", "attributes": attributes}
    spans = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    Path("spans.json").write_text(json.dumps(spans, indent=1))
    assert main(["traces", "import", "spans.json", "--agent-type", "clerk"]) == 0
    assert capsys.readouterr().out == "spans.json: 1 traces read, 1 added\n"
    assert main(["traces", "outcome", "ab" * 16, "yes"]) == 0
    assert main(["traces", "export", "out.jsonl"]) == 0
    (row,) = map(json.loads, Path("out.jsonl").read_text().splitlines())
    assert (row["agent_type"], row["success"], row["source"]) == ("clerk", True, "otlp")


def test_a_file_of_nothing_but_rubbish_fails(capsys: Captured) -> None:
    Path("bad").write_bytes(b"\x00\xff\n" * 30)
    assert main(["traces", "import", "bad"]) == 1
    told = capsys.readouterr()
    assert told.out == "bad: 0 traces read, 0 added, 30 skipped\n"
    assert "bad: 10 more like these" in told.err


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["traces", "import"], 2, "no file is named"),
    (["traces", "import", "none.jsonl"], 2, "the file can't be read"),
    (["traces", "import", "none.jsonl", "--agent-type", " "], 2, "an agent type is 1 to 128 printable characters"),
    (["traces", "outcome", "none", "1"], 1, "there is no trace 'none'"),
    (["traces", "outcome", "none", "2"], 2, "a score is from 0 to 1"),
    (["traces", "outcome", "none", "good"], 2, "a score is from 0 to 1, or yes or no, not 'good'"),
    (["traces", "export", "."], 2, "can't be written"),
])  # fmt: skip
def test_what_can_not_be_done_is_said(arguments: list[str], code: int, said: str, capsys: Captured) -> None:
    assert main(arguments) == code
    assert said in capsys.readouterr().err
