"""One improvement: what its events add up to, what may come next, and the leave to carry it out.

`fold_improvement` reads where it stands. The deciding functions return the event to be appended with
``expected_version=state.stream_version``, or raise `ImprovementError` where the state does not allow it::

    pending → approved | rejected | closed      approved → assigned      assigned → completed | failed
    completed → undone

Nothing is carried out without leave: `ApprovedImprovement` is made from the events of the log alone, by `permit`, and
there is none unless the approval of exactly this plan is among them. What no improvement can have in its history, such
as an assignment without an approval or an approval of another plan, is refused when it is folded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import InitVar, dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import JsonValue

from common.errors import ImprovementError, NotFound
from events.catalogue.improvement import (
    Evidence,
    ImprovementApproved,
    ImprovementAssigned,
    ImprovementClosed,
    ImprovementCompleted,
    ImprovementEvidenceAdded,
    ImprovementFailed,
    ImprovementPlan,
    ImprovementRejected,
    ImprovementSuggested,
    ImprovementUndone,
)
from events.recorded import RecordedEvent, refuse_unreadable
from events.state.improvement_limits import check_evidence, check_figures, check_note, check_suggestion

__all__ = [
    "ApprovedImprovement",
    "ImprovementState",
    "ImprovementStatus",
    "add_evidence",
    "approve",
    "assign",
    "close",
    "complete",
    "evolve",
    "fail",
    "fold_improvement",
    "permit",
    "plan_hash",
    "reject",
    "suggest",
    "undo",
]


class ImprovementStatus(StrEnum):
    """Where an improvement stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    ASSIGNED = "assigned"
    COMPLETED = "completed"
    FAILED = "failed"
    UNDONE = "undone"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """Whether something may still come of it."""
        return self in _OPEN


_TENANT = "default"
_OPEN = frozenset({ImprovementStatus.PENDING, ImprovementStatus.APPROVED, ImprovementStatus.ASSIGNED})


@dataclass(frozen=True, slots=True)
class ImprovementState:
    """Where an improvement stands. `stream_version` is for the compare-and-set of the next append."""

    improvement_id: str
    stream_version: int = 0
    status: ImprovementStatus | None = None
    suggestion: ImprovementSuggested | None = None
    priority: str = ""
    evidence_count: int = 0
    approval: RecordedEvent | None = None
    agent: str | None = None
    undo: JsonValue = None

    @property
    def known(self) -> ImprovementSuggested:
        """What was suggested. Raises `NotFound` where nothing was."""
        if self.suggestion is None:
            raise NotFound(
                f"there is no improvement {self.improvement_id!r}",
                where="improvements",
                todo="List them with improvements list.",
            )
        return self.suggestion


_LEAVE = object()


@dataclass(frozen=True, slots=True)
class ApprovedImprovement:
    """The leave to carry out one plan, which only `permit` gives, from what the log says.

    It tells how the log stood when it was made (`stream_version`), so whoever carries the plan out asks
    for it again at the moment of each change; `approved_by` names who approved, `policy` the flag that did so instead
    of a person, `approval` the event.
    """

    improvement_id: str
    type: str
    plan: ImprovementPlan
    plan_hash: str
    approval: str
    approved_by: str
    policy: str
    status: ImprovementStatus
    agent: str | None
    stream_version: int
    leave: InitVar[Any]

    def __post_init__(self, leave: Any) -> None:
        if leave is not _LEAVE:
            raise ImprovementError(
                "leave to carry out an improvement comes from the log alone",
                where=self.improvement_id,
                todo="Use ImprovementCommands.assign or .permitted.",
            )


