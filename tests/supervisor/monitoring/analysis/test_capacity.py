import random

import pytest

from common.errors import ValidationFailed
from supervisor.monitoring.analysis.capacity import state_capacity


def served(calls: list[tuple[float, float]], workers: int) -> float:
    """The mean wait of calls that a pool really serves in the order of arrival."""
    free, waited = [0.0] * workers, 0.0
    for at, lasts in calls:
        first = min(range(workers), key=free.__getitem__)
        begins = max(at, free[first])
        waited += begins - at
        free[first] = begins + lasts
    return waited / len(calls)


@pytest.mark.parametrize(("workers", "load"), [(1, 0.5), (1, 0.8), (4, 0.8)])
def test_the_wait_is_what_a_real_queue_has(workers: int, load: float) -> None:
    drawn, at, calls = random.Random(1), 0.0, list[tuple[float, float]]()
    for _ in range(40_000):
        at += drawn.expovariate(workers * load / 2.0)
        calls.append((at, drawn.expovariate(1 / 2.0)))
    found = state_capacity(calls, workers)
    assert found is not None
    assert found.load == pytest.approx(load, rel=0.05)
    assert found.wait == pytest.approx(served(calls, workers), rel=0.25)
    assert found.headroom == pytest.approx(0.8 / load, rel=0.05)
    assert found.most_rate == pytest.approx(workers / 2, rel=0.05)


def test_regular_calls_do_not_wait_and_too_many_wait_without_end() -> None:
    regular = state_capacity([(float(second), 0.5) for second in range(100)], 1)
    assert regular is not None
    assert regular.wait == 0
    full = state_capacity([(float(second), 3.0) for second in range(100)], 2)
    assert full is not None
    assert full.wait is None
    assert full.headroom < 1
    assert "without end" in str(full)
    assert full.to_json()["wait"] is None


def test_the_busiest_time_is_told() -> None:
    calls = [(float(second), 0.9 if 600 <= second < 700 else 0.1) for second in range(1200)]
    found = state_capacity(calls, 1)
    assert found is not None
    assert found.load < 0.2
    assert found.busiest_load == pytest.approx(0.9, abs=0.1)


def test_too_little_is_told_and_nonsense_refused() -> None:
    assert state_capacity([(0.0, 1.0)] * 3, 1) is None
    assert state_capacity([(float(at), 0.0) for at in range(20)], 1) is None
    with pytest.raises(ValidationFailed):
        state_capacity([], 0)
    with pytest.raises(ValidationFailed):
        state_capacity([(0.0, -1.0)], 1)
