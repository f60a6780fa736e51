"""How often runs of each agent type, engine and version went well, with the few leaning on the many.

Partial pooling: the rate of a cell is drawn to that of the cell above it as if `PRIOR` runs had gone as there
(beta-binomial, with the parent's rate as the prior's mean), and the parent's rate is that of its other runs, so that
none counts twice. The chain is agent type, engine, guideline version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["PRIOR", "Cell", "Counts", "Level", "cell_of", "pooled"]

PRIOR = 8.0
"""Runs that a cell's parent counts for."""

Cell = tuple[str, str, str]
"""Agent type, engine, version."""
Counts = tuple[int, int]
"""Runs with a known outcome, and how many of them went well."""
_NONE: Counts = (0, 0)


@dataclass(frozen=True, slots=True)
class Level:
    """A pooled rate, and how many runs it counts for; `support` are those of the agent type with the engine."""

    rate: float
    strength: float
    support: int


def cell_of(agent_type: str, engine: str, version: str) -> Cell:
    """The cell of a run; what is not known is empty."""
    return agent_type, engine, version


def pooled(counts: Mapping[Cell, Counts], cell: Cell) -> Level:
    """The rate in a cell, with that of the levels above from runs that are not in it.

    `counts` holds every level: (type, "", "*"), (type, engine, "*") and the cells themselves.

    With no runs of the agent type at all: one half, which counts for two runs.
    """
    agent_type, engine, _ = cell
    of_type, of_engine, own = (
        counts.get(key, _NONE) for key in ((agent_type, "", "*"), (agent_type, engine, "*"), cell)
    )
    rate, strength = 0.5, 2.0
    for (runs, good), (inner_runs, inner_good) in ((of_type, of_engine), (of_engine, own), (own, _NONE)):
        runs, good = runs - inner_runs, good - inner_good
        prior = min(PRIOR, strength)
        rate = (good + prior * rate) / (runs + prior)
        strength = runs + prior
    return Level(rate, strength, of_engine[0])
