import math
import random
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.errors import ValidationFailed
from supervisor.monitoring.analysis.anomalies import ALERT_SCORE, AnomalyDetector, CounterRate
from supervisor.monitoring.analysis.tails import TailMemory

STEP = 300.0
DAY = 86_400.0
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def scores(values: Iterable[float], *, step: float = STEP, detector: AnomalyDetector | None = None) -> list[float]:
    detector = detector or AnomalyDetector()
    return [detector.update(place * step, value) for place, value in enumerate(values)]


def alarms(found: list[float]) -> list[int]:
    return [place for place, score in enumerate(found) if score >= ALERT_SCORE]


def daily(days: float, seed: int = 1, noise: float = 1.0) -> list[float]:
    drawn = random.Random(seed)
    return [
        100 + 30 * math.sin(2 * math.pi * place * STEP / DAY) + drawn.gauss(0, noise)
        for place in range(int(days * DAY / STEP))
    ]


@given(st.lists(FINITE, max_size=150), st.lists(st.floats(-1e9, 1e9), min_size=150, max_size=150))
@example([1e308, -1e308] * 60, [300.0] * 150)
@example([5e-324, 0.0] * 60, [0.0] * 150)
@settings(max_examples=60, deadline=None)
def test_any_finite_series_is_scored_between_0_and_1(values: list[float], steps: list[float]) -> None:
    detector = AnomalyDetector(memory=100)
    at = 1e9
    for value, step in zip(values, steps, strict=False):
        at += step
        assert 0.0 <= detector.update(at, value) <= 1.0


@pytest.mark.parametrize(("at", "value"), [(0.0, math.nan), (0.0, math.inf), (math.nan, 1.0), (-math.inf, 1.0)])
def test_what_is_not_finite_is_refused_and_nothing_is_learned_from_it(at: float, value: float) -> None:
    plain, disturbed = AnomalyDetector(), AnomalyDetector()
    values = daily(3)
    for place, one in enumerate(values):
        expected = plain.update(place * STEP, one)
        with pytest.raises(ValidationFailed):
            disturbed.update(at, value)
        assert disturbed.update(place * STEP, one) == expected


@pytest.mark.parametrize(("scale", "offset"), [(2.0**20, 0.0), (2.0**-20, 0.0), (1.0, 4096.0), (-1.0, 0.0)])
def test_unit_and_origin_of_the_values_do_not_matter(scale: float, offset: float) -> None:
    # Multiples of 1/1024 stay exact when a power of two is added or multiplied.
    values = [round(value * 1024) / 1024 for value in daily(4)]
    values[900] += 90
    plain = scores(values)
    changed = scores([value * scale + offset for value in values])
    # Means round differently beside an offset: equal values may change places, and ranks move by one.
    assert changed == pytest.approx(plain, abs=0.06)
    assert alarms(changed) == alarms(plain)


def test_a_spike_is_found_at_once_and_raised_once() -> None:
    values = daily(8)
    values[2000:2006] = [260.0] * 6
    found = alarms(scores(values))
    assert 2000 in found
    assert not [place for place in found if 2000 < place < 2060]


def test_much_worse_soon_after_an_alarm_is_an_alarm_again() -> None:
    values = daily(8, noise=3.0)
    values[2000] = values[2000] + 25
    quiet = alarms(scores(values))
    values[2010] = 100_000.0
    found = alarms(scores(values))
    assert 2000 in quiet
    assert {2000, 2010} <= set(found)


def test_the_rhythm_of_the_day_is_no_anomaly_but_its_absence_is() -> None:
    values = daily(14)
    steady = alarms(scores(values))
    assert len(steady) <= 5
    quarter = int(DAY / STEP / 4)
    begin = 12 * 4 * quarter
    # The afternoon's low comes in the morning: every value is one that every day has.
    values[begin : begin + quarter] = values[begin + 2 * quarter : begin + 3 * quarter]
    assert any(begin <= place < begin + quarter for place in alarms(scores(values)))


