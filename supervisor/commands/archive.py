"""Moving closed traces and samples to segment files, for the command line and for hosts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from common.clock import Clock
from events.archive.run import Archived, archive_log
from events.projection import Progress
from events.store import EventStore
from supervisor.queries.moments import position_of

__all__ = ["archive_before"]


async def archive_before(
    store: EventStore,
    before: int | datetime | timedelta,
    clock: Clock,
    progress: Progress | None = None,
    *,
    compact: bool = False,
) -> Archived:
    """Move what `events.archive.run.archive_log` moves; `before` is a position, a time or an age.

    With `compact` the room that is left over is given back to the file system. Raises like `archive_log`, and
    `NotFound` for a position that the log does not have and for a time to come.
    """
    moment = clock.now() - before if isinstance(before, timedelta) else before
    archived = await archive_log(store, await position_of(store, moment, clock), progress, clock=clock)
    return replace(archived, freed=await store.run(store.backend.compact)) if compact else archived
