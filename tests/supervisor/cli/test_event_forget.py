"""`events forget`: asks, does it, and tells the truth about what it did."""

from __future__ import annotations

import io
import json
from pathlib import Path

import anyio
import pytest

from events.catalogue.memory import FactRemembered
from events.key_folder import KeyFolder
from events.store import EventStore
from supervisor.cli.main import main
from tests.events.encrypted import files_with

SECRET = "zanzibar77"


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that the command line uses, and an empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def append(data_dir: Path, *texts: str, keys: bool = True) -> None:
    async def work() -> None:
        service = KeyFolder(data_dir / "keys") if keys else None
        async with await EventStore.open(f"sqlite:///{data_dir / 'events.db'}", keys=service) as store:
            for text in texts:
                await store.append("memory", [FactRemembered(fact_id=text, text=text, user="ann")], tenant="acme")

    anyio.run(work)


class Terminal(io.StringIO):
    """A terminal at which somebody types."""

    def isatty(self) -> bool:
        return True


def test_it_forgets_and_says_what(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(data_dir, SECRET, "other")
    assert main(["events", "forget", "--tenant", "acme", "--yes", "--reason", "they asked"]) == 0
    out = capsys.readouterr().out
    assert "acme: 2 events and 0 blobs can't be read any more\n" in out
    assert "1 key forgotten this time" in out
    assert "not reached: copies of the keys in backups" in out
    assert files_with(data_dir, SECRET) == []
    assert main(["events", "verify"]) == 0
    assert main(["events", "tail"]) == 0
    shown = capsys.readouterr().out
    assert "log.tenant_forgotten" in shown
    assert "they asked" in shown
    assert main(["events", "forget", "--tenant", "acme", "--yes"]) == 0
    assert "2 events and 0 blobs can't be read any more (2 of them were before)" in capsys.readouterr().out


def test_the_json_document(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(data_dir, SECRET)
    assert main(["events", "forget", "--tenant", "acme", "--yes", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {name: document[name] for name in ("tenant", "complete", "events", "newly", "blobs", "readable")} == {
        "tenant": "acme",
        "complete": True,
        "events": 1,
        "newly": 1,
        "blobs": 0,
        "readable": 0,
    }
    assert document["keys"] == 1
    assert document["views"]["memory"] == 0
    assert len(document["not_reached"]) >= 3


def test_what_stays_readable_makes_it_exit_with_1(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data_dir.mkdir()
    append(data_dir, SECRET, "second", keys=False)
    append(data_dir, "third")
    assert main(["events", "forget", "--tenant", "acme", "--yes"]) == 1
    out = capsys.readouterr().out
    assert "1 event and 0 blobs can't be read any more" in out
    assert "NOT forgotten: 2 events and 0 blobs that were stored without encryption" in out


def test_nobody_to_ask_is_a_usage_error(
    data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    append(data_dir, SECRET)
    monkeypatch.setattr("sys.stdin", io.StringIO("acme\n"))
    assert main(["events", "forget", "--tenant", "acme"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert KeyFolder(data_dir / "keys").keys_of("acme") != []


@pytest.mark.parametrize(("typed", "done"), [("acme\n", True), ("acm\n", False), ("yes\n", False), ("", False)])
def test_a_person_types_the_name(
    typed: str, done: bool, data_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    append(data_dir, SECRET)
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert main(["events", "forget", "--tenant", "acme"]) == (0 if done else 1)
    assert ("Nothing was done" in capsys.readouterr().err) != done
    assert (KeyFolder(data_dir / "keys").keys_of("acme") == []) == done


def test_lost_keys_are_told_and_can_be_given_up(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(data_dir, SECRET)
    (data_dir / "keys").rename(data_dir / "aside")
    assert main(["ask", "thanks"]) == 2
    assert "keys are missing" in capsys.readouterr().err
    assert main(["doctor"]) == 1
    assert "are missing" in capsys.readouterr().out
    assert main(["events", "verify"]) == 1
    assert "is missing" in capsys.readouterr().out
    assert main(["events", "tail"]) == 0
    assert main(["events", "forget", "--tenant", "acme", "--yes"]) == 0
    capsys.readouterr()
    assert main(["ask", "thanks"]) == 0
    assert main(["events", "verify"]) == 0
