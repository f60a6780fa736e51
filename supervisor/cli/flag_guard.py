"""`agent-supervisor flags guard`: how requests ended under each variant, and what speaks against it."""

from __future__ import annotations

from typing import Annotated

import anyio
from cyclopts import Parameter

from supervisor.cli.options import CommonOptions
from supervisor.cli.output import columns, note, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

__all__ = ["guard"]


def guard(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """What the guard knows of every watched variant since the flag was last changed; it changes nothing.

    A running supervisor turns a variant off when its evidence comes to what is needed, and it does worse at that time.
    """

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            report = await supervisor.guard.report()
        if json:
            write_json(report)
        elif not report:
            note("No request was handled under a watched variant since its flag was changed.")
        else:
            rows = [
                (
                    row["flag"],
                    row["variant"],
                    row["about"],
                    f"{row['failed']} of {row['requests']}",
                    f"{row['reference_failed']} of {row['reference_requests']} ({row['reference']})",
                    f"{row['evidence']:.3g}",
                    f"{row['needed']:.3g}",
                )
                for row in report
            ]
            header = ("FLAG", "VARIANT", "ABOUT", "BAD", "REFERENCE", "EVIDENCE", "NEEDED")
            write("\n".join(columns(header, rows, terminal_width())))
        return 0

    return anyio.run(work)
