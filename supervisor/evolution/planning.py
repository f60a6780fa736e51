"""What a cycle is to do, decided from what was found; decides alone, and changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from common.evolution_settings import EvolutionSettings
from events.projection import Row
from supervisor.evolution.needs import Need
from supervisor.evolution.population import Agent, Population

__all__ = ["GIVEN_UP", "Decision", "Found", "is_judged", "plan_cycle"]

GIVEN_UP = "given up"
"""How the result begins of what a process that died had decided on, and not begun."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to do, with why. `by_itself`: evolution may do it; `noted` alone: nothing is to be done.

    `need` is what a new agent is for, `agent` what is improved, retired or kept.
    """

    kind: Literal["create", "improve", "prune", "keep"]
    subject: str
    why: str
    figures: Mapping[str, JsonValue]
    by_itself: bool
    causes: tuple[str, ...] = ()
    need: Need | None = None
    agent: Agent | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a cycle goes by. `weak_since`: see `Cycles`; `earlier` are rows of the view `evolution` of the last weeks.

    `taken` are names that agents have or had: nothing is built under them.
    """

    now: datetime
    needs: Sequence[Need]
    population: Population
    weak_since: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    earlier: Sequence[Row] = ()
    taken: Collection[str] = ()


def plan_cycle(found: Found, settings: EvolutionSettings) -> list[Decision]:
    """What to do, the most urgent first of each kind, within the budgets of a cycle."""
    prunes = _prunes(found, settings)
    leaving = {decision.subject for decision in prunes if decision.kind == "prune"}
    return [*prunes, *_improvements(found, settings, leaving), *_creations(found, settings)]


def _creations(found: Found, settings: EvolutionSettings) -> list[Decision]:
    decisions: list[Decision] = []
    left = settings.builds
    tried = _tried(found, "create", timedelta(hours=settings.improve_again))
    for need in found.needs:
        if not need.is_enough(settings) or need.fingerprint in tried:
            continue
        figures: dict[str, JsonValue] = {"requests": need.support, "users": need.users, "days": need.days}
        why = f"no role covers {need.told}"
        may = "create" in settings.allowed and need.understood is not None
        if need.understood is not None and need.understood.name in found.taken:
            why = f"{why}; {need.understood.name} is the name of an agent that is there, or was"
            may = False
        if may and left == 0:
            continue  # the next cycle's
        left -= may
        decisions.append(Decision("create", need.fingerprint, why, figures, may, need.traces, need=need))
    return decisions


def _improvements(found: Found, settings: EvolutionSettings, leaving: Collection[str]) -> list[Decision]:
    tried = _tried(found, "improve", timedelta(hours=settings.improve_again))
    worth = [
        (agent, why)
        for agent in found.population.agents
        if agent.name not in leaving and f"{agent.name} {agent.deployed.version}" not in tried
        if not agent.pinned and not agent.on_trial and (why := _worth_improving(agent, settings))
    ]
    worth.sort(key=lambda row: (row[0].fitness.score, row[0].name))
    may = "improve" in settings.allowed
    return [
        Decision("improve", agent.name, why, _figures(agent), may, agent=agent)
        for agent, why in worth[: settings.improvements]
    ]


def _worth_improving(agent: Agent, settings: EvolutionSettings) -> str:
    fitness, use = agent.fitness, agent.use
    if fitness.constraints is not None and fitness.constraints < 1:
        return f"it keeps {fitness.constraints:.0%} of its constraints".replace("%", " %")
    if use.calls < settings.min_calls:
        return ""
    if fitness.success is not None and fitness.success < settings.improve_below:
        return f"{use.failed} of {use.calls} calls failed"
    if fitness.speed is not None and fitness.speed < 1:
        return f"a call takes {use.seconds / use.calls:.3g} s in the mean"
    if fitness.cost is not None and fitness.cost < 1:
        return f"a request costs {use.cost / max(use.requests, 1):.3g} dollars in the mean"
    if "improve" not in settings.allowed:  # nothing is wrong with it that a person should hear of
        return ""
    return f"it serves {use.calls} calls, and this version was not looked at yet"


def _prunes(found: Found, settings: EvolutionSettings) -> list[Decision]:
    decisions: list[Decision] = []
    left = settings.prunes
    told = _tried(found, "keep", timedelta(hours=settings.improve_again))
    for agent in sorted(found.population.agents, key=lambda one: (one.fitness.score, one.name)):
        since = found.weak_since.get(agent.name)
        weak = agent.fitness.score < settings.prune_below and is_judged(agent, found.population, settings)
        if not weak or since is None or found.now - since < timedelta(hours=settings.prune_after):
            continue
        if agent.deployed.at > since:
            continue  # what was weak is another version
        why = f"its fitness is {agent.fitness.score:.2f}, below {settings.prune_below:g} since {since:%Y-%m-%d %H:%M}"
        if protected := _protected(agent):
            if f"{agent.name} {agent.deployed.version}" not in told:
                why = f"{why}; {protected}"
                decisions.append(Decision("keep", agent.name, why, _figures(agent), by_itself=True, agent=agent))
            continue
        if left == 0:
            continue
        left -= 1
        decisions.append(Decision("prune", agent.name, why, _figures(agent), "prune" in settings.allowed, agent=agent))
    return decisions


def is_judged(agent: Agent, population: Population, settings: EvolutionSettings) -> bool:
    """Whether there is evidence enough: calls of its own, or none among very many requests."""
    if agent.use.calls or agent.use.requests:
        return agent.use.calls >= settings.min_calls
    return population.requests >= settings.unused_requests


def _protected(agent: Agent) -> str:
    if agent.pinned:
        return "it is pinned"
    if (agent.use.calls or agent.use.requests) and not agent.stand_ins:
        return "it is the only one for its requests"
    return ""


def _tried(found: Found, kind: str, within: timedelta) -> set[str]:
    """The subjects (of agents: with the version) that such a decision was taken on lately, and carried out."""
    subjects: set[str] = set()
    for row in found.earlier:
        begun = row["by_itself"] and not str(row["result"] or "").startswith(GIVEN_UP)
        if row["kind"] == kind and begun and found.now - row["taken_at"] < within:
            figures: dict[str, JsonValue] = row["figures"]
            subjects.add(f"{row['subject']} {figures.get('version') or ''}".strip())
    return subjects


def _figures(agent: Agent) -> dict[str, JsonValue]:
    use = agent.use
    return {
        **agent.fitness.figures(),
        "version": agent.deployed.version,
        "calls": use.calls,
        "failed": use.failed,
        "seconds": round(use.seconds, 6),
        "requests": use.requests,
    }
