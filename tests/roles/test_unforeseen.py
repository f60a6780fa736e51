"""What is added to the score of "none" for requests that nobody foresaw."""

from __future__ import annotations

import numpy
import pytest
from scipy import sparse

from roles.scorer.unforeseen import open_bias, region_folds

ROWS, OPEN = 400, 2


def _scores(lead: float) -> numpy.ndarray:
    """Scores of three labels, a third of the rows of each; those of the open one lead by `lead` with much noise."""
    noise = numpy.random.default_rng(7).normal(0.0, 1.0, (ROWS, 3))
    target = numpy.arange(ROWS) % 3
    noise[numpy.arange(ROWS), target] += numpy.where(target == OPEN, lead, 2.0)
    return noise


def test_the_worse_unforeseen_requests_are_recognised_the_more_is_added() -> None:
    target = numpy.arange(ROWS) % 3
    added = [open_bias(_scores(2.0), _scores(lead), target, OPEN) for lead in (2.0, 1.0, 0.0, -1.0)]
    assert added == sorted(added)
    assert added[0] < 0.4 < added[-1]


def test_rows_that_are_alike_share_a_fold() -> None:
    generator = numpy.random.default_rng(1)
    kinds = generator.integers(0, 12, 600)
    rows = numpy.zeros((600, 240))
    for row, kind in enumerate(kinds):
        rows[row, kind * 20 + generator.integers(0, 20, 6)] = 1.0
    folds = region_folds(sparse.csr_matrix(rows), 8)
    shares = [numpy.bincount(folds[kinds == kind], minlength=8).max() / (kinds == kind).sum() for kind in range(12)]
    assert set(folds.tolist()) <= set(range(8))
    assert float(numpy.mean(shares)) > 0.4  # an eighth if they were spread evenly


@pytest.mark.parametrize("shape", [(20, 500), (500, 20)])
def test_too_little_to_tell_regions_apart_is_one_fold(shape: tuple[int, int]) -> None:
    rows = sparse.csr_matrix(numpy.ones(shape))
    assert region_folds(rows, 8).tolist() == [0] * shape[0]
