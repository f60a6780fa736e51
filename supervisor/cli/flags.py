"""`agent-supervisor flags`: the values that a request would get, and why."""

from __future__ import annotations

from typing import Annotated

import anyio
from cyclopts import Parameter

from supervisor.cli.event_lines import value_text
from supervisor.cli.options import CommonOptions, OwnerOptions, RequestOptions, request_context
from supervisor.cli.output import columns, write, write_json
from supervisor.cli.runtime import open_supervisor

__all__ = ["flags"]


def flags(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Feature flags as a request of this user would get them, and why."""
    context = request_context(RequestOptions(), owner)

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            rows = await supervisor.flags_overview(context)
        if json:
            write_json(rows)
            return 0
        cells = [
            (row["key"], row["variant"], value_text(row["value"]), row["reason"], str(row.get("provider", "")))
            for row in rows
        ]
        write("\n".join(columns(("FLAG", "VARIANT", "VALUE", "REASON", "PROVIDER"), cells)))
        return 0

    return anyio.run(work)
