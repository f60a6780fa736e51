"""The expected success of a request before it runs, and of a run by its steps, calibrated, learned from records."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import log
from typing import TypeVar
from zlib import crc32

from supervisor.learning.forecast import STAGES, Forecast, Prediction, Stage, Weights, engine_of, task_key
from supervisor.learning.prediction_counts import Cell, Counts, cell_of, pooled
from supervisor.learning.prediction_features import Row, run_rows, text_rows
from supervisor.learning.records import Record

__all__ = ["Example", "Forecast", "Prediction", "SuccessPredictor", "example_of"]

Key = TypeVar("Key", Cell, bytes)

_WINDOW = 10_000
_FIRST, _GROWTH = 40, 0.1
"""Runs before words and steps are looked at, and the share of new ones after which they are learned anew."""
_LEAST = 10
"""Runs of either outcome that words and steps need to be learned from."""
_TASK_PRIORS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_TASK_PRIOR = 8.0
_CUTS = (1, 2, 3, 5, 8, 13)
_REPEATED = 20
"""Runs of tasks that ran more than once, below which the usual prior of a task stays."""


@dataclass(frozen=True, slots=True)
class Example:
    """What is kept of a judged run: nothing that can be read. `rows` are its features by stage."""

    cell: Cell
    task: bytes
    good: bool
    text: Row
    part: Row
    whole: Row

    def rows(self, stage: Stage) -> Row:
        """The features of a stage, in the order of `STAGES`."""
        return self.text + {"before": (), "running": self.part, "ended": self.whole}[stage]


class SuccessPredictor:
    """Keeps the last `window` judged runs, in some 2 KB each, and predicts by them.

    `update` counts at once. What the words of requests and the steps of runs add is learned by `learn`, which takes
    seconds with a full window and is worth calling when `due`. For one user at a time; `forecast` may be used anywhere.
    """

    def __init__(self, *, window: int = _WINDOW) -> None:
        self._window = window
        self._examples: OrderedDict[str, Example] = OrderedDict()
        self._counts: dict[Cell, Counts] = {}
        self._tasks: dict[bytes, Counts] = {}
        self._stages: Mapping[Stage, Mapping[str, Weights]] = {}
        self._task_prior = _TASK_PRIOR
        self._new = 0
        self._forecast: Forecast | None = None

    def __len__(self) -> int:
        return len(self._examples)

    @property
    def due(self) -> bool:
        """Whether enough has come in to learn anew from."""
        known = len(self._examples)
        return known >= _FIRST and self._new >= (_GROWTH * known if self._stages else 1)

    @property
    def forecast(self) -> Forecast:
        """What is known now, for whoever asks: it stays as it is while this goes on."""
        if self._forecast is None:
            self._forecast = Forecast(dict(self._counts), dict(self._tasks), self._task_prior, self._stages)
        return self._forecast

    def update(self, records: Iterable[Record]) -> int:
        """Take in runs whose outcome is known; one that is told again takes the place of what it was. How many."""
        return self.put((_key(record), example_of(record)) for record in records if record.success is not None)

    def put(self, examples: Iterable[tuple[str, Example]]) -> int:
        """Like `update`, with examples by a key of their run."""
        taken = 0
        for key, example in examples:
            before = self._examples.pop(key, None)
            if before is not None:
                self._count(before, -1)
            self._examples[key] = example
            self._count(example, 1)
            taken += before is None or before.good != example.good
        while len(self._examples) > self._window:
            _, oldest = self._examples.popitem(last=False)
            self._count(oldest, -1)
        self._new += taken
        if taken:
            self._forecast = None
        return taken

    def examples(self) -> Mapping[str, Example]:
        """All that is kept, oldest first."""
        return self._examples

    def adopt(self, stages: Mapping[Stage, Mapping[str, Weights]], task_prior: float, new: int) -> None:
        """Take over what an earlier process learned from the same examples, but for the last `new` of them."""
        self._stages, self._task_prior, self._new, self._forecast = stages, task_prior, new, None

    @property
    def new(self) -> int:
        """Runs that came in since the last time that something was learned."""
        return self._new

    def learn(self, only: Collection[Stage] = tuple(STAGES)) -> bool:
        """Learn what words and steps add; False while there are too few runs. Blocks, for seconds at most.

        `only` names the stages to learn, where not all are needed.

        The rates by agent type, engine and version need no learning.
        """
        examples = list(self._examples.values())
        good = sum([example.good for example in examples])
        if len(examples) < _FIRST or min(good, len(examples) - good) < _LEAST:
            return False
        from supervisor.learning.prediction_fit import FOLDS, fit_stage

        folds = [crc32(example.task) % FOLDS for example in examples]
        odds = self._odds(examples, folds, FOLDS)
        outcomes = [example.good for example in examples]
        stages: dict[Stage, Mapping[str, Weights]] = {}
        for stage in dict.fromkeys(only):
            names = STAGES[stage]
            rows = [example.rows(stage) for example in examples]
            groups = {name: [row[place] for row in rows] for place, name in enumerate(names)}
            stages[stage] = fit_stage(groups, outcomes, odds, folds)
        self.adopt(stages, self._prior_of_tasks(examples), 0)
        return True

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
        """See `Forecast.predict`."""
        return self.forecast.predict(
            request,
            agent_type=agent_type, engine=engine, version=version, domain=domain, tenant=tenant, task_id=task_id,
        )  # fmt: skip

    def predict_run(self, record: Record, *, running: bool = False) -> Prediction | None:
        """See `Forecast.predict_run`."""
        return self.forecast.predict_run(record, running=running)

    def _count(self, example: Example, by: int) -> None:
        agent_type, engine, _ = example.cell
        for key in {(agent_type, "", "*"), (agent_type, engine, "*"), example.cell}:
            _add(self._counts, key, example.good, by)
        if example.task:
            _add(self._tasks, example.task, example.good, by)

    def _odds(self, examples: Sequence[Example], folds: Sequence[int], number: int) -> list[float]:
        """The log odds of each run's cell, as known from the other folds."""
        left: list[dict[Cell, Counts]] = [dict(self._counts) for _ in range(number)]
        for example, fold in zip(examples, folds, strict=True):
            agent_type, engine, _ = example.cell
            for key in {(agent_type, "", "*"), (agent_type, engine, "*"), example.cell}:
                _add(left[fold], key, example.good, -1)
        known: list[dict[Cell, float]] = [{} for _ in range(number)]
        for example, fold in zip(examples, folds, strict=True):
            if example.cell not in known[fold]:
                rate = pooled(left[fold], example.cell).rate
                known[fold][example.cell] = log(rate / (1 - rate))
        return [known[fold][example.cell] for example, fold in zip(examples, folds, strict=True)]

    def _prior_of_tasks(self, examples: Sequence[Example]) -> float:
        """How many runs of its own a task needs to count as much as its cell: the likeliest of a few, one left out."""
        repeated = [example for example in examples if self._tasks.get(example.task, (0, 0))[0] > 1]
        if len(repeated) < _REPEATED:
            return _TASK_PRIOR
        seen: list[tuple[float, int, int, bool]] = []
        for example in repeated:
            runs, good = self._tasks[example.task]
            rate = pooled(self._counts, example.cell).rate
            seen.append((rate, runs - 1, good - example.good, example.good))

        def fits(prior: float) -> float:
            chances = [(prior * rate + good) / (prior + runs) for rate, runs, good, _ in seen]
            return sum([log(p if entry[3] else 1 - p) for p, entry in zip(chances, seen, strict=True)])

        return max(_TASK_PRIORS, key=fits)


def example_of(record: Record) -> Example:
    """What is kept of a judged run."""
    engine = engine_of(record)
    # asked about after a number of steps that its id draws, whatever its length: that nobody knows while it runs
    cut = _CUTS[crc32(record.trace_id.encode("utf-8", "replace")) % len(_CUTS)]
    return Example(
        cell_of(record.agent_type, engine, record.version),
        task_key(record.tenant, record.agent_type, engine, record.task_id),
        bool(record.success),
        text_rows(record.task, record.domain),
        run_rows(record.steps[:cut], running=True),
        run_rows(record.steps, running=False),
    )


def _key(record: Record) -> str:
    """Names a run for whoever has its record, and tells others nothing: ids of imported runs may be anything."""
    return blake2b(f"{record.tenant}\0{record.trace_id}".encode("utf-8", "replace"), digest_size=12).hexdigest()


def _add(counts: dict[Key, Counts], key: Key, good: bool, by: int) -> None:
    runs, well = counts.get(key, (0, 0))
    if runs + by > 0:
        counts[key] = runs + by, well + by * good
    else:
        counts.pop(key, None)
