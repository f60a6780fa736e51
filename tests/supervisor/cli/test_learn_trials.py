"""`agent-supervisor learn trials` and `guidelines trial`: what runs, what was decided, how versions in service do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli.main import main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "rules.txt").write_text("Be brief.\n")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def test_a_trial_from_its_beginning_to_a_persons_decision(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert json.loads(run(capsys, "learn", "trials", "--json")) == {"trials": [], "in_service": []}
    assert main(["learn", "trials"]) == 0
    assert "There was no trial." in capsys.readouterr().err
    run(capsys, "guidelines", "propose", "timer", "rules.txt")
    told = run(capsys, "guidelines", "trial", "timer", "1.0.0", "--share", "0.5")
    assert told == "timer 1.0.0 is on trial with 50%, beside no guideline.\n"
    asked = [json.loads(run(capsys, "ask", "set a timer for 5 minutes", "--json")) for _ in range(6)]
    data: dict[str, Any] = json.loads(run(capsys, "learn", "trials", "timer", "--json"))
    (trial,) = data["trials"]
    arms = trial["candidate"], trial["incumbent"]
    assert (trial["state"], trial["share"], trial["against"]) == ("running", 0.5, None)
    assert sum(arm["drawn"] for arm in arms) == len(asked)
    assert {arm["rate"] for arm in arms} <= {None, 1.0}
    assert -1 <= trial["low"] <= trial["difference"] <= trial["high"] <= 1
    table = run(capsys, "learn", "trials")
    assert table.splitlines()[1].split()[:5] == ["timer", "1.0.0", "none", "50%", "running"]
    assert json.loads(run(capsys, "learn", "trials", "weather", "--json"))["trials"] == []

    run(capsys, "guidelines", "activate", "timer", "1.0.0", "--by", "ann")
    run(capsys, "ask", "set a timer for 5 minutes")
    data = json.loads(run(capsys, "learn", "trials", "--json"))
    assert (data["trials"][0]["state"], data["trials"][0]["decided_by"]) == ("promoted", "ann")
    (record,) = data["in_service"]
    assert (record["version"], record["outcomes"], record["successes"]) == ("1.0.0", 1, 1)
    table = run(capsys, "learn", "trials")
    assert "1 of 1" in table
    assert "IN SERVICE" in table


def test_what_is_not_proposed_is_not_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guidelines", "trial", "timer", "1.0.0"]) == 1
    assert "has no version '1.0.0'" in capsys.readouterr().err
