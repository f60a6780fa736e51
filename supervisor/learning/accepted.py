"""Accepted patterns in the log: as events, and folded from them again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from events.catalogue.learning import LearningCycleFinished, PatternAccepted
from events.recorded import RecordedEvent
from events.store import stream_name
from supervisor.learning.bounded import excerpt
from supervisor.learning.patterns import Pattern
from supervisor.learning.records import MAX_NAME

__all__ = ["Accepted", "as_event", "clean_name", "fold_accepted", "has_moved", "learning_stream"]

_MAX_IDS = 200
"""Traces that an event names; the analysis knows all of them."""
_MOVED_EFFECT = 0.02
_MOVED_SUPPORT = 0.2


def learning_stream(agent_type: str) -> str:
    """The stream of what was learned of an agent type."""
    return stream_name("learning", agent_type)


@dataclass(slots=True)
class Accepted:
    """What the log says of an agent type: every pattern that was ever accepted, and which of them hold."""

    agent_type: str
    patterns: dict[str, PatternAccepted] = field(default_factory=dict[str, PatternAccepted])
    last: LearningCycleFinished | None = None

    @property
    def holding(self) -> list[PatternAccepted]:
        """The patterns that the last cycle found to hold, the surest first."""
        ids = self.last.patterns if self.last is not None else ()
        return [self.patterns[pattern] for pattern in ids if pattern in self.patterns]


def fold_accepted(agent_type: str, recorded: Sequence[RecordedEvent]) -> Accepted:
    """What the events of an agent type's stream add up to; what this version can't read is passed over."""
    state = Accepted(agent_type)
    for entry in recorded:
        if isinstance(entry.event, PatternAccepted):
            state.patterns[entry.event.pattern] = entry.event
        elif isinstance(entry.event, LearningCycleFinished):
            state.last = entry.event
    return state


def has_moved(before: PatternAccepted | None, pattern: Pattern) -> bool:
    """Whether the figures of a pattern differ enough from those in the log to be recorded anew."""
    if before is None:
        return True
    grown = abs(pattern.support - before.support) > _MOVED_SUPPORT * before.support
    return grown or abs(pattern.effect - before.effect) > _MOVED_EFFECT or pattern.rule != before.rule


def as_event(pattern: Pattern, cycle: str, shared_from: str | None = None) -> PatternAccepted:
    """The pattern as an event: bounded, and without anything that traces could have put there but cleaned names."""
    held = pattern.held_out
    return PatternAccepted(
        cycle=cycle,
        agent_type=pattern.agent_type,
        pattern=pattern.id,
        key=[part if isinstance(part, int) else clean_name(part) for part in pattern.key],
        kind=pattern.kind,
        description=pattern.description,
        support=pattern.support,
        traces=pattern.traces,
        compared=pattern.compared,
        effect=_finite(pattern.effect),
        low=_finite(pattern.low),
        high=_finite(pattern.high),
        crude=_finite(pattern.crude),
        confidence=_finite(pattern.confidence),
        p=_finite(pattern.p),
        q=_finite(pattern.q),
        replication=_finite(pattern.replication),
        strata=pattern.strata,
        caution=pattern.caution,
        held_out={
            "splits": held.splits,
            "found": held.found,
            "same_sign": _finite(held.same_sign),
            "significant": _finite(held.significant),
        },
        trace_ids=[clean_name(trace, 200) for trace in pattern.trace_ids[:_MAX_IDS]],
        merged=list(pattern.merged),
        recommendations=list(pattern.recommendations),
        rule=pattern.rule,
        shared_from=shared_from,
    )


def clean_name(text: str, limit: int = MAX_NAME) -> str:
    """A name from a trace on one line, without control characters, bounded."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else "?" for character in text)
    return excerpt(text, limit)


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else 0.0
