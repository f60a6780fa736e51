"""/api/builds: agents built from what is asked for in words; begun here, they go on by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi import Body as Given
from pydantic import BaseModel, Field, JsonValue

from common.errors import NotFound
from events.state.build import BuildState
from supervisor.building import told_status
from supervisor.http.access import SystemController, SystemReader
from supervisor.http.answers import Answer, Body, Cursor, Limit, Page, Paged, problems
from supervisor.http.api import Api, TheApi
from supervisor.http.visible import VISIBLE

__all__ = ["router"]

router = APIRouter(prefix="/api/builds", tags=["builds"])

_BuildId = Annotated[str, Path(pattern=r"^[0-9a-f]{4,32}$", description="of a build, or an unambiguous beginning")]


class Build(BaseModel):
    """A build; `stage` is the last one that was done or failed, `result` what came of it."""

    id: str
    status: str = Field(description="running, interrupted, finished or failed")
    stage: str
    agent: str
    agent_version: str
    deployed: bool
    started_by: str
    improvement: str | None
    model_calls: int
    tokens: int
    repairs: int
    seconds: float
    result: str
    started_at: datetime
    updated_at: datetime
    position: int


class StageDone(BaseModel):
    """A stage whose results hold; `reused`: earlier builds had done it."""

    stage: str
    seconds: float
    text: str
    reused: bool
    model_calls: int
    tokens: int


class Tried(BaseModel):
    """What failed, and went back to an earlier stage to be mended."""

    stage: str
    component: str
    error: str
    back_to: str
    attempt: int


class Failure(BaseModel):
    """Why it could not be built, and what to do about it."""

    stage: str
    component: str
    code: str
    error: str
    todo: str


class BuildWhole(Build):
    """A build, stage by stage. `next_stage`: what comes next, null where all is done.

    `under_way`: a process works on it now. `resumable`: going on with it can be of use; not where it is under way or
    finished, or what was asked for can't be built.
    """

    requirements: JsonValue
    given_specification: bool
    deploy: bool
    next_stage: str | None
    stages: list[StageDone]
    tried: list[Tried]
    failure: Failure | None
    figures: dict[str, JsonValue]
    under_way: bool
    resumable: bool


class FromText(Body):
    """An agent from what it is to do, in words."""

    text: str = Field(
        max_length=20_000, pattern=VISIBLE, description="what the agent is to do",
        examples=["an agent to calculate DSCR for properties"],
    )  # fmt: skip
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,31}$", description="what it is to be called")
    answers: dict[str, str] = Field(
        default_factory=dict, max_length=50, description="to what would be asked for, by name"
    )
    deploy: bool = Field(default=True, description="put it into service")


class FromSpecification(Body):
    """An agent from a specification as it is."""

    specification: str = Field(
        min_length=1, max_length=200_000, description="YAML; see the folder specs of the source for examples"
    )
    deploy: bool = Field(default=True, description="put it into service")


class Begun(BaseModel):
    """The build, which goes on by itself: `GET /api/builds/{build_id}` and the events `build.…` tell how."""

    build_id: str


@router.get("", responses=problems())
async def list_builds(api: TheApi, caller: SystemReader, limit: Limit = 50, cursor: Cursor = None) -> Paged[Build]:
    """The latest builds, newest first."""
    rows = await api.supervisor.builds.list(limit=limit + 1, before=None if cursor is None else int(cursor))
    more = str(rows[limit - 1]["position"]) if len(rows) > limit else None
    return Paged(data=[_build(api, row) for row in rows[:limit]], page=Page(limit=limit, next=more))


@router.get("/{build_id}", responses=problems(404))
async def show_build(build_id: _BuildId, api: TheApi, caller: SystemReader) -> Answer[BuildWhole]:
    """One build, stage by stage, with what was tried."""
    builds = api.supervisor.builds
    state = await builds.show(build_id)
    row = await api.supervisor.views.get("builds", (state.build_id,))
    if row is None:
        raise NotFound(f"there is no build {build_id!r}", where="builds")
    shown = {**_build(api, row).model_dump(), **api.clean(_whole(state))}
    under_way = await builds.builder.is_worked_on(state)
    shown |= {
        "status": told_status(state.status, under_way=under_way),
        "under_way": under_way,
        "resumable": not under_way and builds.builder.may_come_further(state),
    }
    return Answer(data=BuildWhole.model_validate(shown))


@router.post("", status_code=202, responses=problems(409))
async def begin(
    body: Annotated[FromText | FromSpecification, Given()], api: TheApi, caller: SystemController
) -> Answer[Begun]:
    """Begin a build, and answer at once: it goes on by itself. 429 where as many run as may (`builder.concurrent`)."""
    builds = api.supervisor.builds
    if isinstance(body, FromSpecification):
        begun = await builds.begin("", by=caller.by, specification=body.specification, deploy=body.deploy)
    else:
        asked: str | dict[str, JsonValue] = {"text": body.text, "name": body.name} if body.name else body.text
        begun = await builds.begin(asked, by=caller.by, answers=dict(body.answers), deploy=body.deploy)
    return Answer(data=Begun(build_id=begun))


@router.post("/{build_id}/resume", status_code=202, responses=problems(404, 409))
async def resume(build_id: _BuildId, api: TheApi, caller: SystemController) -> Answer[Begun]:
    """Go on with a build from its last finished stage; nothing is done to a finished one. 409 while it runs."""
    return Answer(data=Begun(build_id=await api.supervisor.builds.begin_resume(build_id, by=caller.by)))


def _build(api: Api, row: dict[str, Any]) -> Build:
    return Build.model_validate(api.clean({name: row.get(name) for name in Build.model_fields} | _times(row)))


def _times(row: dict[str, Any]) -> dict[str, str]:
    return {name: row[name].isoformat() for name in ("started_at", "updated_at")}


def _whole(state: BuildState) -> dict[str, Any]:
    started, failed, ended = state.started, state.failed, state.finished
    return {
        "requirements": started.requirements,
        "given_specification": bool(started.specification),
        "deploy": started.deploy,
        "next_stage": state.next_stage,
        "stages": [done.model_dump(mode="json", include={*StageDone.model_fields}) for done in state.done.values()],
        "tried": [one.model_dump(mode="json", include={*Tried.model_fields}) for one in state.tried],
        "failure": None if failed is None else failed.model_dump(mode="json", include={*Failure.model_fields}),
        "figures": {} if ended is None else ended.figures,
    }
