"""What evolution may not do by itself becomes suggestions in the book of improvements, for a person to approve."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from common.settings import Settings
from events.catalogue.improvement import EstimatedImpact, Evidence, ImprovementPlan
from supervisor.evolution.planning import Decision
from supervisor.monitoring.activity import Activity
from supervisor.monitoring.book import ImprovementBook
from supervisor.monitoring.findings import AnalysisContext, Finding, fingerprint
from supervisor.monitoring.suggesting import Outcome, Suggester

__all__ = ["Suggestions"]

_ANALYZER = "evolution"
_ARCHITECT = "system_architect"
_EDITOR = "code_editor"


class Suggestions:
    """One improvement for each cause, however many cycles come to it; closed once cycles no longer do."""

    def __init__(self, suggester: Suggester, book: ImprovementBook, settings: Settings) -> None:
        self._suggester = suggester
        self._book = book
        self._settings = settings

    async def suggest(self, decisions: Sequence[Decision], now: datetime) -> dict[str, str]:
        """Bring the book in line; the ids of what is new, by the subject of its decision. Raises `StoreError`."""
        await self._book.refresh()
        context = AnalysisContext(
            now=now, settings=self._settings, series={}, activity=Activity(0.0), spans=(), spans_read=0, components={},
            thresholds={},
        )  # fmt: skip
        findings = {decision.subject: _finding(decision) for decision in decisions}
        outcome = Outcome()
        await self._suggester.take(_ANALYZER, list(findings.values()), context, outcome)
        await self._book.refresh()
        latest = {
            subject: self._book.latest(fingerprint(_ANALYZER, finding.subject)) for subject, finding in findings.items()
        }
        new = set(outcome.suggested)
        return {subject: entry.id for subject, entry in latest.items() if entry is not None and entry.id in new}


def _finding(decision: Decision) -> Finding:
    figures: dict[str, JsonValue] = {**decision.figures, "traces": list(decision.causes)}
    title, impact, plan = _asked(decision)
    return Finding(
        subject=f"{decision.kind}:{decision.subject}",
        type="architecture",
        title=title,
        description=f"{decision.why[:1].upper()}{decision.why[1:]}.",
        components=(f"agent:{decision.agent.name}" if decision.agent else "requests",),
        impact=EstimatedImpact(text=impact),
        plan=plan,
        evidence=Evidence(text=decision.why, figures=figures),
        confidence=0.7,
        priority="medium" if decision.kind == "create" else "low",
    )


def _asked(decision: Decision) -> tuple[str, str, ImprovementPlan]:
    if decision.kind == "create":
        return _creation(decision)
    name = decision.subject
    if decision.kind == "prune":
        steps = [f"Take {name} out of service; agents restore {name} brings it back."]
        plan = ImprovementPlan(action="disable_agent", arguments={"agent": name}, specialist=_ARCHITECT, steps=steps)
        return f"{name} does too little good to be kept", "Fewer agents to choose from: routing errs less often.", plan
    steps = [
        f"Measure {name}, and let changes of its code compete.",
        "What is measurably better, and answers alike, serves a share of the requests first; else nothing is changed.",
    ]
    arguments: dict[str, JsonValue] = {"component": f"role:{name}", "metric": "response_time"}
    plan = ImprovementPlan(action="change_code", arguments=arguments, specialist=_EDITOR, steps=steps)
    return f"{name} may be made better", "Better figures, or none is changed.", plan


def _creation(decision: Decision) -> tuple[str, str, ImprovementPlan]:
    meant = decision.need.understood if decision.need else None
    impact = f"{decision.figures.get('requests')} requests like these would be answered."
    if meant is None:
        steps = [
            "Look at what was asked: agent-supervisor traces show ID, for the traces of the evidence.",
            'Where an agent would serve it: agent-supervisor build "what it is to do".',
        ]
        return "Requests that nobody covers, and no template fits", impact, ImprovementPlan(steps=steps)
    plan = ImprovementPlan(
        action="build_agent", arguments={"request": meant.request}, specialist=_ARCHITECT, steps=[f"{meant.request}."]
    )
    return f"An agent is missing: {meant.title}"[:200], impact, plan
