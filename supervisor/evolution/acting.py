"""Carries out what was decided: builds, improves, retires; and finds out what a process that died came to."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from common.errors import NotFound, SupervisorError
from common.logs import get_logger
from events.projection import Row, Views
from events.state.build import BuildState, BuildStatus, Stage
from events.store import EventStore
from supervisor.evolution.fitness import kept_constraints
from supervisor.evolution.planning import GIVEN_UP, Decision
from supervisor.evolution.population import Agent

if TYPE_CHECKING:
    from roles.builder.service_builder import BuiltAgent, ServiceBuilder
    from roles.deployed.deployments import LoadedAgent
    from roles.improver.improver import Improvement, ServiceImprover
    from supervisor.deployment import DeployedAgents

__all__ = ["BY", "Actor", "Outcome", "build_of"]

BY = "evolution"
"""Who is named in the log for what evolution does by itself."""
_log = get_logger(__name__)

MakeImprover = Callable[[], Awaitable["ServiceImprover"]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a decision; the fields are those of `EvolutionDecisionEnded`.

    `model_calls` are those of a build, or of changes that a model wrote.
    """

    ok: bool
    text: str
    changed: bool = False
    agent: str = ""
    version: str = ""
    healthy: bool | None = None
    within: bool | None = None
    gain: float | None = None
    figures: dict[str, JsonValue] | None = None
    model_calls: int = 0


def build_of(cycle: str, number: int) -> str:
    """The id of what a decision builds, so that it is found whoever looks, and done once."""
    return hashlib.sha256(f"evolution {cycle} {number}".encode()).hexdigest()[:32]


