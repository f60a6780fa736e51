"""Keys that payloads are encrypted under, and the services that keep them.

A tenant has one current key at a time, under which new payloads are encrypted, and any number of older ones. Keys live
outside the log's database and its backups: whoever destroys a tenant's keys makes what they encrypted unreadable,
in every copy of the log.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

__all__ = ["SECRET_BYTES", "DataKey", "KeyService", "MemoryKeys", "id_prefix", "make_key"]

SECRET_BYTES = 32
"""The length of a key's secret: AES-256."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key of one tenant: `secret` is 32 random bytes, `created_at` is aware.

    Its id is no secret; it is never given to another key.
    """

    id: str
    tenant: str
    secret: bytes = field(repr=False)
    created_at: datetime

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES:
            raise ValueError(f"the secret of a key has {SECRET_BYTES} bytes, not {len(self.secret)}")


class KeyService(Protocol):
    """What keeps the keys: a folder, a key server, a cloud's key management.

    All methods block and may be called from any thread, several at once. They raise `StoreUnavailable` when the service
    can't be asked: the appends that need a key fail then, and reads of what is encrypted.
    """

    def current(self, tenant: str) -> DataKey:
        """The key for new payloads of a tenant, made where there is none; the same for all processes.

        A service that rotates gives out another from time to time; `get` goes on giving out the ones before.
        """
        ...

    def get(self, key_id: str) -> DataKey | None:
        """A key by its id; None when it is missing or was destroyed."""
        ...

    def keys_of(self, tenant: str) -> list[str]:
        """The ids of all keys of a tenant that are not destroyed."""
        ...

    def destroy(self, key_ids: Collection[str]) -> None:
        """Destroy keys for good; ids of keys that are not there (any more) are no error.

        When it returns no `get` or `current`, in any process, gives one of them out any more.
        """
        ...

    def stamp(self) -> object:
        """Something that is unequal to what it was once a key was destroyed; asked often, so it must cost little."""
        ...


def make_key(tenant: str) -> DataKey:
    """A new key. Its id begins with a digest of the tenant's name, so that a service can find a tenant's keys."""
    return DataKey(id_prefix(tenant) + os.urandom(8).hex(), tenant, os.urandom(SECRET_BYTES), datetime.now(UTC))


def id_prefix(tenant: str) -> str:
    """What the ids of a tenant's keys begin with; another tenant's may, too."""
    return sha256(tenant.encode(errors="surrogatepass")).hexdigest()[:16]


class MemoryKeys:
    """Implements `KeyService`; gone with the process, like the log in memory that it is for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, DataKey] = {}
        self._current: dict[str, str] = {}
        self._destroyed = 0

    def current(self, tenant: str) -> DataKey:
        """The tenant's key, made where there is none."""
        with self._lock:
            key = self._keys.get(self._current.get(tenant, ""))
            if key is None:
                key = make_key(tenant)
                self._keys[key.id] = key
                self._current[tenant] = key.id
            return key

    def get(self, key_id: str) -> DataKey | None:
        """A key by its id."""
        return self._keys.get(key_id)

    def keys_of(self, tenant: str) -> list[str]:
        """The ids of a tenant's keys."""
        with self._lock:
            return [key.id for key in self._keys.values() if key.tenant == tenant]

    def destroy(self, key_ids: Collection[str]) -> None:
        """Let keys go."""
        with self._lock:
            for key_id in key_ids:
                self._destroyed += self._keys.pop(key_id, None) is not None

    def rotate(self, tenant: str) -> None:
        """Have the next payloads of a tenant encrypted under a new key; the old ones stay readable."""
        with self._lock:
            self._current.pop(tenant, None)

    def stamp(self) -> object:
        """How many keys were destroyed."""
        return self._destroyed
