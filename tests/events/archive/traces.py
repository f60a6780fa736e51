"""Logs with traces in them, and the plain copy that an archived one is compared with."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from events.archive.backend import ArchivedBackend
from events.backend import Backend, Head
from events.catalogue import Event
from events.catalogue.trace import ToolCalled, TraceEnded, TraceStarted
from events.codec import StoredRow, digest
from events.persistence.memory import MemoryBackend
from events.store import EventStore

__all__ = ["add_trace", "all_rows", "archived", "copy_rows", "ended", "files", "plain_copy", "started", "step", "table"]


def started(number: int = 1) -> Event:
    return TraceStarted(request=f"request {number}", user="ann", request_id=str(number), owner="p", context={})


def step(number: int = 1) -> Event:
    return ToolCalled(call_id=str(number), tool="timer.set", arguments={"when": number}, ok=True, text="x" * number)


def ended() -> Event:
    return TraceEnded(outcome="success", response={"text": "done"})


async def add_trace(store: EventStore, name: str, steps: int = 2, *, open_: bool = False) -> int:
    """A trace of `steps` + 2 events, or + 1 where it is left open; its last position."""
    events = [started(), *(step(number) for number in range(steps)), *([] if open_ else [ended()])]
    return await store.append(f"trace/{name}", events, 0, correlation=name)


def archived(store: EventStore) -> ArchivedBackend:
    assert isinstance(store.backend, ArchivedBackend)
    return store.backend


def table(store: EventStore) -> Backend:
    """What is in the table alone."""
    return archived(store).table


def files(store: EventStore) -> list[Path]:
    """What lies in the archive folder."""
    folder = archived(store).archive.folder
    return sorted(folder.iterdir()) if folder is not None and folder.exists() else []


def all_rows(backend: Backend, topics: Collection[str] | None = None) -> list[StoredRow]:
    return backend.page(0, topics, 1_000_000).rows


def copy_rows(rows: list[StoredRow], copy: MemoryBackend) -> None:
    """Append rows to a plain log, where they get the same positions."""
    if rows:
        with copy.transaction() as transaction:
            heads = {row[1]: Head(row[2], digest(*row[1:])) for row in rows}
            assert transaction.insert([row[1:] for row in rows], heads) == rows[0][0]


def plain_copy(store: EventStore) -> MemoryBackend:
    """The log as it is, in memory and never archived."""
    copy = MemoryBackend()
    copy_rows(all_rows(store.backend), copy)
    return copy
