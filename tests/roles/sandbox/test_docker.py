"""What Docker is asked for, by its real client at an engine that runs nothing, and why it can't be used at times."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from common.errors import SandboxError
from common.sandbox import KilledBy, Project, SandboxLimits
from common.sandbox_settings import SandboxSettings
from roles.sandbox.docker import DockerSandbox
from tests.roles.sandbox.fake_engine import Engine, frame, serving
from tests.system_parts import requires

CODE = Project.of_code("print(6 * 7)")
REPORT = json.dumps({"status": 0, "cpu": 0.1, "peak_memory": 1_000, "full": False}).encode()
FORTY_TWO = frame("s", b"") + frame("o", b"42\n") + frame("r", REPORT)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Generator[Engine]:
    """An engine that the client on this machine finds; addresses of sockets are short."""
    requires("docker", "apt-get install docker.io", everywhere=False)
    for name in ("DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION"):
        monkeypatch.delenv(name, raising=False)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as (found, address):
        config = Path(folder) / "config"
        config.mkdir()
        proxies = {"default": {"httpProxy": "http://bob:secret@proxy", "allProxy": "http://bob:secret@proxy"}}
        (config / "config.json").write_text(json.dumps({"proxies": proxies}))
        monkeypatch.setenv("DOCKER_HOST", address)
        monkeypatch.setenv("DOCKER_CONFIG", str(config))
        yield found


async def test_the_engine_is_asked_for_every_wall_and_limit(engine: Engine) -> None:
    engine.says = FORTY_TWO
    sandbox = DockerSandbox()
    assert await sandbox.available() is None
    result = await sandbox.run(CODE)
    assert (result.ok, result.stdout) == (True, b"42\n")
    asked = engine.created[-1]
    host: dict[str, Any] = asked["HostConfig"]
    assert asked["Image"] == "python:3.11-slim"
    assert asked["Entrypoint"] == ["/usr/local/bin/python3"]
    assert asked["Cmd"][:3] == ["-I", "-S", "-c"]
    assert asked["User"] == "65534:65534"
    assert asked["Healthcheck"] == {"Test": ["NONE"]}
    assert (asked["OpenStdin"], asked["StdinOnce"], asked["Tty"], asked["WorkingDir"]) == (True, True, False, "/work")
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (512 * 2**20, 512 * 2**20, 10**9)
    assert (host["NetworkMode"], host["IpcMode"], host["ReadonlyRootfs"]) == ("none", "none", True)
    assert host["CapDrop"] == ["ALL"]
    opened = ("CapAdd", "Privileged", "Binds", "Mounts", "VolumesFrom", "Devices", "PortBindings", "PidMode", "UTSMode")
    assert [name for name in opened if host.get(name)] == []
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["PidsLimit"], host["Init"], host["AutoRemove"]) == (35, True, True)
    assert host["LogConfig"]["Type"] == "none"
    (place,) = host["Tmpfs"]
    assert place == "/work"
    options = set(host["Tmpfs"][place].split(","))
    assert {"nosuid", "nodev", "noexec", f"size={64 * 2**20}", "mode=1777", "nr_inodes=12000"} <= options
    assert "secret" not in json.dumps(asked), "the client would pass on proxies with their passwords"


async def test_limits_are_those_of_the_run_within_what_the_engine_has(engine: Engine) -> None:
    engine.says = FORTY_TWO
    sandbox = DockerSandbox(SandboxSettings(cpus=8.0, docker_image="own:1"))
    engine.images["own:1"] = {"Id": "sha256:2", "Config": {"Volumes": {}}}
    assert await sandbox.available() is None
    assert engine.created[-1]["HostConfig"]["NanoCpus"] == 10**9  # a trial is small
    await sandbox.run(CODE)
    assert engine.created[-1]["HostConfig"]["NanoCpus"] == 2 * 10**9  # an engine refuses more than it has
    await sandbox.run(CODE, SandboxLimits(memory=128 * 2**20, cpus=0.5, processes=4, disk=2**20, files=50))
    host = engine.created[-1]["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (128 * 2**20, 5 * 10**8, 7)
    assert "size=1048576" in host["Tmpfs"]["/work"]
    assert engine.created[-1]["Image"] == "own:1"


async def test_what_takes_too_long_is_removed_by_its_name(engine: Engine) -> None:
    result = await DockerSandbox().run(CODE, SandboxLimits(seconds=1.0))
    assert result.killed_by is KilledBy.TIME
    assert engine.removed
    assert set(engine.removed) == {engine.names[-1]}


async def test_a_container_ends_itself_should_nobody_be_there_to_end_it(engine: Engine) -> None:
    sandbox = DockerSandbox()
    run = await sandbox.plan(CODE, SandboxLimits(seconds=30.0), worker=False)
    assert (run.config["wall_seconds"], run.config["until_hangup"]) == (45, False)
    worker = await sandbox.plan(CODE, SandboxLimits(), worker=True)
    assert (worker.config["wall_seconds"], worker.config["until_hangup"]) == (0, True)
    assert run.config["processes"] == 0, "a limit of nobody's processes would count those of all containers"


async def test_the_client_is_told_of_its_engine_and_of_nothing_else(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://bob:secret@host/db")
    plan = await DockerSandbox().plan(CODE, SandboxLimits(), worker=False)
    assert plan.environment["DOCKER_HOST"].startswith("unix://")
    assert "secret" not in str(plan.environment)


@pytest.mark.parametrize(
    ("able", "says", "todo"),
    [
        ({"OSType": "windows"}, "windows", "Linux containers"),
        ({"MemoryLimit": False}, "can't limit memory", "cgroup"),
        ({"CpuCfsQuota": False, "PidsLimit": False}, "can't limit processors, processes", "cgroup"),
        ({"SecurityOptions": ["name=apparmor"]}, "filters no system calls", "seccomp"),
        ({"SecurityOptions": ["name=seccomp,profile=unconfined"]}, "filters no system calls", "seccomp"),
    ],
)
async def test_an_engine_that_would_leave_walls_out_is_not_used(
    engine: Engine, able: dict[str, Any], says: str, todo: str
) -> None:
    engine.info |= able
    reason = await DockerSandbox().available()
    assert reason is not None
    assert says in reason.what
    assert todo in reason.todo
    assert engine.created == []


async def test_an_image_is_there_and_opens_no_way_to_the_disk(engine: Engine) -> None:
    missing = await DockerSandbox(SandboxSettings(docker_image="nowhere:1")).available()
    assert missing is not None
    assert missing.todo == "Run: docker pull nowhere:1"
    engine.images["python:3.11-slim"]["Config"]["Volumes"] = {"/data": {}}
    leaking = await DockerSandbox().available()
    assert leaking is not None
    assert "declares volumes" in leaking.what
    assert engine.created == []


async def test_a_container_that_never_says_it_began_is_an_error(engine: Engine) -> None:
    engine.says = b""
    with pytest.raises(SandboxError, match="could not be started"):
        await DockerSandbox().run(CODE)


@pytest.mark.parametrize(
    ("program", "says", "todo"),
    [
        ("echo 'Cannot connect to the Docker daemon' >&2; exit 1", "Cannot connect", "Start the Docker engine."),
        ('echo \'{"ServerErrors": ["Cannot connect"]}\'', "Cannot connect", "Start the Docker engine."),
        ('echo \'{"ServerVersion": ""}\'', "no engine answers", "Start the Docker engine."),
        ("echo 'permission denied while trying to connect' >&2; exit 1", "permission denied", "group docker"),
        ("echo nonsense", "can't be read", ""),
    ],
)
async def test_it_says_why_it_can_not_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str, says: str, todo: str
) -> None:
    client = tmp_path / "docker"
    client.write_text(f"#!/bin/sh\n{program}\n")
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = await DockerSandbox().available()
    assert reason is not None
    assert says in reason.what
    assert todo in reason.todo
