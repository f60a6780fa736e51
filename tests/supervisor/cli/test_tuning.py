"""`agent-supervisor tuning` and `improvements undo`: settings looked at, changed, and taken back."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from events.catalogue.improvement import ImprovementPlan
from events.catalogue.tuning import SettingTuned
from supervisor import Supervisor
from supervisor.cli.main import main
from tests.events.improvement_samples import suggestion


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.yaml").write_text("store: {url: 'sqlite:///log.db'}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_setting_is_listed_set_and_reset(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tuning"]) == 0
    assert "Everything is as configured" in capsys.readouterr().err
    assert main(["tuning", "list", "--all"]) == 0
    assert "requests.max_concurrent" in capsys.readouterr().out
    assert main(["tuning", "set", "requests.max_concurrent", "8", "--by", "ann", "--reason", "small"]) == 0
    assert capsys.readouterr().out == "requests.max_concurrent is 8.\n"
    assert main(["tuning", "list", "--json"]) == 0
    (setting,) = json.loads(capsys.readouterr().out)
    assert (setting["key"], setting["value"], setting["by"], setting["reason"]) == (
        "requests.max_concurrent", 8, "ann", "small",
    )  # fmt: skip
    assert main(["tuning", "reset", "requests.max_concurrent", "--by", "bea"]) == 0
    assert capsys.readouterr().out == "requests.max_concurrent is 64, as configured.\n"
    assert main(["tuning", "history", "requests.max_concurrent"]) == 0
    told = capsys.readouterr().out
    assert "ann" in told
    assert "bea" in told


def test_what_can_not_be_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tuning", "set", "requests.max_concurrent", "0"]) == 2
    assert "may be 1 to 4096" in capsys.readouterr().err
    assert main(["tuning", "set", "store.url", "1"]) == 1
    assert "can't be tuned" in capsys.readouterr().err


def test_an_improvement_is_undone_by_one_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def prepare() -> None:
        async with Supervisor.from_config("config.yaml", environ={}, background=False) as supervisor:
            plan = ImprovementPlan(
                action="tune", specialist="performance_analyst", arguments={"changes": {"requests.queue": 9.0}}
            )
            await supervisor.monitoring.improvements.suggest(suggestion(implementation_plan=plan))
            await supervisor.monitoring.approve("imp-1", by="ann")
            await supervisor.specialists.step()

    anyio.run(prepare)
    assert main(["improvements", "show", "imp-1"]) == 0
    shown = capsys.readouterr()
    assert "set requests.queue = 9" in shown.out
    assert "improvements undo imp-1" in shown.err
    assert main(["improvements", "undo", "imp-1", "--by", "bea", "--comment", "too few"]) == 0
    assert capsys.readouterr().out == "imp-1 is undone.\n"
    assert main(["tuning"]) == 0
    assert "Everything is as configured" in capsys.readouterr().err
    assert main(["improvements", "undo", "imp-1"]) == 1
    assert "it is undone" in capsys.readouterr().err


def test_what_another_process_has_tuned_is_told_and_no_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def prepare() -> None:
        async with Supervisor.from_config("config.yaml", environ={}, background=False) as supervisor:
            tuned = SettingTuned(key="tool.shop.price.cache", value=60, by="ann")
            await supervisor.store.append("tuning/tool.shop.price.cache", [tuned])

    anyio.run(prepare)
    assert main(["tuning"]) == 0
    said = capsys.readouterr().err
    assert "tool.shop.price.cache is 60 where that is known" in said
    assert "Everything else is as configured" in said
    assert main(["tuning", "history", "tool.shop.price.cache"]) == 0
    assert "ann" in capsys.readouterr().out

    async def probe() -> str:
        async with Supervisor.from_config("config.yaml", environ={}, background=False) as supervisor:
            return (await supervisor.tuning.probe()).detail

    assert anyio.run(probe) == "tool.shop.price.cache = 60 (not known in this process)"
