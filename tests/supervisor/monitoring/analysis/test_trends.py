import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ValidationFailed
from supervisor.monitoring.analysis.trends import trend

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=40)


def correlated(seed: int, count: int, share: float) -> list[float]:
    drawn = random.Random(seed)
    values, value = list[float](), drawn.gauss(0, 1)
    for _ in range(count):
        value = share * value + drawn.gauss(0, math.sqrt(1 - share * share))
        values.append(value)
    return values


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=8, max_size=40))
@settings(max_examples=80, deadline=None)
def test_bounds_hold_for_any_series(values: list[float]) -> None:
    found = trend(range(len(values)), values)
    assert found is not None
    assert found.low <= found.slope <= found.high
    assert -1 <= found.tau <= 1
    assert 0 <= found.p <= 1
    assert json.dumps(found.to_json(), allow_nan=False)


@given(VALUES, st.sampled_from([0.25, 4.0]), st.integers(-1000, 1000))
@settings(max_examples=60, deadline=None)
def test_unit_and_origin_do_not_matter(values: list[float], scale: float, offset: int) -> None:
    values = [round(value) for value in values]
    plain, changed = trend(range(len(values)), values), trend(range(len(values)), [v * scale + offset for v in values])
    assert plain is not None
    assert changed is not None
    assert changed.tau == plain.tau
    assert changed.slope == pytest.approx(plain.slope * scale)
    assert changed.p == pytest.approx(plain.p, abs=1e-6)


def test_outliers_do_not_turn_the_slope() -> None:
    drawn = random.Random(1)
    values = [2 * place + drawn.gauss(0, 3) for place in range(100)]
    for place in range(80, 100):
        values[place] = -10_000
    found = trend(range(100), values)
    assert found is not None
    assert found.low <= 2 <= found.high
    assert found.slope == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_intervals_cover_as_often_as_they_say(share: float) -> None:
    inside = found = 0
    for seed in range(60):
        one = trend(range(120), [0.05 * place + v for place, v in enumerate(correlated(seed, 120, share))])
        assert one is not None
        inside += one.low <= 0.05 <= one.high
        found += one.certain
    assert inside >= 50
    assert found >= 50


def test_autocorrelated_noise_is_rarely_a_trend() -> None:
    found = [trend(range(160), correlated(seed, 160, 0.8)) for seed in range(60)]
    assert sum(one is not None and one.p < 0.01 for one in found) <= 5
    assert all(one is not None and one.independent < 80 for one in found)


def test_long_series_are_bounded_in_work_and_keep_their_slope() -> None:
    found = trend(range(20_000), [3.0 * place for place in range(20_000)])
    assert found is not None
    assert found.slope == pytest.approx(3)
    assert found.points == 20_000
    assert found.at(20_999) == pytest.approx(3 * 20_999)


def test_a_constant_has_no_trend() -> None:
    found = trend(range(50), [5.0] * 50)
    assert found is not None
    assert (found.slope, found.tau, found.p, found.certain) == (0, 0, 1, False)


def test_too_little_is_told() -> None:
    assert trend([1, 2, 3], [1, 2, 3]) is None
    assert trend([1.0] * 20, range(20)) is None


def test_evidence_reads_and_serialises() -> None:
    found = trend([3600 * hour for hour in range(24)], [10.0 * hour for hour in range(24)])
    assert found is not None
    assert "+10 an hour" in str(found)
    assert found.to_json()["certain"] is True


@pytest.mark.parametrize(
    ("times", "values", "confidence"),
    [([1], [1, 2], 0.9), ([1], [math.nan], 0.9), ([math.inf], [1], 0.9), ([], [], 1.5)],
)
def test_nonsense_is_refused(times: list[float], values: list[float], confidence: float) -> None:
    with pytest.raises(ValidationFailed):
        trend(times, values, confidence=confidence)
