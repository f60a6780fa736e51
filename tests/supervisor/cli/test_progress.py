"""Live progress: one line an update where there is no terminal, a display where there is one."""

from __future__ import annotations

import pytest

from common.results import Response
from common.updates import (
    ApprovalRequested,
    Completed,
    IntentRegistered,
    ModelReplaced,
    Planned,
    Routed,
    TaskStarted,
    TextDelta,
    TextDiscarded,
    ToolFinished,
    ToolStarted,
    Update,
)
from supervisor.cli.progress import PlainProgress, Silence, TerminalProgress, describe, make_progress

UPDATES: list[tuple[Update, str | None]] = [
    (Routed("direct", "smart_home", 0.98), "routed directly to smart_home (98% sure)"),
    (Routed("task_graph", "weather", 0.4), "routed to planning, nearest role weather (40% sure)"),
    (Routed("meta_planning", "planning", 0.99), "routed to planning (99% sure)"),
    (Planned("task_graph", ("a", "b")), "planned 2 steps"),
    (TaskStarted("t1", "weather", "check\nthe weather"), "t1 weather: check the weather"),
    (ToolStarted("weather.forecast", "c1", "t1"), "weather.forecast …"),
    (ToolFinished("weather.forecast", "c1", True, 0.256, "sun"), "weather.forecast ok (0.26 s)"),
    (
        ToolFinished("weather.forecast", "c2", False, 1.0, "token=abc\x1b[0m"),
        "weather.forecast failed: token=[redacted] (1.00 s)",
    ),
    (IntentRegistered("i1", "timer.set", "set a timer"), "to do: set a timer"),
    (ApprovalRequested("i1", "timer.set", "set a timer"), "waits for approval: set a timer"),
    (TextDelta("Hel"), None),
    (ModelReplaced("smart", "offline", "it is\ngone"), "model smart can't answer, offline goes on: it is gone"),
    (TextDiscarded(3, "it broke off"), "what was said so far counts for nothing: it broke off"),
    (Completed(Response(trace_id="x", text="", outcome="success")), None),
]


@pytest.mark.parametrize(("update", "line"), UPDATES)
def test_each_update_has_its_line(update: Update, line: str | None) -> None:
    assert describe(update) == line


def test_plain_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainProgress() as progress:
        for update, _ in UPDATES[3:7]:
            progress.show(update)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "· planned 2 steps",
        "· t1 weather: check the weather",
        "· weather.forecast ok (0.26 s)",
    ]


def test_the_display_replaces_a_running_call_by_its_end() -> None:
    progress = TerminalProgress()
    for update, _ in UPDATES[4:6]:
        progress.show(update)
    assert progress.text().plain == "· t1 weather: check the weather\n… weather.forecast …\n"
    progress.show(UPDATES[6][0])
    progress.show(TextDelta("x"))
    assert progress.text().plain == "· t1 weather: check the weather\n✓ weather.forecast ok (0.26 s)\n"


def test_quiet_shows_nothing_and_a_pipe_gets_lines(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = make_progress(quiet=True)
    with quiet:
        quiet.show(UPDATES[0][0])
    assert isinstance(quiet, Silence)
    assert capsys.readouterr() == ("", "")
    assert isinstance(make_progress(quiet=False), PlainProgress)
