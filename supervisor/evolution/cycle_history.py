"""The cycles of evolution, newest first, as the log tells them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.errors import NotFound
from events.catalogue.evolution import EvolutionCycleFinished, EvolutionCycleStarted
from events.recorded import RecordedEvent
from events.store import EventStore
from supervisor.evolution.cycle_log import CYCLES

__all__ = ["CycleRecord", "find_cycle", "read_cycles"]

_LATEST = 200
"""Cycles that are looked through for one by its id before all of them are."""


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """One cycle; without `ended_at` it runs, or its process ended and no cycle has begun since.

    `version` is that of its start in the stream of cycles. `fitness` is that of every built agent at its end.
    """

    cycle: str
    version: int
    by: str
    started_at: datetime
    ended_at: datetime | None = None
    error: str = ""
    needs: int = 0
    decisions: int = 0
    fitness: dict[str, float] | None = None
    model_calls: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


async def read_cycles(store: EventStore, limit: int, before: int | None = None) -> tuple[list[CycleRecord], int | None]:
    """The latest `limit` cycles, newest first, of those that began before the version `before`; and where to go on.

    None: there are no earlier ones. Raises `StoreError`.
    """
    end = await store.version(CYCLES) + 1 if before is None else before
    # a cycle is a start and at most one end behind it, so these are enough for one cycle more than is wanted
    recorded = await store.read(CYCLES, max(0, end - 2 * (limit + 1) - 1))
    found = _cycles(recorded, end)
    return found[:limit], found[limit - 1].version if len(found) > limit else None


async def find_cycle(store: EventStore, cycle: str) -> CycleRecord:
    """One cycle. Raises `NotFound` and `StoreError`."""
    version = await store.version(CYCLES)
    for after in dict.fromkeys((max(0, version - 2 * _LATEST), 0)):
        for record in _cycles(await store.read(CYCLES, after), version + 1):
            if record.cycle == cycle:
                return record
    raise NotFound(f"there is no cycle {cycle!r}", where="evolution", todo="List them with GET /api/evolution/cycles.")


def _cycles(recorded: Sequence[RecordedEvent], end: int) -> list[CycleRecord]:
    """The cycles that begin below the version `end`, newest first."""
    ends = dict(_ends(recorded))
    return [
        _record(entry, entry.event, ends.get(entry.event.cycle))
        for entry in reversed(recorded)
        if isinstance(entry.event, EvolutionCycleStarted) and entry.version < end
    ]


def _ends(recorded: Iterable[RecordedEvent]) -> Iterable[tuple[str, tuple[EvolutionCycleFinished, datetime]]]:
    for entry in recorded:
        if isinstance(entry.event, EvolutionCycleFinished):
            yield entry.event.cycle, (entry.event, entry.recorded_at)


def _record(
    entry: RecordedEvent, started: EvolutionCycleStarted, ended: tuple[EvolutionCycleFinished, datetime] | None
) -> CycleRecord:
    if ended is None:
        return CycleRecord(started.cycle, entry.version, started.by, entry.recorded_at)
    told, at = ended
    return CycleRecord(
        started.cycle, entry.version, started.by, entry.recorded_at, ended_at=told.at or at, error=told.error,
        needs=told.needs, decisions=told.decisions, fitness=told.fitness, model_calls=told.model_calls,
        seconds=told.seconds, notes=tuple(told.notes),
    )  # fmt: skip
