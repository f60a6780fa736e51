"""Walls made by a Docker engine, through its command line."""

from __future__ import annotations

import shutil
import subprocess
import uuid

import anyio
from anyio.abc import Process

from common.errors import SandboxError
from common.sandbox import Project, SandboxLimits
from roles.sandbox.launched import LaunchPlan
from roles.sandbox.process_sandbox import LAUNCHER, ProcessSandbox

__all__ = ["DockerSandbox"]

_SECONDS = 10.0
_LABEL = "agent-supervisor.sandbox=1"


class DockerSandbox(ProcessSandbox):
    """Runs code in containers of `sandbox.docker_image`, which is never pulled by a run.

    Packages are those of the image; without `Project.packages` there is the standard library only.
    """

    @property
    def name(self) -> str:
        """The backend's name."""
        return "docker"

    async def available(self) -> SandboxError | None:
        """Why it can't be used here: no client, no engine, no image, or a trial run that failed."""
        try:
            program = _program()
            await _ask(program, "version", "--format", "{{.Server.Version}}", todo="Start the Docker engine.")
            image = self.settings.docker_image
            await _ask(program, "image", "inspect", "--format", "{{.Id}}", image, todo=f"Run: docker pull {image}")
        except SandboxError as error:
            return error
        return await super().available()

    async def plan(self, project: Project, limits: SandboxLimits, *, worker: bool) -> LaunchPlan:
        """The command line of docker. Raises `SandboxError` where the client is missing."""
        program = _program()
        name = f"agent-supervisor-{uuid.uuid4().hex}"
        config = self.config_of(project, limits, worker=worker)
        config["processors"] = []
        isolated = ["-s"] if project.packages else ["-s", "-S"]
        config["command"] = ["/usr/local/bin/python3", *isolated, *project.arguments]
        source = await anyio.Path(LAUNCHER).read_text("utf-8")
        inside = ["/usr/local/bin/python3", "-I", "-S", "-c", source]
        command = [program, "run", *_walls(name, limits), self.settings.docker_image, *inside]

        async def end(process: Process) -> None:
            with anyio.move_on_after(_SECONDS):
                await anyio.run_process([program, "kill", name], check=False, stdout=subprocess.DEVNULL)
            if process.returncode is None:
                process.kill()

        return LaunchPlan(command, config, end, watch=False)


def _walls(name: str, limits: SandboxLimits) -> list[str]:
    work = f"/work:rw,nosuid,nodev,size={limits.disk},mode=1777,nr_inodes={limits.files + 2_000}"
    walls = ["--rm", "--interactive", "--init", "--pull", "never", "--name", name, "--label", _LABEL]
    walls += ["--network", "none", "--ipc", "none", "--read-only", "--tmpfs", work, "--user", "65534:65534"]
    walls += ["--memory", str(limits.memory), "--memory-swap", str(limits.memory), "--cpus", f"{limits.cpus:g}"]
    walls += ["--pids-limit", str(limits.processes + 3), "--cap-drop", "ALL"]
    # the engine's clients keep no copy of what the code prints
    walls += ["--security-opt", "no-new-privileges", "--log-driver", "none", "--workdir", "/work"]
    return walls


def _program() -> str:
    program = shutil.which("docker")
    if program is None:
        raise SandboxError("the Docker client is not installed", where="docker", todo="Install Docker.")
    return program


async def _ask(*command: str, todo: str) -> None:
    try:
        with anyio.fail_after(_SECONDS):
            done = await anyio.run_process(command, check=False)
    except TimeoutError:
        raise SandboxError(f"Docker did not answer within {_SECONDS:g} seconds", where=command[0], todo=todo) from None
    except OSError as error:
        raise SandboxError(f"Docker can't be asked: {error.strerror}", where=command[0], todo=todo) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[:200]
        raise SandboxError(f"Docker can't be used: {said}", where=command[0], todo=todo)