def test_the_rhythm_of_the_week_is_learned() -> None:
    drawn = random.Random(3)

    def usual(place: int) -> float:
        of_day = math.sin(2 * math.pi * place / 24)
        return 100 + (40 if place // 24 % 7 < 5 else 5) * of_day + drawn.gauss(0, 2)

    values = [usual(place) for place in range(24 * 7 * 8)]
    weekend = 24 * (7 * 7 + 5) + 6
    values[weekend] = 140.0
    detector = AnomalyDetector()
    found = scores(values, step=3600.0, detector=detector)
    assert found[weekend] >= ALERT_SCORE
    assert len([place for place in alarms(found) if place > 24 * 28 and place != weekend]) <= 2


def test_a_new_level_is_an_anomaly_first_and_normal_later() -> None:
    drawn = random.Random(5)
    values = [50 + drawn.gauss(0, 1) + (20 if place >= 3000 else 0) for place in range(8000)]
    found = alarms(scores(values))
    assert 3000 in found
    assert len([place for place in found if place > 6000]) <= 1


def test_a_constant_series_is_normal_until_it_changes() -> None:
    found = scores([7.0] * 1000 + [8.0])
    assert not alarms(found[:1000])
    assert found[1000] >= ALERT_SCORE


def test_nothing_is_called_unusual_before_something_is_known() -> None:
    assert scores([0.0, 1e9, -1e9, 1e12, 5.0, 1e13]) == [0.0] * 6


@pytest.mark.parametrize("seed", range(3))
def test_alarms_in_noise_are_rare(seed: int) -> None:
    drawn = random.Random(seed)
    found = alarms(scores([drawn.lognormvariate(0, 1) for _ in range(8000)]))
    assert len(found) <= 16


def test_missing_points_and_irregular_steps_do_not_disturb() -> None:
    drawn = random.Random(2)
    detector = AnomalyDetector()
    found: dict[int, float] = {}
    for place, value in enumerate(daily(10)):
        if drawn.random() < 0.7 and not 1000 < place < 1200:
            found[place] = detector.update(place * STEP + drawn.uniform(-60, 60), value)
    assert len([place for place, score in found.items() if score >= ALERT_SCORE]) <= 5
    assert detector.update(2881 * STEP, 300.0) >= ALERT_SCORE


def test_sampled_often_it_still_remembers_days() -> None:
    drawn = random.Random(4)
    # A job at noon of each day doubles the value for ten minutes: half a minute a point.
    values = [10 + drawn.gauss(0, 0.2) + (10 if place % 2880 in range(1440, 1460) else 0) for place in range(2880 * 6)]
    found = alarms(scores(values, step=30.0))
    assert found
    late = [place for place in found if place > 2880 * 4 and place % 2880 in range(1400, 1500)]
    assert len(late) <= 1


def test_memory_is_bounded() -> None:
    detector = AnomalyDetector(memory=200)
    drawn = random.Random(1)
    for place in range(3000):
        detector.update(place * STEP, drawn.random())
    assert detector.last is not None
    assert detector.last.remembered == 200


def test_the_evidence_says_why() -> None:
    values = daily(6)
    detector = AnomalyDetector()
    scores(values, detector=detector)
    score = detector.update(len(values) * STEP, 400.0)
    evidence = detector.last
    assert evidence is not None
    assert evidence.anomalous
    assert evidence.score == score
    assert evidence.usual == pytest.approx(104, abs=15)
    assert evidence.probability < 0.001
    assert "400" in str(evidence)
    assert evidence.to_json()["anomalous"] is True


@pytest.mark.parametrize("arguments", [{"memory": 10}, {"alert_surprise": 0.0}, {"alert_surprise": math.nan}])
def test_nonsense_settings_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValidationFailed):
        AnomalyDetector(**arguments)  # pyright: ignore[reportArgumentType]


def test_a_counter_becomes_a_rate_and_a_restart_is_no_fall() -> None:
    rate = CounterRate()
    assert [rate.update(at, total) for at, total in ((0, 5), (10, 25), (10, 25), (20, 6), (30, 6))] == [
        None,
        2.0,
        None,
        0.6,
        0.0,
    ]
    with pytest.raises(ValidationFailed):
        rate.update(40, math.nan)


@given(st.lists(st.floats(-1e140, 1e140), min_size=30, max_size=300), st.lists(FINITE, min_size=2, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_larger_value_is_never_less_surprising(known: list[float], asked: list[float]) -> None:
    tail = TailMemory(1000)
    for value in known:
        tail.add(value)
    found = [tail.surprise(max(min(value, 1e140), -1e140)) for value in sorted(asked)]
    assert all(0 <= one <= 12 for one in found)
    # Rank and fitted tail are two estimates: where one takes over they may differ by a factor of three.
    assert all(later >= earlier - 0.5 for earlier, later in pairwise(found))


def test_the_tail_probability_is_calibrated() -> None:
    drawn = random.Random(9)
    tail = TailMemory(4000)
    for _ in range(4000):
        tail.add(drawn.expovariate(1))
    beyond = sum(tail.surprise(drawn.expovariate(1)) >= 3 for _ in range(20_000))
    assert 5 <= beyond <= 60
