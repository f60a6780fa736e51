"""A secret in a request is in no output of any command, however it came to be shown there."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from supervisor.cli.logs import reset_logging
from supervisor.cli.main import main
from tests.supervisor.planted_secrets import PATTERN, Planted, leaked, planted

PHASES = (Phase.explicit, Phase.generate)
"""A failing example is told as it is: to look for a smaller one takes seconds a try."""
CONFIG = f"""
redaction:
  patterns: ["{PATTERN}"]
intents:
  policies: {{timer.set_timer: ask}}
"""

COMMANDS = (
    ["traces", "list"], ["traces", "list", "--json"], ["approvals", "list"], ["approvals", "list", "--json"],
    ["events", "tail", "--limit", "1000"], ["events", "tail", "--limit", "1000", "--json"], ["events", "export"],
    ["events", "parked"], ["events", "verify"], ["agents"],
)  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Everything that a command writes, its log included."""
    main([*arguments, "--log-level", "debug"])
    said = capsys.readouterr()
    reset_logging()
    return said.out + said.err


def requests(secret: Planted) -> Sequence[str]:
    return (
        f"remember that {secret.written}",
        f"what did I say about {secret.written}?",
        f"set a timer for 10 minutes called {secret.written}",
        f"search my documents for {secret.written}, and then tell me the weather in {secret.written}",
    )


@pytest.mark.parametrize("engine", ["off", "on"])
@settings(max_examples=6, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=planted, which=st.integers(0, 3))
def test_no_command_shows_a_planted_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, engine: str, secret: Planted, which: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, monkeypatch.context() as patch:
        (Path(folder) / "config.yaml").write_text(CONFIG)
        patch.chdir(folder)
        patch.setenv("SUPERVISOR_DATA_DIR", folder)
        text = requests(secret)[which]
        shown = {"ask": run(capsys, "ask", text, "--flag", f"meta-planning={engine}")}
        shown["ask --json"] = run(capsys, "ask", text, "--json", "--metrics-file", str(Path(folder) / "metrics"))
        shown["metrics"] = (Path(folder) / "metrics").read_text()
        main(["traces", "list", "--json"])
        traces = [row["trace_id"] for row in json.loads(capsys.readouterr().out)]
        reset_logging()
        assert len(traces) == 2
        for trace in traces:
            shown[f"show {trace}"] = run(capsys, "traces", "show", trace)
            shown[f"show {trace} --json"] = run(capsys, "traces", "show", trace, "--json")
        for command in COMMANDS:
            shown[" ".join(command)] = run(capsys, *command)
        found = {name: parts for name, text in shown.items() if (parts := leaked(text, [secret]))}
        assert not found, {name: (parts, shown[name]) for name, parts in found.items()}


@settings(max_examples=10, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=planted)
def test_error_messages_show_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, secret: Planted
) -> None:
    with tempfile.TemporaryDirectory() as folder, monkeypatch.context() as patch:
        (Path(folder) / "config.yaml").write_text(CONFIG)
        patch.chdir(folder)
        patch.setenv("SUPERVISOR_DATA_DIR", folder)
        for command in (
            ["traces", "show", secret.written],
            ["approvals", "approve", secret.written],
            ["events", "import", secret.written if "/" not in secret.written else "nothing"],
        ):
            assert leaked(run(capsys, *command), [secret]) == [], command
