"""Exported agents: a package that a person can import, and an AgentCore agent that answers over HTTP."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import anyio
import httpx
import pytest

from common.errors import DeploymentError
from events.keys import MemoryKeys
from roles.deployed.export import agentcore_files, export_files, write_export
from roles.deployed.manifest import Signer, manifest_of
from roles.deployed.version_folder import Version, write_version
from roles.engineering.specification import Specification
from tests.roles.deployed import sample_agent

BOUND = 60.0


@pytest.fixture
def deployed(tmp_path: Path) -> tuple[Specification, Version]:
    made = sample_agent.specification()
    files = {path: text.encode() for path, text in sample_agent.files(made).items()}
    manifest = manifest_of(
        made.name, "1.2.3", files, created=datetime(2026, 11, 21, tzinfo=UTC), build="b", figures={},
        specification_hash=made.fingerprint(),
    )  # fmt: skip
    version = write_version(tmp_path / "agents", manifest, files, Signer(MemoryKeys()))
    assert version is not None
    return made, version


def test_a_folder_with_a_project_that_can_be_imported(deployed: tuple[Specification, Version], tmp_path: Path) -> None:
    made, version = deployed
    out = tmp_path / "out"
    write_export(out, export_files(made, version))
    project = tomllib.loads((out / "pyproject.toml").read_text())["project"]
    assert (project["name"], project["version"]) == ("dscr-calculator", "1.2.3")
    assert any(needed.startswith("sqlalchemy") for needed in project["dependencies"])
    assert json.loads((out / "manifest.json").read_text())["version"] == "1.2.3"
    code = f"import {made.name}; print({made.name}.create().call('coverage_of', {{'income': 3, 'debt': 2}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=out, capture_output=True, text=True, check=True, timeout=BOUND
    )
    assert done.stdout == "{'coverage': 1.5}\n"
    with pytest.raises(DeploymentError, match="something in the folder"):
        write_export(out, {})


def test_a_project_of_its_own_stays_as_it_was(deployed: tuple[Specification, Version]) -> None:
    made, version = deployed
    own = Version(
        version.folder, version.manifest, version.manifest_hash, version.signature,
        {**version.files, "pyproject.toml": b"[project]\n"},
    )  # fmt: skip
    assert export_files(made, own)["pyproject.toml"] == b"[project]\n"


async def test_agentcore_answers_pings_and_invocations(deployed: tuple[Specification, Version], tmp_path: Path) -> None:
    pytest.importorskip("bedrock_agentcore", reason="needs the extra agentcore")
    made, version = deployed
    out = tmp_path / "out"
    write_export(out, agentcore_files(made, version))
    assert (out / "requirements.txt").read_text().startswith("bedrock-agentcore")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = await anyio.open_process(
        [sys.executable, "agentcore_app.py"], cwd=out, env={"PORT": str(port), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with anyio.fail_after(BOUND):
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                while True:
                    try:
                        ping = await client.get("/ping")
                        break
                    except httpx.TransportError:
                        assert server.returncode is None, "the server ended"
                        await anyio.sleep(0.1)
                assert ping.json()["status"] == "Healthy"

                async def invoke(payload: dict[str, object]) -> dict[str, object]:
                    return (await client.post("/invocations", json=payload)).json()

                asked = {"operation": "coverage_of", "arguments": {"income": 120, "debt": 100}}
                assert await invoke(asked) == {"result": {"coverage": 1.2}}
                for wrong in ({"operation": "other"}, {"arguments": []}, {"arguments": {"color": "red"}}):
                    error = (await invoke(wrong))["error"]
                    assert isinstance(error, dict)
                    assert error["code"] == "invalid_input"
    finally:
        server.kill()
        await server.aclose()
