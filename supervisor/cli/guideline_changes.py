"""`agent-supervisor guidelines propose | trial | activate | reject | rollback`: a person's decisions on guidelines."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import anyio.to_thread
from cyclopts import Parameter

from common.errors import ConfigurationError
from supervisor.cli.guidelines import AgentTypeArgument, change_lines
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import note, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from events.catalogue import Event
    from events.catalogue.guideline import GuidelineProposed
    from supervisor.facade import Supervisor
    from supervisor.guideline_files import RulesFile
    from supervisor.guidelines import Guidelines

__all__ = ["activate", "propose", "reject", "rollback", "trial"]

_MAX_BYTES = 1_000_000

By = Annotated[str | None, Parameter(help="Who decides (default: the login name).")]
Reason = Annotated[str, Parameter(help="Recorded with the decision.")]
VersionArgument = Annotated[str, Parameter(help="The version, such as 1.2.0, as “guidelines list” names it.")]


def propose(
    agent_type: AgentTypeArgument,
    file: Annotated[
        str,
        Parameter(
            help="The rules: one a line, or YAML with “rules:”; - reads standard input.", allow_leading_hyphen=True
        ),
    ],
    /,
    *,
    base: Annotated[str | None, Parameter(help="The version that it changes (default: the one in service).")] = None,
    number: Annotated[str | None, Parameter(help="The version it gets (default: the lowest for this change).")] = None,
    reason: Annotated[str, Parameter(help="Recorded with the proposal.")] = "",
    by: Annotated[str | None, Parameter(help="Who proposes (default: the login name).")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Offer rules for an agent type; nothing works by them until they are activated."""

    async def work(supervisor: Supervisor) -> GuidelineProposed:
        from events.state.guideline import ACTIVE

        read = await anyio.to_thread.run_sync(_read, file)
        if read.agent_type not in (None, agent_type):
            raise ConfigurationError(
                f"the file is of the agent type {read.agent_type!r}",
                where=file,
                todo=f"Propose it for {read.agent_type}.",
            )
        guidelines = supervisor.guidelines
        _tell_unknown(agent_type, guidelines)
        return await guidelines.propose(
            agent_type,
            read.rules,
            by=who(by),
            reason=reason or read.reason,
            base=base or read.base or ACTIVE,
            version=number,
            patterns=read.patterns,
            evidence=read.evidence,
        )

    def told(event: GuidelineProposed) -> str:
        lines = [f"{event.agent_type} {event.version} is proposed, on {event.base_version or 'no guideline'}:"]
        lines += [f"  {line}" for line in change_lines(event.diff)]
        lines.append(f"Put it into service: agent-supervisor guidelines activate {agent_type} {event.version}")
        return "\n".join(lines)

    return anyio.run(_change, work, told, json, common)


def trial(
    agent_type: AgentTypeArgument,
    version: VersionArgument,
    /,
    *,
    share: Annotated[float | None, Parameter(help="Share of the requests, such as 0.5 (default: the setting).")] = None,
    reason: Reason = "",
    by: By = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Put a proposed version on trial: it serves a share of the requests, and outcomes decide."""

    async def work(supervisor: Supervisor) -> Any:
        return await supervisor.learning.trials.start(agent_type, version, share=share, by=who(by), reason=reason)

    def told(event: Any) -> str:
        return f"{agent_type} {version} is on trial with {event.share:.0%}, beside {event.against or 'no guideline'}."

    return anyio.run(_change, work, told, json, common)


def activate(
    agent_type: AgentTypeArgument,
    version: VersionArgument,
    /,
    *,
    reason: Reason = "",
    by: By = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Put a version into service; running supervisors go by it within a second."""

    async def work(supervisor: Supervisor) -> Any:
        return await supervisor.guidelines.activate(agent_type, version, by=who(by), reason=reason)

    def told(event: Any) -> str:
        return f"{agent_type} {version} is in service, in the place of {event.replaces or 'no guideline'}."

    return anyio.run(_change, work, told, json, common)


def reject(
    agent_type: AgentTypeArgument,
    version: VersionArgument,
    /,
    *,
    reason: Reason = "",
    by: By = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Decide against a version that was proposed or is on trial."""

    async def work(supervisor: Supervisor) -> Any:
        return await supervisor.guidelines.reject(agent_type, version, by=who(by), reason=reason)

    def told(_: Any) -> str:
        return f"{agent_type} {version} is rejected."

    return anyio.run(_change, work, told, json, common)


def rollback(
    agent_type: AgentTypeArgument,
    version: Annotated[
        str | None, Parameter(help="What to go back to, “none” for no guideline (default: the last good version).")
    ] = None,
    /,
    *,
    reason: Reason = "",
    by: By = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Take the version in service back; running supervisors go by the one before it within a second."""

    async def work(supervisor: Supervisor) -> Any:
        return await supervisor.guidelines.roll_back(agent_type, version, by=who(by), reason=reason)

    def told(event: Any) -> str:
        now = f"version {event.restored}" if event.restored else "no guideline"
        return f"{agent_type} {event.version} was taken back; {now} is in service."

    return anyio.run(_change, work, told, json, common)


async def _change(
    work: Callable[[Supervisor], Awaitable[Event]], told: Callable[[Any], str], as_json: bool, common: CommonOptions
) -> int:
    async with open_supervisor(common) as supervisor:
        event = await work(supervisor)
    if as_json:
        write_json(event.model_dump(mode="json"))
    else:
        write(told(event))
    return 0


def _tell_unknown(agent_type: str, guidelines: Guidelines) -> None:
    if agent_type not in guidelines.agent_types:
        known = ", ".join(guidelines.agent_types)
        note(f"No agent of this supervisor has the type {agent_type!r}, so none of them goes by this. Known: {known}.")


def _read(file: str) -> RulesFile:
    from supervisor.guideline_files import read_rules

    name = "standard input" if file == "-" else file
    try:
        if file == "-":
            content = sys.stdin.buffer.read(_MAX_BYTES)
        else:
            with Path(file).open("rb") as opened:
                content = opened.read(_MAX_BYTES)
        return read_rules(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError:
        raise ConfigurationError("the file is no text in UTF-8", where=name) from None
    except OSError as error:
        raise ConfigurationError(f"the file can't be read: {error.strerror}", where=name) from None
