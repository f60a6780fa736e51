"""A good guest: light to import, nothing global taken over, two supervisors share nothing."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import anyio
import prometheus_client
from openfeature import api
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common.settings import FlagSettings
from supervisor import Supervisor
from supervisor.testing import offline_settings

ROOT = Path(__file__).parents[2]
HEAVY = ("strands", "sklearn", "scipy", "numpy", "dateparser", "icalendar", "httpx", "eventsourcing", "rich")


def test_importing_the_library_is_light_and_silent() -> None:
    script = (
        "import sys, json, logging; before = list(logging.root.handlers); import supervisor; "
        f"print(json.dumps([[m for m in {HEAVY!r} if m in sys.modules], before == logging.root.handlers]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    heavy, same_handlers = json.loads(done.stdout)
    assert heavy == []
    assert same_handlers
    assert done.stderr == ""


async def test_a_request_changes_nothing_global(tmp_path: Path) -> None:
    hosts = api.get_client().provider
    families = {family.name for family in prometheus_client.REGISTRY.collect()}
    provider = trace.get_tracer_provider()
    handlers, level = list(logging.root.handlers), logging.root.level

    async with Supervisor(offline_settings(tmp_path)) as supervisor:
        response = await supervisor.process_request("set a timer for 5 minutes and turn on the kitchen light")
        assert response.outcome == "success"

    assert api.get_client().provider is hosts
    assert {family.name for family in prometheus_client.REGISTRY.collect()} == families
    assert trace.get_tracer_provider() is provider
    assert (logging.root.handlers, logging.root.level) == (handlers, level)


async def test_two_supervisors_share_nothing(tmp_path: Path) -> None:
    one = offline_settings(tmp_path / "one").model_copy(update={"flags": FlagSettings(values={"meta-planning": True})})
    two = offline_settings(tmp_path / "two")
    text = "set a timer for 5 minutes and turn on the kitchen light"
    async with Supervisor(one) as first, Supervisor(two) as second:
        assert (await first.process_request(text)).metadata.approach == "meta_planning"
        assert (await second.process_request(text)).metadata.approach == "task_graph"
        assert len(await first.traces()) == len(await second.traces()) == 1
        assert first.metrics_registry is not second.metrics_registry


async def test_spans_go_to_the_hosts_tracer_under_its_current_span(tmp_path: Path) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with Supervisor(offline_settings(tmp_path), tracer_provider=provider, background=False) as supervisor:
        with provider.get_tracer("host").start_as_current_span("host work"):
            await supervisor.process_request(
                "set a timer for 5 minutes and turn on the kitchen light", {"flags": {"meta-planning": True}}
            )
    spans = {span.name: span for span in exporter.get_finished_spans()}
    expected = {"request", "route", "plan", "invoke_workflow", "invoke_agent agent", "execute_tool timer.set"}
    assert expected <= set(spans), sorted(spans)
    assert any(name.startswith("chat ") for name in spans)
    assert any(name.startswith("intent ") for name in spans)
    trace_ids = {span.context.trace_id for span in spans.values() if span.context is not None}
    assert len(trace_ids) == 1
    parent = spans["request"].parent
    host = spans["host work"].context
    assert parent is not None
    assert host is not None
    assert parent.span_id == host.span_id
    tool = spans["execute_tool timer.set"].attributes or {}
    assert tool["gen_ai.operation.name"] == "execute_tool"


async def test_the_metrics_tell_what_happened(tmp_path: Path) -> None:
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        await supervisor.process_request("turn on the kitchen light")
        await supervisor.process_request("set a timer for 5 minutes and turn on the kitchen light")
        text = await anyio.to_thread.run_sync(prometheus_client.generate_latest, supervisor.metrics_registry)
    lines = text.decode().splitlines()
    for expected in (
        'supervisor_requests_total{approach="direct",outcome="success"} 1.0',
        'supervisor_requests_total{approach="task_graph",outcome="success"} 1.0',
        'supervisor_routes_total{approach="direct",route="smart_home"} 1.0',
        'supervisor_flag_evaluations_total{key="meta-planning",reason="DEFAULT",variant="off"} 1.0',
        "supervisor_store_queue_events 0.0",
    ):
        assert expected in lines
    for prefix in (
        "supervisor_request_duration_seconds_count",
        "supervisor_tool_calls_total",
        "supervisor_intents_total",
        "supervisor_tokens_total",
        "supervisor_projection_lag_events",
    ):
        assert any(line.startswith(prefix) for line in lines), prefix
