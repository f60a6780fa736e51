"""`ask` and what looks at its traces afterwards, as a user runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from supervisor.cli.main import main

ROOT = Path(__file__).parents[3]
TRIP = (
    "Plan a mountain trip for Saturday: check the weather, search for lodging, add it to my calendar and remind me an "
    "hour before"
)
CONFIG = """
timezone: Europe/Zurich
location: Bern
weather: {forecast_url: "http://127.0.0.1:9/none", geocoding_url: "http://127.0.0.1:9/none", timeout: 0.5}
intents: {policies: {smart_home.set_device: ask}}
"""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def in_a_process(folder: Path, *arguments: str) -> Done:
    """Run the real command in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SUPERVISOR_")}
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.cli.main", *arguments],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Done(done.returncode, done.stdout, done.stderr)


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command inside the test's process, which is faster."""

    def run_it(folder: Path, *arguments: str, text: str = "") -> Done:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "stdin", _Input(text))
        code = main(arguments)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run_it


class _Input(StringIO):
    """Standard input, as bytes too."""

    @property
    def buffer(self) -> StringIO:
        return self

    def read(self, size: int | None = -1, /) -> bytes:  # pyright: ignore[reportIncompatibleMethodOverride]
        return super().read(size).encode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a new user."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """The main job, done once: the folder, and how the command ended."""
    folder = tmp_path_factory.mktemp("trip")
    (folder / "config.yaml").write_text(CONFIG)
    return folder, in_a_process(folder, "ask", TRIP, "--request-id", "trip", "--metrics-file", "metrics.prom")


def test_the_main_job_tells_how_it_was_done(trip: tuple[Path, Done]) -> None:
    folder, done = trip
    assert done.code == 0, done.err
    account = done.out[done.out.index("\n  route") :]
    for step in ("t1 weather: ", "t2 search: ", "t3 calendar: ", "t4 timer, after t3: "):
        assert step in account
    assert "engine   TaskGraph, because meta-planning is off" in account
    assert re.search(r"\n +(tools +)?weather\.\w+ failed: ", account)
    assert "intents  calendar.add_event processed: “Mountain trip” is in your calendar" in account
    assert "timer.set_timer processed: " in account
    assert "  outcome  partial" in account
    assert "· planned 4 steps" in done.err
    assert "note: the reminder “Mountain trip” is in the log and fires on Saturday " in done.err
    assert "in a supervisor that runs then: agent-supervisor chat" in done.err
    assert (folder / "data/calendar.ics").read_text().count("BEGIN:VEVENT") == 1


def test_metrics_are_written_for_prometheus(trip: tuple[Path, Done]) -> None:
    folder, _ = trip
    metrics = (folder / "metrics.prom").read_text()
    assert 'supervisor_requests_total{approach="task_graph",outcome="partial"} 1.0' in metrics
    assert not list(folder.glob(".metrics.prom*"))


def test_asking_again_with_the_same_id_does_nothing_twice(trip: tuple[Path, Done]) -> None:
    folder, first = trip
    again = in_a_process(folder, "ask", TRIP, "--request-id", "trip", "--json")
    answer = json.loads(again.out)
    assert again.code == 0
    assert list(answer) == ["trace_id", "text", "outcome", "metadata", "intents", "usage", "duration_ms"]
    assert first.out.startswith(answer["text"])
    assert f"trace    {answer['trace_id']}" in first.out
    assert [intent["status"] for intent in answer["intents"]] == ["processed", "processed"]
    assert (folder / "data/calendar.ics").read_text().count("BEGIN:VEVENT") == 1


def test_a_flag_chooses_the_other_engine(trip: tuple[Path, Done], run: Run) -> None:
    done = run(trip[0], "ask", TRIP, "--flag", "meta-planning=on", "--json", "--user", "eva", "--quiet")
    metadata = json.loads(done.out)["metadata"]
    assert metadata["approach"] == "meta_planning"
    assert metadata["flag"] == {"key": "meta-planning", "variant": "on", "reason": "REQUEST"}
    assert "·" not in done.err


def test_traces_are_listed_and_shown_to_their_owner(trip: tuple[Path, Done], run: Run) -> None:
    folder, _ = trip
    rows = json.loads(run(folder, "traces", "list", "--json").out)
    assert [row["request_id"] for row in rows] == ["trip"]
    trace_id = rows[0]["trace_id"]
    listed = run(folder, "traces", "list")
    assert listed.out.splitlines()[0].split() == ["TRACE", "STARTED", "OUTCOME", "WAY", "REQUEST"]
    assert trace_id[:12] in listed.out
    assert "partial" in listed.out
    assert "Plan a mountain trip" in listed.out
    shown = run(folder, "traces", "show", trace_id[:12]).out
    assert shown.index("request:") < shown.index("trace.started") < shown.index("trace.ended")
    detail = json.loads(run(folder, "traces", "show", trace_id, "--json").out)
    assert detail["trace_id"] == trace_id
    assert detail["events"][0]["topic"] == "trace.started"
    assert run(folder, "traces", "list", "--user", "nobody") == Done(0, "", "No requests yet.\n")
    hidden = run(folder, "traces", "show", trace_id, "--user", "nobody")
    assert (hidden.code, hidden.out) == (1, "")
    assert f"there is no trace '{trace_id}'" in hidden.err


def test_the_log_is_verified(trip: tuple[Path, Done], run: Run) -> None:
    folder, _ = trip
    done = run(folder, "events", "verify", "--json")
    report = json.loads(done.out)
    assert done.code == 0
    assert list(report) == ["events", "streams", "ok", "problems", "views"]
    assert (report["ok"], report["problems"]) == (True, [])
    assert report["events"] > 10
    assert all(view["equal"] for view in report["views"].values())
    told = run(folder, "events", "verify").out
    assert f"{report['events']} events in {report['streams']} streams: ok" in told
    assert "view trace_index: " in told


def test_a_changed_byte_in_the_log_is_found(trip: tuple[Path, Done], home: Path, run: Run) -> None:
    shutil.copytree(trip[0] / "data", home / "data")
    with closing(sqlite3.connect(home / "data/events.db")) as database, database:
        query = "SELECT rowid, state FROM stored_events WHERE topic = 'trace.tool_called'"
        rows = database.execute(query).fetchall()
        row, state = rows[0]
        assert b"weather" not in state, "payloads are encrypted"
        changed = state[:-1] + bytes([state[-1] ^ 1])
        database.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (changed, row))
    done = run(home, "events", "verify")
    assert done.code == 1
    assert "streams: NOT ok" in done.out
    assert "the checksum does not match: the row was changed" in done.out


def test_an_intent_waits_is_listed_and_is_approved_once(home: Path, run: Run) -> None:
    asked = run(home, "ask", "turn on the kitchen light", "--quiet")
    assert asked.code == 0
    assert "outcome  awaiting approval" in asked.out
    (waiting,) = json.loads(run(home, "approvals", "list", "--json").out)
    intent_id = waiting["intent_id"]
    assert f"decide with: agent-supervisor approvals approve {intent_id}" in asked.out
    listed = run(home, "approvals", "list").out
    assert f"{intent_id}  smart_home.set_device: " in listed
    assert "kitchen" in listed.splitlines()[1], "an approval covers the arguments, so they are shown"
    assert run(home, "approvals", "approve", intent_id, "--user", "eva").code == 1
    approved = run(home, "approvals", "approve", intent_id, "--by", "mum", "--json")
    assert (approved.code, json.loads(approved.out)["status"]) == (0, "processed")
    assert run(home, "approvals", "approve", intent_id).code == 1
    assert run(home, "approvals", "list") == Done(0, "", "Nothing waits for approval.\n")


def test_an_intent_can_be_denied(home: Path, run: Run) -> None:
    run(home, "ask", "turn on the kitchen light", "--quiet")
    (waiting,) = json.loads(run(home, "approvals", "list", "--json").out)
    denied = run(home, "approvals", "deny", waiting["intent_id"], "--reason", "not now")
    assert denied.code == 0
    assert denied.out.startswith("smart_home.set_device denied")


def test_flags_tell_value_and_reason(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENABLE_PHASE4_META_PLANNING", "true")
    (flag,) = [row for row in json.loads(run(home, "flags", "--json").out)["flags"] if row["key"] == "meta-planning"]
    assert (flag["key"], flag["value"], flag["variant"]) == ("meta-planning", True, "on")
    assert run(home, "flags").out.splitlines()[0].split()[:5] == [
        "FLAG", "VARIANT", "VALUE", "REASON", "PROVIDER",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ask", "x", "--flag", "meta-planing=on"), "there is no flag 'meta-planing'"),
        (("ask", "x", "--flag", "meta-planning=maybe"), "the flag meta-planning takes on or off, not 'maybe'"),
        (("ask", "  \t "), "the request is empty"),
        (("ask",), "the request is empty"),
        (("ask", "hello", "--metrics-file", "none/metrics.prom"), "the metrics can't be written: No such file"),
    ],
)
def test_a_request_that_can_not_be_taken_is_bad_usage(
    home: Path, run: Run, arguments: tuple[str, ...], told: str
) -> None:
    done = run(home, *arguments, "--quiet")
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_text_comes_from_standard_input(home: Path, run: Run) -> None:
    done = run(home, "ask", "--json", "--quiet", text="list my timers\n")
    assert (done.code, json.loads(done.out)["metadata"]["route"]) == (0, "timer")


def test_log_records_of_a_request_carry_its_trace_id(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERVISOR_INTENTS__TIMEOUT", "1e-9")  # no attempt can be made in time, which is logged
    done = run(home, "ask", "add lunch to my calendar tomorrow at noon", "--json", "--log-json", "--log-file", "log")
    trace_id = json.loads(done.out)["trace_id"]
    records = [json.loads(line) for line in (home / "log").read_text().splitlines()]
    assert {(record["logger"], record["trace_id"]) for record in records} == {("supervisor.intent_processor", trace_id)}
    assert done.err.count("WARNING") == 0


def test_broken_configuration_names_line_and_key(home: Path, run: Run) -> None:
    (home / "broken.yaml").write_text("timezone: UTC\nstore:\n  ulr: x\n")
    done = run(home, "ask", "hello", "--config", "broken.yaml")
    told = "agent-supervisor: unknown key 'ulr' [broken.yaml:3 store.ulr] Did you mean 'url'?\n"
    assert done == Done(2, "", told)


def test_control_c_cancels_the_request_and_its_trace_is_whole(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts, and never answers
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        (home / "config.yaml").write_text(f"weather: {{forecast_url: '{url}', geocoding_url: '{url}', timeout: 60}}")
        command = [sys.executable, "-m", "supervisor.cli.main", "ask", "what is the weather in Bern today?"]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            command, cwd=home, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            connection, _ = server.accept()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            connection.close()
    assert process.returncode == 1
    assert "  outcome  cancelled" in out
    assert "cancelling; Ctrl-C again to stop at once" in err
    assert "Traceback" not in err
