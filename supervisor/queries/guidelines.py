"""Guidelines as they are, or as they stood: versions, what differs between them, and how it came to that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from common.errors import NotFound
from events.catalogue.guideline import (
    GuidelineActivated,
    GuidelineProposed,
    GuidelineRejected,
    GuidelineRolledBack,
    GuidelineRule,
    GuidelineTrialStarted,
    RuleChange,
)
from events.projection import Row, Views
from events.recorded import RecordedEvent
from events.state.guideline import ACTIVE, NONE, GuidelineStatus
from events.state.guideline_rules import diff_rules
from events.store import EventStore, stream_name
from events.views.guidelines import GuidelineView

__all__ = [
    "GuidelineRecord",
    "GuidelineStep",
    "diff_guidelines",
    "find_guideline",
    "guideline_steps",
    "list_guidelines",
]

_MANY = 100_000


class GuidelineRecord(BaseModel):
    """One version of an agent type's guideline; see `events.views.guidelines.GuidelineView` for what its fields say."""

    model_config = ConfigDict(frozen=True)

    agent_type: str
    version: str
    status: GuidelineStatus
    base_version: str | None
    rules: tuple[GuidelineRule, ...]
    diff: tuple[RuleChange, ...]
    patterns: tuple[str, ...]
    evidence: JsonValue
    proposed_by: str
    proposed_at: datetime
    proposed_why: str
    share: float | None
    decided_by: str | None
    decided_at: datetime | None
    decided_why: str | None
    active_since: datetime | None
    position: int


@dataclass(frozen=True, slots=True)
class GuidelineStep:
    """One event of a guideline's history; `other` is the version that a change moved aside, or went back to."""

    position: int
    at: datetime
    what: str
    version: str
    other: str | None
    by: str
    reason: str
    evidence: JsonValue = None
    share: float | None = None


async def list_guidelines(
    views: Views, agent_type: str | None = None, position: int | None = None
) -> list[GuidelineRecord]:
    """Every version, by agent type and then as they were proposed; with a position, as they stood there."""
    where = {} if agent_type is None else {"agent_type": agent_type}
    name = GuidelineView.name
    if position is None:
        rows = await views.query(name, where, order_by="position", limit=_MANY)
    else:
        rows = await views.query_at(name, position, where, order_by="position", limit=_MANY)
    return sorted(map(_record, rows), key=lambda record: record.agent_type)


async def find_guideline(
    views: Views, agent_type: str, version: str | None = None, position: int | None = None
) -> GuidelineRecord:
    """One version; None or `ACTIVE`: the one in service. Raises `NotFound` that tells which there are."""
    records = await list_guidelines(views, agent_type, position)
    for record in records:
        if record.version == version or (version in (None, ACTIVE) and record.status is GuidelineStatus.ACTIVE):
            return record
    there_is = ", ".join(f"{record.version} ({record.status.value})" for record in records) or "none"
    wanted = "no version in service" if version in (None, ACTIVE) else f"no version {version!r}"
    raise NotFound(
        f"the guideline of {agent_type!r} has {wanted}" + ("" if position is None else f" at position {position}"),
        where="guidelines",
        todo=f"Its versions: {there_is}.",
    )


async def diff_guidelines(views: Views, agent_type: str, before: str, after: str) -> list[RuleChange]:
    """What leads from one version to another; each is a version, `ACTIVE` or `NONE`. Raises `NotFound`."""

    async def rules(version: str) -> tuple[GuidelineRule, ...]:
        return () if version == NONE else (await find_guideline(views, agent_type, version)).rules

    return diff_rules(await rules(before), await rules(after))


async def guideline_steps(store: EventStore, agent_type: str, position: int | None = None) -> list[GuidelineStep]:
    """How a guideline came to be what it is, oldest first; what this version can't read says so. Raises `NotFound`."""
    recorded = await store.read(stream_name("guideline", agent_type)) if agent_type else []
    steps = [_step(entry) for entry in recorded if position is None or entry.position <= position]
    if not steps:
        raise NotFound(
            f"there is no guideline of {agent_type!r}", where="guidelines", todo="List them with guidelines list."
        )
    return steps


def _record(row: Row) -> GuidelineRecord:
    values: dict[str, Any] = row
    return GuidelineRecord.model_validate(values)


def _step(recorded: RecordedEvent) -> GuidelineStep:
    at = (recorded.position, recorded.recorded_at)
    match recorded.event:
        case GuidelineProposed() as event:
            return GuidelineStep(
                *at, "proposed", event.version, event.base_version, event.by, event.reason, event.evidence
            )
        case GuidelineTrialStarted() as event:
            return GuidelineStep(
                *at, "on trial", event.version, event.against, event.by, event.reason, share=event.share
            )
        case GuidelineActivated() as event:
            return GuidelineStep(
                *at, "activated", event.version, event.replaces, event.by, event.reason, event.evidence
            )
        case GuidelineRejected() as event:
            return GuidelineStep(*at, "rejected", event.version, None, event.by, event.reason, event.evidence)
        case GuidelineRolledBack() as event:
            return GuidelineStep(
                *at, "rolled back", event.version, event.restored, event.by, event.reason, event.evidence
            )
        case _:
            return GuidelineStep(*at, "unreadable", "", None, "", recorded.topic)
