"""Asks whether the keys of the event store are there, and every one that the log's last events need."""

from __future__ import annotations

from common.errors import StoreUnavailable
from common.health import Reached
from events.key_check import missing_keys
from events.key_folder import KeyFolder
from events.store import EventStore

__all__ = ["probe_keys"]


async def probe_keys(store: EventStore) -> Reached:
    """What keeps the keys. Raises `StoreError` that says what is wrong with them."""
    return await store.run(lambda: _probe(store))


def _probe(store: EventStore) -> Reached:
    cipher = store.cipher
    service = cipher.keyring.service if cipher is not None else None
    if cipher is None or service is None:
        return Reached(detail="none: payloads are stored as they are")
    detail = type(service).__name__
    if isinstance(service, KeyFolder):
        count = service.count()
        detail = f"{count} key{'' if count == 1 else 's'} in {service.path}"
    missing = missing_keys(store.backend, cipher)
    if missing:
        key_id, tenant = next(iter(missing.items()))
        raise StoreUnavailable(
            f"{len(missing)} of the keys that the log's last events need are missing",
            where=f"key {key_id} of tenant {tenant!r}",
            todo="Restore them; or give up what they encrypted by agent-supervisor events forget --tenant NAME.",
        )
    return Reached(detail=detail if cipher.encrypts else f"{detail}; new payloads are not encrypted (store.encrypt)")
