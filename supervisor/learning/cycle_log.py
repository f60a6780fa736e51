"""The cycles of learning in the log: one runs at a time, over all processes.

Whoever appends `LearningCycleStarted` on top of an ended cycle has the next one. A cycle whose process died is closed
by the one who begins after it. Everything that a cycle appends is fenced: once another process has taken over, it
appends nothing any more.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import anyio
import anyio.to_thread

from common.errors import LearningError, StreamConflict
from common.intents import StreamAppend
from events.catalogue.learning import LearningCycleFailed, LearningCycleFinished, LearningCycleStarted
from events.catalogue.system import AlertRaised
from events.ownership import Ownership
from events.recorded import RecordedEvent
from events.store import EventStore, stream_name

__all__ = ["ALERT_KIND", "CYCLES", "CycleLog", "Cycles", "RunningCycle"]

CYCLES = stream_name("learning")
"""The stream of all cycles."""
ALERT_KIND = "learning"

_ATTEMPTS = 5
_MAX_ERROR = 2_000


@dataclass(slots=True)
class Cycles:
    """What became of all cycles; `running` has no end in the log yet. `reached`: see `LearningCycleFinished`."""

    version: int = 0
    finished: int = 0
    failed: int = 0
    reached: int = 0
    running: LearningCycleStarted | None = None
    last: RecordedEvent | None = None
    last_failure: LearningCycleFailed | None = None
    """The last one's, where the last one failed."""
    ended_at: datetime | None = None
    """When the last one ended, however."""

    def add(self, entry: RecordedEvent) -> None:
        """Fold one event; what this version can't read is passed over."""
        self.version = entry.version
        if isinstance(entry.event, LearningCycleFinished | LearningCycleFailed):
            self.ended_at = entry.recorded_at
        match entry.event:
            case LearningCycleStarted() as event:
                self.running = event
            case LearningCycleFinished() as event:
                self.running, self.last, self.last_failure = None, entry, None
                self.finished += 1
                self.reached = event.position
            case LearningCycleFailed() as event:
                self.running = None
                self.failed += not event.cancelled
                self.last_failure = None if event.cancelled else event
            case _:
                pass


@dataclass(slots=True)
class RunningCycle:
    """The cycle that this process has. `version`: of the stream of cycles, where nobody has taken over."""

    cycle: str
    version: int
    reached: int
    before: LearningCycleFailed | None
    """How the cycle before it failed, where it did."""


class CycleLog:
    """Begins and ends cycles for one owner; the caller sees to it that it has one at a time."""

    def __init__(self, store: EventStore, ownership: Ownership) -> None:
        self._store = store
        self._ownership = ownership
        self._known = Cycles()

    async def cycles(self) -> Cycles:
        """What the log says of all cycles; reads what is new. Raises `StoreError`."""
        known = self._known
        for entry in await self._store.read(CYCLES, known.version):
            if entry.version > known.version:  # another task may have read it meanwhile
                known.add(entry)
        return replace(known)

    async def is_running(self, cycles: Cycles) -> bool:
        """Whether the cycle without an end is at work, here or in another process. Raises `StoreError`."""
        if cycles.running is None:
            return False
        return await anyio.to_thread.run_sync(self._ownership.is_alive, cycles.running.owner)

    async def begin(self, by: str) -> RunningCycle:
        """Have the next cycle. Raises `LearningError` while another process has one, and `StoreError`."""
        for _ in range(_ATTEMPTS):
            cycles = await self.cycles()
            owner = await anyio.to_thread.run_sync(lambda: self._ownership.owner_id)
            events: list[LearningCycleFailed | LearningCycleStarted] = []
            if cycles.running is not None:
                if cycles.running.owner != owner and await self.is_running(cycles):
                    break
                events.append(LearningCycleFailed(cycle=cycles.running.cycle, error="its process ended"))
            started = LearningCycleStarted(cycle=uuid.uuid4().hex, owner=owner, after=cycles.reached, by=by)
            events.append(started)
            running = RunningCycle(
                started.cycle, cycles.version + len(events), cycles.reached, cycles.last_failure
            )  # fmt: skip
            try:
                with anyio.CancelScope(shield=True):  # a cycle that began must be ended by somebody
                    await self._store.append(CYCLES, events, cycles.version)
            except StreamConflict:
                continue
            return running
        raise LearningError(
            "another process runs a cycle of learning at this moment",
            where="learning",
            todo="Wait for its end; agent-supervisor learn status tells.",
        )

    async def append(self, running: RunningCycle, appends: Sequence[StreamAppend]) -> None:
        """Append to other streams, all of it or nothing, while the cycle is this process's. Raises `StreamConflict`."""
        await self._store.append([StreamAppend(CYCLES, [], running.version), *appends])

    async def finish(self, running: RunningCycle, finished: LearningCycleFinished) -> None:
        """End a cycle well. Raises `StreamConflict` where another process has taken over."""
        await self._store.append(CYCLES, [finished], running.version)

    async def fail(self, running: RunningCycle, error: str, *, cancelled: bool = False) -> AlertRaised | None:
        """End a cycle that came to nothing, and raise the alert; it is not raised twice in a row for the same error.

        Returns the alert, if any. Raises `StoreError`.
        """
        failed = LearningCycleFailed(cycle=running.cycle, error=error[:_MAX_ERROR], cancelled=cancelled)
        appends = [StreamAppend(CYCLES, [failed], running.version)]
        alert: AlertRaised | None = None
        if not cancelled and (running.before is None or running.before.error != failed.error):
            node = socket.gethostname() or "localhost"
            alert = AlertRaised(
                node=node,
                kind=ALERT_KIND,
                subject=running.cycle,
                title="A cycle of learning failed",
                text=f"{failed.error}. The next cycle goes on from where the last good one ended.",
            )
            appends.append(StreamAppend(stream_name("system", node), [alert]))
        await self._store.append(appends)
        return alert
