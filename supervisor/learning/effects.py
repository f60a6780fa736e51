"""Effects of behaviours on success, estimated within strata and with tasks as the units of evidence.

Where tasks were run more than once, runs of one task are compared with each other (so that a task's difficulty can't
pass for behaviour) with agent, guideline version and domain taken out as well; where they weren't, runs of the same
agent, version and domain are. In both a run that did not come to an end of its own is never compared with one that did.
The test is Cochran–Mantel–Haenszel's (conditional on the strata), its variance never smaller than the one that is
robust to dependence among the runs of a task, so that repeated runs are not counted as independent evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse, special

__all__ = ["Design", "Effects", "estimate", "make_design", "too_thin"]

_MAX_LEVELS = 40
_LEAST_EXPECTED = 5.0


@dataclass(slots=True)
class Design:
    """What each trace belongs to. `levels`: stratum of agent, version, domain and end; `agents`: the agent alone."""

    outcomes: Any
    tasks: Any
    levels: Any
    agents: Any
    buckets: Any
    within_tasks: bool

    def rows(self, mask: Any) -> Design:
        """The design of some of the traces; their strata are chosen anew."""
        return make_design(
            self.outcomes[mask], self.tasks[mask], self.levels[mask], self.agents[mask], self.buckets[mask]
        )


@dataclass(slots=True)
class Effects:
    """One entry for each column.

    difference: in success rate, within strata; error: its standard error. z, p: of the test, two-sided.
    crude: the difference without strata. support: traces with the behaviour; compared: traces that could be compared.
    expected: the smallest of the four counts expected in the strata's tables (small: too thin to judge).
    bucket_sums, bucket_squares: parts of the score and its variance by bucket of tasks, for held-out checks.
    turned: an agent by itself shows the opposite sign. within_tasks: runs of one task were compared. rows: traces.
    """

    difference: Any
    error: Any
    z: Any
    p: Any
    crude: Any
    support: Any
    compared: Any
    expected: Any
    bucket_sums: Any
    bucket_squares: Any
    turned: Any
    within_tasks: bool
    rows: int


def make_design(outcomes: Any, tasks: Any, levels: Any, agents: Any, buckets: Any) -> Design:
    """Strata for these traces. `buckets`: of each trace's task."""
    _, tasks = np.unique(tasks, return_inverse=True)
    runs = np.bincount(tasks)
    within = bool(len(tasks)) and float((runs[tasks] > 1).mean()) >= 0.5
    return Design(outcomes, tasks, _common(levels), agents, buckets, within)


def _common(levels: Any) -> Any:
    """Levels numbered from 0, the rarest beyond forty taken as one."""
    _, numbers, counts = np.unique(levels, return_inverse=True, return_counts=True)
    if len(counts) <= _MAX_LEVELS:
        return numbers
    kept = np.argsort(-counts, kind="stable")[: _MAX_LEVELS - 1]
    renumber = np.full(len(counts), _MAX_LEVELS - 1)
    renumber[kept] = np.arange(_MAX_LEVELS - 1)
    return renumber[numbers]


def _indicator(codes: Any) -> Any:
    count = len(codes)
    found: Any = sparse.csr_matrix((np.ones(count), codes, np.arange(count + 1)), shape=(count, int(codes.max()) + 1))
    return found


def _dense(matrix: Any) -> Any:
    return matrix.toarray()


def _same(value: Any) -> Any:
    """The value without what numpy's stubs know of it, which is less than nothing beside scipy's sparse matrices."""
    return value


def estimate(matrix: Any, design: Design, bucket_count: int) -> Effects:
    """The effects of all columns of a sparse 0/1 matrix whose rows are the design's traces."""
    outcomes = np.asarray(design.outcomes, float)
    matrix = matrix.astype(np.float64)
    levels = _indicator(design.levels)
    tasks = _indicator(design.tasks)
    strata = tasks if design.within_tasks else levels
    size = np.asarray(strata.sum(0)).ravel()
    counts: Any = (strata.T @ matrix).tocsr()

    covariates, residual = _dense(levels), _same(outcomes)
    if design.within_tasks:
        residual = outcomes - ((strata.T @ outcomes) / size)[design.tasks]
        covariates = covariates - (strata.T @ covariates / size[:, None])[design.tasks]
    inverse = _same(np.linalg.pinv(covariates.T @ covariates, hermitian=True))
    residual = residual - covariates @ (inverse @ (covariates.T @ residual))
    crossed = (matrix.T @ covariates).T
    slopes = inverse @ crossed

    squares = np.asarray(matrix.sum(0)).ravel()
    if design.within_tasks:
        squares = squares - np.asarray(counts.power(2).multiply((1 / size)[:, None]).sum(0)).ravel()
    squares = np.maximum(squares - np.einsum("ij,ij->j", slopes, crossed), 0.0)

    spread = (strata.T @ residual**2) / np.maximum(_same(size) - 1, 1)
    modelled = counts.T @ spread - np.asarray(counts.power(2).multiply((spread / size)[:, None]).sum(0)).ravel()
    sums, robust = _by_bucket(matrix, tasks, residual, covariates, slopes, design, bucket_count)
    score = sums.sum(0)
    clusters = _informative(counts, size, spread) if design.within_tasks else np.full(len(score), tasks.shape[1])
    grown = np.maximum(clusters, 2) / np.maximum(clusters - 1, 1)
    variance = np.maximum(modelled, robust.sum(0) * grown)
    valid = (variance > 1e-9) & (squares > 1e-9)
    deviation = np.sqrt(np.where(valid, variance, 1.0))
    z = np.where(valid, score / deviation, 0.0)
    # Student's distribution with the number of informative tasks: few tasks can't make a strong case.
    tail = special.stdtr(np.maximum(clusters - 1, 1), -np.abs(z))
    z = np.sign(z) * -special.ndtri(np.maximum(tail, 1e-300))
    support = np.asarray(matrix.sum(0)).ravel()
    return Effects(
        difference=np.where(valid, score / np.where(valid, squares, 1.0), 0.0),
        error=np.where(valid, deviation / np.where(valid, squares, 1.0), np.inf),
        z=z,
        p=np.minimum(2 * tail, 1.0),
        crude=_crude(matrix, outcomes),
        support=support.astype(int),
        compared=_compared(counts, size, spread),
        expected=_expected(counts, size, strata.T @ outcomes),
        bucket_sums=sums,
        bucket_squares=np.maximum(robust, modelled * (robust / np.maximum(robust.sum(0), 1e-12))),
        turned=_turned(matrix, outcomes, design.agents),
        within_tasks=design.within_tasks,
        rows=len(outcomes),
    )


