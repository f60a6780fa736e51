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


def test_export_writes_every_event_as_a_line(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(data_dir, fact("a"), fact("token=abc"), TimerCancelled(timer_id="t"))
    assert main(["events", "export"]) == 0
    lines = read_lines(capsys.readouterr().out)
    assert [(line["position"], line["stream"], line["version"]) for line in lines] == [
        (1, "things", 1),
        (2, "things", 2),
        (3, "things", 3),
    ]
    assert lines[1]["payload"] == {"fact_id": "f", "text": "token=[redacted]", "user": "local"}
    assert (lines[1]["header"]["tenant"], lines[1]["header"]["correlation"]) == ("default", "4f0c")


def test_export_to_a_file_from_a_position_on(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(data_dir, fact("a"), fact("b"), TimerCancelled(timer_id="t"))
    out = data_dir / "out.jsonl"
    assert main(["events", "export", "--after", "1", "--topic", "memory.remembered", "--output", str(out)]) == 0
    assert [line["payload"]["text"] for line in read_lines(out.read_text())] == ["b"]
    assert capsys.readouterr() == ("", f"1 events written to {out}\n")
    assert main(["events", "export", "--output", str(data_dir)]) == 2
    assert "the export can't be written: Is a directory" in capsys.readouterr().err


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


def test_an_unredacted_export_is_put_into_another_store(
    data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    append(data_dir, fact("token=abc"), fact("b"))
    out = data_dir / "out.jsonl"
    assert main(["events", "export", "--unredacted", "--output", str(out)]) == 0
    assert capsys.readouterr().err == (
        f"This export holds everything, secrets included: keep it like the log itself.\n2 events written to {out}\n"
    )
    assert "token=abc" in out.read_text()
    assert out.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(data_dir / "other"))
    assert main(["events", "import", str(out)]) == 0
    assert capsys.readouterr() == ("2 events read, 2 added\n", "")
    assert main(["events", "import", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"events": 2, "added": 0}
    assert main(["events", "export", "--unredacted", "--quiet"]) == 0
    assert capsys.readouterr() == (out.read_text(), "")


def test_what_can_not_be_imported_is_told_with_its_line(
    data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    append(data_dir, fact("a"))
    redacted, binary = data_dir / "redacted.jsonl", data_dir / "binary"
    assert main(["events", "export", "--output", str(redacted)]) == 0
    assert json.loads(redacted.read_text())["header"]["redacted"] is True
    binary.write_bytes(b"\n\xff\xfe\n")
    capsys.readouterr()
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(data_dir / "other"))
    for file, code, told in [
        (redacted, 1, "redacted export, which is for showing only: import one made with --unredacted [line 1]"),
        (binary, 2, f"the line is no text in UTF-8 [{binary}, line 2]"),
        (data_dir / "nothing", 2, "the file can't be read: No such file or directory"),
    ]:
        assert main(["events", "import", str(file)]) == code
        assert told in capsys.readouterr().err
    assert main(["events", "export", "--unredacted", "--topic", "memory.remembered"]) == 2
    assert "an unredacted export holds every topic" in capsys.readouterr().err


def test_an_import_from_standard_input(data_dir: Path, tmp_path: Path) -> None:
    append(data_dir, fact("a"))
    command = [sys.executable, "-m", "supervisor.cli.main", "events"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    exported = subprocess.run([*command, "export", "--unredacted"], capture_output=True, env=environ, check=True)
    environ["SUPERVISOR_DATA_DIR"] = str(tmp_path / "other")
    imported = subprocess.run([*command, "import", "-"], input=exported.stdout, capture_output=True, env=environ)
    assert (imported.returncode, imported.stdout) == (0, b"1 events read, 1 added\n"), imported.stderr


def test_an_export_that_breaks_off_leaves_no_file(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(data_dir, fact("a"))
    before = sorted(data_dir.iterdir())

    def fail(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    assert main(["events", "export", "--output", str(data_dir / "out.jsonl")]) == 2
    assert sorted(data_dir.iterdir()) == before
    monkeypatch.undo()
    assert main(["events", "export", "--quiet", "--output", "/dev/null"]) == 0
    assert Path("/dev/null").is_char_device()


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
