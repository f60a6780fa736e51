"""`ask` and what looks at its traces afterwards, as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TRIP = (
    "Plan a mountain trip for Saturday: check the weather, search for lodging, add it to my calendar and remind me an "
    "hour before"
)
NOWHERE = "http://127.0.0.1:9/none"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one user; its log is shared by the tests of this module."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "config.yaml").write_text(
        f"""
timezone: Europe/Zurich
weather: {{forecast_url: "{NOWHERE}", geocoding_url: "{NOWHERE}", timeout: 0.5}}
intents: {{policies: {{smart_home.set_device: ask}}}}
"""
    )
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    """Run the command line in that folder."""

    def run_it(*arguments: str, text: str | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SUPERVISOR_")}
        return subprocess.run(
            [sys.executable, "-m", "supervisor.cli.main", *arguments],
            cwd=folder,
            env={**clean, "PYTHONPATH": str(ROOT), **environ},
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run_it


def test_the_main_job_tells_how_it_was_done(run: Run, folder: Path) -> None:
    done = run("ask", TRIP, "--request-id", "trip", "--metrics-file", "metrics.prom")
    assert done.returncode == 0, done.stderr
    account = done.stdout[done.stdout.index("\n  route") :]
    for role in ("weather", "search", "calendar", "timer"):
        assert f" {role}" in account
    assert "weather" in account
    assert "failed" in account
    assert "  outcome  partial" in account
    assert "engine   TaskGraph, because meta-planning is off" in account
    assert "note: the reminder" in done.stderr
    assert "agent-supervisor chat" in done.stderr
    assert "· planned 4 steps" in done.stderr
    assert (folder / "data/calendar.ics").read_text().count("BEGIN:VEVENT") == 1
    assert (
        'supervisor_requests_total{approach="task_graph",outcome="partial"} 1.0'
        in (folder / "metrics.prom").read_text()
    )


def test_asking_again_with_the_same_id_does_nothing_twice(run: Run, folder: Path) -> None:
    first = json.loads(run("ask", TRIP, "--request-id", "trip", "--json").stdout)
    again = run("ask", TRIP, "--request-id", "trip", "--json", "--quiet")
    assert again.returncode == 0
    assert again.stderr == ""
    assert json.loads(again.stdout) == first
    assert first.keys() == {"trace_id", "text", "outcome", "metadata", "intents", "usage", "duration_ms"}
    assert [intent["status"] for intent in first["intents"]] == ["processed", "processed"]
    assert (folder / "data/calendar.ics").read_text().count("BEGIN:VEVENT") == 1


def test_a_flag_chooses_the_other_engine(run: Run) -> None:
    done = run("ask", TRIP, "--flag", "meta-planning=on", "--json", "--user", "eva", "--quiet")
    answer = json.loads(done.stdout)
    assert answer["metadata"]["approach"] == "meta_planning"
    assert answer["metadata"]["flag"] == {"key": "meta-planning", "variant": "on", "reason": "REQUEST"}


def test_traces_are_listed_and_shown(run: Run) -> None:
    (row,) = json.loads(run("traces", "list", "--json").stdout)
    listed = run("traces", "list")
    assert listed.returncode == 0
    assert row["trace_id"][:12] in listed.stdout
    assert "Plan a mountain trip" in listed.stdout
    shown = run("traces", "show", row["trace_id"][:12])
    assert "trace.started" in shown.stdout
    assert "trace.ended" in shown.stdout
    detail = json.loads(run("traces", "show", row["trace_id"], "--json").stdout)
    assert detail["events"][0]["topic"] == "trace.started"
    assert run("traces", "list", "--user", "nobody").stderr == "No requests yet.\n"


def test_what_is_not_there_is_told(run: Run) -> None:
    missing = run("traces", "show", "nothing")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "there is no trace 'nothing'" in missing.stderr


def test_an_intent_waits_is_listed_and_is_approved_once(run: Run) -> None:
    asked = run("ask", "turn on the kitchen light", "--quiet")
    assert asked.returncode == 0
    assert "outcome  awaiting approval" in asked.stdout
    (waiting,) = json.loads(run("approvals", "list", "--json").stdout)
    intent_id = waiting["intent_id"]
    assert f"decide with: agent-supervisor approvals approve {intent_id}" in asked.stdout
    assert intent_id in run("approvals", "list").stdout
    assert run("approvals", "approve", intent_id, "--user", "eva").returncode == 1
    approved = run("approvals", "approve", intent_id, "--by", "mum", "--json")
    assert (approved.returncode, json.loads(approved.stdout)["status"]) == (0, "processed")
    assert run("approvals", "approve", intent_id).returncode == 1
    assert run("approvals", "list").stderr == "Nothing waits for approval.\n"


def test_an_intent_can_be_denied(run: Run) -> None:
    run("ask", "turn on the kitchen light", "--quiet")
    (waiting,) = json.loads(run("approvals", "list", "--json").stdout)
    denied = run("approvals", "deny", waiting["intent_id"], "--reason", "not now")
    assert denied.returncode == 0
    assert "denied" in denied.stdout


def test_flags_tell_value_and_reason(run: Run) -> None:
    (flag,) = json.loads(run("flags", "--json", ENABLE_PHASE4_META_PLANNING="true").stdout)
    assert (flag["key"], flag["value"], flag["variant"]) == ("meta-planning", True, "on")
    assert run("flags").stdout.splitlines()[0].split() == ["FLAG", "VARIANT", "VALUE", "REASON", "PROVIDER"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ask", "x", "--flag", "meta-planing=on"), "there is no flag 'meta-planing'"),
        (("ask", "x", "--flag", "meta-planning=maybe"), "the flag meta-planning takes on or off, not 'maybe'"),
        (("ask", "  \t "), "the request is empty"),
    ],
)
def test_a_request_that_can_not_be_taken_is_bad_usage(run: Run, arguments: tuple[str, ...], told: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_text_comes_from_standard_input_and_logs_go_to_a_file(run: Run, folder: Path) -> None:
    done = run("ask", "-", "--json", "--log-level", "debug", "--log-json", "--log-file", "log", text="list my timers\n")
    assert done.returncode == 0, done.stderr
    trace_id = json.loads(done.stdout)["trace_id"]
    records = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    assert all({"time", "level", "logger", "message", "trace_id"} <= record.keys() for record in records)
    assert {record["trace_id"] for record in records} <= {trace_id, None}


def test_broken_configuration_names_line_and_key(run: Run, folder: Path) -> None:
    (folder / "broken.yaml").write_text("timezone: UTC\nstore:\n  ulr: x\n")
    done = run("ask", "hello", "--config", "broken.yaml")
    assert done.returncode == 2
    assert done.stderr == ("agent-supervisor: unknown key 'ulr' [broken.yaml:3 store.ulr] Did you mean 'url'?\n")


def test_the_log_is_verified(run: Run) -> None:
    done = run("events", "verify", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report.keys() == {"events", "streams", "ok", "problems", "views"}
    assert (report["ok"], report["problems"]) == (True, [])
    assert all(view["equal"] for view in report["views"].values())
