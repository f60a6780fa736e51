"""Housekeeping: what is old moves to the archive, old samples leave their tables, old reports go, room is given back.

Only what the settings name; what was done is in the log.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from common.clock import Clock
from common.errors import SupervisorError
from common.monitoring_settings import MaintenanceSettings
from events.catalogue.system import SystemMaintained
from events.store import EventStore, stream_name
from supervisor.commands.archive import archive_before

__all__ = ["MAINTENANCE_STREAM", "Maintained", "maintain"]

MAINTENANCE_STREAM = stream_name("monitoring", "maintenance")
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class Maintained:
    """What was done: events and samples archived, reports deleted, bytes given back; and what could not be done.

    The tables of samples hold none of before `samples_from`, where that is known: they were let go.
    """

    archived_events: int = 0
    archived_traces: int = 0
    archived_samples: int = 0
    deleted_reports: int = 0
    freed_bytes: int = 0
    seconds: float = 0.0
    problems: dict[str, str] = field(default_factory=dict[str, str])
    samples_from: datetime | None = None


async def maintain(
    store: EventStore,
    clock: Clock,
    settings: MaintenanceSettings,
    node: str,
    prune_reports: Callable[[], Awaitable[int]],
    retire_samples: Callable[[], Awaitable[datetime | None]],
    *,
    archive_after: int | None = None,
    vacuum: bool | None = None,
) -> Maintained:
    """Do it all once; `archive_after` (days) and `vacuum` take the place of the settings. What fails stops no other."""
    started = time.perf_counter()
    problems: dict[str, str] = {}

    async def part(name: str, work: Awaitable[_Done], otherwise: _Done) -> _Done:
        try:
            return await work
        except SupervisorError as error:
            problems[name] = str(error)
            return otherwise

    days = settings.archive_after if archive_after is None else archive_after
    archived = await part("archive", archive_before(store, timedelta(days=days), clock), None) if days else None
    events, traces, samples = (archived.events, archived.streams, archived.samples) if archived else (0, 0, 0)
    kept = await part("samples", retire_samples(), None)
    deleted = await part("reports", prune_reports(), 0)
    freed = 0
    if settings.vacuum if vacuum is None else vacuum:
        freed = await part("vacuum", store.run(store.backend.compact), 0)
    seconds = round(time.perf_counter() - started, 3)
    told = SystemMaintained(
        node=node,
        at=clock.now(),
        figures={
            "archived_events": events, "archived_samples": samples, "deleted_reports": deleted, "freed_bytes": freed,
            "seconds": seconds,
        },
        problems=dict(problems),
    )  # fmt: skip
    await part("log", store.append(MAINTENANCE_STREAM, [told]), 0)
    return Maintained(events, traces, samples, deleted, freed, seconds, problems, kept)
