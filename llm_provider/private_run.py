"""A run context of one's own, for agents and models that are used outside a supervisor's request."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel

from common.blob import Blob
from common.context import TaskContext
from common.intent_collector import IntentCollector
from common.limits import Budget, Limits
from common.run_context import RunContext
from common.telemetry import Telemetry

__all__ = ["DEFAULT_LIMITS", "private_run"]

DEFAULT_LIMITS = Limits(wall_clock=120.0, turns=30, tokens=200_000, tool_calls=60, cost=1.0)
"""The bounds of a private run, where the task's context sets no others."""


class _NoTrace:
    """A trace that nobody keeps."""

    def __init__(self) -> None:
        self._trace_id = uuid.uuid4().hex

    @property
    def trace_id(self) -> str:
        return self._trace_id

    def record(self, event: BaseModel, blobs: Sequence[Blob] = ()) -> None:
        return None


def private_run(
    context: TaskContext | None = None,
    collector: IntentCollector | None = None,
    telemetry: Telemetry | None = None,
) -> RunContext:
    """A run that is bounded like any other and records nothing; its clock is the machine's where `context` has none."""
    resolved = (context or TaskContext()).resolved(datetime.now(UTC), "UTC", None)
    limits = resolved.limits.over(DEFAULT_LIMITS) if resolved.limits is not None else DEFAULT_LIMITS
    return RunContext(
        context=resolved,
        trace=_NoTrace(),
        budget=Budget(limits),
        collector=collector if collector is not None else IntentCollector(),
        telemetry=telemetry if telemetry is not None else Telemetry(),
    )
