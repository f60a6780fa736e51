"""Whether a changed agent may take the original's place: by measurement alone, decided outside of what is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from types import MappingProxyType

from common.errors import SandboxError
from roles.improver.agent import AgentSource
from roles.improver.behaviour import Behaviour, compare_behaviour
from roles.improver.gate import Original, check_change
from roles.improver.measure import Sample, Workbench
from roles.improver.sites import Allowance, Site
from roles.improver.static_measures import static_measures
from roles.improver.statistics import Estimate, share_of_look, signed_rank_estimate

__all__ = ["AcceptanceRules", "Acceptor", "Candidate", "Figure", "Verdict"]

_RANKED = frozenset({"instantiation", "live_memory", "latency"})
MEASURED = frozenset({"instantiation", "live_memory", "latency", "first_pass", "fetches"})
"""What a change is judged by where nobody said what it aims at."""
_COUNTED = frozenset({"fetches"})
"""Aims that no chance is involved in."""


@dataclass(frozen=True, slots=True)
class AcceptanceRules:
    """What an improvement has to reach.

    `gain` is the least share by which a figure it aims at gets smaller; `alpha` the chance that a change without effect
    is taken for a gain, over all figures, candidates and looks at one agent. None of the other figures may be worse by
    more than `tolerance` (a share) with the interval on that side too, beyond a floor in its own unit (`floors`; for
    latency and cold start: for each request). Loading and the first pass count together, as `cold_start`: what a change
    moves from one to the other costs nothing.
    """

    gain: float = 0.05
    alpha: float = 0.05
    tolerance: float = 0.10
    screening_rounds: int = 8
    rounds: int = 24
    finalists: int = 3
    floors: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType(
            {
                "instantiation": 2e-7,
                "live_memory": 32.0,
                "load_memory": 16384.0,
                "latency": 1e-6,
                "cold_start": 1e-4,
                "complexity": 15.0,
                "untyped_errors": 0.0,
                "unchecked_inputs": 0.0,
                "failures": 0.0,
                "fetches": 0.0,
            }
        )
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed change: all the agent's files as they would be, who proposes it, and which figures it aims at."""

    name: str
    files: Mapping[str, str]
    aims: frozenset[str] = MEASURED
    allowances: frozenset[Allowance] = frozenset()
    sites: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of original and candidate, and what the comparison says."""

    measure: str
    before: float
    after: float
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one candidate, by which figures, and why; `code` names the reason for programs."""

    candidate: Candidate
    accepted: bool
    code: str
    reason: str
    figures: tuple[Figure, ...] = ()

    @property
    def best(self) -> Figure | None:
        """The figure that it aims at and that gained most."""
        aimed = [figure for figure in self.figures if figure.measure in self.candidate.aims]
        return max(aimed, key=lambda figure: figure.estimate.gain, default=None)


