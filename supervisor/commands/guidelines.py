"""Changes of guidelines: decided on the events of one stream, appended if nobody was faster, else decided anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import JsonValue

from common.errors import StreamConflict
from common.intents import StreamAppend
from events.catalogue import Event
from events.catalogue.guideline import (
    GuidelineActivated,
    GuidelineProposed,
    GuidelineRejected,
    GuidelineRolledBack,
    GuidelineRule,
    GuidelineTrialStarted,
    TrialTerms,
)
from events.state.guideline import (
    ACTIVE,
    GuidelineState,
    Proposal,
    activate,
    check_agent_type,
    fold_guideline,
    propose,
    reject,
    roll_back,
    start_trial,
)
from events.store import EventStore, stream_name

__all__ = ["GuidelineCommands", "guideline_stream"]

_ATTEMPTS = 10

Decided = TypeVar("Decided", bound=Event)


def guideline_stream(agent_type: str) -> str:
    """The stream of an agent type's guideline. Raises `GuidelineError` for what is no agent type."""
    check_agent_type(agent_type)
    return stream_name("guideline", agent_type)


class GuidelineCommands:
    """Every method returns the event that it appended.

    `beside` are appends to other streams that belong to the change (an improvement that proposes a guideline): all of
    it is in the log, or nothing. A conflict in one of those is the caller's: `StreamConflict`. With `expected_version`
    the decision holds only for the guideline as it stands after so many events of its stream, and is a `StreamConflict`
    where there are more. All raise `NotFound` and `GuidelineError` as `events.state.guideline` says, and `StoreError`.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def propose(
        self,
        agent_type: str,
        rules: Sequence[GuidelineRule | str],
        *,
        by: str,
        reason: str = "",
        base: str = ACTIVE,
        version: str | None = None,
        patterns: Sequence[str] = (),
        evidence: JsonValue = None,
        beside: Sequence[StreamAppend] = (),
    ) -> GuidelineProposed:
        """Offer rules for a decision; see `events.state.guideline.propose` for the version they get."""
        proposal = Proposal(rules, by, reason, base, version, patterns, evidence)
        return await self._change(agent_type, lambda state: propose(state, proposal), beside)

    async def start_trial(
        self,
        agent_type: str,
        version: str,
        *,
        share: float,
        by: str,
        reason: str = "",
        terms: TrialTerms | None = None,
        beside: Sequence[StreamAppend] = (),
    ) -> GuidelineTrialStarted:
        """Put a proposed version on trial with a share of the requests, by these terms (default: the usual ones)."""
        return await self._change(
            agent_type,
            lambda state: start_trial(state, version, share=share, by=by, reason=reason, terms=terms),
            beside,
        )

    async def activate(
        self,
        agent_type: str,
        version: str,
        *,
        by: str,
        reason: str = "",
        evidence: JsonValue = None,
        beside: Sequence[StreamAppend] = (),
        expected_version: int | None = None,
    ) -> GuidelineActivated:
        """Put a version into service."""
        return await self._change(
            agent_type,
            lambda state: activate(state, version, by=by, reason=reason, evidence=evidence),
            beside,
            expected_version,
        )

    async def reject(
        self,
        agent_type: str,
        version: str,
        *,
        by: str,
        reason: str = "",
        evidence: JsonValue = None,
        beside: Sequence[StreamAppend] = (),
        expected_version: int | None = None,
    ) -> GuidelineRejected:
        """Decide against a version that is not in service yet."""
        return await self._change(
            agent_type,
            lambda state: reject(state, version, by=by, reason=reason, evidence=evidence),
            beside,
            expected_version,
        )

    async def roll_back(
        self,
        agent_type: str,
        to: str | None = None,
        *,
        by: str,
        reason: str = "",
        evidence: JsonValue = None,
        beside: Sequence[StreamAppend] = (),
        expected_version: int | None = None,
    ) -> GuidelineRolledBack:
        """Take the active version out of service; the last good one comes back, or the one that `to` names."""
        return await self._change(
            agent_type,
            lambda state: roll_back(state, to, by=by, reason=reason, evidence=evidence),
            beside,
            expected_version,
        )

    async def _change(
        self,
        agent_type: str,
        decide: Callable[[GuidelineState], Decided],
        beside: Sequence[StreamAppend],
        expected: int | None = None,
    ) -> Decided:
        stream = guideline_stream(agent_type)
        for attempt in range(_ATTEMPTS):
            state = fold_guideline(agent_type, await self._store.read(stream))
            if expected is not None and state.stream_version != expected:
                raise StreamConflict(
                    f"the guideline is at {state.stream_version} by now, not at {expected}", where=stream
                )
            event = decide(state)
            try:
                await self._store.append([StreamAppend(stream, [event], state.stream_version), *beside])
            except StreamConflict as conflict:
                if conflict.where != stream or attempt == _ATTEMPTS - 1:
                    raise
            else:
                await self._changed(event)
                return event
        raise AssertionError("the last attempt returns or raises")

    async def _changed(self, event: Event) -> None:
        """Called when a change is durable: for whoever has something to do then. Must not raise."""
