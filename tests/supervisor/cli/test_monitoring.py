"""`agent-supervisor monitor`, `improvements` and `maintain`: what they show and decide, and their JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.settings import Settings
from events.catalogue import Event
from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementEvidenceAdded, ImprovementPlan
from supervisor import Supervisor
from supervisor.cli.main import main
from tests.events.improvement_samples import suggestion


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


class Command:
    """Runs command lines."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        assert main(list(arguments)) == code
        out, err = self._capsys.readouterr()
        return out, err

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json")[0])


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def told(*events: Event, samples: int = 0) -> None:
    """Put an improvement, and samples, into the log."""

    async def write() -> None:
        async with Supervisor(Settings(data_dir=Path("data")), background=False) as supervisor:
            if events:
                await supervisor.store.append("improvement/imp-1", events)
            for _ in range(samples):
                await supervisor.monitoring.sample()

    anyio.run(write)


def words(text: str) -> Sequence[str]:
    return text.split()


def test_status_shows_score_health_and_what_is_absent(run: Command) -> None:
    out, _ = run("monitor")
    assert "COMPONENT" in out
    assert "absent: the window has only begun" in out
    assert "does not run" in out
    status = run.json("monitor", "status")
    assert {"meta_agent_active", "total_improvements", "pending_improvements", "completed_improvements"} < status.keys()
    assert 0 <= status["performance_score"] <= 100
    assert {part["component"] for part in status["components"]} >= {"machine", "process", "store", "views"}


def test_metrics_are_listed_and_are_a_table(run: Command) -> None:
    assert "There is no sample" in run("monitor", "metrics")[1]
    told(samples=3)
    out, err = run("monitor", "metrics", "--points", "2")
    assert len(out.splitlines()) == 3
    assert "2 of 3 samples" in err
    assert run.json("monitor", "metrics", "--hours", "1")["total"] == 3
    with closing(sqlite3.connect(Path("data/events-views.db"))) as database:
        assert database.execute("SELECT count(*), min(total_agents) > 0 FROM system_metrics").fetchall() == [(3, 1)]
    assert "can't be told" in run("monitor", "metrics", "--hours", "0", code=2)[1]


def test_reports_are_written_listed_and_read(run: Command) -> None:
    assert "There is no report" in run("monitor", "reports")[1]
    out, err = run("monitor", "reports", "--write")
    name = words(out.splitlines()[1])[0]
    assert (Path("data/system_reports") / name).is_file()
    assert "system_reports" in err
    assert json.loads(run("monitor", "reports", name)[0])["status"]["node"]
    assert run.json("monitor", "reports")[0]["name"] == name
    assert "there is no report" in run("monitor", "reports", "../events.db", code=1)[1]


def test_an_improvement_is_listed_shown_approved_and_has_a_history(run: Command) -> None:
    assert "There is no improvement." in run("improvements")[1]
    told(suggestion())
    out, _ = run("improvements")
    assert words(out.splitlines()[1])[:4] == ["imp-1", "medium", "performance", "pending"]
    out, err = run("improvements", "show", "imp-1")
    for part in ("tool:search.web is slow", "1. Cache it.", "evidence (1 in all):", "40 s"):
        assert part in out
    assert "improvements approve imp-1" in err
    shown = run.json("improvements", "show", "imp-1")
    assert (
        "is approved"
        in run("improvements", "approve", "imp-1", "--by", "ann", "--comment", "go", "--plan-hash", shown["plan_hash"])[
            0
        ]
    )
    assert "it is approved" in run("improvements", "reject", "imp-1", code=1)[1]
    assert run.json("improvements", "show", "imp-1")["decided_by"] == "ann"
    out, _ = run("improvements", "history", "imp-1")
    assert [words(line)[3] for line in out.splitlines()[1:]] == ["suggested", "approved"]
    assert run.json("improvements", "--status", "approved")["total"] == 1
    assert run.json("improvements", "--status", "pending")["items"] == []


def test_another_plan_than_the_one_that_was_seen_is_not_approved(run: Command) -> None:
    told(suggestion())
    assert "another plan was looked at" in run("improvements", "approve", "imp-1", "--plan-hash", "x", code=1)[1]


def test_a_rejection_is_told_as_json(run: Command) -> None:
    told(suggestion())
    given = run.json("improvements", "reject", "imp-1", "--by", "ann", "--comment", "no")
    assert (given["message"], given["improvement_id"], given["reason"]) == ("imp-1 is rejected", "imp-1", "no")
    for command in ("show", "approve", "reject", "history"):
        assert "there is no improvement 'imp-9'" in run("improvements", command, "imp-9", code=1)[1]


@pytest.mark.parametrize(("command", "status"), [("done", "completed"), ("failed", "failed")])
def test_what_a_person_did_is_ended_with_a_note(run: Command, command: str, status: str) -> None:
    told(suggestion(action=""))
    assert "it is pending" in run("improvements", command, "imp-1", "--note", "moved it", code=1)[1]
    run("improvements", "approve", "imp-1", "--by", "ann")
    assert "improvements done imp-1 --note" in run("improvements", "show", "imp-1")[1]
    run("improvements", command, "imp-1", code=2)
    assert "can't be used" in run("improvements", command, "imp-1", "--note", " ", code=1)[1]
    out, _ = run("improvements", command, "imp-1", "--note", "moved the index", "--by", "bea")
    assert out == f"imp-1 is {status}.\n"
    shown = run.json("improvements", "show", "imp-1")
    assert (shown["status"], shown["assigned_agent"], shown["result"]) == (status, "bea", "moved the index")
    assert f"it is {status}" in run("improvements", command, "imp-1", "--note", "again", code=1)[1]


def test_hostile_text_does_nothing_to_the_terminal(run: Command) -> None:
    acting = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\x00 end"
    plan = ImprovementPlan(action="tune", arguments={acting: acting, "changes": {acting: 1}}, steps=[acting])
    told(
        suggestion(
            title=acting, description=acting, affected_components=[acting], implementation_plan=plan,
            estimated_impact=EstimatedImpact(text=acting), evidence=Evidence(text=acting), analyzer=acting,
        ),
        ImprovementEvidenceAdded(improvement_id="imp-1", evidence=Evidence(text=acting)),
    )  # fmt: skip
    run("improvements", "approve", "imp-1", "--by", acting, "--comment", acting)
    shown = [run("improvements", *command) for command in (("list",), ("show", "imp-1"), ("history", "imp-1"))]
    shown += [
        run("improvements", "done", "imp-1", "--note", acting, "--by", acting),
        run("improvements", "show", "imp-1"),
    ]
    for text in ("".join(pair) for pair in shown):
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r", "\x00"} & set(text)
    assert run.json("improvements", "show", "imp-1")["result"] == acting


def test_an_analysis_is_done_at_once(run: Command) -> None:
    out, _ = run("monitor", "analyze")
    assert "analyzers" in out
    report = run.json("monitor", "analyze")
    assert {"thresholds", "drift", "leaks", "limits"} < report["findings"].keys()
    assert report["failed"] == {}


def test_maintenance_tells_what_it_did(run: Command) -> None:
    run("ask", "set a timer for 5 minutes")
    done = run.json("maintain", "--archive-after", "1")
    assert (done["archived_events"], done["problems"]) == (0, {})
    assert done["samples_from"] is None
    out, _ = run("maintain", "--no-vacuum")
    assert "bytes given back" in out
    assert "none to let go" in out
