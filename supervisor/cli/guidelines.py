"""`agent-supervisor guidelines list | show | diff | history | export`: looking at guidelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from cyclopts import Parameter

from supervisor.cli.event_lines import value_text
from supervisor.cli.options import AT_HELP, CommonOptions, moment_of
from supervisor.cli.output import columns, note, one_line, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from events.catalogue.guideline import RuleChange
    from supervisor.guidelines import Guidelines
    from supervisor.queries.guidelines import GuidelineRecord, GuidelineStep

__all__ = ["AgentTypeArgument", "change_lines", "diff", "export", "history", "list_guidelines", "show"]

AgentTypeArgument = Annotated[
    str, Parameter(help="A role's name, or planning, router or agent; see docs/guidelines.md.")
]
_VERSION_HELP = "A version such as 1.2.0, “active” for the one in service, or “none”."
_WIDE = 400
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def list_guidelines(
    agent_type: Annotated[str | None, Parameter(help="Only of this agent type.")] = None,
    /,
    *,
    at: Annotated[str | None, Parameter(help=AT_HELP)] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Every version by agent type, as they were proposed, and where each stands."""
    moment = moment_of(at)

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            records = await supervisor.guidelines.versions(agent_type, at=moment)
        if json:
            write_json([_data(record) for record in records])
        elif not records:
            note("There is no guideline." if moment is None else "There was no guideline then.")
        else:
            header = ("AGENT TYPE", "VERSION", "STATUS", "RULES", "SINCE", "BY", "WHY")
            write("\n".join(columns(header, [_cells(record) for record in records], terminal_width())))
        return 0

    return anyio.run(work)


