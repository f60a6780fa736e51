"""`agent-supervisor flags [list] | history`: the values that a request would get, and why; who changed what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, cast

import anyio
from cyclopts import Parameter
from pydantic import JsonValue

from supervisor.cli.event_lines import value_text
from supervisor.cli.flag_lines import definition_text
from supervisor.cli.flag_values import values
from supervisor.cli.options import CommonOptions, OwnerOptions, RequestOptions, request_context
from supervisor.cli.output import columns, note, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

__all__ = ["history", "list_flags"]


def list_flags(
    *,
    session: Annotated[str | None, Parameter(help="As a request of this session would get them.")] = None,
    attribute: Annotated[
        tuple[str, ...], Parameter(help="As a request with this attribute would: NAME=VALUE (repeatable).")
    ] = (),
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Every flag as a request of this user would get it, why, and whether something is wrong with the flags."""
    context = request_context(RequestOptions(session=session), owner)
    context = context.model_copy(update={"attributes": values(attribute, "--attribute", "plan=pro")})

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            report = await supervisor.flags.report(context)
        if json:
            write_json(report)
        else:
            _show(report)
        return 0

    return anyio.run(work)


def _show(report: Mapping[str, Any]) -> None:
    rows = cast("Sequence[Mapping[str, Any]]", report["flags"])
    cells = [
        (row["key"], row["variant"], value_text(row["value"]), row["reason"], row["provider"], row["description"])
        for row in rows
    ]
    header = ("FLAG", "VARIANT", "VALUE", "REASON", "PROVIDER", "WHAT IT DECIDES")
    write("\n".join(columns(header, cells, terminal_width())))
    definitions = cast("Mapping[str, JsonValue]", report["definitions"])
    if definitions:
        write("\n" + "\n".join(f"{key}: {definition_text(definition)}" for key, definition in definitions.items()))
    for row in rows:
        if "error" in row:
            note(f"{row['key']}: {row['error']}")
    for key, nearest in cast("Mapping[str, str]", report["undeclared"]).items():
        note(f"{key} is defined, but nothing declares it{f'; did you mean {nearest}?' if nearest else '.'}")
    fault = cast("Mapping[str, str] | None", report["fault"])
    if fault is not None:
        write(f"\nFAULT since {fault['since']}: {fault['what']} [{fault['where']}]")
        write(f"Meanwhile {fault['meanwhile']}. {fault['todo']}")


def history(
    key: Annotated[str | None, Parameter(help="Only of this flag.")] = None,
    /,
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Every change that was made by “flags set” or “flags reset”, oldest first: when, who, what, and why."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            steps = await supervisor.flags.history(key)
        if json:
            write_json([asdict(step) for step in steps])
        elif not steps:
            note("No change is recorded." if key is None else f"No change of {key} is recorded.")
        else:
            cells = [
                (
                    step.at.isoformat(timespec="seconds"),
                    step.key,
                    step.by,
                    definition_text(step.before),
                    definition_text(step.after),
                    step.reason,
                )
                for step in steps
            ]
            write("\n".join(columns(("AT", "FLAG", "BY", "BEFORE", "AFTER", "WHY"), cells, terminal_width())))
        return 0

    return anyio.run(work)
