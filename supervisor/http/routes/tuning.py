"""/api/tuning: settings that are changed while supervisors run: what holds, within which bounds, by whom, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from common.errors import ConfigurationError
from supervisor.http.access import SystemController, SystemReader
from supervisor.http.answers import Answer, Cursor, Limit, Paged, paged, problems
from supervisor.http.api import Api, TheApi
from supervisor.http.problems import Refused
from supervisor.http.routes.agents import Reason
from supervisor.tuning import TunedChange, TunedSetting

__all__ = ["router"]

router = APIRouter(prefix="/api/tuning", tags=["tuning"])

_Key = Annotated[str, Path(min_length=1, max_length=300, pattern=r"^[\x21-\x2e\x30-\x7e]+$")]
_Which = Annotated[Literal["tuned", "configured"] | None, Query(description="only what was tuned, or only the rest")]


class Setting(BaseModel):
    """A setting that may be tuned. `value` is in force; `tuned` is false where that is the configured one.

    `improvement` is the approved improvement that tuned it, null where a person did it directly. `problem` says why
    what was tuned is not in force.
    """

    key: str
    value: float
    configured: float
    low: float = Field(description="the least it may be")
    high: float = Field(description="the most it may be")
    unit: str
    about: str
    tuned: bool
    by: str
    reason: str
    improvement: str | None
    at: datetime | None
    problem: str


class Change(BaseModel):
    """One recorded change; `value` and `before` null: as configured."""

    key: str
    value: float | None
    before: float | None
    by: str
    reason: str
    improvement: str | None
    at: datetime
    position: int


class NewValue(Reason):
    """A value, in the setting's unit."""

    value: float = Field(allow_inf_nan=False)


_Model = TypeVar("_Model", bound=BaseModel)


@router.get("", responses=problems())
async def list_settings(
    api: TheApi, caller: SystemReader, which: _Which = None, limit: Limit = 100, cursor: Cursor = None
) -> Paged[Setting]:
    """Every setting that may be tuned, by key, with what is in force, its bounds, and who changed it why."""
    settings = await api.supervisor.tuning.settings()
    wanted = [each for each in settings if which is None or _is_tuned(each) is (which == "tuned")]
    found = paged(wanted, limit, cursor)
    return Paged(data=[_shown(api, Setting, each) for each in found.data], page=found.page)


@router.get("/{key}", responses=problems(404))
async def show(key: _Key, api: TheApi, caller: SystemReader) -> Answer[Setting]:
    """One setting."""
    tuning = api.supervisor.tuning
    known = tuning.tunable(key).key
    return Answer(data=next(_shown(api, Setting, each) for each in await tuning.settings() if each.key == known))


@router.get("/{key}/history", responses=problems(404))
async def history(
    key: _Key, api: TheApi, caller: SystemReader, limit: Limit = 100, cursor: Cursor = None
) -> Paged[Change]:
    """Every recorded change of a setting, the latest first."""
    changes = await api.supervisor.tuning.history(key)
    found = paged(list(reversed(changes)), limit, cursor)
    return Paged(data=[_shown(api, Change, each) for each in found.data], page=found.page)


@router.post("/{key}", responses=problems(404, 409))
async def change(key: _Key, body: NewValue, api: TheApi, caller: SystemController) -> Answer[Setting]:
    """Have a setting hold this value from now on, in every supervisor on this log; beyond its bounds it is refused."""
    try:
        found = await api.supervisor.tuning.set(key, body.value, by=caller.by, reason=body.reason)
    except ConfigurationError as error:  # the bounds are the setting's: no schema of the body can tell them
        raise Refused(409, error.what, where=error.where, todo="GET /api/tuning tells the bounds.") from None
    return Answer(data=_shown(api, Setting, found))


@router.post("/{key}/reset", responses=problems(404, 409))
async def reset(key: _Key, body: Reason, api: TheApi, caller: SystemController) -> Answer[Setting]:
    """Have the configured value hold again."""
    found = await api.supervisor.tuning.reset(key, by=caller.by, reason=body.reason)
    return Answer(data=_shown(api, Setting, found))


def _is_tuned(setting: TunedSetting) -> bool:
    """What was tuned and can't be used counts as well: somebody has to look at it."""
    return setting.tuned or bool(setting.problem)


def _shown(api: Api, form: type[_Model], found: TunedSetting | TunedChange) -> _Model:
    shown = form.model_validate(found, from_attributes=True)
    return form.model_validate(api.clean(shown.model_dump(mode="json")))
