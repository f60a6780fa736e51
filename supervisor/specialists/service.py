"""`supervisor.specialists`: takes approved improvements, has them carried out once, measures, completes or fails them.

One process of a log does so, the one that leads (`supervisor.monitoring.lead`). What events do is appended together
with the assignment, by compare-and-set on the improvement's stream: it is applied if and only if it is assigned, and
assigned once, whoever tries. Everything else is read from the log at each step, so whatever is killed, the next
process goes on where this one was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import anyio

from common.clock import Clock
from common.errors import (
    ConfigurationError,
    ImprovementError,
    LearningError,
    StoreError,
    StreamConflict,
    SupervisorError,
)
from common.intents import StreamAppend
from common.logs import get_logger
from common.monitoring_settings import MonitoringSettings
from common.redaction import current_redactor
from events.catalogue.improvement import ImprovementAssigned, ImprovementPlan, ImprovementUndone
from events.recorded import RecordedEvent
from events.state.improvement import ApprovedImprovement, ImprovementStatus, permit
from events.state.improvement import undo as decide_undo
from events.store import EventStore
from roles.specialists.specialist import Applied, Specialist
from supervisor.commands.improvements import ImprovementCommands, improvement_stream
from supervisor.monitoring.book import ImprovementBook
from supervisor.monitoring.lead import Lead
from supervisor.specialists.call_log import CallLog
from supervisor.specialists.figures import Figure, is_harm, is_help

__all__ = ["Refresh", "Specialists"]

_log = get_logger(__name__)
_ATTEMPTS = 10
_MAX_ERROR = 2_000
_LONGEST = 1_800.0
"""Seconds that carrying out one improvement may take."""
_SAMPLES = 10
"""Samples after a change that are enough to judge a figure of machine or process."""
_CALLS = ("tool", "role", "model", "requests")
_OPEN = (ImprovementStatus.APPROVED, ImprovementStatus.ASSIGNED)
_LATER = (StoreError, LearningError)
"""Errors that say nothing of the plan: the next step tries again."""

Refresh = Callable[[], Awaitable[object]]


class Specialists:
    """The specialists of one supervisor. `refresh` is what takes in changes that were made through the log."""

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        settings: MonitoringSettings,
        commands: ImprovementCommands,
        book: ImprovementBook,
        lead: Lead,
        specialists: Sequence[Specialist],
        refresh: Sequence[Refresh] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._commands = commands
        self._book = book
        self._lead = lead
        self._known: dict[str, Specialist] = {}
        self._refresh = tuple(refresh)
        self._calls = CallLog(store)
        self._stepping = anyio.Lock()
        self._nobodys: set[str] = set()
        """Approved improvements that a person has to carry out: they are not looked at again and again."""
        for specialist in specialists:
            self.register(specialist)

    @property
    def known(self) -> Sequence[Specialist]:
        """All of them."""
        return tuple(self._known.values())

    def register(self, specialist: Specialist) -> None:
        """Add one, in the place of one of the same name. Raises `ConfigurationError` for one without name or action."""
        if not specialist.name or not specialist.actions:
            raise ConfigurationError("a specialist has a name and actions", where="specialists")
        self._known[specialist.name] = specialist
        self._nobodys.clear()

    async def draw_up(self, plan: ImprovementPlan) -> ImprovementPlan:
        """The plan with everything settled; without an action where only a person can do it. Raises `StoreError`."""
        specialist = self._for(plan)
        if specialist is None:
            return plan
        try:
            drawn = await specialist.draw_up(plan)
        except StoreError:
            raise
        except SupervisorError as error:
            _log.warning("%s could not draw up a plan: %s", specialist.name, error)
            drawn = None
        return plan.model_copy(update={"action": ""}) if drawn is None else drawn

    # --- carrying out ----------------------------------------------------------------------------------------------

    async def step(self) -> list[str]:
        """Go on with everything that is approved or under way, if this process leads; the ids of what got further."""
        if self._stepping.locked() or not await self._lead.leads():
            return []
        async with self._stepping:
            await self._book.refresh()
            moved: list[str] = []
            for name in self._book.standing(*_OPEN):
                if name in self._nobodys:
                    continue
                try:
                    if await self._advance(name):
                        moved.append(name)
                except (StoreError, ImprovementError, LearningError) as error:  # decided on meanwhile, or not now
                    _log.info("%s gets no further now: %s", name, error)
                except Exception:  # a specialist's own fault must not keep the others waiting
                    _log.exception("%s gets no further now", name)
            if moved:
                await self._book.refresh()
            return moved

    async def _advance(self, name: str) -> bool:
        status = (await self._commands.state(name)).status
        moved = False
        if status is ImprovementStatus.APPROVED:
            if not await self._assign(name):
                return False
            moved = True
            status = (await self._commands.state(name)).status
        if status is ImprovementStatus.ASSIGNED:
            moved = await self._finish(name) or moved
        return moved

    async def _assign(self, name: str) -> bool:
        """Assign it, together with what carries it out by events; what can't be done fails."""
        leave = await self._commands.permitted(name)
        specialist = self._for(leave.plan)
        if specialist is None:  # a person does it
            self._nobodys.add(name)
            return False
        try:
            appends = await specialist.prepare(leave)
        except _LATER:
            raise
        except Exception as error:  # a plan that its specialist can't take, whatever it is about it
            leave = await self._commands.assign(name, agent=specialist.name)
            await self._commands.fail(leave, _told(error))
            return True
        await self._commands.assign(name, agent=specialist.name, beside=appends)
        await self._changed()
        _log.warning("%s carries out %s, which %s approved", specialist.name, name, leave.approved_by)
        return True

    async def _finish(self, name: str) -> bool:
        """Do what is left, measure, and say what came of it; False while there is too little to measure."""
        recorded = await self._store.read(improvement_stream(name))
        leave = permit(name, recorded)
        specialist = self._known.get(leave.agent or "")
        if specialist is None:
            return False  # one of another version, or of another host, is at it
        assigned = _assignment(recorded)
        late = self._clock.now() - assigned.recorded_at >= timedelta(seconds=self._settings.measure_for)
        try:
            applied = await specialist.applied(leave)
            if applied is None:
                leave = await self._commands.permitted(leave)
                with anyio.fail_after(_LONGEST):
                    applied = await specialist.carry_out(leave)
        except _LATER as error:
            if not late:
                raise
            await self._commands.fail(leave, _told(error))
            return True
        except Exception as error:  # a builder's own fault fails what it was to build
            await self._commands.fail(leave, _told(error))
            return True
        return await self._judge(specialist, leave, applied, assigned.position, late=late)

    async def _judge(
        self, specialist: Specialist, leave: ApprovedImprovement, applied: Applied, position: int, *, late: bool
    ) -> bool:
        problem, did_harm = await self._withdrawn(leave), False
        measure = specialist.measures(leave.plan)
        before: Figure | None = None
        after: Figure | None = None
        if measure is not None:
            before, after = await self._calls.figures(measure, position)
            kind = measure.component.partition(":")[0]
            enough = self._settings.measure_calls if kind in _CALLS else _SAMPLES
            calls = after.count if after.errors is None else after.errors.calls
            if calls < enough and not late and not problem:
                return False
            if not problem and is_harm(before, after):
                did_harm, problem = True, f"it did harm: {_compared(before, after)}"
        was, now = {} if before is None else before.to_json(), {} if after is None else after.to_json()
        if problem:
            appends, came = await self._take_back(specialist, leave, applied, problem)
            text = f"{problem}; {came}"[:_MAX_ERROR]
            await self._commands.fail(leave, text, before=was, after=now, harm=did_harm, beside=appends)
            await self._changed()
            return True
        text = applied.text
        if before is not None and after is not None:
            text = f"{text}; {_outcome(before, after)}"
        await self._commands.complete(leave, text=text[:_MAX_ERROR], before=was, after=now, undo=applied.undo)
        return True

    async def _withdrawn(self, leave: ApprovedImprovement) -> str:
        """Why what was applied may not stay, where a policy approved it that is off by now; empty otherwise."""
        try:
            await self._commands.permitted(leave)
        except ImprovementError as error:
            return error.what
        return ""

    async def _take_back(
        self, specialist: Specialist, leave: ApprovedImprovement, applied: Applied, why: str
    ) -> tuple[Sequence[StreamAppend], str]:
        """What takes it back, and what came of that."""
        if applied.undo is None:
            return (), "nothing can take it back"
        reason = f"improvement {leave.improvement_id}: {why}"[:_MAX_ERROR]
        try:
            appends = await specialist.undo(leave.improvement_id, applied.undo, by=specialist.name, reason=reason)
        except _LATER:
            raise
        except SupervisorError as error:
            _log.error("%s could not be taken back: %s", leave.improvement_id, error)
            return (), f"it could not be taken back: {error}"
        return appends, "it was taken back"

    # --- undoing ---------------------------------------------------------------------------------------------------

    async def undo(self, improvement_id: str, *, by: str, comment: str = "") -> ImprovementUndone:
        """Take back what a completed improvement changed, in the name of the person `by`.

        A setting that was tuned again since then is left as it is. Raises `NotFound`, `ImprovementError` for one that
        is not completed or that nothing can take back, and `StoreError`.
        """
        for attempt in range(_ATTEMPTS):
            state = await self._commands.state(improvement_id)
            decide_undo(state, by=by, reason=comment)
            specialist = self._known.get(state.agent or "")
            if state.undo is None or specialist is None:
                raise ImprovementError(
                    "nothing can take that back", where=improvement_id, todo="Change it by hand, if need be."
                )
            reason = f"improvement {improvement_id} was undone" + (f": {comment}" if comment else "")
            appends = await specialist.undo(improvement_id, state.undo, by=by, reason=reason)
            try:
                undone = await self._commands.undo(improvement_id, by=by, reason=comment, beside=appends)
            except StreamConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            await self._changed()
            await self._book.refresh()
            return undone
        raise AssertionError("the last attempt returns or raises")

    async def _changed(self) -> None:
        for refresh in self._refresh:
            try:  # the change is durable by now, so what fails here must not look as if it were not
                await refresh()
            except StoreError as error:
                _log.warning("a change of an improvement is seen later: %s", error)

    def _for(self, plan: ImprovementPlan) -> Specialist | None:
        specialist = self._known.get(plan.specialist)
        return specialist if specialist is not None and plan.action in specialist.actions else None


