"""Settings of evolution: what it may change by itself, what it goes by, and what one cycle may use."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from common.section import Positive, Section

__all__ = ["EvolutionSettings", "FitnessWeights"]


class FitnessWeights(Section):
    """How much each part of an agent's fitness counts; they add up to 1 (docs/evolution.md)."""

    success: float = Field(default=0.40, ge=0, le=1)
    speed: float = Field(default=0.15, ge=0, le=1)
    cost: float = Field(default=0.10, ge=0, le=1)
    constraints: float = Field(default=0.20, ge=0, le=1)
    usage: float = Field(default=0.15, ge=0, le=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        whole = self.success + self.speed + self.cost + self.constraints + self.usage
        if not math.isclose(whole, 1.0, abs_tol=1e-6):
            raise ValueError(f"the weights add up to {whole:g}, not to 1")
        return self


class EvolutionSettings(Section):
    """Agents that are created, improved and retired by what the log says of them (docs/evolution.md)."""

    enabled: bool = Field(default=False, description="whether a running supervisor runs cycles by itself")
    interval: Positive = Field(default=3600.0, description="seconds between cycles")
    allowed: tuple[Literal["create", "improve", "prune"], ...] = Field(
        default=(), description="what it may do without a person; the rest becomes suggestions"
    )
    pinned: tuple[str, ...] = Field(default=(), description="agents that are neither changed nor retired")
    builds: int = Field(default=3, ge=0, description="agents that one cycle may build")
    improvements: int = Field(default=2, ge=0, description="agents that one cycle may try to improve")
    prunes: int = Field(default=2, ge=0, description="agents that one cycle may retire")
    model_calls: int = Field(default=40, ge=0, description="after so many of them a cycle builds nothing more")
    seconds: Positive = Field(default=1800.0, description="that a cycle may take; what is unfinished waits")
    window: Positive = Field(default=7.0, description="days of the log that a cycle looks at")
    need_support: int = Field(default=5, ge=1, description="requests that a need has at the least")
    need_users: int = Field(default=2, ge=1, description="people who had it, or")
    need_days: int = Field(default=2, ge=1, description="days on which it came up")
    need_similarity: float = Field(default=0.35, gt=0, le=1, description="from which on two requests are one need")
    weights: FitnessWeights = FitnessWeights()
    fast: Positive = Field(default=1.0, description="seconds of a call that are fast enough")
    cheap: Positive = Field(default=0.01, description="dollars of a request that are cheap enough")
    enough_calls: int = Field(default=10, ge=1, description="calls in the window that are full usage")
    min_calls: int = Field(default=10, ge=1, description="calls in the window from which on an agent is judged")
    improve_below: float = Field(default=0.95, gt=0, le=1, description="success from which on nothing is tried")
    improve_again: Positive = Field(default=168.0, description="hours until the same version is looked at again")
    prune_below: float = Field(default=0.6, ge=0, le=1, description="fitness that is too little")
    prune_after: float = Field(default=72.0, ge=0, description="hours for which it has to be so")
    unused_requests: int = Field(
        default=1000, ge=1, description="requests in the window, from which on it says something that an agent had none"
    )
    share: float = Field(
        default=20.0, gt=0, le=90, description="percent of the requests that an improved version serves first"
    )
    share_calls: int = Field(default=30, ge=1, description="calls of it after which it serves all requests")
    share_days: Positive = Field(default=7.0, description="days after which it is taken back, with fewer calls")
    watch_alpha: float = Field(
        default=0.01, gt=0, lt=0.5, description="how likely an improved version that is no worse is ever rolled back"
    )
    watch_slower: float = Field(
        default=1.5, gt=1, description="times what nine in ten calls of the version beside it take, that are too slow"
    )
