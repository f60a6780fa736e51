"""learning and learning/<agent type>: cycles of learning, and the patterns that they accepted.

The stream `learning` holds the cycles, one after the other: whoever appends `LearningCycleStarted` to it has the cycle.
The stream of an agent type holds its patterns, and after them, in the same append, what the cycle found there;
learning/<agent type>/prompts holds the prompts of a host that were guided.
Nothing here is about people, but for prompts, which are encrypted: names of tools stand quoted and cleaned, and of
traces nothing but their ids.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from events.catalogue.base import Event

__all__ = [
    "LearningCycleFailed",
    "LearningCycleFinished",
    "LearningCycleStarted",
    "OriginalPromptKept",
    "PatternAccepted",
]


class LearningCycleStarted(Event):
    """The process `owner` looks at what the log holds behind the position `after`."""

    TOPIC: ClassVar[str] = "learning.cycle_started"
    PERSONAL: ClassVar[bool] = False
    cycle: str
    owner: str
    after: int = 0
    by: str = ""


class PatternAccepted(Event):
    """A behaviour goes with success or failure beyond what task, agent and chance explain.

    Accepted anew when its figures have moved. `low` to `high` is the 95 % interval of `effect`, the difference in
    success rate; `crude` is that without strata. `trace_ids` names the first of the `support` traces that show it.
    `shared_from` is the agent type it was found in, where this one's traces bear it out. For the other words see
    docs/learning.md.
    """

    TOPIC: ClassVar[str] = "learning.pattern_accepted"
    PERSONAL: ClassVar[bool] = False
    cycle: str
    agent_type: str
    pattern: str
    key: list[str | int]
    kind: str
    description: str
    support: int
    traces: int
    compared: int
    effect: float
    low: float
    high: float
    crude: float
    confidence: float
    p: float
    q: float
    replication: float
    strata: str
    caution: str = ""
    held_out: dict[str, int | float] = Field(default_factory=dict[str, int | float])
    trace_ids: list[str] = Field(default_factory=list[str])
    merged: list[str] = Field(default_factory=list[str])
    recommendations: list[str] = Field(default_factory=list[str])
    rule: str = ""
    shared_from: str | None = None


class LearningCycleFinished(Event):
    """The cycle has looked at the log up to `position`.

    In the stream of an agent type: `patterns` are the ids of all that hold now, `traces` how many had a known outcome,
    `successes` how many of these went well. In the stream `learning`: `agent_type` is empty, `agent_types` are those
    that have a stream, and `patterns`, `proposed` and `activated` hold what is new in all of them, versions as
    ``<agent type> <version>``.
    """

    TOPIC: ClassVar[str] = "learning.cycle_finished"
    PERSONAL: ClassVar[bool] = False
    cycle: str
    agent_type: str = ""
    agent_types: list[str] = Field(default_factory=list[str])
    position: int
    traces: int
    new_traces: int = 0
    successes: int = 0
    patterns: list[str] = Field(default_factory=list[str])
    proposed: list[str] = Field(default_factory=list[str])
    activated: list[str] = Field(default_factory=list[str])
    seconds: float = 0.0
    notes: list[str] = Field(default_factory=list[str])


class LearningCycleFailed(Event):
    """The cycle came to no end of its own; what it had accepted by then holds, the next one goes on from there.

    `cancelled` says that somebody ended it.
    """

    TOPIC: ClassVar[str] = "learning.cycle_failed"
    PERSONAL: ClassVar[bool] = False
    cycle: str
    error: str
    cancelled: bool = False


class OriginalPromptKept(Event):
    """A host's prompt as it was before a guideline was put into it; kept once for each `digest`."""

    TOPIC: ClassVar[str] = "learning.original_prompt_kept"
    agent_type: str
    digest: str
    text: str
