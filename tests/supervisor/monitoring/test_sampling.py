"""Samples: what they tell of the log, the process and the host's metrics, and what health makes of them."""

from __future__ import annotations

import itertools
import math
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from prometheus_client import generate_latest

from common.errors import ConfigurationError, NotFound
from common.settings import StoreSettings
from events.catalogue.system import AlertRaised, HealthChanged, SystemSampled
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.supervisor.monitoring.conftest import Open, Stepped


async def test_a_sample_tells_what_was_done_since_the_window_began(stepped: Stepped) -> None:
    first = await stepped.sample()
    assert first.absent["success_rate"] == "the window has only begun"
    await stepped.handled(4, seconds=2.0)
    await stepped.handled(1, seconds=7.0, ok=False)
    sample = await stepped.sample()
    assert sample.figures["requests"] == 5
    assert sample.figures["response_time"] == pytest.approx(3.0)
    assert sample.figures["success_rate"] == pytest.approx(0.8)
    assert sample.figures["total_errors"] == 1
    assert sample.tools["shop.buy"]["error_rate"] == pytest.approx(0.2)
    assert sample.agents["timer"] == {
        "calls": 5, "errors": 1, "response_time": 3.0, "success_rate": 0.8, "error_rate": 0.2,
        "tokens": 0, "insights": 0,
    }  # fmt: skip
    assert sample.figures["custom.heat"] == 0
    assert sample.figures["total_agents"] == sample.figures["active_agents"] == len(stepped.supervisor.roles())


async def test_what_is_older_than_the_window_counts_no_more(stepped: Stepped) -> None:
    await stepped.sample()
    await stepped.handled(5, ok=False)
    assert (await stepped.sample()).figures["success_rate"] == 0
    late = await stepped.sample(11)
    assert "success_rate" in late.absent
    assert late.figures["total_errors"] == 5


async def test_a_metric_that_fails_is_absent_and_says_why(stepped: Stepped) -> None:
    stepped.monitoring.metric("broken", lambda: 1 / 0)
    sample = await stepped.sample()
    assert "custom.broken" not in sample.figures
    assert sample.absent["custom.broken"].startswith("ZeroDivisionError")


def exits() -> float:
    sys.exit(3)


def raises() -> float:
    raise ValueError("\x1b[31m" + "x" * 10_000)


async def exits_later() -> float:
    sys.exit(3)


@pytest.mark.parametrize(
    "broken",
    [
        exits, exits_later, raises, lambda: float("nan"), lambda: -math.inf, lambda: 10**400, lambda: 1.7e308,
        lambda: "12", lambda: None, lambda: True, lambda: 1j,
    ],
)  # fmt: skip
async def test_whatever_a_metric_does_the_sample_is_taken(stepped: Stepped, broken: Any) -> None:
    stepped.supervisor.metric("odd", broken, limit=5)
    sample = await stepped.sample(heat=3)
    assert sample.figures["custom.heat"] == 3
    assert "custom.odd" not in sample.figures
    assert 0 < len(sample.absent["custom.odd"]) <= 200


async def test_what_a_metric_s_error_tells_is_redacted(stepped: Stepped) -> None:
    def away() -> float:
        raise ConnectionError("no answer from https://ann:hunter2secret9@queue.example, password=hunter2secret9")

    stepped.supervisor.metric("queue", away)
    stepped.monitoring.register_analyzer("queue", lambda _: [away()])  # pyright: ignore[reportArgumentType]
    sample = await stepped.sample()
    report = await stepped.monitoring.trigger_analysis()
    for told in (sample.absent["custom.queue"], report.failed["queue"]):
        assert "ConnectionError: no answer" in told
        assert "hunter2" not in told


async def test_metrics_that_hang_keep_no_other_from_being_read(open_stepped: Open) -> None:
    async with open_stepped(metric_timeout=0.3) as stepped:
        go_on = threading.Event()

        def hangs() -> float:
            go_on.wait(60)
            return 1.0

        for number in range(6):
            stepped.supervisor.metric(f"hangs{number}", hangs)
        await stepped.sample()
        sample = await stepped.sample(heat=4)
        assert sample.figures["custom.heat"] == 4
        assert "the call before has not ended yet" in sample.absent["custom.hangs0"]
        go_on.set()


async def test_the_largest_figures_spoil_no_analysis(stepped: Stepped) -> None:
    sign = itertools.cycle((1, -1))
    stepped.supervisor.metric("huge", lambda: 1e150, limit=5)
    stepped.supervisor.metric("jumps", lambda: 1e150 * next(sign), limit=5)
    for _ in range(130):
        stepped.clock.move(timedelta(minutes=5))
        await stepped.monitoring.sample()
    report = await stepped.monitoring.trigger_analysis()
    assert report.failed == {}
    assert report.findings["thresholds"] >= 1


