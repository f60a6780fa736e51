"""`agent-supervisor evolve`: a cycle of evolution, what one would do, and how evolution stands."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from cyclopts import Parameter

from supervisor.cli.agent_share import share_told
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import columns, note, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.evolution.evolution import CycleReport, Told
    from supervisor.evolution.report import EvolutionReport

__all__ = ["evolve", "status"]

_Json = Annotated[bool, Parameter(help="Print one JSON document instead.")]


def evolve(
    *,
    dry_run: Annotated[bool, Parameter(help="Only show what a cycle would do, and why.")] = False,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Look at what is missing and at how built agents do; create, improve and retire what evolution.allowed lists.

    What it does not list becomes a suggestion: see improvements.
    """

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            report = await supervisor.evolution.evolution_cycle(by=f"{who(None)} (evolve)", dry_run=dry_run)
        if json:
            write_json(_cycle_data(report))
        else:
            write("\n".join(_cycle_lines(report)))
            for told in report.notes:
                note(told)
        return 0

    return anyio.run(work)


def status(
    *,
    days: Annotated[float, Parameter(help="Days that the figures are over.")] = 7.0,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """What evolution may do, what it did, how fit the agents are, and how much went without a person."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            report = await supervisor.evolution.report(max(days, 1 / 24))
        if json:
            write_json(asdict(report))
        else:
            write("\n".join(_status_lines(report)))
        return 0

    return anyio.run(work)


def _cycle_data(report: CycleReport) -> dict[str, Any]:
    return {
        "cycle": report.cycle,
        "dry_run": report.dry_run,
        "needs": [
            {
                "fingerprint": need.fingerprint,
                "title": need.understood.title if need.understood else None,
                "request": need.understood.request if need.understood else None,
                "support": need.support,
                "users": need.users,
                "days": need.days,
                "traces": list(need.traces),
            }
            for need in report.needs
        ],
        "fitness": {agent.name: agent.fitness.figures() for agent in report.population.agents},
        "decisions": [
            {
                "kind": told.decision.kind,
                "subject": told.decision.subject,
                "why": told.decision.why,
                "figures": dict(told.decision.figures),
                "causes": list(told.decision.causes),
                "by_itself": told.decision.by_itself,
                "improvement": told.improvement,
                "outcome": None if told.outcome is None else asdict(told.outcome),
            }
            for told in report.decisions
        ],
        "rolled_back": list(report.rolled_back),
        "model_calls": report.model_calls,
        "seconds": round(report.seconds, 3),
        "notes": list(report.notes),
    }


def _cycle_lines(report: CycleReport) -> list[str]:
    head = "Nothing was changed. A cycle would:" if report.dry_run else f"Cycle {report.cycle[:8]}:"
    lines = [head, *(f"  {_told(told, dry=report.dry_run)}" for told in report.decisions)]
    lines += [f"  {name} was rolled back, for it did worse than the version before" for name in report.rolled_back]
    if len(lines) == 1:
        lines = ["There is nothing to do."]
    agents = report.population.agents
    if agents:
        rows = [(agent.name, f"{agent.fitness.score:.2f}", str(agent.use.calls)) for agent in agents]
        lines += ["", *columns(("AGENT", "FITNESS", "CALLS"), rows, terminal_width())]
    return lines


def _told(told: Told, *, dry: bool) -> str:
    decision = told.decision
    what = f"{decision.kind} {decision.agent.name if decision.agent else ''}".strip()
    text = f"{what}: {decision.why}"
    if not decision.by_itself:
        if told.improvement is not None:
            return f"{text}; a person decides: agent-supervisor improvements show {told.improvement}"
        return f"{text}; a person decides{'' if dry else ', and was asked before'}"
    return text if told.outcome is None else f"{text}; {told.outcome.text}"


def _status_lines(report: EvolutionReport) -> list[str]:
    life = report.lifecycle
    allowed = ", ".join(report.allowed) or "nothing"
    runs = "runs by itself" if report.enabled else "runs when it is asked to"
    ended = f"; the last one ended {report.last_at.astimezone():%Y-%m-%d %H:%M:%S}" if report.last_at else ""
    lines = [
        f"Evolution {runs}{' and is at work' if report.running else ''}; without a person it may do: {allowed}.",
        f"Cycles: {report.cycles}, failed: {report.failed_cycles}{ended}.",
        "",
        f"In the last {life.days:g} days:",
        f"  agents created: {life.created} ({life.created_per_day:.2f} a day), retired: {life.pruned}",
        f"  attempts to improve: {life.improvements}, mean gain: {_share(life.improvement)}",
        f"  versions put into service: {life.deployments}, well: {_share(life.healthy)}",
        f"  agents within their constraints: {_share(report.within)}",
    ]
    automation = ", ".join(f"{kind} {_share(share)}" for kind, share in life.automation.items())
    lines.append(f"  decided without a person: {automation or 'nothing was decided'}")
    if report.shares:
        lines += ["", *(share_told(one) for one in report.shares)]
    if report.fitness:
        rows = [(name, f"{score:.2f}") for name, score in sorted(report.fitness.items(), key=lambda row: row[1])]
        lines += ["", *columns(("AGENT", "FITNESS"), rows, terminal_width())]
    return lines


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.1f} %"
