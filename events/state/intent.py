"""The life of an intent: what its events add up to, and what may come next.

`fold_intent` reads where an intent stands. The deciding functions return the event to be appended with
``expected_version=state.version``, or raise `IntentError` when the state does not allow it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from common.errors import IntentError
from common.intents import IntentStatus
from events.catalogue.intent import (
    IntentApprovalRequested,
    IntentApproved,
    IntentClaimed,
    IntentDenied,
    IntentFailed,
    IntentProcessed,
    IntentRegistered,
    IntentUncertain,
)
from events.recorded import Erased, RecordedEvent, Unknown

__all__ = [
    "IntentState",
    "approve",
    "arguments_hash",
    "ask_approval",
    "claim",
    "deny",
    "evolve",
    "fail",
    "fold_intent",
    "leave_uncertain",
    "process",
]

_REGISTERED = IntentStatus.REGISTERED
_AWAITING = IntentStatus.AWAITING_APPROVAL
_CLAIMED = IntentStatus.CLAIMED
_UNCERTAIN = IntentStatus.UNCERTAIN

_FROM: Mapping[type, Collection[IntentStatus]] = {
    IntentApprovalRequested: {_REGISTERED},
    IntentApproved: {_AWAITING},
    IntentDenied: {_REGISTERED, _AWAITING},
    IntentClaimed: {_REGISTERED, _CLAIMED},
    IntentProcessed: {_REGISTERED, _CLAIMED, _UNCERTAIN},
    IntentFailed: {_REGISTERED, _AWAITING, _CLAIMED, _UNCERTAIN},
    IntentUncertain: {_CLAIMED},
}


@dataclass(frozen=True, slots=True)
class IntentState:
    """Where an intent stands.

    `version` is the version of its stream, for the compare-and-set of the next append. `attempt`, `owner` and
    `not_after` are those of the last claim; `approved_hash` is the hash of the arguments that a person approved.
    `waits_for` and `needed_by` are the intents that it builds on, and those that build on it: see `IntentRegistered`.
    """

    intent_id: str
    type: str
    arguments: Mapping[str, JsonValue]
    summary: str
    key: str
    trace_id: str
    user: str
    tenant: str
    version: int
    registered_at: datetime
    status: IntentStatus = IntentStatus.REGISTERED
    task: str = ""
    call_id: str = ""
    ordinal: int = 0
    expires_at: datetime | None = None
    context: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    detail: str = ""
    data: JsonValue = None
    attempt: int = 0
    owner: str | None = None
    not_after: datetime | None = None
    approved_hash: str | None = None
    approved_by: str | None = None
    waits_for: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()

    @property
    def arguments_hash(self) -> str:
        """The hash of its arguments as they are in the log."""
        return arguments_hash(self.type, self.arguments)


def arguments_hash(kind: str, arguments: Mapping[str, Any]) -> str:
    """What an approval holds on to: a SHA-256 over the intent's type and arguments, whatever their order."""
    canonical = json.dumps([kind, arguments], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def fold_intent(recorded: Sequence[RecordedEvent]) -> IntentState:
    """Where an intent stands after all events of its stream.

    Raises `IntentError` for events that this version can't read or that were erased (nothing is decided on top of
    them), and for a history that no intent can have.
    """
    state: IntentState | None = None
    for event in recorded:
        state = evolve(state, event)
    if state is None:
        raise IntentError("there is no such intent", where="intent")
    return state


def evolve(state: IntentState | None, recorded: RecordedEvent) -> IntentState:
    """The state after one more event. Raises like `fold_intent`."""
    event = recorded.event
    if isinstance(event, Unknown | Erased):
        raise IntentError(
            "an event of this intent can't be read, so nothing is decided about it",
            where=recorded.id,
            todo="Use the version of this software that wrote it." if isinstance(event, Unknown) else "It was erased.",
        )
    if state is None:
        if not isinstance(event, IntentRegistered):
            raise IntentError("the intent's first event is not its registration", where=recorded.id)
        return _registered(event, recorded)
    state = replace(state, version=recorded.version)
    if type(event) in _FROM:
        _allow(state, type(event), recorded.id)
    match event:
        case IntentApprovalRequested():
            return replace(state, status=_AWAITING)
        case IntentApproved():
            _check_arguments(state, event.arguments_hash, recorded.id)
            return replace(state, status=_REGISTERED, approved_hash=event.arguments_hash, approved_by=event.by)
        case IntentDenied():
            detail = f"denied by {event.by}" + (f": {event.reason}" if event.reason else "")
            return replace(state, status=IntentStatus.DENIED, detail=detail)
        case IntentClaimed():
            _check_attempt(state, event.attempt, recorded.id)
            return replace(state, status=_CLAIMED, attempt=event.attempt, owner=event.owner, not_after=event.not_after)
        case IntentProcessed():
            return replace(state, status=IntentStatus.PROCESSED, detail=event.detail, data=event.data)
        case IntentFailed():
            return replace(state, status=IntentStatus.FAILED, detail=event.error)
        case IntentUncertain():
            return replace(state, status=_UNCERTAIN, detail=event.reason)
        case _:
            raise IntentError(f"{recorded.topic} does not belong into the stream of an intent", where=recorded.id)


def _registered(event: IntentRegistered, recorded: RecordedEvent) -> IntentState:
    return IntentState(
        intent_id=event.intent_id,
        type=event.type,
        arguments=event.arguments,
        summary=event.summary,
        key=event.key,
        trace_id=event.trace_id,
        user=event.user,
        tenant=recorded.tenant,
        version=recorded.version,
        registered_at=recorded.recorded_at,
        task=event.task,
        call_id=event.call_id,
        ordinal=event.ordinal,
        expires_at=event.expires_at,
        context=event.context,
        waits_for=tuple(event.waits_for),
        needed_by=tuple(event.needed_by),
    )


def ask_approval(state: IntentState) -> IntentApprovalRequested:
    """Have a person decide."""
    _allow(state, IntentApprovalRequested, state.intent_id)
    return IntentApprovalRequested(intent_id=state.intent_id, arguments_hash=state.arguments_hash)


def approve(state: IntentState, by: str, approved_hash: str, comment: str = "") -> IntentApproved:
    """A person says yes to the arguments they saw, named by their hash."""
    _allow(state, IntentApproved, state.intent_id)
    _check_arguments(state, approved_hash, state.intent_id)
    return IntentApproved(intent_id=state.intent_id, by=by, arguments_hash=approved_hash, comment=comment)


def deny(state: IntentState, by: str, reason: str = "") -> IntentDenied:
    """A person or a policy says no."""
    _allow(state, IntentDenied, state.intent_id)
    return IntentDenied(intent_id=state.intent_id, by=by, reason=reason)


def claim(state: IntentState, owner: str, not_after: datetime) -> IntentClaimed:
    """`owner` makes the next attempt, which can't reach the other side after `not_after`."""
    _allow(state, IntentClaimed, state.intent_id)
    if state.approved_hash is not None:
        _check_arguments(state, state.approved_hash, state.intent_id)
    return IntentClaimed(
        intent_id=state.intent_id, attempt=state.attempt + 1, key=state.key, owner=owner, not_after=not_after
    )


def process(state: IntentState, detail: str, data: JsonValue = None) -> IntentProcessed:
    """It took effect."""
    _allow(state, IntentProcessed, state.intent_id)
    return IntentProcessed(intent_id=state.intent_id, detail=detail, data=data)


def fail(state: IntentState, error: str) -> IntentFailed:
    """It definitely did not take effect."""
    _allow(state, IntentFailed, state.intent_id)
    return IntentFailed(intent_id=state.intent_id, error=error)


def leave_uncertain(state: IntentState, reason: str) -> IntentUncertain:
    """Nobody can tell; it waits for a person."""
    _allow(state, IntentUncertain, state.intent_id)
    return IntentUncertain(intent_id=state.intent_id, reason=reason)


def _allow(state: IntentState, event: type, where: str) -> None:
    if state.status not in _FROM[event]:
        raise IntentError(f"{event.__name__} can't follow: the intent is {state.status.value}", where=where)


def _check_arguments(state: IntentState, approved_hash: str, where: str) -> None:
    if approved_hash != state.arguments_hash:
        raise IntentError("its arguments are not those that were approved", where=where, todo="Approve it again.")


def _check_attempt(state: IntentState, attempt: int, where: str) -> None:
    if attempt != state.attempt + 1:
        raise IntentError(f"attempt {attempt} can't follow attempt {state.attempt}", where=where)