def _assignment(recorded: Sequence[RecordedEvent]) -> RecordedEvent:
    return next(entry for entry in reversed(recorded) if isinstance(entry.event, ImprovementAssigned))


def _told(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    text = str(error) if isinstance(error, SupervisorError) else f"{type(error).__name__}: {error}"
    return current_redactor.get().text(text)[:_MAX_ERROR] or type(error).__name__


def _outcome(before: Figure, after: Figure) -> str:
    if is_help(before, after):
        return f"it helped: {_compared(before, after)}"
    known = before.mean is not None and after.mean is not None
    return f"no clear difference: {_compared(before, after)}" if known else "too little was seen to measure it"


def _compared(before: Figure, after: Figure) -> str:
    told = f"{before.metric} {_one(before)} before, {_one(after)} after"
    if before.errors is None or after.errors is None or before.metric == "error_rate":
        return told
    was, now = before.errors, after.errors
    return f"{told}; failed {was.failed} of {was.calls} calls before, {now.failed} of {now.calls} after"


def _one(figure: Figure) -> str:
    if figure.mean is None:
        return "unknown"
    if figure.low is None or figure.high is None:
        return f"{figure.mean:.3g}"
    return f"{figure.mean:.3g} ({figure.low:.3g} to {figure.high:.3g})"
