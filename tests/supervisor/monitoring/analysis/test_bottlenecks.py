import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ValidationFailed
from supervisor.monitoring.analysis.bottlenecks import Span, critical_path, find_bottlenecks


def span(
    id_: str, start: float, seconds: float, parent: str | None = None, *, kind: str = "tool", trace: str = "t"
) -> Span:
    return Span(trace, id_, kind, id_, start, seconds, parent)


def own(spans: list[Span]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one, seconds in critical_path(spans):
        found[one.name] = found.get(one.name, 0.0) + seconds
    return found


def test_time_belongs_to_the_innermost_span_that_was_waited_for() -> None:
    spans = [
        span("role", 0, 10, kind="role"),
        span("model", 1, 3, "role", kind="model"),
        span("weather", 4, 5, "role"),
        span("http", 5, 2, "weather"),
    ]
    assert own(spans) == pytest.approx({"role": 2, "model": 3, "weather": 3, "http": 2})


def test_of_two_side_by_side_the_longer_counts() -> None:
    spans = [span("role", 0, 10, kind="role"), span("slow", 1, 8, "role"), span("fast", 1, 5, "role")]
    assert own(spans) == pytest.approx({"role": 2, "slow": 8})


def test_time_without_a_span_is_told_as_unmeasured() -> None:
    assert own([span("a", 0, 2), span("b", 5, 1)]) == pytest.approx({"a": 2, "b": 1, "unmeasured": 3})


def test_what_holds_the_time_is_told_with_its_evidence() -> None:
    spans: list[Span] = []
    for number in range(30):
        trace, start = f"t{number}", number * 100.0
        wait = 6.0 + number % 3
        spans += [
            span("assistant", start, wait + 2, kind="role", trace=trace),
            span("outbox", start + 1, wait, "assistant", kind="queue", trace=trace),
        ]
    first, second = find_bottlenecks(spans)
    assert (first.kind, first.name, second.name) == ("queue", "outbox", "assistant")
    assert first.share == pytest.approx(7 / 9)
    assert first.low <= first.share <= first.high
    assert (first.calls, first.traces, first.all_traces) == (30, 30, 30)
    assert first.typical == 7
    assert first.slowest_trace in {"t2", "t5", "t8", "t11", "t14", "t17", "t20", "t23", "t26", "t29"}
    assert "queue outbox holds 78%" in str(first)
    assert find_bottlenecks(spans) == (first, second)
    assert first.to_json()["seconds"] == first.seconds


TIMES = st.floats(0, 1000)


@given(st.lists(st.tuples(TIMES, TIMES, st.integers(-1, 12)), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_own_times_add_up_to_the_trace_whatever_its_tree(rows: list[tuple[float, float, int]]) -> None:
    spans = [
        span(str(number), start, seconds, None if parent < 0 else str(parent))
        for number, (start, seconds, parent) in enumerate(rows)
    ]
    whole = max(one.end for one in spans) - min(one.start for one in spans)
    path = critical_path(spans)
    assert sum(seconds for _, seconds in path) == pytest.approx(whole, abs=1e-6)
    assert all(seconds > 0 for _, seconds in path)
    assert sum(one.share for one in find_bottlenecks(spans, least_share=0.0)) == pytest.approx(1.0 if whole else 0.0)


def test_deep_traces_do_not_overflow() -> None:
    spans = [span(str(depth), depth, 10_000 - 2 * depth, str(depth - 1) if depth else None) for depth in range(3000)]
    assert sum(seconds for _, seconds in critical_path(spans)) == pytest.approx(10_000)


@pytest.mark.parametrize(
    "spans",
    [
        [span("a", 0, 1), span("a", 2, 1)],
        [span("a", 0, -1)],
        [span("a", float("nan"), 1)],
        [span("a", 0, 1), span("b", 0, 1, trace="other")],
        [span("", 0, 1)],
    ],
)
def test_spans_that_cannot_be_placed_are_refused(spans: list[Span]) -> None:
    with pytest.raises(ValidationFailed):
        critical_path(spans)


def test_nothing_gives_nothing() -> None:
    assert critical_path([]) == []
    assert find_bottlenecks([]) == ()
