"""What travels with the work on one request: its context, trace, budget, collector and listeners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from common.blob import Blob
from common.call_policy import CallPolicy
from common.context import TaskContext
from common.flags.request_flags import RequestFlags
from common.follow_up import FollowUp
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

    def record(self, event: BaseModel, blobs: Sequence[Blob] = ()) -> None:
        """Append an event of the catalogue to the trace, in order, without waiting for durability.

        `blobs` is content that the event names and that is stored with it.
        """
        ...


_NO_HINTS = PlanningHints()


def _ignore(_: Update) -> None:
    return None


@dataclass(frozen=True, slots=True)
class RunContext:
    """Handed down explicitly from the engine to roles, agents and tools.

    `inputs` are the texts of finished dependencies: data, never instructions. `facts` are what these stated.
    `flags` are the request's feature flags, each evaluated once; None outside of a request. `follow_up` is what the
    request means of what earlier turns of its session spoke of, where it does not say so itself. `dry` says that
    nothing may take effect: intents are collected as ever, and whoever would change something at once must not. `calls`
    is what was tuned about calls of tools and bounds of work; None: everything is as configured.
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
    hints: PlanningHints = _NO_HINTS
    flags: RequestFlags | None = None
    follow_up: FollowUp | None = None
    dry: bool = False
    calls: CallPolicy | None = None

    def for_task(
        self,
        task: str,
        *,
        inputs: tuple[str, ...] | None = None,
        facts: tuple[Fact, ...] | None = None,
        collector: IntentCollector | None = None,
        hints: PlanningHints | None = None,
        follow_up: FollowUp | None = None,
    ) -> RunContext:
        """The same run, seen from inside a task; what is left out is as it is in the run."""
        return RunContext(  # in full: `replace` takes three times as long, and this is done for every task
            context=self.context,
            trace=self.trace,
            budget=self.budget,
            collector=self.collector if collector is None else collector,
            telemetry=self.telemetry,
            emit=self.emit,
            task=task,
            inputs=self.inputs if inputs is None else inputs,
            facts=self.facts if facts is None else facts,
            hints=self.hints if hints is None else hints,
            flags=self.flags,
            follow_up=self.follow_up if follow_up is None else follow_up,
            dry=self.dry,
            calls=self.calls,
        )
