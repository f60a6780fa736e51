"""`agent-supervisor doctor`: is everything there that is configured?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from supervisor.cli.options import CommonOptions
from supervisor.cli.output import columns, terminal_width, write, write_json
from supervisor.cli.runtime import load

if TYPE_CHECKING:
    from supervisor.doctor import Diagnosis

__all__ = ["doctor"]

_MARKS = {"reached": "ok", "unreachable": "FAULT", "unavailable": "-"}


def doctor(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    timeout: Annotated[float, Parameter(help="Seconds to wait for each part.")] = 10.0,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Ask each part whether it is there: reached or not, how fast, which version, and what to do.

    Exits with 1 where something that is configured can't be reached.
    """
    settings = load(common)

    async def work() -> int:
        from supervisor.doctor import diagnose

        found = await diagnose(settings, timeout=timeout)
        if json:
            write_json({"ok": not any(row.is_fault for row in found), "parts": [row.model_dump() for row in found]})
        else:
            _show(found)
        return 1 if any(row.is_fault for row in found) else 0

    return anyio.run(work)


def _show(found: Sequence[Diagnosis]) -> None:
    cells = [
        (row.part, _MARKS[row.status], f"{row.latency_ms:.0f} ms", row.version or "-", row.detail) for row in found
    ]
    write("\n".join(columns(("PART", "STATE", "LATENCY", "VERSION", "DETAIL"), cells, terminal_width())))
    for row in found:
        if row.status == "reached":
            continue
        place = f" [{row.where}]" if row.where else ""
        optional = "" if row.is_fault else " (not configured, so this is no fault)"
        write(f"\n{row.part}: {row.detail}{place}{optional}")
        if row.todo:
            write(f"  {row.todo}")
