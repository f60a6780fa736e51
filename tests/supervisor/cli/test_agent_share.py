"""`agents promote|rollback|show` and `evolve status`, of an improved version that serves a share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from supervisor.cli.options import CommonOptions
from supervisor.cli.runtime import open_supervisor
from tests.roles.deployed import sample_agent
from tests.supervisor.built_agents import NAME, deploy, learned
from tests.supervisor.cli.test_agent_versions import data_dir, told

__all__ = ["data_dir", "learned"]


async def begin(version: str) -> None:
    async with open_supervisor(CommonOptions()) as supervisor:
        if version == "1.0.1":
            await deploy(supervisor)
        made = sample_agent.specification(version)
        files = sample_agent.files(made, float(version[-1]))
        await supervisor.built_agents.trials.start(made, files, by="evolution")


def test_a_share_is_told_promoted_and_taken_back(
    data_dir: Path,
    learned: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (data_dir / "cache").mkdir(parents=True)
    for file in learned.glob("roles-*"):
        (data_dir / "cache" / file.name).write_bytes(file.read_bytes())
    anyio.run(begin, "1.0.1")
    shown = told(capsys, "show", NAME)
    assert f"{NAME} 1.0.0, in service" in shown
    assert f"{NAME} 1.0.1 serves 20 % of the requests: 0 of 0 calls of 1.0.1 failed" in shown
    assert "trial, running" in shown
    document: dict[str, Any] = json.loads(told(capsys, "show", NAME, "--json"))
    assert (document["standing"]["version"], document["trials"][0]["percent"]) == ("1.0.1", 20.0)
    from supervisor.cli.main import main

    assert main(["evolve", "status"]) == 0
    assert f"{NAME} 1.0.1 serves 20 % of the requests" in capsys.readouterr().out
    assert f"Version 1.0.1 of {NAME} serves all" in told(capsys, "promote", NAME, "--reason", "well", "--by", "ann")
    assert "serves all requests, and is watched" in told(capsys, "show", NAME)
    assert "no version of" in told(capsys, "promote", NAME, code=1)
    anyio.run(begin, "1.0.2")
    assert f"Version 1.0.1 of {NAME} serves now" in told(capsys, "rollback", NAME, "--reason", "no")
    assert "trial, rolled_back" in told(capsys, "show", NAME)