class Acceptor:
    """Judges candidates for one agent."""

    def __init__(self, bench: Workbench, rules: AcceptanceRules | None = None, *, types: bool = True) -> None:
        """`types`: whether new errors of pyright refuse a candidate."""
        self._bench = bench
        self._rules = rules or AcceptanceRules()
        self._types = types

    async def judge(self, agent: AgentSource, candidates: Sequence[Candidate], seed: int = 0) -> list[Verdict]:
        """A verdict on each candidate, in their order; at most one is accepted.

        All that keep to the rules and answer alike are measured in a short run. The best few of them are measured anew,
        at full length, and only that second run decides: what was chosen for its luck does not keep it.
        """
        verdicts: dict[int, Verdict] = {}
        screened: list[tuple[float, int]] = []
        behaviours: dict[int, Behaviour] = {}
        original = Original(agent)
        for number, candidate in enumerate(candidates):
            first = await self._first_look(original, candidate, seed + number)
            if isinstance(first, Verdict):
                verdicts[number] = first
            else:
                behaviours[number] = first[1]
                screened.append((first[0], number))
        finalists = [number for _, number in sorted(screened, key=lambda row: (-row[0], row[1]))]
        accepted = False
        for place, number in enumerate(finalists):
            if accepted or place >= self._rules.finalists:
                verdicts[number] = Verdict(candidates[number], False, "outdone", "Another candidate was better.")
                continue
            verdicts[number] = await self.final(agent, candidates[number], behaviours[number], seed + 1000 + number)
            accepted = verdicts[number].accepted
        return [verdicts[number] for number in range(len(candidates))]

    async def _first_look(
        self, original: Original, candidate: Candidate, seed: int
    ) -> Verdict | tuple[float, Behaviour]:
        """The verdict where a candidate is out already, else its best gain in a short run, and how it behaves."""
        agent = original.agent
        problem = await check_change(original, candidate.files, types=self._types)
        if problem is not None:
            return Verdict(candidate, False, "invalid", problem)
        try:
            behaviour = await compare_behaviour(self._bench, agent, candidate.files, candidate.allowances)
            if behaviour.difference is not None:
                return Verdict(candidate, False, "answers_differ", behaviour.difference)
            figures = await self._figures(agent, candidate, behaviour, self._rules.screening_rounds, 0.2, seed)
        except SandboxError as error:
            return Verdict(candidate, False, "not_measurable", str(error))
        most = max((figure.estimate.gain for figure in figures if figure.measure in candidate.aims), default=0.0)
        if most <= self._rules.gain / 2:
            what = "No figure it aims at gained enough in the first run."
            return Verdict(candidate, False, "no_gain", what, figures)
        # what makes several figures better goes before what makes one of them better
        told = [figure for figure in figures if figure.measure in _RANKED | candidate.aims]
        return sum(_weight(one.measure) * max(min(one.estimate.gain, 1.0), -1.0) for one in told), behaviour

    async def _figures(
        self, agent: AgentSource, candidate: Candidate, behaviour: Behaviour, rounds: int, alpha: float, seed: int
    ) -> tuple[Figure, ...]:
        a, b = await self._bench.compare(agent.files, candidate.files, agent.requests, rounds, seed)
        counts = [
            {"failures": float(failures), **static_measures(files, agent.specification)}
            for failures, files in (
                (behaviour.failures_before, agent.files),
                (behaviour.failures_after, candidate.files),
            )
        ]
        return (*_measured(a, b, alpha), *_exact(counts[0], counts[1], a, b))

    async def final(
        self, agent: AgentSource, candidate: Candidate, behaviour: Behaviour | None = None, seed: int = 0
    ) -> Verdict:
        """The verdict by one full run, on a candidate that is known to answer alike (`behaviour`)."""
        rules = self._rules
        alpha = share_of_look(rules.alpha, agent.looks) / rules.finalists / max(len(candidate.aims - _COUNTED), 1)
        try:
            figures = await self._figures(agent, candidate, behaviour or Behaviour(None), rules.rounds, alpha, seed)
        except SandboxError as error:
            return Verdict(candidate, False, "not_measurable", str(error))
        worse = next((figure for figure in figures if self._is_worse(figure, len(agent.requests))), None)
        if worse is not None:
            return self._verdict(candidate, figures, "something_worse", f"Worse: {describe(worse)}.")
        gained = [
            figure
            for figure in figures
            if figure.measure in candidate.aims and figure.estimate.gain > rules.gain and figure.estimate.high < 0
        ]
        if not gained:
            told = "; ".join(describe(figure) for figure in figures if figure.measure in candidate.aims)
            return self._verdict(candidate, figures, "no_gain", f"No gain above {rules.gain:.0%} is certain: {told}.")
        best = max(gained, key=lambda figure: figure.estimate.gain)
        return Verdict(candidate, True, "accepted", f"Better: {describe(best)}.", tuple(figures))

    def _is_worse(self, figure: Figure, requests: int) -> bool:
        floor = self._rules.floors.get(figure.measure)
        if floor is None:
            return False
        floor *= max(requests, 1) if figure.measure in ("latency", "cold_start") else 1
        beyond = figure.after - figure.before > floor
        return beyond and figure.estimate.change > self._rules.tolerance and figure.estimate.low > 0

    def _verdict(self, candidate: Candidate, figures: Sequence[Figure], code: str, reason: str) -> Verdict:
        return Verdict(candidate, False, code, reason, tuple(figures))


def describe(figure: Figure) -> str:
    """A figure in words, such as ``latency -40.0 % (-45.0 to -33.1)``."""
    estimate = figure.estimate
    return f"{figure.measure} {estimate.change:+.1%} ({estimate.low:+.1%} to {estimate.high:+.1%})".replace("%", " %")


def _weight(measure: str) -> float:
    """What a figure's gain counts where candidates are compared: code is loaded once, and asked many times."""
    return 0.25 if measure in ("load_time", "load_memory") else 1.0


def _measured(a: Sample, b: Sample, alpha: float) -> list[Figure]:
    """The figures that differ from round to round."""
    pairs: dict[str, tuple[Sequence[float], Sequence[float]]] = {
        "load_time": (a.load, b.load),
        "cold_start": (a.cold, b.cold),
        "latency": ([sum(row) for row in a.later], [sum(row) for row in b.later]),
        "first_pass": ([sum(row) for row in a.first], [sum(row) for row in b.first]),
    }
    if a.instantiation and b.instantiation:
        pairs["instantiation"] = (a.instantiation, b.instantiation)
    return [
        Figure(name, fmean(before), fmean(after), signed_rank_estimate(before, after, alpha))
        for name, (before, after) in pairs.items()
        if before and min(*before, *after) > 0
    ]


def _exact(before: dict[str, float], after: dict[str, float], a: Sample, b: Sample) -> list[Figure]:
    """The figures that are the same each time they are taken: the interval is the figure."""
    before["load_memory"], after["load_memory"] = a.load_memory, b.load_memory
    if a.fetches or b.fetches:
        before["fetches"], after["fetches"] = float(a.fetches), float(b.fetches)
    if a.live_memory is not None and b.live_memory is not None:
        before["live_memory"], after["live_memory"] = a.live_memory, b.live_memory
    return [Figure(name, value, after[name], _sure(value, after[name])) for name, value in before.items()]


def _sure(before: float, after: float) -> Estimate:
    change = 0.0 if before == after else (after - before) / (before or 1.0)
    return Estimate(change, change, change)
