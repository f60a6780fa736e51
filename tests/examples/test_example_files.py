"""The example requests and agent configurations are what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.agent_configuration import AgentConfiguration
from supervisor import Supervisor
from supervisor.testing import MovableClock, offline_settings

EXAMPLES = Path(__file__).parents[2] / "examples"
REQUESTS = [json.loads(line) for line in (EXAMPLES / "requests.jsonl").read_text("utf-8").splitlines()]
ENGINES = {False: "task_graph", True: "meta_planning"}
WANTED = {
    "clerk": ("list the unpaid invoices and pay invoice 4711", "4711: Miller", "pay invoice 4711"),
    "auditor": ("list the unpaid invoices", "4712: Baker", "nothing"),
}


@pytest.mark.parametrize("meta_planning", [False, True])
async def test_the_requests_are_answered_through_both_engines(
    meta_planning: bool, tmp_path: Path, movable_clock: MovableClock
) -> None:
    async with Supervisor(offline_settings(tmp_path), clock=movable_clock, background=False) as supervisor:
        for wanted in REQUESTS:
            response = await supervisor.process_request(wanted["text"], {"flags": {"meta-planning": meta_planning}})
            told: dict[str, Any] = {
                "text": wanted["text"],
                "outcome": response.outcome,
                "tools": list(response.metadata.tools_used),
                "approach": response.metadata.approach,
            }
            approach = ENGINES[meta_planning] if wanted.get("planned") else "direct"
            assert told == {**{key: wanted[key] for key in ("text", "outcome", "tools")}, "approach": approach}
            assert wanted["says"] in response.text


def test_every_configuration_is_run() -> None:
    assert {path.stem for path in (EXAMPLES / "agent_configurations").iterdir()} == set(WANTED)


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_configuration(name: str, tmp_path: Path) -> None:
    path = EXAMPLES / "agent_configurations" / f"{name}.yaml"
    AgentConfiguration.model_validate(yaml.safe_load(path.read_text("utf-8")))
    request, says, wants = WANTED[name]
    done = subprocess.run(
        [sys.executable, EXAMPLES / "run_configuration.py", path, request],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PYTHONPATH": str(EXAMPLES.parent), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert f"wants: {wants}" in done.stdout
