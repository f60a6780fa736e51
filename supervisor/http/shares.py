"""How an improved version that serves a share of the requests is told over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from supervisor.evolution.trial_judgement import Standing

__all__ = ["Against", "Share", "share_of"]


class Against(BaseModel):
    """What speaks against an improved version: `about` is ``errors`` or ``latency``.

    `evidence` is the e-value, and `needed` that from which on it does worse; `limit` is, of latency, the seconds from
    which on a call is slow.
    """

    about: str
    failed: int
    evidence: float
    needed: float
    limit: float | None
    is_bad: bool


class Share(BaseModel):
    """An improved version (`version`) and the one that it is to replace (`beside`), with the calls of both since then.

    `percent` is the share of the requests that is meant for it; `mean` and `beside_mean` are seconds, null where not
    known.
    """

    agent: str
    version: str
    beside: str
    state: str = Field(description="trial: it serves a share; watched: it serves all requests since a while")
    percent: float
    started_at: datetime
    promoted_at: datetime | None
    calls: int
    failed: int
    mean: float | None
    beside_calls: int
    beside_failed: int
    beside_mean: float | None
    against: list[Against]


def share_of(one: Standing) -> Share:
    """The standing of a version as it is told."""
    return Share.model_validate({**asdict(one), "against": [asdict(found) for found in one.against]})
