"""What differs over many compared requests, and whether that can be told at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from common.comparison import ComparedSide
from events.catalogue.comparison import EnginesCompared
from supervisor.comparison.statistics import difference_of_proportions, hodges_lehmann, holm, mcnemar, signed_rank

__all__ = ["FINE", "LEVEL", "Metric", "is_fine", "summarise"]

FINE = frozenset({"success", "partial", "awaiting_approval"})
LEVEL = 0.05

_MEASURED: tuple[tuple[str, str, Callable[[ComparedSide], float | None]], ...] = (
    ("time", "s", lambda side: side.seconds),
    ("tokens", "", lambda side: side.input_tokens + side.output_tokens),
    ("cost", "$", lambda side: side.cost),
    ("model calls", "", lambda side: side.model_calls),
    ("tool calls", "", lambda side: side.tool_calls),
)


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that was measured of both engines, over `pairs` requests.

    `first` and `second` are shares of success, else medians. `difference` is the second's less the first's (of shares;
    else the Hodges–Lehmann estimate), `low` and `high` its interval of 95 %. `p` is the paired test's, `p_holm` that
    corrected for all metrics being tested. `verdict` is ``lower`` or ``higher`` (the second, significantly), ``not
    told apart``, ``equal`` (in every single request) or ``too few to tell``; ``not known`` where nothing was measured.
    """

    name: str
    unit: str
    pairs: int
    test: str
    first: float | None = None
    second: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    verdict: str = "not known"

    def as_json(self) -> dict[str, Any]:
        """The figures for programs."""
        return asdict(self)


def is_fine(side: ComparedSide) -> bool:
    """Whether a side did what it was asked; an engine that another one had to stand in for did not."""
    return side.outcome in FINE and side.fallback is None


def summarise(compared: Sequence[EnginesCompared]) -> list[Metric]:
    """Every metric over all compared requests; takes a moment for thousands of them."""
    measured = [_success(compared), *(_metric(compared, *entry) for entry in _MEASURED)]
    tested = [metric for metric in measured if metric.p is not None]
    corrected = dict(zip((metric.name for metric in tested), holm([metric.p or 0.0 for metric in tested]), strict=True))
    return [_judged(metric, corrected.get(metric.name), len(tested)) for metric in measured]


def _success(compared: Sequence[EnginesCompared]) -> Metric:
    name, test = "success", "McNemar, exact"
    pairs = [(is_fine(event.first), is_fine(event.second)) for event in compared]
    if not pairs:
        return Metric(name, "share", 0, test)
    both, only_first = pairs.count((True, True)), pairs.count((True, False))
    only_second, neither = pairs.count((False, True)), pairs.count((False, False))
    estimate = difference_of_proportions(both, only_first, only_second, neither)
    return Metric(
        name, "share", len(pairs), test,
        first=(both + only_first) / len(pairs),
        second=(both + only_second) / len(pairs),
        difference=estimate.value, low=estimate.low, high=estimate.high,
        p=mcnemar(only_first, only_second),
        verdict="equal" if only_first == only_second == 0 else "",
    )  # fmt: skip


def _metric(
    compared: Sequence[EnginesCompared], name: str, unit: str, measure: Callable[[ComparedSide], float | None]
) -> Metric:
    test = "Wilcoxon signed-rank"
    both = [(measure(event.first), measure(event.second)) for event in compared]
    pairs = [(first, second) for first, second in both if first is not None and second is not None]
    if not pairs:
        return Metric(name, unit, 0, test)
    differences = [second - first for first, second in pairs]
    estimate = hodges_lehmann(differences)
    return Metric(
        name, unit, len(pairs), test,
        first=median(first for first, _ in pairs),
        second=median(second for _, second in pairs),
        difference=estimate.value, low=estimate.low, high=estimate.high,
        p=signed_rank(differences),
        verdict="" if any(differences) else "equal",
    )  # fmt: skip


def _judged(metric: Metric, corrected: float | None, tests: int) -> Metric:
    """With the corrected p-value, and a verdict where there is none yet."""
    if corrected is None:
        return metric
    verdict = metric.verdict
    if metric.pairs < _least_pairs(tests):
        verdict = "too few to tell"
    elif not verdict:
        verdict = "not told apart"
        if corrected < LEVEL:
            verdict = "higher" if (metric.difference or 0.0) > 0 else "lower"
    return replace(metric, p_holm=corrected, verdict=verdict)


def _least_pairs(tests: int) -> int:
    """With fewer pairs no difference could be significant, were it the same in every one of them."""
    pairs = 1
    while 2 ** (1 - pairs) * tests >= LEVEL:
        pairs += 1
    return pairs
