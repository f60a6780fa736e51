"""Spans and metrics of one supervisor, through the OpenTelemetry API and a Prometheus registry of its own.

Names follow the OpenTelemetry semantic conventions for generative AI, version 1.37 (status: Development), kept here
as plain strings because the Python constants are deprecated. Nothing global is set: the tracer comes from the
provider that the host hands over, or from the API's current one.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.trace import Span, Status, StatusCode, Tracer, TracerProvider
from opentelemetry.util.types import AttributeValue
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["Metrics", "Telemetry"]

_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The live counters and histograms; what the log can tell is collected from its views instead."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Counter(
            "supervisor_requests", "Requests ended, by outcome", ["approach", "outcome"], registry=registry
        )
        self.request_seconds = Histogram(
            "supervisor_request_duration_seconds",
            "Time from admission to answer",
            ["approach"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.routes = Counter("supervisor_routes", "Routing decisions", ["approach", "route"], registry=registry)
        self.tokens = Counter(
            "supervisor_tokens", "Tokens used, by model and direction", ["model", "direction"], registry=registry
        )
        self.model_seconds = Histogram(
            "supervisor_model_call_duration_seconds",
            "Time of one model call",
            ["model"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.tool_calls = Counter("supervisor_tool_calls", "Tool calls ended", ["tool", "status"], registry=registry)
        self.tool_seconds = Histogram(
            "supervisor_tool_call_duration_seconds",
            "Time of one tool call",
            ["tool"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.intents = Counter("supervisor_intents", "Intents settled", ["type", "status"], registry=registry)
        self.fallbacks = Counter("supervisor_fallbacks", "Fallbacks taken", ["source", "target"], registry=registry)
        self.errors = Counter("supervisor_errors", "Errors, by their code", ["code"], registry=registry)
        self.notifications = Counter(
            "supervisor_notifications",
            "Notifications for addresses, delivered or not",
            ["kind", "status"],
            registry=registry,
        )
        self.mcp_up = Gauge("supervisor_mcp_server_up", "1 while a server is reached", ["server"], registry=registry)
        self.mcp_tools = Gauge("supervisor_mcp_tools", "Tools that an MCP server offers", ["server"], registry=registry)
        self.rejected = Counter("supervisor_requests_rejected", "Requests not admitted", ["reason"], registry=registry)
        self._count_flags(registry)

    def _count_flags(self, registry: CollectorRegistry) -> None:
        self.flags = Counter(
            "supervisor_flag_evaluations", "Flag evaluations", ["key", "variant", "reason"], registry=registry
        )
        self.flag_requests = Counter(
            "supervisor_flag_requests",
            "Requests ended, by the variants they were handled under",
            ["key", "variant", "outcome"],
            registry=registry,
        )
        self.flag_request_seconds = Histogram(
            "supervisor_flag_request_duration_seconds",
            "Time from admission to answer, by variant",
            ["key", "variant"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.flag_fault = Gauge(
            "supervisor_flag_fault",
            "1 while the set of flags is refused or its provider is not ready",
            registry=registry,
        )


class Telemetry:
    """A tracer and the metrics, handed down by constructor arguments."""

    def __init__(
        self, tracer_provider: TracerProvider | None = None, registry: CollectorRegistry | None = None
    ) -> None:
        self.tracer: Tracer = trace.get_tracer("agent-supervisor", tracer_provider=tracer_provider)
        self._untraced = nullcontext(trace.INVALID_SPAN)
        self.metrics = Metrics(registry if registry is not None else CollectorRegistry())

    def span(
        self, name: str, attributes: Mapping[str, AttributeValue | None] | None = None
    ) -> AbstractContextManager[Span]:
        """A span as the current one; an exception marks it with `error.type` and passes on."""
        clean = {key: value for key, value in (attributes or {}).items() if value is not None}
        span = self.tracer.start_span(name, attributes=clean)
        if span is trace.get_current_span():  # nobody traces: a tracer that does makes a span of its own
            return self._untraced if span is trace.INVALID_SPAN else nullcontext(span)
        return _within(span)


@contextmanager
def _within(span: Span) -> Generator[Span]:
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(Status(StatusCode.ERROR))
            raise
