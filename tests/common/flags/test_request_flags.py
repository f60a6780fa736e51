"""The flags of one request: evaluated once, told to trace, span and metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common.context import TaskContext
from common.flags import META_PLANNING, SHADOW_COMPARISON, Flags, RequestFlags
from common.telemetry import Telemetry
from tests.common.flags.definitions import meta_planning, write


class Request:
    """One request's flags, and what was told of them."""

    def __init__(self, flags: Flags, context: TaskContext | None = None) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.telemetry = Telemetry(provider)
        self.recorded: list[dict[str, str]] = []
        self.flags = RequestFlags(flags, context or TaskContext(), "trace-1", self.telemetry, self.recorded.append)

    def sample(self, name: str, **labels: str) -> float | None:
        return self.telemetry.metrics.registry.get_sample_value(name, labels)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (event.name, dict(event.attributes or {}))
            for span in self.exporter.get_finished_spans()
            for event in span.events
        ]


@pytest.fixture
async def flags(tmp_path: Path) -> Flags:
    write(tmp_path / "flags.json", meta_planning("on"))
    found = Flags("supervisor", {}, file=tmp_path / "flags.json")
    await found.open()
    return found


async def test_a_flag_that_changes_meanwhile_changes_nothing_for_a_request(flags: Flags, tmp_path: Path) -> None:
    request = Request(flags)
    assert (await request.flags.read(META_PLANNING)).value is True
    write(tmp_path / "flags.json", meta_planning("off"))
    await flags.refresh()
    assert (await request.flags.read(META_PLANNING)).value is True
    assert (await Request(flags).flags.read(META_PLANNING)).value is False


async def test_readers_at_once_evaluate_once(flags: Flags, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluations: list[str] = []
    plain = Flags.read

    async def counted(self: Flags, key: str, *rest: Any) -> Any:
        evaluations.append(key)
        await anyio.lowlevel.checkpoint()
        return await plain(self, key, *rest)

    monkeypatch.setattr(Flags, "read", counted)
    request = Request(flags)
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(request.flags.read, META_PLANNING)
    assert evaluations == [META_PLANNING]


async def test_what_comes_before_routing_is_told_with_it_and_what_comes_later_by_itself(flags: Flags) -> None:
    request = Request(flags)
    await request.flags.read(META_PLANNING)
    first = {"key": META_PLANNING, "variant": "on", "reason": "STATIC", "provider": "flags.json"}
    assert request.flags.routed() == [first]
    assert request.recorded == []
    await request.flags.read(SHADOW_COMPARISON)
    await request.flags.read(SHADOW_COMPARISON)
    await request.flags.read(META_PLANNING)
    later = {"key": SHADOW_COMPARISON, "variant": "off", "reason": "DEFAULT", "provider": "default"}
    assert request.recorded == [later]
    assert request.flags.known(META_PLANNING) is True
    assert request.flags.known("router-model") is None


async def test_an_evaluation_is_an_event_on_the_current_span(flags: Flags) -> None:
    request = Request(flags)
    with request.telemetry.span("request"):
        await request.flags.read(META_PLANNING)
        await request.flags.read(META_PLANNING)
    assert request.events() == [
        (
            "feature_flag.evaluation",
            {
                "feature_flag.key": META_PLANNING,
                "feature_flag.result.variant": "on",
                "feature_flag.result.reason": "static",
                "feature_flag.provider.name": "flags.json",
                "feature_flag.context.id": "trace-1",
            },
        )
    ]


async def test_a_failed_evaluation_says_so_on_the_span_and_in_the_trace(tmp_path: Path) -> None:
    write(tmp_path / "flags.json", meta_planning(targeting={"/": [1, 0]}))
    flags = Flags("supervisor", {}, file=tmp_path / "flags.json")
    await flags.open()
    request = Request(flags, TaskContext(request_id="r1"))
    with request.telemetry.span("request"):
        await request.flags.read(META_PLANNING)
    ((_, attributes),) = request.events()
    assert attributes["feature_flag.result.reason"] == "error"
    assert attributes["feature_flag.context.id"] == "r1"
    assert "ZeroDivisionError" in attributes["feature_flag.error.message"]
    assert attributes["error.type"] == "general"
    (record,) = request.flags.routed()
    assert "ZeroDivisionError" in str(record["error"])


async def test_metrics_count_evaluations_and_how_requests_end_by_variant(flags: Flags) -> None:
    request = Request(flags)
    await request.flags.read(META_PLANNING)
    await request.flags.read(META_PLANNING)
    request.flags.ended("success", 0.2)
    labels = {"key": META_PLANNING, "variant": "on"}
    assert request.sample("supervisor_flag_evaluations_total", **labels, reason="STATIC") == 1
    assert request.sample("supervisor_flag_requests_total", **labels, outcome="success") == 1
    assert request.sample("supervisor_flag_request_duration_seconds_sum", **labels) == pytest.approx(0.2)
    assert request.sample("supervisor_flag_requests_total", key=SHADOW_COMPARISON, variant="off", outcome="x") is None


async def test_the_trace_is_the_targeting_key_of_a_request_without_an_id(tmp_path: Path) -> None:
    write(
        tmp_path / "flags.json",
        meta_planning(targeting={"if": [{"===": [{"var": "targetingKey"}, "trace-1"]}, "on"]}),
    )
    flags = Flags("supervisor", {}, file=tmp_path / "flags.json")
    await flags.open()
    assert (await Request(flags).flags.read(META_PLANNING)).value is True
    assert (await Request(flags, TaskContext(request_id="r1")).flags.read(META_PLANNING)).value is False
