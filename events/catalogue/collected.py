"""collected/<tenant>/<trace id>: a run of an agent that is not ours, whole in one event."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from events.catalogue.base import Event

__all__ = ["TraceCollected"]


class CollectedStep(BaseModel):
    """One step of a run. `kind` is ``tool``, ``thinking`` or ``reply``; `name` the tool, or the kind of thought.

    `ok` is None where it is not known whether the call succeeded. Texts and arguments are bounded; `digest` tells equal
    arguments from different ones and stands where they had to be cut.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    name: str = ""
    ok: bool | None = None
    seconds: float | None = None
    arguments: dict[str, JsonValue] | None = None
    digest: str = ""
    error: str = ""
    text: str = ""


class TraceCollected(Event):
    """A run was recorded by decorators, or imported from a file.

    `source` says which (``recorded``, ``traces``, ``otlp``). `success` is None while nobody knows. `agent` is which
    agent or model ran it, `guideline_version` what it worked by, `finished` whether it came to an end of its own,
    `parent` the run that it was a part of. `left_out` counts by kind what was too much to be kept or could not be read.
    """

    TOPIC: ClassVar[str] = "collected.trace"
    trace_id: str
    user: str
    source: str
    agent_type: str
    task_id: str
    task: str = ""
    agent: str = ""
    domain: str = ""
    guideline_version: str = ""
    success: bool | None = None
    score: float | None = None
    finished: bool = True
    error: str = ""
    steps: list[CollectedStep] = Field(default_factory=list[CollectedStep])
    started_at: datetime | None = None
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None
    parent: str | None = None
    problem: dict[str, JsonValue] = Field(default_factory=dict)
    left_out: dict[str, int] = Field(default_factory=dict)