class Actor:
    """Does what `create`, `improve` and `prune` mean; never raises for what could not be done, but says so."""

    def __init__(
        self,
        store: EventStore,
        views: Views,
        builder: ServiceBuilder,
        deployed: DeployedAgents,
        improver: MakeImprover,
        by: str = BY,
    ) -> None:
        """`by` is who is named in the log for what it does."""
        self._store = store
        self._views = views
        self._builder = builder
        self._deployed = deployed
        self._improver = improver
        self._by = by

    async def carry_out(self, decision: Decision, build: str) -> Outcome:
        """Do it. Raises nothing but what cancels it."""
        try:
            if decision.kind == "create" and decision.need is not None and decision.need.understood is not None:
                return await self._create(decision.need.understood.request, build)
            if decision.kind == "improve" and decision.agent is not None:
                return await self._improve(decision.agent, build)
            if decision.kind == "prune":
                return await self._prune(decision.subject, decision.why)
        except SupervisorError as error:
            _log.warning("evolution could not %s %s: %s", decision.kind, decision.subject, error)
            return Outcome(ok=False, text=str(error)[:2_000], agent=decision.agent.name if decision.agent else "")
        except Exception as error:  # a fault in one of them must not end the cycle
            _log.exception("evolution could not %s %s", decision.kind, decision.subject)
            return Outcome(ok=False, text=f"internal error: {type(error).__name__}")
        return Outcome(ok=True, text=decision.why)

    async def settle(self, row: Row) -> Outcome:
        """What came of a decision whose process died: gone on with where that can be, else given up."""
        try:
            return await self._settle(row)
        except Exception as error:  # as above
            _log.exception("what evolution had begun on %s could not be settled", row["subject"])
            return Outcome(ok=False, text=f"internal error: {type(error).__name__}")

    async def _settle(self, row: Row) -> Outcome:
        kind, subject, build = row["kind"], str(row["subject"]), str(row["build"])
        if kind == "keep":
            return Outcome(ok=True, text=str(row["why"]), agent=subject)
        try:
            if kind == "create":
                return await self._go_on(build)
            placed = await self._deployed.deployments.history(subject)
            tried = (*placed.deployments, *placed.trials)
            done = placed.retired if kind == "prune" else any(one.build == build for one in tried)
        except SupervisorError as error:
            return Outcome(ok=False, text=str(error)[:2_000], agent="" if kind == "create" else subject)
        current = placed.current
        if not done:
            return Outcome(ok=False, text=f"{GIVEN_UP}: the process that worked on it ended", agent=subject)
        if kind == "prune" or current is None:
            return Outcome(ok=True, changed=True, text=f"{subject} was retired", agent=subject)
        trial = next(one for one in reversed(tried) if one.build == build)
        text = f"{subject} {trial.version} was given a share of the requests"
        begun = Outcome(ok=True, changed=True, text=text, agent=subject, version=trial.version)
        return await self._checked(begun) if placed.trial is not None else begun

    async def _create(self, request: str, build: str) -> Outcome:
        try:
            return self._built(await self._builder.create_agent(request, by=self._by, build_id=build))
        except SupervisorError as error:
            try:
                return _failed(await self._builder.state(build), str(error))
            except SupervisorError:  # it had not begun
                return Outcome(ok=False, text=str(error)[:2_000])

    async def _go_on(self, build: str) -> Outcome:
        try:
            state = await self._builder.state(build)
        except NotFound:
            return Outcome(ok=False, text=f"{GIVEN_UP}: its build had not begun")
        if state.status is BuildStatus.FAILED:
            return _failed(state, "its build failed")
        return self._built(await self._builder.resume(build, by=self._by))

    def _built(self, built: BuiltAgent) -> Outcome:
        # what is not well, or not within its constraints, the builder takes out of service, and raises
        return Outcome(
            ok=True, changed=built.deployed, text=f"{built.name} {built.version} was built", agent=built.name,
            version=built.version, healthy=True if built.deployed else None, within=True,
            figures=dict(built.figures), model_calls=built.model_calls,
        )  # fmt: skip

    async def _prune(self, name: str, why: str) -> Outcome:
        await self._deployed.remove(name, by=self._by, reason=why)
        return Outcome(
            ok=True, changed=True, agent=name, text=f"{name} is out of service; agents restore {name} brings it back"
        )

    async def _improve(self, agent: Agent, build: str) -> Outcome:
        from supervisor.evolution.source import agent_source, recorded_requests

        loaded = await self._deployed.deployments.load(agent.deployed)
        requests = await recorded_requests(self._store, self._views, loaded, self._deployed.rehearsals.rows_of)
        looks = len(await self._views.query("evolution", {"kind": "improve", "subject": agent.name}, limit=1_000)) - 1
        source = agent_source(loaded, requests, agent.use, max(0, looks))
        improver = await self._improver()
        result = await improver.improve_agent(source)
        if result.accepted is None:
            # by codes alone: reasons may quote what recorded requests asked
            codes = ", ".join(f"{one.candidate.name}: {one.code}" for one in result.verdicts) or "nothing to change"
            done = Outcome(ok=True, text=f"the original stays ({codes})"[:2_000], agent=agent.name, gain=0.0)
        else:
            done = await self._replace(agent, loaded, result, build)
        return replace(done, model_calls=result.model_calls)

    async def _replace(self, agent: Agent, loaded: LoadedAgent, result: Improvement, build: str) -> Outcome:
        verdict = result.accepted
        assert verdict is not None  # noqa: S101 - the caller looked
        now = await self._deployed.in_service(agent.name)
        if now is None or now.manifest_hash != agent.deployed.manifest_hash:
            return Outcome(ok=False, text="another version was deployed meanwhile", agent=agent.name, gain=0.0)
        files = {**loaded.version.files, **{path: text.encode() for path, text in result.files.items()}}
        figures = dict(loaded.version.manifest.figures)
        measured = {figure.measure: figure.after for figure in verdict.figures}
        if "instantiation" in measured:
            figures["instantiation_us"] = round(measured["instantiation"] * 1e6, 4)
        if "live_memory" in measured:
            figures["memory_kib"] = round(measured["live_memory"] / 1024, 4)
        limits = loaded.specification.constraints
        within = kept_constraints(figures, limits.instantiation_us, limits.memory_kib)
        best = verdict.best
        # a change that is better at its place alone may gain next to nothing as a whole
        gain = 0.0 if best is None else max(0.0, best.estimate.gain)
        told: dict[str, JsonValue] = {
            figure.measure: {"before": figure.before, "after": figure.after} for figure in verdict.figures
        }
        version = _next(agent.deployed.version)
        placed = await self._deployed.trials.start(
            loaded.specification.model_copy(update={"version": version}), files, figures=figures, build=build,
            by=self._by, improved={"gain": gain, "reason": verdict.reason, "figures": told},
        )  # fmt: skip
        text = f"{agent.name} {placed.version}, for {placed.percent:g} % of the requests at first: {verdict.reason}"
        return await self._checked(Outcome(
            ok=True, changed=True, text=text[:2_000], agent=agent.name, version=placed.version, gain=gain,
            figures=told, within=None if within is None else within >= 1,
        ))  # fmt: skip

    async def _checked(self, done: Outcome) -> Outcome:
        """What serves a share now, with its health; taken back at once where it is not well."""
        health = await self._deployed.trials.verify_health(done.agent)
        if health.ok:
            return replace(done, healthy=True)
        reason = f"not well: {health.told()}"[:500]
        await self._deployed.trials.end(done.agent, by=self._by, reason=reason, version=done.version)
        text = f"{done.text}; rolled back at once, for it was not well: {health.told()}"
        return replace(done, ok=False, changed=False, healthy=False, gain=0.0, text=text[:2_000])


def _failed(state: BuildState, text: str) -> Outcome:
    """A build that came to nothing; one that was put into service and was not well counts as a deployment."""
    placed = state.failed is not None and state.failed.stage == Stage.HEALTH
    return Outcome(ok=False, text=text[:2_000], healthy=False if placed else None, model_calls=state.model_calls)


def _next(version: str) -> str:
    head, _, patch = version.rpartition(".")
    return f"{head}.{int(patch) + 1}"
