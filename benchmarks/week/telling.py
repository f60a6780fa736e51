"""What a week came to, in figures: each computed from what was asked and answered, and from the log's views."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from benchmarks.week.judging import compare
from benchmarks.week.running import START, Week
from supervisor.evolution.acting import BY

__all__ = ["figures", "lines", "missed"]

_ENOUGH, _USERS, _SHARE = 3, 2, 0.8
"""An agent is useful that gave this many right answers afterwards, to so many people, and this share of all it gave.

What it refused is no answer.
"""


def figures(week: Week) -> dict[str, Any]:
    """Everything, for `--json`. Shares are 0 to 1; None where there was nothing."""
    created = [row for row in week.decisions if row["kind"] == "create" and row["changed"]]
    useful = {name: _useful(week, name) for name in {str(row["agent"]) for row in created}}
    days: list[dict[str, Any]] = []
    for day in range(week.plan.days):
        today = [one for one in week.asked if one.day == day]
        checked = [one for one in today if one.question.kind == "figure"]
        names = [str(row["agent"]) for row in created if (row["taken_at"] - START).days == day]
        days.append({
            "day": day + 1, "questions": len(today), "figures": len(checked),
            "right": _share(sum(one.right for one in checked), len(checked)),
            "created": len(names), "useful": sum(useful[name] for name in names),
        })  # fmt: skip
    placed = [row for row in week.decisions if row["healthy"] is not None]
    within = [row for row in week.decisions if row["within"] is not None]
    held = compare(week.questions, week.before, week.after, week.plan.seed)
    life = week.report.lifecycle if week.report else None
    return {
        "plan": asdict(week.plan),
        "days": days,
        "useful_per_day": sum(useful.values()) / week.plan.days,
        "least_useful_on_a_day": min((one["useful"] for one in days), default=0),
        "created": len(created),
        "deployments": len(placed),
        "healthy": _share(sum(bool(row["healthy"]) for row in placed), len(placed)),
        "within_constraints": _share(sum(bool(row["within"]) for row in within), len(within)),
        "population_within": week.report.within if week.report else None,
        "median_fitness": week.report.median if week.report else None,
        "automation": _automation(week),
        "improvement": life.improvement if life else None,
        "attempts": life.improvements if life else 0,
        "person": asdict(week.person) if week.person else {},
        "held_out": asdict(held),
        "held_out_by_kind": _by_kind(week),
        "seconds": round(week.seconds, 1),
    }  # fmt: skip


def lines(told: Mapping[str, Any]) -> list[str]:
    """The table."""
    held, person = told["held_out"], told["person"]
    found = ["day  questions  of figures  right   agents created  of these useful"]
    found += [
        f"{one['day']:3}  {one['questions']:9}  {one['figures']:10}  {_percent(one['right']):>6}  {one['created']:14}"
        f"  {one['useful']:15}"
        for one in told["days"]
    ]
    found += [
        "",
        f"useful agents a day: {told['useful_per_day']:.1f}, the least on one day {told['least_useful_on_a_day']}",
        f"versions put into service: {told['deployments']}, well: {_percent(told['healthy'])}",
        f"within their constraints: of what was deployed {_percent(told['within_constraints'])}, of the agents in "
        f"service {_percent(told['population_within'])}",
        f"median fitness: {told['median_fitness'] or 0:.3f}",
        f"attempts to improve: {told['attempts']}, mean gain {_percent(told['improvement'])}",
        "",
        "decisions               all  without a person",
        *(
            f"{kind:22} {row['decisions']:4}  {_percent(row['automation']):>7}"
            for kind, row in told["automation"].items()
        ),
        f"the person was asked {person['asked']} times: {person['approved']} approved, {person['rejected']} rejected "
        f"({person['late']} of them hours later), {person['unanswered']} never answered",
        "",
        f"held-out questions: {held['questions']}; right {_percent(held['before'])} before, {_percent(held['after'])} "
        f"after: {100 * held['difference']:+.1f} points (95 %: {100 * held['low']:+.1f} to {100 * held['high']:+.1f})",
        f"  {held['gained']} became right, {held['lost']} wrong; McNemar's exact test: p = {held['p']:.2g}",
        *(
            f"  {kind}: {row['before']} and {row['after']} of {row['questions']}"
            for kind, row in told["held_out_by_kind"].items()
        ),
        f"{told['seconds']:.0f} seconds",
    ]
    return found


def missed(told: Mapping[str, Any]) -> list[str]:
    """The goals of a week that were missed; as many agents are asked of a day as begin to be wanted, at most ten."""
    held, wanted = told["held_out"], min(10, told["plan"]["per_day"])
    goals = {
        f"{wanted} useful agents a day": told["useful_per_day"] >= wanted,
        "95 % of the deployments healthy": (told["healthy"] or 0) > 0.95,
        "all within their constraints": told["within_constraints"] == told["population_within"] == 1,
        "half of all decisions without a person": (told["automation"]["all"]["automation"] or 0) >= 0.5,
        "more held-out questions right": held["low"] > 0,
    }
    return [goal for goal, reached in goals.items() if not reached]


def _useful(week: Week, name: str) -> bool:
    answered = [one for one in week.asked if name in one.roles and not one.failed]
    right = [one for one in answered if one.right]
    users = {one.question.user for one in right}
    return len(right) >= _ENOUGH and len(users) >= _USERS and len(right) >= _SHARE * len(answered)


def _automation(week: Week) -> dict[str, dict[str, Any]]:
    """By kind of decision: how many there were, and the share of them without a person.

    Of what evolution may not do by itself each suggestion counts, answered or not; of what others suggest, too.
    """
    rows: dict[str, list[bool]] = defaultdict(list)
    for row in week.decisions:
        if not str(row["subject"]).startswith("imp-"):  # an approved suggestion is no second decision
            rows[str(row["kind"])].append(bool(row["by_itself"]))
    rows["end of a trial"] = [one.by == BY for one in week.trials]
    for row in week.improvements:
        if row["analyzer"] != "evolution":
            rows["monitoring"].append(str(row["decided_by"] or "").startswith("policy"))
    every = [one for each in rows.values() for one in each]
    told = {kind: _kind(each) for kind, each in sorted(rows.items()) if each}
    return {**told, "all": _kind(every)}


def _kind(each: list[bool]) -> dict[str, Any]:
    return {"decisions": len(each), "automation": _share(sum(each), len(each))}


def _by_kind(week: Week) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for question, before, after in zip(week.questions, week.before, week.after, strict=True):
        counts[question.kind].update(questions=1, before=before, after=after)
    return {kind: dict(row) for kind, row in counts.items()}


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
