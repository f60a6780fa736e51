"""`supervisor.evolution`: a cycle looks at what is missing and at how agents do, decides, and carries out what it may.

Every decision is in the log before it is carried out, and fenced: nobody else's cycle runs meanwhile. Killed at any
point, the next cycle goes on with what was begun where that can be (a build), and gives up the rest.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import anyio
import anyio.to_thread

from common.clock import Clock
from common.errors import EvolutionError, StoreError, StreamConflict, SupervisorError
from common.evolution_settings import EvolutionSettings
from common.health import Reached
from common.logs import get_logger
from common.role import Role
from events.catalogue.evolution import EvolutionCycleFinished, EvolutionDecisionEnded, EvolutionDecisionTaken
from events.projection import Row, Views
from events.store import EventStore
from events.views.agent_registry import AgentRegistryView
from events.views.evolution import EvolutionView
from events.views.improvements import ImprovementView
from roles.deployed.deployments import Deployments
from supervisor.begun import StartSoon, begin
from supervisor.evolution.acting import BY, Actor, Outcome, build_of
from supervisor.evolution.cycle_log import CycleLog, RunningCycle, decisions_stream
from supervisor.evolution.needs import Need, Probabilities, find_needs, not_answered, uncovered_requests
from supervisor.evolution.planning import Decision, Found, is_judged, plan_cycle
from supervisor.evolution.population import Population, read_population
from supervisor.evolution.report import EvolutionReport, Lifecycle, evolution_report
from supervisor.evolution.suggesting import Suggestions
from supervisor.evolution.understood import Understand
from supervisor.evolution.watch import LiveWatch

__all__ = ["CycleReport", "EvolutionParts", "MetaAgentEvolution", "Told"]

_log = get_logger(__name__)
_MANY = 10_000
_ENDING = 10.0
_WEEK = 7.0


class CarryOut(Protocol):
    """Has approved improvements carried out: `supervisor.specialists`."""

    async def step(self) -> Sequence[str]:
        """Go on with all that is approved."""
        ...


@dataclass(frozen=True, slots=True)
class EvolutionParts:
    """What evolution works with. `understand` reads the tables that agents may use, and may take a while."""

    store: EventStore
    views: Views
    clock: Clock
    log: CycleLog
    settings: EvolutionSettings
    deployments: Deployments
    roles: Callable[[], Sequence[Role]]
    probabilities: Probabilities
    understand: Callable[[], Awaitable[Understand]]
    actor: Actor
    watch: LiveWatch
    suggestions: Suggestions
    approved: CarryOut


@dataclass(frozen=True, slots=True)
class Told:
    """A decision of a cycle, and what came of it (None: nothing was done, or a person decides on `improvement`)."""

    decision: Decision
    outcome: Outcome | None = None
    improvement: str | None = None


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What a cycle did; with `dry_run`, what it would do. `cycle` is empty then."""

    cycle: str
    dry_run: bool
    needs: tuple[Need, ...]
    population: Population
    decisions: tuple[Told, ...]
    rolled_back: tuple[str, ...] = ()
    model_calls: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Work:
    """A cycle under way."""

    running: RunningCycle
    deadline: float
    told: list[Told] = field(default_factory=list[Told])
    rolled_back: Sequence[str] = ()
    model_calls: int = 0
    notes: list[str] = field(default_factory=list[str])


