"""`events archive`: ended traces move to files, and every command goes on over them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.context import TaskContext
from common.errors import ConfigurationError, NotFound
from common.settings import Settings, StoreSettings
from supervisor.cli.main import main
from supervisor.facade import Supervisor
from supervisor.queries.moments import read_before
from supervisor.testing import offline_settings


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that the command line uses, with three requests handled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    settings = offline_settings(tmp_path / "data").model_copy(update={"store": StoreSettings()})

    async def work() -> None:
        async with Supervisor(settings, background=False) as supervisor:
            for minutes in (5, 6, 7):
                context = TaskContext(request_id=f"r{minutes}")
                await supervisor.process_request(f"set a timer for {minutes} minutes", context)

    anyio.run(work)
    return tmp_path / "data"


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    assert main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_traces_are_shown_and_everything_is_verified_over_files(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = told(capsys, "events", "tail", "--limit", "1")[0]["position"]
    trace = told(capsys, "traces", "list")[-1]["trace_id"]
    before = told(capsys, "traces", "show", trace)
    archived = told(capsys, "events", "archive", "--before", str(head))
    assert (archived["segments"], archived["streams"], archived["kept"]) == (1, 3, 0)
    assert len(list((data_dir / "events.db-archive").iterdir())) == 1
    assert told(capsys, "traces", "show", trace) == before
    assert told(capsys, "events", "verify")["ok"]
    assert main(["events", "rebuild", "--all"]) == 0
    capsys.readouterr()
    assert told(capsys, "events", "archive", "--before", str(head), "--compact")["segments"] == 0
    assert main(["events", "archive", "--before", "0"]) == 0
    assert "Nothing to move up to position 0." in capsys.readouterr().out


def test_what_was_moved_is_told_in_words(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "archive", "--before", "0h", "--compact"]) == 0
    moved, freed = capsys.readouterr().out.splitlines()
    assert "events of 3 traces moved to 1 file: " in moved
    assert freed.endswith("bytes given back")


@pytest.mark.parametrize("before", ["soon", "90x", "-1d", "9999999d"])
def test_what_is_no_moment_is_bad_usage(data_dir: Path, capsys: pytest.CaptureFixture[str], before: str) -> None:
    assert main(["events", "archive", "--before", before]) in (1, 2)
    assert not (data_dir / "events.db-archive").exists()


def test_ages() -> None:
    assert read_before("90d") == timedelta(days=90)
    assert read_before(" 12h") == timedelta(hours=12)
    assert read_before("2w") == timedelta(weeks=2)
    assert read_before("90") == 90
    with pytest.raises(ConfigurationError, match="neither"):
        read_before("d")


async def test_in_python_an_age_counts_and_the_same_request_gets_its_outcome(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path).model_copy(
        update={"store": StoreSettings(url="memory://", archive=tmp_path / "archive")}
    )
    async with Supervisor(settings, background=False) as supervisor:
        context = TaskContext(request_id="once")
        first = await supervisor.process_request("set a timer for 5 minutes", context)
        assert (await supervisor.archive(timedelta(hours=1))).streams == 0
        assert (await supervisor.archive(timedelta(0))).streams == 1
        again = await supervisor.process_request("set a timer for 5 minutes", context)
        assert (again.text, again.trace_id) == (first.text, first.trace_id)
        assert len((await supervisor.trace(first.trace_id)).events) > 2
        with pytest.raises(NotFound):
            await supervisor.archive(10_000)


def test_where_the_archive_is(tmp_path: Path) -> None:
    def place(**store: Any) -> Path | None:
        return Settings(data_dir=tmp_path, store=StoreSettings(**store)).store_archive

    assert place() is None
    assert place(url="memory://") is None
    assert place(url="postgresql://somewhere/log") == tmp_path / "archive"
    assert place(url="postgresql://somewhere/log", archive=tmp_path / "x") == tmp_path / "x"
