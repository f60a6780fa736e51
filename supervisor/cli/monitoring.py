"""`agent-supervisor monitor` and `maintain`: how the system does, its reports, and housekeeping."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from supervisor.cli.options import CommonOptions
from supervisor.cli.output import columns, note, one_line, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.monitoring.models import HealthReport, SystemStatus

__all__ = ["analyze", "maintain", "metrics", "reports", "status"]

_WIDE = 300
_SHOWN = 20


def status(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """How the system does: score, health of each component, figures, improvements."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            told = await supervisor.monitoring.get_system_status()
            health = await supervisor.monitoring.get_health()
        if json:
            write_json({**told.model_dump(mode="json"), "components": health.model_dump(mode="json")["components"]})
        else:
            _show(told, health)
        return 0

    return anyio.run(work)


def metrics(
    *,
    hours: Annotated[float, Parameter(help="How far back (default: 24).")] = 24.0,
    points: Annotated[int, Parameter(help="Samples at the most, evenly chosen (default: 20).")] = _SHOWN,
    node: Annotated[str | None, Parameter(help="Only of this node.")] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """The samples of the last hours, oldest first."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            report = await supervisor.monitoring.get_metrics(hours, node=node, points=points)
        if json:
            write_json(report.model_dump(mode="json"))
            return 0
        if not report.samples:
            note(f"There is no sample of the last {hours:g} hours: they are taken while a supervisor runs.")
            return 0
        header = ("WHEN", "NODE", "HEALTH", "SCORE", "RESPONSE", "SUCCESS", "CPU", "MEMORY", "ERRORS", "AGENTS")
        cells = [
            (
                _when(sample.timestamp),
                sample.node,
                sample.health,
                _figure(sample.performance_score),
                _figure(sample.avg_response_time, " s"),
                _figure(sample.avg_success_rate),
                _figure(sample.system_cpu_usage, " %"),
                _figure(sample.system_memory_usage, " %"),
                _figure(sample.total_errors),
                f"{_figure(sample.active_agents)}/{_figure(sample.total_agents)}",
            )
            for sample in report.samples
        ]
        write("\n".join(columns(header, cells, terminal_width())))
        if report.total > len(report.samples):
            note(f"{len(report.samples)} of {report.total} samples; more with --points")
        return 0

    return anyio.run(work)


def reports(
    name: Annotated[str | None, Parameter(help="Print this report; without it they are listed.")] = None,
    /,
    *,
    write_one: Annotated[bool, Parameter(name="--write", help="Write a report now.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """The reports in the data folder, newest first; each is there as JSON and as a page."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            monitoring = supervisor.monitoring
            if name is not None:
                write_json(await monitoring.read_report(name))
                return 0
            if write_one:
                await monitoring.write_report()
            found = await monitoring.get_reports()
            folder = supervisor.settings.data_dir / "system_reports"
        if json:
            write_json([info.model_dump(mode="json") for info in found])
        elif not found:
            note("There is no report: they are written while a supervisor runs, or with --write.")
        else:
            cells = [(info.name, _when(info.at), f"{info.size:,}", info.html or "") for info in found]
            write("\n".join(columns(("REPORT", "WHEN", "BYTES", "PAGE"), cells, terminal_width())))
            note(f"in {folder}")
        return 0

    return anyio.run(work)


def analyze(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Analyse now what the log holds, and suggest improvements."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            report = await supervisor.monitoring.trigger_analysis()
        if json:
            write_json(report.model_dump(mode="json"))
            return 0
        for told, ids in (
            ("suggested", report.suggested), ("seen again", report.seen), ("closed", report.closed),
            ("approved by the policy", report.approved),
        ):  # fmt: skip
            for improvement in ids:
                write(f"{told}: {improvement}")
        for name, why in report.failed.items():
            note(f"{name} failed: {one_line(why, _WIDE)}")
        found = sum(report.findings.values())
        write(f"{found} finding{'' if found == 1 else 's'} of {len(report.findings)} analyzers")
        return 0

    return anyio.run(work)


def maintain(
    *,
    archive_after: Annotated[
        int | None, Parameter(help="Move traces that ended so many days ago to the archive (default: as configured).")
    ] = None,
    vacuum: Annotated[
        bool | None, Parameter(negative="--no-vacuum", help="Give room back to the file system (default: configured).")
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Housekeeping: archive what is old, let go old samples and reports, give room back. As the settings say."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            done = await supervisor.maintain(archive_after=archive_after, vacuum=vacuum)
        kept = done.samples_from
        if json:
            write_json({**asdict(done), "samples_from": None if kept is None else kept.isoformat()})
        else:
            traces = f"{done.archived_events:,} events of {done.archived_traces:,} traces"
            write(f"archived: {traces}, {done.archived_samples:,} samples")
            write(f"samples:  {'none to let go' if kept is None else f'the tables hold those since {_when(kept)}'}")
            write(f"reports:  {done.deleted_reports:,} deleted")
            write(f"room:     {done.freed_bytes:,} bytes given back")
        for part, why in done.problems.items():
            note(f"{part}: {why}")
        return 1 if done.problems else 0

    return anyio.run(work)


def _show(told: SystemStatus, health: HealthReport) -> None:
    counts = told.improvements
    lines = {
        "health": f"{told.health} ({told.node})",
        "score": "unknown" if told.performance_score is None else f"{told.performance_score:g} of 100",
        "monitoring": "runs" if told.meta_agent_active else "does not run: this is a look that was taken now",
        "sampled": "" if told.sampled_at is None else _when(told.sampled_at),
        "improvements": ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none",
    }
    for name, value in lines.items():
        if value:
            write(f"{name + ':':<14} {value}")
    cells = [
        (part.component, part.health, "" if part.since is None else _when(part.since), "; ".join(part.reasons))
        for part in health.components
    ]
    if cells:
        write("\n".join(columns(("COMPONENT", "HEALTH", "SINCE", "WHY"), cells, terminal_width())))
    figures = [(name, f"{value:.6g}") for name, value in sorted(health.figures.items())]
    figures += [(name, f"absent: {why}") for name, why in sorted(health.absent.items())]
    write("\n".join(columns(("FIGURE", "VALUE"), figures, terminal_width())))


def _figure(value: float | None, unit: str = "") -> str:
    return "" if value is None else f"{value:.4g}{unit}"


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
