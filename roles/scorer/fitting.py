"""Fits the classifier with scikit-learn; nothing here is imported while requests are served.

The probabilities are calibrated by one temperature, and the thresholds for a wanted precision measured, on predictions
out of fold: folds never share a topic or a phrasing, so that what is measured is how well unseen wording is read.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from roles.scorer.calibration import PrecisionCurve
from roles.scorer.features import FeatureBlocks, extract
from roles.scorer.table import LinearTable
from roles.scorer.training import Example
from roles.scorer.unforeseen import open_bias, region_folds

__all__ = [
    "FitSettings",
    "Fitted",
    "design_matrix",
    "fit",
    "fold_of",
    "judge",
    "logistic_regression",
    "softmax_rows",
    "to_table",
    "vocabulary_of",
]

_TEMPERATURES = tuple(round(0.4 * 1.03**step, 4) for step in range(62))


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How to fit; chosen by predictions out of fold on the project's own examples alone.

    `scales` weigh the blocks of features, `regularization` is scikit-learn's C, and features whose largest coefficient
    is under `drop_below` are left out of the table.
    """

    scales: tuple[float, float, float] = (1.0, 1.2, 1.0)
    regularization: float = 20.0
    iterations: int = 150
    folds: int = 5
    drop_below: float = 0.1


@dataclass(frozen=True, slots=True)
class Fitted:
    """The table to serve, the scikit-learn model it equals (over `vocabulary`), and what was seen out of fold.

    `out_of_fold` has one row of calibrated probabilities per example, in the order of the table's labels.
    """

    table: LinearTable
    model: Any
    vocabulary: Mapping[str, int]
    out_of_fold: Sequence[Sequence[float]]
    curve: PrecisionCurve
    temperature: float

    def design(self, texts: Sequence[str]) -> Any:
        """The sparse matrix that the scikit-learn model takes for these texts."""
        return design_matrix([extract(text) for text in texts], self.vocabulary, self.table.scales)


