"""From the evidence to a table of candidates: a row for each trace, a column for each behaviour worth testing.

All choices made here are blind to the outcome, so they can't tilt what is tested afterwards: behaviours seen in too few
or nearly all traces are left out, and of near-duplicates (the same or the opposite traces, Jaccard .8 or more) the
plainest and most general statement alone is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from supervisor.learning.candidates import Key, ground_of, measure_of, simplicity
from supervisor.learning.evidence import Evidence

__all__ = ["Columns", "columns_for", "ground_rows", "make_columns"]

_MAX_COLUMNS = 600
_LEAST_SHARE = 0.02
_SAMPLE = 20_000


@dataclass(slots=True)
class Columns:
    """`matrix`: traces × keys, ones where the key holds. `merged`: keys that stand behind another, by that key."""

    keys: list[Key]
    matrix: Any
    merged: dict[Key, tuple[Key, ...]] = field(default_factory=dict[Key, tuple[Key, ...]])
    considered: int = 0


def make_columns(evidence: Evidence, *, least: int, same: float = 0.8) -> Columns:
    """The behaviours that at least `least` traces (and 2 %) show and as many don't."""
    count = len(evidence)
    least = max(least, round(_LEAST_SHARE * count))
    raw = _raw(evidence)
    support = np.bincount(raw.indices, minlength=len(evidence.keys))
    plain, bounds = _split(evidence.keys)
    chosen: list[tuple[Key, list[int]]] = [
        (evidence.keys[number], [number]) for number in plain if least <= support[number] <= count - least
    ]
    for numbers in bounds:
        chosen += _bounds(evidence.keys, numbers, support, least, count - least, same)
    # The most even columns hold the most evidence; the cap only matters where tools are countless.
    chosen.sort(key=lambda item: (abs(int(support[item[1]].sum()) - count / 2), simplicity(item[0])))
    considered = len(chosen)
    chosen = sorted(chosen[:_MAX_COLUMNS], key=lambda item: simplicity(item[0]))
    if not chosen:
        return Columns([], None, {}, considered)
    matrix = raw @ _expansion(len(evidence.keys), [numbers for _, numbers in chosen])
    return _distinct([key for key, _ in chosen], matrix, evidence, considered, same)


def columns_for(evidence: Evidence, keys: Sequence[Key]) -> Columns:
    """These keys as columns, however often they hold; none is left out or merged."""
    raw, known = _raw(evidence), evidence.keys
    parts: list[list[int]] = []
    for key in keys:
        measure = measure_of(key)
        if measure is None:
            parts.append([known.index(key)] if key in known else [])
        else:
            parts.append([n for n, other in enumerate(known) if measure_of(other) == measure and other[-1] >= key[-1]])  # pyright: ignore[reportOperatorIssue]
    return Columns(list(keys), (raw @ _expansion(len(known), parts)).tocsr(), {}, len(keys))


def _raw(evidence: Evidence) -> Any:
    """All that was noted: traces × keys as they are, of a measure the highest bound only."""
    return sparse.csr_matrix(
        (
            np.ones(len(evidence.indices), np.float32),
            np.array(evidence.indices, np.int32),
            np.array(evidence.offsets, np.int64),
        ),
        shape=(len(evidence), len(evidence.keys)),
    )


def _expansion(known: int, parts: Sequence[Sequence[int]]) -> Any:
    rows = [number for numbers in parts for number in numbers]
    places = [place for place, numbers in enumerate(parts) for _ in numbers]
    return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, places)), shape=(known, len(parts)))


def ground_rows(evidence: Evidence, key: Key) -> Any:
    """Which traces show the key, as a mask over all traces."""
    mask = np.zeros(len(evidence), bool)
    if key in evidence.keys:
        indices = np.array(evidence.indices, np.int32)
        hits = np.flatnonzero(indices == evidence.keys.index(key))
        mask[np.searchsorted(np.array(evidence.offsets, np.int64), hits, side="right") - 1] = True
    return mask


def _split(keys: list[Key]) -> tuple[list[int], list[list[int]]]:
    plain: list[int] = []
    bounds: dict[Key, list[int]] = {}
    for number, key in enumerate(keys):
        measure = measure_of(key)
        if measure is None:
            plain.append(number)
        else:
            bounds.setdefault(measure, []).append(number)
    return plain, list(bounds.values())


def _bounds(
    keys: list[Key], numbers: list[int], support: Any, least: int, most: int, same: float
) -> list[tuple[Key, list[int]]]:
    """Bounds of one measure, from low to high; a bound that hardly parts the traces otherwise than the last is left."""
    numbers = sorted(numbers, key=lambda number: int(keys[number][-1]))
    found: list[tuple[Key, list[int]]] = []
    last = float("inf")
    for place in range(len(numbers)):
        above = int(support[numbers[place:]].sum())
        if least <= above <= most and above < same * last:
            found.append((keys[numbers[place]], numbers[place:]))
            last = above
    return found


def _distinct(keys: list[Key], matrix: Any, evidence: Evidence, considered: int, same: float) -> Columns:
    """Merge near-duplicates. Of more than 20,000 traces a part of the tasks is looked at, the same in any order."""
    part = matrix
    if matrix.shape[0] > _SAMPLE:
        tasks = np.array(evidence.tasks, np.int32)
        share = max(1, round(len(evidence.task_buckets) * _SAMPLE / matrix.shape[0]))
        part = matrix[np.flatnonzero(tasks < share)]
    count = part.shape[0]
    both = np.asarray((part.T @ part).todense())
    size = np.diagonal(both)
    either = size[:, None] + size[None, :] - both
    alike = both / np.maximum(either, 1)
    # The opposite of a statement parts the traces in the same way.
    opposite = (size[:, None] - both) / np.maximum(count - size[None, :] + both, 1)
    alike = np.maximum(alike, np.minimum(opposite, opposite.T))
    kept: list[int] = []
    merged: dict[Key, tuple[Key, ...]] = {}
    for number in sorted(range(len(keys)), key=lambda number: _generality(keys[number], int(size[number]))):
        twin = next((other for other in kept if alike[number, other] >= same and _same_ground(keys, number, other)), -1)
        if twin >= 0:
            merged[keys[twin]] = (*merged.get(keys[twin], ()), keys[number])
        else:
            kept.append(number)
    kept.sort()
    return Columns([keys[number] for number in kept], matrix[:, kept].tocsr(), merged, considered)


def _generality(key: Key, size: int) -> tuple[int, int, tuple[int, int, str]]:
    plainness, *_ = simplicity(key)
    return (plainness, -size, simplicity(key))


def _same_ground(keys: list[Key], one: int, other: int) -> bool:
    return ground_of(keys[one]) == ground_of(keys[other])
