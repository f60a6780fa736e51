"""Learns what groups of features add to a pooled rate: ridge logistic regression, and how much of it holds elsewhere.

Each group is learned by itself on top of the rate of its cell. What it gives on tasks that it was not learned from
decides its slope, so that a group which only remembers its tasks adds nothing, and the sum stays calibrated (stacking,
Wolpert 1992). numpy and scipy are imported here, when something is learned.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from supervisor.learning.forecast import Weights
from supervisor.learning.prediction_features import SIZE, Group

__all__ = ["FOLDS", "fit_stage"]

FOLDS = 4
_RIDGE: Mapping[str, float] = {"shape": 3.0, "words": 3.0, "steps": 5.0, "thoughts": 5.0}
_HALF = 0.5
"""The slope that a group begins with, where tasks tell little."""
_SLOPE_RIDGE = 12.0
_MAX_SLOPE = 1.25
_ROUNDS = 60
_NEAR = 1e-6
"""The relative change of the loss at which a search ends."""

Array = Any
"""A numpy array or a scipy matrix, whose types are not known without importing them."""


def _module(name: str) -> Any:
    return import_module(name)


def fit_stage(
    groups: Mapping[str, Sequence[Group]], outcomes: Sequence[bool], odds: Sequence[float], folds: Sequence[int]
) -> dict[str, Weights]:
    """The weights of each group.

    `odds` are the log odds of each run's cell as known without its fold, `folds` (0 to `FOLDS` - 1) keep the runs of a
    task together.
    """
    np = _module("numpy")

    good, offset = np.asarray(outcomes, float), np.asarray(odds, float)
    fold = np.asarray(folds)
    tables = {name: _table(rows) for name, rows in groups.items()}
    unseen: Array = np.zeros((len(good), len(tables)))
    for number in range(FOLDS):
        out = fold == number
        if not out.any() or out.all():
            continue
        for column, (name, table) in enumerate(tables.items()):
            weights, start, _ = _ridge(table[~out], good[~out], offset[~out], _RIDGE[name])
            unseen[out, column] = table[out] @ weights + start
    slopes = _slopes(unseen, good, offset)
    return {
        name: _weights(_ridge(table, good, offset, _RIDGE[name]), slope)
        for (name, table), slope in zip(tables.items(), slopes, strict=True)
    }


def _table(rows: Sequence[Group]) -> Array:
    np, sparse = _module("numpy"), _module("scipy.sparse")

    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    places = np.concatenate([np.frombuffer(places, np.uint16) for places, _ in rows] or [np.empty(0)])
    values = np.concatenate([np.frombuffer(values, np.float32) for _, values in rows] or [np.empty(0)])
    return sparse.csr_matrix((values.astype(float), places.astype(np.int32), ends), shape=(len(rows), SIZE))


def _ridge(table: Array, good: Array, offset: Array, strength: float) -> tuple[Array, float, Array]:
    """Weights, start and variances (the inverse of the diagonal of the posterior's precision, after Laplace)."""
    np, minimize = _module("numpy"), _module("scipy.optimize").minimize

    used = np.unique(table.indices)
    part = table[:, used]
    mean: Array = np.asarray(part.mean(0)).ravel()

    def loss(found: Array) -> tuple[float, Array]:
        weights = found[1:]
        odds = part @ weights + offset + (found[0] - mean @ weights)
        wrong = 1 / (1 + np.exp(-odds)) - good
        total = np.logaddexp(0, odds).sum() - good @ odds + strength / 2 * (weights @ weights)
        slope = wrong.sum()
        return total, np.concatenate([[slope], part.T @ wrong - mean * slope + strength * weights])

    found = minimize(
        loss, np.zeros(len(used) + 1), jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS, "ftol": _NEAR}
    ).x
    weights, variances = np.zeros(SIZE), np.full(SIZE, 1 / strength)
    weights[used] = found[1:]
    start = float(found[0] - mean @ found[1:])
    chance = 1 / (1 + np.exp(-(table @ weights + start + offset)))
    variances[used] = 1 / (strength + part.multiply(part).T @ (chance * (1 - chance)))
    return weights, start, variances


def _slopes(unseen: Array, good: Array, offset: Array) -> list[float]:
    """How much of each group's score to believe: Newton's steps of a logistic regression drawn to one half."""
    np = _module("numpy")

    slopes: Array = np.full(unseen.shape[1], _HALF)
    for _ in range(20):
        chance = 1 / (1 + np.exp(-(offset + unseen @ slopes)))
        down = unseen.T @ (chance - good) + _SLOPE_RIDGE * (slopes - _HALF)
        curve = (unseen.T * (chance * (1 - chance))) @ unseen + _SLOPE_RIDGE * np.eye(len(slopes))
        slopes = np.clip(slopes - np.linalg.solve(curve, down), 0.0, _MAX_SLOPE)
    return [float(slope) for slope in slopes]


def _weights(learned: tuple[Array, float, Array], slope: float) -> Weights:
    weights, start, variances = learned
    return Weights(array("f", weights.tolist()), array("f", variances.tolist()), start, slope)