def _by_bucket(
    matrix: Any, tasks: Any, residual: Any, covariates: Any, slopes: Any, design: Design, bucket_count: int
) -> tuple[Any, Any]:
    """Sums of the tasks' scores and of their squares, bucket by bucket, without a dense table of tasks × columns."""
    scores: Any = (tasks.T @ matrix.multiply(residual[:, None]).tocsr()).tocsr()
    shifts: Any = tasks.T @ (covariates * residual[:, None])
    count, width = int(shifts.shape[0]), int(shifts.shape[1])
    of_task = np.zeros(count, int)
    of_task[design.tasks] = design.buckets
    each = np.arange(count)
    places: Any = sparse.csr_matrix((np.ones(count), (of_task, each)), shape=(bucket_count, count))
    # One row for each covariate and bucket, so that all buckets are summed in one product.
    rows = (np.arange(width)[:, None] * bucket_count + of_task[None, :]).ravel()
    crossed: Any = sparse.csr_matrix(
        (shifts.T.ravel(), (rows, np.tile(each, width))), shape=(width * bucket_count, count)
    )
    sums = _dense(places @ scores) - (places @ shifts) @ slopes
    products = _dense(crossed @ scores).reshape(width, bucket_count, -1)
    own = (crossed @ shifts).reshape(width, bucket_count, width)
    squares = _dense(places @ scores.power(2)) - 2 * np.einsum("kbj,kj->bj", products, slopes)
    squares += np.einsum("ij,ibk,kj->bj", slopes, own, slopes, optimize=True)
    return sums, np.maximum(squares, 0.0)


def _informative(counts: Any, size: Any, spread: Any) -> Any:
    """For each column the number of strata in which both it and the outcome vary."""
    entries = counts.tocoo()
    varied = (entries.data > 0) & (entries.data < size[entries.row]) & (spread[entries.row] > 1e-12)
    return np.bincount(entries.col[varied], minlength=counts.shape[1])


def _compared(counts: Any, size: Any, spread: Any) -> Any:
    entries = counts.tocoo()
    varied = (entries.data > 0) & (entries.data < size[entries.row]) & (spread[entries.row] > 1e-12)
    return np.bincount(entries.col[varied], weights=size[entries.row][varied], minlength=counts.shape[1]).astype(int)


def _expected(counts: Any, size: Any, successes: Any) -> Any:
    """The smallest expected count of behaviour (or none) × success (or failure), over strata where all can vary."""
    entries = counts.tocoo()
    of, good = size[entries.row], successes[entries.row]
    varied = (entries.data < of) & (good > 0) & (good < of)
    cells: list[Any] = []
    for shown in (entries.data, of - entries.data):
        for hits in (good, of - good):
            weights = np.where(varied, shown * hits / of, 0.0)
            cells.append(np.bincount(entries.col, weights=weights, minlength=counts.shape[1]))
    return np.min(cells, axis=0)


def _crude(matrix: Any, outcomes: Any) -> Any:
    count, good = len(outcomes), outcomes.sum()
    shown = np.asarray(matrix.sum(0)).ravel()
    hits = matrix.T @ outcomes
    return hits / np.maximum(shown, 1) - (good - hits) / np.maximum(count - shown, 1)


def _turned(matrix: Any, outcomes: Any, agents: Any) -> Any:
    """Whether the sign is not the same in every agent that has ten runs with and ten without the behaviour."""
    lows, highs = np.zeros(matrix.shape[1], bool), np.zeros(matrix.shape[1], bool)
    for agent in np.unique(agents):
        rows = np.flatnonzero(agents == agent)
        part = matrix[rows]
        shown = np.asarray(part.sum(0)).ravel()
        enough = (shown >= 10) & (len(rows) - shown >= 10)
        crude = _crude(part, outcomes[rows])
        lows |= enough & (crude < 0)
        highs |= enough & (crude > 0)
    return lows & highs


def too_thin(effects: Effects) -> Any:
    """Columns for which the tables hold too little for the test to be trusted."""
    return effects.expected < _LEAST_EXPECTED
