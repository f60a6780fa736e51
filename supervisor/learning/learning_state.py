"""The snapshot of what was learned, taken out of a log, and what another log may take in of it."""

from __future__ import annotations

from typing import Any

from common.errors import GuidelineError, LearningError
from events.state.guideline import GuidelineStatus, fold_guideline
from events.store import EventStore
from supervisor.commands.guidelines import GuidelineCommands, guideline_stream
from supervisor.learning.integration import Learning
from supervisor.learning.prompts import original_prompt
from supervisor.learning.state_file import SavedGuideline, SavedPattern, SavedState

__all__ = ["restore_state", "take_state"]

_BY = "state file"


async def take_state(store: EventStore, learning: Learning) -> SavedState:
    """What was learned, as it stands in the log. Raises `StoreError`."""
    status = await learning.status()
    patterns = await learning.patterns()
    records = await learning.guideline_records()
    kinds = sorted({record.agent_type for record in records} | {pattern.agent_type for pattern in patterns})
    prompts = {kind: prompt for kind in kinds if (prompt := await original_prompt(store, kind)) is not None}
    return SavedState(
        log=store.backend.identity,
        position=status.position,
        saved_at=learning.clock.now(),
        learning_cycles=status.learning_cycles,
        total_patterns_learned=status.total_patterns_learned,
        patterns=tuple(
            SavedPattern(
                pattern=each.pattern,
                agent_type=each.agent_type,
                kind=each.kind,
                description=each.description,
                support=each.support,
                effect=each.effect,
                low=each.low,
                high=each.high,
                confidence=each.confidence,
                rule=each.rule,
            )
            for each in patterns
        ),
        guidelines=tuple(
            SavedGuideline(
                agent_type=record.agent_type,
                version=record.version,
                status=record.status.value,
                base_version=record.base_version,
                rules=record.rules,
                patterns=record.patterns,
                reason=record.proposed_why,
            )
            for record in records
        ),
        original_prompts=prompts,
    )


async def restore_state(store: EventStore, commands: GuidelineCommands, state: SavedState) -> dict[str, Any]:
    """Take in what this log does not have, as proposals; returns what was done, and what was passed over and why.

    A snapshot of this very log brings nothing. Of another one, the version in service of each agent type is proposed
    where nothing was ever proposed here: it was not earned on this log, so it waits for a decision. Patterns are not
    taken: they count for the traces they were found in. Raises `LearningError` for a snapshot of this log that is
    ahead of it, and `StoreError`.
    """
    same = state.log == store.backend.identity
    if same and state.position > await store.head():
        raise LearningError(
            "the saved state is ahead of the log it was taken from",
            where="load_state",
            todo="Part of the log was lost: restore it, then agent-supervisor events verify.",
        )
    proposed: list[dict[str, str]] = []
    skipped: list[dict[str, str]] = []
    for saved in () if same else state.guidelines:
        if saved.status != GuidelineStatus.ACTIVE.value:
            continue
        problem = ""
        try:
            known = fold_guideline(saved.agent_type, await store.read(guideline_stream(saved.agent_type)))
            if known.versions:
                problem = "this log has versions of its own"
            else:
                event = await commands.propose(
                    saved.agent_type, saved.rules, by=_BY, reason=f"in service as {saved.version} in another log"
                )
                proposed.append({"agent_type": saved.agent_type, "version": event.version})
        except GuidelineError as error:
            problem = error.what
        if problem:
            skipped.append({"agent_type": saved.agent_type, "version": saved.version, "reason": problem})
    return {"same_log": same, "patterns": len(state.patterns), "proposed": proposed, "skipped": skipped}
