"""`agent-supervisor evolve`: what a cycle would do, what it did, and how evolution stands."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from supervisor.cli.main import main
from tests.supervisor.evolution.evolution_help import ask, evolving


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    async def fill() -> None:
        async with evolving(tmp_path, url=f"sqlite:///{tmp_path}/events.db") as (supervisor, _):
            await ask(supervisor)

    anyio.run(fill)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SUPERVISOR_EVOLUTION__NEED_SUPPORT", "3")
    return tmp_path


def test_a_dry_run_a_cycle_and_how_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evolve", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "Nothing was changed. A cycle would:" in told
    assert "no role covers Current ratio: 3 requests of 3 users on 1 day; a person decides" in told
    assert main(["evolve", "--dry-run", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["cycle"], data["dry_run"], data["needs"][0]["support"]) == ("", True, 3)
    assert [(one["kind"], one["by_itself"]) for one in data["decisions"]] == [("create", False)]
    assert main(["evolve"]) == 0
    assert "a person decides: agent-supervisor improvements show imp-" in capsys.readouterr().out
    assert main(["evolve", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data["cycle"]) == 32
    assert data["decisions"][0]["improvement"] is None
    assert main(["evolve", "status"]) == 0
    told = capsys.readouterr().out
    assert "Evolution runs when it is asked to; without a person it may do: nothing." in told
    assert "Cycles: 2, failed: 0; the last one ended" in told
    assert "decided without a person: create 0.0 %, all 0.0 %" in told
    assert main(["evolve", "status", "--json", "--days", "1"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["cycles"], data["lifecycle"]["automation"]) == (2, {"create": 0.0, "all": 0.0})
    assert data["latest"][0]["kind"] == "create"
