"""`agent-supervisor events forget`: a tenant's data is made unreadable for ever."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from common.errors import ConfigurationError
from supervisor.cli.bars import bars
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import note, one_line, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.commands.forget import ForgottenTenant

__all__ = ["forget"]


def forget(
    *,
    tenant: Annotated[str, Parameter(help="The tenant, as requests name it (--tenant).")],
    yes: Annotated[bool, Parameter(help="Do not ask.", negative=())] = False,
    reason: Annotated[str, Parameter(help="Recorded with the decision; it stays readable.")] = "",
    by: Annotated[str | None, Parameter(help="Who decides (default: the login name).")] = None,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Destroy a tenant's keys, so that its payloads and blobs can't be read any more, and purge it from every view.

    It reaches every copy of the log: exports and archives, too. That something happened, and when, stays in the log,
    which still verifies. Requests go on meanwhile; what the tenant does afterwards is under a new key. Doing it again
    finishes what was interrupted. Exits with 1 where events stay readable that were stored without encryption.
    """
    if not yes and not _confirmed(tenant):
        note("Nothing was done.")
        return 1

    async def work() -> int:
        async with open_supervisor(common, allow_missing_keys=True) as supervisor:
            with bars(quiet=quiet) as shown:
                forgotten = await supervisor.forget_tenant(tenant, by=who(by), reason=reason, progress=shown.follow)
        if json:
            write_json(forgotten.as_json())
        else:
            _tell(forgotten)
        return 0 if forgotten.report.is_complete else 1

    return anyio.run(work)


def _confirmed(tenant: str) -> bool:
    """Whether a person wants it. Raises `ConfigurationError` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "nobody is there to be asked", where="events forget", todo="Say --yes if you mean it: it can't be undone."
        )
    note(f"What tenant {one_line(tenant, 200)} ever said, did and got will be unreadable for ever, in every copy.")
    sys.stderr.write("Type the tenant's name to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().rstrip("\n") == tenant


def _tell(forgotten: ForgottenTenant) -> None:
    report = forgotten.report
    name = one_line(report.tenant, 200)
    before = "" if report.newly == report.events else f" ({report.events - report.newly:,} of them were before)"
    write(f"{name}: {_count(report.events, 'event')} and {_count(report.blobs, 'blob')} can't be read any more{before}")
    write(f"  {_count(report.keys, 'key')} forgotten this time; {_count(len(report.views), 'view')} built anew")
    if not report.is_complete:
        stored = f"{_count(report.readable, 'event')} and {_count(report.readable_blobs, 'blob')}"
        write(f"  NOT forgotten: {stored} that were stored without encryption stay readable, in views, too")
    for left in forgotten.not_reached:
        write(f"  not reached: {left}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
