"""What was learned about success as two files, one that requests are predicted by and one to go on learning from.

Both are a cache of the log: each begins with the SHA-256 of its content, and what does not fit (another log, another
version, a damaged file) counts as absent. They hold hashes of words and tasks and no text.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from supervisor.learning.forecast import STAGES, Forecast, Stage, Weights
from supervisor.learning.prediction import Example, SuccessPredictor
from supervisor.learning.prediction_features import SIZE, Group, Row

__all__ = ["Kept", "PredictionFiles"]

_VERSION = 1
_DIGEST = hashlib.sha256().digest_size
_MAX_BYTES = 256 * 1024 * 1024
_FORECAST, _WINDOW = "forecast.bin", "window.bin"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A predictor as it was at a position of the log."""

    predictor: SuccessPredictor
    position: int


class PredictionFiles:
    """The files of one log in a folder; `identity` tells the log from others. Everything blocks."""

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder = folder
        self._identity = identity

    def forecast(self) -> Forecast:
        """What requests are predicted by; an empty one where there is none."""
        kept = self._read(_FORECAST)
        try:
            return Forecast() if kept is None else _forecast(kept)
        except (KeyError, TypeError, ValueError):
            return Forecast()

    def window(self) -> Kept | None:
        """What learning goes on from."""
        kept = self._read(_WINDOW)
        try:
            return None if kept is None else _kept(kept)
        except (KeyError, TypeError, ValueError):
            return None

    def write(self, predictor: SuccessPredictor, position: int) -> None:
        """Replace both. Raises `OSError`."""
        forecast = predictor.forecast
        self._write(_FORECAST, _told_forecast(forecast.without_stages()))
        told: Json = {"position": position, "new": predictor.new, "forecast": _told_forecast(forecast)}
        told["examples"] = [_told_example(key, example) for key, example in predictor.examples().items()]
        self._write(_WINDOW, told)

    def remove(self) -> None:
        """Let both go. Raises `OSError`."""
        for name in (_FORECAST, _WINDOW):
            (self._folder / name).unlink(missing_ok=True)

    def _read(self, name: str) -> Json | None:
        try:
            data = (self._folder / name).read_bytes()
        except OSError:
            return None
        digest, packed = data[:_DIGEST], data[_DIGEST:]
        if hashlib.sha256(packed).digest() != digest:
            return None
        try:
            opened = zlib.decompressobj()
            told = json.loads(opened.decompress(packed, _MAX_BYTES))
        except (ValueError, zlib.error):
            return None
        whose = {"version": _VERSION, "log": self._identity}
        if not isinstance(told, dict):
            return None
        found = cast("Json", told)
        return found if whose.items() <= found.items() else None

    def _write(self, name: str, told: Json) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        whole = {"version": _VERSION, "log": self._identity, **told}
        packed = zlib.compress(json.dumps(whole, separators=(",", ":")).encode(), 1)
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=f".{name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(packed).digest() + packed)
            os.replace(temporary, self._folder / name)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            raise


def _told_forecast(forecast: Forecast) -> Json:
    return {
        "counts": [[*cell, *counts] for cell, counts in forecast.counts.items()],
        "tasks": {key.hex(): counts for key, counts in forecast.tasks.items()},
        "task_prior": forecast.task_prior,
        "stages": {
            stage: {name: _told_weights(weights) for name, weights in groups.items()}
            for stage, groups in forecast.stages.items()
        },
    }


def _forecast(told: Mapping[str, Any]) -> Forecast:
    stages: dict[Stage, Mapping[str, Weights]] = {}
    for stage, groups in told["stages"].items():
        stages[stage] = {name: _weights(groups[name]) for name in STAGES[stage]}
    return Forecast(
        {(kind, engine, version): (runs, good) for kind, engine, version, runs, good in told["counts"]},
        {bytes.fromhex(key): (runs, good) for key, (runs, good) in told["tasks"].items()},
        float(told["task_prior"]),
        stages,
    )


def _told_weights(weights: Weights) -> Json:
    tables = {"weights": _text(weights.weights), "variances": _text(weights.variances)}
    return {**tables, "start": weights.start, "slope": weights.slope}


def _weights(told: Mapping[str, Any]) -> Weights:
    tables = [_array("f", told[name]) for name in ("weights", "variances")]
    if any(len(table) != SIZE for table in tables):
        raise ValueError("a table of another size")
    return Weights(tables[0], tables[1], float(told["start"]), float(told["slope"]))


def _told_example(key: str, example: Example) -> list[Any]:
    rows = [[_text(part) for group in row for part in group] for row in (example.text, example.part, example.whole)]
    return [key, *example.cell, example.task.hex(), int(example.good), *rows]


def _kept(told: Mapping[str, Any]) -> Kept:
    predictor = SuccessPredictor()
    predictor.put(_example(*entry) for entry in told["examples"])
    forecast = _forecast(told["forecast"])
    predictor.adopt(forecast.stages, forecast.task_prior, int(told["new"]))
    return Kept(predictor, int(told["position"]))


def _example(
    key: str, kind: str, engine: str, version: str, task: str, good: int, *rows: list[str]
) -> tuple[str, Example]:
    text, part, whole = (_row(row) for row in rows)
    return key, Example((kind, engine, version), bytes.fromhex(task), bool(good), text, part, whole)


def _row(told: list[str]) -> Row:
    return tuple([_group(places, values) for places, values in zip(told[::2], told[1::2], strict=True)])


def _group(places: str, values: str) -> Group:
    group = _array("H", places), _array("f", values)
    if len(group[0]) != len(group[1]) or any(place >= SIZE for place in group[0]):
        raise ValueError("a group that does not fit")
    return group


def _text(numbers: array[Any]) -> str:
    return b64encode(numbers.tobytes()).decode()


def _array(kind: str, text: str) -> array[Any]:
    found: array[Any] = array(kind)
    found.frombytes(b64decode(text))
    return found
