"""Earlier attempts at a request: waited for, told again, or gone on from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import anyio
import anyio.to_thread

from common.coarse_timers import GRAIN, CoarseTimers, Timed
from common.context import TaskContext
from common.errors import RequestRejected
from common.intents import Intent, IntentStatus
from common.results import IntentReport, Response
from common.settings import Settings
from events.catalogue.intent import IntentRegistered
from events.catalogue.trace import FallbackTaken, TraceEnded
from events.ownership import Ownership
from events.recorded import is_erased, refuse_unreadable
from events.store import EventStore, stream_name
from supervisor.answers import compose_text, outcome_of
from supervisor.intent_processor import TIME_UP, IntentProcessor
from supervisor.intent_registration import intent_id_for
from supervisor.recovery import Recovery
from supervisor.resumption import read_before
from supervisor.runs import Run
from supervisor.traces import TraceReading, read_trace

__all__ = ["Earlier", "EarlierAttempts", "RunningRequest"]

_LOOK = 0.1
"""Seconds between two looks at a trace that another process works on."""


@dataclass(slots=True, eq=False)
class RunningRequest:
    """`scope` ends the work when it is cancelled, by request or by its deadline."""

    scope: anyio.CancelScope
    cancelled: bool = False
    ended: anyio.Event | None = None
    """Made by whoever waits for the end."""
    _deadline: float = math.inf
    _group: set[Timed] | None = None

    def bound(self, seconds: float, timers: CoarseTimers) -> None:
        """Have the work end after so many seconds, exactly: the scope is given its deadline when that comes near."""
        self._deadline = anyio.current_time() + seconds
        self._group = timers.after(seconds - GRAIN)
        if self._group is None:
            self.due()
        else:
            self._group.add(self)

    def due(self) -> None:
        """The deadline is near."""
        self.scope.deadline = self._deadline

    def over(self) -> None:
        """The work has ended."""
        if self._group is not None:
            self._group.discard(self)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier attempt at the same request, which has ended."""

    context: TaskContext
    ended: TraceEnded
    reading: TraceReading

    @property
    def was_stopped(self) -> bool:
        """Whether it came to no end of its own, so that it may be gone on with when somebody asks for that."""
        outcome = self.ended.outcome
        if outcome in ("interrupted", "cancelled") or outcome.startswith("limit:"):
            return True
        intents = cast("list[dict[str, Any]]", self.ended.response.get("intents") or [])
        return any(_time_was_up(str(report.get("detail"))) for report in intents)


