"""/api/meta-agent: how the system does, what would improve it, and the decisions on that."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query
from fastapi import Body as Given
from pydantic import BaseModel, Field, JsonValue
from starlette.responses import HTMLResponse

from events.state.improvement import ImprovementStatus
from supervisor.http.access import SystemApprover, SystemController, SystemReader
from supervisor.http.answers import Answer, Body, Cursor, Limit, Page, Paged, paged, problems
from supervisor.http.api import Api, TheApi
from supervisor.monitoring.models import (
    AgentPerformance,
    AnalysisReport,
    Forecast,
    HealthReport,
    ImprovementRecord,
    ImprovementStep,
    MetricsReport,
    ReportInfo,
    SystemStatus,
)
from supervisor.monitoring.queries import MAX_HOURS

__all__ = ["Hours", "router"]

router = APIRouter(prefix="/api/meta-agent", tags=["meta-agent"])

Hours = Annotated[float, Query(gt=0, le=MAX_HOURS, allow_inf_nan=False, description="of the last so many hours")]
_Name = Annotated[str | None, Query(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
_ImprovementId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
_File = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_]+\.(json|html)$")]
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"
_DEEPEST = 200_000


class ImprovementWhole(ImprovementRecord):
    """An improvement, and how it came to be what it is, oldest first."""

    history: list[ImprovementStep]
    orphaned: bool = Field(description="assigned to a specialist that is not there: a person may end it")


class Verdict(Body):
    """Why; `plan_hash` of what was looked at has only that plan approved."""

    comment: str = Field(default="", max_length=2_000)


class Approval(Verdict):
    """Why; and, where it is given, the plan that is meant."""

    plan_hash: str | None = Field(default=None, min_length=1, max_length=128, description="as the improvement tells it")


class HandWork(Body):
    """What a person did about it, or why it can't be done."""

    note: str = Field(min_length=1, max_length=2_000, pattern=r"\S")


class Decided(BaseModel):
    """What was decided, and by whom the log says."""

    message: str
    improvement_id: str
    by: str


class Control(BaseModel):
    """Whether this process watches the system by itself, now."""

    message: str
    meta_agent_active: bool


_Approval = Annotated[Approval, Given()]
_Verdict = Annotated[Verdict, Given()]
_UNCONDITIONAL, _PLAIN = Approval(), Verdict()
_Model = TypeVar("_Model", bound=BaseModel)


@router.get("/status", responses=problems())
async def status(api: TheApi, caller: SystemReader) -> Answer[SystemStatus]:
    """The whole in a few numbers; `performance_score` is 0 to 100 (docs/monitoring.md tells its formula)."""
    return Answer(data=await api.supervisor.monitoring.get_system_status())


@router.get("/health", responses=problems())
async def health(api: TheApi, caller: SystemReader) -> Answer[HealthReport]:
    """The health of the whole and of each part, the worst first, with the reasons."""
    return Answer(data=_clean(api, await api.supervisor.monitoring.get_health()))


@router.get("/metrics", responses=problems())
async def metrics(
    api: TheApi,
    caller: SystemReader,
    hours: Hours = 24.0,
    points: Annotated[int, Query(ge=1, le=10_000, description="at most so many samples, evenly chosen")] = 240,
    node: _Name = None,
) -> Answer[MetricsReport]:
    """Samples over time, of all nodes or of one, oldest first."""
    return Answer(data=await api.supervisor.monitoring.get_metrics(hours, node=node, points=points))


@router.get("/forecasts", responses=problems())
async def forecasts(api: TheApi, caller: SystemReader, limit: Limit = 100, cursor: Cursor = None) -> Paged[Forecast]:
    """When figures reach their limits if they go on like this."""
    return paged(await api.supervisor.monitoring.get_forecasts(), limit, cursor)