async def test_a_clock_that_is_set_back_hides_nothing(stepped: Stepped) -> None:
    await stepped.sample(5, heat=50)
    stepped.clock.move(timedelta(hours=-5))
    await stepped.sample(8, heat=1)
    told = await stepped.monitoring.get_system_status()
    assert told.figures["custom.heat"] == 1
    assert (await stepped.analyse()).findings["thresholds"] == 0
    await stepped.sample(3, heat=50)
    report = await stepped.analyse()
    assert report.findings["thresholds"] == 1
    found = await stepped.monitoring.get_improvement(report.suggested[0])
    assert found.evidence[0].figures["last"] == 50


async def test_errors_make_the_requests_unhealthy_with_an_event_and_an_alert(stepped: Stepped) -> None:
    await stepped.sample()
    await stepped.handled(5, ok=False)
    await stepped.sample(2)
    health = await stepped.monitoring.get_health()
    by_name = {part.component: part for part in health.components}
    assert (health.health, by_name["requests"].health) == ("unhealthy", "unhealthy")
    assert "success_rate 0, 0.8 at the least" in by_name["requests"].reasons
    events = [
        entry.event for entry in await stepped.supervisor.store.read_all(0, {AlertRaised.TOPIC, HealthChanged.TOPIC})
    ]
    assert sum(isinstance(event, AlertRaised) for event in events) == 1
    changed = [event.component for event in events if isinstance(event, HealthChanged)]
    assert {"requests", "role:timer", "tool:shop.buy", "system"} <= set(changed)


async def test_few_calls_are_no_ground_to_judge(stepped: Stepped) -> None:
    await stepped.sample()
    await stepped.handled(4, ok=False)
    await stepped.sample(3)
    assert (await stepped.monitoring.get_health()).health == "healthy"


async def test_the_views_are_tables_with_the_promised_columns(stepped: Stepped) -> None:
    await stepped.sample()
    await stepped.handled(5)
    await stepped.sample(heat=50)
    await stepped.sample(heat=50)
    await stepped.analyse()
    views = stepped.supervisor.views
    promised = {
        "system_metrics": (
            "timestamp total_agents active_agents failed_agents avg_response_time avg_success_rate system_cpu_usage "
            "system_memory_usage total_errors total_insights performance_score"
        ),
        "system_improvements": (
            "id type priority title description affected_components estimated_impact implementation_plan confidence "
            "created_at status assigned_agent completion_time"
        ),
        "agent_performance_history": (
            "agent_name timestamp response_time success_rate error_count insights_generated memory_usage cpu_usage"
        ),
    }
    for name, columns in promised.items():
        rows = await views.query(name)
        assert rows
        assert set(columns.split()) <= rows[0].keys()


async def test_metrics_are_thinned_out_evenly_and_keep_the_last(stepped: Stepped) -> None:
    last = None
    for number in range(10):
        await stepped.sample(heat=float(number))
        last = stepped.clock.now()
    report = await stepped.monitoring.get_metrics(1, points=4)
    assert report.total == 10
    assert len(report.samples) == 4
    assert report.samples[-1].timestamp == last
    assert [sample.figures["custom.heat"] for sample in report.samples] == [2, 4, 7, 9]
    assert (await stepped.monitoring.get_metrics(0.05)).total == 7
    assert (await stepped.monitoring.get_metrics(1, node="elsewhere")).samples == ()


@pytest.mark.parametrize(("hours", "points"), [(0, 10), (-1, 10), (1e9, 10), (float("nan"), 10), (1, 0)])
async def test_bounds_that_can_not_be_are_refused(stepped: Stepped, hours: float, points: int) -> None:
    with pytest.raises(ConfigurationError):
        await stepped.monitoring.get_metrics(hours, points=points)


async def test_an_agent_is_told_with_its_history(stepped: Stepped) -> None:
    await stepped.sample()
    await stepped.handled(6, seconds=2)
    await stepped.sample(2)
    (timer,) = await stepped.monitoring.get_agent_performance("timer")
    assert (timer.calls, timer.errors, timer.success_rate, timer.response_time) == (6, 0, 1.0, 2.0)
    assert [point.calls for point in timer.history] == [6, 6]
    assert timer.history[0].timestamp < timer.history[1].timestamp
    assert {agent.agent_name for agent in await stepped.monitoring.get_agent_performance()} > {"timer", "weather"}
    with pytest.raises(NotFound):
        await stepped.monitoring.get_agent_performance("nobody")