def fit(
    corpus: Sequence[Example],
    *,
    merge: Callable[[str], str],
    open_label: str | None = None,
    settings: FitSettings | None = None,
    facts: Mapping[str, Any] | None = None,
    fillings: Sequence[Sequence[Example]] = (),
) -> Fitted:
    """Fit on a corpus of at least three labels.

    `merge` maps a label to what it counts as when a prediction is judged right or wrong: labels that lead to the same
    place count as one. `open_label` is the one that stands for everything else, if there is one (see `unforeseen`).
    `facts` are kept in the table beside what is measured. `fillings` are corpora that say the same in other words: the
    model is fitted on one after the other, each time from where it was, and the mean of what it was after each is
    served, so that less hangs on the values that a phrasing was filled with (Polyak and Juditsky 1992, "Acceleration
    of stochastic approximation by averaging"; the mean of linear models is one linear model). What is measured out of
    fold is such a mean as well.
    """
    settings = settings or FitSettings()
    numpy: Any = import_module("numpy")
    labels = sorted({example.label for example in corpus})
    vocabulary, read = _read([corpus, *fillings], labels, settings)
    target, folds = read[0].target, [one.folds for one in read]
    raw = _out_of_fold(read, folds, len(labels), settings)
    temperature = _temperature(raw, target)
    added = numpy.zeros(len(labels))
    if open_label in labels:
        column = labels.index(open_label)
        apart = _out_of_fold(read, _by_region(read, column, settings), len(labels), settings)
        added[column] = open_bias(raw / temperature, apart / temperature, target, column)
    calibrated = softmax_rows(raw / temperature + added)
    curve = PrecisionCurve.measure(*judge(calibrated, target, labels, merge))
    model = _mean_model([(one.design, one.target) for one in read], settings)
    table = to_table(
        labels,
        vocabulary,
        model.coef_ / temperature,
        model.intercept_ / temperature + added,
        settings.scales,
        settings.drop_below,
        {**(facts or {}), "curve": curve.to_json(), "temperature": temperature, "open_bias": float(added.max())},
    )
    _serve_alike(model, table)
    kept = {name: at // len(labels) for name, at in table.index.items()}
    return Fitted(table, model, kept, calibrated.tolist(), curve, temperature)


@dataclass(frozen=True, slots=True)
class _Filling:
    """A corpus, read: a row of features, the column of the label and the fold of each example."""

    design: Any
    target: Any
    folds: Any


def _read(
    corpora: Sequence[Sequence[Example]], labels: Sequence[str], settings: FitSettings
) -> tuple[dict[str, int], list[_Filling]]:
    """The features of all corpora, and each corpus over them."""
    numpy: Any = import_module("numpy")
    blocks = [[extract(example.text) for example in corpus] for corpus in corpora]
    vocabulary = vocabulary_of([each for one in blocks for each in one])
    return vocabulary, [
        _Filling(
            design_matrix(one, vocabulary, settings.scales),
            numpy.array([labels.index(example.label) for example in corpus]),
            numpy.array([fold_of(example.group, settings.folds) for example in corpus]),
        )
        for corpus, one in zip(corpora, blocks, strict=True)
    ]


def _mean_model(fillings: Sequence[tuple[Any, Any]], settings: FitSettings) -> Any:
    """The mean of one model after each of the fillings, given as features and targets."""
    model = logistic_regression(settings.regularization, settings.iterations).set_params(warm_start=True)
    passes: list[tuple[Any, Any]] = []
    for design, target in fillings:
        model.fit(design, target)
        passes.append((model.coef_, model.intercept_))
    model.coef_ = sum(coefficients for coefficients, _ in passes) / len(passes)
    model.intercept_ = sum(bias for _, bias in passes) / len(passes)
    return model


def vocabulary_of(blocks: Sequence[FeatureBlocks]) -> dict[str, int]:
    """Every feature of these texts with its column."""
    names = sorted({name for block in blocks for part in block for name in part})
    return {name: number for number, name in enumerate(names)}


def design_matrix(blocks: Sequence[FeatureBlocks], vocabulary: Mapping[str, int], scales: Sequence[float]) -> Any:
    """A sparse row per text; features outside the vocabulary only count for the length of their block."""
    sparse: Any = import_module("scipy.sparse")
    values, columns, ends = array("d"), array("i"), array("i", [0])
    for parts in blocks:
        for names, scale in zip(parts, scales, strict=True):
            if names:
                value = scale / math.sqrt(len(names))
                for name in names:
                    column = vocabulary.get(name)
                    if column is not None:
                        columns.append(column)
                        values.append(value)
        ends.append(len(columns))
    return sparse.csr_matrix((values, columns, ends), shape=(len(blocks), len(vocabulary)))


def logistic_regression(regularization: float, iterations: int) -> Any:
    """An unfitted scikit-learn model."""
    linear_model: Any = import_module("sklearn.linear_model")
    return linear_model.LogisticRegression(C=regularization, max_iter=iterations, tol=1e-3)


def to_table(
    labels: Sequence[str],
    vocabulary: Mapping[str, int],
    coefficients: Any,
    bias: Any,
    scales: Sequence[float],
    drop_below: float,
    facts: Mapping[str, Any],
) -> LinearTable:
    """Coefficients (a row per label) rounded to two bytes each, without the features that hardly matter."""
    numpy: Any = import_module("numpy")
    largest = numpy.abs(coefficients).max(axis=0)
    names = [name for name, column in vocabulary.items() if largest[column] >= drop_below]
    step = float(largest.max()) / 32_000 or 1.0
    rows = numpy.rint(coefficients[:, [vocabulary[name] for name in names]].T / step).astype("<i2")
    index = {name: number * len(labels) for number, name in enumerate(names)}
    weights = array("h", rows.reshape(-1).tolist())
    return LinearTable(tuple(labels), tuple(map(float, bias)), index, weights, step, tuple(scales), facts)


def fold_of(group: str, folds: int) -> int:
    """The fold that the examples of a group are in."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:4], "big") % folds


def _by_region(read: Sequence[_Filling], column: int, settings: FitSettings) -> list[Any]:
    """The folds of each corpus, with those of the examples of one label by region instead."""
    sparse: Any = import_module("scipy.sparse")
    chosen = [one.target == column for one in read]
    rows = sparse.vstack([one.design[mask] for one, mask in zip(read, chosen, strict=True)], format="csr")
    regions = region_folds(rows, settings.folds)
    mixed: list[Any] = []
    for one, mask in zip(read, chosen, strict=True):
        folds = one.folds.copy()
        folds[mask], regions = regions[: mask.sum()], regions[mask.sum() :]
        mixed.append(folds)
    return mixed


def _out_of_fold(read: Sequence[_Filling], folds: Sequence[Any], width: int, settings: FitSettings) -> Any:
    """One row of uncalibrated scores per example of the first corpus, from a model that saw nothing of its fold."""
    numpy: Any = import_module("numpy")
    first, of_first = read[0], folds[0]
    scores = numpy.full((len(first.target), width), -30.0)
    for fold in range(settings.folds):
        seen = [(one.design[mine != fold], one.target[mine != fold]) for one, mine in zip(read, folds, strict=True)]
        unseen = numpy.nonzero(of_first == fold)[0]
        if not len(unseen) or len(set(seen[0][1].tolist())) < 3:
            continue
        model = _mean_model(seen, settings)
        scores[numpy.ix_(unseen, model.classes_)] = model.decision_function(first.design[unseen])
    return scores


def softmax_rows(scores: Any) -> Any:
    """Probabilities in the proportion of the exponentials of the scores, row by row."""
    numpy: Any = import_module("numpy")
    powers = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _temperature(scores: Any, target: Any) -> float:
    """The temperature at which the predictions out of fold are most likely."""
    numpy: Any = import_module("numpy")
    rows = numpy.arange(len(target))

    def loss(temperature: float) -> float:
        chosen = softmax_rows(scores / temperature)[rows, target]
        return float(-numpy.log(numpy.maximum(chosen, 1e-12)).sum())

    return min(_TEMPERATURES, key=loss)


def _serve_alike(model: Any, table: LinearTable) -> None:
    """Give the scikit-learn model the coefficients that are served, so that the two can be compared."""
    numpy: Any = import_module("numpy")
    rows = numpy.array(table.weights, dtype=float).reshape(-1, len(table.labels))
    model.coef_, model.intercept_ = rows.T * table.step, numpy.array(table.bias)
    model.n_features_in_ = len(table.index)


def judge(
    calibrated: Any, target: Any, labels: Sequence[str], merge: Callable[[str], str]
) -> tuple[list[float], list[bool]]:
    """The confidence of every prediction out of fold and whether it was right, labels merged."""
    numpy: Any = import_module("numpy")
    merged = [merge(label) for label in labels]
    outcomes = sorted(set(merged))
    joined = numpy.stack(
        [calibrated[:, [at for at, name in enumerate(merged) if name == outcome]].sum(axis=1) for outcome in outcomes],
        axis=1,
    )
    wanted = numpy.array([outcomes.index(name) for name in merged])[target]
    return joined.max(axis=1).tolist(), (joined.argmax(axis=1) == wanted).tolist()
