"""Anomalies: the detector on the Numenta Anomaly Benchmark, scored by the benchmark's own rules.

python -m benchmarks.bench_nab FOLDER             all profiles with the shipped threshold; cost of a point
python -m benchmarks.bench_nab FOLDER --check     the scorer against published scores of the Windowed Gaussian
python -m benchmarks.bench_nab FOLDER --sweep     other thresholds, and the score when each series is scored with the
                                                  threshold that the others choose
Options: --each (a line a series), --json
FOLDER: nab_series.csv.gz, combined_windows.json and profiles.json; or the benchmark's own repository (data/, labels/,
config/).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.nab_scorer import Profile, Series, Tally, normalised, profiles, read_corpus, tally
from supervisor.monitoring.analysis.anomalies import ALERT_SCORE, ALERT_SURPRISE, AnomalyDetector

_SWEEP = tuple(round(2.0 + 0.1 * step, 2) for step in range(20))
_ROWS_FOR_COST = 4000
_PUBLISHED = {
    "realAdExchange/exchange-2_cpc_results.csv": (0, 0, -1.0),
    "realAdExchange/exchange-2_cpm_results.csv": (0, 0, -2.0),
    "realAdExchange/exchange-3_cpc_results.csv": (5, 1, 2.5026632611866138),
    "realAdExchange/exchange-3_cpm_results.csv": (1, 0, 0.862098587352162),
    "realAdExchange/exchange-4_cpc_results.csv": (3, 4, 0.2922884634276035),
    "realAdExchange/exchange-4_cpm_results.csv": (4, 3, 1.274710362684976),
    "realTraffic/TravelTime_387.csv": (1, 6, -1.7959813307852819),
    "realTraffic/TravelTime_451.csv": (0, 0, -1.0),
}
"""From results/windowedGaussian/windowedGaussian_standard_scores.csv of numenta/NAB (rows hit, rows false, score), for
series where its window of the past is never left; the threshold published there is 1.0."""


def scores(series: Series, surprise: float = ALERT_SURPRISE) -> list[float]:
    """The detector's score of each row."""
    detector = AnomalyDetector(alert_surprise=surprise)
    return [detector.update(at, value) for at, value in zip(series.times, series.values, strict=True)]


def windowed_gaussian(series: Series) -> list[float]:
    """The benchmark's simple detector over the whole past: one minus the normal tail beyond a value."""
    found, total, squares = [0.0], series.values[0], series.values[0] ** 2
    for count, value in enumerate(series.values[1:], 1):
        mean = total / count
        spread = math.sqrt(max(squares / count - mean * mean, 0.0)) or 1e-6
        found.append(1 - 0.5 * math.erfc(abs(value - mean) / spread / 1.4142))
        total += value
        squares += value * value
    return found


def detections(series: Series, surprise: float) -> list[bool]:
    """The rows that are anomalies with this threshold."""
    return [score >= ALERT_SCORE for score in scores(series, surprise)]


def total_score(corpus: Sequence[Series], tallies: Sequence[Tally], profile: Profile) -> float:
    """The normalised score of a corpus."""
    return normalised(sum(t.score for t in tallies), sum(s.scored_windows for s in corpus), profile)


def check(corpus: Sequence[Series], profile: Profile) -> int:
    """Compare the scorer with what is published; the number of series that differ."""
    differing = 0
    for series in corpus:
        if series.name not in _PUBLISHED:
            continue
        mine = tally(series, [score >= 1.0 for score in windowed_gaussian(series)], profile)
        hits, false, score = _PUBLISHED[series.name]
        same = (mine.hits, mine.false) == (hits, false) and abs(mine.score - score) < 1e-6
        differing += not same
        print(f"  {series.name}: {mine.score:.6f}, published {score:.6f}{'' if same else '  DIFFERS'}")
    null = total_score(corpus, [tally(series, [False] * len(series.values), profile) for series in corpus], profile)
    print(f"  no detection at all: {null:.2f} (published 0)")
    return differing


def sweep(corpus: Sequence[Series], profile: Profile) -> None:
    """Thresholds, the best of them in sample, and the one chosen without the series that it scores."""
    table = [[tally(series, detections(series, level), profile).score for series in corpus] for level in _SWEEP]
    windows = sum(series.scored_windows for series in corpus)
    totals = [sum(row) for row in table]
    for level, total in zip(_SWEEP, totals, strict=True):
        print(f"  surprise {level}: {normalised(total, windows, profile):.1f}")
    left_out = 0.0
    for place in range(len(corpus)):
        others = [total - row[place] for total, row in zip(totals, table, strict=True)]
        left_out += table[_middle_of_plateau(others)][place]
    chosen = _middle_of_plateau(totals)
    print(f"  middle of the plateau: {_SWEEP[chosen]}, {normalised(totals[chosen], windows, profile):.1f}")
    print(f"  each series by the threshold of the others: {normalised(left_out, windows, profile):.1f}")


def _middle_of_plateau(totals: Sequence[float]) -> int:
    """The threshold whose neighbourhood of five is best: a peak of one threshold is luck."""
    inner = range(2, len(totals) - 2)
    return max(inner, key=lambda place: sum(totals[place - 2 : place + 3]))


def cost(corpus: Sequence[Series]) -> float:
    """Microseconds of the processor a point, the best of three runs over the longest series."""
    longest = max(corpus, key=lambda series: len(series.values))
    rows = min(len(longest.values), _ROWS_FOR_COST)
    best = math.inf
    for _ in range(3):
        detector = AnomalyDetector()
        began = time.process_time()
        for at, value in zip(longest.times[:rows], longest.values[:rows], strict=True):
            detector.update(at, value)
        best = min(best, time.process_time() - began)
    return best / rows * 1e6


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for name in ("check", "sweep", "each", "json"):
        parser.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args(arguments)
    corpus, known = read_corpus(options.folder), profiles(options.folder)
    if options.check:
        return 1 if check(corpus, known["standard"]) else 0
    if options.sweep:
        sweep(corpus, known["standard"])
        return 0
    detected = [[score >= ALERT_SCORE for score in scores(series)] for series in corpus]
    told: dict[str, float] = {}
    for name, profile in known.items():
        tallies = [tally(series, rows, profile) for series, rows in zip(corpus, detected, strict=True)]
        told[name] = round(total_score(corpus, tallies, profile), 2)
        if options.each and name == "standard":
            for series, one in zip(corpus, tallies, strict=True):
                print(f"  {series.name}: {one.score:.2f}, {one.found}/{len(series.windows)} found, {one.false} false")
    told["microseconds_a_point"] = round(cost(corpus), 1)
    told["series"], told["windows"] = len(corpus), sum(series.scored_windows for series in corpus)
    print(json.dumps(told) if options.json else "\n".join(f"{name}: {value}" for name, value in told.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
