"""What both planning engines share: the frame of work → collect → process → return."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import ClassVar

from common.context import TaskContext
from common.results import WorkflowResult
from common.settings import Settings
from supervisor.answers import compose_text
from supervisor.intent_processor import IntentProcessor
from supervisor.runs import Run

__all__ = ["Engine", "EngineServices"]


@dataclass(frozen=True, slots=True)
class EngineServices:
    """What an engine is given: settings, the intent processor, and how a request of its own is opened."""

    settings: Settings
    intents: IntentProcessor
    open_run: Callable[[str, TaskContext], AbstractAsyncContextManager[Run]]


class Engine(ABC):
    """A planning engine. `work` does the thinking; intents are carried out after it, once."""

    name: ClassVar[str]

    def __init__(self, services: EngineServices) -> None:
        self.services = services

    @abstractmethod
    async def work(self, run: Run) -> None:
        """Plan and run; outputs, metadata and collected intents gather in `run`."""

    async def execute(self, request: str, context: TaskContext, run: Run | None) -> WorkflowResult:
        """Work, carry out the intents, and answer; opens a trace of its own where no `run` is handed in."""
        if run is None:
            async with self.services.open_run(request, context) as own:
                return await self._execute(own)
        return await self._execute(run)

    async def _execute(self, run: Run) -> WorkflowResult:
        await self.work(run)
        run.worked = run.context.budget.elapsed()
        await self.services.intents.settle(run)
        return WorkflowResult(compose_text(run.outputs, run.reports), run.reports, dict(run.metadata))
