"""`agent-supervisor learn trials`: candidates on trial, what decided the earlier ones, and versions in service."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from supervisor.cli.options import CommonOptions
from supervisor.cli.output import columns, note, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.learning.service_counts import ServiceRecord
    from supervisor.learning.trial_reports import ArmReport, TrialReport

__all__ = ["service_lines", "trial_lines", "trials"]

_STATES = {"waiting": "waits for you", "ended": "ended early"}
_WHY = {"better": "better", "harm": "did harm", "no_evidence": "no evidence"}


def trials(
    agent_type: Annotated[str | None, Parameter(help="Only of this agent type.")] = None,
    /,
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Every trial of a guideline with its outcomes by arm, and how versions in service do."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            on_trial = supervisor.learning.trials
            reports = await on_trial.report(agent_type)
            found = await on_trial.watch.report()
        records = [record for record in found if agent_type in (None, record.agent_type)]
        if json:
            write_json({
                "trials": [report.as_json() for report in reports],
                "in_service": [record.as_json() for record in records],
            })  # fmt: skip
            return 0
        width = terminal_width()
        if reports:
            write("\n".join(trial_lines(reports, width)))
            note("difference: success of the candidate minus that of what it is compared with, with its bounds")
        else:
            note("There was no trial.")
        if records:
            write("")
            write("\n".join(service_lines(records, width)))
        return 0

    return anyio.run(work)


def trial_lines(reports: list[TrialReport], width: int | None) -> list[str]:
    """A table of trials."""
    header = ("AGENT TYPE", "VERSION", "AGAINST", "SHARE", "STATE", "CANDIDATE", "OTHER", "DIFFERENCE", "SINCE")
    return columns(header, [_cells(report) for report in reports], width)


def service_lines(records: list[ServiceRecord], width: int | None) -> list[str]:
    """A table of versions in service."""
    header = ("AGENT TYPE", "IN SERVICE", "WENT WELL", "COMPARED WITH", "EVIDENCE OF A DROP", "SINCE")
    return columns(header, [_service_cells(record) for record in records], width)


def _cells(report: TrialReport) -> tuple[str, ...]:
    state = _STATES.get(report.state, report.state)
    why = _WHY.get(report.why, "")
    difference = f"{report.difference:+.0%} ({report.low:+.0%} to {report.high:+.0%})"
    return (
        report.agent_type,
        report.version,
        report.against or "none",
        f"{report.share:.0%}",
        f"{state}: {why}" if why else state,
        _arm(report.candidate),
        _arm(report.incumbent),
        difference if report.candidate.outcomes else "",
        _when(report.ended_at or report.started_at),
    )


def _arm(arm: ArmReport) -> str:
    told = f"{arm.successes} of {arm.outcomes}"
    return f"{told} (+{arm.waiting})" if arm.waiting else told


def _service_cells(record: ServiceRecord) -> tuple[str, ...]:
    what = {"replaced": "what it replaced", "earlier": "itself earlier"}.get(record.against or "", "")
    known = record.reference_outcomes is not None and record.evidence is not None
    return (
        record.agent_type,
        record.version,
        f"{record.successes} of {record.outcomes}",
        f"{what}: {record.reference_successes} of {record.reference_outcomes}" if known else "",
        f"{record.evidence:.2g} of {record.needed:.2g}" if known else "",
        _when(record.since),
    )


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
