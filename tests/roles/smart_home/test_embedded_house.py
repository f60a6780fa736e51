"""The embedded house keeps the contract of all houses."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from common.context import Owner
from common.settings import SmartHomeSettings
from events.projection import Views
from events.store import EventStore
from roles.smart_home.adapters.embedded import EmbeddedHouse
from roles.smart_home.backend import Applied
from roles.smart_home.house import House
from roles.smart_home.view import HomeView
from tests.roles.smart_home.house_contract import HouseContract, Subject

DEVICES: list[dict[str, Any]] = [
    {"name": "kitchen light", "kind": "light", "room": "kitchen"},
    {"name": "coffee machine", "kind": "switch", "room": "kitchen"},
    {"name": "bedroom blinds", "kind": "blind", "room": "bedroom"},
    {"name": "thermostat", "kind": "thermostat", "room": "living room", "state": {"measured": 20.5}},
    {"name": "front door", "kind": "lock", "room": "hallway"},
    {"name": "bedroom sensor", "kind": "sensor", "room": "bedroom", "state": {"measured": 18.5}},
]


@pytest.fixture
async def subject() -> AsyncGenerator[Subject]:
    async with await EventStore.open("memory://") as store:
        views = Views(store, [HomeView()])

        async def record(applied: Applied, owner: Owner) -> None:
            if applied.appends:
                await store.append(list(applied.appends), tenant=owner.tenant)

        house = House.of(SmartHomeSettings.model_validate({"devices": DEVICES}))
        yield Subject(EmbeddedHouse(house, views), record)
        await views.close()


class TestEmbeddedHouse(HouseContract):
    async def test_what_is_so_already_makes_no_event(self, subject: Subject) -> None:
        assert (await subject.apply({"kitchen light": {"power": "on"}})).appends
        assert not (await subject.apply({"kitchen light": {"power": "on"}}, key="k2")).appends
