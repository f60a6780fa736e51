"""Fits what reads an encoder's vectors; nothing here is imported while requests are served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from common.language.encoders import Encoder
from roles.scorer.calibration import PrecisionCurve
from roles.scorer.dense import DenseHead
from roles.scorer.fitting import FitSettings, Fitted, fold_of, judge, softmax_rows
from roles.scorer.training import Example

__all__ = ["fit_head"]

_REGULARIZATION = 10.0
_ITERATIONS = 200
_SHARES = tuple(0.1 * step for step in range(16))
"""The weights that are tried for the scores of words and of vectors."""


def fit_head(
    corpus: Sequence[Example], fitted: Fitted, encoder: Encoder, merge: Callable[[str], str], digest: str
) -> DenseHead:
    """Fit on the examples that `fitted` was fitted on, and weigh both by their predictions out of fold.

    Some milliseconds an example, and a minute more.
    """
    numpy: Any = import_module("numpy")
    linear: Any = import_module("sklearn.linear_model")
    labels = fitted.table.labels
    vectors = encoder.encode([example.text for example in corpus])
    target = numpy.array([labels.index(example.label) for example in corpus])
    folds = numpy.array([fold_of(example.group, FitSettings().folds) for example in corpus])
    scores = numpy.zeros((len(corpus), len(labels)))
    for fold in range(FitSettings().folds):
        seen, unseen = folds != fold, folds == fold
        if unseen.any():
            model = linear.LogisticRegression(C=_REGULARIZATION, max_iter=_ITERATIONS)
            model.fit(vectors[seen], target[seen])
            scores[numpy.ix_(unseen, model.classes_)] = model.decision_function(vectors[unseen])
    lexical = numpy.log(numpy.maximum(numpy.array(fitted.out_of_fold), 1e-12))
    rows = numpy.arange(len(target))

    def loss(shares: tuple[float, float]) -> float:
        chosen = softmax_rows(shares[0] * lexical + shares[1] * scores)[rows, target]
        return float(-numpy.log(numpy.maximum(chosen, 1e-12)).sum())

    shares = min(((word, meant) for word in _SHARES for meant in _SHARES if word + meant), key=loss)
    calibrated = softmax_rows(shares[0] * lexical + shares[1] * scores)
    curve = PrecisionCurve.measure(*judge(calibrated, target, labels, merge))
    whole = linear.LogisticRegression(C=_REGULARIZATION, max_iter=_ITERATIONS).fit(vectors, target)
    facts = {"corpus": digest, "curve": curve.to_json()}
    weights = whole.coef_.T.astype(numpy.float32)
    return DenseHead(encoder.name, labels, weights, whole.intercept_.astype(numpy.float32), *shares, facts)
