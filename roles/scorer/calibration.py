"""Which probability is certain enough for a wanted precision: measured on predictions a model made out of its fold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["PRECISIONS", "PrecisionCurve"]

PRECISIONS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.875, 0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985,
              0.99, 0.995, 0.998)  # fmt: skip
_LEAST = 100


@dataclass(frozen=True)
class PrecisionCurve:
    """Thresholds by precision, both rising; beyond the last precision nothing is certain enough."""

    precisions: tuple[float, ...]
    thresholds: tuple[float, ...]

    @classmethod
    def measure(cls, confidences: Sequence[float], right: Sequence[bool]) -> PrecisionCurve:
        """For each of `PRECISIONS` the lowest threshold above which that share of the predictions was right.

        A threshold that fewer than 100 predictions reach is no evidence and left out.
        """
        order = sorted(range(len(confidences)), key=lambda index: -confidences[index])
        lowest: dict[float, float] = {}
        hits = 0
        for count, index in enumerate(order, 1):
            hits += right[index]
            confidence = confidences[index]
            if count < _LEAST or (count < len(order) and confidences[order[count]] == confidence):
                continue
            for precision in PRECISIONS:
                if hits >= precision * count:
                    lowest[precision] = confidence
        kept = [(precision, lowest[precision]) for precision in PRECISIONS if precision in lowest]
        return cls(tuple(precision for precision, _ in kept), tuple(threshold for _, threshold in kept))

    def threshold(self, precision: float) -> float:
        """The probability from which a prediction is taken; above 1 where none is certain enough."""
        at = bisect_left(self.precisions, precision - 1e-9)
        return self.thresholds[at] if at < len(self.thresholds) else 1.1

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"precisions": list(self.precisions), "thresholds": list(self.thresholds)}

    @classmethod
    def from_json(cls, data: Any) -> PrecisionCurve:
        """From plain data."""
        return cls(tuple(map(float, data["precisions"])), tuple(map(float, data["thresholds"])))
