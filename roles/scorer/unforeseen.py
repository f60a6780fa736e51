"""How much likelier the label for everything else must be made than its examples alone would have it.

The other labels stand for closed topics; "none" stands for all the rest, and much of what people say there has no
example. Predictions whose folds leave out a phrasing still know its topic, so they flatter that label. Here whole
regions of its examples are left out, and one number is added to its score: the one at which predictions are likeliest
when three of four requests of that label are of a topic without an example.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["open_bias", "region_folds"]

_REGIONS = 24
_DIMENSIONS = 60
_UNFORESEEN = 0.75
_BIASES = tuple(0.02 * step for step in range(51))


def region_folds(rows: Any, folds: int) -> Any:
    """The fold of each row of a sparse matrix of features, such that rows that are alike share one (k-means).

    Too few rows to tell regions apart are all in fold 0.
    """
    numpy: Any = import_module("numpy")
    if rows.shape[0] < 4 * _REGIONS or rows.shape[1] <= _DIMENSIONS:
        return numpy.zeros(rows.shape[0], dtype=int)
    decomposition: Any = import_module("sklearn.decomposition")
    cluster: Any = import_module("sklearn.cluster")
    dense = decomposition.TruncatedSVD(_DIMENSIONS, random_state=0).fit_transform(rows)
    return cluster.KMeans(_REGIONS, n_init=3, random_state=0).fit_predict(dense) % folds


def open_bias(scores: Any, unforeseen: Any, target: Any, column: int) -> float:
    """What to add to the scores of `column`.

    `scores` are those of predictions whose folds leave out phrasings (a row an example), `unforeseen` those that leave
    out regions of the examples of `column`; `target` has the column of each row's label.
    """
    numpy: Any = import_module("numpy")
    rows = numpy.arange(len(target))
    is_open = target == column

    def loss(added: float) -> float:
        total = 0.0
        for values, share in ((scores, 1.0 - _UNFORESEEN), (unforeseen, _UNFORESEEN)):
            shifted = values.copy()
            shifted[:, column] += added
            top = shifted.max(axis=1)
            lost = top + numpy.log(numpy.exp(shifted - top[:, None]).sum(axis=1)) - shifted[rows, target]
            total += share * float(lost[is_open].sum())
            if values is scores:
                total += float(lost[~is_open].sum())
        return total

    return min(_BIASES, key=loss)
