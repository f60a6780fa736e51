"""`agent-supervisor learn`: a cycle of learning, how learning stands, and what follows traces as they end."""

from __future__ import annotations

from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from common.errors import StoreError
from supervisor.cli.bars import Bars, Follow, bars
from supervisor.cli.learn_lines import report_lines, status_lines
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import note, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.learning.cycle import CycleReport

__all__ = ["learn", "status"]

_PREDICTIONS = 10.0
"""Seconds of reading that predictions of success get once the report is out."""


def learn(
    *,
    follow: Annotated[bool, Parameter(help="Stay, and learn anew as traces end.")] = False,
    fresh: Annotated[bool, Parameter(help="Judge all traces anew, however few are new.")] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead (with --follow: one a line).")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Learn from the traces in the log: find patterns, propose guidelines, put them on trial.

    A proposal serves nothing before a trial or a person has decided on it.
    """

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            by = f"{who(None)} (learn)"
            if not follow:
                with bars(quiet=quiet) as shown:
                    report = await supervisor.learning.cycle(by=by, fresh=fresh, progress=_Stages(shown).follow)
                _tell(report, json=json, follow=False)
                with suppress(StoreError):  # what is left is read the next time
                    await supervisor.learning.predictions.refresh(_PREDICTIONS)
                return 0
            async with aclosing(supervisor.learning.follow(by=by)) as reports:
                async for report in reports:
                    _tell(report, json=json, follow=True)
        return 0

    return anyio.run(work)


def status(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """How learning stands: cycles, patterns, versions in service and on trial, and what waits for whom."""

    async def work() -> int:
        from supervisor.learning.report_data import status_data

        async with open_supervisor(common) as supervisor:
            found = await supervisor.learning.status()
        if json:
            write_json(status_data(found))
        else:
            write("\n".join(status_lines(found)))
            for told in found.notes:
                note(told)
        return 0

    return anyio.run(work)


class _Stages:
    """A bar for each stage of a cycle, made when it begins."""

    def __init__(self, shown: Bars) -> None:
        self._shown = shown
        self._bars: dict[str, Follow | None] = {}

    def follow(self, stage: str, done: int, whole: int) -> None:
        """Move the bar of a stage."""
        if stage not in self._bars:
            self._bars[stage] = self._shown.follow(stage)
        move = self._bars[stage]
        if move is not None:
            move(done, whole)


def _tell(report: CycleReport, *, json: bool, follow: bool) -> None:
    from supervisor.learning.report_data import report_data

    if json:
        write_json(report_data(report), indent=None if follow else 2)
    elif not report.refused:
        write("\n".join(report_lines(report)))
    if report.refused:
        note(report.refused)
    for told in report.notes:
        note(told)
