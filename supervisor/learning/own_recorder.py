"""A recorder with a store of its own, for programs without an event loop and without a supervisor."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from common.context import Owner
from common.owner_keys import DEFAULT_OWNER
from common.settings import Settings
from events.store import EventStore
from supervisor.learning.recording import TraceRecorder
from supervisor.store_opening import open_store
from supervisor.synchronous import SynchronousLoop

__all__ = ["open_recorder"]


def open_recorder(settings: Settings | None = None, owner: Owner = DEFAULT_OWNER) -> TraceRecorder:
    """A recorder over the store that the settings name (default: that of the default settings), on a loop in a thread.

    Closing it closes the store. Raises `ConfigurationError` and `StoreUnavailable` when that can't be opened.
    """
    chosen = settings if settings is not None else Settings()
    opened: list[EventStore] = []

    @asynccontextmanager
    async def held() -> AsyncGenerator[None]:
        chosen.data_dir.mkdir(parents=True, exist_ok=True)
        async with await open_store(chosen) as store:
            opened.append(store)
            yield

    loop = SynchronousLoop(held())
    return TraceRecorder(opened[0], owner, closing=loop.close)