def plan_hash(suggestion: ImprovementSuggested) -> str:
    """The SHA-256 of what is approved: the improvement's id and type, the components and the plan."""
    told = {
        "id": suggestion.improvement_id,
        "type": suggestion.type,
        "components": suggestion.affected_components,
        "plan": suggestion.implementation_plan.model_dump(mode="json"),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def permit(improvement_id: str, recorded: Sequence[RecordedEvent]) -> ApprovedImprovement:
    """The leave to carry out what these events, all of its stream, say is approved.

    Raises `ImprovementError` where it is not approved, or was carried out already, and like `fold_improvement`.
    """
    state = fold_improvement(improvement_id, recorded)
    suggestion = state.known
    if state.status not in (ImprovementStatus.APPROVED, ImprovementStatus.ASSIGNED) or state.approval is None:
        _refuse(state, "carried out", ImprovementStatus.APPROVED)
    approval = _approval_of(state)
    return ApprovedImprovement(
        improvement_id=improvement_id,
        type=suggestion.type,
        plan=suggestion.implementation_plan,
        plan_hash=approval.plan_hash,
        approval=state.approval.id if state.approval is not None else "",
        approved_by=approval.by,
        policy=approval.policy,
        status=state.status or ImprovementStatus.APPROVED,
        agent=state.agent,
        stream_version=state.stream_version,
        leave=_LEAVE,
    )


def fold_improvement(improvement_id: str, recorded: Sequence[RecordedEvent]) -> ImprovementState:
    """Where an improvement stands after all events of its stream.

    Raises `StoreError` for events that this version can't read or that were erased (nothing is decided on top of
    them), and `ImprovementError` for a history that no improvement can have.
    """
    state = ImprovementState(improvement_id)
    for event in recorded:
        state = evolve(state, event)
    return state


def evolve(state: ImprovementState, recorded: RecordedEvent) -> ImprovementState:
    """The state after one more event. Raises like `fold_improvement`."""
    refuse_unreadable([recorded], "nothing is decided on this improvement")
    where = recorded.id
    _check(recorded.version == state.stream_version + 1, "its events are not in their order", where)
    event = recorded.event
    _check(getattr(event, "improvement_id", None) == state.improvement_id, "it is about another improvement", where)
    _check(recorded.tenant == _TENANT, "it is a tenant's", where)
    state = replace(state, stream_version=recorded.version)
    match event:
        case ImprovementSuggested():
            _check(state.status is None, "an improvement is suggested once", where)
            return replace(
                state, status=ImprovementStatus.PENDING, suggestion=event, priority=event.priority, evidence_count=1
            )
        case ImprovementEvidenceAdded(priority=priority):
            _check(state.status is not None and state.status.is_open, "evidence comes while it is open", where)
            return replace(state, evidence_count=state.evidence_count + 1, priority=priority or state.priority)
        case _:
            return _decided(state, recorded)


def _decided(state: ImprovementState, recorded: RecordedEvent) -> ImprovementState:
    where = recorded.id
    match recorded.event:
        case ImprovementApproved(plan_hash=approved, by=by):
            _from(state, ImprovementStatus.PENDING, where)
            _check(approved == plan_hash(state.known), "another plan was approved than the one there is", where)
            _check(bool(by.strip()), "nobody is named who approved it", where)
            return replace(state, status=ImprovementStatus.APPROVED, approval=recorded)
        case ImprovementRejected():
            _from(state, ImprovementStatus.PENDING, where)
            return replace(state, status=ImprovementStatus.REJECTED)
        case ImprovementClosed():
            _from(state, ImprovementStatus.PENDING, where)
            return replace(state, status=ImprovementStatus.CLOSED)
        case ImprovementAssigned(plan_hash=assigned, approval=approval, agent=agent):
            _from(state, ImprovementStatus.APPROVED, where)
            given = state.approval
            _check(given is not None and given.id == approval, "it names another approval than the one there is", where)
            _check(assigned == plan_hash(state.known), "another plan was assigned than the one approved", where)
            return replace(state, status=ImprovementStatus.ASSIGNED, agent=agent)
        case ImprovementCompleted(agent=agent, undo=undo):
            _from(state, ImprovementStatus.ASSIGNED, where)
            _check(agent == state.agent, "it was assigned to somebody else", where)
            return replace(state, status=ImprovementStatus.COMPLETED, undo=undo)
        case ImprovementFailed(agent=agent):
            _from(state, ImprovementStatus.ASSIGNED, where)
            _check(agent == state.agent, "it was assigned to somebody else", where)
            return replace(state, status=ImprovementStatus.FAILED)
        case ImprovementUndone():
            _from(state, ImprovementStatus.COMPLETED, where)
            return replace(state, status=ImprovementStatus.UNDONE)
        case _:
            raise ImprovementError(f"{recorded.topic} does not belong into the stream of an improvement", where=where)


def suggest(state: ImprovementState, suggestion: ImprovementSuggested) -> ImprovementSuggested:
    """Offer it for a decision."""
    if state.status is not None:
        raise ImprovementError(
            f"improvement {state.improvement_id} is there already: it is {state.status}", where=_where(state)
        )
    check_suggestion(suggestion, state.improvement_id)
    return suggestion


def add_evidence(
    state: ImprovementState, evidence: Evidence, *, priority: str | None = None, confidence: float | None = None
) -> ImprovementEvidenceAdded:
    """Add what was seen again, while it is open."""
    _ = state.known
    if state.status is None or not state.status.is_open:
        _refuse(state, "given more evidence", *sorted(_OPEN))
    check_evidence(evidence)
    return ImprovementEvidenceAdded(
        improvement_id=state.improvement_id, evidence=evidence, priority=priority, confidence=confidence
    )


def approve(
    state: ImprovementState, *, by: str, comment: str = "", policy: str = "", shown: str | None = None
) -> ImprovementApproved:
    """Allow its plan to be carried out; `shown` is the hash of the plan that the person saw, where it is known."""
    check_note(by, comment)
    suggestion = state.known
    if state.status is not ImprovementStatus.PENDING:
        _refuse(state, "approved", ImprovementStatus.PENDING)
    hashed = plan_hash(suggestion)
    if shown is not None and shown != hashed:
        raise ImprovementError(
            "another plan was looked at than the one there is", where=_where(state), todo="Look at it again."
        )
    return ImprovementApproved(
        improvement_id=state.improvement_id, plan_hash=hashed, by=by, comment=comment, policy=policy
    )


def reject(state: ImprovementState, *, by: str, reason: str = "") -> ImprovementRejected:
    """Decide against it."""
    check_note(by, reason)
    _allow(state, "rejected", ImprovementStatus.PENDING)
    return ImprovementRejected(improvement_id=state.improvement_id, by=by, reason=reason)


def close(state: ImprovementState, *, by: str, reason: str = "") -> ImprovementClosed:
    """Say that its cause is gone."""
    check_note(by, reason)
    _allow(state, "closed", ImprovementStatus.PENDING)
    return ImprovementClosed(improvement_id=state.improvement_id, by=by, reason=reason)


def assign(state: ImprovementState, agent: str) -> ImprovementAssigned:
    """Have `agent` carry out what is approved."""
    check_note(agent)
    _allow(state, "assigned", ImprovementStatus.APPROVED)
    approval = _approval_of(state)
    return ImprovementAssigned(
        improvement_id=state.improvement_id,
        plan_hash=approval.plan_hash,
        approval=state.approval.id if state.approval is not None else "",
        agent=agent,
    )


def complete(
    state: ImprovementState,
    leave: ApprovedImprovement,
    *,
    text: str = "",
    before: dict[str, JsonValue] | None = None,
    after: dict[str, JsonValue] | None = None,
    undo: JsonValue = None,
) -> ImprovementCompleted:
    """Say that it was carried out, by whom it was assigned to."""
    _allow(state, "completed", ImprovementStatus.ASSIGNED)
    agent = _checked_leave(state, leave)
    check_figures(text, before, after, undo)
    return ImprovementCompleted(
        improvement_id=state.improvement_id, agent=agent, text=text, before=before or {}, after=after or {}, undo=undo
    )


def fail(
    state: ImprovementState,
    leave: ApprovedImprovement,
    error: str,
    *,
    before: dict[str, JsonValue] | None = None,
    after: dict[str, JsonValue] | None = None,
    harm: bool = False,
) -> ImprovementFailed:
    """Say that it could not be carried out, or that it did `harm` and was taken back."""
    _allow(state, "failed", ImprovementStatus.ASSIGNED)
    agent = _checked_leave(state, leave)
    check_figures(error, before, after, None)
    was, now = before or {}, after or {}
    return ImprovementFailed(
        improvement_id=state.improvement_id, agent=agent, error=error, before=was, after=now, harm=harm
    )


def undo(state: ImprovementState, *, by: str, reason: str = "") -> ImprovementUndone:
    """Say that what was carried out was taken back."""
    check_note(by, reason)
    _allow(state, "undone", ImprovementStatus.COMPLETED)
    return ImprovementUndone(improvement_id=state.improvement_id, by=by, reason=reason)


def _approval_of(state: ImprovementState) -> ImprovementApproved:
    event = state.approval.event if state.approval is not None else None
    if not isinstance(event, ImprovementApproved) or event.plan_hash != plan_hash(state.known):
        raise ImprovementError("nobody approved this plan", where=_where(state), todo="Have it approved.")
    return event


def _checked_leave(state: ImprovementState, leave: ApprovedImprovement) -> str:
    """Whom it is assigned to. Raises where the leave is for something else."""
    approval = state.approval
    told = (leave.improvement_id, leave.approval, leave.agent)
    if approval is None or told != (state.improvement_id, approval.id, state.agent) or state.agent is None:
        raise ImprovementError("the leave is for another assignment", where=_where(state))
    return state.agent


def _allow(state: ImprovementState, what: str, status: ImprovementStatus) -> None:
    _ = state.known
    if state.status is not status:
        _refuse(state, what, status)


def _refuse(state: ImprovementState, what: str, *statuses: ImprovementStatus) -> None:
    raise ImprovementError(
        f"improvement {state.improvement_id} can't be {what}: it is {state.status}",
        where=_where(state),
        todo=f"That takes one that is {' or '.join(statuses)}.",
    )


def _from(state: ImprovementState, status: ImprovementStatus, where: str) -> None:
    _check(state.status is status, f"it follows {state.status or 'nothing'}, not {status}", where)


def _check(holds: bool, problem: str, where: str) -> None:
    if not holds:
        raise ImprovementError(f"an improvement can't have this history: {problem}", where=where)


def _where(state: ImprovementState) -> str:
    return f"improvement {state.improvement_id}"
