"""Thresholds, hysteresis and the score: pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.monitoring_settings import MonitoringSettings, ThresholdSettings
from supervisor.monitoring.health import SYSTEM, HealthChange, HealthKeeper, Measured
from supervisor.monitoring.score import WEIGHTS, performance_score, score_parts
from supervisor.monitoring.thresholds import Health, standard_thresholds

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
THRESHOLDS = standard_thresholds(ThresholdSettings())
CPU = THRESHOLDS["machine"]["cpu_usage"]
SUCCESS = THRESHOLDS["work"]["success_rate"]


class Watch:
    """A keeper that is told of one sample after the other."""

    def __init__(self, **settings: float) -> None:
        self.keeper = HealthKeeper(MonitoringSettings.model_validate(settings))
        self.now = START

    def see(self, **values: float | None) -> list[HealthChange]:
        """CPU use by component."""
        self.now += timedelta(seconds=30)
        measured: Mapping[str, Measured] = {
            name.replace("_", ":"): [(CPU, value)] for name, value in values.items() if value is not None
        }
        return self.keeper.see(measured, self.now)

    def level(self, component: str) -> Health:
        return self.keeper.components[component].level


@pytest.mark.parametrize(
    ("value", "level"),
    [(0, "healthy"), (80, "healthy"), (80.1, "degraded"), (90, "degraded"), (90.1, "unhealthy"), (100, "unhealthy")],
)
def test_a_percentage_is_critical_half_of_the_way_to_a_hundred(value: float, level: str) -> None:
    assert CPU.judge(value, Health.HEALTHY, 0.1) == level


@pytest.mark.parametrize(
    ("value", "level"), [(1, "healthy"), (0.8, "healthy"), (0.79, "degraded"), (0.6, "degraded"), (0.59, "unhealthy")]
)
def test_a_rate_of_success_is_critical_where_twice_as_many_fail(value: float, level: str) -> None:
    assert SUCCESS.judge(value, Health.HEALTHY, 0.1) == level


def test_what_was_out_of_bounds_has_to_be_better_by_the_margin() -> None:
    assert CPU.judge(75, Health.HEALTHY, 0.1) is Health.HEALTHY
    assert CPU.judge(75, Health.DEGRADED, 0.1) is Health.DEGRADED
    assert CPU.judge(71, Health.DEGRADED, 0.1) is Health.HEALTHY
    assert SUCCESS.judge(0.81, Health.DEGRADED, 0.1) is Health.DEGRADED
    assert SUCCESS.judge(0.83, Health.DEGRADED, 0.1) is Health.HEALTHY


def test_one_bad_sample_changes_nothing_and_two_do() -> None:
    watch = Watch()
    assert watch.see(machine=20) == []
    assert watch.see(machine=95) == []
    assert watch.see(machine=20) == []
    assert watch.see(machine=95) == []
    changed = watch.see(machine=95)
    assert [(each.component, each.before, each.after) for each in changed] == [
        ("machine", "healthy", "unhealthy"),
        (SYSTEM, "healthy", "unhealthy"),
    ]
    assert changed[0].reasons == ("cpu_usage 95 %, 80 at the most",)


def test_of_two_bad_levels_in_a_row_the_milder_one_counts() -> None:
    watch = Watch()
    for value in (20, 85, 95):
        watch.see(machine=value)
    assert watch.level("machine") is Health.DEGRADED


def test_it_takes_more_good_samples_to_recover_than_bad_ones_to_fall() -> None:
    watch = Watch()
    for value in (20, 95, 95):
        watch.see(machine=value)
    changes = [change for value in (20, 20, 95, 20, 20, 20) for change in watch.see(machine=value)]
    assert changes == []
    assert [each.component for each in watch.see(machine=20)] == ["machine", SYSTEM]
    assert watch.keeper.whole is Health.HEALTHY


def test_something_new_that_is_bad_needs_a_second_look_too() -> None:
    watch = Watch()
    assert watch.see(machine=95) == []
    assert watch.see(machine=95) != []


def test_a_tool_can_only_degrade_the_whole() -> None:
    watch = Watch()
    for _ in range(2):
        watch.see(tool_slow=95, machine=20)
    assert watch.level("tool:slow") is Health.UNHEALTHY
    assert watch.keeper.whole is Health.DEGRADED
    assert watch.keeper.components[SYSTEM].reasons == ("tool:slow is unhealthy",)


def test_what_says_nothing_stays_as_it_was_and_is_unknown_after_long() -> None:
    watch = Watch()
    for _ in range(2):
        watch.see(tool_slow=95)
    for _ in range(19):
        watch.see()
    assert watch.level("tool:slow") is Health.UNHEALTHY
    changed = watch.see()
    assert ("tool:slow", Health.UNKNOWN) in [(each.component, each.after) for each in changed]
    for _ in range(30):
        watch.see()
    assert "tool:slow" not in watch.keeper.components


def test_it_goes_on_from_what_was_known_before_a_restart() -> None:
    watch = Watch()
    watch.keeper.restore("machine", Health.UNHEALTHY, START, ["cpu"])
    watch.keeper.restore(SYSTEM, Health.UNHEALTHY, START, ["machine is unhealthy"])
    assert watch.see(machine=95) == []
    assert watch.level("machine") is Health.UNHEALTHY


@given(st.lists(st.floats(0, 100), max_size=60))
def test_changes_follow_one_another_and_never_faster_than_the_settings_allow(values: list[float]) -> None:
    watch = Watch()
    held, last = Health.UNKNOWN, -10
    for number, value in enumerate(values):
        for change in watch.see(machine=value):
            if change.component != "machine":
                continue
            assert change.before in (held, Health.HEALTHY)
            assert number - last >= (2 if change.after.rank > change.before.rank else 4)
            held, last = change.after, number


@given(
    st.dictionaries(st.sampled_from(["success_rate"]), st.floats(0, 1)),
    st.dictionaries(st.sampled_from(["cpu_usage", "memory_usage"]), st.floats(0, 100)),
    st.dictionaries(st.just("response_time"), st.floats(0, 1e6)),
    st.lists(st.sampled_from(list(Health))),
)
def test_the_score_is_from_0_to_100_or_unknown(
    rates: dict[str, float], usage: dict[str, float], times: dict[str, float], levels: list[Health]
) -> None:
    parts = score_parts({**rates, **usage, **times}, levels, ThresholdSettings())
    score = performance_score(parts)
    assert (score is None) == (not parts)
    assert score is None or 0 <= score <= 100


def test_the_score_is_the_weighted_mean_of_what_is_known() -> None:
    figures = {"success_rate": 0.9, "response_time": 15.0, "cpu_usage": 90.0, "memory_usage": 10.0}
    parts = score_parts(figures, [Health.HEALTHY, Health.UNHEALTHY, Health.UNKNOWN], ThresholdSettings())
    assert parts == {"success": 0.9, "speed": 0.75, "health": 0.5, "room": 0.5}
    assert performance_score(parts) == pytest.approx(100 * (0.36 + 0.1875 + 0.1 + 0.075), abs=0.06)
    assert performance_score({"health": 1.0}) == 100
    assert sum(WEIGHTS.values()) == pytest.approx(1)
