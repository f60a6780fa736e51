"""A secret that is in a request, or in what a tool says, is in no span, metric, log record or notification."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from common.context import TaskContext
from common.settings import IntentSettings, RedactionSettings
from supervisor.facade import Supervisor
from supervisor.notifications import Notification
from supervisor.testing import offline_settings
from tests.supervisor.planted_secrets import PATTERN, Planted, leaked, planted

PHASES = (Phase.explicit, Phase.generate)
"""A failing example is told as it is: to look for a smaller one takes seconds a try."""
OURS = ("common", "events", "llm_provider", "roles", "supervisor")


class Run:
    """A supervisor whose tool gives secrets away, and all that can be seen of it from outside."""

    def __init__(self, secret: Planted) -> None:
        self.secret = secret
        self.exporter = InMemorySpanExporter()
        self.told: list[Notification] = []
        self.metrics = ""

    async def notify(self, notification: Notification) -> None:
        self.told.append(notification)

    async def give_away(self, subject: str) -> str:
        """Look up the invoice of a customer."""
        raise ValueError(f"the server said: {self.secret.written} {subject}")

    async def work(self, text: str, engine: bool) -> None:
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        with tempfile.TemporaryDirectory() as folder:
            own = {
                "redaction": RedactionSettings(patterns=(PATTERN,)),
                "intents": IntentSettings.model_validate({"policies": {"timer.set_timer": "ask"}}),
            }
            settings_ = offline_settings(Path(folder)).model_copy(update=own)
            host = Supervisor(settings_, tracer_provider=provider, notifier=self.notify, background=False)
            host.add_tool(self.give_away, category="billing")
            async with host:
                await host.process_request(text, TaskContext(flags={"meta-planning": engine}))
                self.metrics = generate_latest(host.metrics_registry).decode()

    def seen(self, records: list[logging.LogRecord]) -> dict[str, str]:
        spans = [
            f"{span.name} {span.attributes} {span.events} {span.status}" for span in self.exporter.get_finished_spans()
        ]
        ours = [record for record in records if record.name.partition(".")[0] in OURS]
        return {
            "spans": "\n".join(spans),
            "metrics": self.metrics,
            "log": "\n".join(logging.Formatter().format(record) for record in ours),
            "log records": "\n".join(str(vars(record)) for record in ours),
            "notifications": "\n".join(map(str, self.told)),
        }


REQUESTS = (
    "look up the invoice of the customer {}",
    "set a timer for 10 minutes called {}",
    "look up the invoice of the customer {}, and then remember that {}",
)


@settings(max_examples=12, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=planted, request_text=st.sampled_from(REQUESTS), engine=st.booleans())
def test_nothing_that_leaves_a_supervisor_holds_a_planted_secret(
    caplog: pytest.LogCaptureFixture, secret: Planted, request_text: str, engine: bool
) -> None:
    caplog.clear()
    run = Run(secret)
    with caplog.at_level(logging.DEBUG):
        anyio.run(run.work, request_text.format(*[secret.written] * 2), engine)
    seen: dict[str, Any] = run.seen(caplog.records)
    assert seen["spans"]
    assert "supervisor_requests_total" in seen["metrics"]
    found = {name: parts for name, text in seen.items() if (parts := leaked(text, [secret]))}
    assert not found, {name: seen[name] for name in found}
    assert (request_text != REQUESTS[1]) or run.told, "an approval is told of"


def test_what_the_check_itself_finds() -> None:
    secret = Planted("token: abcdef234567", "abcdef234567")
    assert leaked("… bcdef23456 …", [secret]) == ["bcdef2345", "cdef23456"]
    assert leaked("… abc def 234 567 …", [secret])
    assert leaked("token: [redacted]", [secret]) == []
