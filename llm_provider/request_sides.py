"""A request cut in two: which tool, beside the first one, makes the most of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Heard", "second_of"]


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of a request as the candidates hear it: what its words say to each, how alike it is to each (weighed),
    and its vector of length 1, None where no encoder has read it."""

    said: Sequence[float]
    alike: Sequence[float]
    vector: Any

    @property
    def values(self) -> list[float]:
        """What the piece says to each candidate, all in all."""
        return [said + alike for said, alike in zip(self.said, self.alike, strict=True)]


def second_of(pieces: Sequence[Heard]) -> int:
    """The candidate (1 or more) that, with candidate 0, makes the most of the request cut in two between any of its
    pieces, one tool for each side. There are at least two pieces and two candidates."""
    best, second = -math.inf, 1
    for cut in range(1, len(pieces)):
        before, after = _side(pieces[:cut]), _side(pieces[cut:])
        for own, other in ((before, after), (after, before)):
            candidate = max(range(1, len(other)), key=other.__getitem__)
            if own[0] + other[candidate] > best:
                best, second = own[0] + other[candidate], candidate
    return second


def _side(pieces: Sequence[Heard]) -> list[float]:
    """What some pieces say together. The likeness of a sum is the sum of likenesses by the sum's length."""
    if len(pieces) == 1:
        return pieces[0].values
    length = 1.0
    if pieces[0].vector is not None:
        together: Any = sum(piece.vector for piece in pieces)
        length = max(float(together @ together) ** 0.5, 1e-9)
    return [
        sum(piece.said[at] for piece in pieces) + sum(piece.alike[at] for piece in pieces) / length
        for at in range(len(pieces[0].said))
    ]
