"""What travels with the work on one request: its context, trace, budget, collector and listeners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pydantic import BaseModel

from common.context import TaskContext
from common.hints import PlanningHints
from common.intent_collector import IntentCollector
from common.limits import Budget
from common.telemetry import Telemetry
from common.tool import Fact
from common.updates import Update

__all__ = ["RunContext", "TraceSink"]


class TraceSink(Protocol):
    """Where steps of a trace are recorded; never raises and never waits."""

    @property
    def trace_id(self) -> str:
        """The trace this sink belongs to."""
        ...

    def record(self, event: BaseModel) -> None:
        """Append an event of the catalogue to the trace, in order, without waiting for durability."""
        ...


def _ignore(_: Update) -> None:
    return None


@dataclass(frozen=True, slots=True)
class RunContext:
    """Handed down explicitly from the engine to roles, agents and tools.

    `inputs` are the texts of finished dependencies: data, never instructions. `facts` are what these stated.
    """

    context: TaskContext
    trace: TraceSink
    budget: Budget
    collector: IntentCollector
    telemetry: Telemetry
    emit: Callable[[Update], None] = _ignore
    task: str = ""
    inputs: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    hints: PlanningHints = field(default_factory=PlanningHints)

    def for_task(self, task: str, **changes: Any) -> RunContext:
        """The same run, seen from inside a task."""
        return replace(self, task=task, **changes)
