"""Settings of learning: when cycles run, what a pattern must show, and what may be done about it without a person."""

from __future__ import annotations

from pydantic import Field

from common.section import Positive, Section

__all__ = ["LearningSettings"]


class LearningSettings(Section):
    """Learning from the traces in the log (docs/learning.md)."""

    enabled: bool = Field(default=True, description="whether a running supervisor learns by itself")
    learning_interval: Positive = Field(default=3600.0, description="seconds between cycles")
    min_traces_for_analysis: int = Field(
        default=10, ge=1, description="traces with a known outcome that an agent type must have before it is analysed"
    )
    confidence_threshold: float = Field(
        default=0.7, gt=0, lt=1, description="the least confidence of an accepted pattern"
    )
    enable_auto_updates: bool = Field(
        default=True, description="proposals go on trial by themselves, and trials decide; off: a person does both"
    )
    backup_original_prompts: bool = Field(
        default=True, description="prompts that a host has guided are kept as they were before"
    )
    trial_share: float = Field(default=0.5, gt=0, lt=1, description="share of the requests that a candidate serves")
    trial_alpha: float = Field(
        default=0.05, gt=0, lt=0.5, description="how likely a trial promotes a candidate that is no better"
    )
    trial_most: int = Field(
        default=1_000, ge=1, description="compared outcomes of a candidate after which a trial ends without evidence"
    )
    trial_report_wait: float = Field(
        default=0.0, ge=0, description="seconds after a request's end in which a reported outcome replaces its own"
    )
    share_patterns: bool = Field(
        default=True, description="whether patterns of one agent type are weighed in the traces of others"
    )
