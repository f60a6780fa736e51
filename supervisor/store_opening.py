"""Opens the event store that settings name, with its keys."""

from __future__ import annotations

import anyio.to_thread

from common.clock import Clock
from common.settings import Settings
from events.key_folder import KeyFolder
from events.keys import KeyService, MemoryKeys
from events.store import EventStore

__all__ = ["key_service", "open_store"]


def key_service(settings: Settings) -> KeyService:
    """The service that keeps the keys: the folder of the settings, or memory beside a log in memory."""
    if settings.store_url == "memory://":
        return MemoryKeys()
    return KeyFolder(settings.store_keys)


async def open_store(
    settings: Settings,
    keys: KeyService | None = None,
    *,
    clock: Clock | None = None,
    allow_missing_keys: bool = False,
) -> EventStore:
    """Open the store; `keys` take the place of the service that the settings name, and `clock` the machine's.

    Raises `ConfigurationError` and `StoreUnavailable` like `EventStore.open`.
    """
    if keys is None:
        keys = key_service(settings)
        if isinstance(keys, KeyFolder) and not allow_missing_keys:
            await anyio.to_thread.run_sync(keys.check)
    return await EventStore.open(
        settings.store_url,
        queue_size=settings.store.queue_size,
        timeout=settings.store.timeout,
        clock=clock,
        archive=settings.store_archive,
        keys=keys,
        encrypt=settings.store.encrypt,
        allow_missing_keys=allow_missing_keys,
    )
