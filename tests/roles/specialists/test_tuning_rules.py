"""Which settings help against what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.specialists.specialist import Seen
from roles.specialists.tuning_rules import settings_for

BOUNDS = {
    "requests.max_concurrent": (1, 100),
    "requests.task_timeout": (0.05, 600),
    "requests.task_retries": (0, 5),
    "tool.shop.price.timeout": (0.05, 600),
    "tool.shop.price.breaker": (0, 3_600),
    "tool.shop.price.cache": (0, 300),
    "tool.shop.buy.timeout": (0.05, 600),
    "tool.shop.buy.breaker": (0, 3_600),
}


class Settings:
    """Settings as they are before anything was tuned."""

    def __init__(self, **values: float) -> None:
        self.values: dict[str, float] = {"requests.max_concurrent": 64, "requests.task_timeout": 60} | values

    def value(self, key: str) -> float:
        return self.values.get(key, 30.0 if key.endswith("timeout") else 0.0)

    def bounds(self, key: str) -> tuple[float, float] | None:
        return BOUNDS.get(key)


def wanted(component: str, metric: str, seen: Seen, **values: float) -> dict[str, float]:
    return settings_for(component, metric, seen, Settings(**values))  # pyright: ignore[reportArgumentType]


def test_a_slow_tool_that_is_asked_the_same_again_is_cached_for_as_long_as_it_allows() -> None:
    seen = Seen([1.0] * 10, repeated=0.5)
    assert wanted("tool:shop.price", "response_time", seen) == {"tool.shop.price.cache": 300}
    assert wanted("tool:shop.buy", "response_time", seen) == {}
    assert wanted("tool:shop.price", "response_time", Seen([1.0] * 10, repeated=0.1)) == {}


def test_few_calls_that_hold_much_of_the_time_are_cut_off() -> None:
    seen = Seen([0.2] * 48 + [25.0, 28.0])
    assert wanted("tool:shop.buy", "response_time", seen) == {"tool.shop.buy.timeout": pytest.approx(0.3)}
    assert wanted("role:shop", "response_time", seen) == {"requests.task_timeout": pytest.approx(0.3)}
    assert wanted("requests", "response_time", seen) == {"requests.task_timeout": pytest.approx(0.3)}
    evenly = Seen([20.0] * 50)
    assert wanted("tool:shop.buy", "response_time", evenly) == {}
    assert wanted("tool:shop.buy", "response_time", Seen([0.2] * 10 + [25.0])) == {}


def test_a_tool_that_fails_in_rows_is_left_alone_for_a_while() -> None:
    seen = Seen([1.0] * 3, failed=7, longest_run=5)
    assert wanted("tool:shop.buy", "error_rate", seen) == {"tool.shop.buy.breaker": 30}
    assert wanted("tool:shop.buy", "error_rate", Seen([1.0] * 3, failed=7, longest_run=4)) == {}


@pytest.mark.parametrize("metric", ["cpu_usage", "memory_usage", "loop_lag", "store_queue_usage"])
def test_a_busy_machine_handles_fewer_requests_at_once_but_never_none(metric: str) -> None:
    assert wanted("machine", metric, Seen()) == {"requests.max_concurrent": 48}
    assert wanted("machine", metric, Seen(), **{"requests.max_concurrent": 1}) == {}


def test_requests_that_fail_are_tried_once_more_up_to_the_bound() -> None:
    seen = Seen([1.0] * 5, failed=5)
    assert wanted("requests", "error_rate", seen) == {"requests.task_retries": 1}
    assert wanted("requests", "error_rate", seen, **{"requests.task_retries": 5}) == {}


def test_nothing_is_said_of_what_was_hardly_seen_or_is_not_known() -> None:
    assert wanted("tool:shop.price", "response_time", Seen([9.0] * 4, repeated=1.0)) == {}
    assert wanted("metric:heat", "heat", Seen([9.0] * 9)) == {}
    assert wanted("model:x", "response_time", Seen([9.0] * 90)) == {}


@given(
    st.sampled_from(["tool:shop.price", "tool:shop.buy", "role:shop", "requests", "machine"]),
    st.sampled_from(["response_time", "error_rate", "cpu_usage", "loop_lag"]),
    st.lists(st.floats(0, 1e6), max_size=60),
    st.integers(0, 50),
    st.floats(0, 1),
    st.integers(0, 50),
)
def test_what_is_wanted_is_within_bounds_and_a_change(
    component: str, metric: str, seconds: list[float], failed: int, repeated: float, row: int
) -> None:
    settings = Settings()
    changes = wanted(component, metric, Seen(seconds, failed, repeated, row))
    for key, value in changes.items():
        low, high = BOUNDS[key]
        assert low <= value <= high
        assert value != settings.value(key)
    for key in [key for key in changes if key.endswith("timeout")]:
        cut = sum(value > changes[key] for value in seconds)
        assert cut <= 0.05 * len(seconds) + 1


@pytest.mark.parametrize(("now", "then"), [(1, 2), (2, 3), (64, 96), (90, 100)])
def test_against_waiting_for_admission_more_are_let_in(now: int, then: int) -> None:
    found = wanted("queue:admission", "admission_wait", Seen(), **{"requests.max_concurrent": now})
    assert found == {"requests.max_concurrent": then}
    assert wanted("queue:admission", "admission_wait", Seen(), **{"requests.max_concurrent": 100}) == {}
