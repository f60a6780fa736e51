"""Asks bubblewrap whether it can shut a process in on this machine."""

from __future__ import annotations

import shutil
import subprocess

import anyio

from common.errors import SandboxError
from common.health import Reached

__all__ = ["probe_bubblewrap"]

_SECONDS = 5.0
_TRIAL = ("--unshare-all", "--die-with-parent", "--clearenv", "--ro-bind", "/", "/", "--proc", "/proc", "true")


async def probe_bubblewrap() -> Reached:
    """Start an empty sandbox and say which version made it. Raises `SandboxError` where that is not possible.

    Being installed is not enough: containers and security modules often forbid the namespaces that it needs.
    """
    program = await anyio.to_thread.run_sync(shutil.which, "bwrap")
    if program is None:
        raise SandboxError("bubblewrap is not installed", todo="Install it (Debian: apt-get install bubblewrap).")
    version = await _run(program, "--version")
    trial = await _run(program, *_TRIAL)
    if trial.returncode != 0:
        said = trial.stderr.decode(errors="replace").strip()[:200]
        raise SandboxError(
            f"bubblewrap can't start a sandbox here: {said or f'exit code {trial.returncode}'}",
            where=program,
            todo="Allow unprivileged user namespaces for it (see its documentation on containers and AppArmor).",
        )
    return Reached(version.stdout.decode(errors="replace").strip(), "a sandbox was started")


async def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    try:
        with anyio.fail_after(_SECONDS):
            return await anyio.run_process(command, check=False)
    except TimeoutError:
        raise SandboxError(f"bubblewrap did not end within {_SECONDS:g} seconds", where=command[0]) from None
    except OSError as error:
        raise SandboxError(f"bubblewrap can't be started: {error.strerror}", where=command[0]) from None
