"""`events views`, `rebuild` and `parked`: the views over the log, for people and programs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from events.catalogue.base import Event
from events.catalogue.log import ParkedEventDropped
from events.catalogue.timer import TimerCancelled
from events.store import EventStore
from events.views.trace_index import TraceIndex
from supervisor.cli.main import main
from tests.events.samples import fact


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that the command line uses, and an empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def append(data_dir: Path, stream: str, *events: Event) -> None:
    async def work() -> None:
        async with await EventStore.open(f"sqlite:///{data_dir / 'events.db'}") as store:
            await store.append(stream, events)

    anyio.run(work)


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_views_and_how_far_they_are(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(data_dir, "memory/local", fact(1, user="local"))
    assert main(["events", "views", "--json"]) == 0
    states = {state["name"]: state for state in said(capsys)}
    assert {"trace_index", "intents", "agents", "memory", "timers"} <= set(states)
    assert states["memory"].keys() == {"name", "version", "position", "lag", "rows", "parked"}
    assert (states["memory"]["rows"], states["memory"]["position"]) == (0, 0)
    assert states["memory"]["lag"] > 0
    assert main(["events", "rebuild", "memory"]) == 0
    assert capsys.readouterr().out.startswith("memory: 1 rows up to position ")
    assert main(["events", "views"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["VIEW", "VERSION", "POSITION", "BEHIND", "ROWS", "PARKED"]
    assert next(line.split() for line in lines if line.startswith("memory"))[3:] == ["0", "1", "0"]


def test_a_damaged_view_is_built_anew(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(data_dir, "memory/local", fact(1, user="local"), fact(2, user="local"))
    assert main(["events", "verify"]) == 0
    with closing(sqlite3.connect(data_dir / "events-views.db")) as database, database:
        (slot,) = database.execute("SELECT id FROM slots WHERE view = 'memory'").fetchone()
        database.execute(f"DELETE FROM view_{slot}")
    capsys.readouterr()
    assert main(["events", "verify"]) == 1
    assert "view memory differs from one that is built anew: run events rebuild memory" in capsys.readouterr().out
    assert main(["events", "rebuild", "memory", "--json"]) == 0
    (rebuilt,) = said(capsys)
    assert (rebuilt["name"], rebuilt["rows"], rebuilt["changed"], rebuilt["parked"]) == ("memory", 2, True, 0)
    assert main(["events", "verify"]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rebuild"], "name the views, or say --all"),
        (["rebuild", "memory", "--all"], "name the views, or say --all"),
        (["rebuild", "memorie"], "Did you mean 'memory'?"),
        (["rebuild", "xyzzy"], "Views: agent_days, agent_performance_history, agent_trials, "),
        (["parked", "retry"], "name positions, or say --all"),
        (["parked", "drop", "3", "--all"], "name positions, or say --all"),
    ],
)
def test_bad_usage_is_told(data_dir: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str) -> None:
    assert main(["events", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_all_views_are_built_anew(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "rebuild", "--all", "--json"]) == 0
    assert {"trace_index", "memory"} <= {each["name"] for each in said(capsys)}


@pytest.fixture
def fussy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace index takes no cancelled timers, for once."""
    keys = TraceIndex.keys

    def fussy_keys(self: TraceIndex, event: Any) -> Any:
        if isinstance(event.event, TimerCancelled):
            raise ValueError(f"no room for token={event.event.timer_id}")
        return keys(self, event)

    monkeypatch.setattr(TraceIndex, "topics", TraceIndex.topics | {TimerCancelled.TOPIC})
    monkeypatch.setattr(TraceIndex, "keys", fussy_keys)


def test_parked_events_are_listed_and_dropped(data_dir: Path, capsys: pytest.CaptureFixture[str], fussy: None) -> None:
    append(data_dir, "timer/1", TimerCancelled(timer_id="t1"), TimerCancelled(timer_id="t2"))
    assert main(["events", "parked"]) == 0
    header, first, _ = capsys.readouterr().out.splitlines()
    assert header.split() == ["POSITION", "VIEW", "EVENT", "TOPIC", "STATE", "ERROR"]
    assert first.split(maxsplit=5) == [
        "1", "trace_index", "timer/1@1", "timer.cancelled", "parked", "ValueError: no room for token=[redacted]",
    ]  # fmt: skip
    assert main(["events", "parked", "drop", "2", "--reason", "of a test", "--by", "ann"]) == 0
    assert capsys.readouterr().out == "1 of 1 parked event dropped\n"
    assert main(["events", "parked", "drop", "2"]) == 0
    assert capsys.readouterr().out == "0 of 1 parked event dropped\n"
    assert main(["events", "parked", "list", "--json"]) == 0
    assert [entry["position"] for entry in said(capsys)] == [1]
    assert main(["events", "parked", "--all", "--json"]) == 0
    assert [(entry["position"], entry["dropped"]) for entry in said(capsys)] == [(1, False), (2, True)]
    assert main(["events", "parked", "drop", "9"]) == 1
    assert "no event at position 9 is parked" in capsys.readouterr().err

    async def decisions() -> list[object]:
        async with await EventStore.open(f"sqlite:///{data_dir / 'events.db'}") as store:
            return [entry.event for entry in await store.read("log/parked")]

    expected = ParkedEventDropped(projection="trace_index", event_id="timer/1@2", by="ann", reason="of a test")
    assert anyio.run(decisions) == [expected]


def no_keys(*_: object) -> tuple[()]:
    return ()


def test_parked_events_are_tried_again(
    data_dir: Path, capsys: pytest.CaptureFixture[str], fussy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(data_dir, "timer/1", TimerCancelled(timer_id="t1"), TimerCancelled(timer_id="t2"))
    assert main(["events", "parked", "retry", "--all"]) == 1
    assert capsys.readouterr().out == "2 parked events tried, 0 taken, 2 parked again\n"
    monkeypatch.setattr(TraceIndex, "keys", no_keys)
    assert main(["events", "parked", "retry", "1", "--json"]) == 0
    report = said(capsys)
    assert ([entry["position"] for entry in report["tried"]], report["parked_again"]) == ([1], [])
    assert [each["name"] for each in report["rebuilt"]] == ["trace_index"]
    assert main(["events", "parked"]) == 0
    assert capsys.readouterr() == ("", "Nothing is parked.\n")
