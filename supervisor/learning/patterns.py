"""What the analysis hands on: patterns, what was refused and why, and the figures of tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from supervisor.learning.candidates import Key
from supervisor.learning.tool_figures import ToolFigures

__all__ = ["Analysis", "AnalysisSettings", "Counts", "HeldOut", "Pattern", "PatternKind", "Refusal", "Weight"]

PatternKind = Literal["success", "failure", "tool", "thinking", "performance"]


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """least: traces that must show a behaviour, and traces that must not. rate: share of false patterns let through.

    confidence: see `Pattern.confidence`. replication: how probable it must be that as many unseen tasks show the
    pattern again (same sign, one-sided p < .05). same: Jaccard of traces from which on two behaviours are one.
    max_ids: ids of traces that a pattern names. growth: by what share the traces must have grown for a new analysis.
    """

    least: int = 10
    rate: float = 0.05
    confidence: float = 0.7
    replication: float = 0.65
    same: float = 0.8
    max_ids: int = 10_000
    growth: float = 0.02


@dataclass(frozen=True, slots=True)
class HeldOut:
    """splits: divisions of the tasks in halves. found: in how many halves the pattern was seen (one-sided p < .05).

    same_sign, significant: the share of these in which the other half had the same sign, and had it with p < .05.
    """

    splits: int
    found: int
    same_sign: float
    significant: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """A behaviour that goes with success or failure beyond what task, agent and chance explain.

    support: traces that show it. effect, low, high: difference in success rate within strata and its 95 % interval.
    crude: the difference without strata. confidence: lower bound of the probability that the sign holds on as many
    unseen tasks. p: of the stratified test, two-sided. q: the same, adjusted for all candidates. replication: expected
    probability that as many unseen tasks show it again. strata: what was compared with what. caution: what the data
    can't tell. merged: descriptions of the near-duplicates it stands for. rule: a line of the guideline grammar, ""
    where none fits. A family of bounds on one measure may give several patterns where their traces differ enough.
    """

    id: str
    key: Key
    kind: PatternKind
    agent_type: str
    description: str
    support: int
    traces: int
    compared: int
    effect: float
    low: float
    high: float
    crude: float
    confidence: float
    p: float
    q: float
    replication: float
    strata: str
    caution: str
    held_out: HeldOut
    trace_ids: tuple[str, ...]
    merged: tuple[str, ...] = ()
    recommendations: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Weight:
    """What traces say of a behaviour that was found in others: see `Pattern` for the words; p is two-sided."""

    support: int
    effect: float
    z: float
    p: float
    crude: float

    def bears_out(self, effect: float, *, p: float = 0.05) -> bool:
        """Whether the sign is the same and significant (one-sided)."""
        return self.effect * effect > 0 and self.p / 2 < p


@dataclass(frozen=True, slots=True)
class Refusal:
    """A behaviour that looked like a pattern and was not accepted, with the reason in words."""

    description: str
    support: int
    crude: float
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Traces taken and left out (no outcome yet, there already, of these with another outcome, without steps)."""

    traces: int = 0
    successes: int = 0
    tasks: int = 0
    agents: int = 0
    unknown: int = 0
    repeated: int = 0
    contradictory: int = 0
    empty: int = 0
    unended: int = 0
    candidates: int = 0
    tested: int = 0


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that one agent type's traces say. `patterns`: the surest first.

    counts.traces: how many were judged. later: how many came since, too few to change what is said.
    """

    agent_type: str
    counts: Counts
    patterns: tuple[Pattern, ...]
    refused: tuple[Refusal, ...]
    tools: tuple[ToolFigures, ...]
    notes: tuple[str, ...]
    later: int = 0
