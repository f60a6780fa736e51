"""The cycles of evolution in the log: one runs at a time, over all processes.

Whoever appends `EvolutionCycleStarted` on top of an ended cycle has the next one. A cycle whose process died is closed
by the one who begins after it, and what it had decided on is settled by that one. Everything that a cycle appends is
fenced: once another process has taken over, it appends nothing any more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

import anyio
import anyio.to_thread

from common.errors import EvolutionError, StreamConflict
from common.intents import StreamAppend
from events.catalogue import Event
from events.catalogue.evolution import EvolutionCycleFinished, EvolutionCycleStarted
from events.ownership import Ownership
from events.recorded import RecordedEvent, refuse_unreadable
from events.store import EventStore, stream_name

__all__ = ["CYCLES", "CycleLog", "Cycles", "RunningCycle", "decisions_stream"]

CYCLES = stream_name("evolution")
"""The stream of all cycles."""
_ATTEMPTS = 5
_MAX_ERROR = 2_000


def decisions_stream(cycle: str) -> str:
    """The stream of what a cycle decided."""
    return stream_name("evolution", cycle)


@dataclass(slots=True)
class Cycles:
    """What became of all cycles; `running` has no end in the log yet.

    `weak_since` tells since when the fitness of an agent, judged by enough evidence, is below the threshold.
    """

    threshold: float
    version: int = 0
    finished: int = 0
    failed: int = 0
    running: EvolutionCycleStarted | None = None
    last: EvolutionCycleFinished | None = None
    ended_at: datetime | None = None
    weak_since: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def add(self, entry: RecordedEvent) -> None:
        """Fold one event."""
        self.version = entry.version
        match entry.event:
            case EvolutionCycleStarted() as event:
                self.running = event
            case EvolutionCycleFinished() as event:
                self.running, self.ended_at = None, event.at or entry.recorded_at
                if event.error:
                    self.failed += 1
                    return
                self.finished += 1
                self.last = event
                weak = [name for name in event.judged if event.fitness.get(name, 1.0) < self.threshold]
                self.weak_since = {name: self.weak_since.get(name, self.ended_at) for name in weak}
            case _:
                pass


@dataclass(slots=True)
class RunningCycle:
    """The cycle that this process has. `version`: of the stream of cycles; `numbers`: decisions so far."""

    cycle: str
    version: int
    numbers: int = 0


class CycleLog:
    """Begins and ends cycles for one owner; `threshold` is the fitness below which an agent is weak."""

    def __init__(self, store: EventStore, ownership: Ownership, threshold: float) -> None:
        self._store = store
        self._ownership = ownership
        self._threshold = threshold
        self._known = Cycles(threshold)

    async def cycles(self) -> Cycles:
        """What the log says of all cycles; reads what is new. Raises `StoreError`."""
        known = self._known
        recorded = await self._store.read(CYCLES, known.version)
        refuse_unreadable(recorded, "no cycle of evolution runs")
        for entry in recorded:
            if entry.version > known.version:  # another task may have read it meanwhile
                known.add(entry)
        return known

    async def is_running(self) -> bool:
        """Whether the cycle without an end is at work, here or in another process. Raises `StoreError`."""
        running = (await self.cycles()).running
        return running is not None and await anyio.to_thread.run_sync(self._ownership.is_alive, running.owner)

    async def begin(self, by: str, at: datetime) -> RunningCycle:
        """Have the next cycle. Raises `EvolutionError` while another process has one, and `StoreError`."""
        for _ in range(_ATTEMPTS):
            cycles = await self.cycles()
            version, dead = cycles.version, cycles.running
            owner = await anyio.to_thread.run_sync(lambda: self._ownership.owner_id)
            events: list[Event] = []
            if dead is not None:
                if dead.owner != owner and await anyio.to_thread.run_sync(self._ownership.is_alive, dead.owner):
                    break
                events.append(EvolutionCycleFinished(cycle=dead.cycle, at=at, error="its process ended"))
            started = EvolutionCycleStarted(cycle=uuid.uuid4().hex, owner=owner, by=by)
            events.append(started)
            try:
                with anyio.CancelScope(shield=True):  # a cycle that began must be ended by somebody
                    await self._store.append(CYCLES, events, version)
            except StreamConflict:
                continue
            return RunningCycle(started.cycle, version + len(events))
        raise EvolutionError(
            "another process runs a cycle of evolution at this moment", where="evolution",
            todo="Wait for its end; agent-supervisor evolve status tells.",
        )  # fmt: skip

    async def append(self, running: RunningCycle, stream: str, *events: Event) -> None:
        """Append while the cycle is this process's. Raises `StreamConflict` where another one has taken over."""
        await self._store.append([StreamAppend(CYCLES, [], running.version), StreamAppend(stream, list(events))])

    async def finish(self, running: RunningCycle, finished: EvolutionCycleFinished) -> None:
        """End a cycle. Raises `StreamConflict` where another process has taken over."""
        told = finished.model_copy(update={"error": finished.error[:_MAX_ERROR]})
        await self._store.append(CYCLES, [told], running.version)
