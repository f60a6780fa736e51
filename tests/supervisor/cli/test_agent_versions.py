"""`agents show|health|rollback|remove|restore|export`: built agents on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from roles.sandbox.bubblewrap import BubblewrapSandbox
from supervisor.cli.main import main
from supervisor.cli.options import CommonOptions
from supervisor.cli.runtime import open_supervisor
from tests.roles.deployed import sample_agent
from tests.roles.sandbox.contract import usable
from tests.supervisor.built_agents import NAME, deploy, learned

__all__ = ["learned"]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    anyio.run(usable, BubblewrapSandbox())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DATABASE_URL", sample_agent.database(tmp_path))
    return tmp_path / "data"


async def _deploy() -> None:
    async with open_supervisor(CommonOptions()) as supervisor:
        await deploy(supervisor, build="b1", figures={"coverage": 0.93})
        await deploy(supervisor, 2.0, build="b2")


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["agents", *arguments]) == code
    read = capsys.readouterr()
    return read.out + read.err


def test_built_agents(data_dir: Path, learned: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (data_dir / "cache").mkdir(parents=True)
    for file in learned.glob("roles-*"):
        (data_dir / "cache" / file.name).write_bytes(file.read_bytes())
    anyio.run(_deploy)
    assert "enabled, 1.0.1" in told(capsys)
    shown = told(capsys, "show", NAME)
    assert f"{NAME} 1.0.1, in service: DSCR calculator" in shown
    assert "dscr = noi / debt_service" in shown
    document: dict[str, Any] = json.loads(told(capsys, "show", NAME, "--json"))
    assert [one["version"] for one in document["history"]] == ["1.0.0", "1.0.1"]
    assert document["specification"]["name"] == NAME
    assert "is well: version 1.0.1 answers in" in told(capsys, "health", NAME)
    assert "Version 1.0.0 of" in told(capsys, "rollback", NAME, "--reason", "wrong", "--by", "ann")
    assert json.loads(told(capsys, "health", NAME, "--json"))["version"] == "1.0.0"
    assert "out of service" in told(capsys, "remove", NAME, "--reason", "unused")
    assert "removed: unused" in told(capsys)
    assert "was removed" in told(capsys, "health", NAME, code=1)
    told(capsys, "restore", NAME)
    assert "enabled, 1.0.0" in told(capsys)
    out = tmp_path / "exported"
    assert "1.0.1 is in" in told(capsys, "export", NAME, str(out), "--version", "1.0.1")
    assert (out / NAME / "agent.py").exists()
    assert "something in the folder already" in told(capsys, "export", NAME, str(out), code=1)
    (data_dir / "agents" / NAME / "1.0.0" / NAME / "agent.py").write_text("")
    assert "not well" in told(capsys, "health", NAME, code=1)
    assert "no built agent is called 'weather'" in told(capsys, "show", "weather", code=1)
