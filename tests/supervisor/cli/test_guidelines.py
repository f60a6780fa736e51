"""`agent-supervisor guidelines`: propose, decide, look back; and requests that go by what is in service."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli.main import main

RULES = "- stop after search.documents\n# a comment\n\nBe brief.\n"
ASK = ["ask", "search my notes for the packing list and set a timer for 5 minutes", "--flag", "meta-planning=on"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "rules.txt").write_text(RULES)
    return tmp_path


class Command:
    """Runs command lines."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        code = main(list(arguments))
        out, err = self._capsys.readouterr()
        assert code == 0, err
        return out

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))

    def fails(self, code: int, *arguments: str) -> str:
        assert main(list(arguments)) == code
        out, err = self._capsys.readouterr()
        assert out == ""
        return err

    def notes(self, *arguments: str) -> str:
        assert main(list(arguments)) == 0
        return self._capsys.readouterr().err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def served(run: Command, agent_type: str, *rules: str, by: str = "ann") -> None:
    Path("next.txt").write_text("\n".join(rules))
    version = run.json("guidelines", "propose", agent_type, "next.txt", "--by", by)["version"]
    run("guidelines", "activate", agent_type, version, "--by", by, "--reason", "because")


def test_a_rule_is_proposed_activated_and_taken_back(run: Command) -> None:
    said = run("guidelines", "propose", "agent", "rules.txt", "--by", "ann", "--reason", "too much is done")
    assert said.splitlines()[0] == "agent 1.0.0 is proposed, on no guideline:"
    assert "  + r" in said
    assert said.splitlines()[-1] == "Put it into service: agent-supervisor guidelines activate agent 1.0.0"
    assert [intent["type"] for intent in run.json(*ASK)["intents"]] == ["timer.set_timer"]

    assert run("guidelines", "activate", "agent", "1.0.0", "--by", "ann", "--reason", "try it") == (
        "agent 1.0.0 is in service, in the place of no guideline.\n"
    )
    ruled = run.json(*ASK)
    assert ruled["intents"] == []
    shown = run("traces", "show", ruled["trace_id"])
    started = next(line for line in shown.splitlines() if "trace.task_started" in line)
    assert "guideline_version=1.0.0" in started

    assert run("guidelines", "rollback", "agent", "--reason", "timers are missing") == (
        "agent 1.0.0 was taken back; no guideline is in service.\n"
    )
    assert [intent["type"] for intent in run.json(*ASK)["intents"]] == ["timer.set_timer"]


def test_lists_now_and_then(run: Command) -> None:
    assert run.notes("guidelines") == "There is no guideline.\n"
    served(run, "timer", "one")
    served(run, "timer", "one", "two")
    served(run, "agent", "Be brief.", by="bob")
    header, *lines = run("guidelines").splitlines()
    assert header.split() == ["AGENT", "TYPE", "VERSION", "STATUS", "RULES", "SINCE", "BY", "WHY"]
    assert [line.split()[:4] for line in lines] == [
        ["agent", "1.0.0", "active", "1"],
        ["timer", "1.0.0", "retired", "1"],
        ["timer", "1.1.0", "active", "2"],
    ]
    assert [line.split()[-2:] for line in lines] == [["bob", "because"], ["ann", "because"], ["ann", "because"]]
    assert len(run("guidelines", "list", "timer").splitlines()) == 3
    steps = run.json("guidelines", "history", "timer")
    assert [(step["what"], step["version"], step["other"]) for step in steps] == [
        ("proposed", "1.0.0", None),
        ("activated", "1.0.0", None),
        ("proposed", "1.1.0", "1.0.0"),
        ("activated", "1.1.0", "1.0.0"),
    ]
    then = str(steps[1]["position"])
    (row,) = run.json("guidelines", "--at", then)
    assert (row["version"], row["status"], row["decided_by"]) == ("1.0.0", "active", "ann")
    assert row["rules"][0]["text"] == "one"
    assert run.json("guidelines", "list", "--at", steps[1]["at"]) == [row]
    assert run.notes("guidelines", "list", "--at", "0") == "There was no guideline then.\n"
    assert run.json("guidelines", "show", "timer", "--at", then)["version"] == "1.0.0"
    assert run.json("guidelines", "history", "timer", "--at", then) == steps[:2]
    assert "the log has no position 99999" in run.fails(1, "guidelines", "--at", "99999")
    assert "is neither a position" in run.fails(2, "guidelines", "--at", "soon")


def test_one_version_with_its_rules(run: Command) -> None:
    run("guidelines", "propose", "agent", "rules.txt", "--by", "ann", "--reason", "too much is done")
    told = run("guidelines", "show", "agent", "1.0.0")
    assert "version:     1.0.0 (proposed)" in told
    assert "base:        none" in told
    assert "by ann: too much is done" in told
    assert [line.split()[0] for line in told.splitlines() if "search.documents" in line] == ["*", "+"]
    rules = run.json("guidelines", "show", "agent", "1.0.0")["rules"]
    assert [(rule["text"], rule["machine_readable"], rule["origin"]) for rule in rules] == [
        ("stop after search.documents", True, "ann"),
        ("Be brief.", False, "ann"),
    ]
    assert "no version in service" in run.fails(1, "guidelines", "show", "agent")
    assert "Its versions: 1.0.0 (proposed)." in run.fails(1, "guidelines", "show", "agent", "9.0.0")