@router.get("/agent-performance", responses=problems(404))
async def agent_performance(
    api: TheApi,
    caller: SystemReader,
    agent_name: _Name = None,
    hours: Hours = 24.0,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Paged[AgentPerformance]:
    """How one agent did, or all of them, with the figures over time."""
    return paged(await api.supervisor.monitoring.get_agent_performance(agent_name, hours=hours), limit, cursor)


@router.get("/improvements", responses=problems())
async def improvements(
    api: TheApi,
    caller: SystemReader,
    status: ImprovementStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Paged[ImprovementRecord]:
    """The improvements that were suggested, newest first; of one status, if any."""
    number = max(1, int(cursor or 1))
    if number * limit > _DEEPEST:  # nobody has so many
        return Paged(data=[], page=Page(limit=limit))
    found = await api.supervisor.monitoring.get_improvements(status, number, page_size=limit)
    further = str(number + 1) if number < found.pages else None
    return Paged(
        data=[_clean(api, item) for item in found.items], page=Page(limit=limit, next=further, total=found.total)
    )


@router.get("/improvements/{improvement_id}", responses=problems(404))
async def improvement(improvement_id: _ImprovementId, api: TheApi, caller: SystemReader) -> Answer[ImprovementWhole]:
    """One improvement with its evidence and history."""
    monitoring = api.supervisor.monitoring
    record = await monitoring.get_improvement(improvement_id)
    steps = await monitoring.improvement_history(improvement_id)
    orphaned = record.status is ImprovementStatus.ASSIGNED and record.assigned_agent not in monitoring.present()
    history = [step.model_dump(mode="json") for step in steps]
    whole = {**record.model_dump(mode="json"), "history": history, "orphaned": orphaned}
    return Answer(data=ImprovementWhole.model_validate(api.clean(whole)))


@router.post("/improvements/{improvement_id}/approve", responses=problems(404, 409))
async def approve(
    improvement_id: _ImprovementId, api: TheApi, caller: SystemApprover, body: _Approval = _UNCONDITIONAL
) -> Answer[Decided]:
    """Allow its plan to be carried out."""
    event = await api.supervisor.monitoring.approve(
        improvement_id, by=caller.by, comment=body.comment, plan_hash=body.plan_hash
    )
    return _decided(event.improvement_id, "is approved", event.by)


@router.post("/improvements/{improvement_id}/reject", responses=problems(404, 409))
async def reject(
    improvement_id: _ImprovementId, api: TheApi, caller: SystemApprover, body: _Verdict = _PLAIN
) -> Answer[Decided]:
    """Decide against it."""
    event = await api.supervisor.monitoring.reject(improvement_id, by=caller.by, comment=body.comment)
    return _decided(event.improvement_id, "is rejected", event.by)


@router.post("/improvements/{improvement_id}/undo", responses=problems(404, 409))
async def undo(
    improvement_id: _ImprovementId, api: TheApi, caller: SystemApprover, body: _Verdict = _PLAIN
) -> Answer[Decided]:
    """Take back what a completed one changed."""
    event = await api.supervisor.specialists.undo(improvement_id, by=caller.by, comment=body.comment)
    return _decided(event.improvement_id, "is undone", event.by)


@router.post("/improvements/{improvement_id}/done", responses=problems(404, 409))
async def done(improvement_id: _ImprovementId, api: TheApi, caller: SystemApprover, body: HandWork) -> Answer[Decided]:
    """Say that a person carried out an approved one, or one whose specialist is gone: it is completed."""
    event = await api.supervisor.monitoring.done_by_hand(improvement_id, by=caller.by, note=body.note)
    return _decided(event.improvement_id, "is completed", event.by or event.agent)


@router.post("/improvements/{improvement_id}/failed", responses=problems(404, 409))
async def failed(
    improvement_id: _ImprovementId, api: TheApi, caller: SystemApprover, body: HandWork
) -> Answer[Decided]:
    """Say that an approved one, or one whose specialist is gone, can't be carried out or does not help: it failed."""
    event = await api.supervisor.monitoring.failed_by_hand(improvement_id, by=caller.by, note=body.note)
    return _decided(event.improvement_id, "is failed", event.by or event.agent)


def _decided(improvement_id: str, what: str, by: str) -> Answer[Decided]:
    return Answer(data=Decided(message=f"{improvement_id} {what}", improvement_id=improvement_id, by=by))


@router.get("/reports", responses=problems())
async def reports(api: TheApi, caller: SystemReader, limit: Limit = 100, cursor: Cursor = None) -> Paged[ReportInfo]:
    """The reports that are kept, newest first."""
    return paged(await api.supervisor.monitoring.get_reports(), limit, cursor)


@router.get(
    "/reports/{filename}",
    response_model=Answer[JsonValue],
    responses={
        **problems(404),
        200: {"model": Answer[JsonValue], "description": "The report, or its page", "content": {"text/html": {}}},
    },
)
async def report(filename: _File, api: TheApi, caller: SystemReader) -> Any:
    """One report by its file name: the JSON, or the page beside it. No name leads out of the folder."""
    monitoring = api.supervisor.monitoring
    if filename.endswith(".json"):
        return Answer(data=await monitoring.read_report(filename))
    return HTMLResponse(
        await monitoring.read_report_html(filename), headers={"Content-Security-Policy": _REPORT_POLICY}
    )


@router.post("/trigger-analysis", responses=problems())
async def trigger_analysis(api: TheApi, caller: SystemController) -> Answer[AnalysisReport]:
    """Analyse now, and tell what came of it."""
    return Answer(data=await api.supervisor.monitoring.trigger_analysis())


@router.post("/control/start", responses=problems())
async def start(api: TheApi, caller: SystemController) -> Answer[Control]:
    """Have this process sample, analyse, predict and report by itself from now on."""
    begun = await api.supervisor.monitoring.start_continuous_monitoring()
    return _control(api, "monitoring runs from now on" if begun else "monitoring runs already")


@router.post("/control/stop", responses=problems())
async def stop(api: TheApi, caller: SystemController) -> Answer[Control]:
    """Have this process do nothing by itself any more; what is asked for is answered all the same."""
    ended = await api.supervisor.monitoring.stop_monitoring()
    return _control(api, "monitoring is stopped" if ended else "monitoring did not run")


def _control(api: Api, message: str) -> Answer[Control]:
    return Answer(data=Control(message=message, meta_agent_active=api.supervisor.monitoring.is_running))


def _clean(api: Api, model: _Model) -> _Model:
    return type(model).model_validate(api.clean(model.model_dump(mode="json")))