class EarlierAttempts:
    """Looks at what became of traces, and takes over what they left.

    `running` are the requests of this process by trace, `types` the classes of intents by their names.
    """

    def __init__(
        self,
        settings: Settings,
        store: EventStore,
        ownership: Ownership,
        recovery: Recovery,
        intents: IntentProcessor,
        types: Mapping[str, type[Intent]],
    ) -> None:
        self._settings = settings
        self._store = store
        self._ownership = ownership
        self._recovery = recovery
        self._intents = intents
        self._types = types

    async def ended(
        self, trace_id: str, running: Mapping[str, RunningRequest], timeout: float | None = None
    ) -> Earlier:
        """The trace once it has ended: waits while its owner lives, settles it when the owner is dead.

        Waits at most as long as a request may take, or `timeout` seconds. Raises `RequestRejected` then.
        """
        longest = (self._settings.requests.limits.wall_clock or 120.0) + self._settings.intents.timeout
        with anyio.move_on_after(longest if timeout is None else timeout):
            while True:
                recorded = await self._store.read(stream_name("trace", trace_id))
                if is_erased(recorded):
                    refuse_unreadable(recorded, "what became of it is not known")
                reading = read_trace(recorded)
                if reading.ended is not None and reading.started is not None:
                    context = TaskContext.model_validate(reading.started.context)
                    return Earlier(context, reading.ended, reading)
                here = running.get(trace_id)
                if here is not None:
                    here.ended = here.ended or anyio.Event()
                    await here.ended.wait()
                elif reading.started is not None and await anyio.to_thread.run_sync(
                    self._ownership.is_alive, reading.started.owner
                ):
                    await anyio.sleep(_LOOK)
                else:
                    await self._recovery.settle_trace(trace_id)
        raise RequestRejected(
            "this request is still being handled", where=f"trace {trace_id}", todo="Ask again with the same id later."
        )

    async def again(self, earlier: Earlier) -> Response:
        """The recorded answer, with what became of its intents since."""
        response = Response.model_validate(earlier.ended.response)
        intents = tuple([await self._stands(report) for report in response.intents])
        if intents == response.intents:
            return response
        outputs = earlier.reading.outputs
        return response.model_copy(
            update={
                "intents": intents,
                "text": compose_text(outputs, intents),
                "outcome": response.outcome if earlier.was_stopped else outcome_of(outputs, intents),
            }
        )

    async def _stands(self, report: IntentReport) -> IntentReport:
        """Where an intent stands; what was held back is carried out now, if what it waited for was."""
        if report.status is IntentStatus.REGISTERED:
            return await self._intents.process(report.id)
        return await self._intents.report(report.id)

    async def adopt(self, run: Run, previous: str) -> tuple[IntentReport, ...] | None:
        """Take over what the attempts before left.

        Where one of them had registered the request's intents, these and no others are carried out, which settles the
        request. Else None, with `run.before` set where a plan can be gone on with: nothing took effect so far.
        """
        registered = await self._registered(run)
        if not registered:
            run.before = await read_before(self._store, previous, self._types)
            return None
        source = registered[0].trace_id
        recorded = await self._store.read(stream_name("trace", source))
        refuse_unreadable(recorded, "what the interrupted attempt had begun is not finished")
        reading = read_trace(recorded)
        reports = [await self._intents.process(entry.intent_id) for entry in registered]
        reports = await self._with_the_rest(run, registered, reports)
        reason = reading.ended.outcome if reading.ended is not None else "interrupted"
        run.trace.record(FallbackTaken(source=f"trace {source}", target=run.trace.trace_id, reason=reason))
        for output in reading.outputs:
            run.adopt_output(output, source)
        run.metadata |= {
            **reading.metadata.model_dump(exclude={"flag"}),
            "flag": reading.flag,
            "fallback": f"finished what the {reason} trace {source} had begun",
        }
        return tuple(reports)

    async def _with_the_rest(
        self, run: Run, registered: Sequence[IntentRegistered], reports: list[IntentReport]
    ) -> list[IntentReport]:
        """The reports, with what time was up for registered anew and carried out now.

        What failed has failed for good: it takes another intent to do it, at a place of its own in the request.
        """
        kept: list[IntentReport] = []
        for place, (entry, report) in enumerate(zip(registered, reports, strict=True)):
            if report.status is not IntentStatus.FAILED or not _time_was_up(report.detail):
                kept.append(report)
            elif not any(
                (other.type, other.arguments) == (entry.type, entry.arguments) for other in registered[place + 1 :]
            ):
                intent = self._types[entry.type].model_validate(entry.arguments)
                run.context.collector.register(intent, call_id=f"{entry.call_id}-again", task=entry.task)
        run.first_ordinal = len(registered)
        return [*kept, *await self._intents.settle(run)]

    async def _registered(self, run: Run) -> list[IntentRegistered]:
        """The request's intents, whichever attempt registered them: all at once, in the order of their ordinals."""
        context = run.context.context
        found: list[IntentRegistered] = []
        while True:
            intent_id = intent_id_for(context.owner, context.request_id or run.trace.trace_id, len(found))
            recorded = await self._store.read(stream_name("intent", intent_id))
            if not recorded:
                return found
            refuse_unreadable(recorded[:1], "what an earlier attempt registered is not carried out")
            first = recorded[0].event
            if not isinstance(first, IntentRegistered):
                return found
            found.append(first)


def _time_was_up(detail: str) -> bool:
    """Whether an intent failed only because the request's time was up before its turn came."""
    return detail.endswith(TIME_UP)
