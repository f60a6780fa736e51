"""evolution: the cycles; evolution/<cycle>: what a cycle decided about which agents, and what came of it.

No request's words stand here: a need is named by what the builder understood, by figures, and by the traces it is from.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from events.catalogue.base import Event

__all__ = ["EvolutionCycleFinished", "EvolutionCycleStarted", "EvolutionDecisionEnded", "EvolutionDecisionTaken"]

DecisionKind = Literal["create", "improve", "prune", "keep"]


class EvolutionCycleStarted(Event):
    """The process `owner` has the cycle; nobody else begins one before it has ended, or its process has."""

    TOPIC: ClassVar[str] = "evolution.cycle_started"
    PERSONAL: ClassVar[bool] = False
    cycle: str
    owner: str
    by: str


class EvolutionDecisionTaken(Event):
    """It was decided on; what is carried out by itself begins after this is in the log.

    `subject` is an agent, or the fingerprint of a need. `figures` and `causes` (traces, improvements) are what `why`
    goes by. `by_itself`: evolution does it; otherwise a person decides on `improvement`. `build` is the build, or what
    stands in its place in the agent's deployment, so that what a dead process did is found.
    """

    TOPIC: ClassVar[str] = "evolution.decision_taken"
    PERSONAL: ClassVar[bool] = False
    cycle: str
    number: int
    kind: DecisionKind
    subject: str
    why: str
    figures: dict[str, JsonValue] = Field(default_factory=dict)
    causes: list[str] = Field(default_factory=list)
    by_itself: bool
    improvement: str | None = None
    build: str = ""


class EvolutionDecisionEnded(Event):
    """What came of it. `changed`: an agent was put into service or taken out of it; `figures` are those after.

    `healthy` and `within` (its constraints) are of a version that was deployed; None where none was.
    """

    TOPIC: ClassVar[str] = "evolution.decision_ended"
    PERSONAL: ClassVar[bool] = False
    cycle: str
    number: int
    ok: bool
    changed: bool = False
    text: str
    agent: str = ""
    version: str = ""
    healthy: bool | None = None
    within: bool | None = None
    gain: float | None = None
    figures: dict[str, JsonValue] = Field(default_factory=dict)


class EvolutionCycleFinished(Event):
    """The cycle ended; with an `error` it came to nothing more.

    `fitness` of every built agent in service (0 to 1), of those with enough evidence only where `judged` names them.
    """

    TOPIC: ClassVar[str] = "evolution.cycle_finished"
    PERSONAL: ClassVar[bool] = False
    cycle: str
    at: datetime | None = None
    error: str = ""
    needs: int = 0
    decisions: int = 0
    fitness: dict[str, float] = Field(default_factory=dict)
    judged: list[str] = Field(default_factory=list)
    model_calls: int = 0
    seconds: float = 0.0
    notes: list[str] = Field(default_factory=list)
