"""Carries out what agents want changed: validate, apply policy, claim, do, record.

The rules of effects (docs/architecture.md, "Effects"): a LOG effect and its IntentProcessed are one append; every
other effect is claimed durably before it is tried, and how it may be tried again is what its handler declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import anyio
from pydantic import ValidationError

from common.clock import Clock
from common.context import Owner, TaskContext
from common.errors import IntentError, StreamConflict, SupervisorError
from common.intent_collector import CollectedIntent
from common.intents import (
    Effect,
    Intent,
    IntentExecution,
    IntentHandler,
    IntentResult,
    IntentStatus,
    StreamAppend,
)
from common.logs import get_logger
from common.results import IntentReport
from common.settings import IntentSettings
from common.telemetry import Telemetry
from common.updates import ApprovalRequested
from common.updates import IntentRegistered as IntentRegisteredUpdate
from events.catalogue.base import Event
from events.catalogue.intent import IntentApprovalRequested
from events.ownership import Ownership
from events.recorded import RecordedEvent
from events.state import intent as decide
from events.state.intent import IntentState, fold_intent
from events.store import EventStore, stream_name
from supervisor.holding import why_held
from supervisor.intent_registration import drafts, first_decision, registration
from supervisor.intent_reports import fault_in_words, report_of, unknown_intent
from supervisor.runs import Closing, Run

__all__ = ["TIME_UP", "IntentProcessor"]

_log = get_logger(__name__)
TIME_UP = "the request's time was up before this was started"
_DECIDED = (IntentStatus.PROCESSED, IntentStatus.DENIED, IntentStatus.FAILED)
_UNSETTLED = (IntentStatus.REGISTERED, IntentStatus.CLAIMED)


@dataclass(frozen=True, slots=True)
class _Attempted:
    """How one attempt ended: `event` settles the intent; None leaves it open for another attempt."""

    event: Event | None
    error: str = ""


class IntentProcessor:
    """The one place where intents take effect.

    `ownership` names this process in claims and tells whether others live. Handlers are registered by intent class;
    the policy of a type comes from the settings.
    """

    def __init__(
        self, store: EventStore, settings: IntentSettings, clock: Clock, telemetry: Telemetry, ownership: Ownership
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._telemetry = telemetry
        self._ownership = ownership
        self._handlers: dict[str, IntentHandler] = {}
        self._in_flight: set[str] = set()

    def add_handler(self, handler: IntentHandler) -> None:
        """Register the handler of an intent type. Raises `IntentError` when the type has one already."""
        kind = handler.intent_type.TYPE
        if kind in self._handlers:
            raise IntentError("this intent type has a handler already", where=kind, todo="Register each type once.")
        self._handlers[kind] = handler

    async def settle(self, run: Run) -> tuple[IntentReport, ...]:
        """Register everything the run collected, then carry out what policy lets through.

        Not interrupted by the request's cancellation or wall clock once it has begun: what was not started by then
        is failed with that reason. Registering is durable before anything is carried out.
        """
        collected = run.collected()
        if not collected:
            return ()
        with anyio.CancelScope(shield=True):
            for intent_id in await self._register(run, collected):
                if run.context.budget.remaining() == 0.0:
                    await self._refuse(intent_id, TIME_UP)
                run.reports += (await self.process(intent_id),)
        return run.reports

    async def close_with(self, run: Run) -> Closing | None:
        """What ends the trace of a run whose one intent is an event itself, and needs nobody's approval.

        Registration, effect and outcome are then in the log at once, which waits for the disk once instead of three
        times. None where the intents are to be settled one after the other.
        """
        collected = run.collected()
        if len(collected) != 1 or run.context.budget.remaining() == 0.0:
            return None
        now = self._clock.now()
        registered = registration(run, 0, collected[0], now)
        known = self._handlers.get(registered.type)
        if known is None or known.effect is not Effect.LOG or first_decision(self._settings, registered):
            return None
        context = run.context.context
        stream = _stream(registered.intent_id)
        first = RecordedEvent(0, stream, 1, registered.TOPIC, now, context.tenant, run.trace.trace_id, None, registered)
        state = fold_intent([first])
        try:
            handler, intent = self._validated(state)
        except IntentError:
            return None  # it is registered and then fails, as any other whose arguments are not valid
        with self._telemetry.span(
            f"intent {state.type}", {"supervisor.intent.id": state.intent_id, "supervisor.intent.type": state.type}
        ) as span:
            execution = self._execution(state, 1, context=context)
            outcome, effects = await self._decide_in_log(state, handler, intent, execution)
            settled = decide.evolve(state, first._replace(version=2, topic=outcome.TOPIC, event=outcome))
            span.set_attribute("supervisor.intent.status", settled.status.value)
        appends = (StreamAppend(stream, [registered, outcome], 0), *effects)
        return Closing(appends, registered, report_of(settled))

    def closed(self, run: Run, closing: Closing) -> None:
        """Tell of an intent that is in the log now."""
        registered = closing.registered
        run.context.emit(IntentRegisteredUpdate(registered.intent_id, registered.type, registered.summary))
        self._telemetry.metrics.intents.labels(registered.type, closing.report.status.value).inc()

    async def _decide_in_log(
        self, state: IntentState, handler: IntentHandler, intent: Intent, execution: IntentExecution
    ) -> tuple[Event, Sequence[StreamAppend]]:
        """How an intent whose effect is an event ends, with the events that are its effect."""
        try:
            with anyio.fail_after(self._settings.timeout):
                result = await handler.carry_out(intent, execution)
        except SupervisorError as error:
            return decide.fail(state, str(error)), ()
        except Exception as error:  # events were not appended: it certainly did not happen
            _log.exception("the handler of %s failed", state.type)
            return decide.fail(state, fault_in_words(error)), ()
        return _processed(state, result), result.appends

    async def _register(self, run: Run, collected: Iterable[CollectedIntent]) -> list[str]:
        drafted = drafts(run, collected, self._clock.now(), self._settings)
        appends = [StreamAppend(_stream(one.intent_id), [one, *decision], 0) for one, decision in drafted]
        run.trace.send()  # nobody could settle an intent whose trace is not in the log
        tenant = run.context.context.tenant
        await self._store.append(appends, tenant=tenant, correlation=run.trace.trace_id)
        for registered, decision in drafted:
            run.context.emit(IntentRegisteredUpdate(registered.intent_id, registered.type, registered.summary))
            if any(isinstance(event, IntentApprovalRequested) for event in decision):
                run.context.emit(ApprovalRequested(registered.intent_id, registered.type, registered.summary))
        return [registered.intent_id for registered, _ in drafted]

    async def report(self, intent_id: str) -> IntentReport:
        """Where an intent stands. Raises `NotFound`."""
        return report_of(await self._state(intent_id))

    async def process(self, intent_id: str) -> IntentReport:
        """Carry an intent out if it is ready for it, and tell where it stands afterwards.

        Safe to call from several processes at once: claims are compare-and-set on the intent's stream, and whoever
        comes second reports what the first one did. What waited for it is carried out as well then, or fails with it.
        """
        state = await self._state(intent_id)
        with self._telemetry.span(
            f"intent {state.type}", {"supervisor.intent.id": intent_id, "supervisor.intent.type": state.type}
        ) as span:
            if intent_id not in self._in_flight:
                self._in_flight.add(intent_id)
                try:
                    state = await self._process(state)
                finally:
                    self._in_flight.discard(intent_id)
            span.set_attribute("supervisor.intent.status", state.status.value)
        if state.status in _DECIDED:
            for dependant in state.needed_by:
                await self.process(dependant)
        return report_of(state)

    async def _process(self, state: IntentState) -> IntentState:
        if not await self._is_ours_to_do(state):
            return state
        held = await why_held(state, self._state) if state.status is IntentStatus.REGISTERED else None
        if held == "":
            return state
        try:
            if held is None:
                await self._carry_out(state)
            else:
                await self._append(state, decide.fail(state, held))
        except StreamConflict:
            _log.info("intent %s was settled by another process", state.intent_id)
        state = await self._state(state.intent_id)
        self._telemetry.metrics.intents.labels(state.type, state.status.value).inc()
        return state

    async def _is_ours_to_do(self, state: IntentState) -> bool:
        """Ready, or claimed by a process that is dead (or by this one, in an attempt that is over)."""
        if state.status is IntentStatus.CLAIMED:
            claimed_by = state.owner or ""
            if claimed_by == self._ownership.owner_id:
                return True
            return not await anyio.to_thread.run_sync(self._ownership.is_alive, claimed_by)
        return state.status is IntentStatus.REGISTERED

    def _has_expired(self, state: IntentState) -> bool:
        return state.expires_at is not None and self._clock.now() > state.expires_at

    async def _carry_out(self, state: IntentState) -> None:
        if state.status is IntentStatus.REGISTERED and self._has_expired(state):
            await self._append(state, decide.fail(state, "it expired before it was done"))
            return
        try:
            handler, intent = self._validated(state)
        except IntentError as error:
            await self._append(state, decide.fail(state, str(error)))
            return
        if handler.effect is Effect.LOG:
            await self._carry_out_in_log(state, handler, intent)
        else:
            await self._carry_out_outside(state, handler, intent)

    def _validated(self, state: IntentState) -> tuple[IntentHandler, Intent]:
        handler = self._handlers.get(state.type)
        if handler is None:
            raise IntentError(
                "no handler is registered for this type",
                where=state.type,
                todo="Register one by supervisor.add_intent_handler.",
            )
        try:
            return handler, handler.intent_type.model_validate(state.arguments)
        except ValidationError as error:
            problem = error.errors()[0]
            raise IntentError(f"its arguments are not valid: {problem['msg']}", where=state.type) from None

    def _lasts(self, handler: IntentHandler) -> float:
        """Seconds one attempt may take: what the settings allow, or less where the handler promises to be done."""
        promised: float | None = getattr(handler, "lasts", None)
        return self._settings.timeout if promised is None else min(promised, self._settings.timeout)

    def _execution(
        self, state: IntentState, attempt: int, seconds: float | None = None, context: TaskContext | None = None
    ) -> IntentExecution:
        end = self._clock.now() + timedelta(seconds=seconds or self._settings.timeout)
        return IntentExecution(
            intent_id=state.intent_id,
            key=state.key,
            attempt=attempt,
            context=context or TaskContext.model_validate(state.context),
            not_after=min(end, state.not_after or end),  # the durable claim's, which others go by
        )

    async def _carry_out_in_log(self, state: IntentState, handler: IntentHandler, intent: Intent) -> None:
        """Effect and IntentProcessed in one append; a conflict means that the log moved on: decide anew."""
        for attempt in range(1, self._settings.attempts + 1):
            outcome, effects = await self._decide_in_log(state, handler, intent, self._execution(state, attempt))
            try:
                await self._append(state, outcome, *effects)
            except StreamConflict:
                state = await self._state(state.intent_id)
                if state.status not in _UNSETTLED:
                    return
            else:
                return
        await self._append(state, decide.fail(state, "other changes to the same thing kept coming first"))

    async def _carry_out_outside(self, state: IntentState, handler: IntentHandler, intent: Intent) -> None:
        """Claim durably, try, record; what is tried again is what the handler's effect allows."""
        if state.status is IntentStatus.CLAIMED:
            settled = await self._reconcile(state, handler, intent)
            if settled.event is not None:
                await self._append(state, settled.event)
                return
            if self._has_expired(state):
                reason = "it was tried once without a clear answer, and is too old to be tried again"
                await self._append(state, decide.leave_uncertain(state, reason))
                return
        error = ""
        for _ in range(self._settings.attempts):
            state = await self._claim(state, self._lasts(handler))
            attempted = await self._attempt(state, handler, intent)
            if attempted.event is not None:
                await self._append(state, attempted.event)
                return
            error = attempted.error
        reason = f"no clear answer after {self._settings.attempts} attempts: {error}"
        await self._append(state, decide.leave_uncertain(state, reason))

    async def _attempt(self, state: IntentState, handler: IntentHandler, intent: Intent) -> _Attempted:
        execution = self._execution(state, state.attempt, self._lasts(handler))
        if (left := (execution.not_after - self._clock.now()).total_seconds()) <= 0:
            # it froze: others may have gone on
            _log.warning("attempt %d at intent %s is not made: its claim ran out", state.attempt, state.intent_id)
            return _Attempted(None, "its claim ran out before it was begun")
        try:
            with anyio.fail_after(left):
                return _Attempted(_processed(state, await handler.carry_out(intent, execution)))
        except IntentError as error:
            return _Attempted(decide.fail(state, str(error)))
        except Exception as error:  # the other side may have acted: the outcome is open
            _log.warning("attempt %d at intent %s has no clear outcome", state.attempt, state.intent_id, exc_info=True)
            settled = await self._reconcile(state, handler, intent)
            return _Attempted(settled.event, fault_in_words(error))

    async def _reconcile(self, state: IntentState, handler: IntentHandler, intent: Intent) -> _Attempted:
        """Settle an attempt whose outcome is open, or allow another one."""
        if handler.effect is Effect.IDEMPOTENT:
            return _Attempted(None)
        if handler.effect is Effect.AT_MOST_ONCE:
            return _Attempted(decide.leave_uncertain(state, "it was tried once, without a clear answer"))
        if state.not_after is not None:
            left = (state.not_after - self._clock.now()).total_seconds()
            await anyio.sleep(max(0.0, min(left, self._settings.timeout)))
        try:
            with anyio.fail_after(self._settings.timeout):
                result = await handler.happened(intent, self._execution(state, state.attempt))
        except Exception as error:
            reason = f"it was tried, and asking whether it happened failed: {fault_in_words(error)}"
            return _Attempted(decide.leave_uncertain(state, reason))
        return _Attempted(None if result is None else _processed(state, result))

    async def _claim(self, state: IntentState, seconds: float) -> IntentState:
        not_after = self._clock.now() + timedelta(seconds=seconds)
        await self._append(state, decide.claim(state, self._ownership.owner_id, not_after))
        return await self._state(state.intent_id)

    async def approve(self, intent_id: str, owner: Owner, *, by: str, comment: str = "") -> IntentReport:
        """Say yes to exactly the arguments that are in the log, and carry it out.

        Raises `NotFound` for an intent that is not the owner's and `IntentError` when it does not wait for approval.
        """
        state = await self._waiting(intent_id, owner)
        await self._decide(state, decide.approve(state, by, state.arguments_hash, comment))
        return await self._settled(state)

    async def deny(self, intent_id: str, owner: Owner, *, by: str, reason: str = "") -> IntentReport:
        """Say no. Raises like `approve`."""
        state = await self._waiting(intent_id, owner)
        await self._decide(state, decide.deny(state, by, reason))
        return await self._settled(state)

    async def _settled(self, state: IntentState) -> IntentReport:
        report = await self.process(state.intent_id)
        followed = tuple([await self.report(dependant) for dependant in state.needed_by])
        return report.model_copy(update={"followed": followed}) if followed else report

    async def _decide(self, state: IntentState, event: Event) -> None:
        try:
            await self._append(state, event)
        except StreamConflict:
            raise IntentError(
                "somebody else decided at the same moment", where=state.intent_id, todo="Look at it again."
            ) from None

    async def _waiting(self, intent_id: str, owner: Owner) -> IntentState:
        state = await self._state(intent_id)
        if (state.tenant, state.user) != owner:
            raise unknown_intent(intent_id)
        if state.status is not IntentStatus.AWAITING_APPROVAL:
            raise IntentError(f"it does not wait for approval: it is {state.status.value}", where=intent_id)
        return state

    async def _refuse(self, intent_id: str, reason: str) -> None:
        state = await self._state(intent_id)
        if state.status is IntentStatus.REGISTERED:
            await self._append(state, decide.fail(state, reason))

    async def _state(self, intent_id: str) -> IntentState:
        recorded = await self._store.read(_stream(intent_id))
        if not recorded:
            raise unknown_intent(intent_id)
        return fold_intent(recorded)

    async def _append(self, state: IntentState, event: Event, *effects: StreamAppend) -> None:
        appends = [StreamAppend(_stream(state.intent_id), [event], state.version), *effects]
        await self._store.append(appends, tenant=state.tenant, correlation=state.trace_id)


def _stream(intent_id: str) -> str:
    return stream_name("intent", intent_id)


def _processed(state: IntentState, result: IntentResult) -> Event:
    return decide.process(state, result.detail, result.data)
