"""Improves agents: measures, looks for what is slow, changes it in several ways, keeps what is measurably better."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from common.errors import ModelError
from common.sandbox import Sandbox, SandboxLimits
from roles.improver.acceptance import AcceptanceRules, Acceptor, Candidate, Compose, Verdict
from roles.improver.agent import AgentSource
from roles.improver.bottlenecks import Bottleneck, identify_bottlenecks
from roles.improver.catalogue import load_strategies
from roles.improver.measure import Measurement, Workbench
from roles.improver.sites import Site

if TYPE_CHECKING:
    from roles.improver.strategies.base import Strategy

__all__ = ["Improvement", "Proposer", "ServiceImprover"]

Record = Callable[[AgentSource, Verdict], Awaitable[None]]


class Proposer(Protocol):
    """Somebody who writes changes, such as a model; what it writes goes through the same gate, with no allowance."""

    @property
    def model_calls(self) -> int:
        """How many calls of a model it made so far."""
        ...

    async def propose(self, agent: AgentSource, bottlenecks: Sequence[Bottleneck]) -> Sequence[Mapping[str, str]]:
        """Whole versions of the agent's files. Raises `ModelError` where it can't write any."""
        ...


@dataclass(frozen=True, slots=True)
class Improvement:
    """What an attempt to improve an agent came to.

    `files` are the agent's files as they are to be from now on: those of the accepted candidate, else the original's.
    `model_calls` are those that changes were written with.
    """

    agent: str
    measurement: Measurement
    bottlenecks: tuple[Bottleneck, ...]
    sites: tuple[Site, ...]
    verdicts: tuple[Verdict, ...]
    files: Mapping[str, str]
    model_calls: int = 0

    @property
    def accepted(self) -> Verdict | None:
        """The verdict on the candidate that takes the original's place; None where the original stays."""
        return next((verdict for verdict in self.verdicts if verdict.accepted), None)

    @property
    def reason(self) -> str:
        """Why it came out as it did."""
        if (accepted := self.accepted) is not None:
            return accepted.reason
        if not self.verdicts:
            return "Nothing was found that could be changed for certain."
        return "; ".join(f"{verdict.candidate.name}: {verdict.reason}" for verdict in self.verdicts)


class ServiceImprover:
    """Makes agents measurably better, or leaves them as they are. An agent's code runs in the sandbox alone."""

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        limits: SandboxLimits | None = None,
        rules: AcceptanceRules | None = None,
        proposer: Proposer | None = None,
        record: Record | None = None,
        packages: bool = False,
        types: bool = True,
        most_candidates: int = 12,
    ) -> None:
        """`record` is told of each verdict; `packages` lets agents import this Python's packages in the sandbox.

        `types` asks pyright about each change; `most_candidates` bounds how many compete.
        """
        self._bench = Workbench(sandbox, limits, packages=packages)
        self._acceptor = Acceptor(self._bench, rules, types=types)
        self._proposer = proposer
        self._record = record
        self._most = most_candidates

    async def measure(self, agent: AgentSource) -> Measurement:
        """What the agent takes. Raises `SandboxError` where it can't be measured."""
        return await self._bench.measure(agent)

    def identify_bottlenecks(self, measurement: Measurement, sites: Sequence[Site] = ()) -> list[Bottleneck]:
        """See `roles.improver.bottlenecks.identify_bottlenecks`."""
        return identify_bottlenecks(measurement, sites)

    def candidates(self, agent: AgentSource) -> tuple[list[Candidate], tuple[Site, ...]]:
        """What the strategies propose, the most comprehensive first, and all places that they found.

        All changes together, those that may not change any answer, and each by itself: where one of them spoils the
        others' gain, or is refused, what is left of them competes without it.

        Raises `ConfigurationError` where libcst is missing.
        """
        strategies = load_strategies()
        sites: list[Site] = []
        fruitful: list[Strategy] = []
        for strategy in strategies:
            changed = strategy.change(agent.files, agent.specification, agent.tests)
            sites += changed.sites
            if changed.changed:
                fruitful.append(strategy)
        sets: dict[str, list[Strategy]] = {"all changes": fruitful}
        # what may answer differently is refused more easily: one such kind must not take the others with it
        sets["all changes without allowances"] = [strategy for strategy in fruitful if not strategy.allowances]
        sets |= {strategy.kind: [strategy] for strategy in fruitful}
        found: list[Candidate] = []
        for name, chosen in sets.items():
            candidate = _together(agent, name, chosen)
            if candidate is not None and all(candidate.files != other.files for other in found):
                found.append(candidate)
        return found[: self._most], tuple(sorted(sites))

    async def improve_agent(self, agent: AgentSource) -> Improvement:
        """Measure, look for bottlenecks, let changes compete, and keep the best of them, if it is certain to be better.

        Raises `SandboxError` where the agent can't be measured, `ConfigurationError` where libcst is missing.
        """
        measurement = await self.measure(agent)
        candidates, sites = self.candidates(agent)
        bottlenecks = self.identify_bottlenecks(measurement, sites)
        asked = self._model_calls
        candidates += await self._written(agent, bottlenecks)
        verdicts = await self.judge(agent, candidates, compose=lambda kinds: _of_kinds(agent, kinds))
        accepted = next((verdict for verdict in verdicts if verdict.accepted), None)
        return Improvement(
            agent=agent.name,
            measurement=measurement,
            bottlenecks=tuple(bottlenecks),
            sites=sites,
            verdicts=tuple(verdicts),
            files=dict(agent.files if accepted is None else accepted.candidate.files),
            model_calls=self._model_calls - asked,
        )

    @property
    def _model_calls(self) -> int:
        return 0 if self._proposer is None else self._proposer.model_calls

    async def judge(
        self, agent: AgentSource, candidates: Sequence[Candidate], seed: int = 0, compose: Compose | None = None
    ) -> list[Verdict]:
        """A verdict on each candidate (and on what `compose` adds), told to `record`; at most one is accepted."""
        verdicts = await self._acceptor.judge(agent, candidates, seed, compose)
        if self._record is not None:
            for verdict in verdicts:
                await self._record(agent, verdict)
        return verdicts

    async def _written(self, agent: AgentSource, bottlenecks: Sequence[Bottleneck]) -> list[Candidate]:
        if self._proposer is None:
            return []
        try:
            proposals = await self._proposer.propose(agent, bottlenecks)
        except ModelError:
            # without a model's changes the strategies' still compete
            return []
        return [Candidate(f"written {number}", dict(files)) for number, files in enumerate(proposals, 1)][: self._most]


def _of_kinds(agent: AgentSource, kinds: Set[str]) -> Candidate | None:
    return _together(agent, "all that gained", [one for one in load_strategies() if one.kind in kinds])


def _together(agent: AgentSource, name: str, strategies: Sequence[Strategy]) -> Candidate | None:
    """One candidate of several strategies, each working on what the ones before it made."""
    files: Mapping[str, str] = agent.files
    made = Candidate(name, files, frozenset(), frozenset())
    for strategy in strategies:
        changed = strategy.change(files, agent.specification, agent.tests)
        if changed.changed:
            files = changed.files
            here = {(site.file, site.function) for site in changed.changed}
            aims = {place: strategy.aims | made.place_aims.get(place, frozenset()) for place in here}
            made = replace(
                made,
                files=files,
                aims=made.aims | strategy.aims,
                allowances=made.allowances | strategy.allowances,
                sites=(*made.sites, *changed.changed),
                place_aims={**made.place_aims, **aims},
            )
    return made if made.sites else None
