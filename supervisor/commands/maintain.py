"""Housekeeping: what is old moves to the archive, old reports go, room is given back. Only what the settings name."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from common.clock import Clock
from common.errors import SupervisorError
from common.monitoring_settings import MaintenanceSettings
from events.store import EventStore
from supervisor.commands.archive import archive_before

__all__ = ["Maintained", "maintain"]


@dataclass(frozen=True, slots=True)
class Maintained:
    """What was done: events and samples archived, reports deleted, bytes given back; and what could not be done."""

    archived_events: int = 0
    archived_traces: int = 0
    archived_samples: int = 0
    deleted_reports: int = 0
    freed_bytes: int = 0
    seconds: float = 0.0
    problems: dict[str, str] = field(default_factory=dict[str, str])


async def maintain(
    store: EventStore,
    clock: Clock,
    settings: MaintenanceSettings,
    prune_reports: Callable[[], Awaitable[int]],
    *,
    archive_after: int | None = None,
    vacuum: bool | None = None,
) -> Maintained:
    """Do it all once; `archive_after` (days) and `vacuum` take the place of the settings. What fails stops no other."""
    started = time.perf_counter()
    problems: dict[str, str] = {}
    days = settings.archive_after if archive_after is None else archive_after
    events = traces = samples = freed = deleted = 0
    if days:
        try:
            archived = await archive_before(store, timedelta(days=days), clock)
            events, traces, samples = archived.events, archived.streams, archived.samples
        except SupervisorError as error:
            problems["archive"] = str(error)
    try:
        deleted = await prune_reports()
    except SupervisorError as error:
        problems["reports"] = str(error)
    if settings.vacuum if vacuum is None else vacuum:
        try:
            freed = await store.run(store.backend.compact)
        except SupervisorError as error:
            problems["vacuum"] = str(error)
    return Maintained(events, traces, samples, deleted, freed, round(time.perf_counter() - started, 3), problems)
