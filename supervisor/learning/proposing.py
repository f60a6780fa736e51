"""From patterns to a proposal, and from a proposal to a trial, where somebody serves its agent type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from common.errors import GuidelineError, NotFound
from events.catalogue.guideline import GuidelineProposed, GuidelineRejected, GuidelineRule
from events.recorded import RecordedEvent
from events.state.guideline import GuidelineState, GuidelineStatus, fold_guideline
from events.store import EventStore
from supervisor.commands.guidelines import GuidelineCommands, guideline_stream
from supervisor.learning.draft_replay import Broken, evidence_about, find_broken
from supervisor.learning.guideline_generator import REMOVAL, refused_rules
from supervisor.learning.patterns import Analysis

__all__ = ["BY", "Check", "Drafted", "Drafter", "Improve", "Proposed", "Proposer", "StartTrial"]

BY = "learning"
"""Who is named in the log for what cycles decide."""
SUPERSEDED = "superseded by "
REPLAYED = "replay: "
_MAX_REASON = 2_000
_ROUNDS = 4
"""Drafts of one cycle that are replayed as a whole: without what breaks, other rules may find room."""
_DECIDED = (
    "what its patterns say was rejected or taken back, and is not proposed again before there are twice the traces"
)


class Drafted(Protocol):
    """Rules that were drafted from patterns; see `supervisor.learning.guideline_generator.Draft`."""

    @property
    def rules(self) -> tuple[GuidelineRule, ...]:
        """All rules of the version."""
        ...

    @property
    def patterns(self) -> tuple[str, ...]:
        """The ids of the patterns that were applied."""
        ...

    @property
    def evidence(self) -> JsonValue:
        """What speaks for it."""
        ...

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        ...


Drafter = Callable[[str, Analysis, Sequence[GuidelineRule], Collection[str]], Drafted | None]
"""Given agent type, analysis, the rules in service and what was rejected before: a draft, or None for no change."""
Improve = Callable[[Drafted], Awaitable[Drafted]]
"""Has a model word a draft better; where that fails, the draft as it was."""
Check = Callable[[str, Sequence[GuidelineRule], Sequence[GuidelineRule]], Awaitable[tuple[str, JsonValue]]]
"""Replays recorded requests under the rules in service and under others; why these must not be proposed ("" for
nothing), and what was found.
"""
StartTrial = Callable[[str, str], Awaitable[object]]
"""Puts a version on trial."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a cycle has to say of an agent type's guideline.

    `is_new`: this cycle proposed it. `state`: ``trial``, or ``waiting`` for a person. `note`: why it waits.
    """

    agent_type: str
    version: str
    rules: tuple[str, ...]
    patterns: tuple[str, ...]
    state: str
    is_new: bool
    note: str = ""


class Proposer:
    """Proposes what the patterns of an agent type say. Done again after a crash, it goes on where it was.

    `start_trial` is None where trials can't be had: nothing here serves requests. `served` are the agent types whose
    requests go through versions. With `auto` off nothing is put on trial.
    """

    def __init__(
        self,
        store: EventStore,
        commands: GuidelineCommands,
        draft: Drafter,
        *,
        auto: bool,
        served: Collection[str] = (),
        start_trial: StartTrial | None = None,
        improve: Improve | None = None,
        check: Check | None = None,
    ) -> None:
        self._store = store
        self._commands = commands
        self._draft = draft
        self._auto = auto
        self._served = frozenset(served)
        self._start_trial = start_trial
        self._improve = improve
        self._check = check

    async def step(self, analysis: Analysis) -> tuple[Proposed | None, str]:
        """The proposal that there is now, if any, and a note where there is something to say of there being none.

        Raises `StoreError`.
        """
        agent_type = analysis.agent_type
        try:
            recorded = await self._store.read(guideline_stream(agent_type))
            state = fold_guideline(agent_type, recorded)
            if await self._reject_what_replay_did(state, recorded):
                recorded = await self._store.read(guideline_stream(agent_type))
                state = fold_guideline(agent_type, recorded)
        except GuidelineError as error:
            return None, f"no guideline is proposed: {error.what}"
        if state.trial is not None:
            return None, f"version {state.trial} is on trial; nothing else is proposed until that is decided"
        current = state.rules_of(state.active)
        refused = _refused(state, recorded, analysis.counts.traces)
        draft = self._draft(agent_type, analysis, current, refused)
        if draft is None:
            known = refused and self._draft(agent_type, analysis, current, ()) is not None
            return None, _DECIDED if known else ""
        return await self._propose(state, draft, recorded, analysis, refused)

    async def _propose(
        self,
        state: GuidelineState,
        draft: Drafted,
        recorded: Sequence[RecordedEvent],
        analysis: Analysis,
        refused: frozenset[str],
    ) -> tuple[Proposed | None, str]:
        agent_type = state.agent_type
        before = _open_ones(state, recorded)
        version = next((known for known in before if _says_the_same(before[known], draft, state.active)), None)
        is_new = version is None
        rules = tuple(rule.text for rule in draft.rules)
        if version is None:
            let_through, note = await self._let_through(state, draft, analysis, refused)
            if let_through is None:
                return None, note
            draft, found = let_through
            if self._improve is not None:
                draft = await self._improve(draft)
            evidence = draft.evidence
            if self._check is not None and isinstance(evidence, dict):
                evidence = {**evidence, "replay": found}
            try:
                proposed = await self._commands.propose(
                    agent_type, draft.rules, by=BY, reason=draft.reason[:_MAX_REASON], patterns=draft.patterns,
                    evidence=evidence,
                )  # fmt: skip
            except GuidelineError as error:
                return None, f"a draft was not proposed: {error.what}"
            version, rules = proposed.version, tuple(rule.text for rule in proposed.rules)
        else:
            rules = tuple(rule.text for rule in state.rules_of(version))
        for older in before:
            if older != version:
                with suppress(GuidelineError):  # a person was faster
                    await self._commands.reject(agent_type, older, by=BY, reason=f"{SUPERSEDED}{version}")
        put, note = await self._try(agent_type, version)
        return Proposed(agent_type, version, rules, draft.patterns, put, is_new, note), ""

    async def _let_through(
        self, state: GuidelineState, draft: Drafted | None, analysis: Analysis, refused: frozenset[str]
    ) -> tuple[tuple[Drafted, JsonValue] | None, str]:
        """The draft without what replay finds to break recorded successes, and what it found; or None, and why.

        What is taken out is in the log as a version that was rejected, so that no cycle replays it again before there
        are twice the traces.
        """
        check, current, problem = self._check, state.rules_of(state.active), ""
        if check is None or draft is None:
            return (None if draft is None else (draft, None)), ""

        async def check_rules(rules: Sequence[GuidelineRule]) -> tuple[str, JsonValue]:
            return await check(state.agent_type, current, rules)

        for _ in range(_ROUNDS):
            problem, found = await check_rules(draft.rules)
            if not problem:
                return (draft, found), ""
            broken = await find_broken(current, draft.rules, problem, found, check_rules)
            await self._decide_against(state.agent_type, draft, broken)
            refused |= {REMOVAL + each.rule if each.kind == "removed" else each.rule for each in broken.changes}
            draft = self._draft(state.agent_type, analysis, current, refused)
            if draft is None:
                break
        return None, f"a draft was rejected: {problem}"

    async def _decide_against(self, agent_type: str, draft: Drafted, broken: Broken) -> None:
        names = ", ".join(each.rule for each in broken.changes)
        with suppress(GuidelineError):  # the same rules wait for a decision already, or a person was faster
            proposed = await self._commands.propose(
                agent_type, broken.rules, by=BY, reason=f"Tried by replay alone: {names}."[:_MAX_REASON],
                patterns=draft.patterns, evidence=evidence_about(draft.evidence, broken),
            )  # fmt: skip
            await self._commands.reject(agent_type, proposed.version, by=BY, reason=f"{REPLAYED}{broken.problem}")

    async def _reject_what_replay_did(self, state: GuidelineState, recorded: Sequence[RecordedEvent]) -> bool:
        """Reject what replay had decided against, where its cycle was killed before it could; whether there was any."""
        found = [name for name, event in _open_ones(state, recorded).items() if not _may_be_tried(event.evidence)]
        for version in found:
            with suppress(GuidelineError):  # a person was faster
                await self._commands.reject(state.agent_type, version, by=BY, reason=f"{REPLAYED}see its evidence")
        return bool(found)

    async def _try(self, agent_type: str, version: str) -> tuple[str, str]:
        if not self._auto:
            return "waiting", "a person decides, for enable_auto_updates is off"
        if self._start_trial is None or agent_type not in self._served:
            return "waiting", "nothing here serves requests by versions of this agent type, so a trial can't decide"
        try:
            await self._start_trial(agent_type, version)
        except (GuidelineError, NotFound) as error:  # a person was faster
            return "waiting", error.what
        return "trial", ""


def _open_ones(state: GuidelineState, recorded: Sequence[RecordedEvent]) -> dict[str, GuidelineProposed]:
    """The proposals of earlier cycles that nobody has decided on."""
    return {
        entry.event.version: entry.event
        for entry in recorded
        if isinstance(entry.event, GuidelineProposed)
        and entry.event.by == BY
        and state.versions[entry.event.version].status is GuidelineStatus.PROPOSED
    }


def _may_be_tried(evidence: JsonValue) -> bool:
    replay = evidence.get("replay") if isinstance(evidence, dict) else None
    return not (isinstance(replay, dict) and replay.get("may_be_tried") is False)


def _says_the_same(proposed: GuidelineProposed, draft: Drafted, active: str | None) -> bool:
    same = {rule.id for rule in proposed.rules} == {rule.id for rule in draft.rules}
    return same and set(proposed.patterns) == set(draft.patterns) and proposed.base_version == active


def _refused(state: GuidelineState, recorded: Sequence[RecordedEvent], traces: int) -> frozenset[str]:
    """What was decided against, and is not proposed again on no more evidence."""
    events = [entry.event for entry in recorded]
    superseded = {
        event.version
        for event in events
        if isinstance(event, GuidelineRejected) and event.by == BY and event.reason.startswith(SUPERSEDED)
    }
    against = {GuidelineStatus.REJECTED, GuidelineStatus.ROLLED_BACK}
    served = {GuidelineStatus.ACTIVE, GuidelineStatus.RETIRED, GuidelineStatus.ROLLED_BACK}
    versions = state.versions.values()
    return refused_rules(
        [event for event in events if isinstance(event, GuidelineProposed)],
        rejected={known.version for known in versions if known.status in against} - superseded,
        activated={known.version for known in versions if known.status in served},
        traces=traces,
    )
