"""`agent-supervisor agents`: the roles and agents that requests can be routed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from supervisor.cli.options import AT_HELP, CommonOptions, moment_of, who
from supervisor.cli.output import columns, note, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from events.views.agent_registry import AgentRecord

__all__ = ["disable_agent", "list_agents", "restore_agent"]

_Name = Annotated[str, Parameter(help="The role or agent, as “agents” lists it.")]
_By = Annotated[str | None, Parameter(help="Who decides (default: the login name).")]


def list_agents(
    *,
    at: Annotated[str | None, Parameter(help=AT_HELP)] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """All agents by name, disabled ones too."""
    moment = moment_of(at)

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            agents = await supervisor.agents(at=moment)
        if json:
            write_json([asdict(agent) for agent in agents])
        elif not agents:
            note("There was no agent then.")
        else:
            header = ("AGENT", "KIND", "STATE", "TOOLS", "SINCE", "DESCRIPTION")
            write("\n".join(columns(header, _cells(agents), terminal_width())))
        return 0

    return anyio.run(work)


def disable_agent(
    name: _Name,
    /,
    *,
    reason: Annotated[str, Parameter(help="Why; recorded with the change.")] = "",
    by: _By = None,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Have no request routed to a role or agent, in any supervisor on this log."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            await supervisor.disable_agent(name, by=who(by), reason=reason)
        note(f"No request is routed to {name} any more; agents restore {name} undoes it.")
        return 0

    return anyio.run(work)


def restore_agent(
    name: _Name,
    /,
    *,
    by: _By = None,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Have requests routed to it again."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            await supervisor.restore_agent(name, by=who(by))
        note(f"Requests are routed to {name} again.")
        return 0

    return anyio.run(work)


def _cells(agents: Sequence[AgentRecord]) -> list[tuple[str, ...]]:
    return [
        (
            agent.name,
            agent.kind,
            _state(agent),
            str(len(agent.tools)),
            f"{agent.registered_at.astimezone():%Y-%m-%d %H:%M:%S}",
            agent.description,
        )
        for agent in agents
    ]


def _state(agent: AgentRecord) -> str:
    if not agent.enabled:
        what = "removed" if agent.state == "retired" else "disabled"
        return f"{what}: {agent.reason or 'no reason given'}"
    return "enabled" if agent.version is None else f"enabled, {agent.version}"
