"""Leaks: real series of a server in three revisions, and simulated load that is steady, noisy and not leaking.

python -m benchmarks.bench_leaks FILE             RSS series (JSON lines, gzip too): which are flagged, and what a
                                                  straight line would say
python -m benchmarks.bench_leaks --steady         24 hours of steady noisy load, judged every quarter of an hour as a
                                                  monitor would: false alarms by shape of noise
python -m benchmarks.bench_leaks --leaking        leaks of known speed in the same noise: how many are found, and when
python -m benchmarks.bench_leaks --weeks          two weeks of daily and weekly rhythm and noise, judged every three
                                                  hours, with no leak and with one of 3 % of the level a day
Options: --seeds N (10)
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.steady_load import SHAPES, STEP, with_leak
from supervisor.monitoring.analysis.leaks import LEAST_GROWTH, Leak, find_leak

_EVERY = 900.0
_LEVEL = 400 * 1024 * 1024
_SPEEDS = (0.05, 0.15, 0.5)
_DAY = 86_400.0
_WEEKS = (
    ("autocorrelated, 0.9", 0.9, 0.0, 0.0),
    ("autocorrelated, 0.998", 0.998, 0.0, 0.0),
    ("daily and weekly rhythm", 0.9, 0.25, 0.0),
    ("the same and a leak of 3 % a day", 0.9, 0.25, 0.03),
)
"""Name, autocorrelation of five minutes, swing of the day, leak a day as shares of the level."""


def judged(path: Path) -> int:
    """Each series of a file, and which revisions are flagged; the number of revisions judged wrongly."""
    flagged: dict[tuple[str, str], list[str]] = {}
    lines: dict[tuple[str, str], list[str]] = {}
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            key = (row["revision"], row["revision_label"])
            flagged.setdefault(key, [])
            lines.setdefault(key, [])
            found = find_leak(row["t_s"], row["rss_bytes"], limit=16e9, least_growth=LEAST_GROWTH["rss"])
            if found.flagged:
                flagged[key].append(f"{row['process']}: {found}")
            if straight_line(row["t_s"], row["rss_bytes"]):
                lines[key].append(row["process"])
    wrong = 0
    for (revision, label), found in flagged.items():
        wrong += bool(found) != (label == "leaking")
        line = ", ".join(lines[revision, label]) or "nothing"
        print(f"revision {revision} ({label}): {'; '.join(found) or 'not flagged'}; straight line: {line}")
    return wrong


def straight_line(times: Sequence[float], values: Sequence[float]) -> bool:
    """What a plain monitor does: least squares over all points but zeros, r² over 0.8, rising a tenth an hour."""
    times, values = zip(*((at, value) for at, value in zip(times, values, strict=True) if value > 0), strict=True)
    count = len(times)
    middle, mean = sum(times) / count, sum(values) / count
    across = sum((at - middle) ** 2 for at in times)
    spread = sum((value - mean) ** 2 for value in values)
    both = sum((at - middle) * (value - mean) for at, value in zip(times, values, strict=True))
    if across <= 0 or spread <= 0:
        return False
    return both * both / (across * spread) > 0.8 and both / across * 3600 > 0.1 * mean


def watched(times: Sequence[float], values: Sequence[float]) -> tuple[float, Leak] | None:
    """The first flag that a monitor would raise: hours after the beginning, and what it says."""
    for count in range(int(_EVERY / STEP), len(times) + 1, int(_EVERY / STEP)):
        found = find_leak(times[:count], values[:count], least_growth=LEAST_GROWTH["rss"])
        if found.flagged:
            return (times[count - 1] - times[0]) / 3600, found
    return None


def steady(seeds: int) -> int:
    """False alarms by shape; their number."""
    total = 0
    for name, shape in SHAPES.items():
        raised = [found for seed in range(seeds) if (found := watched(*shape(seed, _LEVEL))) is not None]
        total += len(raised)
        print(f"  {name}: {len(raised)} of {seeds} days with a false alarm", flush=True)
        for at, found in raised[:2]:
            print(f"    after {at:.1f} h: {found}")
    return total


def leaking(seeds: int) -> None:
    """Leaks of known speed from the sixth hour on: how many are found within 18 hours, and how soon."""
    for name, shape in SHAPES.items():
        told: list[str] = []
        for speed in _SPEEDS:
            delays: list[float] = []
            for seed in range(seeds):
                times, values = shape(seed, _LEVEL)
                found = watched(times, with_leak(times, values, 6.0, speed * _LEVEL))
                if found is not None and found[0] > 6:
                    delays.append(found[0] - 6)
            middle = f"{sorted(delays)[len(delays) // 2]:.1f} h" if delays else "never"
            told.append(f"{speed:.0%} an hour: {len(delays)}/{seeds} after {middle}")
        print(f"  {name}: {'; '.join(told)}", flush=True)


def weeks(seeds: int) -> int:
    """Two weeks, with and without a slow leak; the number of false alarms."""
    total = 0
    for name, share, swing, speed in _WEEKS:
        days = [day for seed in range(seeds) if (day := _week_flagged(seed, share, swing, speed)) is not None]
        total += len(days) if not speed else 0
        first = f", the first after {min(days):.1f} days" if days else ""
        print(f"  {name}: {len(days)} of {seeds} flagged{first}", flush=True)
    return total


def _week_flagged(seed: int, share: float, swing: float, speed: float) -> float | None:
    """Days until the first flag."""
    drawn = random.Random(seed)
    began = drawn.random() * 7 * _DAY
    times = [began + place * 300.0 for place in range(14 * 288)]
    values: list[float] = []
    noise = drawn.gauss(0, 1)
    for at in times:
        noise = share * noise + drawn.gauss(0, math.sqrt(1 - share * share))
        work = 1.0 if at // _DAY % 7 < 5 else 0.3
        rhythm = swing * work * (math.sin(2 * math.pi * at / _DAY) + 0.4)
        values.append(_LEVEL * (1 + rhythm + (0.01 if swing else 0.04) * noise + speed * (at - began) / _DAY))
    for count in range(144, len(times) + 1, 36):
        if find_leak(times[:count], values[:count], least_growth=LEAST_GROWTH["rss"]).flagged:
            return (times[count - 1] - began) / _DAY
    return None


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--steady", action="store_true")
    parser.add_argument("--leaking", action="store_true")
    parser.add_argument("--weeks", action="store_true")
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args(arguments)
    wrong = judged(options.file) if options.file else 0
    began = time.perf_counter()
    if options.steady:
        wrong += steady(options.seeds)
    if options.leaking:
        leaking(options.seeds)
    if options.weeks:
        wrong += weeks(options.seeds)
    if options.steady or options.leaking or options.weeks:
        print(f"  {time.perf_counter() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
