"""The builds of agents, with where each stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.catalogue.build import (
    BuildFailed,
    BuildFinished,
    BuildResumed,
    BuildStageFailed,
    BuildStageFinished,
    BuildStarted,
)
from events.projection import Column, RecordedEvent, Row

__all__ = ["BuildView"]

_Event = BuildStarted | BuildResumed | BuildStageFinished | BuildStageFailed | BuildFinished | BuildFailed


class BuildView:
    """View `builds`; shared by all tenants. `stage` is the last one that was done or failed, `result` what came of it.

    It tells nothing of the request's words. What may be done is decided on the stream, never here.
    """

    name = "builds"
    version = 1
    key = (Column("id", "text"),)
    columns = (
        Column("status", "text"),
        Column("stage", "text"),
        Column("agent", "text"),
        Column("agent_version", "text"),
        Column("deployed", "boolean"),
        Column("folder", "text"),
        Column("owner", "text"),
        Column("started_by", "text"),
        Column("improvement", "text"),
        Column("model_calls", "integer"),
        Column("tokens", "integer"),
        Column("repairs", "integer"),
        Column("seconds", "real"),
        Column("result", "text"),
        Column("started_at", "time"),
        Column("updated_at", "time"),
        Column("position", "integer"),
    )
    indexes = (("status", "position"), ("improvement",))
    topics = frozenset(event.TOPIC for event in _Event.__args__)

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The build that the event is about."""
        return ((event.event.build_id,),) if isinstance(event.event, _Event) else ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The build after the event."""
        if isinstance(event.event, BuildStarted):
            return _started(event.event, event) if row is None else row
        if row is None:
            return None
        return {**row, **_changed(row, event), "updated_at": event.recorded_at}


def _started(payload: BuildStarted, event: RecordedEvent) -> Row:
    return {
        "status": "running", "stage": "", "agent": "", "agent_version": "", "deployed": False,
        "folder": payload.folder, "owner": payload.owner, "started_by": payload.by,
        "improvement": payload.improvement, "model_calls": 0, "tokens": 0, "repairs": 0, "seconds": 0.0, "result": "",
        "started_at": event.recorded_at, "updated_at": event.recorded_at, "position": event.position,
    }  # fmt: skip


def _changed(row: Row, event: RecordedEvent) -> Row:
    match event.event:
        case BuildResumed(owner=owner):
            return {"status": "running", "owner": owner, "result": ""}
        case BuildStageFinished() as done:
            return {"stage": done.stage, **_spent(row, done)}
        case BuildStageFailed() as failed:
            return {"stage": failed.stage, "repairs": row["repairs"] + 1, **_spent(row, failed)}
        case BuildFinished() as ended:
            told = f"{ended.name} {ended.version} is {'in service' if ended.deployed else 'built'}"
            return {
                "status": "finished", "agent": ended.name, "agent_version": ended.version,
                "deployed": ended.deployed, "result": told,
            }  # fmt: skip
        case BuildFailed() as failed:
            calls, tokens = row["model_calls"] + failed.model_calls, row["tokens"] + failed.tokens
            return {
                "status": "failed", "stage": failed.stage, "model_calls": calls, "tokens": tokens,
                "result": f"failed at {failed.stage} ({failed.code})",
            }  # fmt: skip
        case _:
            return {}


def _spent(row: Row, event: BuildStageFinished | BuildStageFailed) -> Row:
    return {
        "model_calls": row["model_calls"] + event.model_calls,
        "tokens": row["tokens"] + event.tokens,
        "seconds": row["seconds"] + event.seconds,
    }
