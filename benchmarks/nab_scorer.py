"""The scorer of the Numenta Anomaly Benchmark, written anew after its description and its rules.

Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark", ICMLA 2015. A
detection inside a window counts once, by how early it is: (2 / (1 + e^(5y)) − 1) of the place y in the window (−1: its
left edge), over the value at the left edge. Each detection outside costs the weight of a false positive times the same
curve by its distance behind the last window, and all of it from three windows' widths on or before the first. A
window without a detection costs the weight of a false negative. The first 15 % of a series (750 rows at most) are not
scored. A corpus is normalised so that no detection at all is 0 and a perfect detector 100.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Profile", "Series", "Tally", "normalised", "profiles", "read_corpus", "tally"]

_PROBATION = 0.15
_LONGEST = 5000


@dataclass(frozen=True, slots=True)
class Profile:
    """Weights of a detection, a false positive and a missed window."""

    name: str
    hit: float
    false: float
    missed: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series: seconds since 1970, values, and windows as (first, last) row."""

    name: str
    times: Sequence[float]
    values: Sequence[float]
    windows: Sequence[tuple[int, int]]

    @property
    def probation(self) -> int:
        """The first row that is scored."""
        return math.ceil(min(math.floor(_PROBATION * len(self.values)), _PROBATION * _LONGEST))

    @property
    def scored_windows(self) -> int:
        """Windows with a scored row."""
        return sum(last >= self.probation for _, last in self.windows)


@dataclass(frozen=True, slots=True)
class Tally:
    """The score of one series before normalisation, and rows: hits, false alarms; windows found."""

    score: float
    hits: int
    false: int
    found: int


def _curve(place: float) -> float:
    return -1.0 if place >= 3.0 else 2 / (1 + math.exp(5 * place)) - 1


def tally(series: Series, detected: Sequence[bool], profile: Profile) -> Tally:
    """Score the rows that were called anomalous."""
    best: dict[int, float] = {}
    score, hits, false = 0.0, 0, 0
    for row in range(series.probation, len(series.values)):
        if not detected[row]:
            continue
        number = next((n for n, (first, last) in enumerate(series.windows) if first <= row <= last), None)
        if number is None:
            false += 1
            score += _behind(series, row) * profile.false
            continue
        hits += 1
        first, last = series.windows[number]
        gain = _curve(-(last - row + 1) / (last - first + 1)) / _curve(-1.0) * profile.hit
        best[number] = max(best.get(number, -profile.missed), gain)
    score += sum(best.values()) - profile.missed * (series.scored_windows - len(best))
    return Tally(score, hits, false, len(best))


def _behind(series: Series, row: int) -> float:
    """The curve at a row outside all windows, by its distance behind the last one."""
    before = [window for window in series.windows if window[1] < row]
    if not before:
        return -1.0
    first, last = before[-1]
    return _curve((row - last) / max(last - first, 1))


def normalised(total: float, windows: int, profile: Profile) -> float:
    """The score of a corpus: 0 for no detection, 100 for the perfect detector."""
    null = -profile.missed * windows
    return 100 * (total - null) / (profile.hit * windows - null)


def profiles(folder: Path) -> dict[str, Profile]:
    """The profiles of a folder (profiles.json, or config/profiles.json as in the benchmark's own repository)."""
    path = next(path for path in (folder / "profiles.json", folder / "config" / "profiles.json") if path.exists())
    costs = {name: entry["CostMatrix"] for name, entry in json.loads(path.read_text()).items()}
    return {name: Profile(name, cost["tpWeight"], cost["fpWeight"], cost["fnWeight"]) for name, cost in costs.items()}


def read_corpus(folder: Path) -> list[Series]:
    """The series of a folder: nab_series.csv.gz with combined_windows.json, or data/ and labels/ of the repository."""
    path = next(path for path in (folder, folder / "labels") if (path / "combined_windows.json").exists())
    windows = json.loads((path / "combined_windows.json").read_text())
    return [
        Series(name, times, values, _rows_of(times, windows[name]))
        for name, times, values in _tables(folder)
        if name in windows
    ]


def _rows_of(times: Sequence[float], windows: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    return [(times.index(_seconds(first)), times.index(_seconds(last))) for first, last in windows]


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _tables(folder: Path) -> Iterator[tuple[str, list[float], list[float]]]:
    packed = folder / "nab_series.csv.gz"
    if packed.exists():
        found: dict[str, tuple[list[float], list[float]]] = {}
        with gzip.open(packed, "rt", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                times, values = found.setdefault(row["file"], ([], []))
                times.append(_seconds(row["timestamp"]))
                values.append(float(row["value"]))
        yield from ((name, *columns) for name, columns in found.items())
        return
    for path in sorted((folder / "data").rglob("*.csv")):
        with path.open(encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        name = path.relative_to(folder / "data").as_posix()
        yield name, [_seconds(row["timestamp"]) for row in rows], [float(row["value"]) for row in rows]
