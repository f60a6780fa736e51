"""The command line's frame: help, usage errors, exit codes of errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import ConfigurationError, NotFound, Overloaded, RequestRejected, StoreUnavailable
from supervisor.cli import main as cli
from supervisor.cli.main import main

COMMANDS = [
    [],
    ["ask"],
    ["chat"],
    ["traces"],
    ["traces", "list"],
    ["traces", "show"],
    ["approvals"],
    ["approvals", "list"],
    ["approvals", "approve"],
    ["approvals", "deny"],
    ["events"],
    ["events", "tail"],
    ["events", "export"],
    ["events", "verify"],
    ["flags"],
    ["flags", "list"],
    ["flags", "set"],
    ["flags", "reset"],
    ["flags", "history"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    captured = capsys.readouterr()
    assert " ".join(["Usage: agent-supervisor", *command]) in captured.out
    assert captured.err == ""
    if command and command not in (["traces"], ["approvals"], ["events"], ["flags"]):
        for option in ("--config", "--log-level", "--log-file", "--log-json"):
            assert option in captured.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["aks", "x"], 'Unknown command "aks"'),
        (["ask", "x", "--jsno"], "Did you mean --json?"),
        (["ask", "x", "--log-level", "loud"], 'Choose from: "debug"'),
        (["traces", "show"], "requires an argument"),
        (["traces", "list", "--limit", "0"], "--limit"),
        (["traces", "list", "--limit", "many"], "--limit"),
        (["flags", "what"], "what"),
        (["ask", "x", "--flag", "meta-planning"], "a flag is given as KEY=VALUE"),
        (["ask", "x", "--at", "noon"], "'noon' is no ISO 8601 time"),
        (["ask", "x", "--config", "/nowhere/config.yaml"], "there is no such configuration file"),
        (["ask", "Z\udcfcrich"], "argument 2 holds bytes that are no text in UTF-8: 'Z\\udcfcrich'"),
    ],
)
def test_bad_usage_is_told_with_exit_code_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in " ".join(captured.err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("no", where="x", todo="Do y."), 2),
        (RequestRejected("no", where="x", todo="Do y."), 2),
        (NotFound("no", where="x", todo="Do y."), 1),
        (Overloaded("no", where="x", todo="Do y."), 1),
        (ExceptionGroup("group", [ExceptionGroup("inner", [StoreUnavailable("no", where="x", todo="Do y.")])]), 1),
    ],
)
def test_typed_errors_are_told_in_one_line(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr(cli, "_build", lambda: fail)
    assert main(["flags"]) == code
    assert capsys.readouterr() == ("", "agent-supervisor: no [x] Do y.\n")


def test_other_errors_are_ours_and_carry_a_traceback_in_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(cli, "_build", lambda: fail)
    assert main(["flags"]) == 1
    assert capsys.readouterr().err == "agent-supervisor: internal error: ZeroDivisionError: oops\n"
    assert (caplog.records[0].exc_text or "").endswith("ZeroDivisionError: oops")


def test_the_command_starts_without_what_only_requests_need(tmp_path: Path) -> None:
    """Help and usage errors must not pay for Strands, scikit-learn and the rest."""
    code = (
        "import sys; from supervisor.cli.main import main; main(['ask', '--help']); "
        "heavy = {'strands', 'sklearn', 'numpy', 'dateparser', 'icalendar', 'eventsourcing', 'prompt_toolkit'}; "
        "sys.exit(f'imported: {sorted(heavy & set(sys.modules))}' if heavy & set(sys.modules) else 0)"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
