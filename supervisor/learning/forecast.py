"""What was learned about success, ready to be asked: plain Python, never changed, cheap enough for every request."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from math import exp, log, sqrt
from typing import Literal

from supervisor.learning.prediction_counts import Cell, Counts, Level, cell_of, pooled
from supervisor.learning.prediction_features import RUN_GROUPS, TEXT_GROUPS, Group, Row, run_rows, text_rows
from supervisor.learning.records import Record
from supervisor.learning.trace_building import task_id_of

__all__ = ["MINIMUM", "STAGES", "Forecast", "Prediction", "Stage", "Weights", "engine_of", "task_key"]

MINIMUM = 5
"""Runs of an agent type with an engine below which nothing is predicted."""

Stage = Literal["before", "running", "ended"]
STAGES: Mapping[Stage, Sequence[str]] = {
    "before": TEXT_GROUPS,
    "running": (*TEXT_GROUPS, *RUN_GROUPS),
    "ended": (*TEXT_GROUPS, *RUN_GROUPS),
}
"""What is looked at before a run, in the middle of it, and when it has ended and nobody has judged it."""

_OWN = "supervisor"
_Z = 1.96
_LONG = 1_000
"""Characters of a request beyond which nobody looks whether it was made before."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The expected success, 0 to 1, with its 95 % interval, and how many runs of the agent type and engine it rests on.

    The interval is of the probability, not of the outcome: with little support it is wide.
    """

    probability: float
    low: float
    high: float
    support: int


@dataclass(frozen=True, slots=True)
class Weights:
    """What one group of features adds, in log odds: per place a weight and how uncertain it is (a variance).

    `slope` is the share of it that held on tasks which it was not learned from.
    """

    weights: array[float]
    variances: array[float]
    start: float
    slope: float

    def score(self, group: Group) -> tuple[float, float]:
        """Log odds to add, and their variance."""
        places, values = group
        weights, variances = self.weights, self.variances
        total, doubt = self.start, 0.0
        for place, value in zip(places, values, strict=True):
            total += weights[place] * value
            doubt += variances[place] * value * value
        return total * self.slope, doubt * self.slope * self.slope


@dataclass(frozen=True, slots=True)
class Forecast:
    """Predictions from one state of what was learned.

    `counts` are those of `prediction_counts`, `tasks` the same by task (see `task_key`), and a task of its own counts
    as much as its own runs against `task_prior` of the others.
    """

    counts: Mapping[Cell, Counts] = field(default_factory=dict[Cell, Counts])
    tasks: Mapping[bytes, Counts] = field(default_factory=dict[bytes, Counts])
    task_prior: float = 8.0
    stages: Mapping[Stage, Mapping[str, Weights]] = field(default_factory=dict[Stage, "Mapping[str, Weights]"])

    @property
    def empty(self) -> bool:
        """Whether nothing was learned yet."""
        return not self.counts

    def predict(
        self,
        request: str,
        *,
        agent_type: str,
        engine: str,
        version: str = "",
        domain: str = "",
        tenant: str = "default",
        task_id: str | None = None,
    ) -> Prediction | None:
        """The expected success of a request before it runs; None where fewer than five such runs were judged.

        `task_id` is that of records (default: what a request's own text gives).
        """
        found = self.predict_each(
            request, {"": (agent_type, engine, version)}, domain=domain, tenant=tenant, task_id=task_id
        )
        return found.get("")

    def predict_each(
        self,
        request: str,
        agents: Mapping[str, tuple[str, str, str]],
        *,
        domain: str = "",
        tenant: str = "default",
        task_id: str | None = None,
    ) -> dict[str, Prediction]:
        """The same for several (agent type, engine, version) by name; those of which too little is known are left out.

        The request is read once, and not at all where nothing is known.
        """
        if not self.counts:
            return {}
        levels = {name: level for name, cell in agents.items() if (level := self._level(cell)) is not None}
        if not levels:
            return {}
        shift, doubt = self._score("before", text_rows(request, domain)) if "before" in self.stages else (0.0, 0.0)
        task = task_id
        if task is None:
            task = task_id_of(request) if self.tasks and len(request) <= _LONG else ""
        return {
            name: self._settle(level, shift, doubt, task_key(tenant, agents[name][0], agents[name][1], task))
            for name, level in levels.items()
        }

    def predict_run(self, record: Record, *, running: bool = False) -> Prediction | None:
        """The expected success of a run by its steps, whatever its record says of the outcome.

        `running` says that these are the steps so far of a run which goes on. None like `predict`.
        """
        engine = engine_of(record)
        cell = (record.agent_type, engine, record.version)
        if self._level(cell) is None:
            return None
        rows = text_rows(record.task, record.domain) + run_rows(record.steps, running=running)
        task = task_key(record.tenant, record.agent_type, engine, record.task_id)
        return self.predict_rows("running" if running else "ended", cell, rows, task)

    def predict_rows(self, stage: Stage, cell: Cell, rows: Row, task: bytes) -> Prediction | None:
        """Like `predict` and `predict_run`, from features and the key of a task."""
        level = self._level(cell)
        if level is None:
            return None
        shift, doubt = self._score(stage, rows) if stage in self.stages else (0.0, 0.0)
        return self._settle(level, shift, doubt, task)

    def without_stages(self) -> Forecast:
        """The same without what runs are judged by: all that requests need before they run."""
        return replace(self, stages={name: stage for name, stage in self.stages.items() if name == "before"})

    def _level(self, cell: tuple[str, str, str]) -> Level | None:
        level = pooled(self.counts, cell_of(*cell))
        return level if level.support >= MINIMUM else None

    def _score(self, stage: Stage, rows: Sequence[Group]) -> tuple[float, float]:
        shift = doubt = 0.0
        learned = self.stages[stage]
        for name, group in zip(STAGES[stage], rows, strict=True):
            more, unsure = learned[name].score(group)
            shift, doubt = shift + more, doubt + unsure
        return shift, doubt

    def _settle(self, level: Level, shift: float, doubt: float, task: bytes) -> Prediction:
        """Rate, words and steps, then the task's own runs.

        The variance of a rate from n runs is p(1-p)/n, in log odds 1/(n p (1-p)); those of the parts are added.
        """
        odds = log(level.rate / (1 - level.rate)) + shift
        p = 1 / (1 + exp(-max(-12.0, min(12.0, odds))))
        spread = p * (1 - p)
        variance = spread * spread * (doubt + 1 / (level.strength * level.rate * (1 - level.rate)))
        runs, good = self.tasks.get(task, (0, 0))
        if runs:
            share = self.task_prior / (self.task_prior + runs)
            p = share * p + (1 - share) * good / runs
            variance = share * share * variance + (1 - share) ** 2 * p * (1 - p) / runs
            spread = p * (1 - p)
        reach = _Z * sqrt(variance) / spread
        odds = log(p / (1 - p))
        return Prediction(p, _sigmoid(odds - reach), _sigmoid(odds + reach), level.support)


def engine_of(record: Record) -> str:
    """The engine of a run that the supervisor handled; of another run, the agent that ran it."""
    return record.agent.partition(" ")[0] if record.domain == _OWN else record.agent


def task_key(tenant: str, agent_type: str, engine: str, task_id: str) -> bytes:
    """What the runs of one task of one tenant are counted under; empty for no task."""
    if not task_id:
        return b""
    return blake2b("\0".join((tenant, agent_type, engine, task_id)).encode("utf-8", "replace"), digest_size=8).digest()


def _sigmoid(odds: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))
