import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ValidationFailed
from supervisor.monitoring.analysis.changes import DriftDetector, change_points


def outcomes(seed: int, count: int, before: float, after: float, at: int) -> list[float]:
    drawn = random.Random(seed)
    return [float(drawn.random() < (before if place < at else after)) for place in range(count)]


def test_a_rise_of_failures_from_10_to_40_percent_is_found_soon() -> None:
    delays: list[int] = []
    for seed in range(10):
        detector = DriftDetector()
        for place, value in enumerate(outcomes(seed, 2500, 0.1, 0.4, 2000)):
            drift = detector.update(value)
            if drift is not None:
                assert drift.before == pytest.approx(0.1, abs=0.05)
                assert drift.after > drift.before
                delays.append(place - 2000)
                break
    assert len(delays) == 10
    assert all(0 <= delay < 200 for delay in delays)


def test_steady_streams_do_not_drift() -> None:
    found = 0
    for seed in range(10):
        drawn, detector = random.Random(seed), DriftDetector()
        found += sum(detector.update(drawn.gauss(1000, 50)) is not None for _ in range(3000))
    assert found <= 1


def test_the_window_is_the_new_part_after_a_drift_and_its_mean_is_right() -> None:
    drawn, detector = random.Random(2), DriftDetector()
    for place in range(4000):
        detector.update(drawn.gauss(5.0 if place < 2000 else 9.0, 1))
    assert 1800 <= detector.width <= 2064
    assert detector.mean == pytest.approx(9, abs=0.3)


def test_memory_grows_with_the_logarithm() -> None:
    detector = DriftDetector()
    for place in range(20_000):
        detector.update(float(place % 2))
    assert detector.width == 20_000
    assert detector.buckets <= 6 * 14


@given(st.lists(st.floats(-1e140, 1e140), max_size=300))
@settings(max_examples=40, deadline=None)
def test_any_finite_stream_is_taken(values: list[float]) -> None:
    detector = DriftDetector()
    for value in values:
        detector.update(value)
    assert 0 <= detector.width <= len(values)


def test_changes_of_level_are_found_where_they_are() -> None:
    drawn = random.Random(3)
    levels = [10.0] * 120 + [14.0] * 100 + [8.0] * 130
    found = change_points(range(350), [level + drawn.gauss(0, 1) for level in levels])
    assert [round(change.timestamp, -1) for change in found] == [120, 220]
    assert [round(change.after) for change in found] == [14, 8]
    assert found[0].points_before + found[0].points_after == pytest.approx(220, abs=5)
    assert "p " in str(found[0])
    assert found[0].to_json()["p"] == found[0].p


def test_noise_has_no_change_points() -> None:
    found = 0
    for seed in range(30):
        drawn, value, values = random.Random(seed), 0.0, list[float]()
        for _ in range(300):
            value = 0.7 * value + drawn.gauss(0, 1)
            values.append(value)
        found += bool(change_points(range(300), values))
    assert found <= 1


@given(st.lists(st.floats(-1e100, 1e100), max_size=120))
@settings(max_examples=40, deadline=None)
def test_any_series_has_ordered_change_points(values: list[float]) -> None:
    found = change_points(range(len(values)), values)
    assert [change.timestamp for change in found] == sorted(change.timestamp for change in found)


def test_long_series_are_bounded_in_work() -> None:
    found = change_points(range(20_000), [float(place >= 15_000) for place in range(20_000)])
    assert [round(change.timestamp, -2) for change in found] == [15_000]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValidationFailed):
        DriftDetector().update(value)
    with pytest.raises(ValidationFailed):
        change_points([1.0], [value])


def test_a_delta_is_a_probability() -> None:
    with pytest.raises(ValidationFailed):
        DriftDetector(0.0)
