import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ValidationFailed
from supervisor.monitoring.analysis.forecasts import forecast

DAY = 86_400.0
STEP = 1800.0


def made(kind: str, seed: int, count: int) -> list[float]:
    drawn, noise, walk, values = random.Random(seed), 0.0, 0.0, list[float]()
    for place in range(count):
        noise = 0.8 * noise + drawn.gauss(0, 0.6)
        walk += drawn.gauss(0, 1)
        at = place * STEP
        weekend = at // DAY % 7 >= 5
        values.append(
            {
                "noise": noise,
                "walk": walk,
                "line": 0.02 * place + noise,
                "day": 20 + 8 * math.sin(2 * math.pi * at / DAY) + noise,
                "week": 20 + (2 if weekend else 8) * math.sin(2 * math.pi * at / DAY) + noise,
            }[kind]
        )
    return values


@pytest.mark.parametrize(
    ("kind", "days", "way"),
    [("noise", 12, "mean"), ("walk", 12, "last"), ("line", 12, "line"), ("day", 12, "day"), ("week", 28, "week")],
)
def test_intervals_cover_what_comes_as_often_as_they_say(kind: str, days: int, way: str) -> None:
    count, runs, inside, ways = days * 48, 8, 0, list[str]()
    for seed in range(runs):
        values = made(kind, seed, count + 48)
        found = forecast([place * STEP for place in range(count)], values[:count], DAY, confidence=0.9)
        assert found is not None
        ways.append(found.way)
        for step, point in enumerate(found.points):
            real = sum(values[count + 2 * step : count + 2 * step + 2]) / 2
            inside += point.low <= real <= point.high
    assert inside >= 0.8 * runs * 24
    assert max(set(ways), key=ways.count) == way


def test_when_a_limit_is_reached_is_told() -> None:
    times = [place * STEP for place in range(400)]
    found = forecast(times, [10 + at / 3600 for at in times], DAY)
    assert found is not None
    limit = 10 + times[-1] / 3600 + 12
    at = found.reaches(limit)
    assert at is not None
    assert at == pytest.approx(times[-1] + 12 * 3600, abs=2 * 3600)
    assert (found.may_reach(limit) or math.inf) <= at
    assert found.reaches(limit + 1000) is None


def test_gaps_are_bridged() -> None:
    values = made("day", 1, 48 * 14)
    pairs = [(place * STEP, value) for place, value in enumerate(values) if not 200 < place < 230]
    found = forecast([at for at, _ in pairs], [value for _, value in pairs], DAY)
    assert found is not None
    assert found.way == "day"


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=60, max_size=150))
@settings(max_examples=25, deadline=None)
def test_any_series_gives_ordered_bounds_or_nothing(values: list[float]) -> None:
    found = forecast([float(place) for place in range(len(values))], values, 24.0)
    for point in found.points if found else ():
        assert point.low <= point.value <= point.high
    assert found is None or json.dumps(found.to_json(), allow_nan=False)


def test_a_short_past_gives_no_forecast() -> None:
    assert forecast([], [], DAY) is None
    assert forecast([0.0, 60.0], [1.0, 2.0], DAY) is None


def test_evidence_reads_and_serialises() -> None:
    found = forecast([place * STEP for place in range(400)], made("day", 2, 400), DAY)
    assert found is not None
    assert "%" in str(found)
    told = found.to_json()
    assert told["way"] == found.way
    assert set(found.others) < {"last", "mean", "line", "day", "week"}


@pytest.mark.parametrize(("seconds", "confidence"), [(0.0, 0.9), (math.inf, 0.9), (60.0, 1.0)])
def test_nonsense_is_refused(seconds: float, confidence: float) -> None:
    with pytest.raises(ValidationFailed):
        forecast([1.0], [1.0], seconds, confidence=confidence)
