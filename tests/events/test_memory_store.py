"""The contract of the store, in memory."""

from __future__ import annotations

import pytest

from events.store import EventStore
from tests.events.samples import fact
from tests.events.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def url(self) -> str:
        return "memory://"

    async def test_two_stores_share_nothing(self) -> None:
        async with await EventStore.open("memory://") as one, await EventStore.open("memory://") as other:
            await one.append("a", [fact(1)])
            assert await other.head() == 0
