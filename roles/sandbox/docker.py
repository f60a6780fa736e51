"""Walls made by a Docker engine, through its command line.

The options are those of docker-run(1); the engine's own defaults stand beside them: its filter of system calls, masked
paths in /proc and /sys, and namespaces for processes, mounts, names and messages.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from typing import Any, cast

import anyio
from anyio.abc import Process

from common.errors import SandboxError
from common.sandbox import Project, SandboxLimits
from roles.sandbox.launched import LaunchPlan
from roles.sandbox.process_sandbox import LAUNCHER, ProcessSandbox

__all__ = ["DockerSandbox"]

_SECONDS = 10.0
_GRACE = 15
"""Seconds beyond its time after which a run ends itself, should nobody be there any more who ends it."""
_START = "Start the Docker engine."
_MAY = "Let this user use the engine (the group docker), or run Docker rootless."
_LABEL = "agent-supervisor.sandbox=1"
_PYTHON = "/usr/local/bin/python3"
_CLIENT = (
    "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION",
    "HOME", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK",
)  # fmt: skip
"""Variables by which the client finds its engine; it is given no others."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
"""Variables that the client would fill from its own configuration, with whatever passwords stand there."""


class DockerSandbox(ProcessSandbox):
    """Runs code in containers of `sandbox.docker_image`, which is never pulled by a run.

    Packages are those of the image; without `Project.packages` there is the standard library only.
    """

    _processors_there: float = math.inf

    @property
    def name(self) -> str:
        """The backend's name."""
        return "docker"

    async def available(self) -> SandboxError | None:
        """Why it can't be used here: no client, no engine, no limits, no image, or a trial run that failed."""
        image = self.settings.docker_image
        try:
            program = _program()
            told = await _ask(program, "info", "--format", "{{json .}}", todo=_START)
            self._check_engine(_object(told))
            todo = f"Run: docker pull {image}"
            told = await _ask(program, "image", "inspect", "--format", "{{json .Config.Volumes}}", image, todo=todo)
        except SandboxError as error:
            return error
        if told.strip() not in ("null", "{}"):
            return SandboxError(
                f"the image {image} declares volumes, where code could fill the disk", where="sandbox.docker_image",
                todo="Name an image without VOLUME.",
            )  # fmt: skip
        return await super().available()

    def _check_engine(self, info: Mapping[str, Any]) -> None:
        """Raise `SandboxError` for an engine that would leave walls out, as one does without a word that fails."""
        if not info.get("ServerVersion"):  # some clients tell so, and end as if all were well
            raise _unusable("; ".join(map(str, info.get("ServerErrors") or ["no engine answers"])), _START)
        if info.get("OSType") != "linux":
            raise SandboxError(
                f"the Docker engine runs containers of {info.get('OSType') or 'another system'}", where="docker",
                todo="Switch it to Linux containers.",
            )  # fmt: skip
        absent = [
            what
            for key, what in (("MemoryLimit", "memory"), ("CpuCfsQuota", "processors"), ("PidsLimit", "processes"))
            if not info.get(key)
        ]
        if absent:
            raise SandboxError(
                f"the Docker engine can't limit {', '.join(absent)}", where="docker",
                todo="Give it cgroups (rootless: cgroup v2 with delegated controllers, see docs.docker.com).",
            )  # fmt: skip
        security = [str(option) for option in info.get("SecurityOptions") or ()]
        if not any("name=seccomp" in option and "unconfined" not in option for option in security):
            raise SandboxError(
                "the Docker engine filters no system calls", where="docker", todo="Have it use its seccomp profile."
            )
        self._processors_there = float(info.get("NCPU") or math.inf)

    async def plan(self, project: Project, limits: SandboxLimits, *, worker: bool) -> LaunchPlan:
        """The command line of docker. Raises `SandboxError` where the client is missing."""
        program = _program()
        name = f"agent-supervisor-{uuid.uuid4().hex}"
        config = self.config_of(project, limits, worker=worker)
        # the container's own limits hold for processors and processes; those of a user would count all containers
        config |= {"processors": [], "processes": 0}
        # the engine does not end a container whose client or supervisor is gone
        config |= {"until_hangup": True} if worker else {"wall_seconds": math.ceil(limits.seconds) + _GRACE}
        isolated = ["-s"] if project.packages else ["-s", "-S"]
        config["command"] = [_PYTHON, *isolated, *project.arguments]
        source = await anyio.Path(LAUNCHER).read_text("utf-8")
        walls = _walls(name, limits, min(limits.cpus, self._processors_there))
        command = [program, "run", *walls, self.settings.docker_image, "-I", "-S", "-c", source]
        environment = _environment()

        async def remove() -> None:
            with anyio.move_on_after(_SECONDS):
                await anyio.run_process(
                    [program, "rm", "--force", name], check=False, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, env=environment,
                )  # fmt: skip

        async def end(process: Process) -> None:
            await remove()
            if process.returncode is None:
                process.kill()
                await remove()  # what the client had asked for and that had not begun yet

        return LaunchPlan(command, config, end, watch=False, environment=environment)


def _walls(name: str, limits: SandboxLimits, cpus: float) -> list[str]:
    work = f"/work:rw,nosuid,nodev,noexec,size={limits.disk},mode=1777,nr_inodes={limits.files + 2_000}"
    walls = ["--rm", "--interactive", "--init", "--pull", "never", "--name", name, "--label", _LABEL]
    walls += ["--network", "none", "--ipc", "none", "--read-only", "--tmpfs", work, "--user", "65534:65534"]
    walls += ["--memory", str(limits.memory), "--memory-swap", str(limits.memory), "--cpus", f"{cpus:g}"]
    walls += ["--pids-limit", str(limits.processes + 3), "--cap-drop", "ALL"]
    # the engine's clients keep no copy of what the code prints
    walls += ["--security-opt", "no-new-privileges", "--log-driver", "none", "--workdir", "/work"]
    walls += ["--no-healthcheck", "--entrypoint", _PYTHON]
    for variable in _PROXIES:
        walls += ["--env", f"{variable}=", "--env", f"{variable.lower()}="]
    return walls


def _environment() -> dict[str, str]:
    """What the client is told, and nothing else of this process's environment."""
    found = {name: os.environ[name] for name in _CLIENT if name in os.environ}
    return {"PATH": "/usr/bin:/bin:/usr/local/bin", **found}


def _program() -> str:
    program = shutil.which("docker")
    if program is None:
        raise SandboxError("the Docker client is not installed", where="docker", todo="Install Docker.")
    return program


def _object(text: str) -> Mapping[str, Any]:
    try:
        found: object = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SandboxError("what the Docker client tells of its engine can't be read", where="docker")
    return cast("dict[str, Any]", found)


async def _ask(*command: str, todo: str) -> str:
    """What the client answers. Raises `SandboxError`."""
    try:
        with anyio.fail_after(_SECONDS):
            done = await anyio.run_process(command, check=False, env=_environment())
    except TimeoutError:
        raise SandboxError(f"Docker did not answer within {_SECONDS:g} seconds", where=command[0], todo=todo) from None
    except OSError as error:
        raise SandboxError(f"Docker can't be asked: {error.strerror}", where=command[0], todo=todo) from None
    if done.returncode != 0:
        raise _unusable(done.stderr.decode(errors="replace").strip(), todo)
    return done.stdout.decode(errors="replace")


def _unusable(said: str, todo: str) -> SandboxError:
    denied = "permission denied" in said.lower()
    return SandboxError(f"Docker can't be used: {said[:200]}", where="docker", todo=_MAY if denied else todo)
