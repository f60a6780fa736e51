"""The contracts of the store and of kept views, with payloads encrypted."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.store import EventStore
from tests.events import test_memory_store as memory
from tests.events import test_postgres_store as postgres_store
from tests.events import test_postgres_views as postgres_views
from tests.events import test_sqlite_store as sqlite
from tests.events import test_view_files as view_files
from tests.events.encrypted import Encrypted
from tests.events.samples import fact


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


class TestEncryptedMemoryStore(Encrypted, memory.TestMemoryStore):
    async def test_it_is_encrypted(self, url: str) -> None:
        async with await EventStore.open(url) as store:
            await store.append("a", [fact(1, "not to be found")])
            ((_, _, _, _, stored),) = store.backend.read("a", 0)
            assert b"not to be found" not in stored


class TestEncryptedSQLiteStore(Encrypted, sqlite.TestSQLiteStore):
    pass


class TestEncryptedPostgresStore(Encrypted, postgres_store.TestPostgresStore):
    pass


class TestEncryptedViewFiles(Encrypted, view_files.TestFiles):
    pass


class TestEncryptedSchemas(Encrypted, postgres_views.TestSchemas):
    pass
