"""Lets a host call a planning engine by itself, with a trace of its own around the call."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from common.clock import Clock
from common.context import TaskContext
from common.results import Response
from common.settings import Settings
from events.catalogue.trace import TraceEnded
from supervisor.answers import compose_text, outcome_of
from supervisor.claims import Claims
from supervisor.runs import Run, Runs

__all__ = ["OwnRuns"]


class OwnRuns:
    """Opens and ends the trace of an engine call that did not come through `Supervisor.process_request`."""

    def __init__(self, claims: Claims, runs: Runs, clock: Clock, settings: Settings) -> None:
        self._claims = claims
        self._runs = runs
        self._clock = clock
        self._settings = settings

    @asynccontextmanager
    async def open(self, request: str, context: TaskContext) -> AsyncGenerator[Run]:
        """A run under a fresh request id, bounded by the wall clock; its trace is ended in every case."""
        resolved = context.resolved(self._clock.now(), self._settings.timezone, self._settings.location)
        claimed = self._claims.claim_new(request, resolved)
        run = self._runs.open(request, claimed.context, claimed.trace_id, lambda _: None, claimed.opening)
        error: str | None = None
        try:
            with anyio.fail_after(run.context.budget.remaining()):
                await self._runs.assign(run)
                yield run
        except BaseException as problem:
            error = f"{type(problem).__name__}: {problem}"
            raise
        finally:
            outcome = "failure" if error is not None else outcome_of(run.outputs, run.reports)
            text = error or compose_text(run.outputs, run.reports)
            response = Response(trace_id=claimed.trace_id, text=text, outcome=outcome, intents=run.reports)
            run.trace.record(TraceEnded(outcome=outcome, response=response.model_dump(mode="json"), error=error))
            with anyio.move_on_after(self._settings.store.timeout, shield=True):
                await run.trace.flush()