async def test_status_is_a_look_of_its_own_until_there_is_a_sample(stepped: Stepped) -> None:
    status = await stepped.monitoring.get_system_status()
    assert not status.meta_agent_active
    assert status.sampled_at is None
    assert await stepped.supervisor.store.read_all(0, {SystemSampled.TOPIC}) == []
    await stepped.sample()
    status = await stepped.monitoring.get_system_status()
    assert status.meta_agent_active
    assert status.sampled_at == stepped.clock.now()
    stepped.clock.move(timedelta(minutes=5))
    assert (await stepped.monitoring.get_system_status()).sampled_at is None


async def test_another_process_sees_what_this_one_told(open_stepped: Open, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with open_stepped(url=url) as first, open_stepped(url=url) as second:
        await first.sample()
        await first.handled(5, ok=False)
        await first.sample(2)
        seen = await second.monitoring.get_health()
        assert (seen.health, seen.recorded) == ("unhealthy", True)
        parts = {part.component: part.health for part in seen.components}
        assert parts["requests"] == "unhealthy"
        assert parts["store"] == "healthy"


async def test_one_process_alone_tells_of_the_agents_and_another_takes_over(open_stepped: Open, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with open_stepped(url=url) as second:
        async with open_stepped(url=url) as first:
            await first.sample()
            await second.sample()
            await first.handled(5)
            assert (await first.sample()).agents.keys() == {"timer"}
            other = await second.sample()
            assert other.agents == {}
            assert other.figures["requests"] == 5
        assert (await second.sample()).agents.keys() == {"timer"}


async def test_health_is_remembered_over_a_restart(open_stepped: Open, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with open_stepped(url=url) as first:
        await first.sample(3, heat=99)
    async with open_stepped(url=url) as again:
        again.heat = 99
        await again.sample()
        parts = {part.component: part for part in (await again.monitoring.get_health()).components}
        assert parts["metric:heat"].health == "degraded"
        changes = await again.supervisor.store.read_all(0, {HealthChanged.TOPIC})
        assert [entry.event.component for entry in changes if isinstance(entry.event, HealthChanged)] == [
            "metric:heat", "system",
        ]  # fmt: skip


async def test_gauges_tell_health_score_and_improvements(stepped: Stepped) -> None:
    await stepped.sample(3, heat=99)
    await stepped.analyse()
    text = generate_latest(stepped.supervisor.metrics_registry).decode()
    assert 'supervisor_health{component="metric:heat"} 0.5' in text
    assert 'supervisor_improvements{status="pending"} 1.0' in text
    assert 'supervisor_sample{figure="custom.heat"} 99.0' in text
    assert "supervisor_performance_score " in text


async def test_it_runs_by_itself_until_it_is_stopped(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path)
    quick = settings.monitoring.model_copy(update={"sample_every": 0.05, "report_every": 0.1, "analyze_every": 0.1})
    async with Supervisor(settings.model_copy(update={"monitoring": quick})) as supervisor:
        assert supervisor.monitoring.is_running
        assert not await supervisor.monitoring.start_continuous_monitoring()
        with anyio.fail_after(20):
            while not await supervisor.monitoring.get_reports() or supervisor.monitoring.last_analysis is None:
                await anyio.sleep(0.02)
        assert await supervisor.monitoring.stop_monitoring()
        assert not await supervisor.monitoring.stop_monitoring()
        before = await supervisor.store.head()
        await anyio.sleep(0.3)
        assert await supervisor.store.head() == before
        assert await supervisor.monitoring.start_continuous_monitoring()
        with anyio.fail_after(20):
            while await supervisor.store.head() == before:
                await anyio.sleep(0.02)


async def test_nothing_runs_without_loops_or_where_it_is_turned_off(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path)
    quick = settings.monitoring.model_copy(update={"sample_every": 0.02})
    off = quick.model_copy(update={"enabled": False})
    for monitoring, background in ((quick, False), (off, True)):
        given = settings.model_copy(update={"monitoring": monitoring, "store": StoreSettings(url="memory://")})
        async with Supervisor(given, background=background) as supervisor:
            await anyio.sleep(0.2)
            assert not supervisor.monitoring.is_running
            assert await supervisor.store.read_all(0, {SystemSampled.TOPIC}) == []


async def test_starting_and_stopping_at_once_leaves_one_running_or_none(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path)
    quick = settings.monitoring.model_copy(update={"sample_every": 0.05})
    async with Supervisor(settings.model_copy(update={"monitoring": quick}), background=False) as supervisor:
        monitoring = supervisor.monitoring
        for _ in range(3):
            assert await monitoring.start_continuous_monitoring()
            assert await monitoring.stop_monitoring()
        await anyio.sleep(0.2)
        assert await supervisor.store.read_all(0, {SystemSampled.TOPIC}) == []
        assert await monitoring.start_continuous_monitoring()
        with anyio.fail_after(20):
            while not await supervisor.store.read_all(0, {SystemSampled.TOPIC}):
                await anyio.sleep(0.02)
