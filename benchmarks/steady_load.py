"""A simulated process under steady noisy load that does not leak: its memory every 30 s for a day, by noise."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

__all__ = ["SHAPES", "STEP", "with_leak"]

STEP = 30.0
_POINTS = 2880
_DAY = 86_400.0
_BEGIN = 1_700_000_000.0


def _times(random_: random.Random) -> list[float]:
    began = _BEGIN + random_.random() * _DAY
    return [began + STEP * place for place in range(_POINTS)]


def _autoregressive(random_: random.Random, share: float, deviation: float) -> list[float]:
    found: list[float] = []
    value = random_.gauss(0, deviation)
    for _ in range(_POINTS):
        value = share * value + random_.gauss(0, deviation * math.sqrt(1 - share * share))
        found.append(value)
    return found


def _white(seed: int, level: float) -> tuple[list[float], list[float]]:
    random_ = random.Random(seed)
    return _times(random_), [level * (1 + random_.gauss(0, 0.03)) for _ in range(_POINTS)]


def _correlated(share: float) -> Callable[[int, float], tuple[list[float], list[float]]]:
    def made(seed: int, level: float) -> tuple[list[float], list[float]]:
        random_ = random.Random(seed)
        times = _times(random_)
        return times, [level * (1 + noise) for noise in _autoregressive(random_, share, 0.04)]

    return made


def _daily(seed: int, level: float) -> tuple[list[float], list[float]]:
    random_ = random.Random(seed)
    times = _times(random_)
    noise = _autoregressive(random_, 0.9, 0.01)
    swing = random_.uniform(0.1, 0.3)
    return times, [
        level * (1 + swing * math.sin(2 * math.pi * at / _DAY) + one) for at, one in zip(times, noise, strict=True)
    ]


def _bursts(seed: int, level: float) -> tuple[list[float], list[float]]:
    random_ = random.Random(seed)
    times, noise = _times(random_), _autoregressive(random_, 0.8, 0.01)
    values = [level * (1 + one) for one in noise]
    place = 0
    while place < _POINTS:
        place += int(random_.expovariate(1 / 150))
        length, height = random_.randint(4, 120), random_.uniform(0.05, 0.6)
        for at in range(place, min(place + length, _POINTS)):
            values[at] += level * height * min(1.0, (at - place + 1) / 5)
        place += length
    return times, values


def _collected(seed: int, level: float) -> tuple[list[float], list[float]]:
    random_ = random.Random(seed)
    times, values = _times(random_), list[float]()
    above = 0.0
    for _ in range(_POINTS):
        above += random_.uniform(0, 0.02)
        if above > random_.uniform(0.3, 0.6):
            above = random_.uniform(0, 0.03)
        values.append(level * (1 + above))
    return times, values


def _warming(seed: int, level: float) -> tuple[list[float], list[float]]:
    random_ = random.Random(seed)
    times, noise = _times(random_), _autoregressive(random_, 0.8, 0.005)
    lasts = random_.uniform(600, 7200)
    return times, [
        level * (1 - 0.5 * math.exp(-(at - times[0]) / lasts) + one) for at, one in zip(times, noise, strict=True)
    ]


def _restarted(seed: int, level: float) -> tuple[list[float], list[float]]:
    random_ = random.Random(seed)
    times, noise = _times(random_), _autoregressive(random_, 0.8, 0.01)
    restarts = sorted(random_.randrange(_POINTS) for _ in range(random_.randint(1, 4)))
    values: list[float] = []
    since = 0
    for place, one in enumerate(noise):
        since = 0 if place in restarts else since + 1
        values.append(level * (1 - 0.6 * math.exp(-since / 20) + one))
    return times, values


def _steps(seed: int, level: float) -> tuple[list[float], list[float]]:
    random_ = random.Random(seed)
    times, noise = _times(random_), _autoregressive(random_, 0.8, 0.01)
    changes = sorted(random_.randrange(_POINTS) for _ in range(6))
    shifts = [random_.uniform(-0.1, 0.1) for _ in range(7)]
    return times, [level * (1 + shifts[sum(place >= c for c in changes)] + one) for place, one in enumerate(noise)]


SHAPES: dict[str, Callable[[int, float], tuple[list[float], list[float]]]] = {
    "white noise": _white,
    "autocorrelated, 0.9": _correlated(0.9),
    "autocorrelated, 0.99": _correlated(0.99),
    "autocorrelated, 0.998": _correlated(0.998),
    "daily rhythm": _daily,
    "bursts": _bursts,
    "collector's saw teeth": _collected,
    "warm-up": _warming,
    "restarts": _restarted,
    "steps up and down": _steps,
}
"""Each makes (times, values) from a seed and a level."""


def with_leak(times: Sequence[float], values: Sequence[float], after: float, speed: float) -> list[float]:
    """The same with a leak of `speed` units an hour, from `after` hours on."""
    began = times[0] + after * 3600
    return [value + max(0.0, at - began) / 3600 * speed for at, value in zip(times, values, strict=True)]
