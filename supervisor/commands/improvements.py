"""Changes of improvements: decided on the events of one stream, appended if nobody was faster, else decided anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

from pydantic import JsonValue

from common.errors import ImprovementError, NotFound, StoreError, StreamConflict
from common.intents import StreamAppend
from events.catalogue import Event
from events.catalogue.improvement import (
    Evidence,
    ImprovementApproved,
    ImprovementClosed,
    ImprovementCompleted,
    ImprovementEvidenceAdded,
    ImprovementFailed,
    ImprovementRejected,
    ImprovementSuggested,
    ImprovementUndone,
)
from events.state import improvement as deciding
from events.state.improvement import ApprovedImprovement, ImprovementState, fold_improvement, permit
from events.state.improvement_by_hand import HandWork, by_hand
from events.store import EventStore, stream_name

__all__ = ["ImprovementCommands", "PolicyCheck", "improvement_stream"]

_ATTEMPTS = 10

PolicyCheck = Callable[[str, str], Awaitable[bool]]
"""Whether a policy (the key of a flag) allows improvements of a type, now."""

Decided = TypeVar("Decided", bound=Event)
Together = TypeVar("Together", bound=tuple[Event, ...])


def improvement_stream(improvement_id: str) -> str:
    """The stream of an improvement. Raises `NotFound` for what is no id."""
    try:
        return stream_name("improvement", improvement_id)
    except StoreError:
        raise NotFound(
            f"there is no improvement {improvement_id[:80]!r}",
            where="improvements",
            todo="List them with improvements list.",
        ) from None


class ImprovementCommands:
    """Every deciding method returns the event that it appended.

    `beside` are appends to other streams that belong to the change (a guideline that is proposed): all of it is in the
    log, or nothing. A conflict in one of those is the caller's: `StreamConflict`. All raise `NotFound` for an unknown
    improvement, `ImprovementError` where its state does not allow the change, and `StoreError`.

    Nothing may be carried out without an `ApprovedImprovement`, which `assign` and `permitted` give from what the log
    says at that moment. An approval that a policy gave counts only while that policy is on.
    """

    def __init__(self, store: EventStore, allows: PolicyCheck | None = None) -> None:
        self._store = store
        self._allows = allows

    async def state(self, improvement_id: str) -> ImprovementState:
        """Where an improvement stands; raises nothing for one that there is not: its status is None."""
        return fold_improvement(improvement_id, await self._store.read(improvement_stream(improvement_id)))

    async def suggest(
        self, suggestion: ImprovementSuggested, *, beside: Sequence[StreamAppend] = ()
    ) -> ImprovementSuggested:
        """Offer something for a decision."""
        return await self._change(suggestion.improvement_id, lambda state: deciding.suggest(state, suggestion), beside)

    async def add_evidence(
        self,
        improvement_id: str,
        evidence: Evidence,
        *,
        priority: str | None = None,
        confidence: float | None = None,
        beside: Sequence[StreamAppend] = (),
    ) -> ImprovementEvidenceAdded:
        """Add what was seen again."""
        return await self._change(
            improvement_id,
            lambda state: deciding.add_evidence(state, evidence, priority=priority, confidence=confidence),
            beside,
        )

    async def approve(
        self,
        improvement_id: str,
        *,
        by: str,
        comment: str = "",
        plan_hash: str | None = None,
        beside: Sequence[StreamAppend] = (),
    ) -> ImprovementApproved:
        """A person allows the plan to be carried out; with `plan_hash`, only if the plan is the one of that hash."""
        return await self._change(
            improvement_id, lambda state: deciding.approve(state, by=by, comment=comment, shown=plan_hash), beside
        )

    async def approve_by_policy(self, improvement_id: str, *, by: str, policy: str) -> ImprovementApproved:
        """The software approves what a policy allows, which is asked now."""
        suggestion = (await self.state(improvement_id)).known
        if not suggestion.implementation_plan.action:
            raise ImprovementError("only a person can do that, so a person approves it", where=improvement_id)
        if not await self._policy_allows(policy, suggestion.type):
            raise ImprovementError(
                f"{policy} does not allow improvements of the type {suggestion.type}",
                where=improvement_id,
                todo="Have a person approve it.",
            )
        return await self._change(
            improvement_id,
            lambda state: deciding.approve(state, by=by, comment=f"allowed by the flag {policy}", policy=policy),
            (),
        )

    async def reject(
        self, improvement_id: str, *, by: str, reason: str = "", beside: Sequence[StreamAppend] = ()
    ) -> ImprovementRejected:
        """Decide against it."""
        return await self._change(improvement_id, lambda state: deciding.reject(state, by=by, reason=reason), beside)

    async def close(
        self, improvement_id: str, *, by: str, reason: str = "", beside: Sequence[StreamAppend] = ()
    ) -> ImprovementClosed:
        """Say that its cause is gone."""
        return await self._change(improvement_id, lambda state: deciding.close(state, by=by, reason=reason), beside)

    async def assign(
        self, improvement_id: str, *, agent: str, beside: Sequence[StreamAppend] = ()
    ) -> ApprovedImprovement:
        """Have `agent` carry out what is approved; exactly one caller gets the leave of an improvement this way."""
        await self._permitted(improvement_id)
        await self._change(improvement_id, lambda state: deciding.assign(state, agent), beside)
        return await self._permitted(improvement_id)

    async def permitted(self, leave: ApprovedImprovement | str) -> ApprovedImprovement:
        """The leave as the log gives it now: to be asked for at the moment of every change that the plan makes.

        With a leave of before, raises where it is not for the same assignment any more.
        """
        if isinstance(leave, str):
            return await self._permitted(leave)
        now = await self._permitted(leave.improvement_id)
        if (now.approval, now.plan_hash, now.agent) != (leave.approval, leave.plan_hash, leave.agent):
            raise ImprovementError("the leave is for another assignment", where=leave.improvement_id)
        if now.plan != leave.plan:  # lists and mappings in it can be changed by who holds it
            raise ImprovementError("the plan is not the one that was approved", where=leave.improvement_id)
        return now

    async def complete(
        self,
        leave: ApprovedImprovement,
        *,
        text: str = "",
        before: dict[str, JsonValue] | None = None,
        after: dict[str, JsonValue] | None = None,
        undo: JsonValue = None,
        beside: Sequence[StreamAppend] = (),
    ) -> ImprovementCompleted:
        """Say that it was carried out, with the figures before and after, and what takes it back."""
        await self.permitted(leave)
        return await self._change(
            leave.improvement_id,
            lambda state: deciding.complete(state, leave, text=text, before=before, after=after, undo=undo),
            beside,
        )

    async def fail(
        self,
        leave: ApprovedImprovement,
        error: str,
        *,
        before: dict[str, JsonValue] | None = None,
        after: dict[str, JsonValue] | None = None,
        harm: bool = False,
        beside: Sequence[StreamAppend] = (),
    ) -> ImprovementFailed:
        """Say that it could not be carried out, or did `harm` and is taken back."""
        return await self._change(
            leave.improvement_id,
            lambda state: deciding.fail(state, leave, error, before=before, after=after, harm=harm),
            beside,
        )

    async def by_hand(
        self, improvement_id: str, *, by: str, note: str, done: bool, present: Collection[str] = frozenset()
    ) -> HandWork:
        """Say that a person carried out what is approved (`done`), or could not; see `by_hand` for what is needed.

        Who is first counts: a specialist that took it up before, and is `present`, has this refused.
        """
        return await self._changes(
            improvement_id, lambda state: by_hand(state, by=by, note=note, done=done, present=present), ()
        )

    async def undo(
        self, improvement_id: str, *, by: str, reason: str = "", beside: Sequence[StreamAppend] = ()
    ) -> ImprovementUndone:
        """Say that what was carried out was taken back; `beside` is what takes it back, where events do."""
        return await self._change(improvement_id, lambda state: deciding.undo(state, by=by, reason=reason), beside)

    async def _permitted(self, improvement_id: str) -> ApprovedImprovement:
        leave = permit(improvement_id, await self._store.read(improvement_stream(improvement_id)))
        if leave.policy and not await self._policy_allows(leave.policy, leave.type):
            raise ImprovementError(
                f"it was approved by {leave.policy}, which does not allow it any more",
                where=improvement_id,
                todo="Turn it on again, or leave it.",
            )
        return leave

    async def _policy_allows(self, policy: str, type_: str) -> bool:
        return self._allows is not None and await self._allows(policy, type_)

    async def _change(
        self, improvement_id: str, decide: Callable[[ImprovementState], Decided], beside: Sequence[StreamAppend]
    ) -> Decided:
        (event,) = await self._changes(improvement_id, lambda state: (decide(state),), beside)
        return event

    async def _changes(
        self, improvement_id: str, decide: Callable[[ImprovementState], Together], beside: Sequence[StreamAppend]
    ) -> Together:
        stream = improvement_stream(improvement_id)
        for attempt in range(_ATTEMPTS):
            state = fold_improvement(improvement_id, await self._store.read(stream))
            events = decide(state)
            try:
                await self._store.append([StreamAppend(stream, list(events), state.stream_version), *beside])
            except StreamConflict as conflict:
                if conflict.where != stream or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return events
        raise AssertionError("the last attempt returns or raises")
