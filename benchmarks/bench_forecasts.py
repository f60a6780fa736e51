"""Forecasts, trends and changes on simulated series whose truth is known: do the intervals cover what they say?

python -m benchmarks.bench_forecasts [--runs N]       (40)
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Sequence

from supervisor.monitoring.analysis.changes import DriftDetector, change_points
from supervisor.monitoring.analysis.forecasts import forecast
from supervisor.monitoring.analysis.trends import trend

_DAY = 86_400.0
_STEP = 1800.0
_SHARES = (0.0, 0.5, 0.9)


def correlated(drawn: random.Random, count: int, share: float) -> list[float]:
    """Autocorrelated noise with deviation 1."""
    value, values = drawn.gauss(0, 1), list[float]()
    for _ in range(count):
        value = share * value + drawn.gauss(0, math.sqrt(1 - share * share))
        values.append(value)
    return values


def _walk(drawn: random.Random, count: int) -> list[float]:
    value, values = 0.0, list[float]()
    for _ in range(count):
        value += drawn.gauss(0, 1)
        values.append(value)
    return values


def _rhythm(weekend: float) -> Callable[[random.Random, int], list[float]]:
    def made(drawn: random.Random, count: int) -> list[float]:
        noise = correlated(drawn, count, 0.8)
        swing = [8 * (weekend if place * _STEP // _DAY % 7 >= 5 else 1) for place in range(count)]
        return [
            20 + size * math.sin(2 * math.pi * place * _STEP / _DAY) + one
            for place, (size, one) in enumerate(zip(swing, noise, strict=True))
        ]

    return made


KINDS: dict[str, tuple[int, Callable[[random.Random, int], list[float]]]] = {
    "autocorrelated noise": (12, lambda drawn, count: correlated(drawn, count, 0.8)),
    "random walk": (12, _walk),
    "line and noise": (
        12,
        lambda drawn, count: [0.02 * p + one for p, one in enumerate(correlated(drawn, count, 0.8))],
    ),
    "daily rhythm": (12, _rhythm(1.0)),
    "weekly rhythm": (28, _rhythm(0.3)),
}


def coverage(runs: int) -> None:
    """How often 90 % intervals for the next day hold what came."""
    for name, (days, make) in KINDS.items():
        count, inside, width, ways = int(days * _DAY / _STEP), 0, 0.0, list[str]()
        began = time.perf_counter()
        for seed in range(runs):
            values = make(random.Random(seed), count + 48)
            found = forecast([place * _STEP for place in range(count)], values[:count], _DAY)
            assert found is not None
            ways.append(found.way)
            for step, point in enumerate(found.points):
                inside += point.low <= sum(values[count + 2 * step : count + 2 * step + 2]) / 2 <= point.high
                width += point.high - point.low
        way = max(set(ways), key=ways.count)
        spent = (time.perf_counter() - began) / runs
        print(
            f"  forecast, {name}: {inside / runs / 24:.1%} covered (90 % said), width {width / runs / 24:.1f}, "
            f"by {way} in {ways.count(way)} of {runs}, {spent:.2f} s"
        )


def trends(runs: int) -> None:
    """False trends at p < 0.05 and coverage of 95 % intervals in autocorrelated noise."""
    for share in _SHARES:
        found = [trend(range(160), correlated(random.Random(seed), 160, share)) for seed in range(runs)]
        false = sum(one is not None and one.p < 0.05 for one in found)
        inside = sum(one is not None and one.low <= 0 <= one.high for one in found)
        print(
            f"  trend, autocorrelation {share}: {false / runs:.1%} false (5 % said), {inside / runs:.1%} covered (95 %)"
        )


def changes(runs: int) -> None:
    """Change points in noise, and of a step of three deviations; drift of a share of failures."""
    for share in _SHARES:
        noise = [correlated(random.Random(seed), 400, share) for seed in range(runs)]
        false = sum(bool(change_points(range(400), one)) for one in noise)
        stepped = [[value + 3 * (place >= 250) for place, value in enumerate(one)] for one in noise]
        hits = sum(_near(one) for one in stepped)
        print(f"  change points, autocorrelation {share}: {false} of {runs} false, {hits} of {runs} steps found")
    delays: list[int] = []
    false = 0
    for seed in range(runs):
        drawn, detector = random.Random(seed), DriftDetector()
        for place in range(3000):
            if detector.update(float(drawn.random() < (0.1 if place < 2000 else 0.4))) is not None:
                false += place < 2000
                if place >= 2000:
                    delays.append(place - 2000)
                    break
    print(
        f"  drift from 10 to 40 % failures: {len(delays)} of {runs} found, after {sorted(delays)[len(delays) // 2]} "
        f"values in the median; {false} false in {runs * 2000} values before"
    )


def _near(values: Sequence[float]) -> bool:
    return any(abs(change.timestamp - 250) < 15 for change in change_points(range(len(values)), values))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args(arguments).runs
    coverage(runs)
    trends(5 * runs)
    changes(runs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
