"""The versions of one agent type's guideline: what its events add up to, and what may come next.

`fold_guideline` reads where a guideline stands. The deciding functions return the event to be appended with
``expected_version=state.stream_version``, or raise `NotFound` for a version that does not exist and `GuidelineError`
when the state does not allow it. At most one version is in service and at most one on trial; a version's number is
given out once, and numbers rise.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pydantic import JsonValue

from common.errors import GuidelineError, NotFound
from events.catalogue.guideline import (
    GuidelineActivated,
    GuidelineProposed,
    GuidelineRejected,
    GuidelineRolledBack,
    GuidelineRule,
    GuidelineTrialStarted,
    TrialTerms,
)
from events.recorded import RecordedEvent, refuse_unreadable
from events.state.guideline_rules import checked_rules, diff_rules, name_rules, next_version, read_version

__all__ = [
    "ACTIVE",
    "NONE",
    "GuidelineState",
    "GuidelineStatus",
    "GuidelineVersion",
    "Proposal",
    "activate",
    "check_agent_type",
    "evolve",
    "fold_guideline",
    "propose",
    "reject",
    "roll_back",
    "start_trial",
]

ACTIVE = "active"
"""In the place of a version: the one in service."""
NONE = "none"
"""In the place of a version: no guideline at all, which is what every agent type begins with."""

_MAX_TYPE = 64
_MAX_BY = 200
_MAX_REASON = 2_000
_MAX_PATTERNS = 200
_MAX_EVIDENCE = 64 * 1024


class GuidelineStatus(StrEnum):
    """Where a version stands. `retired` and `rolled_back` ones were in service before."""

    PROPOSED = "proposed"
    TRIAL = "trial"
    ACTIVE = "active"
    RETIRED = "retired"
    ROLLED_BACK = "rolled_back"
    REJECTED = "rejected"


_SERVED = frozenset({GuidelineStatus.RETIRED, GuidelineStatus.ROLLED_BACK})
_OPEN = frozenset({GuidelineStatus.PROPOSED, GuidelineStatus.TRIAL})


@dataclass(frozen=True, slots=True)
class GuidelineVersion:
    """One version."""

    version: str
    rules: tuple[GuidelineRule, ...]
    status: GuidelineStatus = GuidelineStatus.PROPOSED


@dataclass(frozen=True, slots=True)
class GuidelineState:
    """Where the guideline of an agent type stands.

    `stream_version` is for the compare-and-set of the next append. `versions` are in the order of their proposal.
    `before` are the versions that the active one stands on, the last good one last: the way back.
    """

    agent_type: str
    stream_version: int = 0
    versions: Mapping[str, GuidelineVersion] = field(default_factory=dict[str, GuidelineVersion])
    active: str | None = None
    trial: str | None = None
    before: tuple[str, ...] = ()

    @property
    def highest(self) -> str | None:
        """The last version that was proposed, which is the highest."""
        return list(self.versions)[-1] if self.versions else None

    def rules_of(self, version: str | None) -> tuple[GuidelineRule, ...]:
        """The rules of a version; none for no guideline. Raises `NotFound`."""
        return () if version is None else self.find(version).rules

    def find(self, version: str) -> GuidelineVersion:
        """A version. Raises `NotFound`."""
        found = self.versions.get(version)
        if found is None:
            known = ", ".join(self.versions) or "none"
            raise NotFound(
                f"the guideline of {self.agent_type!r} has no version {version[:80]!r}",
                where="guidelines",
                todo=f"Its versions: {known}.",
            )
        return found


@dataclass(frozen=True, slots=True)
class Proposal:
    """Rules to be decided on. `base` is a version, `ACTIVE` or `NONE`; `version` None: the lowest that may be.

    A rule given as text alone keeps the id that it has in the base, or gets one, and `by` as its origin.
    """

    rules: Sequence[GuidelineRule | str]
    by: str
    reason: str = ""
    base: str = ACTIVE
    version: str | None = None
    patterns: Sequence[str] = ()
    evidence: JsonValue = None


def fold_guideline(agent_type: str, recorded: Sequence[RecordedEvent]) -> GuidelineState:
    """Where a guideline stands after all events of its stream.

    Raises `StoreError` for events that this version can't read or that were erased (nothing is decided on top of
    them), and `GuidelineError` for a history that no guideline can have.
    """
    state = GuidelineState(agent_type)
    for event in recorded:
        state = evolve(state, event)
    return state


def evolve(state: GuidelineState, recorded: RecordedEvent) -> GuidelineState:
    """The state after one more event. Raises like `fold_guideline`."""
    refuse_unreadable([recorded], "this guideline is not changed")
    state = replace(state, stream_version=recorded.version)
    match recorded.event:
        case GuidelineProposed(version=version, rules=rules):
            rises = state.highest is None or read_version(version) > read_version(state.highest)
            _check(rises, f"version {version} does not come behind {state.highest}", recorded.id)
            return replace(state, versions={**state.versions, version: GuidelineVersion(version, tuple(rules))})
        case GuidelineTrialStarted(version=version):
            _allow(state, version, {GuidelineStatus.PROPOSED}, "put on trial", recorded.id)
            _check(state.trial is None, "two versions can't be on trial", recorded.id)
            return replace(_marked(state, version, GuidelineStatus.TRIAL), trial=version)
        case GuidelineActivated() as event:
            return _activated(state, event, recorded.id)
        case GuidelineRejected(version=version):
            _allow(state, version, _OPEN, "rejected", recorded.id)
            trial = None if state.trial == version else state.trial
            return replace(_marked(state, version, GuidelineStatus.REJECTED), trial=trial)
        case GuidelineRolledBack() as event:
            return _rolled_back(state, event, recorded.id)
        case _:
            raise GuidelineError(f"{recorded.topic} does not belong into the stream of a guideline", where=recorded.id)


def _activated(state: GuidelineState, event: GuidelineActivated, where: str) -> GuidelineState:
    _allow(state, event.version, _OPEN | _SERVED, "activated", where)
    _check(event.replaces == state.active, "it replaces another version than the one in service", where)
    before = state.before
    if state.active is not None:
        state, before = _marked(state, state.active, GuidelineStatus.RETIRED), (*before, state.active)
    state = _trial_ended(state, event.ends_trial, event.version, where)
    return replace(
        _marked(state, event.version, GuidelineStatus.ACTIVE),
        active=event.version,
        before=tuple(version for version in before if version != event.version),
    )


def _rolled_back(state: GuidelineState, event: GuidelineRolledBack, where: str) -> GuidelineState:
    _check(event.version == state.active, f"version {event.version} is not in service", where)
    before: tuple[str, ...] = ()
    if event.restored is not None:
        _allow(state, event.restored, _SERVED, "gone back to", where)
        before = state.before
        if event.restored in before:
            before = before[: before.index(event.restored)]
    state = _trial_ended(_marked(state, event.version, GuidelineStatus.ROLLED_BACK), event.ends_trial, None, where)
    if event.restored is not None:
        state = _marked(state, event.restored, GuidelineStatus.ACTIVE)
    return replace(state, active=event.restored, before=before)


def _trial_ended(state: GuidelineState, ended: str | None, winner: str | None, where: str) -> GuidelineState:
    """No trial outlasts a change of what is in service: the version that was on trial waits for a decision again."""
    _check(
        ended == (None if state.trial == winner else state.trial), "it ends another trial than the one there is", where
    )
    if ended is not None:
        state = _marked(state, ended, GuidelineStatus.PROPOSED)
    return replace(state, trial=None)  # fmt: skip


def propose(state: GuidelineState, proposal: Proposal) -> GuidelineProposed:
    """Offer rules for a decision.

    Refused where the rules can't be used, where nothing differs from the base, the active version or one that waits
    for a decision, and for a version below the lowest that the change may have.
    """
    check_agent_type(state.agent_type)
    _check_note(proposal.by, proposal.reason)
    base = {ACTIVE: state.active, NONE: None}.get(proposal.base, proposal.base)
    known = state.rules_of(base)
    rules = checked_rules(name_rules(proposal.rules, known, proposal.by))
    diff = diff_rules(known, rules)
    same = _same_as(state, base, rules)
    if same is not None:
        raise GuidelineError(
            f"the rules are those of {same}", where=_where(state), todo="Propose something that differs."
        )
    lowest = next_version(state.highest, diff)
    version = proposal.version if proposal.version is not None else lowest
    if read_version(version) < read_version(lowest):
        raise GuidelineError(
            f"version {version} is too low for this change",
            where=_where(state),
            todo=f"It takes {lowest} or higher: a rule that is gone raises the first number, a new one the second.",
        )
    if len(proposal.patterns) > _MAX_PATTERNS or len(json.dumps(proposal.evidence)) > _MAX_EVIDENCE:
        raise GuidelineError(
            "there is too much evidence",
            where=_where(state),
            todo=f"At most {_MAX_PATTERNS} patterns, and {_MAX_EVIDENCE // 1024} KiB of evidence as JSON.",
        )
    return GuidelineProposed(
        agent_type=state.agent_type,
        version=version,
        base_version=base,
        rules=list(rules),
        diff=diff,
        patterns=list(proposal.patterns),
        evidence=proposal.evidence,
        by=proposal.by,
        reason=proposal.reason,
    )


def _same_as(state: GuidelineState, base: str | None, rules: Sequence[GuidelineRule]) -> str | None:
    """What has the same rules already, for a sentence."""
    open_versions = [known.version for known in state.versions.values() if known.status in _OPEN]
    wanted = {rule.text for rule in rules}
    for version in (state.active, base, *open_versions):
        if wanted == {rule.text for rule in state.rules_of(version)}:
            if version is None:
                return "no guideline at all"
            return f"version {version}, which is {state.find(version).status}"
    return None


def start_trial(
    state: GuidelineState, version: str, *, share: float, by: str, reason: str = "", terms: TrialTerms | None = None
) -> GuidelineTrialStarted:
    """Have a proposed version serve a share of the requests, above 0 and below 1."""
    _check_note(by, reason)
    _allow(state, version, {GuidelineStatus.PROPOSED}, "put on trial", _where(state))
    if state.trial is not None:
        raise GuidelineError(
            f"version {state.trial} is on trial", where=_where(state), todo="Activate or reject it first."
        )
    if not 0 < share < 1:
        raise GuidelineError(f"a trial's share is above 0 and below 1, not {share:g}", where=_where(state))
    return GuidelineTrialStarted(
        agent_type=state.agent_type,
        version=version,
        against=state.active,
        share=share,
        terms=terms or TrialTerms(),
        by=by,
        reason=reason,
    )


def activate(
    state: GuidelineState, version: str, *, by: str, reason: str = "", evidence: JsonValue = None
) -> GuidelineActivated:
    """Put a version into service that was proposed, is on trial, or was in service before."""
    _check_note(by, reason)
    _allow(state, version, _OPEN | _SERVED, "activated", _where(state))
    return GuidelineActivated(
        agent_type=state.agent_type,
        version=version,
        replaces=state.active,
        ends_trial=None if state.trial == version else state.trial,
        evidence=evidence,
        by=by,
        reason=reason,
    )


def reject(
    state: GuidelineState, version: str, *, by: str, reason: str = "", evidence: JsonValue = None
) -> GuidelineRejected:
    """Decide against a version that was proposed or is on trial."""
    _check_note(by, reason)
    _allow(state, version, _OPEN, "rejected", _where(state))
    return GuidelineRejected(agent_type=state.agent_type, version=version, evidence=evidence, by=by, reason=reason)


def roll_back(
    state: GuidelineState, to: str | None = None, *, by: str, reason: str = "", evidence: JsonValue = None
) -> GuidelineRolledBack:
    """Take the active version out of service.

    What was in service before it comes back: the last good version (no guideline, where there is none), or the one
    that `to` names, which must have been in service; `NONE` for no guideline.
    """
    _check_note(by, reason)
    if state.active is None:
        raise GuidelineError(
            f"no guideline of {state.agent_type!r} is in service", where=_where(state), todo="Activate a version."
        )
    restored = (state.before[-1] if state.before else None) if to is None else None if to == NONE else to
    if restored is not None:
        _allow(state, restored, _SERVED, "gone back to", _where(state))
    return GuidelineRolledBack(
        agent_type=state.agent_type,
        version=state.active,
        restored=restored,
        ends_trial=state.trial,
        evidence=evidence,
        by=by,
        reason=reason,
    )


def _marked(state: GuidelineState, version: str, status: GuidelineStatus) -> GuidelineState:
    return replace(state, versions={**state.versions, version: replace(state.versions[version], status=status)})


def _allow(state: GuidelineState, version: str, statuses: Collection[GuidelineStatus], what: str, where: str) -> None:
    status = state.find(version).status
    if status not in statuses:
        allowed = " or ".join(sorted(status.value.replace("_", " ") for status in statuses))
        raise GuidelineError(
            f"version {version} can't be {what}: it is {status.value.replace('_', ' ')}",
            where=where,
            todo=f"That takes a version that is {allowed}.",
        )


def _check(holds: bool, problem: str, where: str) -> None:
    if not holds:
        raise GuidelineError(problem, where=where)


def check_agent_type(agent_type: str) -> None:
    """Raise `GuidelineError` for what can't be the name of an agent type."""
    if not (0 < len(agent_type) <= _MAX_TYPE and agent_type.isprintable() and agent_type == agent_type.strip()):
        raise GuidelineError(
            f"{agent_type[:_MAX_TYPE]!r} is no agent type",
            where="guidelines",
            todo=f"A name of up to {_MAX_TYPE} visible characters.",
        )


def _check_note(by: str, reason: str) -> None:
    if not by.strip() or len(by) > _MAX_BY or len(reason) > _MAX_REASON:
        raise GuidelineError(
            f"it takes a name of up to {_MAX_BY} characters, and a reason of up to {_MAX_REASON:,}",
            where="by, reason",
        )


def _where(state: GuidelineState) -> str:
    return f"guidelines {state.agent_type}"
