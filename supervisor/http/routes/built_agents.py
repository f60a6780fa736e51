"""/api/agents, of built agents: versions, going back to one, out of service, health."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Body as Given
from pydantic import BaseModel, Field, JsonValue

from roles.deployed.deployments import DeployedAgent
from supervisor.http.access import SystemController, SystemReader
from supervisor.http.answers import Answer, problems
from supervisor.http.api import Api, TheApi
from supervisor.http.routes.agents import AgentName, Reason
from supervisor.http.shares import Share, share_of

__all__ = ["router"]

router = APIRouter(prefix="/api/agents", tags=["agents"])

_VERSION = r"^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$"


class Deployment(BaseModel):
    """A version as it was put into service; `how`: it was built, or gone back to."""

    name: str
    version: str
    how: str
    replaces: str | None
    build: str
    reason: str
    by: str
    improvement: str | None
    at: datetime
    specification_hash: str


class Worker(BaseModel):
    """Its process in this supervisor; `memory` in bytes and `cpu` in seconds, null where it can't be told."""

    running: bool
    calls: int
    deaths: int
    waiting: int
    last_fault: str
    memory: int | None
    cpu: float | None


class Health(BaseModel):
    """What an examination found: `problems` is empty where all is well. `checks`: known answers calculated anew."""

    name: str
    version: str
    ok: bool
    problems: list[str]
    checks: int
    sources: list[str]
    answer_ms: float | None
    memory: int | None
    cpu: float | None


class BuiltAgent(BaseModel):
    """A built agent: the version that serves (or served last, where it is `retired`), and all before it, oldest first.

    `figures` are those of its checks. `worker` is null where it does not serve here; `health` is what the last regular
    examination of this process found; `share` is an improved version that serves a share, or is watched after that.
    """

    deployed: Deployment
    retired: bool
    specification: dict[str, JsonValue]
    figures: dict[str, JsonValue]
    files: list[str]
    versions: list[Deployment]
    worker: Worker | None
    health: Health | None
    share: Share | None


class Back(Reason):
    """Which version is to serve again, and why."""

    to: str | None = Field(default=None, pattern=_VERSION, description="null: the one built before")


class Promoted(Reason):
    """Which version is to serve all requests, and why."""

    version: str | None = Field(default=None, pattern=_VERSION, description="null: the one that has a share")


class Removed(BaseModel):
    """The agent that is out of service; `restore` brings it back."""

    name: str


_PLAIN, _BEFORE, _NEW = Reason(), Back(), Promoted()


@router.get("/{name}/versions", responses=problems(404, 409))
async def versions(name: AgentName, api: TheApi, caller: SystemReader) -> Answer[BuiltAgent]:
    """A built agent with its specification, the figures of its checks, and its versions."""
    built = api.supervisor.built_agents
    found: dict[str, Any] = await built.show(name)
    health = built.health.get(name)
    shown = {
        "deployed": _deployment(found["deployed"]),
        "retired": found["retired"],
        "specification": found["specification"],
        "figures": found["figures"],
        "files": found["files"],
        "versions": [_deployment(one) for one in found["history"]],
        "worker": None if found["worker"] is None else asdict(found["worker"]),
        "health": None if health is None else _plain(asdict(health)),
    }
    share = None if found["standing"] is None else share_of(found["standing"])
    return Answer(data=BuiltAgent.model_validate({**api.clean(shown), "share": share}))


@router.post("/{name}/rollback", responses=problems(404, 409))
async def rollback(
    name: AgentName, api: TheApi, caller: SystemController, body: Annotated[Back, Given()] = _BEFORE
) -> Answer[Deployment]:
    """Have an earlier version of a built agent serve again, in every supervisor on this log."""
    placed = await api.supervisor.built_agents.rollback(name, body.to, by=caller.by, reason=body.reason)
    return Answer(data=Deployment.model_validate(_cleaned(api, placed)))


@router.post("/{name}/promote", responses=problems(404, 409))
async def promote(
    name: AgentName, api: TheApi, caller: SystemController, body: Annotated[Promoted, Given()] = _NEW
) -> Answer[Deployment]:
    """Have the improved version of an agent, which serves a share of its requests, serve all of them.

    `rollback` takes its share from it instead. 404 where no version has a share, or another than `version`.
    """
    trials = api.supervisor.built_agents.trials
    placed = await trials.promote(name, by=caller.by, reason=body.reason, version=body.version)
    return Answer(data=Deployment.model_validate(_cleaned(api, placed)))


@router.post("/{name}/remove", responses=problems(404, 409))
async def remove(
    name: AgentName, api: TheApi, caller: SystemController, body: Annotated[Reason, Given()] = _PLAIN
) -> Answer[Removed]:
    """Take a built agent out of service; its files stay, and restore brings it back."""
    await api.supervisor.built_agents.remove(name, by=caller.by, reason=body.reason)
    return Answer(data=Removed(name=name))


@router.post("/{name}/health", responses=problems(404))
async def health(name: AgentName, api: TheApi, caller: SystemController) -> Answer[Health]:
    """Start a built agent and see whether it does what it should: its files, its known answers, its databases."""
    found = await api.supervisor.built_agents.verify_health(name)
    return Answer(data=Health.model_validate(api.clean(_plain(asdict(found)))))


def _cleaned(api: Api, placed: DeployedAgent) -> Any:
    return api.clean(_deployment(placed))


def _deployment(placed: DeployedAgent) -> dict[str, Any]:
    return {**asdict(placed), "at": placed.at.isoformat()}


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