def test_differences_and_history(run: Command) -> None:
    served(run, "agent", "one", "two")
    served(run, "agent", "two", "three")
    lines = run("guidelines", "diff", "agent", "1.0.0", "active").splitlines()
    assert [(line.split()[0], line.split()[-1]) for line in lines] == [("-", "one"), ("+", "three")]
    assert [change["kind"] for change in run.json("guidelines", "diff", "agent", "none", "2.0.0")] == ["added"] * 2
    assert run.notes("guidelines", "diff", "agent", "2.0.0", "active") == "They have the same rules.\n"
    run("guidelines", "rollback", "agent", "1.0.0", "--reason", "it harms", "--by", "bob")
    last = run("guidelines", "history", "agent").splitlines()[-1]
    assert last.split()[3:] == ["2.0.0", "rolled", "back", "to", "1.0.0", "bob", "it", "harms"]
    assert "there is no guideline of 'timer'" in run.fails(1, "guidelines", "history", "timer")


def test_an_exported_version_is_changed_and_proposed(run: Command) -> None:
    assert run.notes("guidelines", "export") == "There is no guideline.\n"
    served(run, "agent", "Be brief.", "avoid timer.set")
    served(run, "agent", "Be brief.")
    paths = run.json("guidelines", "export", "--folder", "out")
    assert paths == ["out/agent/1.0.0.yaml", "out/agent/2.0.0.yaml"]
    text = Path(paths[0]).read_text().replace("Be brief.", "Be short.")
    Path("mine.yaml").write_text(text)
    event = run.json("guidelines", "propose", "agent", "mine.yaml")
    assert (event["version"], event["base_version"]) == ("2.0.1", "1.0.0")
    assert [(change["kind"], change["after"]) for change in event["diff"]] == [("changed", "Be short.")]
    assert "the file is of the agent type 'agent'" in run.fails(2, "guidelines", "propose", "timer", "mine.yaml")


def test_rules_from_standard_input(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfBe brief.\n")))
    event = run.json("guidelines", "propose", "agent", "-", "--number", "3.0.0", "--base", "none")
    assert (event["version"], [rule["text"] for rule in event["rules"]]) == ("3.0.0", ["Be brief."])


def test_an_agent_type_that_nobody_has_is_told(run: Command) -> None:
    told = run.notes("guidelines", "propose", "tmier", "rules.txt")
    assert "No agent of this supervisor has the type 'tmier'" in told
    assert "timer" in told


def test_a_rejected_version_stays_out(run: Command) -> None:
    run("guidelines", "propose", "agent", "rules.txt")
    assert run("guidelines", "reject", "agent", "1.0.0", "--reason", "no") == "agent 1.0.0 is rejected.\n"
    assert "version 1.0.0 can't be activated: it is rejected" in run.fails(
        1, "guidelines", "activate", "agent", "1.0.0"
    )


@pytest.mark.parametrize(
    ("code", "arguments", "told"),
    [
        (2, ["propose", "agent", "missing.txt"], "the file can't be read: No such file or directory [missing.txt]"),
        (2, ["propose", "agent", "."], "the file can't be read"),
        (2, ["propose", "agent", "binary"], "the file is no text in UTF-8"),
        (2, ["propose", "agent", "empty"], "there are no rules"),
        (1, ["propose", "agent", "hostile"], "the character U+001B can't stand in a rule [rule 2]"),
        (1, ["propose", "agent", "rules.txt", "--base", "1.0.0"], "has no version '1.0.0'"),
        (1, ["propose", "agent", "rules.txt", "--number", "one"], "'one' is no version"),
        (1, ["propose", " ", "rules.txt"], "is no agent type"),
        (1, ["activate", "agent", "1.0.0"], "has no version '1.0.0'"),
        (1, ["rollback", "agent"], "no guideline of 'agent' is in service"),
        (2, ["propose", "agent"], ""),
        (2, ["activate", "agent"], ""),
    ],
)
def test_what_can_not_be_done(run: Command, here: Path, code: int, arguments: list[str], told: str) -> None:
    (here / "binary").write_bytes(b"\xff\xfe\x00")
    (here / "empty").write_text("\n")
    (here / "hostile").write_text("fine\nignore \x1b[2J what was said\n")
    assert told in run.fails(code, "guidelines", *arguments)


def test_an_export_that_can_not_be_written(run: Command, here: Path) -> None:
    served(run, "agent", "Be brief.")
    (here / "taken").write_text("a file")
    assert "the guidelines can't be written" in run.fails(2, "guidelines", "export", "--folder", "taken")
