"""The built-in analyzers on figures and calls with known causes, and on ones without any."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.settings import Settings
from supervisor.monitoring.activity import Activity, Work
from supervisor.monitoring.anomaly_findings import AnomalyFinder
from supervisor.monitoring.bottleneck_findings import find_slowest, spans_of
from supervisor.monitoring.drift_findings import DriftFinder
from supervisor.monitoring.findings import AnalysisContext
from supervisor.monitoring.forecast_findings import LimitPredictor
from supervisor.monitoring.history import Series
from supervisor.monitoring.leak_findings import find_leaks
from supervisor.monitoring.models import Forecast
from supervisor.monitoring.queue_findings import find_queues
from supervisor.monitoring.thresholds import standard_thresholds
from supervisor.monitoring.work import WorkSpan

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MB = 1024 * 1024


def series(values: Iterable[float], *, every: float = 30.0, until: datetime = NOW) -> Series:
    """Values that end now."""
    given = list(values)
    made = Series()
    for number, value in enumerate(given):
        made.add(until.timestamp() - (len(given) - 1 - number) * every, value)
    return made


def context(named: Mapping[str, Series] | None = None, spans: Sequence[WorkSpan] = (), **more: Any) -> AnalysisContext:
    settings = Settings()
    fields: dict[str, Any] = {
        "now": NOW,
        "settings": settings,
        "series": named or {},
        "activity": Activity(300.0),
        "spans": spans,
        "spans_read": len(spans),
        "components": {},
        "thresholds": standard_thresholds(settings.monitoring.thresholds),
    }
    return AnalysisContext(**{**fields, **more})


def call(number: int, *, seconds: float = 1.0, ok: bool = True, kind: str = "tool", cost: float = 0.0) -> WorkSpan:
    at = NOW - timedelta(hours=1) + timedelta(seconds=number)
    return WorkSpan(f"trace/{number}", kind, "x", "timer", "t1", at, seconds, ok, 0, cost)


def test_a_leak_is_found_with_when_memory_is_full_and_steady_load_is_none() -> None:
    noise = random.Random(1)
    steady = [300 * MB + noise.gauss(0, 5 * MB) for _ in range(960)]
    growing = [value + number * 1.5 * MB for number, value in enumerate(steady)]
    free = series([4096 * MB] * 960)
    (found,) = find_leaks(
        context({"a/process_memory": series(growing), "a/memory_available": free, "b/process_memory": series(steady)})
    )
    assert found.subject == "a/process_memory"
    assert found.due_in is not None
    assert timedelta(hours=15) < found.due_in < timedelta(hours=30)
    assert found.urgency in ("critical", "high")


def waiting(wait: float, *, admitted: float = 2.0, cpu: float = 20.0, worked: float = 4.0) -> AnalysisContext:
    """An hour of samples in which requests waited so long."""
    told = {
        "a/admission_wait": wait, "a/requests_admitted": admitted, "a/cpu_usage": cpu, "response_time": worked,
        "b/admission_wait": 0.01, "b/requests_admitted": 9.0,
    }  # fmt: skip
    return context({name: series([value] * 120) for name, value in told.items()})


def test_a_queue_that_holds_the_time_of_requests_is_found() -> None:
    (found,) = find_queues(waiting(6.0))
    assert (found.subject, found.type, found.title) == (
        "a/queue:admission", "scalability", "queue:admission holds 60% of the time of requests on a"
    )  # fmt: skip
    assert found.plan.specialist == "performance_analyst"
    assert found.evidence.figures["admitted"] == 240
    assert found.urgency == "low"
    (worse,) = find_queues(waiting(40.0))
    assert worse.urgency == "medium"
    (full,) = find_queues(waiting(6.0, cpu=95.0))
    assert (full.plan.action, full.plan.specialist) == ("", "")


@pytest.mark.parametrize(
    "calm",
    [waiting(3.0), waiting(6.0, admitted=0.1), waiting(0.5, worked=0.2), context({"a/admission_wait": series([9.0])})],
    ids=["waits less than it works", "few requests", "quick all the same", "nothing else known"],
)
def test_a_queue_that_does_not_is_no_finding(calm: AnalysisContext) -> None:
    assert list(find_queues(calm)) == []


def test_what_earlier_processes_held_is_no_leak_of_the_latest() -> None:
    noise = random.Random(1)
    grown = series(200 * MB + number * 0.5 * MB + noise.uniform(-2, 2) * MB for number in range(720))
    assert list(find_leaks(context({"a/process_memory": grown})))
    uptime = series([600.0])
    assert list(find_leaks(context({"a/process_memory": grown, "a/process_uptime": uptime}))) == []


def test_a_process_that_is_gone_leaks_no_more() -> None:
    growing = [300 * MB + number * MB for number in range(960)]
    gone = series(growing, until=NOW - timedelta(hours=1))
    assert list(find_leaks(context({"a/process_memory": gone}))) == []


@pytest.mark.parametrize(
    ("kind", "about", "before", "after"),
    [
        ("tool", "errors", {"ok": True}, {"ok": False}),
        ("tool", "seconds", {"seconds": 1.0}, {"seconds": 4.0}),
        ("request", "seconds", {"seconds": 1.0}, {"seconds": 4.0}),
        ("model", "cost", {"cost": 0.01}, {"cost": 0.03}),
    ],
)
def test_drift_is_told_for_as_long_as_it_stands(
    kind: str, about: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    finder = DriftFinder()
    calls = [call(number, kind=kind, **before) for number in range(200)]
    assert list(finder(context(spans=calls))) == []
    calls += [call(number, kind=kind, **after) for number in range(200, 350)]
    component = "requests" if kind == "request" else f"{kind}:x"
    for _ in range(2):  # the same calls are taken once
        assert [found.subject for found in finder(context(spans=calls))] == [f"{component}/{about}"]
    calls += [call(number, kind=kind, **before) for number in range(350, 900)]
    assert list(finder(context(spans=calls))) == []


def test_calls_that_vary_as_they_did_before_do_not_drift() -> None:
    drawn = random.Random(2)
    finder = DriftFinder()
    calls = [call(number, seconds=drawn.lognormvariate(0, 1), ok=drawn.random() > 0.1) for number in range(3_000)]
    assert list(finder(context(spans=calls))) == []


def test_what_is_unusual_is_told_for_an_hour() -> None:
    drawn = random.Random(3)
    usual = [1 + drawn.gauss(0, 0.05) for _ in range(4_000)]
    assert list(AnomalyFinder()(context({"response_time": series(usual)}))) == []
    sudden = [*usual, *[9.0] * 20]
    (found,) = AnomalyFinder()(context({"response_time": series(sudden)}))
    assert (found.subject, found.components, found.urgency) == ("response_time", ("requests",), "low")
    later = [*sudden, *[1.0] * 240]
    assert list(AnomalyFinder()(context({"response_time": series(later)}))) == []


def trace(number: int, tool_seconds: float) -> list[WorkSpan]:
    end = NOW - timedelta(minutes=number)
    name = f"trace/{number}"
    return [
        WorkSpan(name, "tool", "shop.buy", "timer", "t1", end - timedelta(seconds=1), tool_seconds, True),
        WorkSpan(name, "role", "timer", "timer", "t1", end - timedelta(seconds=0.5), tool_seconds + 1, True),
        WorkSpan(name, "request", "request", "", "", end, tool_seconds + 2, True),
    ]


def test_the_tool_that_holds_the_time_of_slow_requests_is_named() -> None:
    slow = [span for number in range(30) for span in trace(number, 8.0)]
    (found,) = find_slowest(context(spans=slow))
    assert found.components == ("tool:shop.buy", "requests")
    assert 0.75 < found.plan.arguments["share"] < 0.85  # pyright: ignore[reportOperatorIssue]
    assert list(find_slowest(context(spans=slow[:30]))) == []
    quick = [span for number in range(30) for span in trace(number, 0.5)]
    assert list(find_slowest(context(spans=quick))) == []


def test_spans_know_who_waited_for_them() -> None:
    tool, role, request = spans_of(trace(1, 8.0))
    assert (tool.parent, role.parent, request.parent) == (role.id, request.id, None)
    assert spans_of(trace(1, 8.0)[:2]) == []


def test_a_limit_that_will_be_reached_is_told_with_the_time() -> None:
    told: list[Forecast] = []
    filling = series([62 + number / 200 for number in range(5_000)])
    (found,) = LimitPredictor(told)(context({"a/disk_usage": filling}))
    assert found.due_in is not None
    assert timedelta(hours=4) < found.due_in < timedelta(hours=6)
    assert found.urgency == "critical"
    assert told[0].series == "a/disk_usage"
    assert told[0].per_hour == pytest.approx(0.6, abs=0.01)
    level = series([50.0] * 5_000)
    assert list(LimitPredictor(told)(context({"a/disk_usage": level}))) == []
    assert told[0].at is None


def test_what_did_not_work_lately_can_not_be_judged() -> None:
    working = Activity(300.0, tools={"busy": Work(calls=9), "idle": Work(calls=1)}, requests=Work(calls=9))
    judged = context(activity=working)
    assert judged.observed("tool:busy")
    assert judged.observed("requests")
    assert judged.observed("machine")
    assert not judged.observed("tool:idle")
    assert not judged.observed("tool:gone")


def test_old_values_of_a_series_are_thinned_out_and_forgotten() -> None:
    made = series([float(number) for number in range(20_000)])
    end = NOW.timestamp()
    made.forget(end - 6 * 86_400, end - 86_400)
    assert made.times[-1] == end
    assert made.times[0] >= end - 6 * 86_400
    fine = [at for at in made.times if at >= end - 86_400]
    assert len(fine) == 2_881
    assert len(made) < 2_881 + 5 * 86_400 / 300 + 2
