"""`agent-supervisor agents promote`, and how the share of an improved version is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import note
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.evolution.trial_judgement import Standing

__all__ = ["promote", "share_told"]


def promote(
    name: Annotated[str, Parameter(help="The built agent, as “agents” lists it.")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Why; recorded with the change.")] = "",
    by: Annotated[str | None, Parameter(help="Who decides (default: the login name).")] = None,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Have the improved version of an agent, which serves a share of its requests, serve all of them.

    agents rollback NAME takes its share from it instead.
    """

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            deployed = await supervisor.built_agents.trials.promote(name, by=who(by), reason=reason)
        note(f"Version {deployed.version} of {name} serves all requests now.")
        return 0

    return anyio.run(work)


def share_told(one: Standing) -> str:
    """An improved version beside the one that it is to replace, in a line."""
    serves = f"{one.percent:g} % of the requests" if one.state == "trial" else "all requests, and is watched"
    return f"{one.agent} {one.version} serves {serves}: {one.told()}"
