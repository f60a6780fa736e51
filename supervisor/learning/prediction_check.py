"""Were predictions right? Of runs whose outcome is known, each predicted from tasks other than its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from supervisor.learning.forecast import Stage
from supervisor.learning.prediction import Example, SuccessPredictor
from supervisor.learning.reliability import ReliabilityBin, expected_error, reliability

__all__ = ["PredictionCheck", "check_predictions"]

_FOLDS = 4
_LATEST = 2_000
_LEAST = 40


@dataclass(frozen=True, slots=True)
class PredictionCheck:
    """bins: the reliability table. error: the expected calibration error. runs: how many were predicted."""

    bins: Sequence[ReliabilityBin] = ()
    error: float = 0.0
    runs: int = 0


def check_predictions(examples: Mapping[str, Example], stage: Stage = "before") -> PredictionCheck:
    """Predict the latest 2,000 runs, a quarter of the tasks at a time from the other three quarters.

    Empty below forty runs. Blocks, for seconds at most.
    """
    latest = list(examples.items())[-_LATEST:]
    if len(latest) < _LEAST:
        return PredictionCheck()
    chances: list[float] = []
    outcomes: list[bool] = []
    for fold in range(_FOLDS):
        predictor = SuccessPredictor()
        predictor.put((key, each) for key, each in latest if _fold(key, each) != fold)
        predictor.learn((stage,))
        forecast = predictor.forecast
        for key, each in latest:
            if _fold(key, each) == fold:
                found = forecast.predict_rows(stage, each.cell, each.rows(stage), each.task)
                if found is not None:
                    chances.append(found.probability)
                    outcomes.append(each.good)
    return PredictionCheck(reliability(chances, outcomes), expected_error(chances, outcomes), len(chances))


def _fold(key: str, example: Example) -> int:
    return crc32(example.task or key.encode("utf-8", "replace")) % _FOLDS
