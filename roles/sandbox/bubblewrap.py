"""Walls made by bubblewrap: namespaces, an almost empty file system, nobody's rights, a filter of system calls."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import anyio
from anyio.abc import Process

from common.errors import SandboxError
from common.sandbox import Project, SandboxLimits
from roles.sandbox.launched import LaunchPlan
from roles.sandbox.process_sandbox import LAUNCHER, ProcessSandbox
from roles.sandbox.process_tree import children_of, end_tree
from roles.sandbox.seccomp import seccomp_filter

__all__ = ["BubblewrapSandbox"]

_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_PACKAGES = "/packages"
_LAUNCHER = "/launcher.py"
_GRACE = 0.5


class BubblewrapSandbox(ProcessSandbox):
    """Runs code under bubblewrap; Linux only. What it promises is in docs/sandbox.md.

    As root, it becomes nobody inside before the code starts; as another user it stays that user, in a user namespace of
    its own. In both cases the code has no capability and can get none.
    """

    @property
    def name(self) -> str:
        """The backend's name."""
        return "bubblewrap"

    async def plan(self, project: Project, limits: SandboxLimits, *, worker: bool) -> LaunchPlan:
        """The command line of bwrap. Raises `SandboxError` where it is missing or can't be watched here."""
        return await anyio.to_thread.run_sync(lambda: self._plan(project, limits, worker=worker))

    def _plan(self, project: Project, limits: SandboxLimits, *, worker: bool) -> LaunchPlan:
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxError(
                "bubblewrap is not installed", where="bwrap", todo="Install it (Debian: apt-get install bubblewrap)."
            )
        if not Path("/proc/self/task", str(os.getpid()), "children").exists():
            raise SandboxError(
                "this kernel doesn't tell a process's children, so a sandbox's memory can't be watched",
                where="/proc",
                todo="Use a kernel with CONFIG_PROC_CHILDREN, or Docker.",
            )
        # of an environment the interpreter that it was made from: the environment's own may be a copy elsewhere
        interpreter = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
        as_root = os.geteuid() == 0
        config = self.config_of(project, limits, worker=worker)
        config["become_nobody"] = as_root
        config["seccomp"] = seccomp_filter().hex()
        config["command"] = [interpreter, "-s", "-S", *project.arguments]
        if project.packages:
            config["environment"]["PYTHONPATH"] = _PACKAGES
        walls = [*_namespaces(as_root), *_file_system(interpreter, project, limits)]
        command = [program, *walls, "--", interpreter, "-I", "-S", _LAUNCHER]
        return LaunchPlan(command, config, _end, watch=True)


def _namespaces(as_root: bool) -> list[str]:
    walls = ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox", "--unshare-uts"]
    if not as_root:
        return [*walls, "--unshare-all", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
    # without a user namespace, so that the launcher can become a real nobody, whose processes the kernel counts
    walls += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-cgroup-try", "--cap-drop", "ALL"]
    for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
        walls += ["--cap-add", capability]
    return walls


def _file_system(interpreter: str, project: Project, limits: SandboxLimits) -> list[str]:
    """Libraries and Python to read, /work to write, a few devices; no /proc, no /etc, no programs, no /dev/shm."""
    # the folders above what is bound are made first: bwrap would keep them for root
    walls: list[str] = []
    above = {folder for path in (*_LIBRARIES, sys.base_prefix, interpreter) for folder in Path(path).parents[:-1]}
    for folder in sorted(above - {Path(path) for path in _LIBRARIES}):
        if Path(sys.base_prefix) == Path("/usr") or not folder.is_relative_to(sys.base_prefix):
            walls += ["--perms", "0755", "--dir", str(folder)]
    for path in _LIBRARIES:
        if os.path.islink(path):
            walls += ["--symlink", os.readlink(path), path]
        else:
            walls += ["--ro-bind-try", path, path]
    if sys.base_prefix == "/usr":
        walls += ["--ro-bind", interpreter, interpreter]
    else:
        walls += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    if project.packages:
        walls += ["--ro-bind", sysconfig.get_paths()["purelib"], _PACKAGES]
    walls += ["--ro-bind", str(LAUNCHER), _LAUNCHER]
    walls += ["--perms", "0755", "--size", "4096", "--tmpfs", "/dev"]
    for device in _DEVICES:
        walls += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    walls += ["--remount-ro", "/dev"]
    walls += ["--perms", "0777", "--size", str(limits.disk), "--tmpfs", "/work", "--symlink", "work/.tmp", "/tmp"]  # noqa: S108 - inside
    return [*walls, "--remount-ro", "/", "--chdir", "/"]


async def _end(process: Process) -> None:
    """Kill the first process inside, with which all others end; bwrap then collects it and ends by itself."""
    end_tree(process.pid)
    with anyio.move_on_after(_GRACE):
        while process.returncode is None and children_of(process.pid):  # noqa: ASYNC110 - the kernel tells no event
            await anyio.sleep(0.005)
    if process.returncode is None and children_of(process.pid):
        process.kill()
