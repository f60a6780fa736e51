"""`agent-supervisor events archive`: closed traces into compressed files that stay part of the log."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from supervisor.cli.bars import bars
from supervisor.cli.options import CommonOptions
from supervisor.cli.output import write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from events.archive.run import Archived

__all__ = ["archive"]

_BEFORE_HELP = (
    "Traces that had ended by then: a position of the log (digits), an ISO 8601 time, or an age such as 90d, 4w or 12h."
)


def archive(
    *,
    before: Annotated[str, Parameter(help=_BEFORE_HELP)],
    compact: Annotated[
        bool, Parameter(help="Give the room back to the file system (SQLite); writers wait meanwhile.")
    ] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Move the events of ended traces, all but the last of each, to files in the archive folder (store.archive).

    They stay part of the log: it is read, verified, exported and rebuilt from as before. Keep the folder like the log
    itself. Requests go on meanwhile.
    """
    from supervisor.queries.moments import read_before

    moment = read_before(before)

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            with bars(quiet=quiet) as shown:
                archived = await supervisor.archive(moment, progress=shown.follow("archive"), compact=compact)
        if json:
            write_json(asdict(archived))
        else:
            _tell(archived, compact)
        return 0

    return anyio.run(work)


def _tell(archived: Archived, compact: bool) -> None:
    if archived.events:
        files = f"{archived.segments} file{'' if archived.segments == 1 else 's'}"
        write(
            f"{archived.events:,} events of {archived.streams:,} traces moved to {files}: "
            f"{archived.stored:,} bytes in {archived.size:,}"
        )
    elif not archived.samples:
        write(f"Nothing to move up to position {archived.before}.")
    if archived.samples:
        write(f"{archived.samples:,} samples of monitoring moved")
    if archived.kept:
        write(f"{archived.kept:,} ended traces stay: they hold events that can't be read (events verify)")
    if compact:
        write(f"{archived.freed:,} bytes given back")
