import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.steady_load import SHAPES, STEP, with_leak
from common.errors import ValidationFailed
from supervisor.monitoring.analysis.leaks import LEAST_GROWTH, LeakVerdict, find_leak

LEVEL = 4e8
LEAST = LEAST_GROWTH["rss"]


def quiet(count: int, seed: int = 0) -> list[float]:
    drawn = random.Random(seed)
    return [LEVEL * (1 + drawn.gauss(0, 0.01)) for _ in range(count)]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("seed", [101, 102])
def test_steady_noisy_load_is_no_leak_at_any_hour(name: str, seed: int) -> None:
    times, values = SHAPES[name](seed, LEVEL)
    for count in (120, 240, 480, 960, 1440, 2160, 2880):
        assert not find_leak(times[:count], values[:count], least_growth=LEAST).flagged


@pytest.mark.parametrize("name", ["white noise", "autocorrelated, 0.9", "collector's saw teeth", "daily rhythm"])
def test_a_leak_in_the_same_noise_is_found(name: str) -> None:
    times, values = SHAPES[name](7, LEVEL)
    leaking = with_leak(times, values, 4.0, 0.5 * LEVEL)
    found = find_leak(times[:1440], leaking[:1440], limit=20 * LEVEL, least_growth=LEAST)
    assert found.verdict is LeakVerdict.LEAK
    assert found.slope * 3600 == pytest.approx(0.5 * LEVEL, rel=0.3)
    assert found.reached_in is not None


def test_the_limit_is_forecast() -> None:
    times = [STEP * place for place in range(400)]
    values = [LEVEL + 1000.0 * at for at in times]
    found = find_leak(times, values, limit=2 * LEVEL, least_growth=LEAST)
    left = (2 * LEVEL - values[-1]) / 1000
    assert found.reached_in == pytest.approx(left, rel=0.1)
    assert found.reached_in is not None
    assert found.reached_soonest is not None
    assert found.reached_latest is not None
    assert found.reached_soonest <= found.reached_in <= found.reached_latest
    assert "reached" in str(found)


def test_a_limit_already_passed_is_reached_now() -> None:
    times = [STEP * place for place in range(400)]
    assert find_leak(times, [LEVEL + at * 1000 for at in times], limit=LEVEL).reached_in == 0


def test_a_quiet_series_that_keeps_a_large_step_is_flagged_until_time_tells() -> None:
    values = [LEVEL] * 100 + [1.05 * LEVEL] * 150
    early = find_leak([float(place) for place in range(250)], values, least_growth=LEAST)
    assert early.verdict is LeakVerdict.HELD_STEP
    assert early.low < early.slope < early.high
    values += [1.05 * LEVEL] * 3000
    assert not find_leak([float(place) for place in range(3250)], values, least_growth=LEAST).flagged


def test_small_growth_is_of_no_interest() -> None:
    times = [float(place) for place in range(300)]
    tasks = [3.0] * 150 + [4.0] * 150
    assert find_leak(times, tasks).flagged
    assert not find_leak(times, tasks, least_growth=LEAST_GROWTH["tasks"]).flagged


def test_warm_up_that_ends_is_no_leak() -> None:
    times = [STEP * place for place in range(600)]
    values = [LEVEL * (1 - 0.6 * math.exp(-at / 1800)) for at in times]
    assert not any(find_leak(times[:n], values[:n], least_growth=LEAST).flagged for n in range(100, 600, 20))


def test_a_restart_forgets_what_was_before() -> None:
    times = [STEP * place for place in range(800)]
    grown = [LEVEL * (1 + 0.004 * place) for place in range(400)]
    found = find_leak(times, grown + quiet(400), least_growth=LEAST)
    assert not found.flagged
    assert found.points == 400


def test_a_process_that_is_gone_is_judged_by_its_life() -> None:
    times = [STEP * place for place in range(402)]
    values = [LEVEL * (1 + 0.004 * place) for place in range(400)] + [0.0, 0.0]
    assert find_leak(times, values, least_growth=LEAST).verdict is LeakVerdict.LEAK


def test_a_slow_leak_is_told_from_the_rhythm_by_days() -> None:
    hours = [3600.0 * place / 4 for place in range(24 * 4 * 10)]
    rhythm = [LEVEL * (1 + 0.2 * math.sin(2 * math.pi * at / 86_400)) for at in hours]
    assert not find_leak(hours, rhythm, least_growth=LEAST).flagged
    leaking = [value + 0.05 * LEVEL * at / 86_400 for value, at in zip(rhythm, hours, strict=True)]
    assert find_leak(hours, leaking, least_growth=LEAST).verdict is LeakVerdict.LEAK
    slow = find_leak(hours[:150], [LEVEL * (1 + 0.01 * at / 3600) for at in hours[:150]], least_growth=LEAST)
    assert slow.verdict is LeakVerdict.GROWING


def test_too_little_is_told() -> None:
    assert find_leak([], []).verdict is LeakVerdict.TOO_SHORT
    assert find_leak([1.0, 2.0], [5.0, 6.0]).to_json()["verdict"] == "too_short"


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=100, max_size=160), st.sampled_from([None, 5.0])
)
@settings(max_examples=40, deadline=None)
def test_any_series_has_a_verdict(values: list[float], limit: float | None) -> None:
    found = find_leak([float(place) for place in range(len(values))], values, limit=limit)
    assert found.low <= found.slope <= found.high
    assert str(found)
    assert json.dumps(found.to_json(), allow_nan=False)


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValidationFailed):
        find_leak([1.0], [math.nan])
