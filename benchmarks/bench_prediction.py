"""Predictions of success: do they tell good runs from bad on unseen tasks, are they calibrated, and what do they cost?

python -m benchmarks.bench_prediction FILE… [--splits N]  trace files (JSON lines, gzip too): halves of the tasks
python -m benchmarks.bench_prediction --speed            microseconds for a prediction, seconds for 10,000 runs
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from benchmarks.bench_patterns import AGENT_TYPE, halves, read
from supervisor.learning.forecast import Forecast, engine_of
from supervisor.learning.prediction import SuccessPredictor
from supervisor.learning.records import MAX_TEXT, Record, Step
from supervisor.learning.reliability import expected_error, reliability

_BEGINNING = 3


def records_of(path: Path) -> list[Record]:
    """The records of a trace file, with the tasks in words."""
    import gzip

    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        tasks = [str(json.loads(line).get("task", "")) for line in lines]
    return [replace(record, task=task) for record, task in zip(read(path), tasks, strict=True)]


def auc(chances: Sequence[float], outcomes: Sequence[bool]) -> float:
    """The probability that a good run is given more than a bad one (ties count half)."""
    ranks: Any = import_module("scipy.stats").rankdata(chances)
    good = sum(outcomes)
    total = sum(rank for rank, outcome in zip(ranks, outcomes, strict=True) if outcome)
    return float((total - good * (good + 1) / 2) / (good * (len(outcomes) - good)))


def tool_counts(known: Sequence[Record], unseen: Sequence[Record]) -> list[float]:
    """The baseline: logistic regression on how often each tool was called."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    table: Any = DictVectorizer(sparse=False)
    model: Any = LogisticRegression(max_iter=2_000)
    model.fit(table.fit_transform([_counts(record) for record in known]), [record.success for record in known])
    return [float(row[1]) for row in model.predict_proba(table.transform([_counts(record) for record in unseen]))]


def _counts(record: Record) -> dict[str, int]:
    return dict(Counter(step.name for step in record.steps if step.kind == "tool"))


def learned(known: Sequence[Record]) -> Forecast:
    """What our predictor makes of records."""
    predictor = SuccessPredictor()
    predictor.update(known)
    predictor.learn()
    return predictor.forecast


def before(forecast: Forecast, record: Record) -> float:
    """Of the request alone."""
    found = forecast.predict(
        record.task, agent_type=record.agent_type, engine=engine_of(record), version=record.version,
        domain=record.domain, task_id=record.task_id,
    )  # fmt: skip
    return 0.5 if found is None else found.probability


def beginning(forecast: Forecast, record: Record) -> float:
    """Of the first steps."""
    found = forecast.predict_run(replace(record, steps=record.steps[:_BEGINNING]), running=True)
    return 0.5 if found is None else found.probability


def ended(forecast: Forecast, record: Record) -> float:
    """Of all steps."""
    found = forecast.predict_run(replace(record, success=None))
    return 0.5 if found is None else found.probability


WAYS = {"before the run": before, f"first {_BEGINNING} steps": beginning, "all of its steps": ended}


def of_file(path: Path, splits: int) -> None:
    """Print the figures of one file."""
    records = [record for record in records_of(path) if record.success is not None]
    print(
        f"\n{path.name}: {len(records)} runs, {len({r.task_id for r in records})} tasks, {splits} halves of the tasks"
    )
    given: dict[str, list[tuple[list[float], list[bool]]]] = {name: [] for name in ("tool counts", *WAYS)}
    for seed in range(splits):
        known, unseen = halves(records, seed)
        forecast = learned(known)
        outcomes = [bool(record.success) for record in unseen]
        given["tool counts"].append((tool_counts(known, unseen), outcomes))
        for name, way in WAYS.items():
            given[name].append(([way(forecast, record) for record in unseen], outcomes))
    for name, found in given.items():
        areas = [auc(*each) for each in found]
        errors = [expected_error(*each) for each in found]
        lowest = [expected_error(chances, _drawn(chances, seed)) for seed, (chances, _) in enumerate(found)]
        print(
            f"  {name:18} AUC {fmean(areas):.3f} ± {pstdev(areas):.3f}   ECE {fmean(errors):.3f} "
            f"(of outcomes drawn by these very probabilities {fmean(lowest):.3f})"
        )
    chances = [chance for each, _ in given["before the run"] for chance in each]
    outcomes = [outcome for _, each in given["before the run"] for outcome in each]
    print("  before the run, all halves together: said → was")
    for bin_ in reliability(chances, outcomes):
        print(f"    {bin_.said:.2f} → {bin_.was:.2f}  ({bin_.runs / splits:.0f} runs a half)")


def _drawn(chances: Sequence[float], seed: int) -> list[bool]:
    source = random.Random(seed)
    return [source.random() < chance for chance in chances]


def of_speed() -> None:
    """Print what a prediction costs, and learning from a full window."""
    source = random.Random(1)
    words = [f"word{n}" for n in range(2_000)]
    predictor = SuccessPredictor()
    texts = [" ".join(source.choices(words, k=15)) for _ in range(10_000)]
    start = time.perf_counter()
    predictor.update(
        Record(
            f"t{n}", AGENT_TYPE, f"task {n}", source.random() < 0.7, task=text, agent=f"agent{n % 3}",
            steps=tuple(Step("tool", f"tool{source.randrange(9)}", True, text=text[:MAX_TEXT]) for _ in range(10)),
        )
        for n, text in enumerate(texts)
    )  # fmt: skip
    print(f"\n10,000 runs of 10 steps taken in: {time.perf_counter() - start:.2f} s", end="")
    start = time.perf_counter()
    predictor.learn()
    print(f"; learned from: {time.perf_counter() - start:.1f} s")
    forecast = predictor.forecast
    agents = {f"agent{n}": (AGENT_TYPE, f"agent{n}", "1.0.0") for n in range(3)}
    nobody = {name: ("other", name, "") for name in agents}
    long = " ".join(source.choices(words, k=500))
    for title, text, asked in (
        ("a request of 15 words, three engines", texts[0], agents),
        ("a request of 500 words, three engines", long, agents),
        ("nothing known of its agents", texts[0], nobody),
    ):
        print(f"  {title}: {_microseconds(lambda t=text, a=asked: forecast.predict_each(t, a)):.1f} µs")
    empty = Forecast()
    print(f"  nothing learned: {_microseconds(lambda: empty.predict_each(texts[0], agents)):.2f} µs")


def _microseconds(work: Callable[[], object], times: int = 2_000) -> float:
    """The median of a call's time."""
    found: list[float] = []
    for _ in range(times):
        start = time.perf_counter_ns()
        work()
        found.append((time.perf_counter_ns() - start) / 1_000)
    return sorted(found)[len(found) // 2]


def main() -> None:
    """Read the command line and print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--speed", action="store_true")
    chosen = parser.parse_args()
    if not (chosen.files or chosen.speed):
        parser.error("name a trace file, or ask for --speed")
    for path in chosen.files:
        of_file(path, chosen.splits)
    if chosen.speed:
        of_speed()


if __name__ == "__main__":
    main()
