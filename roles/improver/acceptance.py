"""Whether a changed agent may take the original's place: by measurement alone, decided outside of what is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from statistics import fmean
from types import MappingProxyType

from common.errors import SandboxError
from roles.improver.agent import AgentSource
from roles.improver.behaviour import Behaviour, compare_behaviour
from roles.improver.gate import Original, check_change
from roles.improver.measure import Sample, Workbench
from roles.improver.places import Place, complexities, figure_at, measure_of, places_of
from roles.improver.sites import Allowance, Site
from roles.improver.static_measures import static_measures
from roles.improver.statistics import Estimate, share_of_look, signed_rank_estimate

__all__ = ["AcceptanceRules", "Acceptor", "Candidate", "Compose", "Figure", "Verdict"]

_SCREENING_ALPHA = 0.02
"""The least chance of error that a figure of the short run is given: with eight rounds no smaller one can be told."""
_RANKED = frozenset({"instantiation", "live_memory", "latency"})
MEASURED = frozenset({"instantiation", "live_memory", "latency", "first_pass", "fetches"})
"""What a change is judged by where nobody said what it aims at."""
_COUNTED = frozenset(
    {"fetches", "failures", "complexity", "untyped_errors", "unchecked_inputs", "live_memory", "load_memory"}
)
"""Figures that no chance is involved in."""
_TIMED = frozenset({"latency", "first_pass", "instantiation"})
"""Aims that are measured at the changed functions, too."""
_WHOLE = {
    "latency": frozenset({"latency", "instantiation"}),
    "first_pass": frozenset({"latency", "instantiation"}),
    "instantiation": frozenset({"latency", "instantiation"}),
    "complexity": frozenset({"complexity"}),
}
"""What of the agent may not be worse for certain, however little, where a change is better at its own places alone."""


@dataclass(frozen=True, slots=True)
class AcceptanceRules:
    """What an improvement has to reach.

    `gain` is the least share by which a figure it aims at gets smaller; `alpha` the chance that a change without effect
    is taken for a gain, over all figures, candidates and looks at one agent. None of the other figures may be worse by
    more than `tolerance` (a share) with the interval on that side too, beyond a floor in its own unit (`floors`; for
    latency and cold start: for each request). Loading and the first pass count together, as `cold_start`: what a change
    moves from one to the other costs nothing. In each of the `rounds` functions are timed in so many `processes`.
    """

    gain: float = 0.05
    alpha: float = 0.05
    tolerance: float = 0.10
    screening_rounds: int = 8
    rounds: int = 24
    processes: int = 3
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
    """A proposed change: all the agent's files as they would be, who proposes it, and which figures it aims at.

    `place_aims` are those of `aims` that it is to make smaller at single functions, where these are measured, too.
    """

    name: str
    files: Mapping[str, str]
    aims: frozenset[str] = MEASURED
    allowances: frozenset[Allowance] = frozenset()
    sites: tuple[Site, ...] = ()
    place_aims: Mapping[Place, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))


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
        """The figure of the whole agent that it aims at and that gained most."""
        aimed = [figure for figure in self.figures if figure.measure in self.candidate.aims]
        return max(aimed, key=lambda figure: figure.estimate.gain, default=None)


@dataclass(frozen=True, slots=True)
class _Screened:
    """What a short run told: how good it looks, whether it makes something slower for certain, how it behaves."""

    score: float
    slower: bool
    behaviour: Behaviour

    def gained(self, candidate: Candidate) -> dict[str, float]:
        """The one kind of change that a candidate consists of, with its score, where it made nothing slower."""
        kinds = {site.kind for site in candidate.sites}
        return dict.fromkeys(kinds, self.score) if len(kinds) == 1 and not self.slower else {}


Compose = Callable[[Set[str]], Candidate | None]
"""Makes one candidate of these kinds of change."""


class Acceptor:
    """Judges candidates for one agent."""

    def __init__(self, bench: Workbench, rules: AcceptanceRules | None = None, *, types: bool = True) -> None:
        """`types`: whether new errors of pyright refuse a candidate."""
        self._bench = bench
        self._rules = rules or AcceptanceRules()
        self._types = types

    async def judge(
        self, agent: AgentSource, candidates: Sequence[Candidate], seed: int = 0, compose: Compose | None = None
    ) -> list[Verdict]:
        """A verdict on each candidate, in their order; at most one is accepted.

        All that keep to the rules and answer alike are measured in a short run. The best few of them are measured anew,
        at full length, and only that second run decides: what was chosen for its luck does not keep it. What `compose`
        makes of the kinds of change that gained by themselves in the short run competes, too, as many of them as keep
        to the tolerances that can be counted; its verdict is the last.
        """
        candidates, gained = list(candidates), dict[str, float]()
        verdicts: dict[int, Verdict] = {}
        screened: list[tuple[float, int]] = []
        behaviours: dict[int, Behaviour] = {}
        original = Original(agent)
        number = 0
        while number < len(candidates):
            candidate = candidates[number]
            first = await self._first_look(original, candidate, seed + number)
            if isinstance(first, Verdict):
                verdicts[number] = first
            else:
                behaviours[number] = first.behaviour
                screened.append((first.score, number))
                gained |= first.gained(candidate)
            number += 1
            if number == len(candidates) and compose is not None and len(gained) > 1:
                composed, compose = self._composed(agent, compose, gained), None
                if composed is not None and all(composed.files != other.files for other in candidates):
                    candidates.append(composed)
        finalists = [number for _, number in sorted(screened, key=lambda row: (-row[0], row[1]))]
        accepted = False
        for place, number in enumerate(finalists):
            if accepted or place >= self._rules.finalists:
                verdicts[number] = Verdict(candidates[number], False, "outdone", "Another candidate was better.")
                continue
            verdicts[number] = await self.final(agent, candidates[number], behaviours[number], seed + 1000 + number)
            accepted = verdicts[number].accepted
        return [verdicts[number] for number in range(len(candidates))]

    def _composed(self, agent: AgentSource, compose: Compose, gained: Mapping[str, float]) -> Candidate | None:
        """One candidate of these kinds of change; where all would be too many, of those that make code longest not."""
        composed = compose(gained.keys())
        if composed is None or self._outgrown(agent, composed.files) is None:
            return composed
        found, chosen = None, set[str]()
        for kind in sorted(gained, key=lambda kind: (_growth(agent, compose({kind})), -gained[kind], kind)):
            composed = compose(chosen | {kind})
            if composed is not None and self._outgrown(agent, composed.files) is None:
                found, chosen = composed, chosen | {kind}
        return found if len(chosen) > 1 else None

    def _outgrown(self, agent: AgentSource, files: Mapping[str, str]) -> Figure | None:
        """The first figure that reading the code tells to be worse than is tolerated."""
        before, after = (static_measures(side, agent.specification) for side in (agent.files, files))
        figures = (Figure(name, value, after[name], _sure(value, after[name])) for name, value in before.items())
        return next((figure for figure in figures if self._is_worse(figure, len(agent.requests))), None)

    async def _first_look(self, original: Original, candidate: Candidate, seed: int) -> Verdict | _Screened:
        """The verdict where a candidate is out already, else what a short run told."""
        agent = original.agent
        problem = await check_change(original, candidate.files, types=self._types)
        if problem is not None:
            return Verdict(candidate, False, "invalid", problem)
        if (worse := self._outgrown(agent, candidate.files)) is not None:
            return Verdict(candidate, False, "something_worse", f"Worse: {describe(worse)}.")
        try:
            behaviour = await compare_behaviour(self._bench, agent, candidate.files, candidate.allowances)
            if behaviour.difference is not None:
                return Verdict(candidate, False, "answers_differ", behaviour.difference)
            rounds = self._rules.screening_rounds
            figures = await self._figures(agent, candidate, behaviour, rounds, 0.2, seed, least=_SCREENING_ALPHA)
        except SandboxError as error:
            return Verdict(candidate, False, "not_measurable", str(error))
        counted = (figure for figure in figures if figure.measure in _COUNTED)
        if worse := next((figure for figure in counted if self._is_worse(figure, len(agent.requests))), None):
            # what is counted comes out the same in the second run
            return Verdict(candidate, False, "something_worse", f"Worse: {describe(worse)}.", figures)
        aimed = [figure.estimate.gain for figure in figures if measure_of(figure.measure) in candidate.aims]
        most = max(aimed, default=0.0)
        if most <= self._rules.gain / 2:
            what = "No figure it aims at gained enough in the first run."
            return Verdict(candidate, False, "no_gain", what, figures)
        # what makes several figures better goes before what makes one of them better; what wavers counts for nothing
        told = [figure for figure in figures if measure_of(figure.measure) in _RANKED | candidate.aims]
        certain = {figure.measure: self._certain(figure, len(agent.requests)) for figure in told}
        # what it does not aim at may be better by the way requests repeat
        score = sum(
            _weight(name) * share for name, share in certain.items() if share < 0 or measure_of(name) in candidate.aims
        )
        slower = any(share < -self._rules.gain for share in certain.values())
        return _Screened(score, slower, behaviour)

    async def _figures(
        self,
        agent: AgentSource,
        candidate: Candidate,
        behaviour: Behaviour,
        rounds: int,
        alpha: float,
        seed: int,
        least: float = 0.0,
        processes: int = 1,
    ) -> tuple[Figure, ...]:
        places = places_of(candidate.place_aims, agent.files, candidate.files)
        clocked = [place for place in places if candidate.place_aims[place] & _TIMED]
        told = [place for place in places if "complexity" in candidate.place_aims[place]]
        a, b = await self._bench.compare(agent.files, candidate.files, agent.requests, rounds, seed, clocked, processes)
        counts = [
            {
                "failures": float(failures),
                **static_measures(files, agent.specification),
                **complexities(files, told),
            }
            for failures, files in (
                (behaviour.failures_before, agent.files),
                (behaviour.failures_after, candidate.files),
            )
        ]
        timed = _at_places(a, b, candidate.place_aims)
        # each figure that it aims at and that chance is involved in is one more chance of error
        alpha = max(alpha / max(len(candidate.aims - _COUNTED) + len(timed), 1), least)
        return (*_measured(a, b, alpha, timed), *_exact(counts[0], counts[1], a, b))

    async def final(
        self, agent: AgentSource, candidate: Candidate, behaviour: Behaviour | None = None, seed: int = 0
    ) -> Verdict:
        """The verdict by one full run, on a candidate that is known to answer alike (`behaviour`)."""
        rules = self._rules
        alpha = share_of_look(rules.alpha, agent.looks) / rules.finalists
        try:
            known = behaviour or Behaviour(None)
            figures = await self._figures(agent, candidate, known, rules.rounds, alpha, seed, processes=rules.processes)
        except SandboxError as error:
            return Verdict(candidate, False, "not_measurable", str(error))
        worse = next((figure for figure in figures if self._is_worse(figure, len(agent.requests))), None)
        if worse is not None:
            return self._verdict(candidate, figures, "something_worse", f"Worse: {describe(worse)}.")
        gained = [
            figure
            for figure in figures
            if measure_of(figure.measure) in candidate.aims
            and figure.estimate.gain > rules.gain
            and figure.estimate.high < 0
        ]
        if not gained:
            told = "; ".join(describe(figure) for figure in figures if measure_of(figure.measure) in candidate.aims)
            return self._verdict(candidate, figures, "no_gain", f"No gain above {rules.gain:.0%} is certain: {told}.")
        if all("@" in figure.measure for figure in gained):
            bound = frozenset[str]().union(*(_WHOLE[measure_of(figure.measure)] for figure in gained))
            slower = next((figure for figure in figures if figure.measure in bound and figure.estimate.low > 0), None)
            if slower is not None:
                return self._verdict(candidate, figures, "something_worse", f"Worse as a whole: {describe(slower)}.")
        # what the whole agent gains is told before what a part of it does
        best = max(gained, key=lambda figure: ("@" not in figure.measure, figure.estimate.gain))
        return Verdict(candidate, True, "accepted", f"Better: {describe(best)}.", tuple(figures))

    def _certain(self, figure: Figure, requests: int) -> float:
        """By what share a figure became smaller for certain (negative: grew, beyond its floor); 0 where neither is.

        What a first pass loses counts with the cold start alone: loading may have moved there.
        """
        if figure.estimate.high < 0:
            return min(-figure.estimate.high, 1.0)
        known = measure_of(figure.measure) != "first_pass" and self._beyond(figure, requests) is not False
        return -min(figure.estimate.low, 1.0) if figure.estimate.low > 0 and known else 0.0

    def _beyond(self, figure: Figure, requests: int) -> bool | None:
        """Whether a figure grew by more than its floor; None for one that has none."""
        floor = self._rules.floors.get(measure_of(figure.measure) if "complexity" in figure.measure else figure.measure)
        if floor is None:
            return None
        floor *= max(requests, 1) if figure.measure in ("latency", "cold_start") else 1
        return figure.after - figure.before > floor

    def _is_worse(self, figure: Figure, requests: int) -> bool:
        beyond = figure.measure in self._rules.floors and bool(self._beyond(figure, requests))
        return beyond and figure.estimate.change > self._rules.tolerance and figure.estimate.low > 0

    def _verdict(self, candidate: Candidate, figures: Sequence[Figure], code: str, reason: str) -> Verdict:
        return Verdict(candidate, False, code, reason, tuple(figures))


def _growth(agent: AgentSource, candidate: Candidate | None) -> float:
    """By how much a candidate's code is harder to follow than the agent's."""
    sides = (agent.files, agent.files if candidate is None else candidate.files)
    before, after = (static_measures(files, agent.specification)["complexity"] for files in sides)
    return after - before


def describe(figure: Figure) -> str:
    """A figure in words, such as ``latency -40.0 % (-45.0 to -33.1)``."""
    estimate = figure.estimate
    return f"{figure.measure} {estimate.change:+.1%} ({estimate.low:+.1%} to {estimate.high:+.1%})".replace("%", " %")


def _weight(measure: str) -> float:
    """What a figure's gain counts where candidates are compared: code is loaded once, and asked many times.

    A function is a part of the agent.
    """
    return 0.25 if measure in ("load_time", "load_memory") or "@" in measure else 1.0


_Pairs = dict[str, tuple[Sequence[float], Sequence[float]]]


def _at_places(a: Sample, b: Sample, aims: Mapping[Place, frozenset[str]]) -> _Pairs:
    """The times of the changed functions, under the measures that the change aims at."""
    found: _Pairs = {}
    for place in a.places.keys() & b.places.keys():
        first, later = ([[row[turn] for row in side.places[place]] for side in (a, b)] for turn in (0, 1))
        made = place[1].endswith("__init__")
        times = {"first_pass": first, **({"instantiation": later} if made else {"latency": later})}
        found |= {
            figure_at(measure, place): (row[0], row[1]) for measure, row in times.items() if measure in aims[place]
        }
    return found


def _measured(a: Sample, b: Sample, alpha: float, more: _Pairs) -> list[Figure]:
    """The figures that differ from round to round."""
    pairs: _Pairs = {
        **more,
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
