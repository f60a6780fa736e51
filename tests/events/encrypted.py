"""What tests of encrypted logs share."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from common.errors import StoreUnavailable
from events.keys import DataKey, KeyService, MemoryKeys
from events.store import EventStore

__all__ = ["Encrypted", "FailingKeys", "files_with"]


class Encrypted:
    """Mixed into the class of a contract: every store is opened with keys, the same for all stores of a test."""

    @pytest.fixture(autouse=True)
    def keys(self, monkeypatch: pytest.MonkeyPatch) -> KeyService:
        keys, plainly = MemoryKeys(), EventStore.open

        async def with_keys(_: type[EventStore], url: str, **options: Any) -> EventStore:
            return await plainly(url, **_filled(options, keys))

        monkeypatch.setattr(EventStore, "open", classmethod(with_keys))
        return keys


def _filled(options: dict[str, Any], keys: KeyService) -> dict[str, Any]:
    return {"keys": keys, **options}


class FailingKeys:
    """Keys of another service, which can't be asked for those of some tenants, or for anything."""

    def __init__(self, service: KeyService | None = None) -> None:
        self.service = service if service is not None else MemoryKeys()
        self.down_for: set[str] = set()
        self.down = False
        self.asked = 0

    def _reach(self) -> KeyService:
        self.asked += 1
        if self.down:
            raise StoreUnavailable("the key server can't be reached", where="keys")
        return self.service

    def current(self, tenant: str) -> DataKey:
        service = self._reach()
        if tenant in self.down_for:
            raise StoreUnavailable("the key server has no key to give", where="keys")
        return service.current(tenant)

    def get(self, key_id: str) -> DataKey | None:
        return self._reach().get(key_id)

    def keys_of(self, tenant: str) -> list[str]:
        return self._reach().keys_of(tenant)

    def destroy(self, key_ids: Collection[str]) -> None:
        self._reach().destroy(key_ids)

    def stamp(self) -> object:
        return self._reach().stamp()


def files_with(folder: Path, text: str) -> list[str]:
    """The names of the files, however deep, that hold a text."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes())
