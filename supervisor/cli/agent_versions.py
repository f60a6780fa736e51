"""`agent-supervisor agents`, of built agents: a closer look, versions, health, export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from cyclopts import Parameter

from supervisor.cli.agent_share import share_told
from supervisor.cli.figures import figure_lines
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import columns, note, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from roles.deployed.deployments import DeployedAgent

__all__ = ["export", "health", "remove", "rollback", "show"]

_Name = Annotated[str, Parameter(help="The built agent, as “agents” lists it.")]
_By = Annotated[str | None, Parameter(help="Who decides (default: the login name).")]
_Reason = Annotated[str, Parameter(help="Why; recorded with the change.")]
_Json = Annotated[bool, Parameter(help="Print one JSON document instead.")]


def show(
    name: _Name,
    /,
    *,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """What a built agent does, the figures of its checks, and its versions."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            found = await supervisor.built_agents.show(name)
        if json:
            write_json(_plain(found))
        else:
            write("\n".join(_told(found)))
        return 0

    return anyio.run(work)


def rollback(
    name: _Name,
    /,
    *,
    to: Annotated[
        str | None, Parameter(help="The version (default: the one beside the one on trial, else the one built before).")
    ] = None,
    reason: _Reason = "",
    by: _By = None,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Have an earlier version of a built agent serve again."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            deployed = await supervisor.built_agents.rollback(name, to, by=who(by), reason=reason)
        note(f"Version {deployed.version} of {name} serves now.")
        return 0

    return anyio.run(work)


def remove(
    name: _Name,
    /,
    *,
    reason: _Reason = "",
    by: _By = None,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Take a built agent out of service; its files stay."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            await supervisor.built_agents.remove(name, by=who(by), reason=reason)
        note(f"{name} is out of service; agents restore {name} brings it back.")
        return 0

    return anyio.run(work)


def health(
    name: _Name,
    /,
    *,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Start a built agent and see whether it does what it should; 1 where it does not."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            found = await supervisor.built_agents.verify_health(name)
        if json:
            write_json(asdict(found))
        elif found.ok:
            write(f"{name} is well: {found.told()}.")
        else:
            write("\n".join([f"{name} {found.version} is not well:", *(f"  {problem}" for problem in found.problems)]))
        return 0 if found.ok else 1

    return anyio.run(work)


def export(
    name: _Name,
    folder: Annotated[Path, Parameter(help="A new or empty folder.")],
    /,
    *,
    version: Annotated[str | None, Parameter(help="The version (default: the one that serves).")] = None,
    agentcore: Annotated[bool, Parameter(help="With an entry point for AWS Bedrock AgentCore.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Write a built agent as a project of its own: package, tests, pyproject."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            done = await supervisor.built_agents.export(name, folder, version=version, agentcore=agentcore)
        note(f"{name} {done.version} is in {folder}.")
        if agentcore:
            note("Try it: pip install -r requirements.txt, then python agentcore_app.py serves /invocations and /ping.")
        return 0

    return anyio.run(work)


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    worker = found["worker"]
    return {
        **found,
        "deployed": asdict(found["deployed"]),
        "history": [asdict(one) for one in found["history"]],
        "trials": [asdict(one) for one in found["trials"]],
        "standing": None if found["standing"] is None else asdict(found["standing"]),
        "worker": None if worker is None else asdict(worker),
    }


def _told(found: dict[str, Any]) -> list[str]:
    deployed: DeployedAgent = found["deployed"]
    specification: dict[str, Any] = found["specification"]
    state = "out of service" if found["retired"] else "in service"
    lines = [
        f"{deployed.name} {deployed.version}, {state}: {specification['title']}",
        " ".join(specification["purpose"].split()),
        "",
    ]
    for operation in specification["operations"]:
        inputs = ", ".join(one["name"] for one in operation["inputs"])
        lines.append(f"  {deployed.name}.{operation['name']}({inputs}): {operation['description']}")
    if specification["modes"]:
        lines.append(f"  modes: {', '.join(mode['name'] for mode in specification['modes'])}")
    for formula in specification["formulas"]:
        unit = f" [{formula['unit']}]" if formula["unit"] else ""
        lines.append(f"  {formula['name']} = {formula['expression']}{unit}")
    lines += [f"  {line}" for line in figure_lines(found["figures"])]
    if found["standing"] is not None:
        lines += ["", share_told(found["standing"])]
    lines += ["", f"Files in {deployed.folder}: {len(found['files'])}", ""]
    header = ("VERSION", "DEPLOYED", "HOW", "BY", "BUILD", "REASON")
    rows = [
        (one.version, f"{one.at.astimezone():%Y-%m-%d %H:%M:%S}", one.how, one.by, one.build, one.reason)
        for one in found["history"]
    ]
    rows += [
        (
            one.version,
            f"{one.at.astimezone():%Y-%m-%d %H:%M:%S}",
            f"trial, {one.result or 'running'}",
            one.by,
            one.build,
            one.reason,
        )
        for one in found["trials"]
    ]
    rows.sort(key=lambda row: row[1])
    return [*lines, *columns(header, rows, terminal_width())]