def show(
    agent_type: AgentTypeArgument,
    version: Annotated[str, Parameter(help=f"{_VERSION_HELP} Default: active.")] = "active",
    /,
    *,
    at: Annotated[str | None, Parameter(help=AT_HELP)] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """One version with its rules, what it changed, and what it was proposed and decided on."""
    moment = moment_of(at)

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            record = await supervisor.guidelines.get(agent_type, version, at=moment)
        if json:
            write_json(_data(record))
        else:
            _show(record)
        return 0

    return anyio.run(work)


def diff(
    agent_type: AgentTypeArgument,
    before: Annotated[str, Parameter(help=_VERSION_HELP)],
    after: Annotated[str, Parameter(help=_VERSION_HELP)],
    /,
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """What leads from one version to another, rule by rule."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            changes = await supervisor.guidelines.diff(agent_type, before, after)
        if json:
            write_json([change.model_dump() for change in changes])
        elif not changes:
            note("They have the same rules.")
        else:
            write("\n".join(change_lines(changes)))
        return 0

    return anyio.run(work)


def history(
    agent_type: Annotated[str | None, Parameter(help="Only of this agent type.")] = None,
    /,
    *,
    at: Annotated[str | None, Parameter(help=AT_HELP)] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """How a guideline came to be what it is: every proposal and decision, oldest first."""
    moment = moment_of(at)

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            guidelines = supervisor.guidelines
            kinds = [agent_type] if agent_type is not None else await _kinds(guidelines, moment)
            found = [(kind, step) for kind in kinds for step in await guidelines.history(kind, at=moment)]
        if json:
            more = [{"agent_type": kind} if agent_type is None else {} for kind, _ in found]
            steps = [asdict(step) | {"at": step.at.isoformat()} for _, step in found]
            write_json([step | named for step, named in zip(steps, more, strict=True)])
        elif not found:
            note("There is no guideline." if moment is None else "There was no guideline then.")
        else:
            header = ("AGENT TYPE", "POSITION", "WHEN", "VERSION", "WHAT", "BY", "WHY")
            cells = [(kind, *_step_cells(step)) for kind, step in found]
            shown = 0 if agent_type is None else 1
            write("\n".join(columns(header[shown:], [row[shown:] for row in cells], terminal_width())))
        return 0

    return anyio.run(work)


async def _kinds(guidelines: Guidelines, at: int | datetime | None) -> list[str]:
    """The agent types that have a guideline."""
    return list(dict.fromkeys(record.agent_type for record in await guidelines.versions(at=at)))


def _step_cells(step: GuidelineStep) -> tuple[str, ...]:
    return (str(step.position), _when(step.at), step.version, _told(step.what, step.other), step.by, step.reason)


def export(
    *,
    folder: Annotated[Path, Parameter(help="Where to (default: guidelines).")] = Path("guidelines"),
    at: Annotated[str | None, Parameter(help=AT_HELP)] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Write every version as a YAML file: a folder an agent type, a file a version, which propose takes again."""
    moment = moment_of(at)

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            written = await supervisor.guidelines.export(folder, at=moment)
        if json:
            write_json([str(path) for path in written])
        elif not written:
            note("There is no guideline." if moment is None else "There was no guideline then.")
        else:
            write("\n".join(map(str, written)))
        return 0

    return anyio.run(work)


def change_lines(changes: Sequence[RuleChange]) -> list[str]:
    """Differences as lines: what is added, removed, changed."""
    return [f"{_SIGNS[change.kind]} {change.rule}  {one_line(_change_text(change), _WIDE)}" for change in changes]


def _change_text(change: RuleChange) -> str:
    return f"{change.before} → {change.after}" if change.kind == "changed" else change.before or change.after


def _show(record: GuidelineRecord) -> None:
    share = f", {record.share:.0%} of the requests" if record.share is not None else ""
    lines = {
        "agent type": record.agent_type,
        "version": f"{record.version} ({record.status.value.replace('_', ' ')}{share})",
        "base": record.base_version or "none",
        "proposed": _decision(record.proposed_by, record.proposed_at, record.proposed_why),
        "decided": _decision(record.decided_by, record.decided_at, record.decided_why),
        "patterns": "; ".join(record.patterns),
        "evidence": "" if record.evidence is None else value_text(record.evidence),
    }
    for name, value in lines.items():
        if value:
            write(f"{name + ':':<12} {one_line(value, _WIDE)}")
    write("rules:" if record.rules else "rules:       none")
    for rule in record.rules:
        made = ", ".join(part for part in (rule.origin, rule.evidence) if part)
        mark = "*" if _is_machine_readable(rule.text) else " "
        write(f"  {mark} {rule.id}  {one_line(rule.text, _WIDE)}" + (f"  ({one_line(made, _WIDE)})" if made else ""))
    if any(_is_machine_readable(rule.text) for rule in record.rules):
        note("* machine-readable: obeyed without a language model, too")
    if record.diff:
        write("changes:")
        write("\n".join(f"  {line}" for line in change_lines(record.diff)))


def _data(record: GuidelineRecord) -> dict[str, Any]:
    data = record.model_dump(mode="json")
    for rule in data["rules"]:
        rule["machine_readable"] = _is_machine_readable(rule["text"])
    return data


def _is_machine_readable(text: str) -> bool:
    from events.state.guideline_rules import is_machine_readable

    return is_machine_readable(text)


def _cells(record: GuidelineRecord) -> tuple[str, ...]:
    return (
        record.agent_type,
        record.version,
        record.status.value.replace("_", " "),
        str(len(record.rules)),
        _when(record.decided_at or record.proposed_at),
        record.decided_by or record.proposed_by,
        record.proposed_why if record.decided_why is None else record.decided_why,
    )


def _decision(by: str | None, at: datetime | None, why: str | None) -> str:
    if by is None or at is None:
        return ""
    return f"{_when(at)} by {by}" + (f": {why}" if why else "")


def _told(what: str, other: str | None) -> str:
    words = {
        "proposed": f"proposed on {other or 'no guideline'}",
        "on trial": f"on trial against {other or 'no guideline'}",
        "activated": f"activated in the place of {other or 'no guideline'}",
        "rolled back": f"rolled back to {other or 'no guideline'}",
    }
    return words.get(what, what)


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
