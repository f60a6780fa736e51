"""build/<id>: an agent being built, stage by stage; what a stage made is in the build's folder, its hash in the event.

The request's own words stand in `BuildStarted`, and in `BuildFailed` where it says what was not understood; the other
events name components, files and figures.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, JsonValue

from events.catalogue.base import Event

__all__ = ["BuildFailed", "BuildFinished", "BuildResumed", "BuildStageFailed", "BuildStageFinished", "BuildStarted"]


class BuildStarted(Event):
    """A build begins. `requirements` is the text, or a mapping; `specification` is YAML where one was given.

    `folder` is the build's, below the folder of builds. `owner` is the process that works on it. `deploy` says whether
    the agent is to be put into service. `improvement` is the approved improvement that this carries out, if any.
    """

    TOPIC: ClassVar[str] = "build.started"
    build_id: str
    requirements: JsonValue
    specification: str = ""
    folder: str
    owner: str
    by: str
    deploy: bool = True
    improvement: str | None = None


class BuildResumed(Event):
    """Another process, or the same one later, goes on from the last finished stage."""

    TOPIC: ClassVar[str] = "build.resumed"
    PERSONAL: ClassVar[bool] = False
    build_id: str
    owner: str
    by: str


class BuildStageFinished(Event):
    """A stage is done and its results are durable: `artifacts` are SHA-256 hashes of them, by name.

    `reused` says that they were taken from earlier builds. `model_calls` and `tokens` are those of this stage.
    """

    TOPIC: ClassVar[str] = "build.stage_finished"
    PERSONAL: ClassVar[bool] = False
    build_id: str
    stage: str
    seconds: float
    text: str = ""
    artifacts: dict[str, str] = Field(default_factory=dict)
    reused: bool = False
    model_calls: int = 0
    tokens: int = 0


class BuildStageFailed(Event):
    """A stage failed because of a component, and goes back: the stages from `back_to` on are to be done again."""

    TOPIC: ClassVar[str] = "build.stage_failed"
    PERSONAL: ClassVar[bool] = False
    build_id: str
    stage: str
    component: str
    error: str
    back_to: str
    attempt: int
    seconds: float = 0.0
    model_calls: int = 0
    tokens: int = 0


class BuildFinished(Event):
    """The agent is built; in service, where `deployed`. `figures` are what was measured of it."""

    TOPIC: ClassVar[str] = "build.finished"
    PERSONAL: ClassVar[bool] = False
    build_id: str
    name: str
    version: str
    specification_hash: str
    deployed: bool
    figures: dict[str, JsonValue] = Field(default_factory=dict)
    seconds: float = 0.0


class BuildFailed(Event):
    """It could not be built; its folder stays for a look. `code` is that of the error (`common.errors`)."""

    TOPIC: ClassVar[str] = "build.failed"
    build_id: str
    stage: str
    component: str = ""
    code: str
    error: str
    todo: str = ""
    model_calls: int = 0
    tokens: int = 0
