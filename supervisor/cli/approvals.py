"""`agent-supervisor approvals`: intents that wait for a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from supervisor.cli.event_lines import value_text
from supervisor.cli.options import CommonOptions, OwnerOptions, who
from supervisor.cli.output import note, one_line, redact_known, redactor, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from common.results import IntentReport
    from supervisor.facade import Supervisor

__all__ = ["approve", "deny", "list_approvals"]


def list_approvals(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """What waits for a person, oldest first, with the arguments that an approval covers."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            rows = await supervisor.approvals(owner.owner)
            for trace_id in {str(row["trace_id"]) for row in rows}:
                trace = await supervisor.views.get("trace_index", (trace_id,))
                redact_known(str((trace or {}).get("request", "")))
        if json:
            write_json(rows)
            return 0
        if not rows:
            note("Nothing waits for approval.")
        for row in rows:
            write(f"{row['intent_id']}  {row['type']}: {one_line(str(row['summary']), 300)}")
            write(f"    {one_line(value_text(redactor().value(row['arguments'])), 1_000)}")
        return 0

    return anyio.run(work)


def approve(
    intent_id: Annotated[str, Parameter(help="The intent, as “approvals list” names it.")],
    /,
    *,
    by: Annotated[str | None, Parameter(help="Who decides (default: the login name).")] = None,
    comment: Annotated[str, Parameter(help="Recorded with the decision.")] = "",
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Approve exactly what is listed, and carry it out."""

    async def decide(supervisor: Supervisor) -> IntentReport:
        return await supervisor.approve(intent_id, by=who(by), owner=owner.owner, comment=comment)

    return anyio.run(_decide, decide, common, json)


def deny(
    intent_id: Annotated[str, Parameter(help="The intent, as “approvals list” names it.")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Recorded with the decision.")] = "",
    by: Annotated[str | None, Parameter(help="Who decides (default: the login name).")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Deny what is listed; it will not be carried out."""

    async def decide(supervisor: Supervisor) -> IntentReport:
        return await supervisor.deny(intent_id, by=who(by), reason=reason, owner=owner.owner)

    return anyio.run(_decide, decide, common, json)


async def _decide(decide: Callable[[Supervisor], Awaitable[IntentReport]], common: CommonOptions, as_json: bool) -> int:
    async with open_supervisor(common) as supervisor:
        report = await decide(supervisor)
    if as_json:
        write_json(report.model_dump(mode="json"))
    else:
        for one in (report, *report.followed):
            write(f"{one.type} {one.status.value}: {one.detail}")
    return 0 if report.status.value in ("processed", "denied") else 1
