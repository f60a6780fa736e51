"""Finds a sandbox on this machine, and says which ones there are."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from common.errors import SandboxError
from common.health import Reached
from common.sandbox import Sandbox
from common.sandbox_settings import SandboxSettings
from roles.sandbox.bubblewrap import BubblewrapSandbox
from roles.sandbox.docker import DockerSandbox
from roles.sandbox.monty import MontySandbox

__all__ = ["find_sandbox", "probe_sandboxes"]

_KINDS = {"bubblewrap": BubblewrapSandbox, "docker": DockerSandbox}


async def find_sandbox(settings: SandboxSettings) -> Sandbox:
    """The first of `sandbox.backends` that is available.

    Raises `SandboxError` where there is none, with what each of them lacks: then the code runs nowhere.
    """
    lacking: list[SandboxError] = []
    for name in settings.backends:
        sandbox = _KINDS[name](settings)
        reason = await sandbox.available()
        if reason is None:
            return sandbox
        lacking.append(reason)
    raise _none(settings.backends, lacking)


async def probe_sandboxes(settings: SandboxSettings) -> Reached:
    """Try every sandbox, Monty included, and say which can be used and why the others can't.

    Raises `SandboxError` where none of `sandbox.backends` can be.
    """
    sandboxes: list[Sandbox] = [_KINDS[name](settings) for name in settings.backends]
    sandboxes.append(MontySandbox(settings))
    reasons: dict[str, SandboxError | None] = {}

    async def ask(sandbox: Sandbox) -> None:
        reasons[sandbox.name] = await sandbox.available()

    async with anyio.create_task_group() as group:
        for sandbox in sandboxes:
            group.start_soon(ask, sandbox)
    lacking = [reason for name in settings.backends if (reason := reasons[name]) is not None]
    if len(lacking) == len(settings.backends):
        raise _none(settings.backends, lacking)
    told = [f"{sandbox.name}: {_state(reasons[sandbox.name])}" for sandbox in sandboxes]
    return Reached(detail="; ".join(told))


def _state(reason: SandboxError | None) -> str:
    return "available" if reason is None else reason.what


def _none(names: Sequence[str], lacking: Sequence[SandboxError]) -> SandboxError:
    what = "; ".join(f"{name}: {reason.what}" for name, reason in zip(names, lacking, strict=True))
    todo = " Or: ".join(dict.fromkeys(reason.todo for reason in lacking if reason.todo))
    return SandboxError(f"there is no sandbox on this machine ({what})", where="sandbox.backends", todo=todo)
