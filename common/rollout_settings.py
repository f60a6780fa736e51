"""Settings of what watches a rollout: comparisons beside live traffic, and the guard that turns bad variants off."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from common.limits import Limits
from common.section import Positive, Section

__all__ = ["ComparisonSettings", "GuardSettings"]


class ComparisonSettings(Section):
    """Shadow comparisons: the other engine on live requests, dry, after their answers (flag `shadow-comparison`)."""

    queue: int = Field(default=32, gt=0, description="answered requests that may wait; beyond it they are not compared")
    concurrency: int = Field(default=1, gt=0, le=16, description="of them at once")
    patience: float = Field(default=5.0, ge=0, description="seconds one waits for a moment without live requests")
    limits: Limits = Field(default=Limits(wall_clock=60.0), description="of a shadow, over those of the request")


class GuardSettings(Section):
    """The guard: compares the variants of a flag with a reference, and turns off what is worse (docs/comparison.md)."""

    enabled: bool = True
    flags: dict[str, str] = Field(
        default_factory=lambda: {"meta-planning": "off"},
        description="flag -> reference: what other variants are compared with, and what takes the place of a bad one",
    )
    alpha: float = Field(default=0.01, gt=0, lt=0.5, description="how likely an equal variant is ever turned off")
    minimal_effect: float = Field(
        default=0.05, ge=0, lt=1, description="by how much the share of failed (or slow) requests must be higher"
    )
    slow_factor: float = Field(
        default=2.0, ge=1, description="slow: longer than this many times what nine in ten take under the reference"
    )
    slow_seconds: Positive = Field(default=1.0, description="and by at least so many seconds")
    turn_off: Literal["everywhere", "shares"] = Field(
        default="everywhere", description="shares: only percentages end, rules for tenants and users stay"
    )
