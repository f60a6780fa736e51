"""`events`: what the log holds, redacted, for people and programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from events.catalogue.base import Event
from events.catalogue.memory import FactRemembered
from events.catalogue.timer import TimerCancelled
from events.store import EventStore
from supervisor.cli.main import main

ROOT = Path(__file__).parents[3]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that the command line uses, and an empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def append(data_dir: Path, *events: Event) -> None:
    async def work() -> None:
        async with await EventStore.open(f"sqlite:///{data_dir / 'events.db'}") as store:
            for event in events:
                await store.append("things", [event], correlation="4f0c")

    anyio.run(work)


def fact(text: str) -> FactRemembered:
    return FactRemembered(fact_id="f", text=text, user="local")


def read_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_tail_shows_the_latest_events_redacted(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(data_dir, *(fact(f"number {index}") for index in range(4)), fact("password=hunter2 \x1b[31m"))
    assert main(["events", "tail", "--limit", "2"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("     4  ")
    assert first.endswith("things@4  memory.remembered  fact_id=f text=number 3 user=local")
    assert second.endswith("things@5  memory.remembered  fact_id=f text=password=[redacted] �[31m user=local")


def test_tail_finds_rare_topics_however_far_back(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(data_dir, TimerCancelled(timer_id="t"), *(fact(str(index)) for index in range(30)))
    assert main(["events", "tail", "--topic", "timer.cancelled", "--limit", "1", "--json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)
    assert (only["position"], only["topic"], only["payload"]) == (1, "timer.cancelled", {"timer_id": "t", "reason": ""})


def test_tail_of_nothing(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "tail", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_an_unknown_topic_names_the_nearest(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "tail", "--topic", "timer.canceled"]) == 2
    assert "Did you mean 'timer.cancelled'?" in capsys.readouterr().err


def test_following_shows_events_of_other_processes_until_control_c(data_dir: Path) -> None:
    append(data_dir, fact("before"))
    command = [sys.executable, "-m", "supervisor.cli.main", "events", "tail", "--follow", "--json"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["payload"]["text"] == "before"
        append(data_dir, fact("after"))
        assert json.loads(process.stdout.readline())["payload"]["text"] == "after"
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_seals_and_what_verification_makes_of_them(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "seal"]) == 0
    assert "Nothing to seal" in capsys.readouterr().err
    append(data_dir, fact("a"), fact("b"))
    assert main(["events", "seal", "--json"]) == 0
    payload = json.loads(capsys.readouterr().out)["payload"]
    assert (payload["events"], payload["streams"]) == (2, 1)
    assert main(["events", "seal"]) == 0
    capsys.readouterr()
    assert main(["events", "verify", "--seal", payload["digest"]]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith(": ok")
    assert said[1].startswith("  1 seal, ")
    assert any(line.startswith("  view memory: 1 rows, equal") for line in said)
    assert main(["events", "verify", "--json", "--seal", "0000"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"events", "streams", "ok", "problems", "views"}
    assert report["problems"] == ["the log has no seal 0000: the end of the log, with this seal in it, was removed"]