class MetaAgentEvolution:
    """Evolution over one log; one cycle runs at a time, over all its processes."""

    def __init__(self, parts: EvolutionParts) -> None:
        self._parts = parts
        self.settings = parts.settings
        self._lock = anyio.Lock()
        self._start_soon: StartSoon | None = None
        self.latest: Population | None = None
        """The population that this process saw last."""
        self.lifecycle: Lifecycle | None = None
        """The figures of the last 7 days, as this process told them last."""

    def attach(self, start_soon: StartSoon) -> None:
        """Give cycles that nobody waits for their parent."""
        self._start_soon = start_soon

    async def begin_cycle(self, *, by: str) -> str:
        """Begin a cycle, and return its id once it is in the log; it goes on by itself, and the log tells its end.

        Raises like `evolution_cycle`, and `ConfigurationError` where the supervisor does not run.
        """

        async def work(tell: Callable[[str], None]) -> None:
            await self.evolution_cycle(by=by, begun=tell)

        return await begin(self._start_soon, work, "a cycle of evolution")

    async def evolution_cycle(
        self, *, by: str = BY, dry_run: bool = False, begun: Callable[[str], None] | None = None
    ) -> CycleReport:
        """One cycle, within the budgets of the settings; with `dry_run` nothing is changed, and nothing logged.

        `begun` is told the cycle's id once it is in the log. Raises `EvolutionError` while another cycle runs, here or
        in another process, and `StoreError`.
        """
        started = time.monotonic()
        if dry_run:
            found = await self._find()
            told = tuple(Told(decision) for decision in plan_cycle(found, self.settings))
            return CycleReport(
                "", True, tuple(found.needs), found.population, told, seconds=time.monotonic() - started,
                notes=found.population.notes,
            )  # fmt: skip
        if self._lock.locked():
            raise EvolutionError("a cycle of evolution runs already", where="evolution", todo="Wait for its end.")
        async with self._lock:
            running = await self._parts.log.begin(by, self._parts.clock.now())
            if begun is not None:
                begun(running.cycle)
            try:
                return await self._work(running, started)
            except BaseException as error:
                await self._failed(running, error)
                if isinstance(error, StreamConflict):
                    raise EvolutionError(
                        "another process took this cycle over, for this one was taken for dead", where="evolution"
                    ) from error
                raise

    async def run_continuously(self, interval: float = 3600.0) -> None:
        """A cycle every `interval` seconds, until cancelled; one that fails is logged."""
        while True:
            try:
                await self.evolution_cycle()
            except EvolutionError as error:
                _log.info("no cycle of evolution: %s", error)
            except SupervisorError as error:
                _log.error("a cycle of evolution failed: %s", error)
            await anyio.sleep(interval)

    async def step(self) -> CycleReport | None:
        """A cycle where one is due by the settings; what the loop of a running supervisor does."""
        cycles = await self._parts.log.cycles()
        now = self._parts.clock.now()
        if cycles.ended_at is not None and now - cycles.ended_at < timedelta(seconds=self.settings.interval):
            return None
        try:
            return await self.evolution_cycle()
        except EvolutionError as error:
            _log.info("no cycle of evolution: %s", error)
            return None

    async def watch(self) -> Sequence[str]:
        """Roll back improved versions that do worse live; their names. Raises `StoreError`."""
        return await self._parts.watch.step()

    async def report(self, days: float = _WEEK) -> EvolutionReport:
        """What evolution did in the last days, in figures. Raises `StoreError`."""
        parts = self._parts
        cycles = await parts.log.cycles()
        population = await self._population()
        report = await evolution_report(
            parts.views, cycles, population, parts.clock.now(), timedelta(days=days),
            running=await parts.log.is_running(), settings=self.settings,
        )  # fmt: skip
        if days == _WEEK:
            self.lifecycle = report.lifecycle
        return report

    async def probe(self) -> Reached:
        """Which switches are on. Raises `StoreError`."""
        cycles = await self._parts.log.cycles()
        allowed = ", ".join(self.settings.allowed) or "nothing"
        runs = "" if self.settings.enabled else "; not enabled"
        return Reached(detail=f"{cycles.finished} cycles; by itself: {allowed} (evolution.allowed){runs}")

    async def _population(self) -> Population:
        parts = self._parts
        self.latest = await read_population(
            parts.views, parts.deployments, parts.settings, parts.clock.now(), parts.roles
        )
        return self.latest

    async def _find(self) -> Found:
        """All that decisions go by."""
        parts, settings = self._parts, self.settings
        now = parts.clock.now()
        since = now - timedelta(days=settings.window)
        population = await self._population()
        names = {agent.name for agent in population.agents}
        built = {role.name: role.examples for role in parts.roles() if role.name in names}
        requests = await uncovered_requests(parts.views, since, parts.probabilities, built)
        understand = await parts.understand()
        requests = await not_answered(parts.store, requests, understand, built)
        needs = await anyio.to_thread.run_sync(find_needs, requests, understand, settings.need_similarity)
        looked = timedelta(hours=settings.improve_again)
        earlier = await parts.views.query(
            EvolutionView.name, {"taken_at >=": now - looked}, order_by="-position", limit=_MANY
        )
        agents = await parts.views.query(AgentRegistryView.name, limit=_MANY)
        return Found(
            now, needs, population, dict((await parts.log.cycles()).weak_since), earlier,
            frozenset(str(row["name"]) for row in agents),
        )  # fmt: skip

    async def _work(self, running: RunningCycle, started: float) -> CycleReport:
        work = _Work(running, started + self.settings.seconds)
        await self._settle(work)
        work.rolled_back = await self.watch()
        await self._approved(work)
        found = await self._find()
        decisions = plan_cycle(found, self.settings)
        for decision in decisions:
            if decision.by_itself:
                await self._do(work, decision)
        await self._suggest(work, [decision for decision in decisions if not decision.by_itself])
        return await self._finish(work, found, started)

    async def _settle(self, work: _Work) -> None:
        """Find out, or go on with, what cycles that died had begun."""
        rows = await self._parts.views.query(
            EvolutionView.name, {"ended": False, "by_itself": True}, order_by="position", limit=_MANY
        )
        for row in rows:
            with anyio.move_on_after(max(0.0, work.deadline - time.monotonic())):
                outcome = await self._parts.actor.settle(row)
                work.model_calls += outcome.model_calls
                await self._ended(work, str(row["cycle"]), int(row["number"]), outcome)
                work.notes.append(f"of the cycle {str(row['cycle'])[:8]}, which died: {outcome.text}")

    async def _approved(self, work: _Work) -> None:
        """Have approved improvements that ask for an agent carried out, by the specialist whose work that is."""
        waiting: list[Row] = [
            row
            for row in await self._parts.views.query(ImprovementView.name, {"status": "approved"}, limit=_MANY)
            if row["implementation_plan"].get("action") == "build_agent"
        ]
        if not waiting:
            return
        with anyio.move_on_after(max(0.0, work.deadline - time.monotonic())):
            await self._parts.approved.step()
        for before in waiting:
            name = str(before["id"])
            row = await self._parts.views.get(ImprovementView.name, (name,))
            if row is None or row["status"] == "approved":  # another process leads, and does it
                continue
            ok = row["status"] in ("assigned", "completed")
            decision = Decision("create", name, f"approved: {row['title']}", {}, by_itself=False, causes=(name,))
            number = await self._taken(work, decision, name)
            outcome = Outcome(ok=ok, changed=ok, text=str(row["result"] or f"it is {row['status']}"))
            await self._ended(work, work.running.cycle, number, outcome)

    async def _do(self, work: _Work, decision: Decision) -> None:
        """Carry out one decision, within what the cycle may still use."""
        if decision.kind == "create" and work.model_calls >= max(1, self.settings.model_calls):
            work.notes.append(f"not begun, the cycle's model calls are used up: {decision.why}")
            return
        left = work.deadline - time.monotonic()
        if left <= 0:
            work.notes.append(f"not begun, the cycle's time is over: {decision.why}")
            return
        number = await self._taken(work, decision, None)
        outcome: Outcome | None = None
        with anyio.move_on_after(left):
            outcome = await self._parts.actor.carry_out(decision, build_of(work.running.cycle, number))
        if outcome is None:  # the next cycle goes on with it
            work.notes.append(f"not finished in the cycle's time: {decision.why}")
        else:
            work.model_calls += outcome.model_calls
            await self._ended(work, work.running.cycle, number, outcome)
        work.told.append(Told(decision, outcome))

    async def _suggest(self, work: _Work, decisions: Sequence[Decision]) -> None:
        new = await self._parts.suggestions.suggest(decisions, self._parts.clock.now())
        for decision in decisions:
            improvement = new.get(decision.subject)
            if improvement is not None:
                await self._taken(work, decision, improvement)
            work.told.append(Told(decision, None, improvement))

    async def _taken(self, work: _Work, decision: Decision, improvement: str | None) -> int:
        running = work.running
        running.numbers += 1
        event = EvolutionDecisionTaken(
            cycle=running.cycle,
            number=running.numbers,
            kind=decision.kind,
            subject=decision.subject,
            why=decision.why,
            figures=dict(decision.figures),
            causes=list(decision.causes),
            by_itself=decision.by_itself,
            improvement=improvement,
            build=build_of(running.cycle, running.numbers) if decision.by_itself else "",
        )
        await self._parts.log.append(running, decisions_stream(running.cycle), event)
        return running.numbers

    async def _ended(self, work: _Work, cycle: str, number: int, outcome: Outcome) -> None:
        event = EvolutionDecisionEnded(
            cycle=cycle, number=number, ok=outcome.ok, changed=outcome.changed, text=outcome.text[:2_000],
            agent=outcome.agent, version=outcome.version, healthy=outcome.healthy, within=outcome.within,
            gain=outcome.gain, figures=outcome.figures or {},
        )  # fmt: skip
        await self._parts.log.append(work.running, decisions_stream(cycle), event)

    async def _finish(self, work: _Work, found: Found, started: float) -> CycleReport:
        population = await self._population()
        notes = (*population.notes, *work.notes)
        seconds = time.monotonic() - started
        finished = EvolutionCycleFinished(
            cycle=work.running.cycle,
            at=self._parts.clock.now(),
            needs=len(found.needs),
            decisions=work.running.numbers,
            fitness={agent.name: round(agent.fitness.score, 4) for agent in population.agents},
            judged=[agent.name for agent in population.agents if is_judged(agent, population, self.settings)],
            model_calls=work.model_calls,
            seconds=round(seconds, 3),
            notes=list(notes),
        )
        await self._parts.log.finish(work.running, finished)
        await self.report()
        return CycleReport(
            work.running.cycle, False, tuple(found.needs), population, tuple(work.told), tuple(work.rolled_back),
            work.model_calls, seconds, notes,
        )  # fmt: skip

    async def _failed(self, running: RunningCycle, error: BaseException) -> None:
        """Say so in the log; where that can't be done, the next cycle finds this one without an end."""
        told = str(error) if isinstance(error, SupervisorError) else type(error).__name__
        if isinstance(error, Exception):
            _log.error("a cycle of evolution failed: %s", told, exc_info=error)
        finished = EvolutionCycleFinished(
            cycle=running.cycle, at=self._parts.clock.now(), error=told if isinstance(error, Exception) else "cancelled"
        )
        with anyio.move_on_after(_ENDING, shield=True):
            try:
                await self._parts.log.finish(running, finished)
            except StoreError as problem:
                _log.warning("that a cycle of evolution failed is not in the log: %s", problem)
