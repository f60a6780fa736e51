"""Whether patterns found on some tasks come back on the others, over several divisions of the tasks."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from supervisor.learning.patterns import HeldOut

__all__ = ["check"]

_SPLITS = 40
_CRITICAL = 1.645


def check(bucket_sums: Any, bucket_squares: Any, *, seed: int = 20_260_101) -> list[HeldOut]:
    """For each column, from the scores by bucket of tasks."""
    buckets, columns = bucket_sums.shape
    chooser = random.Random(seed)  # noqa: S311 - divides tasks, guards nothing
    found, same, significant = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for _ in range(_SPLITS):
        first = np.zeros(buckets, bool)
        first[chooser.sample(range(buckets), buckets // 2)] = True
        one, other = (_z(bucket_sums[part], bucket_squares[part]) for part in (first, ~first))
        for seen, unseen in ((one, other), (other, one)):
            hit = np.abs(seen) > _CRITICAL
            again = unseen * np.sign(seen)
            found += hit
            same += hit & (again > 0)
            significant += hit & (again > _CRITICAL)
    share = np.maximum(found, 1)
    return [
        HeldOut(_SPLITS, int(found[place]), float(same[place] / share[place]), float(significant[place] / share[place]))
        for place in range(columns)
    ]


def _z(sums: Any, squares: Any) -> Any:
    variance = squares.sum(0)
    return np.where(variance > 1e-9, sums.sum(0) / np.sqrt(np.maximum(variance, 1e-9)), 0.0)
