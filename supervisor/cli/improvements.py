"""`agent-supervisor improvements`: what would make the system better, and a person's decisions on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import anyio
from cyclopts import Parameter

from supervisor.cli.event_lines import value_text
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import columns, note, one_line, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.facade import Supervisor
    from supervisor.monitoring.models import ImprovementRecord

__all__ = ["approve", "done", "failed", "history", "list_improvements", "reject", "show", "undo"]

IdArgument = Annotated[str, Parameter(help="As “improvements list” names it.")]
Status = Literal["pending", "approved", "rejected", "assigned", "completed", "failed", "undone", "closed"]
_Comment = Annotated[str, Parameter(help="Recorded with the decision.")]
_By = Annotated[str | None, Parameter(help="Who decides (default: the login name).")]
_Json = Annotated[bool, Parameter(help="Print one JSON document instead.")]
_WIDE = 400


def list_improvements(
    *,
    status: Annotated[Status | None, Parameter(help="Only those that stand there.")] = None,
    page: Annotated[int, Parameter(help="From 1 (default: 1).")] = 1,
    page_size: Annotated[int, Parameter(help="How many on a page (default: 50).")] = 50,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """The improvements, newest first."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            found = await supervisor.monitoring.get_improvements(status, page, page_size=page_size)
        if json:
            write_json(found.model_dump(mode="json"))
        elif not found.items:
            note("There is no improvement." if status is None else f"There is no improvement that is {status}.")
        else:
            header = ("ID", "PRIORITY", "TYPE", "STATUS", "SEEN", "TITLE")
            cells = [
                (item.id, item.priority, item.type, item.status, _when(item.last_seen_at), item.title)
                for item in found.items
            ]
            write("\n".join(columns(header, cells, terminal_width())))
            if found.pages > 1:
                note(f"page {found.page} of {found.pages}, {found.total} in all")
        return 0

    return anyio.run(work)


def show(
    improvement: IdArgument,
    /,
    *,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """One improvement: what was seen, what is to be done, and what became of it."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            record = await supervisor.monitoring.get_improvement(improvement)
        if json:
            write_json(record.model_dump(mode="json"))
        else:
            _show(record)
        return 0

    return anyio.run(work)


def history(
    improvement: IdArgument,
    /,
    *,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """How an improvement came to be what it is, oldest first."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            steps = await supervisor.monitoring.improvement_history(improvement)
        if json:
            write_json([step.model_dump(mode="json") for step in steps])
            return 0
        cells = [(str(step.position), _when(step.at), step.what, step.by, step.text) for step in steps]
        write("\n".join(columns(("POSITION", "WHEN", "WHAT", "BY", "TEXT"), cells, terminal_width())))
        return 0

    return anyio.run(work)


def approve(
    improvement: IdArgument,
    /,
    *,
    comment: _Comment = "",
    by: _By = None,
    plan_hash: Annotated[str | None, Parameter(help="Only if the plan is still the one of this hash.")] = None,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Allow exactly the plan that is in the log to be carried out."""

    async def work(supervisor: Supervisor) -> Any:
        return await supervisor.monitoring.approve(improvement, by=who(by), comment=comment, plan_hash=plan_hash)

    return anyio.run(_decide, work, "is approved", json, common)


def reject(
    improvement: IdArgument,
    /,
    *,
    comment: _Comment = "",
    by: _By = None,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Decide against an improvement; the same cause is suggested again only after a long time, or when it is worse."""

    async def work(supervisor: Supervisor) -> Any:
        return await supervisor.monitoring.reject(improvement, by=who(by), comment=comment)

    return anyio.run(_decide, work, "is rejected", json, common)


def undo(
    improvement: IdArgument,
    /,
    *,
    comment: Annotated[str, Parameter(help="Recorded with it.")] = "",
    by: _By = None,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Take back what a completed improvement changed; what was changed again since then stays."""

    async def work(supervisor: Supervisor) -> Any:
        return await supervisor.specialists.undo(improvement, by=who(by), comment=comment)

    return anyio.run(_decide, work, "is undone", json, common)


def done(
    improvement: IdArgument,
    /,
    *,
    note: Annotated[str, Parameter(help="What was done; recorded with it.")],
    by: Annotated[str | None, Parameter(help="Who did it (default: the login name).")] = None,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Say that you carried out an approved improvement yourself: it is completed, and nobody else takes it up."""

    async def work(supervisor: Supervisor) -> Any:
        return await supervisor.monitoring.done_by_hand(improvement, by=who(by), note=note)

    return anyio.run(_decide, work, "is completed", json, common)


def failed(
    improvement: IdArgument,
    /,
    *,
    note: Annotated[str, Parameter(help="Why it can't be done, or does not help; recorded with it.")],
    by: Annotated[str | None, Parameter(help="Who found so (default: the login name).")] = None,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Say that an approved improvement can't be carried out: it is failed, and nobody takes it up."""

    async def work(supervisor: Supervisor) -> Any:
        return await supervisor.monitoring.failed_by_hand(improvement, by=who(by), note=note)

    return anyio.run(_decide, work, "is failed", json, common)


async def _decide(work: Callable[[Supervisor], Awaitable[Any]], told: str, as_json: bool, common: CommonOptions) -> int:
    async with open_supervisor(common) as supervisor:
        event = await work(supervisor)
    if as_json:
        write_json({"message": f"{event.improvement_id} {told}", **event.model_dump(mode="json")})
    else:
        write(f"{event.improvement_id} {told}.")
    return 0


def _show(record: ImprovementRecord) -> None:
    plan, impact = record.implementation_plan, record.estimated_impact
    lines = {
        "improvement": f"{record.id} ({record.status})",
        "title": record.title,
        "type": f"{record.type}, priority {record.priority}, confidence {record.confidence:.0%}",
        "affects": ", ".join(record.affected_components),
        "found by": f"{record.analyzer}, {_when(record.created_at)}; last seen {_when(record.last_seen_at)}",
        "before it": record.previous or "",
        "description": record.description,
        "impact": impact.text,
        "action": f"{plan.action} by {plan.specialist or 'a person'}" if plan.action else "by a person",
        "arguments": value_text(plan.arguments) if plan.arguments else "",
        "plan hash": record.plan_hash,
        "decided": _decided(record),
        "assigned": f"{record.assigned_agent}, {_when(record.assigned_at)}" if record.assigned_at else "",
        "result": record.result or "",
        "figures before": value_text(record.before) if record.before else "",
        "figures after": value_text(record.after) if record.after else "",
    }
    for name, value in lines.items():
        if value:
            write(f"{name + ':':<15} {one_line(value, _WIDE)}")
    write("plan:")
    for number, step in enumerate(plan.steps, 1):
        write(f"  {number}. {one_line(step, _WIDE)}")
    write(f"evidence ({record.evidence_count} in all):")
    for seen in record.evidence:
        write(f"  {_when(seen.at)}  {one_line(seen.text, _WIDE)}")
    if record.status == "pending":
        note(f"Decide: agent-supervisor improvements approve {record.id}, or reject.")
    if record.status == "approved" and not plan.action:
        note(f'Once you did it: agent-supervisor improvements done {record.id} --note "what you did", or failed.')
    if record.status == "completed" and record.undo is not None:
        note(f"Take it back: agent-supervisor improvements undo {record.id}")


def _decided(record: ImprovementRecord) -> str:
    if record.decided_by is None or record.decided_at is None:
        return ""
    by = f"{record.decided_by} (policy {record.policy})" if record.policy else record.decided_by
    return f"{_when(record.decided_at)} by {by}" + (f": {record.decided_why}" if record.decided_why else "")


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
